"""From the committed CSV files to the printed digits: every entry of the registry by name."""

import pytest
from core_paper import load

from core_trial.published.registry import Source

ENTRIES = tuple(load())


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.id for entry in ENTRIES])
def test_a_printed_number_comes_out_as_printed(entry, study):
    """What can be had is matched, what was told is given, the rest has the registry's reason."""
    had = "given" if entry.source == Source.DESIGN else "matched"
    expected = "not_reproducible" if entry.reason else had
    assert study.verdict.statuses[entry.id] == expected


def test_only_what_is_proved_impossible_or_not_in_the_files_is_left_open():
    """A reason is a claim that a number cannot be had: none is added without this test."""
    left = {entry.id: entry.reason for entry in ENTRIES if entry.reason}
    literature = {name for name, reason in left.items() if reason == "other_study"}
    assert {name: left[name] for name in left.keys() - literature} == {
        "table2.recovery_month_18.control.sd": "impossible_sd",
        "discussion.marital_status.married_or_cohabiting.percent": "contradicts_counts",
        "results.protocol_breaches.n": "not_in_files",
        "results.protocol_breaches.affected.n": "not_in_files",
        "results.protocol_breaches.not_offered.n": "not_in_files",
        "results.protocol_breaches.worker_left.n": "not_in_files",
    }
    assert len(literature) == 13


def test_some_outcomes_have_a_clearly_positive_cluster_variance(study):
    """A trial whose every cluster variance is zero would be a poor test of mixed models."""
    scales = [e for e in study.results.find("estimate", level="") if "residual" in e.variance]
    positive = [e for e in scales if e.variance["cluster"] > 0.004 * e.variance["residual"]]
    assert len(positive) >= 3
