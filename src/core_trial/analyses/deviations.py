"""The model that was planned beside the one that was fitted, and the evidence for the change."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.analyses.estimation import complete_cases, estimate, fit
from core_trial.analyses.plan import (
    ACUTE_DAYS,
    OUTCOMES,
    PLANNED_ADJUSTMENTS,
    PRIMARY,
    READMISSION_DAYS,
    AnalysisSpec,
)
from core_trial.errors import DesignError, FitError
from core_trial.models.counts.expected import expected_counts, poisson_pmf
from core_trial.results import Descriptive, Estimate, ModelChoice, Record

Floats = NDArray[np.float64]
PLANNED = "planned"
ADJUSTED = "planned_adjustments"
#: Days up to which observed and expected frequencies are set side by side.
ROOTOGRAM_DAYS = 60


def records(participants: pd.DataFrame) -> Iterator[Record]:
    """Planned models, the primary model with the planned adjustments, and the fit to the counts."""
    for spec in OUTCOMES:
        yield choice(spec)
        if spec.planned is not None:
            yield estimate(spec.name, spec.planned, participants, level=PLANNED)
    yield planned_adjustments(participants)
    for spec in (ACUTE_DAYS, READMISSION_DAYS):
        yield from count_evidence(spec, participants)


def choice(spec: AnalysisSpec) -> ModelChoice:
    """Which model was planned, which one was fitted, and why."""
    return ModelChoice(
        analysis=spec.name,
        planned=(spec.planned or spec.fitted).title,
        fitted=spec.fitted.title,
        reason=spec.deviation,
    )


def planned_adjustments(participants: pd.DataFrame) -> Estimate:
    """The primary model with the sociodemographic and clinical covariates of the Methods."""
    model = PRIMARY.fitted.adjusted_for(*PLANNED_ADJUSTMENTS)
    return estimate(PRIMARY.name, model, participants, level=ADJUSTED)


def count_evidence(spec: AnalysisSpec, participants: pd.DataFrame) -> Iterator[Descriptive]:
    """Why not a Poisson model: dispersion, and zeros observed and expected.

    Yields
    ------
    Descriptive
        ``variance_to_mean`` by pooled arms; ``observed`` and expected numbers of participants by
        number of days (level ``days 0`` to ``days 60``), under a Poisson with a mean per arm and
        under the zero-inflated negative binomial that was fitted.
    """
    cases = complete_cases(spec.fitted, participants)
    if cases.empty:
        return
    days = cases[spec.fitted.outcome].to_numpy(dtype=float)
    means = cases.groupby("arm", observed=True)[spec.fitted.outcome].transform("mean").to_numpy()
    yield _number(spec, "variance_to_mean", variance_to_mean(days, means))
    support = np.arange(ROOTOGRAM_DAYS + 1)
    yield from _frequencies(spec, "observed", (days[:, None] == support).sum(axis=0))
    yield from _frequencies(spec, "expected_poisson", poisson_pmf(support, means).sum(axis=0))
    try:
        expected = expected_counts(fit(spec.fitted, participants), cases, support)
    except (DesignError, FitError):
        return
    yield from _frequencies(spec, "expected_zero_inflated", expected)


def variance_to_mean(values: Floats, means: Floats) -> float:
    """Mean of the squared distances from their means, each in units of its mean.

    Parameters
    ----------
    values, means
        Counts and their expectations, shape (n,). Where nothing is expected nothing is learnt.

    Returns
    -------
    float
        About 1 for Poisson counts; ``nan`` when every expectation is zero.
    """
    some = means > 0
    if not some.any():
        return math.nan
    return float(((values[some] - means[some]) ** 2 / means[some]).mean())


def _frequencies(spec: AnalysisSpec, statistic: str, values: Floats) -> Iterator[Descriptive]:
    for day, value in enumerate(values):
        yield _number(spec, statistic, float(value), f"days {day}")


def _number(spec: AnalysisSpec, statistic: str, value: float, level: str = "") -> Descriptive:
    return Descriptive(
        analysis=f"count_fit.{spec.name}", statistic=statistic, value=value, level=level
    )
