"""Checks of the models' assumptions against the same things done by hand."""

import numpy as np
import pandas as pd
import pytest
from analysis_sets import (
    READMISSION_TIME,
    SCALES,
    SERVICE_USE,
    WORKERS,
    analysis_set,
    fits,
)
from scipy import stats

from core_trial import models
from core_trial.analyses import diagnostics
from core_trial.results import Results

SCORE = SCALES[0]


@pytest.fixture(scope="module")
def people():
    return analysis_set()


def residuals(people: pd.DataFrame) -> Results:
    return Results(tuple(diagnostics.residuals(SCORE, fits(people))))


def quantiles(found: Results, statistic: str, level: str) -> list[float]:
    name = f"normality.{SCORE.name}"
    values = [found.get(name, statistic, "", f"{level} {k}") for k in range(1, 52)]
    return values[: values.index(next(v for v in values if np.isnan(v)))]


def hazards(people: pd.DataFrame):
    return diagnostics.proportional_hazards(
        READMISSION_TIME, READMISSION_TIME.outcome, fits(people)
    )


# Residuals and random effects.


def test_skewness_and_kurtosis_are_the_moments():
    values = np.array([1.0, 2.0, 2.5, 9.0, 4.0])
    found = diagnostics.skewness_and_kurtosis(values)
    assert found == pytest.approx((stats.skew(values), stats.kurtosis(values)), rel=1e-12)
    assert np.isnan(diagnostics.skewness_and_kurtosis(np.ones(4))).all()


def test_residuals_are_those_around_the_fitted_values(people):
    model = fits(people).of(SCORE.fitted).fit
    raw = people[SCORE.fitted.outcome].to_numpy() - model.fitted
    found = residuals(people)
    name = f"normality.{SCORE.name}"
    assert found.value(name, "skewness", "", "residual") == pytest.approx(stats.skew(raw))
    assert found.value(name, "excess_kurtosis", "", "residual") == pytest.approx(
        stats.kurtosis(raw)
    )


def test_random_effects_are_those_of_the_workers_and_not_of_single_controls(people):
    model = fits(people).of(SCORE.fitted).fit
    assert model.variance["cluster"] > 0
    effects = model.random_effects.loc[list(WORKERS)]
    found = residuals(people).value(f"normality.{SCORE.name}", "skewness", "", "random_effect")
    assert found == pytest.approx(stats.skew(effects), abs=1e-12)


def test_quantiles_are_paired_with_those_of_a_standard_normal(people):
    found = residuals(people)
    normal = quantiles(found, "normal", "residual")
    observed = quantiles(found, "observed", "residual")
    assert len(normal) == len(observed) == diagnostics.QUANTILES
    np.testing.assert_allclose(normal, stats.norm.ppf((np.arange(50) + 0.5) / 50), rtol=1e-12)
    assert (np.diff(observed) >= 0).all()
    assert np.mean(observed) == pytest.approx(0, abs=0.05)


def test_normal_residuals_lie_on_the_line(people):
    spec = SCORE.fitted
    rng = np.random.default_rng(11)
    drawn = people.assign(**{spec.outcome: rng.normal(30.0, 5.0, len(people))})
    found = residuals(drawn)
    gap = np.array(quantiles(found, "observed", "residual")) - quantiles(
        found, "normal", "residual"
    )
    assert np.abs(gap).max() < 0.35


def test_a_zero_variance_has_no_random_effects_to_plot(people):
    """Scores that undo every difference between the workers."""
    spec = SCORE.fitted
    y = people[spec.outcome] - people.groupby("cluster_id")[spec.outcome].transform("mean")
    levelled = people.assign(**{spec.outcome: y.where(people["arm"] == "intervention", 0.1 * y)})
    levelled[spec.outcome] += np.random.default_rng(2).normal(0.0, 0.5, len(people))
    assert fits(levelled).of(spec).fit.variance["cluster"] == 0
    found = residuals(levelled)
    assert quantiles(found, "observed", "residual")
    assert np.isnan(found.get(f"normality.{SCORE.name}", "skewness", "", "random_effect"))


def test_a_model_that_fails_has_no_residuals(people):
    assert len(residuals(people.assign(satisfaction_month_4=np.nan))) == 0


# Proportional hazards.


def test_hazards_are_tested_on_three_scales_of_time(people):
    found = Results(tuple(hazards(people)))
    for transform in ("identity", "log", "km"):
        direct = models.proportional_hazards(
            "arm",
            people,
            time="days_to_readmission",
            event="readmitted",
            ties="breslow",
            transform=transform,
        ).tests["arm"]
        name = f"proportional_hazards.{READMISSION_TIME.name}"
        assert found.value(name, "chi_square", "", transform) == direct.statistic
        assert found.value(name, "p_value", "", transform) == direct.p_value


def test_crossing_hazards_are_seen(people):
    """Early readmissions in one arm, late ones in the other."""
    treated = people["arm"] == "intervention"
    early = 5.0 + people.index % 50
    crossing = people.assign(
        readmitted=(people.index % 3 > 0).astype(float),
        days_to_readmission=np.where(
            people.index % 3 > 0, np.where(treated, early, 250 + early), 365.0
        ),
    )
    found = Results(tuple(hazards(crossing)))
    assert found.value("proportional_hazards.time_to_readmission", "p_value", "", "km") < 1e-6


def test_without_events_nothing_is_tested(people):
    nobody = people.assign(readmitted=0.0, days_to_readmission=365.0)
    found = list(hazards(nobody))
    assert len(found) == 6
    assert all(np.isnan(record.value) for record in found)


def test_every_check_of_the_plan_is_made(people):
    names = {record.analysis for record in diagnostics.records(fits(people))}
    linear = {f"normality.{spec.name}" for spec in (*SCALES, SERVICE_USE)}
    assert names == linear | {"proportional_hazards.time_to_readmission"}
