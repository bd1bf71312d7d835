"""Any declaration with any frame that fits it: only our exceptions, and what must stay the same."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from any_trials import Drawn, drawn, swapped
from effort import examples
from hypothesis import given

import core_trial as ct
from core_trial.results import Estimate, FlowCount
from core_trial.results.measures import RATIOS, Measure

#: Two fits of the same people in another order or coding; the searches stop a little apart.
SAME = 1e-4


def analysed(trial: ct.Trial, frame: pd.DataFrame) -> ct.Study:
    return ct.analyse(trial, frame)


def effects(study: ct.Study) -> dict[str, Estimate]:
    return {outcome.key: study.results.estimate(outcome.key) for outcome in study.trial.outcomes}


@examples(12)
@given(drawn())
def test_counts_add_up_and_failures_say_why(case: Drawn):
    study = analysed(case.trial, case.frame)
    steps = {r.step: {} for r in study.results if isinstance(r, FlowCount)}
    for record in study.results.find("flow"):
        steps[record.step][record.arm] = record.n
    assert all(arms[""] == arms["control"] + arms["intervention"] for arms in steps.values())
    assert steps["randomised"][""] == len(case.frame)
    for record in study.results.find("estimate"):
        if not record.converged or math.isnan(record.estimate):
            assert record.warnings
        if record.n_by_arm:
            assert sum(record.n_by_arm.values()) == record.n
    for key, found in effects(study).items():
        assert found.n == steps[f"analysed_{key}"][""] <= steps[f"known_{key}"][""]


@examples(6)
@given(drawn())
def test_neither_names_nor_the_order_of_rows_change_an_effect(case: Drawn):
    before = effects(analysed(case.trial, case.frame))
    names = {case.trial.arm.levels[0]: "zz", case.trial.arm.levels[1]: "aa"}
    renamed = case.frame.assign(
        arm=[names[str(level)] for level in case.frame["arm"].astype(object)]
    ).sample(frac=1, random_state=1)
    arm = ct.Arm("arm", control="zz", intervention="aa")
    after = effects(analysed(replace(case.trial, arm=arm), renamed))
    for key, found in before.items():
        assert after[key].n == found.n
        assert after[key].converged == found.converged
        if found.converged:
            assert after[key].estimate == pytest.approx(found.estimate, rel=SAME, abs=SAME)


@examples(6)
@given(drawn())
def test_the_sign_flips_when_the_arms_are_declared_the_other_way_round(case: Drawn):
    before = effects(analysed(case.trial, case.frame))
    after = effects(analysed(replace(case.trial, arm=swapped(case.trial)), case.frame))
    for key, found in before.items():
        other = after[key]
        # With clusters in one arm only, the model follows the clusters and not the names.
        if not (found.converged and other.converged):
            continue
        flipped = 1 / other.estimate if Measure(found.measure) in RATIOS else -other.estimate
        assert np.isclose(flipped, found.estimate, rtol=SAME, atol=SAME), key
