"""Whole-number scores whose linear mixed models print as they should.

Thousands of small changes are weighed at once by the models' forms (see `forms`): one participant a
point more, another a point less. The best is made, again and again; now and then the models are
fitted anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from core_trial.synthesis.forms import Local, Pairs, Row
from core_trial.synthesis.regions import Bounds
from core_trial.synthesis.search import GOAL, Floats, descend

#: Candidate changes of one round, how many participants one of them concerns at most, and how far a
#: score may go from where the search began.
WIDTH = 800
MOVED = 4
REACH = 6
#: Fits, each followed by so many rounds of search at its variance ratio.
FITS, ROUNDS = 30, 40
#: A mean or a standard deviation this far from the middle of its bounds is as good as there.
COMFORT = 0.7

#: Positions, and the points that each of them gains or loses; (k, m), or (m,) for one change.
Change = tuple[Pairs, Floats]
NOBODY = np.zeros((1, 1), dtype=np.intp), np.zeros((1, 1))


@dataclass
class Scores:
    """Scores of N participants, the rows printed of them, and each arm's moments.

    Parameters
    ----------
    y
        Whole numbers, shape (N,).
    limits
        Lowest and highest possible score.
    rows
        The printed rows.
    arms
        Membership of the control and of the intervention arm, 0 or 1, shape (N,).
    moments
        Bounds of mean and standard deviation of each arm.
    between
        Ratio of cluster to residual variance to begin with; None for what the draw has.
    spread
        Standard deviation of each arm to begin with; None for what suits the draw best.
    """

    y: Floats
    limits: tuple[int, int]
    rows: Sequence[Row]
    arms: Sequence[Floats]
    moments: Sequence[tuple[Bounds, Bounds]]
    between: float | None = None
    spread: tuple[float, float] | None = None
    _local: list[Local] = field(init=False, default_factory=list)
    _start: Floats = field(init=False)
    _movable: Pairs = field(init=False)

    def begin(self) -> None:
        """From here on, no score goes farther than `REACH` from where it is.

        Scores at the lowest limit stay there.
        """
        self._start = self.y.copy()
        self._movable = np.flatnonzero(self.y > self.limits[0])

    def settle(self) -> float:
        """Fit every row anew; gives the distance from all that is printed, the farthest of them."""
        fits = [row.fit(self.y) for row in self.rows]
        self._local = [
            Local.of(row, ratio, self.y) for row, (_, _, ratio) in zip(self.rows, fits, strict=True)
        ]
        rows = [row.region.gauge(b, s) for row, (b, s, _) in zip(self.rows, fits, strict=True)]
        return float(max([*rows, *(g[0] for g in self._moment_gauges(*NOBODY))]))

    def gauge(self) -> float:
        """Distance from all that is printed, at the present variance ratios."""
        return float(self._gauge(*NOBODY)[0])

    def moves(self, rng: np.random.Generator) -> tuple[list[Change], Floats]:
        """A few participants get a point more or less each."""
        who = rng.choice(self._movable, size=(WIDTH, MOVED))
        step = rng.integers(-1, 2, (WIDTH, MOVED)).astype(float)
        value, (low, high) = self.y[who] + step, self.limits
        inside = (value > low) & (value <= high) & (np.abs(value - self._start[who]) <= REACH)
        step = np.where(inside, step, 0.0)
        twice = np.sort(who, axis=1)
        keep = (np.diff(twice, axis=1) > 0).all(axis=1)
        who, step = who[keep], step[keep]
        return list(zip(who, step, strict=True)), self._gauge(who, step)

    def make(self, move: Change) -> None:
        """Change their scores."""
        who, step = move
        self.y[who] += step

    def _gauge(self, who: Pairs, step: Floats) -> Floats:
        """Distance after each of k changes, on a logarithmic scale so that no target drowns.

        Parameters
        ----------
        who, step
            Positions and their changes, shape (k, m).
        """
        distances = self._moment_gauges(who, step)
        for row, local in zip(self.rows, self._local, strict=True):
            distances.append(row.region.gauge(*local.predict(self.y, who, step)))
        return np.asarray(np.sqrt((np.log1p(distances) ** 2).sum(axis=0)))

    def _moment_gauges(self, who: Pairs, step: Floats) -> list[Floats]:
        """Distances of means and standard deviations; zero while they are well inside."""
        found = []
        shift = 2 * self.y[who] * step + step**2
        for members, bounds in zip(self.arms, self.moments, strict=True):
            inside, n = members[who], members.sum()
            total = members @ self.y + (inside * step).sum(axis=1)
            squares = members @ self.y**2 + (inside * shift).sum(axis=1)
            sd = np.sqrt((squares - total**2 / n) / (n - 1))
            for bound, value in zip(bounds, (total / n, sd), strict=True):
                gauge = bound.gauge(value)
                found.append(np.where(gauge < 1, np.maximum(gauge - COMFORT, 0), gauge))
        return found


def calibrate(scores: Scores, rng: np.random.Generator) -> float:
    """Search and fit in turn until every row and moment prints as it should.

    Parameters
    ----------
    scores
        Changed in place; best begun near the targets, see `approach`.
    rng
        Draws the changes.

    Returns
    -------
    float
        Distance from the middle of the targets, the farthest of them.
    """
    scores.begin()
    for _ in range(FITS):
        distance = scores.settle()
        if distance <= GOAL:
            return distance
        descend(scores, rng, goal=0.5 * GOAL, steps=ROUNDS)
    return scores.settle()
