r"""Bias-reduced errors of a linear model with sampling weights.

The weights are not the inverse of a variance: the working model has one variance for all rows, as
in the R package clubSandwich. With :math:`M = (X'WX)^{-1}` and :math:`H = XMX'W`, the residuals of
cluster g have covariance

.. math:: B_g = I - X_g M X_g' W_g - W_g X_g M X_g' + X_g M (X' W^2 X) M X_g',

and are multiplied by :math:`B_g^{-1/2}`.
"""

from __future__ import annotations

import numpy as np

from core_trial.errors import DesignError
from core_trial.models.clusters import Clusters
from core_trial.models.inference import Floats
from core_trial.models.numerics.sandwich import LARGEST_CLUSTER_FOR_CR2, NO_RESIDUAL, Robust


def bias_reduced_weighted(
    Q: Floats, residual: Floats, weights: Floats, members: Clusters, contrasts: Floats
) -> Robust:
    r"""CR2 with Satterthwaite's degrees of freedom for weighted least squares.

    Parameters
    ----------
    Q
        Covariates in coordinates in which M is the identity, shape (n, p).
    residual, weights
        Shape (n,).
    members
        Cluster of each row.
    contrasts
        Which combinations of the coefficients are wanted, shape (k, p).

    Raises
    ------
    DesignError
        If a cluster has more than `LARGEST_CLUSTER_FOR_CR2` rows.

    References
    ----------
    Pustejovsky and Tipton (2018), J Bus Econ Stat 36: 672-83, equations 6 and 11.
    """
    if members.sizes.max() > LARGEST_CLUSTER_FOR_CR2:
        raise DesignError(
            f"a cluster has {members.sizes.max()} rows: bias-reduced errors with sampling weights "
            f"are for {LARGEST_CLUSTER_FOR_CR2} at most; choose inference='jackknife'"
        )
    square = (Q.T * weights**2) @ Q
    order = np.argsort(members.codes, kind="stable")
    score = np.empty((members.count, Q.shape[1]))
    own = np.empty((len(contrasts), members.count))
    along, across = np.empty((2, len(contrasts), members.count, Q.shape[1]))
    for g, rows in enumerate(np.split(order, np.cumsum(members.sizes)[:-1])):
        X, w = Q[rows], weights[rows]
        A = _inverse_root(np.eye(len(rows)) - _sum(w[:, None] * (X @ X.T)) + X @ square @ X.T)
        stretched = A @ (w[:, None] * X)
        score[g] = stretched.T @ residual[rows]
        a = stretched @ contrasts.T
        own[:, g] = (a**2).sum(axis=0)
        along[:, g], across[:, g] = a.T @ X, (w[:, None] * a).T @ X
    found = score @ contrasts.T
    return Robust(found.T @ found, _satterthwaite(own, along, across, square))


def _sum(matrix: Floats) -> Floats:
    return matrix + matrix.T


def _inverse_root(matrix: Floats) -> Floats:
    """Inverse of the symmetric root; zero in directions without residual."""
    value, vectors = np.linalg.eigh(matrix)
    there = value > NO_RESIDUAL
    root = np.where(there, 1.0 / np.sqrt(np.where(there, value, 1.0)), 0.0)
    return np.asarray((vectors * root) @ vectors.T)


def _satterthwaite(own: Floats, along: Floats, across: Floats, square: Floats) -> Floats:
    r"""(tr P)^2 / tr(P^2) of each contrast, shape (k,), with P of clusters by clusters.

    :math:`P_{gh} = \delta_{gh} a_g'a_g - d_h'b_g - d_g'b_h + b_g'(X'W^2X)b_h` for
    :math:`b_g = X_g'a_g` and :math:`d_g = X_g'W_ga_g`; only sums over clusters are formed.
    """
    left = np.concatenate([-across, -along, along @ square], axis=2)
    right = np.concatenate([along, across, along], axis=2)
    diagonal = own + (left * right).sum(axis=2)
    trace = diagonal.sum(axis=1)
    gram = np.einsum("kgi,kgj->kij", right, left)
    together = np.einsum("kij,kji->k", gram, gram)
    of_square = together + (own**2 + 2.0 * own * (left * right).sum(axis=2)).sum(axis=1)
    there = trace > NO_RESIDUAL * own.sum(axis=1)
    return np.asarray(np.where(there, trace, np.nan) ** 2 / np.where(there, of_square, 1.0))
