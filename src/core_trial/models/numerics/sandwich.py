r"""Robust covariances by clusters, and their degrees of freedom.

Three estimators of the same covariance. The *sandwich* :math:`A^{-1}(\sum_g s_g s_g')A^{-1}` takes
residuals for errors; they are smaller, and with few clusters much smaller. *Bias reduction* (CR2)
stretches the residuals of each cluster such that the covariance is exact where the working model
holds. The *jackknife* (CR3) leaves out one cluster at a time, and errs on the safe side. Both come
with degrees of freedom for Student's t.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core_trial.errors import DesignError
from core_trial.models.clusters import Clusters, Ints
from core_trial.models.inference import Floats
from core_trial.models.numerics.cluster_sample import ClusterSample

#: A combination of coefficients that one cluster determines by itself leaves no residual there:
#: eigenvalues of its residual covariance below this are rounding error.
NO_RESIDUAL = 1e-10
#: Distinct rows of one cluster beyond which bias reduction takes too long: it needs the square root
#: of a matrix of that size.
LARGEST_CLUSTER_FOR_CR2 = 1_000
#: Numbers, clusters by coefficients squared, beyond which a fit does not keep what the degrees of
#: freedom of other contrasts follow from; so many clusters make t normal anyway.
LARGEST_SAMPLE = 500_000


@dataclass(frozen=True, slots=True, eq=False)
class Robust:
    """A robust covariance with its degrees of freedom.

    Parameters
    ----------
    cov
        Covariance of k contrasts of the coefficients, shape (k, k).
    df
        Degrees of freedom of each one's t, shape (k,).
    sample
        What those of other contrasts follow from; None where it is not known, or too large.
    """

    cov: Floats
    df: Floats
    sample: ClusterSample | None = None


def clustered_sandwich(
    bread: Floats, scores: Floats, clusters: Clusters, *, small_sample: bool = True
) -> Floats:
    r"""Covariance :math:`c\, A^{-1} (\sum_g s_g s_g') A^{-1}`, with :math:`s_g` a cluster's score.

    Parameters
    ----------
    bread
        Inverse of the observed information of all q parameters, shape (q, q).
    scores
        Gradient of each row's log-likelihood at the estimates, shape (n, q).
    clusters
        Cluster of each row; a cluster per row gives the heteroscedasticity-robust form.
    small_sample
        Multiply by c = G / (G - 1), as Stata does for maximum likelihood; else c = 1.

    References
    ----------
    Liang and Zeger (1986), Biometrika 73: 13-22; StataCorp, [P] _robust.
    """
    G = clusters.count
    half = cluster_sums(scores, clusters.codes, G) @ bread
    return (half.T @ half) * (G / (G - 1) if small_sample and G > 1 else 1.0)


def cluster_sums(values: Floats, codes: Ints, count: int) -> Floats:
    """Sums over the rows of each cluster, shape (count, q), of values of shape (n, q)."""
    columns = (np.bincount(codes, weights=column, minlength=count) for column in values.T)
    return np.stack(list(columns), axis=1)


def cluster_informations(X: Floats, weight: Floats, codes: Ints, count: int) -> Floats:
    """Sums of ``weight x x'`` over the rows of each cluster, shape (count, q, q).

    Parameters
    ----------
    X
        Covariates, shape (n, q).
    weight
        Shape (n,).
    codes, count
        Cluster of each row, and their number.
    """
    q = X.shape[1]
    found = np.empty((count, q, q))
    for j in range(q):
        sums = cluster_sums(X[:, : j + 1] * (X[:, j] * weight)[:, None], codes, count)
        found[:, j, : j + 1] = found[:, : j + 1, j] = sums
    return found


def bias_reduced(
    X: Floats,
    residual: Floats,
    variance: Floats,
    codes: Ints,
    *,
    weights: Floats | None = None,
    contrasts: Floats | None = None,
) -> Robust:
    r"""Bias-reduced linearisation (CR2) with Satterthwaite's degrees of freedom.

    For a regression with scores :math:`x_i(y_i-\mu_i)` and information
    :math:`\sum v_i x_i x_i'`: linear models with :math:`v = 1` (their variance cancels), logistic
    and Poisson regression with the variance function. The residuals of cluster g are multiplied by
    :math:`A_g = D_g B_g^{-1/2} D_g` with :math:`D_g^2 = V_g` the working variance and
    :math:`B_g = D_g(I-H_{gg})V_gD_g`, after which their covariance is the working model's.

    Parameters
    ----------
    X
        Covariates, shape (n, p), in any coordinates, of full column rank.
    residual, variance
        Residuals and working variances, shape (n,).
    codes
        Cluster of each row, integers from 0, shape (n,).
    weights
        How many rows each one stands for, shape (n,); one if None.
    contrasts
        Which combinations of the coefficients are wanted, shape (k, p); the coefficients if None.

    Returns
    -------
    Robust
        The degrees of freedom suppose the working model. They are ``nan`` where the covariance is
        zero: for a contrast that single clusters determine.

    Raises
    ------
    DesignError
        If a cluster has more than `LARGEST_CLUSTER_FOR_CR2` distinct rows of unequal variance.

    References
    ----------
    Bell and McCaffrey (2002), Survey Methodology 28: 169-81. Pustejovsky and Tipton (2018), J Bus
    Econ Stat 36: 672-83, equations 6-8 and 11; the square root is that of their R package
    clubSandwich, with which the numbers agree.
    """
    m = np.ones(len(X)) if weights is None else weights
    L = np.linalg.cholesky(np.linalg.inv((X.T * (m * variance)) @ X))
    cells = _cells(X @ L, m, residual * m, variance, codes)
    pieces = _adjust(cells)
    c = L if contrasts is None else contrasts @ L
    stretched = pieces.score @ c.T
    sample = ClusterSample(c, pieces.own, pieces.cross)
    small = c.shape[0] == c.shape[1] and pieces.own.size <= LARGEST_SAMPLE
    return Robust(stretched.T @ stretched, sample.df(np.eye(len(c))), sample if small else None)


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Distinct rows of each cluster, sorted by cluster, in units of the working model's errors.

    ``z`` are the covariates, shape (C, p), the sum of ``z z'`` being the identity; ``e`` the
    residuals and ``variance`` the working variances, shape (C,); ``starts`` the first row of each
    cluster, shape (G,).
    """

    z: Floats
    e: Floats
    variance: Floats
    starts: Ints


def _cells(X: Floats, m: Floats, residual: Floats, variance: Floats, codes: Ints) -> _Cells:
    _, first, pattern = np.unique(
        np.column_stack([X, variance]), axis=0, return_index=True, return_inverse=True
    )
    key, cell = np.unique(codes * len(first) + pattern.reshape(-1), return_inverse=True)
    cluster, shown = key // len(first), first[key % len(first)]
    size, sums = np.bincount(cell, m), np.bincount(cell, residual)
    v = variance[shown]
    spread = np.sqrt(size * v)
    starts = np.flatnonzero(np.diff(cluster, prepend=-1))
    return _Cells(X[shown] * spread[:, None], sums / spread, v, starts)


@dataclass(frozen=True, slots=True, eq=False)
class _Pieces:
    """What bias reduction makes of each cluster; with A its adjustment and Z its covariates.

    ``score`` is Z'Ae, shape (G, p); ``own`` is Z'AA'Z and ``cross`` is Z'A'Z, shape (G, p, p).
    """

    score: Floats
    own: Floats
    cross: Floats


def _adjust(cells: _Cells) -> _Pieces:
    """All clusters at once where the variance is constant within them, the others one by one."""
    outer = cells.z[:, :, None] * cells.z[:, None, :]
    S = np.add.reduceat(outer, cells.starts)
    value, vectors = np.linalg.eigh(S)
    root = _inverse_root(1 - value)
    turned = vectors.transpose(0, 2, 1)
    scores = np.add.reduceat(cells.z * cells.e[:, None], cells.starts)
    score = np.einsum("gij,gj->gi", (vectors * root[:, None, :]) @ turned, scores)
    cross = (vectors * (value * root)[:, None, :]) @ turned
    own = (vectors * (value * root**2)[:, None, :]) @ turned
    low = np.minimum.reduceat(cells.variance, cells.starts)
    high = np.maximum.reduceat(cells.variance, cells.starts)
    ends = np.append(cells.starts[1:], len(cells.e))
    for g in np.flatnonzero(low < high):
        rows = slice(cells.starts[g], ends[g])
        z, e = cells.z[rows], cells.e[rows]
        stretch = _stretch(z, cells.variance[rows])
        score[g], own[g], cross[g] = stretch.T @ e, stretch.T @ stretch, z.T @ stretch
    return _Pieces(score, own, cross)


def _stretch(z: Floats, variance: Floats) -> Floats:
    """A'Z of one cluster, shape (k, p), for working variances that differ."""
    if len(z) > LARGEST_CLUSTER_FOR_CR2:
        raise DesignError(
            f"a cluster has {len(z)} distinct rows: bias-reduced errors are for "
            f"{LARGEST_CLUSTER_FOR_CR2} at most; choose inference='jackknife'"
        )
    B = (np.eye(len(z)) - z @ z.T) * variance * variance[:, None]
    value, vectors = np.linalg.eigh(B / variance.max() ** 2)
    root = (vectors * _inverse_root(value)) @ vectors.T / variance.max()
    return np.asarray(variance[:, None] * (root @ z), dtype=float)


def _inverse_root(value: Floats) -> Floats:
    """1 / sqrt of eigenvalues; 0 where there is nothing but rounding error."""
    none = value < NO_RESIDUAL
    return np.where(none, 0.0, 1 / np.sqrt(np.where(none, 1.0, value)))


def left_out(information: Floats, own: Floats, scores: Floats, back: Floats) -> Floats:
    r"""What leaving out each cluster changes, by one Newton step: shape (G, k).

    The step without the cluster is :math:`-(A - A_g)^{-1}s_g`: exact in a linear model, and CR3's
    in generalised linear models. Unlike a refit it cannot end elsewhere.

    Parameters
    ----------
    information
        Observed information of all rows, shape (q, q).
    own
        That of each cluster, shape (G, q, q).
    scores
        Sum of the scores of each cluster at the estimates, shape (G, q).
    back
        From these coordinates to the k coefficients that are wanted, shape (k, q).

    Returns
    -------
    ndarray
        ``nan`` for a coefficient that is not estimable without the cluster.

    References
    ----------
    Bell and McCaffrey (2002), Survey Methodology 28: 169-81; MacKinnon, Nielsen and Webb (2023), J
    Econometrics 232: 272-99.
    """
    value, vectors = np.linalg.eigh(information - own)
    there = value > NO_RESIDUAL * np.linalg.eigvalsh(information)[0]
    inverse = np.where(there, 1 / np.where(there, value, 1.0), 0.0)
    loading = back @ vectors
    turned = np.einsum("gji,gj->gi", vectors, scores) * inverse
    change = -np.einsum("gki,gi->gk", loading, turned)
    lost = np.abs(np.where(there[:, None, :], 0.0, loading)).max(axis=2)
    reach = np.sqrt((back**2).sum(axis=1))
    return np.where(lost > np.sqrt(NO_RESIDUAL) * reach, np.nan, change)
