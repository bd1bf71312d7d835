"""What a printed number allows: intervals of values, and regions of (estimate, standard error).

A number that is printed as ``0·66`` stands for every value from 0·655 up to 0·665. A printed row
(estimate, interval, p-value) of a Wald analysis constrains two numbers only, the estimate b and its
standard error s on the scale of the linear predictor, and each of its four numbers does so
linearly:

    b in E,    b - q s in L,    b + q s in H,    z(p_high) s < |b| <= z(p_low) s,

with q the normal quantile of the interval. What satisfies all of them is a convex polygon. A search
aims at a point in it: the `gauge` is 0 there, 1 on the border, and grows in proportion outside.
Results of real data lie anywhere in what prints as they do, so a generator draws the point.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import special

from core_trial.published import window
from core_trial.synthesis.search import Attempt, Floats

#: A point that is aimed at lies no farther than this from the middle, in half-widths: beyond, the
#: border is so near that rounding decides on which side of it a result falls.
FARTHEST = 0.95


@dataclass(frozen=True, slots=True)
class Bounds:
    """The values that round, half up, to one printed number.

    Parameters
    ----------
    low, high
        Ends of the interval.
    """

    low: float
    high: float

    @classmethod
    def of(cls, printed: str) -> Bounds:
        """Read a printed number; ``<0·0001`` stands for everything from zero up to that.

        Examples
        --------
        >>> Bounds.of("0·66"), Bounds.of("<0·0001")
        (Bounds(low=0.655, high=0.665), Bounds(low=0.0, high=0.0001))
        """
        allowed = window.read(printed)
        return cls(float(allowed.low), float(allowed.high))

    @property
    def middle(self) -> float:
        """Centre of the interval."""
        return (self.low + self.high) / 2

    @property
    def half(self) -> float:
        """Half of its width."""
        return (self.high - self.low) / 2

    def nearest(self, value: float) -> float:
        """The value itself, or the nearest that is well inside."""
        inside = 0.75 * self.half
        return min(max(value, self.middle - inside), self.middle + inside)

    def drawn(self, rng: np.random.Generator) -> float:
        """Any of the values that are well inside."""
        return self.nearest(float(rng.uniform(self.low, self.high)))

    def gauge(self, values: Floats) -> Floats:
        """How far values are from the centre, in half-widths."""
        return np.abs(np.asarray(values, dtype=float) - self.middle) / self.half


@dataclass(frozen=True, slots=True)
class Line:
    """One printed row: estimate, interval and p-value, as printed.

    Parameters
    ----------
    estimate, low, high, p_value
        Texts, such as ``"0·66"``; blank where the row does not print one.
    ratio
        True when estimate and interval are printed as ratios of a model on the log scale.
    confidence
        Coverage of the interval.
    """

    estimate: str
    low: str
    high: str
    p_value: str = ""
    ratio: bool = False
    confidence: float = 0.95

    def __str__(self) -> str:
        p = f"; p={self.p_value}".replace("=<", "<") if self.p_value else ""
        return f"{self.estimate} ({self.low} to {self.high}{p})"


@dataclass(frozen=True)
class Region:
    """The (b, s) that print as one row: the polygon ``normals @ (b, s) <= limits``.

    Parameters
    ----------
    normals, limits
        Half-planes, shapes (m, 2) and (m,).
    vertices
        Corners of the polygon in order, shape (k, 2).
    aim
        The point in it that a search aims at, (b, s).
    """

    normals: Floats
    limits: Floats
    vertices: Floats
    aim: Floats

    @classmethod
    def of(cls, line: Line) -> Region:
        """The region of a printed row; the aim is its middle.

        Raises
        ------
        ValueError
            When no estimate and standard error give all of the row's numbers: it contradicts
            itself.

        Examples
        --------
        >>> region = Region.of(Line("0·66", "0·43", "0·99", "0·0438", ratio=True))
        >>> b, s = region.aim
        >>> f"{np.exp(b):.4f} {s:.4f}"
        '0.6553 0.2096'
        """
        planes = list(_half_planes(line))
        corners = _start(line)
        for normal, limit in planes:
            corners = _clip(corners, np.array(normal), limit)
        if len(corners) < 3:
            raise ValueError(f"no estimate and standard error print as {line}")
        normals, limits = zip(*planes, strict=True)
        return cls(np.array(normals), np.array(limits), corners, _centroid(corners))

    def aimed(self, rng: np.random.Generator) -> Region:
        """The same region with any of its points as the aim, all as likely."""
        low, high = self.vertices.min(axis=0), self.vertices.max(axis=0)
        centred = replace(self, aim=_centroid(self.vertices))
        while True:
            point = rng.uniform(low, high)
            if centred.gauge(*point) < FARTHEST:
                return replace(self, aim=point)

    @property
    def estimates(self) -> tuple[float, float]:
        """The estimate aimed at, and how far it is to the nearer end of the range of estimates."""
        low, high = float(self.vertices[:, 0].min()), float(self.vertices[:, 0].max())
        aim = float(self.aim[0])
        return aim, min(aim - low, high - aim)

    @cached_property
    def _slack(self) -> Floats:
        return np.asarray(self.limits - self.normals @ self.aim)

    def gauge(self, b: Floats | float, s: Floats | float) -> Floats:
        """Distance from the aim: 0 there, below 1 inside, 1 on the border.

        Parameters
        ----------
        b, s
            Estimates and standard errors; scalars or arrays of one shape.
        """
        db, ds = np.asarray(b) - self.aim[0], np.asarray(s) - self.aim[1]
        steps = np.multiply.outer(self.normals[:, 0], db) + np.multiply.outer(
            self.normals[:, 1], ds
        )
        slack = self._slack.reshape(-1, *[1] * np.ndim(db))
        return np.asarray((steps / slack).max(axis=0))

    def attempt(self, row: str, line: Line, estimate: float, std_error: float) -> Attempt:
        """How near a point came to the aim in the line's region."""
        gauge = float(self.gauge(estimate, std_error))
        return Attempt(row, str(line), gauge, float(estimate), float(std_error))

    def __contains__(self, point: tuple[float, float]) -> bool:
        return bool(self.gauge(*point) < 1)


def _centroid(vertices: Floats) -> Floats:
    """Centroid of a polygon, (b, s)."""
    x, y = (vertices - vertices[0]).T
    cross = x * np.roll(y, -1) - np.roll(x, -1) * y
    weights = cross / cross.sum() / 3
    moments = [(v + np.roll(v, -1)) @ weights for v in (x, y)]
    return np.asarray(vertices[0] + np.array(moments))


def normal_quantile(confidence: float) -> float:
    """Half-width of an interval in standard errors."""
    return float(special.ndtri(0.5 + confidence / 2))


def _link(bounds: Bounds, ratio: bool) -> tuple[float, float]:
    return (math.log(bounds.low), math.log(bounds.high)) if ratio else (bounds.low, bounds.high)


def _half_planes(line: Line) -> Iterator[tuple[tuple[float, float], float]]:
    """Each number's constraints as ``n1 b + n2 s <= limit``."""
    q = normal_quantile(line.confidence)
    for text, slope in ((line.estimate, 0.0), (line.low, -q), (line.high, q)):
        low, high = _link(Bounds.of(text), line.ratio)
        yield (1.0, slope), high
        yield (-1.0, -slope), -low
    if line.p_value:
        p = Bounds.of(line.p_value)
        sign = _sign(line)
        z_low = float(-special.ndtri(min(p.high, 1.0) / 2))
        yield (-sign, z_low), 0.0
        if p.low > 0:
            yield (sign, float(special.ndtri(p.low / 2))), 0.0


def _sign(line: Line) -> float:
    """Side of no effect on which the row lies; the interval decides where the estimate cannot."""
    for texts in ((line.estimate,), (line.low, line.high)):
        ends = [_link(Bounds.of(text), line.ratio) for text in texts]
        middle = sum(low + high for low, high in ends)
        if abs(middle) > 1e-12:
            return math.copysign(1.0, middle)
    return 1.0


def _start(line: Line) -> Floats:
    """A rectangle that holds the region: the estimate's interval, and any standard error."""
    low, high = _link(Bounds.of(line.estimate), line.ratio)
    bottom, top = _link(Bounds.of(line.low), line.ratio)[0], _link(Bounds.of(line.high), line.ratio)
    widest = (top[1] - bottom) / normal_quantile(line.confidence)
    return np.array([[low, 0.0], [high, 0.0], [high, widest], [low, widest]])


def _clip(corners: Floats, normal: Floats, limit: float) -> Floats:
    """Cut a convex polygon by one half-plane (Sutherland and Hodgman 1974)."""
    kept: list[Floats] = []
    for here, there in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        a, b = normal @ here - limit, normal @ there - limit
        if a <= 0:
            kept.append(here)
        if (a < 0 < b) or (b < 0 < a):
            kept.append(here + (there - here) * a / (a - b))
    return np.array(kept).reshape(-1, 2)
