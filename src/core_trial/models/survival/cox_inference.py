"""Standard errors of a Cox model: from the model, by the sandwich, by leaving out clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.errors import DesignError
from core_trial.models.choices import refuse_choice
from core_trial.models.clusters import Clusters, Ints
from core_trial.models.inference import Floats
from core_trial.models.numerics.few_clusters import in_design, refuse_one
from core_trial.models.numerics.jackknife import (
    cluster_groups,
    jackknife_covariance,
    satterthwaite,
)
from core_trial.models.numerics.newton import Estimable
from core_trial.models.survival.design import CoxDesign, Maximum, estimable, maximum
from core_trial.models.survival.follow_up import FollowUp
from core_trial.models.survival.partial_likelihood import score_residuals

Inference = Literal["model", "sandwich", "jackknife", "one-step"]
#: The most clusters that the jackknife refits without; the effect of the others, which are the
#: smallest, is taken from their influence, of which it differs by less than one part in a thousand.
MOST_REFITS = 1000
CHOICES: tuple[Inference, ...] = ("model", "sandwich", "jackknife", "one-step")


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """Covariance of p coefficients, and what to say of it.

    Parameters
    ----------
    cov, df
        Shapes (p, p) and (p,).
    label
        In words.
    notes
        Warnings.
    """

    cov: Floats
    df: Floats
    label: str
    notes: tuple[str, ...] = ()


def count_clusters(
    X: Floats,
    columns: tuple[str, ...],
    clusters: Clusters | None,
    inference: Inference | None,
    *,
    people: bool = False,
) -> tuple[Inference, str]:
    """The inference that the clusters allow, and what is to be said of them.

    Without a choice it is the sandwich where clusters are enough, and else the jackknife.

    Parameters
    ----------
    X, columns, clusters
        Design matrix, shape (n, p), the names of its columns, and the cluster of each row.
    inference
        What was asked for; None for no choice.
    people
        Whether each cluster is one person in several rows, and rows are not members to be counted.

    Raises
    ------
    DesignError
        For an unknown inference, the model's errors in spite of clusters, or an arm with a single
        cluster of several members.
    """
    if inference is not None:
        refuse_choice("inference", inference, CHOICES)
    if clusters is None:
        return inference or "model", ""
    if inference == "model":
        raise DesignError(
            "inference='model' takes rows as independent: leave out cluster=, or choose 'sandwich' "
            "or 'jackknife'"
        )
    if people:
        return inference or "sandwich", ""
    found = in_design(X, columns, clusters.codes)
    refuse_one(found)
    if found.verdict != "few":
        return inference or "sandwich", ""
    if inference is None:
        return "jackknife", f"{found.counted}: the jackknife with t instead of the sandwich"
    return inference, found.warning if inference == "sandwich" else ""


def are_people(observed: FollowUp, clusters: Clusters | None) -> bool:
    """Whether no two rows of a cluster overlap in time, as those of one person do not."""
    if clusters is None or observed.entry is None:
        return False
    order = np.lexsort((observed.entry, clusters.codes))
    same = clusters.codes[order][1:] == clusters.codes[order][:-1]
    return bool((observed.entry[order][1:] >= observed.time[order][:-1])[same].all())


def standard_errors(
    design: CoxDesign,
    top: Maximum,
    found: Estimable,
    clusters: Clusters | None,
    *,
    chosen: Inference,
    warning: str,
    small_sample: bool,
) -> Errors:
    """Covariance of the coefficients at the maximum.

    Parameters
    ----------
    clusters
        Of the rows in the order of `design.risk`; None for each row on its own.
    chosen, warning
        The inference, and what is to be said of the sandwich; see `count_clusters`.
    """
    p = len(design.columns)
    if chosen == "model":
        return Errors(found.covariance(), np.full(p, np.inf), "observed information")
    members = clusters or singletons(design.n)
    scores = score_residuals(design.risk, design.white.columns, top.at)
    if chosen == "sandwich":
        cov = found.sandwich(scores, members, small_sample=small_sample)
        kind = "clustered" if clusters else "robust"
        notes = sandwich_notes(design.columns, cov, found.lost, members, warning)
        factor = " times G/(G-1)" if small_sample else ""
        return Errors(cov, np.full(p, np.inf), f"{kind} sandwich{factor}", notes)
    changes = leave_out(design, top, found, scores, members, exact=chosen == "jackknife")
    own = (scores @ found.inverse @ design.white.back.T) ** 2
    rows: Floats = np.stack([np.bincount(members.codes, c) for c in own.T], axis=1, dtype=float)
    return jackknife_errors(
        design.X, design.columns, found.lost, members, changes, rows, chosen, warning
    )


def sandwich_notes(
    columns: tuple[str, ...],
    cov: Floats,
    lost: NDArray[np.bool_],
    members: Clusters,
    warning: str,
) -> tuple[str, ...]:
    """Warnings about a sandwich: scores that cancel in each cluster, and too few clusters.

    Parameters
    ----------
    columns
        Names of the p coefficients.
    cov, lost
        Their covariance, shape (p, p), and which have no estimate, shape (p,).
    members
        The clusters.
    warning
        That of `count_clusters`, blank if none.
    """
    notes = []
    missing = np.isnan(np.diagonal(cov)) & ~lost
    if missing.any():
        names = ", ".join(name for name, gone in zip(columns, missing, strict=True) if gone)
        notes.append(f"{names}: no robust standard error, the scores cancel within every cluster")
    if members.count <= len(columns):
        notes.append(
            f"{members.count} clusters for {len(columns)} coefficients: the sandwich covariance "
            "cannot be of full rank"
        )
    return (*notes, warning) if warning else tuple(notes)


def jackknife_errors(
    X: Floats,
    columns: tuple[str, ...],
    lost: NDArray[np.bool_],
    members: Clusters,
    changes: Floats,
    rows: Floats,
    chosen: Inference,
    warning: str,
) -> Errors:
    """Covariance and degrees of freedom from what leaving out each cluster changes.

    Parameters
    ----------
    X, columns
        Design matrix, shape (n, p), and the names of its columns.
    lost
        Coefficients without an estimate, shape (p,).
    members
        Cluster of each row of `X`.
    changes
        Shape (G, p); ``nan`` for what has no estimate without a cluster.
    rows
        Sum over each cluster's rows of the square of what leaving out the row changes, shape
        (G, p).
    chosen, warning
        The kind of jackknife, and what is to be said of the number of clusters.
    """
    shares, effective = zip(*cluster_groups(X, columns, members), strict=True)
    df = satterthwaite(changes, shares, effective, rows)
    cov = jackknife_covariance(changes)
    missing = np.isnan(changes).any(axis=0) | np.isnan(df) | (np.diagonal(cov) <= 0)
    cov[missing, :], cov[:, missing], df[missing] = np.nan, np.nan, np.nan
    notes = [warning] if warning else []
    for j in np.flatnonzero(missing & ~lost):
        gone = [str(g) for g in members.labels[np.isnan(changes[:, j])][:3]]
        why = f"without cluster {', '.join(gone)} it has no estimate" if gone else "no two clusters"
        notes.append(f"{columns[j]}: no jackknife error, {why}")
    step = "" if chosen == "jackknife" else ", one Newton step each"
    label = f"jackknife over {members.count} clusters{step}, t with Satterthwaite's df"
    return Errors(cov, df, label, tuple(notes))


def leave_out(
    design: CoxDesign,
    top: Maximum,
    found: Estimable,
    scores: Floats,
    clusters: Clusters,
    *,
    exact: bool,
) -> Floats:
    """What leaving out each cluster changes in the coefficients, shape (G, p).

    Each refit starts from the estimates of all. A coefficient that has no estimate without a
    cluster is ``nan`` there.

    Parameters
    ----------
    scores
        Score residuals in whitened coordinates, shape (n, p).
    clusters
        Of the rows in the order of `design.risk`.
    exact
        To the maximum, or one Newton step from the estimates of all.
    """
    back, G = design.white.back, clusters.count
    sums = [np.bincount(clusters.codes, weights=column, minlength=G) for column in scores.T]
    changes: Floats = -np.stack(sums, axis=1) @ found.inverse @ back.T
    for g in largest(clusters.sizes):
        part = design.subset(clusters.codes != g)
        changes[g] = _change(part, top, back, exact=exact)
    changes[:, found.lost] = np.nan
    return changes


def largest(sizes: Ints) -> Ints:
    """The clusters without which the model is refitted: all, or the largest of very many."""
    return np.argsort(-sizes, kind="stable")[:MOST_REFITS]


def _change(part: CoxDesign, top: Maximum, back: Floats, *, exact: bool) -> Floats:
    """What a part of the rows makes of the coefficients, less those of all; ``nan`` for no more."""
    if part.risk.n_events == 0:
        return np.full(len(back), np.nan)
    without = maximum(part, top.best.point, most=80 if exact else 1).best
    change: Floats = back @ (without.point - top.best.point)
    lost = estimable(part, without).lost if exact else np.isnan(change)
    return np.where(lost, np.nan, change)


def singletons(n: int) -> Clusters:
    """Every row a cluster of its own."""
    return Clusters(np.arange(n), pd.RangeIndex(n))
