"""Numbers needed to treat, by hand from risk differences."""

import math
from dataclasses import replace

import pytest
from made_up import results

from core_trial.report.absolute_lines import has_number_needed, number_needed
from core_trial.report.styles import PLAIN

RISK = next(r for r in results() if getattr(r, "level", "") == "risk_difference")


def needed(value, low, high, better="lower"):
    return number_needed(replace(RISK, estimate=value, low=low, high=high), better, PLAIN)


def test_an_interval_without_zero_is_turned_round():
    assert needed(-0.0896, -0.1761, -0.0030) == "11 (6 to 333)"
    assert needed(0.25, 0.10, 0.50, "higher") == "4 (2 to 10)"


@pytest.mark.parametrize(
    ("better", "told"),
    [
        ("lower", "20 (benefit 10 to ∞, harm 50 to ∞)"),
        ("higher", "20 (harm 10 to ∞, benefit 50 to ∞)"),
        ("", "20 (one event fewer 10 to ∞, one event more 50 to ∞)"),
    ],
)
def test_through_infinity_where_the_difference_may_be_none(better, told):
    assert needed(-0.05, -0.10, 0.02, better) == told


def test_no_difference_needs_infinitely_many():
    assert needed(0.0, -0.1, 0.1).startswith("∞")


@pytest.mark.parametrize("end", ["low", "high"])
def test_without_an_interval_there_is_no_number(end):
    assert has_number_needed(RISK)
    assert not has_number_needed(replace(RISK, **{end: math.nan}))
