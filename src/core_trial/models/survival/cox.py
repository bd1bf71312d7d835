"""Cox regression: Breslow or Efron ties, strata, clustered standard errors, shared frailty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models import clusters as who
from core_trial.models import columns as read
from core_trial.models.clusters import Blank, Clusters
from core_trial.models.columns import Missing
from core_trial.models.fit import Fit
from core_trial.models.numerics.limits import describe_lost, refuse_confidence
from core_trial.models.numerics.newton import UNFINISHED
from core_trial.models.numerics.threads import one_thread
from core_trial.models.survival.cox_fit import CoxFit, unfitted
from core_trial.models.survival.cox_inference import (
    Inference,
    are_people,
    count_clusters,
    standard_errors,
)
from core_trial.models.survival.design import (
    NO_EVENTS,
    CoxDesign,
    estimable,
    maximum,
    prepare,
    profiler,
    right_hand_side,
)
from core_trial.models.survival.follow_up import follow_up, strata_arguments, strata_of
from core_trial.models.survival.frailty import Distribution, fit_frailty
from core_trial.models.survival.frailty_profile import VarianceMethod
from core_trial.models.survival.risk_sets import Ties
from core_trial.models.weights import WeightType, split


def cox(
    formula: str,
    frame: pd.DataFrame,
    *,
    time: str,
    event: str,
    entry: str | None = None,
    cluster: str | None = None,
    ties: Ties = "breslow",
    strata: str | Sequence[str] | None = None,
    offset: str | None = None,
    weights: str | None = None,
    weight_type: WeightType = "frequency",
    frailty: Distribution | None = None,
    frailty_method: VarianceMethod | None = None,
    inference: Inference | None = None,
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
        A row per participant, with `entry` several rows if covariates change or events recur; see
        `missing` for incomplete ones.
    time, event
        Columns with the time to event or censoring (zero or more; times are tied when equal) and
        with 1 or True for an event.
    entry
        Column with the time at which the row comes under observation: it is at risk for events
        after that, up to and including its own time. A participant's rows must not overlap, which
        cannot be seen here, and `cluster` should keep them together.
    cluster
        Column of clusters. Without frailty they make robust errors, and None means the model-based
        covariance; with frailty each cluster has one.
    ties
        ``"breslow"`` (Stata's default) or ``"efron"`` (R's).
    strata
        Column of strata, each with a baseline hazard of its own; of several columns every
        combination is one.
    offset
        Column that is added to the log hazard with coefficient 1.
    weights, weight_type
        Column of case weights: how often each row occurred (``"frequency"``), or inverse
        probabilities of being sampled, treated or observed (``"sampling"``), which come with robust
        errors.
    frailty
        ``"gamma"`` or ``"lognormal"`` for a random effect of each cluster on the hazard.
    frailty_method
        ``"ml"`` (all there is for gamma) or ``"reml"`` (the default for log-normal, as in R's
        ``coxph``) for the frailty's variance.
    inference
        ``"model"`` (observed information), ``"sandwich"`` (normal), ``"jackknife"`` (leaving out
        each cluster in turn, t) or ``"one-step"`` (the same with one Newton step each). None for
        the model's without `cluster`, and with it for the sandwich, or the jackknife if an arm has
        clusters of several members that are worth fewer than 20 equal ones.
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
        Log hazard ratios; `Fit.effect` gives hazard ratios. It is a `CoxFit`, which has baseline
        hazard, predicted survival and residuals. With frailty, ``variance["frailty"]``
        is the variance of the frailty (gamma) or of its logarithm (log-normal), `random_effects`
        the log frailties, and standard errors are those given the variance.

    Raises
    ------
    DesignError
        For missing values, negative times, an event column of other than 0 and 1, an entry at or
        after the time, constant or collinear covariates, a frailty without clusters or with
        sampling weights, an arm with one cluster of several members.

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
    if frailty is not None:
        _refuse_with_frailty(cluster, weights and weight_type, inference)
    given = read.sample(
        frame,
        formula,
        missing=missing,
        cluster=cluster,
        time=time,
        event=event,
        entry=entry,
        offset=offset,
        weights=weights,
        **strata_arguments(strata),
    )
    chosen, case = split(given, weights, weight_type)
    covariates, laid_out = right_hand_side(formula, chosen), chosen.frame
    layers, rows = strata_of(laid_out, strata), laid_out.index
    groups = who.clusters(laid_out, cluster, blank=blank_cluster) if cluster else None
    design = prepare(
        covariates,
        follow_up(laid_out, time, event, entry),
        layers.codes if layers else None,
        ties,
        case=case,
        offset=read.numeric(laid_out, offset) if offset else None,
    )
    if frailty is not None and groups is not None:
        fit = fit_frailty(
            design, groups, distribution=frailty, method=frailty_method, confidence=confidence,
            rows=rows,
        )  # fmt: skip
    else:
        fit = fit_cox(
            design, groups, inference=inference, small_sample=small_sample, confidence=confidence,
            rows=rows,
        )  # fmt: skip
    return replace(fit, strata=layers, offset=offset or "")


def _refuse_with_frailty(
    cluster: str | None, weights: str | None, inference: Inference | None
) -> None:
    if not cluster:
        raise DesignError("a frailty model needs a cluster column")
    if weights == "sampling":
        raise DesignError(
            "sampling weights do not carry over to the likelihood of a frailty, which is a product "
            "over whole clusters: fit without frailty, with robust errors by cluster"
        )
    if inference not in (None, "model"):
        raise DesignError(
            f"inference={inference!r} is for a model without frailty; with one, errors are those "
            "of the likelihood given the frailty's variance"
        )


@one_thread
def fit_cox(
    design: CoxDesign,
    clusters: Clusters | None = None,
    *,
    inference: Inference | None = None,
    small_sample: bool = True,
    confidence: float = 0.95,
    rows: pd.Index | None = None,
) -> CoxFit:
    """`cox` on a prepared design, without frailty.

    Parameters
    ----------
    clusters
        Of the rows in the order given to `prepare`; None for the model-based covariance.
    inference
        As for `cox`.
    rows
        Labels of the rows in the order given to `prepare`, for residuals; their numbers if None.
    """
    rule = f"partial likelihood, {design.risk.ties.capitalize()} ties"
    known = unfitted(design, clusters.count if clusters else design.n, confidence, rows)
    if design.risk.case is not None:
        inference = _robust(inference, clusters)
    if design.risk.n_events == 0:
        return replace(known, method=rule, warnings=(NO_EVENTS,))
    members = design.in_order(clusters) if clusters else None
    people = are_people(design.observed, members)
    chosen, warning = count_clusters(design.X, design.columns, members, inference, people=people)
    top = maximum(design)
    if not top.best.converged:
        return replace(known, method=rule, warnings=(UNFINISHED,))
    found = estimable(design, top.best)
    beta = design.white.back @ top.best.point
    notes = [describe_lost(design.columns, beta, found.lost)] if found.lost.any() else []
    errors = standard_errors(
        design, top, found, members, chosen=chosen, warning=warning, small_sample=small_sample
    )
    return replace(
        known,
        method=f"{rule}; {errors.label}{clusters.note if clusters else ''}{design.note}",
        beta=np.where(found.lost, np.nan, beta),
        cov=errors.cov,
        df=errors.df,
        loglik=top.best.value,
        converged=not found.lost.all(),
        warnings=(*notes, *errors.notes),
        robust=chosen != "model",
        profiler=profiler(design, found, top.best),
        eta=design.predictor(top.best.point),
    )


def _robust(inference: Inference | None, clusters: Clusters | None) -> Inference | None:
    """The inference with sampling weights, for which the model's errors are none."""
    if inference == "model":
        raise DesignError(
            "with sampling weights the information is not the estimates' precision: choose "
            "'sandwich' or 'jackknife'"
        )
    return "sandwich" if clusters is None and inference is None else inference
