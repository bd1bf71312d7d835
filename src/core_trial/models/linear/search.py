"""The variances that maximise the likelihood of the linear model, wherever they are.

The profile over the cluster variance can have two maxima, one of them at zero. It is therefore laid
out on a grid; Newton's method starts from each local maximum of the grid, and zero is believed only
when the score there points outside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core_trial.errors import DesignError
from core_trial.models.inference import Floats
from core_trial.models.linear.likelihood import Likelihood, Point, evaluate, profile

#: Newton's method stops when the squared distance to the maximum, in standard errors, is below.
CLOSE = 1e-18
#: What still counts as converged when rounding allows no further step.
NEAR = 1e-9
STEPS = 100
#: Share of the residual variance to reckon with when no cluster has two rows of one level.
PAIRED = 1e-6
#: Ratios of the residual variances that differ by less than this, on the log scale, are one.
ALIKE = 0.5
#: Starting values of the cluster variance closer than this, on the log scale, are one.
SAME = 2.0
#: Variances below so many times their lower bound are at it: what is between them is rounding.
AT_BOUND = 10.0
#: Eigenvalue of the scaled information below which a direction of the variances is not identified.
FLAT = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Maximum:
    """Where the likelihood is largest.

    Parameters
    ----------
    point
        The maximum.
    null
        The maximum with the cluster variance at zero.
    identified
        False when the data cannot tell the cluster variance from the others; `point` is `null`.
    flat
        Directions of the variances about which the data say nothing, shape (m, k).
    bounded
        Which variances are at their lower bound, shape (m,).
    converged
        Whether the search ended at a stationary point.
    """

    point: Point
    null: Point
    identified: bool
    flat: Floats
    bounded: NDArray[np.bool_]
    converged: bool

    def covariance_of(self, information: Floats, *, zero_is_known: bool = False) -> Floats:
        """Covariance of the variances from an information about them, shape (m, m).

        Zero, as for one that is known, for a cluster variance that is not identified and for a
        residual variance at its bound, where the information is lost in the rounding of its terms.

        Parameters
        ----------
        information
            Expected or observed, shape (m, m).
        zero_is_known
            Whether a cluster variance at its bound, zero, counts as known too.
        """
        free = ~self.bounded
        free[0] = self.identified and not (zero_is_known and self.bounded[0])
        chosen, root = np.ix_(free, free), np.sqrt(self.point.scaling[free])
        both = np.outer(root, root)
        covariance = np.zeros_like(information)
        covariance[chosen] = np.linalg.inv(information[chosen] / both) / both
        return covariance


def maximise(model: Likelihood) -> Maximum:
    """Find the variances that maximise the likelihood.

    Raises
    ------
    DesignError
        When there are too few rows to tell the residual variances apart.
    """
    start = profile(model, np.append(0.0, model.spread)[None])[1][0]
    null, settled = climb(model, start, held=0)
    identified, flat = _flat(null)
    if not identified:
        return Maximum(null, null, False, flat, _bounded(model, null), settled)
    best, done = null, settled
    for theta in _candidates(model, null):
        found, stationary = climb(model, theta)
        if found.loglik > best.loglik or (best is null and null.score[0] > 0):
            best, done = found, stationary
    return Maximum(best, null, True, flat, _bounded(model, best), done)


def _bounded(model: Likelihood, point: Point) -> NDArray[np.bool_]:
    bounded: NDArray[np.bool_] = point.theta <= AT_BOUND * model.floor
    return bounded


def _flat(null: Point) -> tuple[bool, Floats]:
    """Whether the cluster variance is identified, and the directions that are not.

    The restricted likelihood says nothing about a direction d when K'(sum of d_i G_i)K = 0 for
    every contrast K free of the covariates, wherever the information is evaluated.
    """
    root = np.sqrt(null.scaling)
    scaled = null.expected / np.outer(root, root)
    value, vector = np.linalg.eigh(scaled)
    flat = vector[:, value < FLAT]
    if np.linalg.eigvalsh(scaled[1:, 1:])[0] < FLAT or (len(flat.T) and abs(flat[0]).max() < 1e-6):
        raise DesignError("too few rows to tell the residual variances apart: use one")
    return len(flat.T) == 0, flat / root[:, None]


def _candidates(model: Likelihood, null: Point) -> list[Floats]:
    """Starting values: the local maxima of the profile over the cluster variance, roughly."""
    found = [
        peak for residual in _shapes(model, null) for peak in _peaks(model, residual, null.score[0])
    ]
    starts: list[Floats] = []
    for _, theta in sorted(found, key=lambda peak: -peak[0]):
        if all(abs(np.log(theta[0] / other[0])) > SAME for other in starts):
            starts.append(theta)
    return starts


def _peaks(model: Likelihood, residual: Floats, slope: float) -> list[tuple[float, Floats]]:
    """Likelihood and variances at each local maximum of a grid, moved to the top of a parabola.

    `slope` is the score at zero: if it is positive while the grid falls from there, the maximum
    lies before the grid's first step.
    """
    grid = _grid(model, residual)
    values, _ = profile(model, grid)
    last = len(values) - 1
    inner = np.flatnonzero((values[1:-1] >= values[:-2]) & (values[1:-1] >= values[2:])) + 1
    if slope > 0 and values[0] >= values[1]:
        inner = np.append(inner, 1)
    if values[last] > values[last - 1]:
        inner = np.append(inner, last)
    if not len(inner):
        return []
    tops = grid[inner]
    curved = (inner > 1) & (inner < last)
    k = inner[curved]
    left, right = values[k] - values[k - 1], values[k] - values[k + 1]
    shift = 0.5 * (left - right) / np.maximum(left + right, 1e-300)
    tops[curved, 0] *= np.exp(shift * np.log(grid[2, 0] / grid[1, 0]))
    height, theta = profile(model, tops)
    return list(zip(height.tolist(), theta, strict=True))


def _shapes(model: Likelihood, null: Point) -> list[Floats]:
    """Ratios of the residual variances to search along: overall and, if they differ, in cells."""
    pat, overall = model.patterns, null.theta[1:]
    if pat.levels == 1 or pat.spare.min() <= model.p:
        return [overall]
    inside = model.products[: pat.levels, -1] / pat.spare
    apart = np.ptp(np.log(inside / overall))
    return [overall, inside] if apart > ALIKE else [overall]


def _grid(model: Likelihood, residual: Floats) -> Floats:
    """Cluster variances from zero to more than the data can hold, three to a decade."""
    pat = model.patterns
    spare = pat.spare.sum()
    inside = model.products[: pat.levels, -1].sum() / spare if spare else PAIRED
    high = 10.0 * max(1.0 / inside, 1.0)
    low = 1e-3 / float((pat.sizes @ (1.0 / residual)).max())
    tau = np.geomspace(low, high, 2 + int(3 * np.log10(high / low)))
    grid = np.empty((len(tau) + 1, len(residual) + 1))
    grid[0, 0], grid[1:, 0], grid[:, 1:] = 0.0, tau, residual
    return grid


def climb(model: Likelihood, theta: Floats, held: int | None = None) -> tuple[Point, bool]:
    """Climb to the nearest maximum, by Newton's method; one variance may be held where it is.

    The step is Newton's where the observed information is positive definite, else Fisher's.
    Variances stay within their bounds; one at its bound moves only if the score points inside.
    """
    here = evaluate(model, theta)
    for _ in range(STEPS):
        step, distance = _step(here, model.floor, held)
        if distance < CLOSE:
            return here, True
        there = _search(model, here, step)
        if there is None:
            return here, distance < NEAR
        here = there
    return here, False


def _step(here: Point, floor: Floats, held: int | None) -> tuple[Floats, float]:
    """The next step and the squared length of it, in standard errors."""
    free = (here.theta > floor) | (here.score > 0)
    if held is not None:
        free[held] = False
    step = np.zeros_like(here.theta)
    if not free.any():
        return step, 0.0
    root = np.sqrt(here.scaling[free])
    score = here.score[free] / root
    value, vector = np.linalg.eigh(here.observed[free][:, free] / np.outer(root, root))
    if value[0] <= 0:
        value, vector = np.linalg.eigh(here.expected[free][:, free] / np.outer(root, root))
        value = np.maximum(value, FLAT)
    scaled = vector @ ((score @ vector) / value)
    step[free] = scaled / root
    return step, float(scaled @ score)


def _search(model: Likelihood, here: Point, step: Floats) -> Point | None:
    """Halve the step until the likelihood does not fall; None when no step is left."""
    floor = model.floor
    for _ in range(40):
        theta = np.maximum(here.theta + step, np.maximum(0.1 * here.theta, floor))
        theta[0] = max(here.theta[0] + step[0], 0.0)
        if np.array_equal(theta, here.theta):
            return None
        there = evaluate(model, theta)
        if there.loglik >= here.loglik - 1e-13 * abs(here.loglik):
            return there
        step = step / 2
    return None
