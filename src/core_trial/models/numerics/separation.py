"""Which coefficients have no finite estimate because the data separate, and what is left.

A likelihood with canonical link rises for ever along a direction in which every linear predictor
stands still or moves towards its own responses: towards 0 where all responses of a row are 0,
towards 1 where all are 1. In the limit the rows that move are fitted perfectly and contribute
nothing; the others have a maximum like any data set. So the rows that can move are found, and left
out; what the remaining rows determine is estimated from them, and the rest has no estimate.

References
----------
Albert and Anderson (1984), Biometrika 71: 1-10; Konis (2007), Linear programming algorithms for
detecting separated data in binary logistic regression models, chapter 4; Geyer (2009), Electron J
Stat 3: 259-89, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize, sparse

from core_trial.models.inference import Floats

Bools = NDArray[np.bool_]

#: Singular values, and entries of unit vectors, smaller than this are zero.
ZERO = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Separation:
    """What diverges, and what stays.

    Parameters
    ----------
    moving
        The patterns of covariates that are fitted perfectly in the limit, shape (P,).
    direction
        A direction of the coefficients along which the likelihood rises for ever, shape (p,).
    lost
        The coefficients without a finite estimate, shape (p,).
    kept
        Columns that span what the standing patterns determine, ascending.
    null
        Orthonormal directions that the standing patterns leave open, shape (k, p).
    """

    moving: Bools
    direction: Floats
    lost: Bools
    kept: NDArray[np.intp]
    null: Floats

    def widen(self, beta: Floats) -> Floats:
        """From the coefficients of the kept columns to all, shape (p,), with zero for the others.

        What is estimable has the same value as in any other solution.
        """
        wide = np.zeros(len(self.lost))
        wide[self.kept] = beta
        return wide

    def widen_square(self, cov: Floats) -> Floats:
        """The same for a covariance, which may have further parameters behind the coefficients."""
        p, further = len(self.lost), len(cov) - len(self.kept)
        kept = np.append(self.kept, p + np.arange(further))
        wide = np.zeros((p + further, p + further))
        wide[np.ix_(kept, kept)] = cov
        return wide

    def blank(self, beta: Floats) -> Floats:
        """Coefficients, shape (p,), with ``nan`` for the lost ones."""
        return np.where(self.lost, np.nan, beta)

    def blank_square(self, cov: Floats) -> Floats:
        """Covariance, shape (p, p), with ``nan`` for the lost ones."""
        return np.where(self.lost | self.lost[:, None], np.nan, cov)


def separation(X: Floats, trials: Floats, successes: Floats, *, bounded: bool) -> Separation | None:
    """Look for a direction of separation; None when every coefficient has a finite estimate.

    Parameters
    ----------
    X
        Distinct rows of the design, shape (P, p).
    trials, successes
        Rows of each pattern, and the sum of their responses, shape (P,).
    bounded
        True where a response has an upper bound of one per trial (logistic), False for counts.
    """
    size = np.sqrt((X**2).mean(axis=0))
    towards = np.where(successes == 0, -1.0, 0.0)
    if bounded:
        towards[successes == trials] = 1.0
    direction = _recession(X / size, towards) / size
    moving = towards * (X @ direction) > 0.5
    if not moving.any():
        return None
    kept, null = _determined(X[~moving] / size)
    lost = (np.abs(null) > np.sqrt(ZERO)).any(axis=0)
    return Separation(moving, direction, lost, kept, null)


def describe(apart: Separation, columns: Sequence[str]) -> str:
    """The warning: which coefficients diverge, where to, and what became of the others."""
    lost = np.flatnonzero(apart.lost).tolist()
    names = ", ".join(f"{columns[k]} ({_whither(apart.direction[k])})" for k in lost)
    if apart.moving.all():
        return f"the data separate completely, no coefficient has a finite estimate: {names}"
    if apart.lost.all():
        return (
            f"the data separate, no finite estimate for: {names}; the rows that are not fitted "
            "perfectly tell differences between these coefficients, which another reference level "
            "shows"
        )
    return (
        f"the data separate, no finite estimate for: {names}; the other coefficients are estimated "
        "from the rows that are not fitted perfectly"
    )


def _whither(direction: float) -> str:
    if abs(direction) < ZERO:
        return "diverges"
    return "diverges to +infinity" if direction > 0 else "diverges to -infinity"


def _recession(X: Floats, towards: Floats) -> Floats:
    """Direction that moves as many patterns as can be moved together, each by one at least.

    Linear program: maximise the sum of t, 0 <= t <= 1, with ``towards * (X @ d) >= t`` for the
    patterns that may move and ``X @ d == 0`` for those that may not. The directions form a convex
    cone, so one of them moves every pattern that any of them moves.
    """
    p = X.shape[1]
    free = towards != 0
    k = int(free.sum())
    if k == 0:
        return np.zeros(p)
    ahead = sparse.hstack([towards[free, None] * X[free], -sparse.eye_array(k)])
    still = sparse.hstack([X[~free], sparse.csr_array((len(X) - k, k))])
    rows = sparse.vstack([ahead, still], format="csr")
    upper = np.concatenate([np.full(k, np.inf), np.zeros(len(X) - k)])
    answer = optimize.milp(  # without integers: its interface takes sparse rows and free bounds
        np.concatenate([np.zeros(p), -np.ones(k)]),
        constraints=optimize.LinearConstraint(rows, 0.0, upper),
        bounds=optimize.Bounds(np.repeat([-np.inf, 0.0], [p, k]), np.repeat([np.inf, 1.0], [p, k])),
    )
    return np.zeros(p) if answer.x is None else np.asarray(answer.x[:p], dtype=float)


def _determined(X: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Columns that span all that some rows determine, and the directions that they leave open."""
    p = X.shape[1]
    if len(X) == 0:
        return np.empty(0, dtype=np.intp), np.eye(p)
    _, triangle, order = linalg.qr(X, mode="economic", pivoting=True)
    size = np.abs(np.diagonal(triangle))
    rank = int((size > ZERO * max(size[0], ZERO)).sum())
    return np.sort(order[:rank]).astype(np.intp), linalg.svd(X)[2][rank:]
