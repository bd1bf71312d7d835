"""Damped Newton for smooth log-likelihoods, and what can be said where the maximum is at infinity.

Both work in *whitened* coordinates: the columns of the design are turned into orthonormal ones, so
that a step, a tolerance or an eigenvalue means the same whatever the covariates' units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from core_trial.models.clusters import Clusters
from core_trial.models.inference import Floats
from core_trial.models.numerics.sandwich import clustered_sandwich

#: Twice the gain that a Newton step promises. Convergence is quadratic: below `LAST` one more step
#: is the last, and below `NOTHING` (1e-8 standard errors) there is none to take.
LAST, NOTHING = 1e-8, 1e-16
#: A step of this size in whitened coordinates changes nothing but the last digits.
TINY = 1e-3
#: No step near zero changes the linear predictor by more than the first (root mean square), and
#: none anywhere by more than the second.
SHORT, LONG = 4.0, 1e3
#: A step of this length comes from dividing by rounding errors.
TOO_FAR = 1e10
#: Directions with less than this share of the typical information have lost their maximum.
LOST = 1e-7
#: A direction moves a coefficient if it has at least this share of what any direction could have.
MOVES = 1e-5
#: A robust variance below this share of the model's is rounding error.
NO_VARIANCE = 1e-12

#: What a fit says whose search gave up.
UNFINISHED = "the search for the maximum did not converge, so nothing can be reported"

#: Log-likelihood, gradient (q,) and negative Hessian (q, q); and how to get them at a point (q,).
Value = tuple[float, Floats, Floats]
Evaluate = Callable[[Floats], Value]


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """Where the search ended.

    Parameters
    ----------
    point
        Parameters, shape (q,).
    value, gradient, information
        Log-likelihood there, its gradient (q,), its negative Hessian (q, q); or a last small
        step before it, where the search evaluated them last.
    converged
        Whether nothing was left to gain. A maximum at infinity counts: see `Estimable`.
    steps
        Newton steps taken.
    """

    point: Floats
    value: float
    gradient: Floats
    information: Floats
    converged: bool
    steps: int


def maximise(
    evaluate: Evaluate,
    start: Floats,
    first: Value | None = None,
    *,
    known: Optimum | None = None,
    rounding: float = 0.0,
    most: int = 80,
) -> Optimum:
    """Newton with step halving; where the Hessian is not negative definite, its mirror image.

    Parameters
    ----------
    evaluate
        The log-likelihood with its derivatives; ``-inf`` or ``nan`` where it cannot be computed.
    start
        Where to begin, shape (q,).
    first
        The likelihood and its derivatives at the start, if they are at hand.
    known
        A maximum found from elsewhere; it is returned as soon as the search is on its way there.
    rounding
        A fall of the likelihood that may be rounding, where it is a difference of large numbers.
    most
        Steps after which to give up.
    """
    at = start
    value, gradient, information = first or evaluate(at)
    for steps in range(1, most + 1):
        step, definite = _ascent(gradient, information)
        gain = float(gradient @ step)
        if definite and gain < NOTHING:
            return Optimum(at, value, gradient, information, True, steps)
        longest = min(max(SHORT, float(np.sqrt(at @ at))), LONG)  # what runs away may hurry
        step *= min(1.0, longest / max(float(np.sqrt(step @ step)), 1e-300))
        for _ in range(40):
            trial = evaluate(at + step)
            if trial[0] >= value - 1e-12 * abs(value) - rounding:
                break
            step *= 0.5
        else:
            return Optimum(at, value, gradient, information, gain < LAST, steps)
        at = at + step
        value, gradient, information = trial
        if known is not None and _leads_to(known, at, value):
            return known
        if definite and gain < LAST:
            at = at + _remainder(gradient, information)
            return Optimum(at, value, gradient, information, True, steps)
    return Optimum(at, value, gradient, information, False, most)


def _remainder(gradient: Floats, information: Floats) -> Floats:
    """What is left to go, for which nothing has to be evaluated anew; none towards infinity."""
    step, definite = _ascent(gradient, information)
    return step * (definite and np.abs(step).max() < TINY)


def _leads_to(known: Optimum, at: Floats, value: float) -> bool:
    """Whether the likelihood already looks as the parabola over a known maximum does."""
    away = at - known.point
    expected = float(away @ known.information @ away) / 2
    return expected < 2 and abs(known.value - value - expected) < expected / 4


def _ascent(gradient: Floats, information: Floats) -> tuple[Floats, bool]:
    """The Newton step, and whether the curvature is nowhere the wrong way round."""
    _, solved, failed = lapack.dposv(information, gradient)  # Cholesky's factor, and the step by it
    step: Floats = np.asarray(solved, dtype=float)
    if not failed and np.abs(step).max() < TOO_FAR:
        return step, True
    values, vectors = np.linalg.eigh(information)
    most = float(np.abs(values).max())
    size = np.maximum(np.abs(values), 1e-9 * most + 1e-12)
    return vectors @ ((vectors.T @ gradient) / size), bool(values[0] > -1e-9 * most - 1e-12)


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """A change of coordinates under which the columns of a design are orthonormal.

    Parameters
    ----------
    columns
        The new columns as rows, shape (p, n), contiguous; their mean square is 1.
    back
        Shape (p, p): coefficients of the old columns are ``back @`` those of the new.
    """

    columns: Floats
    back: Floats


def whiten(X: Floats, *, centre: bool, weights: Floats | None = None) -> Whitening:
    """Orthonormal coordinates for a design of full column rank.

    Parameters
    ----------
    X
        Shape (n, p).
    centre
        Take the means out first, for models without an intercept to give up.
    weights
        How many rows each one stands for, shape (n,); one if None.
    """
    taken = X - np.average(X, axis=0, weights=weights) if centre else X
    if weights is None:
        triangle = np.linalg.qr(taken, mode="r") / np.sqrt(len(X))
    else:
        triangle = np.linalg.qr(taken * np.sqrt(weights / weights.sum())[:, None], mode="r")
    triangle *= np.sign(np.diagonal(triangle))[:, None]  # the same for any order of the rows
    back = np.linalg.solve(triangle, np.eye(X.shape[1]))
    return Whitening(np.ascontiguousarray((taken @ back).T), back)


@dataclass(frozen=True, slots=True, eq=False)
class Estimable:
    """Inverse of the information on what has a finite estimate.

    Along some direction the likelihood may rise for ever (separation, a group without events) or
    not change at all. There the information falls to zero. What does not lie on such a direction
    is estimated as well as ever, and its covariance is the generalised inverse's.

    Parameters
    ----------
    inverse
        Generalised inverse of the information, shape (q, q), in whitened coordinates.
    back
        From whitened to the design's own coordinates, shape (q, q); see `Whitening`.
    null
        Directions without a finite estimate, shape (q, r), each coefficient relative to what it
        could move by at most.
    lost
        True for each coefficient that such a direction moves, shape (q,).
    """

    inverse: Floats
    back: Floats
    null: Floats
    lost: NDArray[np.bool_]

    def covariance(self) -> Floats:
        """Model-based covariance of the coefficients, shape (q, q); ``nan`` for what is lost."""
        return self._own(self.inverse)

    def sandwich(self, scores: Floats, clusters: Clusters, *, small_sample: bool) -> Floats:
        """Clustered covariance, shape (q, q), from scores in whitened coordinates, shape (n, q).

        A coefficient whose scores cancel within every cluster (a cluster's own dummy) has no
        robust variance; it is ``nan``, not the rounding error that remains of it.
        """
        robust = clustered_sandwich(self.inverse, scores, clusters, small_sample=small_sample)
        cov = self._own(robust)
        model = np.diagonal(self.covariance())
        empty = np.diagonal(cov) <= NO_VARIANCE * model
        return _blank(cov, empty)

    def _own(self, inner: Floats) -> Floats:
        return _blank(self.back @ inner @ self.back.T, self.lost)


def _blank(cov: Floats, which: NDArray[np.bool_]) -> Floats:
    cov = (cov + cov.T) / 2
    cov[which, :] = np.nan
    cov[:, which] = np.nan
    return cov


def invert(information: Floats, back: Floats, typical: float) -> Estimable:
    """Covariance of what is estimable.

    Parameters
    ----------
    information
        Negative Hessian in whitened coordinates, shape (q, q).
    back
        See `Whitening`, shape (q, q).
    typical
        The size of information where nothing is lost: events, or rows.
    """
    values, vectors = np.linalg.eigh(information)
    kept = values > LOST * typical
    loadings = back @ vectors
    reach = np.sqrt((loadings**2).sum(axis=1))
    share = loadings[:, ~kept] / reach[:, None]
    null = np.where(np.abs(share) > MOVES, share, 0.0)
    half = vectors[:, kept] / np.sqrt(values[kept])
    lost: NDArray[np.bool_] = (null != 0).any(axis=1)
    return Estimable(half @ half.T, back, null, lost)
