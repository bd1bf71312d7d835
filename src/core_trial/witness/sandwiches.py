"""Errors by cluster, and how many clusters tell anything: written out again."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core_trial.witness.likelihood import Array
from core_trial.witness.plan import Sample

#: Sandwich errors need so many equal clusters in an arm.
ENOUGH = 20


def by_cluster(rows: Array, codes: Array) -> Array:
    """Sums over the rows of each cluster, shape (G, q)."""
    total = np.zeros((codes.max() + 1, rows.shape[1]))
    np.add.at(total, codes, rows)
    return total


def sandwich(bread: Array, scores: Array, codes: Array) -> Array:
    """Inverse information about the scores summed by cluster, times G / (G - 1)."""
    total = by_cluster(scores, codes)
    G = len(total)
    return np.asarray(G / (G - 1) * bread @ total.T @ total @ bread)


def bias_reduced(X: Array, residual: Array, codes: Array) -> tuple[Array, Array]:
    """CR2 of least squares: covariance (p, p), and each cluster's weights by coefficient (G, n, p).

    Each cluster's residuals are multiplied by the root of the inverse of what their covariance is
    in units of the error variance (Bell and McCaffrey 2002, Survey Methodology 28: 169-81).
    """
    n, bread = len(X), np.linalg.inv(X.T @ X)
    maker = np.eye(n) - X @ bread @ X.T
    meat, weights = [], []
    for g in range(codes.max() + 1):
        own = codes == g
        values, vectors = np.linalg.eigh(maker[np.ix_(own, own)])
        root = np.where(values > 1e-10, np.maximum(values, 1e-10) ** -0.5, 0.0)
        inside = (vectors * root) @ vectors.T @ X[own] @ bread
        meat.append(residual[own] @ inside)
        weights.append(maker[:, own] @ inside)
    return np.array(meat).T @ np.array(meat), np.array(weights)


def bell_mccaffrey(weights: Array, L: Array) -> float:
    """Degrees of freedom of a contrast by CR2: twice a mean squared over a variance."""
    own = weights @ L
    products = own @ own.T
    return float(np.trace(products) ** 2 / (products**2).sum())


def few(data: Sample) -> bool:
    """Whether an arm's clusters of two or more are worth fewer than 20 equal ones."""
    sizes = np.bincount(data.codes)
    verdicts = []
    for arm in (True, False):
        own = np.bincount(data.codes[data.arm == arm], minlength=len(sizes))
        own_several = own[(sizes > 1) & (own > 0)]
        own = own[own > 0]
        if not len(own_several) or 1 + 0.2 * ((own**2).sum() / own.sum() - 1) < 1.1:
            continue
        verdicts.append(own_several.sum() ** 2 / (own_several**2).sum())
    return any(worth < ENOUGH for worth in verdicts)


def jackknife(changes: Array) -> Array:
    """Covariance from what leaving out each cluster changes, shape (G, p)."""
    G = len(changes)
    return np.asarray((G - 1) / G * changes.T @ changes)


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The arms' clusters: whose each is, shape (2, G), and what they are worth, shape (2,)."""

    member: Array
    worth: Array


def arms(data: Sample) -> Groups:
    """Clusters by arm, with their effective number."""
    first = np.array([data.arm[data.codes == g][0] for g in range(data.n_clusters)])
    sizes = np.bincount(data.codes).astype(float)
    member = np.array([~first, first]).astype(float)
    return Groups(member, (member @ sizes) ** 2 / (member @ sizes**2))


def welch(change: Array, groups: Groups, alone: Array | None = None) -> float:
    """Degrees of freedom of the arm's coefficient: Welch's rule over the arms' clusters.

    Parameters
    ----------
    change
        What leaving out each cluster changes, shape (G,).
    groups
        The arms' clusters.
    alone
        Sum over each cluster's rows of the squared change without the row: an arm's part is no
        less than if its rows were as alike as those of the arm with most clusters.
    """
    parts = groups.member @ change**2
    if alone is not None:
        single = groups.member @ alone
        most = int(np.argmax(groups.worth))
        alike = max(parts[most] / single[most], 1.0) if single[most] > 0 else 1.0
        parts = np.maximum(parts, alike * single)
    known = groups.worth > 1
    if not known[parts > 0].all() or not parts.sum() > 0:
        return math.nan
    return float(parts.sum() ** 2 / (parts[known] ** 2 / (groups.worth[known] - 1)).sum())


def between_within(data: Sample) -> float:
    """Degrees of freedom of the arm in a random-intercept model of few clusters: K - r."""
    inside = data.inside > 0
    sizes = np.bincount(data.codes[inside], minlength=data.n_clusters)
    keep = inside & (sizes[data.codes] > 1)
    if not keep.any():
        return math.inf
    X, codes = data.X[keep], data.codes[keep]
    same = [all(np.ptp(column[codes == g]) == 0 for g in np.unique(codes)) for column in X.T]
    first = np.array([X[codes == g][0] for g in np.unique(codes)])
    rank = int(np.linalg.matrix_rank(first[:, same])) if any(same) else 0
    at = 1  # the arm follows the intercept
    spare = len(first) - rank if same[at] else data.n - data.X.shape[1]
    return float(spare) if spare > 0 else math.nan
