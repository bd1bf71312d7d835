"""Repeated visits of one arm as a multivariate normal: draws of parameters and missing values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core_trial.errors import FitError
from core_trial.models.clusters import Ints
from core_trial.models.inference import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Normal:
    """Parameters of an arm's visits.

    Parameters
    ----------
    coefficients
        Of the covariates, shape (p, V).
    cov
        Covariance of the V visits given them, shape (V, V).
    """

    coefficients: Floats
    cov: Floats


@dataclass(frozen=True, slots=True, eq=False)
class ArmVisits:
    """Visits of one arm.

    Parameters
    ----------
    arm
        Its label.
    rows
        Its rows in the frame, shape (n,).
    X
        Covariates with an intercept, shape (n, p).
    Y
        Outcome at each visit, shape (n, V), ``nan`` where missing.
    seen
        Visits up to and including the last one that is known, shape (n,): 0 if there is none.
    patterns
        For each pattern of missing visits its rows here and which visits are missing.
    """

    arm: str
    rows: Ints
    X: Floats
    Y: Floats
    seen: Ints
    patterns: tuple[tuple[Ints, NDArray[np.bool_]], ...]


def arm_visits(arm: str, rows: Ints, X: Floats, Y: Floats) -> ArmVisits:
    """Arrange an arm's visits by pattern."""
    missing = np.isnan(Y)
    V = Y.shape[1]
    seen = V - np.argmax(~missing[:, ::-1], axis=1)
    seen[missing.all(axis=1)] = 0
    found, code = np.unique(missing, axis=0, return_inverse=True)
    patterns = tuple(
        (np.flatnonzero(code.ravel() == k), pattern)
        for k, pattern in enumerate(found)
        if pattern.any()
    )
    return ArmVisits(arm, rows, X, Y, seen.astype(np.intp), patterns)


def run_arm(
    rng: np.random.Generator, visits: ArmVisits, iterations: int
) -> tuple[Normal, Floats, Floats]:
    """Draw parameters and missing values in turn.

    Returns
    -------
    tuple
        The last parameters; the visits completed as if missing at random, shape (n, V); mean and
        standard deviation of each visit's imputed values after each iteration, shape
        (iterations, V, 2), ``nan`` where none is missing.

    References
    ----------
    Schafer (1997), Analysis of Incomplete Multivariate Data, sections 5.4 and 5.2.3 (prior
    proportional to the determinant of the covariance to the power of -(V + 1)/2).
    """
    missing = np.isnan(visits.Y)
    Y = np.where(missing, np.nanmean(visits.Y, axis=0), visits.Y)
    Q, R = np.linalg.qr(visits.X)
    trace = np.full((iterations, Y.shape[1], 2), np.nan)
    some = missing.any(axis=0)
    for t in range(iterations):
        now = _parameters(rng, Q, R, Y, visits.arm)
        mean = visits.X @ now.coefficients
        for rows, gone in visits.patterns:
            Y[np.ix_(rows, gone)] = conditional_draw(rng, Y[rows], mean[rows], now.cov, gone)
        for k in np.flatnonzero(some):
            imputed = Y[missing[:, k], k]
            trace[t, k] = imputed.mean(), imputed.std()
    return now, Y, trace


def conditional_draw(
    rng: np.random.Generator, Y: Floats, mean: Floats, cov: Floats, gone: NDArray[np.bool_]
) -> Floats:
    """Missing visits given the others, shape (r, number missing).

    Parameters
    ----------
    Y, mean
        The participants' visits and their expectation, shape (r, V).
    cov
        Shape (V, V).
    gone
        Which visits are missing, shape (V,).
    """
    slope, spread = conditional(cov, gone)
    expected = mean[:, gone] + (Y[:, ~gone] - mean[:, ~gone]) @ slope.T
    noise = rng.standard_normal((len(Y), int(gone.sum())))
    return np.asarray(expected + noise @ np.linalg.cholesky(spread).T)


def conditional(cov: Floats, gone: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Regression of the missing visits on the others, (a, b), and what it leaves, (a, a)."""
    known = ~gone
    slope = np.linalg.solve(cov[np.ix_(known, known)], cov[np.ix_(known, gone)]).T
    spread = cov[np.ix_(gone, gone)] - slope @ cov[np.ix_(known, gone)]
    return np.asarray(slope, dtype=float), np.asarray((spread + spread.T) / 2, dtype=float)


def _parameters(rng: np.random.Generator, Q: Floats, R: Floats, Y: Floats, arm: str) -> Normal:
    """Covariance from its inverse Wishart distribution, then coefficients given it."""
    n, p, V = len(Y), Q.shape[1], Y.shape[1]
    half = Q.T @ Y
    residual = Y - Q @ half
    try:
        root = np.linalg.cholesky(np.linalg.inv(residual.T @ residual))
    except np.linalg.LinAlgError:
        raise FitError(f"arm {arm!r}: one visit's outcome follows from the others") from None
    bartlett = np.tril(rng.standard_normal((V, V)), -1)
    bartlett[np.diag_indices(V)] = np.sqrt(rng.chisquare(n - p - np.arange(V)))
    precision_root = root @ bartlett
    inverse = np.linalg.inv(precision_root)
    cov = inverse.T @ inverse
    noise = rng.standard_normal((p, V)) @ inverse
    coefficients = np.linalg.solve(R, half + noise)
    return Normal(np.asarray(coefficients, dtype=float), np.asarray(cov, dtype=float))
