"""Cox regression: Breslow or Efron ties, strata, clustered standard errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models import design as designs
from core_trial.models.cox_likelihood import (
    RiskSets,
    Sums,
    Ties,
    derivatives,
    risk_sets,
    score_residuals,
    sums,
)
from core_trial.models.design import Clusters, Design, Ints
from core_trial.models.fit import Fit
from core_trial.models.follow_up import FollowUp, follow_up
from core_trial.models.inference import Floats
from core_trial.models.limits import cluster_notes, describe_lost, whole_term_lost
from core_trial.models.newton import (
    UNFINISHED,
    Estimable,
    Optimum,
    Whitening,
    invert,
    maximise,
    whiten,
)


def cox(
    formula: str,
    frame: pd.DataFrame,
    *,
    time: str,
    event: str,
    cluster: str | None = None,
    ties: Ties = "breslow",
    strata: str | None = None,
    small_sample: bool = True,
    confidence: float = 0.95,
) -> Fit:
    """Proportional hazards regression by partial likelihood.

    Parameters
    ----------
    formula
        The covariates, such as ``"arm + centre"``. There is no intercept, and no left side: `time`
        and `event` are that.
    frame
        A row per participant, without missing values in the columns named.
    time, event
        Columns with the time to event or censoring (zero or more; times are tied when equal) and
        with 1 or True for an event.
    cluster
        Column of clusters for the sandwich; None for the model-based covariance.
    ties
        ``"breslow"`` (Stata's default) or ``"efron"`` (R's).
    strata
        Column of strata, each with a baseline hazard of its own.
    small_sample
        Multiply the sandwich by G / (G - 1).
    confidence
        Coverage of the intervals.

    Returns
    -------
    Fit
        Log hazard ratios; `Fit.effect` gives hazard ratios.

    Raises
    ------
    DesignError
        For missing values, negative times, an event column of other than 0 and 1, constant or
        collinear covariates.

    References
    ----------
    Cox (1972), J R Stat Soc B 34: 187-220. Breslow (1974), Biometrics 30: 89-99. Efron (1977),
    J Am Stat Assoc 72: 557-65. Lin and Wei (1989), J Am Stat Assoc 84: 1074-8.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": [0, 1, 0, 1, 0, 1], "days": [3, 5, 6, 8, 9, 9],
    ...                       "readmitted": [1, 1, 1, 0, 1, 1]})
    >>> round(cox("arm", frame, time="days", event="readmitted").effect("arm").estimate, 3)
    0.613
    """
    covariates = right_hand_side(formula, frame)
    groups = designs.clusters(frame, cluster) if cluster else None
    layers = designs.clusters(frame, strata).codes if strata else None
    return fit_cox(
        covariates,
        follow_up(frame, time, event),
        clusters=groups,
        strata=layers,
        ties=ties,
        small_sample=small_sample,
        confidence=confidence,
    )


def right_hand_side(formula: str, frame: pd.DataFrame) -> Design:
    """Design of the covariates alone; the baseline hazard takes the place of the intercept."""
    parsed = designs.parse(formula)
    if parsed.response:
        raise DesignError(f"formula {formula!r}: name the covariates alone, without a left side")
    if not parsed.terms:
        raise DesignError("a Cox model needs a covariate")
    if not parsed.intercept:
        raise DesignError(f"formula {formula!r}: there is no intercept to take out")
    full = designs.build(parsed, frame)
    return replace(full, X=full.X[:, 1:], columns=full.columns[1:])


def fit_cox(
    covariates: Design,
    observed: FollowUp,
    *,
    clusters: Clusters | None = None,
    strata: Ints | None = None,
    ties: Ties = "breslow",
    small_sample: bool = True,
    confidence: float = 0.95,
) -> Fit:
    """`cox` on arrays: `covariates` has no intercept; see there for the rest.

    Parameters
    ----------
    strata
        Stratum of each row as an integer, shape (n,).
    """
    risk = risk_sets(observed.time, observed.event, strata, ties)
    if risk.n_events == 0:
        return _without_events(covariates, clusters, ties, confidence)
    white = whiten(covariates.X[risk.order], centre=True)
    best, at = _maximise(risk, white)
    found = invert(best.information, white.back, risk.n_events)
    cov, notes = _covariance(risk, white, at, found, clusters, small_sample, covariates.columns)
    return Fit(
        model="cox",
        formula=str(covariates.formula),
        method=_method(ties, clusters, small_sample),
        terms=covariates.columns,
        beta=np.where(found.lost, np.nan, white.back @ best.point),
        cov=cov,
        df=np.full(len(found.lost), np.inf),
        scale="log",
        loglik=best.value,
        n=covariates.n,
        n_clusters=clusters.count if clusters else covariates.n,
        n_events=risk.n_events,
        converged=best.converged and not whole_term_lost(covariates.columns, found.lost),
        warnings=tuple([] if best.converged else [UNFINISHED]) + notes,
        confidence=confidence,
    )


def _maximise(risk: RiskSets, white: Whitening) -> tuple[Optimum, Sums]:
    x = white.columns
    at: Sums

    def evaluate(b: Floats) -> tuple[float, Floats, Floats]:
        nonlocal at
        at = sums(risk, x, b @ x)
        return at.loglik, *derivatives(risk, x, at)

    best = maximise(evaluate, np.zeros(len(x)))
    return best, at


def _method(ties: Ties, clusters: Clusters | None, small_sample: bool) -> str:
    rule = f"partial likelihood, {ties.capitalize()} ties"
    if clusters is None:
        return f"{rule}; observed information"
    return f"{rule}; clustered sandwich{' times G/(G-1)' if small_sample else ''}"


def _covariance(
    risk: RiskSets,
    white: Whitening,
    at: Sums,
    found: Estimable,
    clusters: Clusters | None,
    small_sample: bool,
    columns: tuple[str, ...],
) -> tuple[Floats, tuple[str, ...]]:
    """Model-based or clustered covariance, with what is to be said about it."""
    notes = [describe_lost(columns, found.lost)] if found.lost.any() else []
    if clusters is None:
        return found.covariance(), tuple(notes)
    scores = score_residuals(risk, white.columns, at)
    ordered = replace(clusters, codes=clusters.codes[risk.order])
    cov = found.sandwich(scores, ordered, small_sample=small_sample)
    return cov, (*notes, *cluster_notes(columns, cov, found.lost, clusters))


def _without_events(
    covariates: Design, clusters: Clusters | None, ties: Ties, confidence: float
) -> Fit:
    p = len(covariates.columns)
    return Fit(
        model="cox",
        formula=str(covariates.formula),
        method=_method(ties, clusters, False),
        terms=covariates.columns,
        beta=np.full(p, np.nan),
        cov=np.full((p, p), np.nan),
        df=np.full(p, np.inf),
        scale="log",
        loglik=np.nan,
        n=covariates.n,
        n_clusters=clusters.count if clusters else covariates.n,
        n_events=0,
        converged=False,
        warnings=("there is no event, so nothing about hazards can be estimated",),
        confidence=confidence,
    )
