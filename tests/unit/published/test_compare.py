"""The verdict: every entry beside the number computed for it."""

import math

import pytest
from core_paper import load

from core_trial.declaration.paper import REASONS
from core_trial.published.compare import STATUSES, compare
from core_trial.published.registry import Source
from core_trial.published.window import printed_value
from core_trial.results import Descriptive, Estimate, FlowCount, Key, Results, Withheld
from core_trial.trials.core.claims import CLAIMS

REGISTRY = load()


def described(key, value):
    return Descriptive(
        analysis=key.analysis, statistic=key.statistic, value=value, arm=key.arm, level=key.level
    )


def printed_numbers():
    """The value of every key as first printed; a bound's is half of it, a claim has none."""
    for key, entries in REGISTRY.by_key.items():
        if entries[0].source == Source.CLAIM:
            continue
        value = printed_value(entries[0].printed)
        yield key, float(entries[0].window.high) / 2 if value is None else float(value)


def the_paper():
    """The paper's printed numbers, and what its claims rest on without print.

    120 of 217 without acute days; an adjusted odds ratio whose upper limit stays below 1.
    """
    numbers = dict(printed_numbers())
    numbers |= {Key("acute_days", "n", arm, "none"): 120.0 for arm in ("intervention", "control")}
    numbers |= {Key("acute_days", "N", arm, "none"): 217.0 for arm in ("intervention", "control")}
    numbers[Key("readmission", "high", "", "planned_adjustments")] = 0.98
    return Results(tuple(described(key, value) for key, value in numbers.items()))


def replaced(results, key, value):
    records = [r for r in results if (Key(r.analysis, r.statistic, r.arm, r.level)) != key]
    return Results((*records, *([described(key, value)] if value is not None else [])))


def test_the_papers_own_numbers_match_but_for_those_that_cannot():
    verdict = compare(the_paper(), REGISTRY)
    assert verdict.holds
    impossible = sum(bool(entry.reason) for entry in REGISTRY)
    given = len(REGISTRY.find(source=Source.DESIGN))
    assert verdict.counts == {
        "matched": len(REGISTRY) - impossible - given,
        "given": given,
        "differing": 0,
        "not_computed": 0,
        "not_reproducible": impossible,
    }


def test_every_claim_has_its_arithmetic_and_holds():
    claims = {entry.id for entry in REGISTRY.find(source=Source.CLAIM)}
    assert claims == set(CLAIMS)
    verdict = compare(the_paper(), REGISTRY)
    computed = {line.id: line.computed for line in verdict.comparisons if line.id in claims}
    assert computed["discussion.claim.reduction"] == pytest.approx(
        100 * (1 - (64 / 218) / (83 / 216))
    )
    assert computed["discussion.claim.recruited_of_screened"] == pytest.approx(44100 / 3288)
    assert {line.status for line in verdict.comparisons if line.id in claims} == {"matched"}


def test_a_difference_shows_both_values_wherever_the_number_is_printed():
    key = Key("readmission", "p_value")
    verdict = compare(replaced(the_paper(), key, 0.04386), REGISTRY)
    assert not verdict.holds
    assert [(line.id, line.printed, line.computed) for line in verdict.having("differing")] == [
        (f"{place}.readmission.p_value", "0·0438", 0.04386)
        for place in ("abstract", "results", "table2")
    ]


def test_a_number_that_nobody_computed():
    key = Key("age", "mean", "control")
    verdict = compare(replaced(the_paper(), key, None), REGISTRY)
    (line,) = verdict.having("not_computed")
    assert (line.id, line.reason) == ("table1.age.control.mean", "no record holds it")
    assert math.isnan(line.computed)
    assert not verdict.holds


def test_a_number_that_could_not_be_estimated_or_is_withheld():
    verdict = compare(replaced(the_paper(), Key("age", "mean", "control"), math.nan), REGISTRY)
    assert verdict.having("not_computed")[0].reason == "not estimable or withheld"
    withheld = Withheld(analysis="age", statistic="mean", arm="control")
    less = replaced(the_paper(), Key("age", "mean", "control"), None)
    verdict = compare(Results((*less, withheld)), REGISTRY)
    assert verdict.having("not_computed")[0].reason == "not estimable or withheld"


def test_what_cannot_be_reproduced_keeps_its_reason_and_shows_what_came_out_instead():
    verdict = compare(
        replaced(the_paper(), Key("recovery_month_18", "sd", "control"), 18.2), REGISTRY
    )
    (line,) = [x for x in verdict.comparisons if x.id == "table2.recovery_month_18.control.sd"]
    assert (line.status, line.computed, line.printed) == ("not_reproducible", 18.2, "70")
    assert line.reason == REASONS["impossible_sd"]
    assert verdict.holds


def test_sets_only_here_only_there():
    extra = Descriptive(analysis="age", statistic="median", value=39.0)
    verdict = compare(Results((extra,)), REGISTRY)
    assert verdict.unprinted == (Key("age", "median"),)
    reasons = sum(bool(entry.reason) for entry in REGISTRY)
    assert verdict.counts["not_computed"] == len(REGISTRY) - reasons


def test_records_of_other_kinds_are_looked_up_by_the_same_names():
    estimate = Estimate(
        analysis="readmission",
        measure="odds_ratio",
        estimate=0.6553,
        low=0.4343,
        high=0.9888,
        std_error=0.2099,
        statistic=-2.014,
        df=math.inf,
        p_value=0.04402,
        n=434,
        n_clusters=250,
        model="mixed_logistic",
        formula="readmitted ~ arm",
        method="ML",
    )
    flow = FlowCount(step="interviewed_month_18", n=255, of=441)
    verdict = compare(Results((estimate, flow)), REGISTRY)
    found = {line.id: line.status for line in verdict.comparisons}
    assert found["table2.readmission.estimate"] == "matched"
    assert found["table2.readmission.p_value"] == "differing"
    assert found["results.flow.interviewed_month_18.percent"] == "matched"
    assert Key("readmission", "n") in verdict.unprinted


def test_changes_of_verdict_are_named():
    before = compare(the_paper(), REGISTRY).statuses
    worse = compare(replaced(the_paper(), Key("index_days", "sd", "control"), 9.25), REGISTRY)
    assert [line.id for line in worse.changed(before)] == ["results.index_days.control.sd"]
    assert not compare(the_paper(), REGISTRY).changed(before)


def test_as_a_frame():
    frame = compare(the_paper(), REGISTRY).to_frame()
    assert len(frame) == len(REGISTRY)
    assert list(frame["id"]) == [entry.id for entry in REGISTRY]
    assert set(frame["status"]) <= set(STATUSES)


def test_a_trial_without_events_or_screening_is_not_computed_and_no_error():
    """Claims divide by counts, and counts can be zero."""
    zeros = Results(
        tuple(
            described(key, 0.0)
            for key in (
                *(
                    Key("readmission", s, arm)
                    for s in ("n", "N")
                    for arm in ("intervention", "control")
                ),
                Key("flow", "n", "", "screened"),
                Key("flow", "n", "", "randomised"),
            )
        )
    )
    found = compare(zeros, REGISTRY).statuses
    assert found["discussion.claim.reduction"] == "not_computed"
    assert found["discussion.claim.recruited_of_screened"] == "not_computed"
