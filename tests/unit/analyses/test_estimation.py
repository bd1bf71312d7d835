"""From a specification and an analysis set to one record, failures included."""

import numpy as np
import pandas as pd
import pytest
from analysis_sets import analysis_set

from core_trial import models
from core_trial.analyses.estimation import complete_cases, estimate, failed, fit
from core_trial.analyses.plan import PRIMARY, READMISSION_TIME, SCALES
from core_trial.errors import DesignError

SCORE = SCALES[0]


@pytest.fixture
def people():
    return analysis_set()


def test_complete_cases_are_those_with_outcome_and_covariates_known(people):
    people.loc[0, "readmitted"] = np.nan
    people.loc[1, "centre"] = None
    people.loc[2, "age"] = np.nan  # not in the model
    cases = complete_cases(PRIMARY.fitted, people)
    assert list(cases.columns) == ["readmitted", "arm", "psychosis", "centre", "cluster_id"]
    assert len(cases) == len(people) - 2
    assert cases.index.tolist() == list(range(len(cases)))


def test_a_centre_without_complete_cases_is_no_level(people):
    assert "F" in people["centre"].cat.categories
    people.loc[people["centre"] == "B", "readmitted"] = np.nan
    cases = complete_cases(PRIMARY.fitted, people)
    assert cases["centre"].cat.categories.tolist() == ["A"]
    assert people["centre"].cat.categories.tolist() == list("ABCDEF")


def test_the_record_holds_what_the_model_says(people):
    people.loc[:9, SCORE.fitted.outcome] = np.nan
    record = estimate(SCORE.name, SCORE.fitted, people, level="some")
    cases = people.loc[10:].assign(centre=lambda f: f["centre"].cat.remove_unused_categories())
    direct = models.mixed_linear(SCORE.fitted.formula, cases, cluster="cluster_id")
    effect = direct.effect("arm")
    assert (record.estimate, record.low, record.high) == (effect.estimate, effect.low, effect.high)
    assert (record.p_value, record.std_error) == (effect.p_value, effect.std_error)
    assert (record.n, record.n_clusters) == (len(people) - 10, direct.n_clusters)
    assert record.variance == dict(direct.variance)
    assert (record.analysis, record.level) == (SCORE.name, "some")
    assert record.measure == "difference_in_means"
    assert record.converged


def test_another_term_can_be_asked_for(people):
    record = estimate(PRIMARY.name, PRIMARY.fitted, people, term="psychosis")
    direct = fit(PRIMARY.fitted, people).effect("psychosis")
    assert record.estimate == direct.estimate != estimate("x", PRIMARY.fitted, people).estimate


def test_the_time_of_a_cox_model_must_be_known_too(people):
    people.loc[0, "days_to_readmission"] = np.nan
    record = estimate("x", READMISSION_TIME.fitted, people)
    assert record.n == len(people) - 1
    assert record.n_events == people.loc[1:, "readmitted"].sum()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda f: f.assign(satisfaction_month_4=np.nan), "nobody has the outcome"),
        (lambda f: f[f["arm"] == "control"], "arm"),
        (lambda f: f.assign(satisfaction_baseline=30.0), "satisfaction_baseline"),
    ],
)
def test_a_model_that_cannot_be_fitted_becomes_a_record_that_says_why(people, spoil, reason):
    record = estimate(SCORE.name, SCORE.fitted, spoil(people))
    assert not record.converged
    assert np.isnan([record.estimate, record.low, record.high, record.p_value]).all()
    assert len(record.warnings) == 1
    assert reason in record.warnings[0]
    assert record.formula == SCORE.fitted.formula
    assert record.n == len(complete_cases(SCORE.fitted, spoil(people)))


def test_a_failed_record_keeps_the_question():
    record = failed("readmission", PRIMARY.fitted, "no reason", 12, "planned")
    assert (record.model, record.measure) == ("mixed_logistic", "odds_ratio")
    assert (record.level, record.n, record.warnings) == ("planned", 12, ("no reason",))


def test_fit_raises_what_estimate_records():
    with pytest.raises(DesignError, match="nobody has the outcome"):
        fit(PRIMARY.fitted, analysis_set().assign(readmitted=np.nan))


def test_nothing_in_the_analysis_set_is_changed(people):
    before = people.copy(deep=True)
    estimate(PRIMARY.name, PRIMARY.fitted, people)
    pd.testing.assert_frame_equal(people, before)
