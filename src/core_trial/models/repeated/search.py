"""The covariance parameters that maximise the likelihood of repeated visits.

Without clusters the search starts from the covariance of the residuals. With clusters it goes on
from there with the cluster variance at zero; then from the likeliest of a few positive ones; zero
is believed only when it is likelier and the score there does not point inside.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core_trial.errors import DesignError
from core_trial.models.inference import Floats
from core_trial.models.repeated.algebra import Likelihood
from core_trial.models.repeated.layout import Cells
from core_trial.models.repeated.likelihood import Point, evaluate, loglik

#: Newton's method stops when the squared distance to the maximum, in standard errors, is below.
CLOSE = 1e-16
#: What still counts as converged when rounding allows no further step.
NEAR = 1e-9
STEPS, HALVINGS = 100, 40
#: Eigenvalue of the scaled information below which a direction is not identified.
FLAT = 1e-9
#: Cluster variances to start from, as shares of the mean variance of a visit.
SHARES = (0.01, 0.03, 0.1, 0.3, 1.0)
#: Smallest eigenvalue of a correlation matrix to start from.
SMALLEST_EIGENVALUE = 0.05
#: Smallest eigenvalue with which a correlation matrix of visits still has an inverse with digits.
SINGULAR = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Maximum:
    """Where the likelihood is largest.

    Parameters
    ----------
    point
        The maximum.
    null
        The maximum with the cluster variance at zero; `point` itself without clusters.
    bounded
        Which parameters are at their bound, shape (m,): the cluster variance or none.
    converged
        Whether the search ended at a stationary point.
    """

    point: Point
    null: Point
    bounded: NDArray[np.bool_]
    converged: bool

    def covariance_of(self, information: Floats, *, bounded: bool = True) -> Floats:
        """Inverse information, shape (m, m); zero for what is at its bound unless `bounded`."""
        free = ~self.bounded | bounded
        root = np.sqrt(self.point.scaling[free])
        both, chosen = np.outer(root, root), np.ix_(free, free)
        covariance = np.zeros_like(information)
        covariance[chosen] = np.linalg.inv(information[chosen] / both) / both
        return covariance


def maximise(model: Likelihood, rough: Floats) -> Maximum:
    """Find the parameters that maximise the likelihood.

    Parameters
    ----------
    rough
        Covariance matrices to start from, shape (groups, T, T).

    Raises
    ------
    DesignError
        When the data cannot tell the parameters apart, or the likelihood has no maximum.
    """
    alone = replace(model, cells=_no_cells(model.cells), sums=model.sums[:0])
    first = np.concatenate([model.structure.nearest(_positive(sigma)) for sigma in rough])
    start = evaluate(alone, _start(alone, first))
    _refuse_flat(alone, start)
    null, settled = _newton(alone, start)
    if not model.clustered:
        return Maximum(null, null, np.zeros(model.m, dtype=bool), settled)
    zero = evaluate(model, np.append(null.theta, 0.0))
    _refuse_flat(model, zero)
    best, done = zero, settled
    for theta in _candidates(model, zero):
        found, stationary = _newton(model, evaluate(model, theta))
        if found.loglik > best.loglik or (best is zero and zero.score[-1] > 0):
            best, done = found, stationary
    bounded = np.zeros(model.m, dtype=bool)
    bounded[-1] = best.theta[-1] == 0
    return Maximum(best, zero, bounded, done)


def _no_cells(cells: Cells) -> Cells:
    none = np.empty(0, dtype=np.intp)
    return Cells(cells.of, none, none, np.empty(0), 0)


def _positive(sigma: Floats) -> Floats:
    """A positive definite matrix with the same diagonal, off the diagonal nearer to zero."""
    root = np.sqrt(np.diagonal(sigma))
    correlation = sigma / np.outer(root, root)
    least = float(np.linalg.eigvalsh(correlation)[0])
    if least < SMALLEST_EIGENVALUE:
        keep = (1.0 - SMALLEST_EIGENVALUE) / (1.0 - least)
        correlation = keep * correlation + (1.0 - keep) * np.eye(len(root))
    return np.asarray(correlation * np.outer(root, root))


def _start(model: Likelihood, theta: Floats) -> Floats:
    """Parameters whose matrices are positive definite: those given, or without correlation."""
    sigmas = model.sigmas(theta)
    if np.linalg.eigvalsh(sigmas)[:, 0].min() > 0:
        return theta
    diagonal = [np.diag(np.diagonal(sigma)) for sigma in sigmas]
    return np.concatenate([model.structure.nearest(sigma) for sigma in diagonal])


def _candidates(model: Likelihood, zero: Point) -> list[Floats]:
    """A positive cluster variance to start from, with the covariances that go with it."""
    sigmas = model.sigmas(zero.theta)
    typical = float(np.diagonal(sigmas, axis1=1, axis2=2).mean())
    found = []
    for share in SHARES:
        tau = share * typical
        for left in (sigmas, sigmas - tau):
            if (np.diagonal(left, axis1=1, axis2=2) > 0).all():
                parts = [model.structure.nearest(_positive(sigma)) for sigma in left]
                theta = np.append(np.concatenate(parts), tau)
                found.append((loglik(model, theta), theta))
    value, theta = max(found, key=lambda pair: pair[0])
    return [theta] if np.isfinite(value) else []


def _refuse_flat(model: Likelihood, point: Point) -> None:
    """Refuse what is not identified: eigenvalues of the expected information, scaled."""
    root = np.sqrt(point.scaling)
    if not (root > 0).all() or np.linalg.eigvalsh(point.expected / np.outer(root, root))[0] < FLAT:
        if model.clustered:
            raise DesignError(
                "the cluster variance cannot be told from the covariance of a participant's "
                "visits: fewer than two clusters, or none with two participants"
            )
        raise DesignError(
            "the visits made do not determine this covariance structure: choose a simpler one "
            "(such as 'compound_symmetry'), or fewer visits"
        )


def _refuse_singular(model: Likelihood, here: Point) -> None:
    """Refuse a search that runs to a covariance matrix without inverse."""
    for sigma in model.sigmas(here.theta):
        root = np.sqrt(np.diagonal(sigma))
        if np.linalg.eigvalsh(sigma / np.outer(root, root))[0] < SINGULAR:
            raise DesignError(
                "the likelihood has no maximum: a visit follows from the others, or there are too "
                "few participants for a covariance of so many visits; choose a simpler one (such "
                "as 'compound_symmetry'), or fewer visits"
            )


def _newton(model: Likelihood, here: Point) -> tuple[Point, bool]:
    """Climb to the nearest maximum.

    The step is Newton's where the observed information is positive definite, else Fisher's.
    """
    for _ in range(STEPS):
        _refuse_singular(model, here)
        step, distance = _step(model, here)
        if distance < CLOSE:
            return here, True
        there = _search(model, here, step)
        if there is None:
            return here, distance < NEAR
        here = there
    return here, False


def _step(model: Likelihood, here: Point) -> tuple[Floats, float]:
    """The next step and the squared length of it, in standard errors."""
    free = np.ones(model.m, dtype=bool)
    if model.clustered:
        free[-1] = here.theta[-1] > 0 or here.score[-1] > 0
    step = np.zeros_like(here.theta)
    root = np.sqrt(here.scaling[free])
    both = np.outer(root, root)
    score = here.score[free] / root
    value, vector = np.linalg.eigh(here.observed[free][:, free] / both)
    if value[0] <= 0:
        value, vector = np.linalg.eigh(here.expected[free][:, free] / both)
        value = np.maximum(value, FLAT)
    scaled = vector @ ((score @ vector) / value)
    step[free] = scaled / root
    return step, float(scaled @ score)


def _search(model: Likelihood, here: Point, step: Floats) -> Point | None:
    """Halve the step until the likelihood does not fall; None when no step is left."""
    for _ in range(HALVINGS):
        theta = here.theta + step
        if model.clustered:
            theta[-1] = max(theta[-1], 0.0)
        if np.array_equal(theta, here.theta):
            return None
        there = _try(model, theta)
        if there is not None and there.loglik >= here.loglik - 1e-13 * abs(here.loglik):
            return there
        step = step / 2
    return None


def _try(model: Likelihood, theta: Floats) -> Point | None:
    """The likelihood there, or None outside of the parameters' range."""
    if not all(map(model.structure.possible, model.split(theta)[0])):
        return None
    try:
        return evaluate(model, theta)
    except np.linalg.LinAlgError:
        return None
