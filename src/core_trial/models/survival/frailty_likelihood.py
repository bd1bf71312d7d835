r"""Penalised partial likelihood of a shared frailty model, for a given frailty variance.

The log hazard of a row in cluster g is :math:`x'\beta + b_g`; the log frailties :math:`b` are
penalised by their density. The information of all G of them is never formed: it is applied to
vectors by sums over the risk sets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import blas, lapack

from core_trial.errors import FitError
from core_trial.models.clusters import Ints
from core_trial.models.inference import Floats
from core_trial.models.numerics.rising import Tally
from core_trial.models.survival.partial_likelihood import (
    WIDEST,
    Sums,
    information_times,
    shares,
    sums,
)
from core_trial.models.survival.risk_sets import RiskSets

#: Gain in penalised likelihood by a step after which the search ends: what is left to gain then is
#: that times `ROUGH` squared.
GAIN = 1e-10
#: Relative accuracy of a Newton step; of a solution that goes into the result.
ROUGH, FINE = 1e-2, 1e-11


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """What stays the same whatever the variance.

    Parameters
    ----------
    risk
        The risk sets.
    x
        Whitened covariates as rows, shape (p, n), in the order of `risk`; those combinations of
        them that some risk set tells about.
    offset
        Part of the linear predictor with coefficient 1, shape (n,), in that order; None if none.
    informed
        Those combinations, shape (q, p) for q covariates.
    codes, count
        Cluster of each row in that order, shape (n,), and how many clusters there are, G.
    events, tally
        Events of each cluster, shape (G,), and the tally of those with any.
    """

    risk: RiskSets
    x: Floats
    offset: Floats | None
    informed: Floats
    codes: Ints
    count: int
    events: Floats
    tally: Tally

    def spread(self, b: Floats) -> Floats:
        """Each row's log frailty, with its offset, shape (n,)."""
        own: Floats = b[self.codes]
        return own if self.offset is None else own + self.offset

    def by_cluster(self, values: Floats) -> Floats:
        """Sum over the rows of each cluster, shape (G,)."""
        return np.bincount(self.codes, weights=values, minlength=self.count).astype(float)


@dataclass(frozen=True, slots=True)
class Penalty:
    """Log density of the log frailties up to a constant, and what follows from it.

    Parameters
    ----------
    value
        From b, shape (G,), to the log density of all.
    slope, curvature
        From b to its derivative and its negative second derivative, each of shape (G,).
    """

    value: Callable[[Floats], float]
    slope: Callable[[Floats], Floats]
    curvature: Callable[[Floats], Floats]


def gamma_penalty(theta: float) -> Penalty:
    """Frailties exp(b) from a gamma distribution with mean 1 and variance theta."""
    return Penalty(
        lambda b: float((b - np.expm1(b)).sum()) / theta,
        lambda b: -np.expm1(b) / theta,
        lambda b: np.exp(b) / theta,
    )


def normal_penalty(theta: float) -> Penalty:
    """Log frailties b from a normal distribution with mean 0 and variance theta."""
    return Penalty(
        lambda b: -float(b @ b) / (2 * theta),
        lambda b: -b / theta,
        lambda b: np.full(b.shape, 1 / theta),
    )


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Coefficients and log frailties, and the penalised likelihood there.

    Parameters
    ----------
    beta, b
        Coefficients in whitened coordinates, shape (p,), and log frailties, shape (G,).
    value
        Penalised log partial likelihood.
    sums
        The sums over the risk sets.
    slope, curvature
        Derivatives of the penalty, each of shape (G,); see `Penalty`.
    """

    beta: Floats
    b: Floats
    value: float
    sums: Sums
    slope: Floats
    curvature: Floats


def maximise_penalised(shared: Shared, penalty: Penalty, beta: Floats, b: Floats) -> State:
    """Newton steps from a start, each solved by conjugate gradients and halved where too long."""

    def at(beta: Floats, b: Floats) -> State:
        eta = beta @ shared.x + shared.spread(b)
        fine = np.ptp(eta) < WIDEST
        s = sums(shared.risk, shared.x[:0], eta if fine else np.zeros_like(eta))
        value = s.loglik + penalty.value(b) if fine else -np.inf
        return State(beta, b, value, s, penalty.slope(b), penalty.curvature(b))

    state, p = at(beta, b), len(beta)
    for _ in range(100):
        residual = shared.risk.event - state.sums.hazard
        gradient = np.append(shared.x @ residual, shared.by_cluster(residual) + state.slope)
        step = newton_step(shared, state, gradient)
        gain = float(gradient @ step)
        for _ in range(40):
            trial = at(state.beta + step[:p], state.b + step[p:])
            if trial.value >= state.value - 1e-12 * abs(state.value):
                break
            step = step / 2
        else:
            return state
        state = trial
        if gain < GAIN:
            break
    return state


def newton_step(shared: Shared, state: State, gradient: Floats) -> Floats:
    """A Newton step to a relative accuracy of `ROUGH`, shape (p + G,): `solve` for one vector."""
    p = len(state.beta)
    D = shared.by_cluster(state.sums.hazard) + state.curvature
    inverse = np.append(np.full(p, 1 / shared.risk.n_events), 1 / D)
    found, left = np.zeros_like(gradient), gradient
    direction = scaled = inverse * left
    size = float(left @ scaled)
    enough = ROUGH**2 * size
    for _ in range(10 * len(gradient)):
        if size <= enough:
            break
        b = direction[p:]
        along = direction[:p] @ shared.x + b[shared.codes]
        row = information_times(shared.risk, state.sums, along[None])[0]
        image = np.append(shared.x @ row, shared.by_cluster(row) + state.curvature * b)
        curvature = float(direction @ image)
        if curvature <= 0:
            break
        length = size / curvature
        found, left = found + length * direction, left - length * image
        scaled = inverse * left
        size, before = float(left @ scaled), size
        direction = scaled + size / before * direction
    return found


def information_by(shared: Shared, state: State, vectors: Floats) -> Floats:
    """The penalised information of coefficients and log frailties, times r vectors.

    Parameters
    ----------
    vectors
        Shape (p + G, r).
    """
    p = len(state.beta)
    b = vectors[p:]
    along = vectors[:p].T @ shared.x
    along += b.T.take(shared.codes, axis=1)
    rows = information_times(shared.risk, state.sums, along)
    per_cluster = np.reshape([shared.by_cluster(row) for row in rows], (-1, shared.count)).T
    return np.concatenate([shared.x @ rows.T, per_cluster + state.curvature[:, None] * b])


def solve(
    shared: Shared, state: State, right: Floats, tolerance: float, *, hold_beta: bool = False
) -> Floats:
    """Solve the penalised information for r right sides by preconditioned conjugate gradients.

    Parameters
    ----------
    right
        Shape (p + G, r).
    tolerance
        Size of the residual relative to the right side's, in the preconditioner's metric.
    hold_beta
        Solve for the log frailties alone; the first p entries stay zero.

    References
    ----------
    Nocedal and Wright (2006), Numerical Optimization, 2nd ed., algorithm 5.3.
    """
    p, n_events = len(state.beta), shared.risk.n_events
    diagonal = shared.by_cluster(state.sums.hazard) + state.curvature
    inverse = np.append(np.full(p, 0.0 if hold_beta else 1 / n_events), 1 / diagonal)[:, None]
    found, left = np.zeros_like(right), right
    direction = inverse * left
    size = (left * direction).sum(axis=0)
    enough = tolerance**2 * size
    for _ in range(10 * len(right)):
        if (size <= enough).all():
            break
        image = information_by(shared, state, direction)
        curvature = (direction * image).sum(axis=0)
        open_ = (size > enough) & (curvature > 0)
        length = np.divide(size, curvature, out=np.zeros_like(size), where=open_)
        found, left = found + length * direction, left - length * image
        scaled = inverse * left
        renewed = (left * scaled).sum(axis=0)
        ratio = np.divide(renewed, size, out=np.zeros_like(size), where=open_)
        direction, size = scaled + ratio * direction, np.where(open_, renewed, 0.0)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Information:
    """Information of the coefficients once the log frailties have been profiled out.

    Parameters
    ----------
    schur
        Shape (p, p), in whitened coordinates.
    carried
        How the log frailties follow the coefficients, shape (G, p).
    """

    schur: Floats
    carried: Floats


def profile_information(
    shared: Shared, state: State, inner: Callable[[Floats], Floats] | None = None
) -> Information:
    """Schur complement of the log frailties in the penalised information.

    Parameters
    ----------
    inner
        Solves the log frailties' own information, from (G, r) to (G, r); by conjugate gradients if
        None.
    """
    p, count = len(state.beta), shared.count
    unit = np.concatenate([np.eye(p), np.zeros((count, p))])
    block = information_by(shared, state, unit)
    block[:p] = (block[:p] + block[:p].T) / 2
    if inner is None:
        cross = np.concatenate([np.zeros((p, p)), block[p:]])
        carried = solve(shared, state, cross, FINE, hold_beta=True)[p:]
    else:
        carried = inner(block[p:])
    return Information(block[:p] - block[p:].T @ carried, carried)


@dataclass(frozen=True, slots=True)
class Inner:
    """The log frailties' penalised information, factored.

    Parameters
    ----------
    log_det, trace
        Log determinant of the information, and trace of its inverse.
    solve
        From right sides, shape (G, r), to its inverse times them.
    """

    log_det: float
    trace: float
    solve: Callable[[Floats], Floats]


def factored(shared: Shared, state: State) -> Inner:
    """Factor the log frailties' penalised information.

    It is a diagonal less a product of rank K, so that the smaller of G and K decides what is
    factored (the matrix determinant lemma and Woodbury's identity).
    """
    U = shares(shared.risk, state.sums, shared.codes, shared.count)
    D = shared.by_cluster(state.sums.hazard) + state.curvature
    if len(U) >= shared.count:
        log_det, inverse = _log_det_and_inverse(np.diag(D) - blas.dsyrk(1.0, U.T))
        return Inner(log_det, float(np.trace(inverse)), lambda b: blas.dsymm(1.0, inverse, b))
    half = U / np.sqrt(D)
    log_det, inverse = _log_det_and_inverse(np.eye(len(U)) - blas.dsyrk(1.0, half.T, trans=1))
    whole = half / np.sqrt(D)
    product = inverse * blas.dsyrk(1.0, whole.T, trans=1)  # both in their upper triangles
    trace = (1 / D).sum() + 2 * product.sum() - np.trace(product)

    def solve_by_parts(b: Floats) -> Floats:
        found: Floats = b / D[:, None] + whole.T @ blas.dsymm(1.0, inverse, whole @ b)
        return found

    return Inner(log_det + float(np.log(D).sum()), float(trace), solve_by_parts)


def _log_det_and_inverse(A: Floats) -> tuple[float, Floats]:
    """Log determinant of a positive definite matrix, and its inverse's upper triangle.

    Parameters
    ----------
    A
        Of which the upper triangle is read.
    """
    factor, failed = lapack.dpotrf(A, clean=1)
    if failed:
        raise FitError("the information of the log frailties is not positive definite")
    inverse, _ = lapack.dpotri(factor)
    return 2 * float(np.log(np.diagonal(factor)).sum()), np.asarray(inverse, dtype=float)
