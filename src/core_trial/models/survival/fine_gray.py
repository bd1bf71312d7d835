"""Fine and Gray's regression of the cumulative incidence of an event that competes with others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from core_trial.models import clusters as who
from core_trial.models import columns as read
from core_trial.models.choices import refuse_choice
from core_trial.models.clusters import Blank, Clusters, Ints
from core_trial.models.columns import Missing
from core_trial.models.design import Design
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats
from core_trial.models.numerics.limits import describe_lost, refuse_confidence
from core_trial.models.numerics.newton import (
    UNFINISHED,
    Estimable,
    Optimum,
    Value,
    Whitening,
    invert,
    maximise,
    whiten,
)
from core_trial.models.survival.causes import causes
from core_trial.models.survival.cox_inference import (
    Errors,
    Inference,
    count_clusters,
    jackknife_errors,
    largest,
    sandwich_notes,
    singletons,
)
from core_trial.models.survival.design import right_hand_side
from core_trial.models.survival.partial_likelihood import WIDEST
from core_trial.models.survival.subdistribution import (
    Subdistribution,
    derivatives_at,
    row_scores,
    subdistribution,
    sums_at,
)

FineGrayInference = Literal["sandwich", "jackknife", "one-step"]


@dataclass(frozen=True, slots=True, eq=False)
class _Model:
    """Rows as given, and their whitened covariates.

    Parameters
    ----------
    time, kind
        Shape (n,); 1 for the event of interest, 2 for others, 0 for censoring.
    X, columns
        Covariates, shape (n, p), and their names.
    white
        Whitened, in the order given.
    """

    time: Floats
    kind: Ints
    X: Floats
    columns: tuple[str, ...]
    white: Whitening

    def sets(self, rows: Ints | slice = slice(None)) -> Subdistribution:
        """Risk sets of some of the rows, in the coordinates of all."""
        return subdistribution(self.time[rows], self.kind[rows], self.white.columns[:, rows])


def fine_gray(
    formula: str,
    frame: pd.DataFrame,
    *,
    time: str,
    event: str,
    cause: object,
    censored: object = 0,
    cluster: str | None = None,
    inference: FineGrayInference | None = None,
    small_sample: bool = True,
    confidence: float = 0.95,
    missing: Missing = "refuse",
    blank_cluster: Blank = "refuse",
) -> Fit:
    r"""Regression of the cumulative incidence of one of several competing events.

    The coefficients are logarithms of subdistribution hazard ratios: above zero the covariate
    raises the probability of the event over time, with all that the other events do to it. They are
    not ratios of rates among those still at risk, which are `cox` with ``event`` this cause alone.

    Parameters
    ----------
    formula
        The covariates, such as ``"arm + centre"``.
    frame
        A row per participant; see `missing` for incomplete ones.
    time
        Column with the time to the first event or to censoring.
    event
        Column with which event it was, and `censored` where there was none.
    cause
        The event of interest.
    censored
        The value of `event` that stands for censoring.
    cluster
        Column of clusters whose members are alike; None for independent rows.
    inference
        ``"sandwich"`` (normal), ``"jackknife"`` (leaving out each cluster in turn, t) or
        ``"one-step"`` (the same with one Newton step each); None for the sandwich, or the jackknife
        if an arm has clusters of several members that are worth fewer than 20 equal ones.
    small_sample
        Multiply a clustered sandwich by G / (G - 1).
    confidence
        Coverage of the intervals.
    missing, blank_cluster
        As for `cox`.

    Returns
    -------
    Fit
        Log subdistribution hazard ratios; ties are Breslow's. `n_events` counts the event of
        interest.

    Raises
    ------
    DesignError
        For missing values, negative times, an event that nobody has, constant or collinear
        covariates, an arm with one cluster of several members.

    References
    ----------
    Fine and Gray (1999), J Am Stat Assoc 94: 496-509. Zhou, Fine, Latouche and Labopin (2012),
    Biostatistics 13: 371-83, for clusters.

    Examples
    --------
    >>> frame = pd.DataFrame({"arm": [0, 0, 0, 0, 1, 1, 1, 1], "days": [1, 3, 4, 8, 2, 5, 6, 7],
    ...                       "what": [1, 2, 1, 1, 2, 1, 0, 1]})
    >>> fit = fine_gray("arm", frame, time="days", event="what", cause=1)
    >>> round(fit.effect("arm").estimate, 3)
    0.637
    """
    refuse_confidence(confidence)
    given = read.sample(frame, formula, missing=missing, cluster=cluster, time=time, event=event)
    covariates, rows = right_hand_side(formula, given), given.frame
    observed = causes(rows, time, event, censored)
    number = observed.number_of(cause)
    kind = np.where(observed.cause == number, 1, np.where(observed.cause > 0, 2, 0))
    members = who.clusters(rows, cluster, blank=blank_cluster) if cluster else None
    white = whiten(covariates.X, centre=True)
    model = _Model(observed.time, kind, covariates.X, covariates.columns, white)
    wanted = _inference(inference, members)
    fit = _fit(model, covariates, members, wanted, small_sample, confidence)
    label = f"Fine and Gray's partial likelihood, event {cause}; {fit.method}"
    return replace(fit, method=f"{label}{members.note if members else ''}{covariates.note}")


def _fit(
    model: _Model,
    covariates: Design,
    members: Clusters | None,
    inference: FineGrayInference | None,
    small_sample: bool,
    confidence: float,
) -> Fit:
    """The fit of a model; its method names the errors."""
    chosen, warning = count_clusters(model.X, model.columns, members, inference)
    best, sets = _maximum(model.sets())
    back = model.white.back
    found = invert(best.information, back, sets.n_events)
    found = found if best.converged else replace(found, lost=np.ones_like(found.lost))
    errors = _errors(model, sets, best, found, members, chosen, warning, small_sample)
    beta = back @ best.point
    notes = [describe_lost(model.columns, beta, found.lost)] if found.lost.any() else []
    notes = notes if best.converged else [UNFINISHED]
    return Fit(
        model="fine_gray",
        formula=str(covariates.formula),
        method=errors.label,
        terms=model.columns,
        beta=np.where(found.lost, np.nan, beta),
        cov=errors.cov,
        df=errors.df,
        scale="log",
        loglik=best.value,
        n=covariates.n,
        n_clusters=members.count if members else covariates.n,
        n_events=sets.n_events,
        converged=best.converged and not found.lost.all(),
        n_dropped=covariates.dropped,
        warnings=(*notes, *errors.notes),
        confidence=confidence,
        likelihood="partial",
        robust=True,
        term_columns=covariates.term_columns,
        recipe=covariates.recipe,
        reference=covariates.reference,
    )


def _inference(
    inference: FineGrayInference | None, members: Clusters | None
) -> FineGrayInference | None:
    """What was asked for; without clusters the sandwich, with them their number decides."""
    if inference is not None:
        known, why = ("sandwich", "jackknife", "one-step"), ": there are no model-based errors"
        refuse_choice("inference", inference, known, why=why)
    return "sandwich" if members is None and inference is None else inference


def _maximum(
    sets: Subdistribution, start: Floats | None = None, most: int = 80
) -> tuple[Optimum, Subdistribution]:
    """Maximum of the partial likelihood in whitened coordinates."""

    def evaluate(b: Floats) -> Value:
        eta = b @ sets.x
        if np.ptp(eta) > WIDEST:
            return -np.inf, b, np.eye(len(b))
        at = sums_at(sets, eta)
        return at.loglik, *derivatives_at(sets, at)

    begin = np.zeros(len(sets.x)) if start is None else start
    return maximise(evaluate, begin, most=most), sets


def _errors(
    model: _Model,
    sets: Subdistribution,
    best: Optimum,
    found: Estimable,
    members: Clusters | None,
    chosen: Inference,
    warning: str,
    small_sample: bool,
) -> Errors:
    p, n = len(model.columns), len(model.time)
    groups = members or singletons(n)
    scores = np.empty((n, p))
    scores[sets.order] = row_scores(sets, sums_at(sets, best.point @ sets.x))
    if chosen == "sandwich":
        scaled = small_sample and members is not None
        cov = found.sandwich(scores, groups, small_sample=scaled)
        notes = sandwich_notes(model.columns, cov, found.lost, groups, warning)
        kind = "clustered" if members else "robust"
        label = f"{kind} sandwich{' times G/(G-1)' if scaled else ''}"
        return Errors(cov, np.full(p, np.inf), label, notes)
    changes = _leave_out(model, best, found, scores, groups, exact=chosen == "jackknife")
    own = (scores @ found.inverse @ model.white.back.T) ** 2
    rows: Floats = np.stack([np.bincount(groups.codes, c) for c in own.T], axis=1, dtype=float)
    return jackknife_errors(
        model.X, model.columns, found.lost, groups, changes, rows, chosen, warning
    )


def _leave_out(
    model: _Model,
    best: Optimum,
    found: Estimable,
    scores: Floats,
    groups: Clusters,
    *,
    exact: bool,
) -> Floats:
    """What leaving out each cluster changes, shape (G, p), censoring estimated anew."""
    back, G = model.white.back, groups.count
    sums = [np.bincount(groups.codes, weights=column, minlength=G) for column in scores.T]
    changes: Floats = -np.stack(sums, axis=1) @ found.inverse @ back.T
    for g in largest(groups.sizes):
        sets = model.sets(np.flatnonzero(groups.codes != g))
        changes[g] = np.nan
        if sets.n_events:
            without, _ = _maximum(sets, best.point, most=80 if exact else 1)
            lost = invert(without.information, back, sets.n_events).lost
            gone = lost | (exact and not without.converged)
            changes[g] = np.where(gone, np.nan, back @ (without.point - best.point))
    changes[:, found.lost] = np.nan
    return changes
