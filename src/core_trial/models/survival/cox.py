"""Cox regression: Breslow or Efron ties, strata, clustered standard errors, shared frailty."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models import design as designs
from core_trial.models.clusters import Blank
from core_trial.models.columns import Missing
from core_trial.models.design import Clusters
from core_trial.models.fit import Fit
from core_trial.models.numerics.limits import (
    cluster_notes,
    describe_lost,
    refuse_confidence,
)
from core_trial.models.numerics.newton import UNFINISHED
from core_trial.models.numerics.threads import one_thread
from core_trial.models.survival.design import (
    NO_EVENTS,
    CoxDesign,
    estimable,
    maximum,
    not_estimable,
    prepare,
    profiler,
    right_hand_side,
)
from core_trial.models.survival.follow_up import follow_up
from core_trial.models.survival.frailty import Distribution, VarianceMethod, fit_frailty
from core_trial.models.survival.partial_likelihood import score_residuals
from core_trial.models.survival.risk_sets import Ties


def cox(
    formula: str,
    frame: pd.DataFrame,
    *,
    time: str,
    event: str,
    cluster: str | None = None,
    ties: Ties = "breslow",
    strata: str | None = None,
    frailty: Distribution | None = None,
    frailty_method: VarianceMethod | None = None,
    small_sample: bool = True,
    confidence: float = 0.95,
    missing: Missing = "refuse",
    blank_cluster: Blank = "refuse",
) -> Fit:
    """Proportional hazards regression by partial likelihood.

    Parameters
    ----------
    formula
        The covariates, such as ``"arm + centre"``. There is no intercept, and no left side: `time`
        and `event` are that.
    frame
        A row per participant; see `missing` for incomplete ones.
    time, event
        Columns with the time to event or censoring (zero or more; times are tied when equal) and
        with 1 or True for an event.
    cluster
        Column of clusters. Without frailty they make the sandwich, and None means the model-based
        covariance; with frailty each cluster has one.
    ties
        ``"breslow"`` (Stata's default) or ``"efron"`` (R's).
    strata
        Column of strata, each with a baseline hazard of its own.
    frailty
        ``"gamma"`` or ``"lognormal"`` for a random effect of each cluster on the hazard.
    frailty_method
        ``"ml"`` (all there is for gamma) or ``"reml"`` (the default for log-normal, as in R's
        ``coxph``) for the frailty's variance.
    small_sample
        Multiply the sandwich by G / (G - 1).
    confidence
        Coverage of the intervals.
    missing
        ``"refuse"``, or ``"drop"`` to leave rows with missing values out; they are counted in
        `Fit.n_dropped`.
    blank_cluster
        ``"own"`` takes each row without a cluster as one of its own; ``"refuse"`` does not, for
        nothing says whether there is none or it is not known.

    Returns
    -------
    Fit
        Log hazard ratios; `Fit.effect` gives hazard ratios. With frailty, ``variance["frailty"]``
        is the variance of the frailty (gamma) or of its logarithm (log-normal), `random_effects`
        the log frailties, and standard errors are those given the variance.

    Raises
    ------
    DesignError
        For missing values, negative times, an event column of other than 0 and 1, constant or
        collinear covariates, a frailty without clusters.

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
    refuse_confidence(confidence)
    if frailty_method is not None and frailty is None:
        raise DesignError("frailty_method is for a frailty; there is none")
    rows = designs.sample(
        frame, formula, missing=missing, cluster=cluster, time=time, event=event, strata=strata
    )
    covariates = right_hand_side(formula, rows)
    groups = designs.clusters(rows.frame, cluster, blank=blank_cluster) if cluster else None
    layers = designs.groups(rows.frame, strata).codes if strata else None
    design = prepare(covariates, follow_up(rows.frame, time, event), layers, ties)
    if frailty is None:
        return fit_cox(design, groups, small_sample=small_sample, confidence=confidence)
    if groups is None:
        raise DesignError("a frailty model needs a cluster column")
    return fit_frailty(
        design, groups, distribution=frailty, method=frailty_method, confidence=confidence
    )


@one_thread
def fit_cox(
    design: CoxDesign,
    clusters: Clusters | None = None,
    *,
    small_sample: bool = True,
    confidence: float = 0.95,
) -> Fit:
    """`cox` on a prepared design, without frailty.

    Parameters
    ----------
    clusters
        Of the rows in the order given to `prepare`; None for the model-based covariance.
    """
    method = _method(design, clusters, small_sample)
    n_clusters = clusters.count if clusters else design.n
    if design.risk.n_events == 0:
        return not_estimable(design, method, n_clusters, confidence, NO_EVENTS)
    best, at = maximum(design)
    if not best.converged:
        return not_estimable(design, method, n_clusters, confidence, UNFINISHED)
    found = estimable(design, best)
    beta = design.white.back @ best.point
    notes = [describe_lost(design.columns, beta, found.lost)] if found.lost.any() else []
    if clusters is None:
        cov = found.covariance()
    else:
        scores = score_residuals(design.risk, design.white.columns, at)
        cov = found.sandwich(scores, design.in_order(clusters), small_sample=small_sample)
        notes += cluster_notes(design.columns, cov, found.lost, clusters)
    return Fit(
        model="cox",
        formula=design.formula,
        method=method,
        terms=design.columns,
        beta=np.where(found.lost, np.nan, beta),
        cov=cov,
        df=np.full(len(found.lost), np.inf),
        scale="log",
        loglik=best.value,
        n=design.n,
        n_clusters=n_clusters,
        n_events=design.risk.n_events,
        converged=not found.lost.all(),
        n_dropped=design.dropped,
        warnings=tuple(notes),
        confidence=confidence,
        likelihood="partial",
        robust=clusters is not None,
        term_columns=design.term_columns,
        recipe=design.recipe,
        reference=design.reference,
        response=design.response,
        profiler=profiler(design, found, best),
    )


def _method(design: CoxDesign, clusters: Clusters | None, small_sample: bool) -> str:
    rule = f"partial likelihood, {design.risk.ties.capitalize()} ties"
    if clusters is None:
        return f"{rule}; observed information{design.note}"
    factor = " times G/(G-1)" if small_sample else ""
    return f"{rule}; clustered sandwich{factor}{clusters.note}{design.note}"
