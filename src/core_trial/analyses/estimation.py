"""A model specification and an analysis set in, one `Estimate` out; a failure is a record too."""

from __future__ import annotations

import math

import pandas as pd

from core_trial import models
from core_trial.analyses.plan import ARM, CLUSTER, ModelSpec
from core_trial.errors import DesignError, FitError
from core_trial.models.fit import Fit
from core_trial.results import Estimate


def complete_cases(spec: ModelSpec, participants: pd.DataFrame) -> pd.DataFrame:
    """The participants whose outcome and covariates are all known.

    Categories that nobody among them has are taken out of the factors, so that a centre without
    complete cases does not stop the others from being analysed.
    """
    columns = list(dict.fromkeys((*spec.columns, CLUSTER)))
    known = participants.loc[:, columns].dropna().reset_index(drop=True)
    for name in known.select_dtypes("category"):
        known[name] = known[name].cat.remove_unused_categories()
    return known


def fit(spec: ModelSpec, participants: pd.DataFrame) -> Fit:
    """Fit the model to the complete cases.

    Raises
    ------
    DesignError, FitError
        If the data cannot carry the model or the computation fails.
    """
    cases = complete_cases(spec, participants)
    if cases.empty:
        raise DesignError("nobody has the outcome and all covariates known")
    fitted: Fit = getattr(models, spec.model)(spec.formula, cases, **spec.arguments)
    return fitted


def estimate(
    analysis: str, spec: ModelSpec, participants: pd.DataFrame, *, term: str = ARM, level: str = ""
) -> Estimate:
    """The effect of one term; where no model could be fitted, a record that says why."""
    try:
        return estimate_from(analysis, spec, fit(spec, participants), term=term, level=level)
    except (DesignError, FitError) as problem:
        return failed(analysis, spec, str(problem), len(complete_cases(spec, participants)), level)


def estimate_from(
    analysis: str, spec: ModelSpec, fitted: Fit, *, term: str = ARM, level: str = ""
) -> Estimate:
    """The record of one term of a fitted model."""
    effect = fitted.effect(term)
    return Estimate(
        analysis=analysis,
        measure=str(spec.measure),
        estimate=effect.estimate,
        low=effect.low,
        high=effect.high,
        std_error=effect.std_error,
        statistic=effect.statistic,
        df=effect.df,
        p_value=effect.p_value,
        n=fitted.n,
        n_clusters=fitted.n_clusters,
        n_events=fitted.n_events,
        model=fitted.model,
        formula=fitted.formula,
        method=fitted.method,
        converged=fitted.converged and math.isfinite(effect.estimate),
        warnings=fitted.warnings,
        variance=dict(fitted.variance),
        confidence=fitted.confidence,
        level=level,
    )


def failed(analysis: str, spec: ModelSpec, reason: str, n: int, level: str = "") -> Estimate:
    """The record of a model that could not be fitted to `n` participants, and why."""
    nan = math.nan
    return Estimate(
        analysis=analysis,
        measure=str(spec.measure),
        estimate=nan,
        low=nan,
        high=nan,
        std_error=nan,
        statistic=nan,
        df=nan,
        p_value=nan,
        n=n,
        n_clusters=0,
        model=str(spec.model),
        formula=spec.formula,
        method="not estimable",
        converged=False,
        warnings=(reason,),
        level=level,
    )
