"""Planned models beside fitted ones, and the counts that speak for the change."""

import numpy as np
import pandas as pd
import pytest
from analysis_sets import (
    ACUTE_DAYS,
    OUTCOMES,
    PRIMARY,
    READMISSION_DAYS,
    READMISSION_TIME,
    analysis_set,
    fits,
)
from scipy import stats

from core_trial.analyses import deviations
from core_trial.analyses.estimation import estimate
from core_trial.analyses.fits import Cases, Fitted
from core_trial.models.fit import Fit
from core_trial.results import ModelChoice, Results
from core_trial.trials.core import CORE

SUPPORT = np.arange(61)


@pytest.fixture(scope="module")
def people():
    return analysis_set()


@pytest.fixture(scope="module")
def found(people):
    return Results(tuple(deviations.records(fits(people))))


# What was planned, and what was fitted.


def test_every_outcome_says_what_was_planned_and_what_was_fitted(found):
    choices = [r for r in found if isinstance(r, ModelChoice)]
    assert [c.analysis for c in choices] == [spec.name for spec in OUTCOMES]
    for spec, choice in zip(OUTCOMES, choices, strict=True):
        assert (choice.planned == choice.fitted) == (spec.planned is None)
        assert bool(choice.reason) == (spec.planned is not None)


def test_models_are_told_in_words():
    assert deviations.choice(READMISSION_TIME) == ModelChoice(
        analysis="time_to_readmission",
        planned="Cox regression, gamma frailty by cluster",
        fitted="Cox regression, robust errors",
        reason="the authors’ shared frailty model did not converge",
    )
    assert deviations.choice(ACUTE_DAYS).planned.startswith("Poisson regression")
    assert deviations.choice(PRIMARY).reason == ""


def test_planned_models_are_fitted_too(people, found):
    for spec in (READMISSION_TIME, ACUTE_DAYS, READMISSION_DAYS):
        planned = found.estimate(spec.name, "planned")
        assert planned == estimate(spec.name, spec.planned, fits(people), level="planned")
        assert planned.converged
    assert found.estimate("acute_days", "planned").model == "mixed_poisson"
    assert "frailty" in found.estimate("time_to_readmission", "planned").variance
    assert found.get_estimate("recovery_month_4", "planned") is None


def test_the_primary_model_is_fitted_with_the_planned_adjustments(people, found):
    adjusted = found.estimate("readmission", "planned_adjustments")
    assert adjusted.formula == " + ".join([PRIMARY.fitted.formula, *CORE.planned_adjustments])
    some = people.assign(age=people["age"].mask(people.index < 5))
    assert next(deviations.planned_adjustments(fits(some))).n == len(people) - 5


def test_a_planned_model_that_fails_is_a_record_that_says_why(people):
    known = people.assign(acute_days=people["acute_days"] + 0.5)
    failed = Results(tuple(deviations.records(fits(known)))).estimate("acute_days", "planned")
    assert not failed.converged
    assert failed.model == "mixed_poisson"
    assert "acute_days" in failed.warnings[0]


# Probabilities.


def test_poisson_probabilities():
    mean = np.array([0.0, 0.3, 12.0, 80.0])
    expected = stats.poisson.pmf(SUPPORT, mean[:, None])
    np.testing.assert_allclose(deviations.poisson_pmf(SUPPORT, mean), expected, rtol=1e-10)


@pytest.mark.parametrize("alpha", [1e-3, 0.4, 3.0])
def test_negative_binomial_probabilities(alpha):
    mean = np.array([0.2, 5.0, 40.0])
    expected = stats.nbinom.pmf(SUPPORT, 1 / alpha, 1 / (1 + alpha * mean[:, None]))
    found = deviations.negative_binomial_pmf(SUPPORT, mean, alpha)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("alpha", [0.0, np.nan])
def test_without_dispersion_the_negative_binomial_is_a_poisson(alpha):
    mean = np.array([0.2, 5.0])
    found = deviations.negative_binomial_pmf(SUPPORT, mean, alpha)
    np.testing.assert_array_equal(found, deviations.poisson_pmf(SUPPORT, mean))


def zero_inflated(intercept: float, arm: float, inflation: float, alpha: float) -> Fit:
    return Fit(
        model="zero_inflated_nb",
        formula="days ~ arm | 1",
        method="made up",
        terms=("Intercept", "arm[intervention]", "inflate:Intercept"),
        beta=np.array([intercept, arm, inflation]),
        cov=np.eye(3),
        df=np.full(3, np.inf),
        scale="log",
        loglik=0.0,
        n=5,
        n_clusters=5,
        dispersion=alpha,
    )


def test_expected_frequencies_sum_to_the_participants_and_have_the_models_mean():
    cases = pd.DataFrame({"arm": ["control"] * 2 + ["intervention"] * 3})
    model = zero_inflated(np.log(6.0), np.log(2.0), 0.5, 0.8)
    support = np.arange(2000)
    expected = deviations.expected_frequencies(
        Fitted(Cases(ACUTE_DAYS.fitted, cases), model), CORE.arm, support
    )
    never = 1 / (1 + np.exp(-0.5))
    assert expected.sum() == pytest.approx(5.0, rel=1e-12)
    assert (support * expected).sum() == pytest.approx((1 - never) * (2 * 6 + 3 * 12), rel=1e-10)
    zero = [(1 + 0.8 * mean) ** (-1 / 0.8) for mean in (6.0, 12.0)]
    by_hand = 5 * never + (1 - never) * (2 * zero[0] + 3 * zero[1])
    assert expected[0] == pytest.approx(by_hand, rel=1e-12)


# Evidence.


def few(days: list[float], arms: str) -> pd.DataFrame:
    """A row per participant, each a cluster of one; arms as ``"icci"``."""
    names = {"i": "intervention", "c": "control"}
    return pd.DataFrame(
        {
            "acute_days": days,
            "arm": pd.Categorical([names[a] for a in arms], ["control", "intervention"]),
            "cluster_id": [f"c{i}" for i in range(len(days))],
        }
    )


def evidence(people: pd.DataFrame) -> Results:
    return Results(tuple(deviations.count_evidence(ACUTE_DAYS, fits(people))))


def test_dispersion_is_taken_around_each_arms_mean():
    found = evidence(few([0.0, 4.0, 1.0, 5.0, np.nan], "iicci"))
    by_hand = np.mean([(0 - 2) ** 2 / 2, (4 - 2) ** 2 / 2, (1 - 3) ** 2 / 3, (5 - 3) ** 2 / 3])
    assert found.value("count_fit.acute_days", "variance_to_mean") == pytest.approx(by_hand)


def test_frequencies_are_counted_up_to_sixty_days():
    found = evidence(few([0.0, 0.0, 3.0, 61.0, 60.0, 3.0], "iciccc"))
    name = "count_fit.acute_days"
    observed = [found.value(name, "observed", "", f"days {k}") for k in SUPPORT]
    assert {k: n for k, n in enumerate(observed) if n} == {0: 2, 3: 2, 60: 1}
    assert np.isnan(found.get(name, "observed", "", "days 61"))


def test_the_poisson_has_a_mean_per_arm():
    found = evidence(few([0.0, 4.0, 1.0, 5.0], "iicc"))
    expected = found.value("count_fit.acute_days", "expected_poisson", "", "days 0")
    assert expected == pytest.approx(2 * np.exp(-2) + 2 * np.exp(-3))


def test_an_arm_without_any_days_is_expected_to_have_none():
    found = evidence(few([0.0, 0.0, 1.0, 5.0], "iicc"))
    expected = found.value("count_fit.acute_days", "expected_poisson", "", "days 0")
    assert expected == pytest.approx(2 + 2 * np.exp(-3))
    dispersion = found.value("count_fit.acute_days", "variance_to_mean")
    assert dispersion == pytest.approx(((1 - 3) ** 2 + (5 - 3) ** 2) / 2 / 3)
    nobody = evidence(few([0.0, 0.0], "ic"))
    assert np.isnan(nobody.value("count_fit.acute_days", "variance_to_mean"))


def test_expectations_of_the_fitted_model_reproduce_its_zeros(people, found):
    model = fits(people).of(ACUTE_DAYS.fitted)
    expected = deviations.expected_frequencies(model, CORE.arm, SUPPORT)
    told = [
        found.value("count_fit.acute_days", "expected_zero_inflated", "", f"days {k}")
        for k in SUPPORT
    ]
    np.testing.assert_array_equal(told, expected)
    assert told[0] == pytest.approx((people["acute_days"] == 0).sum(), rel=0.02)


def test_when_the_model_fails_the_observed_counts_stand_alone():
    found = evidence(few([0.0, 4.0, 1.0], "ccc"))
    statistics = {key.statistic for key in found.numbers}
    assert statistics == {"variance_to_mean", "observed", "expected_poisson"}


def test_without_anybody_there_is_no_evidence():
    assert len(evidence(few([np.nan, np.nan], "ic"))) == 0
