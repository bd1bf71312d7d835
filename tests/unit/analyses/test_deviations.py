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

from core_trial.analyses import deviations
from core_trial.analyses.estimation import estimate
from core_trial.models import expected_counts
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
    assert found.estimate("time_to_readmission", "planned").converged
    days = found.estimate("acute_days", "planned")
    assert not days.converged
    assert any("implies mean counts of" in text for text in days.warnings)
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
    expected = expected_counts(model.fit, model.cases.frame, SUPPORT)
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
