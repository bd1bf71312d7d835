"""Outcomes by arm on a handful of participants, and compared on more."""

import numpy as np
import pandas as pd
import pytest
from analysis_sets import (
    ACUTE_DAYS,
    OUTCOMES,
    PRIMARY,
    READMISSION_TIME,
    SCALES,
    SERVICE_USE,
    analysis_set,
    fits,
)

from core_trial.analyses import outcomes
from core_trial.analyses.estimation import estimate
from core_trial.results import Estimate, Results

NAN = np.nan
#: Four in the intervention arm, three in control.
FEW = pd.DataFrame(
    {
        "arm": ["intervention"] * 4 + ["control"] * 3,
        "readmitted": [1.0, 0.0, 1.0, NAN, 0.0, 1.0, 1.0],
        "days_to_readmission": [10.0, 365.0, 30.0, NAN, 365.0, 7.0, 9.0],
        "acute_days": [4.0, 0.0, 8.0, NAN, 0.0, 0.0, 3.0],
        "satisfaction_month_4": [20.0, 22.0, NAN, 24.0, 10.0, NAN, NAN],
    }
)


def described(spec):
    return Results(tuple(outcomes.describe(spec, fits(FEW))))


def test_a_proportion_counts_those_whose_outcome_is_known():
    found = described(PRIMARY)
    assert found.value("readmission", "n", "intervention") == 2
    assert found.value("readmission", "N", "intervention") == 3
    assert found.value("readmission", "percent", "control") == pytest.approx(200 / 3)


def test_a_score_has_mean_and_standard_deviation():
    found = described(SCALES[0])
    assert found.value("satisfaction_month_4", "mean", "intervention") == 22.0
    assert found.value("satisfaction_month_4", "sd", "intervention") == 2.0
    assert found.value("satisfaction_month_4", "n", "control") == 1
    assert np.isnan(found.value("satisfaction_month_4", "sd", "control"))
    assert np.isnan(found.get("satisfaction_month_4", "median", "control"))


def test_times_are_those_of_the_readmitted_alone():
    found = described(READMISSION_TIME)
    assert found.value("time_to_readmission", "n", "intervention") == 2
    assert found.value("time_to_readmission", "median", "intervention") == 20.0
    assert found.value("time_to_readmission", "median", "control") == 8.0


def test_days_have_quartiles_and_a_count_of_those_without_any():
    found = described(ACUTE_DAYS)
    assert found.value("acute_days", "median", "intervention") == 4.0
    assert found.value("acute_days", "mean", "control") == 1.0
    assert found.value("acute_days", "n", "control", "none") == 2
    assert found.value("acute_days", "N", "intervention", "none") == 3


def test_every_outcome_of_the_plan_has_one_comparison_by_the_fitted_model():
    people = analysis_set()
    for spec in OUTCOMES:
        own = [r for r in outcomes.of_outcome(spec, fits(people)) if isinstance(r, Estimate)]
        (last,) = [r for r in own if not r.level]
        assert last == estimate(spec.name, spec.fitted, fits(people))
        assert last.measure == spec.fitted.measure
        assert last.converged, spec.name


def test_the_plan_names_every_outcome_once_and_its_baseline():
    names = [spec.name for spec in OUTCOMES]
    assert len(set(names)) == len(names) == 17
    for spec in (*SCALES, SERVICE_USE):
        stem = spec.fitted.outcome.partition("_month")[0]
        assert spec.fitted.covariates[-1] == f"{stem}_baseline"
