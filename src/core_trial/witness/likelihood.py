"""The likelihood witness: a likelihood written out, its top found, slope and curvature by steps.

Nothing is derived by hand. A likelihood is a function of many parameter vectors at once; slopes and
curvatures are differences of its values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
#: From parameters of shape (b, q) to log-likelihoods of shape (b,).
Likelihood = Callable[[Array], Array]

#: First steps of the differences, in units of the larger of a parameter and 1.
STEP = 2e-4
#: Steps at the top, in standard errors: what is cut off is of the square of a step, and rounding is
#: of the machine's digits over that square.
SHARE_OF_ERROR = 0.0015
#: The search ends when what is left to gain, times two, is below this.
GAIN = 1e-13
MOST_STEPS = 60
#: With less to gain than this the curvature does not change any more to speak of.
NEAR = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Top:
    """Where a likelihood has its maximum.

    Parameters
    ----------
    point
        Shape (q,).
    value
        The likelihood there.
    information
        Its curvature there, shape (q, q).
    slope
        What is left of its slope, shape (q,); in standard errors it is nothing.
    """

    point: Array
    value: float
    information: Array
    slope: Array

    @property
    def cov(self) -> Array:
        """Inverse of the curvature."""
        return np.linalg.inv(self.information)


def curvature(
    likelihood: Likelihood, point: Array, steps: Array | None = None
) -> tuple[float, Array, Array]:
    """Value, slope (q,) and negative second derivatives (q, q) by central differences."""
    q = len(point)
    h = STEP * np.maximum(np.abs(point), 1.0) if steps is None else steps
    eye = np.diag(h)
    single = [point + s * eye[j] for j in range(q) for s in (1, -1)]
    pairs = [(j, k) for j in range(q) for k in range(j)]
    double = [point + s * eye[j] + t * eye[k] for j, k in pairs for s, t in _CORNERS]
    values = likelihood(np.array([point, *single, *double]))
    middle, ends, corners = values[0], values[1 : 1 + 2 * q].reshape(q, 2), values[1 + 2 * q :]
    slope = (ends[:, 0] - ends[:, 1]) / (2 * h)
    second = np.diag((ends.sum(axis=1) - 2 * middle) / h**2)
    for (j, k), four in zip(pairs, corners.reshape(-1, 4), strict=True):
        second[j, k] = second[k, j] = (four[0] - four[1] - four[2] + four[3]) / (4 * h[j] * h[k])
    return float(middle), slope, -second


_CORNERS = ((1, 1), (1, -1), (-1, 1), (-1, -1))


def climb(likelihood: Likelihood, start: Array) -> Top:
    """Newton's method, a step halved until it gains; near the top the curvature is kept a while."""
    point, kept = np.asarray(start, dtype=float), False
    value, slope, information = curvature(likelihood, point)
    for _ in range(MOST_STEPS):
        step = _direction(information, slope)
        gain = float(slope @ step)
        shares = 0.5 ** np.arange(12)
        tried = likelihood(point + shares[:, None] * step)
        best = int(np.argmax(np.where(np.isnan(tried), -np.inf, tried)))
        if gain < GAIN or not tried[best] > value:
            if not kept:
                break
            value, slope, information = curvature(likelihood, point, _steps(information))
            kept = False
            continue
        point, value, steps = point + shares[best] * step, tried[best], _steps(information)
        kept = gain < NEAR
        if kept:
            slope = _slope(likelihood, point, steps)
        else:
            value, slope, information = curvature(likelihood, point, steps)
    value, slope, information = _extrapolated(likelihood, point, _steps(information))
    return Top(point, value, information, slope)


def _extrapolated(
    likelihood: Likelihood, point: Array, steps: Array | None
) -> tuple[float, Array, Array]:
    """Differences at two steps, their cut errors taken off each other (Richardson)."""
    value, slope, information = curvature(likelihood, point, steps)
    if steps is None:
        return value, slope, information
    _, wide_slope, wide = curvature(likelihood, point, 2 * steps)
    return value, (4 * slope - wide_slope) / 3, (4 * information - wide) / 3


def _slope(likelihood: Likelihood, point: Array, steps: Array | None) -> Array:
    """Slope alone, shape (q,)."""
    h = STEP * np.maximum(np.abs(point), 1.0) if steps is None else steps
    values = likelihood(np.concatenate([point + np.diag(h), point - np.diag(h)]))
    up, down = values.reshape(2, len(point))
    return np.asarray((up - down) / (2 * h))


def _steps(information: Array) -> Array | None:
    """A share of each standard error; None where the likelihood does not curve down."""
    if not np.isfinite(information).all() or np.linalg.eigvalsh(information)[0] <= 0:
        return None
    return np.asarray(SHARE_OF_ERROR * np.sqrt(np.diagonal(np.linalg.inv(information))))


def _direction(information: Array, slope: Array) -> Array:
    """Newton's step; where the likelihood does not curve down, uphill."""
    values, vectors = np.linalg.eigh(information)
    values = np.maximum(np.abs(values), 1e-8 * np.abs(values).max())
    return np.asarray(vectors @ ((vectors.T @ slope) / values))


def parabola(f: Callable[[float], float], x: float, h: float = 2e-3) -> float:
    """The top nearby, by parabolas: the values themselves are flat there to half the digits."""
    for _ in range(3):
        low, middle, high = f(x - h), f(x), f(x + h)
        bend = low - 2 * middle + high
        if bend >= 0:
            return x
        x += float(np.clip(h * (low - high) / (2 * bend), -h, h))
    return x
