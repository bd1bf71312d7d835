"""Samples that have their printed quartiles, means and standard deviations by construction."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import special
from scipy.optimize import brentq

from core_trial.synthesis.search import Floats, Impossible

#: Two order statistics whose mean is a printed quartile lie this far from it, at most.
APART = 2
#: Between quartiles, values are even on the scale of this power: the earlier, the denser.
EARLY = 0.75


def order_statistics(n: int, percent: int) -> tuple[int, ...]:
    """Positions (from 0) of the order statistics that Stata's percentile is the mean of.

    Examples
    --------
    >>> order_statistics(64, 25), order_statistics(83, 25)
    ((15, 16), (20,))
    """
    whole, rest = divmod(n * percent, 100)
    return (whole,) if rest else (whole - 1, whole)


def pins(
    n: int, quartiles: Mapping[int, int], rng: np.random.Generator, *, below: int = 0
) -> dict[int, int]:
    """Values of the order statistics that settle the quartiles.

    Parameters
    ----------
    n
        Sample size on which the quartiles are printed.
    quartiles
        Printed value by percent, such as ``{25: 42, 50: 112, 75: 242}``.
    rng
        Draws how far two order statistics lie on either side of a quartile that is their mean.
    below
        How many zeros lie below the values of interest; positions are counted from there on.

    Returns
    -------
    dict
        Value by position.
    """
    pinned: dict[int, int] = {}
    for percent, value in quartiles.items():
        positions = order_statistics(n, percent)
        apart = int(rng.integers(1, APART + 1)) if len(positions) == 2 else 0
        for position, side in zip(positions, (-1, 1), strict=False):
            pinned[position - below] = value + side * apart
    return pinned


def through_quartiles(
    n: int, pinned: Mapping[int, int], ends: tuple[int, int], rng: np.random.Generator
) -> Floats:
    """Sorted whole numbers with given order statistics, evenly spread in between.

    Uniform positions are mapped through a quantile function that passes through the pins and both
    ends, and is linear in between for the power `EARLY`.

    Returns
    -------
    numpy.ndarray
        Shape (n,), ascending.
    """
    where = np.array(sorted(pinned))
    at = np.array([pinned[k] for k in where], dtype=float)
    knots = np.concatenate([[0], (where + 0.5) / n, [1]])
    heights = np.concatenate([[ends[0]], at, [ends[1]]])
    edges = np.concatenate([[-1], where, [n]])
    values = np.empty(n)
    for k in range(len(edges) - 1):
        inside = edges[k + 1] - edges[k] - 1
        u = np.sort(rng.uniform(knots[k], knots[k + 1], inside))
        drawn = np.round(np.interp(u, knots, heights**EARLY) ** (1 / EARLY))
        values[edges[k] + 1 : edges[k + 1]] = np.clip(drawn, heights[k], heights[k + 1])
    values[where] = at
    return values


def long_tail(logs: Floats, total: float, squares: float, floor: float) -> Floats:
    """A right-skewed sample with a given sum and sum of squares, all values above a floor.

    Draws e give ``floor + scale * e ** shape``; for each shape the scale follows from the sum, and
    the shape from the sum of squares.

    Parameters
    ----------
    logs
        log(e), shape (n,): normal draws make a log-normal tail, logarithms of exponential ones that
        of Weibull's distribution, with more values near the floor.
    total, squares
        Sum, and sum of squares.
    floor
        Below all values.

    Returns
    -------
    numpy.ndarray
        Shape (n,), ascending, not rounded.

    Raises
    ------
    Impossible
        When no such sample exists.
    """
    n, logs = len(logs), np.sort(logs)

    def sample(shape: float) -> Floats:
        raw = np.exp(shape * (logs - logs[-1]))
        return np.asarray(floor + raw * (total - n * floor) / raw.sum())

    def excess(shape: float) -> float:
        return float((sample(shape) ** 2).sum()) - squares

    if excess(0.01) > 0 or excess(6.0) < 0:
        raise Impossible(f"no {n} values from {floor} sum to {total} with squares {squares}")
    return sample(float(brentq(excess, 0.01, 6.0)))


def beta_scores(z: Floats, mean: float, sd: float, limits: tuple[float, float]) -> Floats:
    """Normal scores as values of a beta distribution on a range, with a given mean and SD.

    Parameters
    ----------
    z
        Standard normal, shape (n,).
    mean, sd
        Of the distribution.
    limits
        Its range.

    Returns
    -------
    numpy.ndarray
        Shape (n,), not rounded. Where the range is too narrow for the standard deviation, as wide
        as it allows.
    """
    low, high = limits
    share, spread = (mean - low) / (high - low), sd / (high - low)
    total = max(share * (1 - share) / spread**2 - 1, 0.05)
    uniform = np.clip(special.ndtr(z), 1e-4, 1 - 1e-4)
    values = low + (high - low) * special.betaincinv(share * total, (1 - share) * total, uniform)
    return np.asarray(values)
