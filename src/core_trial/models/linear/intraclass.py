"""Intraclass correlation of the linear model, with a profile likelihood interval."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from core_trial.models.inference import Floats, Quantity
from core_trial.models.linear.likelihood import Likelihood, profile
from core_trial.models.linear.search import Maximum

#: Half width, on the log scale, of the parabolas that the other residual variances are found with.
STEP = 0.05
#: A smaller gain in likelihood from moving them is not worth another step.
GAIN = 1e-7
#: How far they may move, on the log scale: one whose maximum is at zero never arrives.
FAR = 6.0
#: How closely the limits meet the quantile of the normal distribution, and tries allowed for it.
TIGHT, TRIES = 1e-5, 60
#: On Fisher's scale, a distance from the maximum at which the correlation is 1 in all digits.
MOST = 35.0


def intraclass(model: Likelihood, maximum: Maximum, level: int, confidence: float) -> Quantity:
    """The cluster variance's share of the total at one residual level.

    The interval holds all values whose (restricted) profile likelihood is not significantly lower
    than the maximum. It is defined at a zero variance too, where it starts at zero. It is sought on
    Fisher's scale, log(1 + size * tau / sigma^2), on which the problem is about quadratic.

    Parameters
    ----------
    model, maximum
        The likelihood and its maximum.
    level
        Position of the residual level.
    confidence
        Coverage of the interval.

    References
    ----------
    Venzon and Moolgavkar (1988), Appl Stat 37: 87-94 (profile likelihood intervals).
    """
    if not maximum.identified:
        return Quantity(np.nan, np.nan, np.nan, np.nan)
    theta, size = maximum.point.theta, _typical_size(model, level)
    sigma = theta[level + 1]
    ratio = float(theta[0] / sigma)
    g = np.zeros_like(theta)
    g[0], g[level + 1] = 1.0 / sigma, -ratio / sigma
    variance = float(g @ maximum.covariance_of(maximum.point.expected) @ g)
    error = float(np.sqrt(max(variance, 0.0)))
    z = float(special.ndtri(0.5 + confidence / 2))
    try:
        low, high = _interval(model, maximum, level, size, error, z)
    except np.linalg.LinAlgError:  # variances too far apart for the arithmetic
        low = high = np.nan
    std_error = np.nan if maximum.bounded[level + 1] else error / (1.0 + ratio) ** 2
    return Quantity(_share(ratio), std_error, low, high)


def intraclass_by_level(
    model: Likelihood, maximum: Maximum, suffixes: list[str], confidence: float
) -> dict[str, Quantity]:
    """`intraclass` at every residual level that has clusters of two rows or more, by name.

    Where there is none at all, every level at which the random effect enters is ``nan``.
    """
    sizes = model.patterns.sizes
    clustered = sizes[sizes.sum(axis=1) > 1].sum(axis=0) > 0
    if not clustered.any():
        nothing = Quantity(np.nan, np.nan, np.nan, np.nan)
        there = sizes.sum(axis=0) > 0
        names = [f"icc{suffix}" for suffix, yes in zip(suffixes, there, strict=True) if yes]
        return dict.fromkeys(names, nothing)
    return {
        f"icc{suffix}": intraclass(model, maximum, k, confidence)
        for k, suffix in enumerate(suffixes)
        if clustered[k]
    }


def _interval(
    model: Likelihood, maximum: Maximum, level: int, size: float, error: float, z: float
) -> tuple[float, float]:
    """Limits between which the root of the deviance stays below z; `error` is that of the ratio."""
    residual, tau = maximum.point.theta[1:], maximum.point.theta[0]
    logs = np.log(np.delete(residual, level) / residual[level])
    ratio = float(tau / residual[level])
    middle = float(np.log1p(size * ratio))
    first = max(z * size * error / (1.0 + size * ratio), 1e-3)

    def root(fisher: float) -> float:
        nonlocal logs
        best, logs = _best(model, level, float(np.expm1(fisher)) / size, logs)
        return float(np.sqrt(max(2.0 * (maximum.point.loglik - best), 0.0)))

    start = logs
    high = _limit(root, middle, 1.0, first, z)
    bounded = bool(2.0 * (maximum.point.loglik - maximum.null.loglik) > z**2)
    logs = start
    low = _limit(root, middle, -1.0, min(first, 0.9 * middle), z) if bounded else 0.0
    return _share(float(np.expm1(low)) / size), _share(float(np.expm1(high)) / size)


def _share(ratio: float) -> float:
    return 1.0 - 1.0 / (1.0 + ratio) if ratio > 1 else ratio / (1.0 + ratio)


def _typical_size(model: Likelihood, level: int) -> float:
    """Cluster size at which Fisher's scale stabilises the variance near zero."""
    sizes, count = model.patterns.sizes[:, level], model.patterns.count
    return float(sizes**3 @ count) / float(sizes**2 @ count)


def _limit(
    root: Callable[[float], float], middle: float, side: float, distance: float, z: float
) -> float:
    """Where the root of the deviance reaches z on one side of the maximum.

    It grows about like a power of the distance (1 inside, 1/2 at a bound), so that a secant on the
    logarithms of both finds the place in a few steps.
    """
    farthest = MOST if side > 0 else middle * (1.0 - 1e-9)
    power, before, distance = 1.0, (0.0, 0.0), min(distance, farthest)
    for _ in range(TRIES):
        height = root(middle + side * distance)
        if abs(height - z) < TIGHT:
            break
        if distance == farthest and height < z:
            return np.inf
        if before[0] > 0 and height > 0 and distance != before[0]:
            slope = np.log(height / before[1]) / np.log(distance / before[0])
            power = float(np.clip(slope, 0.2, 4.0)) if np.isfinite(slope) else 1.0
        before = (distance, height) if height > 0 else (0.0, 0.0)
        grow = (z / height) ** (1.0 / power) if height > 0 else 8.0
        distance = min(distance * float(np.clip(grow, 0.125, 8.0)), farthest)
    return middle + side * distance


def _best(model: Likelihood, level: int, ratio: float, logs: Floats) -> tuple[float, Floats]:
    """Profile likelihood at one variance ratio of a level, and where it is.

    The overall scale has a closed form. The logarithms of the other residual variances, if any, are
    moved to the top of a parabola along each until they stay.
    """
    k = len(logs)
    lowest, highest = logs - FAR, logs + FAR
    star = STEP * np.vstack([np.zeros((1, k)), np.eye(k), -np.eye(k)])
    for _ in range(TRIES if k else 0):
        values = _at(model, level, ratio, logs + star)
        slope = (values[1 : 1 + k] - values[1 + k :]) / (2.0 * STEP)
        bend = (2.0 * values[0] - values[1 : 1 + k] - values[1 + k :]) / STEP**2
        move = np.clip(slope / np.where(bend > 0, bend, np.inf), -1, 1)
        logs = np.clip(logs + move, lowest, highest)
        if float(np.abs(slope * move).max()) < GAIN:
            break
    return float(_at(model, level, ratio, logs[None])[0]), logs


def _at(model: Likelihood, level: int, ratio: float, logs: Floats) -> Floats:
    """Profile likelihood at other residual variances, logarithms of shape (g, L - 1)."""
    ratios = np.ones((len(logs), model.patterns.levels + 1))
    ratios[:, 0] = ratio
    ratios[:, [k + 1 for k in range(model.patterns.levels) if k != level]] = np.exp(logs)
    return profile(model, ratios)[0]
