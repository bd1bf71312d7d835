"""From a specification and an analysis set to one record, failures included."""

import numpy as np
import pandas as pd
import pytest
from analysis_sets import PRIMARY, READMISSION_TIME, SCALES, analysis_set, fits

from core_trial import models
from core_trial.analyses.estimation import estimate, failed
from core_trial.analyses.fits import Cases
from core_trial.errors import DesignError
from core_trial.trials.core import CORE

SCORE = SCALES[0]


@pytest.fixture
def people():
    return analysis_set()


def test_complete_cases_are_those_with_outcome_and_covariates_known(people):
    people.loc[0, "readmitted"] = np.nan
    people.loc[1, "centre"] = None
    people.loc[2, "age"] = np.nan  # not in the model
    cases = fits(people).cases(PRIMARY.fitted).frame
    assert list(cases.columns) == ["readmitted", "arm", "psychosis", "centre", "cluster_id"]
    assert len(cases) == len(people) - 2
    assert cases.index.tolist() == list(range(len(cases)))


def test_a_centre_without_complete_cases_is_no_level(people):
    assert "F" in people["centre"].cat.categories
    people.loc[people["centre"] == "B", "readmitted"] = np.nan
    cases = fits(people).cases(PRIMARY.fitted).frame
    assert cases["centre"].cat.categories.tolist() == ["A"]
    assert people["centre"].cat.categories.tolist() == list("ABCDEF")


def test_the_record_holds_what_the_model_says(people):
    people.loc[:9, SCORE.fitted.outcome] = np.nan
    record = estimate(SCORE.name, SCORE.fitted, fits(people), level="some")
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
    record = estimate(PRIMARY.name, PRIMARY.fitted, fits(people), term="psychosis")
    direct = fits(people).of(PRIMARY.fitted).fit.effect("psychosis")
    assert (
        record.estimate == direct.estimate != estimate("x", PRIMARY.fitted, fits(people)).estimate
    )


def test_the_time_of_a_cox_model_must_be_known_too(people):
    people.loc[0, "days_to_readmission"] = np.nan
    record = estimate("x", READMISSION_TIME.fitted, fits(people))
    assert record.n == len(people) - 1
    assert record.n_events == people.loc[1:, "readmitted"].sum()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda f: f.assign(satisfaction_month_4=np.nan), "nobody has the outcome"),
        (lambda f: f[f["arm"] == "control"], "arm"),
    ],
)
def test_a_model_that_cannot_be_fitted_becomes_a_record_that_says_why(people, spoil, reason):
    record = estimate(SCORE.name, SCORE.fitted, fits(spoil(people)))
    assert not record.converged
    assert np.isnan([record.estimate, record.low, record.high, record.p_value]).all()
    assert len(record.warnings) == 1
    assert reason in record.warnings[0]
    assert record.formula == SCORE.fitted.formula
    assert record.n == len(fits(spoil(people)).cases(SCORE.fitted).frame)


def test_a_failed_record_keeps_the_question():
    record = failed(
        "readmission", CORE, Cases(PRIMARY.fitted, analysis_set(12)), "no reason", "planned"
    )
    assert (record.model, record.measure) == ("mixed_logistic", "odds_ratio")
    assert (record.level, record.n, record.warnings) == ("planned", 12, ("no reason",))


def test_fit_raises_what_estimate_records():
    with pytest.raises(DesignError, match="nobody has the outcome"):
        fits(analysis_set().assign(readmitted=np.nan)).of(PRIMARY.fitted)


def test_nothing_in_the_analysis_set_is_changed(people):
    before = people.copy(deep=True)
    estimate(PRIMARY.name, PRIMARY.fitted, fits(people))
    pd.testing.assert_frame_equal(people, before)


# Covariates that say nothing.


def test_a_covariate_that_is_the_same_in_all_is_left_out_with_a_note(people):
    """One centre, everybody with psychosis: the arms are compared all the same."""
    same = people.assign(psychosis=True, centre=pd.Categorical(["A"] * len(people), list("ABCDEF")))
    record = estimate(PRIMARY.name, PRIMARY.fitted, fits(same))
    assert record.formula == "readmitted ~ arm"
    assert record.converged
    assert record.estimate == estimate("x", PRIMARY.fitted.unadjusted, fits(same)).estimate
    notes = [text for text in record.warnings if "left out" in text]
    assert notes == [
        "psychosis is left out: it is True in everybody analysed",
        "centre is left out: it is A in everybody analysed",
    ]


def test_a_covariate_that_follows_from_the_others_is_left_out_with_a_note(people):
    """Baseline scores that are a linear function of condition."""
    spoilt = people.assign(satisfaction_baseline=20.0 + 3 * people["psychosis"])
    record = estimate(SCORE.name, SCORE.fitted, fits(spoilt))
    assert record.formula == "satisfaction_month_4 ~ arm + psychosis + centre"
    assert "satisfaction_baseline is left out: it follows from the other covariates" in (
        record.warnings
    )


def test_a_covariate_that_the_arms_are_confounded_with_is_not_left_out(people):
    spoilt = people.assign(psychosis=people["arm"] == "intervention")
    record = estimate(PRIMARY.name, PRIMARY.fitted, fits(spoilt))
    assert (
        record.formula == PRIMARY.fitted.formula or "psychosis is left out" in record.warnings[-1]
    )


def test_a_group_without_events_leaves_the_arms_comparison_standing(people):
    rare = np.arange(len(people)) % 12 == 0
    none = people.assign(psychosis=rare, readmitted=people["readmitted"].mask(rare, 0.0))
    record = estimate(PRIMARY.name, PRIMARY.fitted, fits(none))
    others = estimate(PRIMARY.name, PRIMARY.fitted, fits(none[~rare]))
    assert record.converged
    assert record.estimate == pytest.approx(others.estimate, rel=1e-6)
    assert any("psychosis" in text for text in record.warnings)


def test_the_record_says_how_many_of_each_arm_were_analysed(people):
    record = estimate(PRIMARY.name, PRIMARY.fitted, fits(people.iloc[:101]))
    assert record.n_by_arm == {"intervention": 51, "control": 50}
