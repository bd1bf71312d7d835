"""The model that was planned beside the one that was fitted, and the evidence for the change."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core_trial.analyses import summaries
from core_trial.analyses.estimation import estimate
from core_trial.analyses.fits import Fits
from core_trial.analyses.plan import AnalysisSpec
from core_trial.declaration.models import Model, ModelSpec
from core_trial.declaration.outcomes import Count
from core_trial.errors import DesignError, FitError
from core_trial.models.counts.expected import expected_counts, poisson_pmf
from core_trial.results import Descriptive, Estimate, Frequency, ModelChoice, Record

Floats = NDArray[np.float64]
PLANNED = "planned"
ADJUSTED = "planned_adjustments"
#: The primary model in those in whom the planned adjustments are known: what these are to be
#: compared with.
SAME_PEOPLE = "planned_adjustments_same_people"
#: Counts up to which observed and expected frequencies are set side by side.
LARGEST_COUNT_SHOWN = 60
_SUPPORT = np.arange(LARGEST_COUNT_SHOWN + 1)


def records(fits: Fits) -> Iterator[Record]:
    """Planned models, the primary model with the planned adjustments, and the fit to the counts."""
    for spec in fits.plan:
        yield choice(spec)
        if spec.planned is not None:
            yield estimate(spec.name, spec.planned, fits, level=PLANNED)
    yield from planned_adjustments(fits)
    for spec in fits.plan:
        if isinstance(spec.outcome, Count) and not spec.outcome.mean:
            yield from count_evidence(spec, fits)


def choice(spec: AnalysisSpec) -> ModelChoice:
    """Which model was planned, which one was fitted, and why."""
    return ModelChoice(
        analysis=spec.name,
        planned=(spec.planned or spec.fitted).title,
        fitted=spec.fitted.title,
        reason=spec.deviation,
        recommended=spec.fitted.reason,
    )


def planned_adjustments(fits: Fits) -> Iterator[Estimate]:
    """The primary model with the covariates that the protocol planned to adjust for besides."""
    primary, more = fits.trial.primary, fits.trial.planned_adjustments
    if primary is None or not more:
        return
    fitted = fits.spec(primary.key).fitted
    model = fitted.adjusted_for(*more)
    yield estimate(primary.key, model, fits, level=ADJUSTED)
    yield estimate(primary.key, fitted.among(model.columns), fits, level=SAME_PEOPLE)


def count_evidence(spec: AnalysisSpec, fits: Fits) -> Iterator[Descriptive | Frequency]:
    """Why not a Poisson model: dispersion, and zeros observed and expected.

    Yields
    ------
    Descriptive
        ``variance_to_mean`` by pooled arms.
    Frequency
        Observed and expected numbers of participants by count, 0 to 60, under a Poisson with a mean
        per arm, under the mixed Poisson model where it was planned, and under the zero-inflated
        negative binomial, where that was fitted with the arm alone; and of those with none by arm.
    """
    cases, arm = fits.cases(spec.fitted).frame, fits.trial.arm
    if cases.empty:
        return
    counts = cases[spec.fitted.outcome].to_numpy(dtype=float)
    by_arm = cases.groupby(arm.column, observed=True)[spec.fitted.outcome]
    means = by_arm.transform("mean").to_numpy()
    yield Descriptive(
        analysis=f"count_fit.{spec.name}",
        statistic="variance_to_mean",
        value=variance_to_mean(counts, means),
    )
    yield from _frequencies(spec, "observed", (counts[:, None] == _SUPPORT).sum(axis=0))
    yield from _frequencies(spec, "expected_poisson", poisson_pmf(_SUPPORT, means).sum(axis=0))
    for group, rows in summaries.arms(arm, cases):
        none = (rows[spec.fitted.outcome] == 0).sum()
        yield from _frequencies(spec, "observed", np.array([none]), group)
    if spec.planned is not None and spec.planned.model == Model.MIXED_POISSON:
        yield from _expected(spec, spec.planned, fits, "expected_planned")
    if spec.fitted.model != Model.ZERO_INFLATED_NB or len(spec.fitted.covariates) > 1:
        return
    yield from _expected(spec, spec.fitted, fits, "expected_zero_inflated")


def _expected(
    spec: AnalysisSpec, model: ModelSpec, fits: Fits, statistic: str
) -> Iterator[Frequency]:
    """Participants that a model expects at each count, and in each arm at none.

    Nothing where it could not be fitted.
    """
    random = str(model.options.get("random", "1"))
    try:
        fitted = fits.of(model)
        frame = fitted.cases.frame
        expected = expected_counts(fitted.fit, frame, _SUPPORT, random=random)
    except (DesignError, FitError):
        return
    yield from _frequencies(spec, statistic, expected)
    for arm in summaries.GROUPS:
        rows = (frame[fits.trial.arm.column] == fits.trial.arm.level(arm)).to_numpy(bool)
        zeros = expected_counts(fitted.fit, frame, _SUPPORT[:1], random=random, among=rows)
        yield from _frequencies(spec, statistic, zeros, arm)


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


def _frequencies(
    spec: AnalysisSpec, statistic: str, values: Floats, arm: str = ""
) -> Iterator[Frequency]:
    for count, value in enumerate(values):
        yield Frequency(
            analysis=f"count_fit.{spec.name}",
            statistic=statistic,
            count=count,
            value=float(value),
            arm=arm,
        )
