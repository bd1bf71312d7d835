"""Who is missing and why: planted predictors are found, absence by design is told apart."""

import numpy as np
import pandas as pd
import pytest
from analysis_sets import analysis_set
from scipy import stats

from core_trial.analyses import missingness
from core_trial.analyses.estimation import estimate, fit
from core_trial.analyses.plan import (
    OUTCOMES,
    PREDICTORS_OF_MISSINGNESS,
    PRIMARY,
    SCALES,
    AnalysisSpec,
)
from core_trial.results import Estimate, Results

SPECS = {spec.name: spec for spec in OUTCOMES}
RECOVERY = SPECS["recovery_month_4"]


@pytest.fixture
def people():
    return analysis_set()


@pytest.fixture
def planted(people):
    """The older, the likelier to be missing at 4 months; by chance otherwise."""
    chance = 1 / (1 + np.exp(-(people["age"] - 50) / 6))
    missing = np.random.default_rng(3).random(len(people)) < chance
    return people.assign(recovery_month_4=people["recovery_month_4"].mask(missing))


def records(spec: AnalysisSpec, people: pd.DataFrame) -> Results:
    return Results(tuple(missingness.of_outcome(spec, people)))


# By design and otherwise.


@pytest.mark.parametrize(
    ("name", "by_design"),
    [
        ("recovery_month_18", True),
        ("loneliness_month_18", True),
        ("loneliness_month_4", True),
        ("social_network_month_4", True),
        ("recovery_month_4", False),
        ("readmission", False),
        ("cmht_contacts", False),
    ],
)
def test_the_pilot_is_not_expected_where_nothing_was_to_be_collected(people, name, by_design):
    expected = missingness.expected_rows(SPECS[name], people)
    assert len(expected) == len(people) - by_design * people["internal_pilot"].sum()
    assert expected["internal_pilot"].any() != by_design


def test_known_by_design_and_otherwise_make_up_each_arm(people):
    pilot = people["internal_pilot"]
    outcome = people["recovery_month_18"].mask(pilot)
    outcome[[100, 101, 103]] = np.nan
    found = records(SPECS["recovery_month_18"], people.assign(recovery_month_18=outcome))
    name = "missingness.recovery_month_18"
    for arm, otherwise in (("intervention", 1), ("control", 2), ("", 3)):
        n = {
            level: found.value(name, "n", arm, level)
            for level in ("known", "by_design", "otherwise")
        }
        size = found.value(name, "N", arm, "known")
        assert n["otherwise"] == otherwise
        assert n["by_design"] == (pilot & (people["arm"] == arm if arm else True)).sum()
        assert sum(n.values()) == size == (people["arm"] == arm).sum() or not arm


def test_somebody_of_the_pilot_who_was_asked_all_the_same_is_known(people):
    found = records(SPECS["recovery_month_18"], people)
    assert found.value("missingness.recovery_month_18", "n", "", "by_design") == 0
    assert found.value("missingness.recovery_month_18", "n", "", "known") == len(people)


def test_absence_by_design_does_not_enter_the_models(people):
    """The pilot is all of one sex here, so its absence would make sex a predictor."""
    pilot = people["internal_pilot"]
    sex = pd.Categorical(people["sex"].astype(object).mask(pilot, "male"), ["male", "female"])
    outcome = people["recovery_month_18"].mask(pilot)
    outcome[100:160:2] = np.nan
    spoilt = people.assign(sex=sex, recovery_month_18=outcome)
    found = {a.predictor: a for a in missingness.associations(SPECS["recovery_month_18"], spoilt)}
    assert found["sex"].n == found["sex"].fitted.n == len(people) - pilot.sum()
    assert found["sex"].fitted.n_events == 30
    assert found["sex"].p_value > 0.05


# Predictors.


def test_a_planted_predictor_is_found(planted):
    found = {a.predictor: a for a in missingness.associations(RECOVERY, planted)}
    assert tuple(found) == PREDICTORS_OF_MISSINGNESS
    assert found["age"].p_value < 1e-6
    assert found["age"].fitted.effect("age").estimate > 1.05
    assert all(a.p_value > 1e-3 for name, a in found.items() if name != "age")
    chosen = missingness.predictors(RECOVERY, planted)
    assert chosen == tuple(name for name, a in found.items() if a.p_value < 0.05)


def test_the_outcome_is_analysed_again_with_the_predictors(planted):
    chosen = missingness.predictors(RECOVERY, planted)
    assert "age" in chosen
    by_hand = estimate(
        "recovery_month_4",
        RECOVERY.fitted.adjusted_for(*chosen),
        planted,
        level="missingness_adjusted",
    )
    assert by_hand.formula.startswith(f"{RECOVERY.fitted.formula} + age")
    assert records(RECOVERY, planted).estimate("recovery_month_4", by_hand.level) == by_hand


def test_a_covariate_of_the_model_is_not_entered_twice():
    assert RECOVERY.fitted.adjusted_for("centre", "age").covariates == (
        *("arm", "psychosis", "centre", "recovery_baseline", "age"),
    )


def test_records_name_terms_joint_tests_and_what_is_adjusted_for(planted):
    found = records(RECOVERY, planted)
    name = "missingness.recovery_month_4"
    assert found.value(name, "predicts", "", "age") == 1
    assert found.value(name, "predicts", "", "sex") == 0
    alone = found.value(name, "p_value", "", "age")
    assert found.value(name, "joint_p", "", "age") == pytest.approx(alone, rel=1e-9)
    assert found.estimate(name, "sex[female]").measure == "odds_ratio"


def test_the_joint_test_is_a_wald_test_of_all_levels(people):
    spec = missingness.model_of_missingness("centre")
    three = pd.Categorical(np.resize(list("ABC"), len(people)), list("ABC"))
    missing = np.random.default_rng(1).random(len(people)) < np.where(three == "C", 0.5, 0.2)
    fitted = fit(spec, people.assign(centre=three, missing=missing.astype(float)))
    beta, cov = fitted.beta[1:], fitted.cov[1:, 1:]
    statistic = beta @ np.linalg.inv(cov) @ beta
    assert len(beta) == 2
    assert missingness.joint_p(fitted) == pytest.approx(stats.chi2.sf(statistic, 2), rel=1e-9)


def test_a_level_that_cannot_be_estimated_leaves_the_others_tested(people):
    """Nobody of centre B is missing: its coefficient diverges, centre C's does not."""
    three = pd.Categorical(np.resize(list("ABC"), len(people)), list("ABC"))
    missing = (np.arange(len(people)) % 7 == 0) & (three != "B")
    fitted = fit(
        missingness.model_of_missingness("centre"),
        people.assign(centre=three, missing=missing.astype(float)),
    )
    assert np.isnan(fitted.std_error[fitted.position("centre[B]")])
    alone = fitted.inference.p_value[fitted.position("centre[C]")]
    assert missingness.joint_p(fitted) == pytest.approx(alone, rel=1e-9)


@pytest.mark.parametrize(("p", "predicts"), [(0.0499, True), (0.05, False), (np.nan, False)])
def test_a_predictor_is_one_at_five_percent(p, predicts):
    assert missingness.Association("age", None, p).predicts is predicts


# Failures.


def test_when_nobody_is_missing_the_records_say_so(people):
    found = records(PRIMARY, people)
    fits = [r for r in found if isinstance(r, Estimate) and r.analysis.startswith("missingness.")]
    assert [r.level for r in fits] == list(PREDICTORS_OF_MISSINGNESS)
    assert {r.warnings for r in fits} == {("nobody is missing, or everybody",)}
    assert not any(r.converged for r in fits)
    assert np.isnan(found.value("missingness.readmission", "joint_p", "", "age"))


def test_a_characteristic_without_variation_is_a_record_with_its_reason(planted):
    same = planted.assign(age=40.0)
    found = {a.predictor: a for a in missingness.associations(RECOVERY, same)}
    assert found["age"].fitted is None
    record = records(RECOVERY, same).estimate("missingness.recovery_month_4", "age")
    assert not record.converged
    assert record.n == len(planted)
    assert record.warnings == (found["age"].reason,)
    assert "age" in found["age"].reason


def test_a_characteristic_that_is_not_known_leaves_its_model_smaller(planted):
    some = planted.assign(age=planted["age"].mask(planted.index < 30))
    found = {a.predictor: a for a in missingness.associations(RECOVERY, some)}
    assert (found["age"].n, found["sex"].n) == (len(planted) - 30, len(planted))


def test_every_outcome_has_extent_associations_and_a_sensitivity_analysis(people):
    found = Results(tuple(missingness.records(people)))
    for spec in (*SCALES, *OUTCOMES):
        assert found.estimate(spec.name, "missingness_adjusted") is not None
        assert found.value(f"missingness.{spec.name}", "n", "", "known") == len(people)
