"""Which p-values a printed estimate and interval leave open, when both are Wald's.

Estimate b and standard error s satisfy six linear inequalities, two for each printed number: b, and
b minus and plus q s, lie in their windows, on the log scale for ratios. They bound a convex polygon
in the plane of (b, s). The statistic |b|/s is largest and smallest at corners of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist

from core_trial.published.window import Window

_NORMAL = NormalDist()
#: Slack of an inequality, relative to the size of the polygon, that is rounding of floats.
_SLACK = 1e-9
#: Stands for zero as the lower end of a ratio that prints as 0.
_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Corner:
    """An estimate and its standard error, on the scale of the linear predictor."""

    b: float
    s: float


def corners(
    estimate: Window, low: Window, high: Window, *, ratio: bool, confidence: float = 0.95
) -> tuple[Corner, ...]:
    """Corners of the region of (b, s) that print as this estimate and interval.

    Parameters
    ----------
    estimate, low, high
        Windows of the printed numbers.
    ratio
        Whether they are ratios, so that the model's scale is the logarithm.
    confidence
        Coverage of the interval.

    Returns
    -------
    tuple of Corner
        Empty when no estimate and standard error print like this; so for a ratio with a negative
        limit.
    """
    q = _NORMAL.inv_cdf(0.5 + confidence / 2)
    if ratio and min(w.high for w in (estimate, low, high)) <= 0:
        return ()
    slopes = ((estimate, 0.0), (low, -q), (high, q))
    lines = [(slope, end) for window, slope in slopes for end in _ends(window, ratio)]
    slack = _SLACK * (lines[-1][1] - lines[2][1])
    found = [_meeting(one, two) for one, two in combinations(lines, 2) if one[0] != two[0]]
    return tuple(c for c in found if c.s > 0 and _inside(c, lines, slack))


def p_range(points: tuple[Corner, ...]) -> tuple[float, float]:
    """Smallest and largest two-sided p-value in the region; ``nan`` when it is empty."""
    if not points:
        return math.nan, math.nan
    z = [c.b / c.s for c in points]
    nearest = 0.0 if min(z) <= 0 <= max(z) else min(map(abs, z))
    return _p(max(map(abs, z))), _p(nearest)


def _ends(window: Window, ratio: bool) -> tuple[float, float]:
    low, high = float(window.low), float(window.high)
    return (math.log(max(low, _TINY)), math.log(high)) if ratio else (low, high)


def _meeting(one: tuple[float, float], two: tuple[float, float]) -> Corner:
    """Where ``b + slope s = end`` holds for both lines."""
    s = (one[1] - two[1]) / (one[0] - two[0])
    return Corner(one[1] - one[0] * s, s)


def _inside(c: Corner, lines: list[tuple[float, float]], slack: float) -> bool:
    """Whether each of the three pairs of parallel lines has the point between them."""
    pairs = zip(lines[::2], lines[1::2], strict=True)
    return all(
        bottom - slack <= c.b + slope * c.s <= top + slack for (slope, bottom), (_, top) in pairs
    )


def _p(z: float) -> float:
    return 2 * _NORMAL.cdf(-z)
