"""Who is missing and why: planted predictors are found, absence by design is told apart."""

import numpy as np
import pandas as pd
import pytest
from analysis_sets import OUTCOMES, PRIMARY, SCALES, SPECS, analysis_set, fits
from scipy import stats

from core_trial.analyses import missingness
from core_trial.analyses.estimation import estimate
from core_trial.analyses.fits import Cases, Fitted
from core_trial.analyses.fits import fit as fit_cases
from core_trial.analyses.missingness import Association, Missingness
from core_trial.analyses.plan import AnalysisSpec
from core_trial.results import Estimate, Results
from core_trial.trials.core import CORE

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
    return Results(tuple(missingness.of_outcome(spec, Missingness(fits(people)))))


def associations(spec: AnalysisSpec, people: pd.DataFrame) -> dict[str, Association]:
    return {a.predictor: a for a in Missingness(fits(people)).associations(spec)}


def chosen(spec: AnalysisSpec, people: pd.DataFrame) -> tuple[str, ...]:
    return Missingness(fits(people)).chosen(spec)


def of_centre(people: pd.DataFrame) -> Fitted:
    """The model of missingness on centre."""
    frame = people[["missing", "centre", "cluster_id"]]
    return fit_cases(CORE, Cases(missingness.model_of_missingness(CORE, "centre"), frame))


def joint_p(fitted: Fitted, people: pd.DataFrame) -> float:
    """The test of centre, the model without it being that which the stage works out."""
    without = missingness.prepared(CORE, "centre", people).without(CORE, fitted.cases)
    return missingness.joint_p(fitted, without)


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
    assert expected.sum() == len(people) - by_design * people["internal_pilot"].sum()
    assert expected[people["internal_pilot"]].any() != by_design


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
    found = associations(SPECS["recovery_month_18"], spoilt)
    assert found["sex"].fitted.fit.n == len(people) - pilot.sum()
    assert found["sex"].fitted.fit.n_events == 30
    assert found["sex"].p_value > 0.05


# Predictors.


def test_a_planted_predictor_is_found(planted):
    found = associations(RECOVERY, planted)
    assert tuple(found) == ("arm", *CORE.missingness, "recovery_baseline")
    assert found["age"].p_value < 1e-6
    assert found["age"].fitted.fit.effect("age").estimate > 1.05
    assert all(a.p_value > 1e-3 for name, a in found.items() if name != "age")
    assert chosen(RECOVERY, planted) == tuple(name for name, a in found.items() if a.p_value < 0.05)


def test_the_outcome_is_analysed_again_with_the_predictors(planted):
    predictors = chosen(RECOVERY, planted)
    assert "age" in predictors
    by_hand = estimate(
        "recovery_month_4",
        RECOVERY.fitted.adjusted_for(*predictors),
        fits(planted),
        level="missingness_adjusted",
    )
    assert by_hand.formula.startswith(f"{RECOVERY.fitted.formula} + age")
    assert records(RECOVERY, planted).estimate("recovery_month_4", by_hand.level) == by_hand


def test_a_covariate_of_the_model_is_not_entered_twice():
    assert RECOVERY.fitted.adjusted_for("centre", "age").covariates == (
        *("arm", "psychosis", "centre", "recovery_baseline", "age"),
    )


def test_the_companion_is_the_fitted_model_in_those_who_are_left(planted):
    some = planted.assign(age=planted["age"].mask(planted.index % 9 == 0))
    found = records(RECOVERY, some)
    adjusted = found.estimate("recovery_month_4", "missingness_adjusted")
    companion = found.estimate("recovery_month_4", "missingness_same_people")
    assert companion.formula == RECOVERY.fitted.formula
    assert companion.n == adjusted.n < found.value("missingness.recovery_month_4", "n", "", "known")
    known = some[some["age"].notna()]
    by_hand = estimate("recovery_month_4", RECOVERY.fitted, fits(known))
    assert companion.estimate == by_hand.estimate


def test_records_name_terms_joint_tests_and_what_is_adjusted_for(planted):
    found = records(RECOVERY, planted)
    name = "missingness.recovery_month_4"
    assert found.value(name, "predicts", "", "age") == 1
    assert found.value(name, "predicts", "", "sex") == 0
    assert found.estimate(name, "sex[female]").measure == "odds_ratio"


def logistic_loglik(missing: np.ndarray, groups: np.ndarray) -> float:
    """Binomial log-likelihood of a share per group."""
    total = 0.0
    for group in np.unique(groups):
        own = missing[groups == group]
        events, n = own.sum(), len(own)
        total += sum(k * np.log(k / n) for k in (events, n - events) if k)
    return float(total)


def test_the_joint_test_is_a_likelihood_ratio_of_all_levels(people):
    three = pd.Categorical(np.resize(list("ABC"), len(people)), list("ABC"))
    missing = np.random.default_rng(1).random(len(people)) < np.where(three == "C", 0.5, 0.2)
    alone = people.assign(
        centre=three, missing=missing.astype(float), cluster_id=people["participant_id"]
    )
    groups = np.asarray(three)
    ratio = 2 * (logistic_loglik(missing, groups) - logistic_loglik(missing, groups == ""))
    found = joint_p(of_centre(alone), alone)
    assert found == pytest.approx(stats.chi2.sf(ratio, 2), rel=1e-6)


def test_a_level_in_which_nobody_is_missing_is_tested_with_the_others(people):
    """Nobody of centre B is missing: its coefficient diverges, the likelihood does not."""
    three = pd.Categorical(np.resize(list("ABC"), len(people)), list("ABC"))
    missing = (np.arange(len(people)) % 7 == 0) & (three != "B")
    alone = people.assign(
        centre=three, missing=missing.astype(float), cluster_id=people["participant_id"]
    )
    fitted = of_centre(alone)
    assert np.isnan(fitted.fit.std_error[fitted.fit.position("centre[B]")])
    groups = np.asarray(three)
    ratio = 2 * (logistic_loglik(missing, groups) - logistic_loglik(missing, groups == ""))
    found = joint_p(fitted, alone)
    assert found == pytest.approx(stats.chi2.sf(ratio, 2), rel=1e-6)
    assert found < 0.01


@pytest.mark.parametrize(("p", "predicts"), [(0.0499, True), (0.05, False), (np.nan, False)])
def test_a_predictor_is_one_at_five_percent(p, predicts):
    assert Association("age", None, None, p).predicts is predicts


# Failures.


def test_when_nobody_is_missing_the_records_say_so(people):
    found = records(PRIMARY, people)
    failures = [
        r for r in found if isinstance(r, Estimate) and r.analysis.startswith("missingness.")
    ]
    assert [r.level for r in failures] == ["arm", *CORE.missingness]
    assert {r.warnings for r in failures} == {("nobody is missing, or everybody",)}
    assert not any(r.converged for r in failures)
    assert np.isnan(found.value("missingness.readmission", "joint_p", "", "age"))


def test_a_characteristic_without_variation_is_a_record_with_its_reason(planted):
    same = planted.assign(age=40.0)
    found = associations(RECOVERY, same)
    assert found["age"].fitted is None
    record = records(RECOVERY, same).estimate("missingness.recovery_month_4", "age")
    assert not record.converged
    assert record.n == len(planted)
    assert record.warnings == (found["age"].reason,)
    assert "age" in found["age"].reason


def test_a_characteristic_that_is_not_known_leaves_its_model_smaller(planted):
    some = planted.assign(age=planted["age"].mask(planted.index < 30))
    found = associations(RECOVERY, some)
    assert tuple(len(found[x].cases.frame) for x in ("age", "sex")) == (
        len(planted) - 30,
        len(planted),
    )


def test_every_outcome_has_extent_associations_and_a_sensitivity_analysis(people):
    found = Results(tuple(missingness.records(fits(people))))
    for spec in (*SCALES, *OUTCOMES):
        assert found.estimate(spec.name, "missingness_adjusted") is not None
        assert found.value(f"missingness.{spec.name}", "n", "", "known") == len(people)
