"""The assumptions behind the models, as numbers to look at; none of them is a verdict.

Normality of residuals and of random effects (linear models), and proportional hazards (Cox); how
far each estimate hangs on one cluster stands in `influence`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import special

from core_trial import models
from core_trial.analyses.clusters import named
from core_trial.analyses.fits import Cases, Fits
from core_trial.analyses.plan import AnalysisSpec
from core_trial.declaration.models import Model
from core_trial.declaration.outcomes import Time
from core_trial.declaration.trial import Trial
from core_trial.errors import DesignError, FitError
from core_trial.models.inference import Test
from core_trial.models.survival.proportional_hazards import Transform
from core_trial.results import Descriptive, QuantilePair, Record

Floats = NDArray[np.float64]
#: Quantiles of a normal plot: the middles of this many equal slices.
QUANTILES = 50
#: Transformations of time against which the proportionality of hazards is tested.
TIME_TRANSFORMS: tuple[Transform, ...] = ("identity", "log", "km")
LINEAR = (Model.LINEAR, Model.MIXED_LINEAR)


def records(fits: Fits) -> Iterator[Record]:
    """Every check of every model in the plan."""
    for spec in fits.plan:
        if spec.fitted.model in LINEAR:
            yield from residuals(spec, fits)
    for spec in fits.plan:
        if isinstance(spec.outcome, Time):
            yield from proportional_hazards(spec, spec.outcome, fits)


def residuals(spec: AnalysisSpec, fits: Fits) -> Iterator[Descriptive | QuantilePair]:
    """Shape of the residuals and of the predicted random effects of a linear model.

    Yields
    ------
    Descriptive
        ``skewness`` and ``excess_kurtosis`` of the standardised residuals (level ``residual``) and
        of the clusters' predicted effects (level ``random_effect``).
    QuantilePair
        The points of a normal plot of both; nothing where all values are the same.
    """
    try:
        fitted = fits.of(spec.fitted)
    except (DesignError, FitError):
        return
    values = fitted.cases.frame[spec.fitted.outcome].to_numpy(dtype=float)
    yield from _shape(spec, "residual", values - fitted.fit.fitted)
    effects = fitted.fit.random_effects
    of_clusters = effects[effects.index.isin(named(fits.trial, fits.participants))]
    yield from _shape(spec, "random_effect", of_clusters.to_numpy(dtype=float))


def proportional_hazards(spec: AnalysisSpec, outcome: Time, fits: Fits) -> Iterator[Descriptive]:
    """Score tests of a trend of the arm's hazard ratio over time, under three scales of time.

    Yields
    ------
    Descriptive
        ``chi_square`` and ``p_value`` by transformation of time; ``nan`` where the data do not
        allow the test.
    """
    cases = fits.cases(spec.fitted)
    for transform in TIME_TRANSFORMS:
        test = _trend(fits.trial, cases, outcome, transform)
        for statistic, value in (("chi_square", test.statistic), ("p_value", test.p_value)):
            yield _number("proportional_hazards", spec, statistic, value, transform)


def _trend(trial: Trial, cases: Cases, outcome: Time, transform: Transform) -> Test:
    spec = cases.spec
    try:
        found = models.proportional_hazards(
            spec.formula,
            cases.frame,
            time=outcome.column,
            event=outcome.event,
            ties=spec.options.get("ties", "breslow"),  # type: ignore[arg-type]
            transform=transform,
        )
        return found.tests[trial.arm.column]
    except (DesignError, FitError) as problem:
        return Test(str(problem), math.nan, math.nan, math.nan)


def skewness_and_kurtosis(values: Floats) -> tuple[float, float]:
    """Moment skewness and excess kurtosis of values of shape (n,); ``nan`` without spread."""
    centred = values - values.mean()
    spread = np.sqrt((centred**2).mean())
    if not spread > 0:
        return math.nan, math.nan
    z = centred / spread
    return float((z**3).mean()), float((z**4).mean() - 3)


def _shape(spec: AnalysisSpec, level: str, values: Floats) -> Iterator[Descriptive | QuantilePair]:
    if len(np.unique(values)) < 2:
        return
    skewness, kurtosis = skewness_and_kurtosis(values)
    yield _number("normality", spec, "skewness", skewness, level)
    yield _number("normality", spec, "excess_kurtosis", kurtosis, level)
    shares = (np.arange(QUANTILES) + 0.5) / QUANTILES
    standardised = (values - values.mean()) / values.std(ddof=1)
    pairs = zip(special.ndtri(shares), np.quantile(standardised, shares), strict=True)
    for k, (normal, observed) in enumerate(pairs, start=1):
        yield QuantilePair(
            analysis=f"normality.{spec.name}",
            level=level,
            number=k,
            normal=float(normal),
            observed=float(observed),
        )


def _number(
    check: str, spec: AnalysisSpec, statistic: str, value: float, level: str
) -> Descriptive:
    return Descriptive(
        analysis=f"{check}.{spec.name}", statistic=statistic, value=value, level=level
    )
