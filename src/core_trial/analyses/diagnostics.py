"""The assumptions behind the models, as numbers to look at; none of them is a verdict.

Normality of residuals and of random effects (linear models), proportional hazards (Cox), and how
far each estimate hangs on one peer support worker.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from core_trial import models
from core_trial.analyses.estimation import complete_cases, estimate, fit
from core_trial.analyses.plan import (
    CLUSTER,
    OUTCOMES,
    READMISSION_TIME,
    SCALES,
    SERVICE_USE,
    AnalysisSpec,
)
from core_trial.errors import DesignError, FitError
from core_trial.models.inference import Test
from core_trial.models.survival.proportional_hazards import Transform
from core_trial.results import Descriptive, Record

Floats = NDArray[np.float64]
#: Quantiles of a normal plot: the middles of this many equal slices.
QUANTILES = 50
#: Transformations of time against which the proportionality of hazards is tested.
TIME_TRANSFORMS: tuple[Transform, ...] = ("identity", "log", "km")


def records(participants: pd.DataFrame) -> Iterator[Record]:
    """Every check of every model in the plan."""
    for spec in (*SCALES, SERVICE_USE):
        yield from residuals(spec, participants)
    yield from proportional_hazards(participants)
    for spec in OUTCOMES:
        yield from influence(spec, participants)


def residuals(spec: AnalysisSpec, participants: pd.DataFrame) -> Iterator[Descriptive]:
    """Shape of the residuals and of the predicted random effects of a linear model.

    Yields
    ------
    Descriptive
        ``skewness`` and ``excess_kurtosis`` of the standardised residuals (level ``residual``) and
        of the workers' predicted effects (level ``random_effect``), and pairs of ``normal`` and
        ``observed`` quantiles for a normal plot; nothing where all values are the same.
    """
    try:
        fitted = fit(spec.fitted, participants)
    except (DesignError, FitError):
        return
    cases = complete_cases(spec.fitted, participants)
    raw = cases[spec.fitted.outcome].to_numpy(dtype=float) - fitted.fitted
    yield from _shape(spec, "residual", raw)
    workers = set(participants["psw_id"].dropna())
    effects = fitted.random_effects[fitted.random_effects.index.isin(workers)]
    yield from _shape(spec, "random_effect", effects.to_numpy(dtype=float))


def proportional_hazards(participants: pd.DataFrame) -> Iterator[Descriptive]:
    """Score tests of a trend of the hazard ratio over time, under three scales of time.

    Yields
    ------
    Descriptive
        ``chi_square`` and ``p_value`` by transformation of time; ``nan`` where the data do not
        allow the test.
    """
    cases = complete_cases(READMISSION_TIME.fitted, participants)
    for transform in TIME_TRANSFORMS:
        test = _trend(cases, transform)
        for statistic, value in (("chi_square", test.statistic), ("p_value", test.p_value)):
            yield _number("proportional_hazards", READMISSION_TIME, statistic, value, transform)


def _trend(cases: pd.DataFrame, transform: Transform) -> Test:
    spec = READMISSION_TIME.fitted
    try:
        return models.proportional_hazards(
            spec.formula,
            cases,
            time=str(spec.options["time"]),
            event=spec.outcome,
            ties="breslow",
            transform=transform,
        ).tests["global"]
    except DesignError as problem:
        return Test(str(problem), math.nan, math.nan, math.nan)


def influence(spec: AnalysisSpec, participants: pd.DataFrame) -> Iterator[Descriptive]:
    """The estimate without each peer support worker in turn, with all that they supported."""
    cases = complete_cases(spec.fitted, participants)
    workers = sorted(set(participants["psw_id"].dropna()) & set(cases[CLUSTER]))
    for worker in workers:
        found = estimate(spec.name, spec.fitted, cases[cases[CLUSTER] != worker])
        for statistic in ("estimate", "p_value"):
            value = float(getattr(found, statistic))
            yield _number("influence", spec, statistic, value, f"without {worker}")


def skewness_and_kurtosis(values: Floats) -> tuple[float, float]:
    """Moment skewness and excess kurtosis of values of shape (n,); ``nan`` without spread."""
    centred = values - values.mean()
    spread = np.sqrt((centred**2).mean())
    if not spread > 0:
        return math.nan, math.nan
    z = centred / spread
    return float((z**3).mean()), float((z**4).mean() - 3)


def _shape(spec: AnalysisSpec, level: str, values: Floats) -> Iterator[Descriptive]:
    if len(np.unique(values)) < 2:
        return
    skewness, kurtosis = skewness_and_kurtosis(values)
    yield _number("normality", spec, "skewness", skewness, level)
    yield _number("normality", spec, "excess_kurtosis", kurtosis, level)
    shares = (np.arange(QUANTILES) + 0.5) / QUANTILES
    standardised = (values - values.mean()) / values.std(ddof=1)
    pairs = zip(special.ndtri(shares), np.quantile(standardised, shares), strict=True)
    for k, (normal, observed) in enumerate(pairs, start=1):
        yield _number("normality", spec, "normal", float(normal), f"{level} {k}")
        yield _number("normality", spec, "observed", float(observed), f"{level} {k}")


def _number(
    check: str, spec: AnalysisSpec, statistic: str, value: float, level: str
) -> Descriptive:
    return Descriptive(
        analysis=f"{check}.{spec.name}", statistic=statistic, value=value, level=level
    )
