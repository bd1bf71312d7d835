r"""Whole-number scores whose linear mixed models print as they should.

Given the ratio q of cluster to residual variance, V = I + q Z Z', everything in the model is a linear
or a quadratic form of the outcome y (Harville 1977, J Am Stat Assoc 72: 320-38):

.. math::
   b = w'y, \qquad s^2 = c\, y'Py / n, \qquad
   S = \tfrac12 \left( n \frac{y'PZZ'Py}{y'Py} - \mathrm{tr}(V^{-1} Z Z') \right)

with P = V^-1 - V^-1 X (X'V^-1 X)^-1 X'V^-1, w the arm's row of (X'V^-1 X)^-1 X'V^-1 and c its
diagonal element of (X'V^-1 X)^-1. S is the slope of the profile likelihood by q, zero where q is
estimated. So the effect of giving one participant a point more and another a point less is known
without a fit, for thousands of such pairs at once: the forms at the present q, and one Newton step of
q. The best pair is taken, again and again; now and then the model is fitted anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.models.design import build
from core_trial.models.mixed_linear import mixed_linear
from core_trial.synthetic.draft import codes
from core_trial.synthetic.regions import Bounds, Region
from core_trial.synthetic.search import GOAL, Floats, descend

#: Candidate pairs of one round.
WIDTH = 1500
#: Rounds of shifting and rescaling at the start; rounding and the limits undo a part of each.
APPROACHES = 3
#: Fits, each followed by a search at its variance ratio.
FITS = 30
#: Step of the variance ratio by which its effect is measured, and how far it is trusted.
RATIO_STEP = 1e-3
LARGEST_RATIO_CHANGE = 0.1
#: A mean or a standard deviation this far from the middle of its bounds is as good as there.
COMFORT = 0.7
CLUSTER, OUTCOME, ARM = "cluster_id", "outcome", "arm"

Pairs = NDArray[np.intp]
#: Two positions, and the points that each of them gains or loses.
Change = tuple[Pairs, Floats]
_NOBODY = np.zeros((1, 2), dtype=np.intp), np.zeros((1, 2))


@dataclass(frozen=True, eq=False)
class Row:
    """One printed row: a model, and where its estimate and standard error should lie.

    Parameters
    ----------
    formula
        Right-hand side; the arm is its first covariate.
    frame
        Covariates and clusters of the participants in this model; its index says which positions
        of the outcome they have.
    region
        Where (difference in means, standard error) should lie.
    """

    formula: str
    frame: pd.DataFrame
    region: Region

    @cached_property
    def X(self) -> Floats:
        """Design matrix, shape (n, p); column 1 is the arm."""
        return build(self.formula, self.frame).X

    @cached_property
    def together(self) -> Floats:
        """1 where two participants share a cluster, shape (n, n): this is ZZ'."""
        cluster = codes(self.frame[CLUSTER])
        return (cluster[:, None] == cluster).astype(float)

    def fit(self, y: Floats) -> tuple[float, float, float]:
        """Difference, standard error, and ratio of cluster to residual variance."""
        frame = self.frame.assign(**{OUTCOME: y[self.frame.index]})
        found = mixed_linear(f"{OUTCOME} ~ {self.formula}", frame, cluster=CLUSTER, method="ml")
        effect = found.effect(ARM)
        ratio = found.variance["cluster"] / found.variance["residual"]
        return effect.estimate, effect.std_error, ratio


@dataclass(frozen=True, slots=True, eq=False)
class Forms:
    """The forms of one row at a variance ratio, over all N positions (zero outside the model).

    Parameters
    ----------
    weights
        w, shape (N,).
    projection, between
        P and PZZ'P, shape (N, N).
    factor
        c / n.
    n, trace
        Participants in the model, and the trace of V^-1 ZZ'.
    """

    weights: Floats
    projection: Floats
    between: Floats
    factor: float
    n: int
    trace: float

    @classmethod
    def of(cls, row: Row, ratio: float, size: int) -> Forms:
        """The forms of a row in a trial of `size` positions."""
        X, together = row.X, row.together
        inverse = np.eye(len(X)) - together * (ratio / (1 + ratio * together.sum(axis=0)))
        half = inverse @ X
        bread = np.linalg.inv(X.T @ half)
        P = inverse - half @ bread @ half.T
        at = row.frame.index.to_numpy()
        weights, projection, between = np.zeros(size), np.zeros((size, size)), np.zeros((size, size))
        weights[at] = (half @ bread)[:, 1]
        projection[np.ix_(at, at)], between[np.ix_(at, at)] = P, P @ together @ P
        factor, trace = float(bread[1, 1]) / len(X), float((inverse * together).sum())
        return cls(weights, projection, between, factor, len(X), trace)

    def state(self, y: Floats, who: Pairs, step: Floats) -> Floats:
        """Estimate, standard error and S after each of k changes of the outcome, shape (3, k)."""
        estimate = self.weights @ y + (self.weights[who] * step).sum(axis=1)
        square = _form(self.projection, y, who, step)
        between = _form(self.between, y, who, step)
        return np.array(
            [
                estimate,
                np.sqrt(self.factor * square),
                (self.n * between / square - self.trace) / 2,
            ]
        )


def _form(matrix: Floats, y: Floats, who: Pairs, step: Floats) -> Floats:
    """A quadratic form after each change of two positions, shape (k,)."""
    slopes = matrix @ y
    one, two = who.T
    own = (np.diagonal(matrix)[who] * step**2).sum(axis=1)
    pair = 2 * matrix[one, two] * step.prod(axis=1)
    return np.asarray(y @ slopes + 2 * (slopes[who] * step).sum(axis=1) + own + pair)


@dataclass(frozen=True, slots=True, eq=False)
class Local:
    """A row near its present outcome: forms at the fitted ratio, and what a change of it does.

    Parameters
    ----------
    forms, ratio
        The forms, and the ratio they are at.
    change
        What estimate and log standard error gain per unit of the ratio, and the curvature of the
        profile likelihood by it.
    """

    forms: Forms
    ratio: float
    change: tuple[float, float, float]

    @classmethod
    def of(cls, row: Row, ratio: float, y: Floats) -> Local:
        """Expand a row at its fitted ratio."""
        forms, beside = (Forms.of(row, q, len(y)) for q in (ratio, ratio + RATIO_STEP))
        (b, s, S), (b2, s2, S2) = (f.state(y, *_NOBODY)[:, 0] for f in (forms, beside))
        slopes = (b2 - b, np.log(s2 / s), S - S2)
        return cls(forms, ratio, tuple(float(x) / RATIO_STEP for x in slopes))

    def predict(self, y: Floats, who: Pairs, step: Floats) -> tuple[Floats, Floats]:
        """Estimate and standard error after each change and a new fit, shape (k,) each."""
        b, s, S = self.forms.state(y, who, step)
        by_estimate, by_error, curvature = self.change
        moved = S / curvature if curvature > 0 else np.zeros_like(S)
        moved = np.clip(moved, -self.ratio, LARGEST_RATIO_CHANGE)
        return b + by_estimate * moved, s * np.exp(by_error * moved)


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
        Membership of each arm, 0 or 1, shape (N,).
    moments
        Bounds of mean and standard deviation of each arm.
    """

    y: Floats
    limits: tuple[int, int]
    rows: Sequence[Row]
    arms: Sequence[Floats]
    moments: Sequence[tuple[Bounds, Bounds]]
    _local: list[Local] = field(init=False, default_factory=list)

    def settle(self) -> float:
        """Fit every row anew; gives the distance from all that is printed, the farthest of them."""
        fits = [row.fit(self.y) for row in self.rows]
        self._local = [
            Local.of(row, ratio, self.y) for row, (_, _, ratio) in zip(self.rows, fits, strict=True)
        ]
        rows = [row.region.gauge(b, s) for row, (b, s, _) in zip(self.rows, fits, strict=True)]
        return float(max([*rows, *(g[0] for g in self._moment_gauges(*_NOBODY))]))

    def gauge(self) -> float:
        """Distance from all that is printed, at the present variance ratios."""
        return float(self._gauge(*_NOBODY)[0])

    def moves(self, rng: np.random.Generator) -> tuple[list[Change], Floats]:
        """Two participants get a point more or less each."""
        who = rng.integers(len(self.y), size=(WIDTH, 2))
        step = rng.choice([-1.0, 1.0], (WIDTH, 2))
        value, (low, high) = self.y[who] + step, self.limits
        keep = ((value >= low) & (value <= high)).all(axis=1) & (who[:, 0] != who[:, 1])
        who, step = who[keep], step[keep]
        return list(zip(who, step, strict=True)), self._gauge(who, step)

    def make(self, move: Change) -> None:
        """Change two scores."""
        who, step = move
        self.y[who] += step

    def _gauge(self, who: Pairs, step: Floats) -> Floats:
        """Distance after each of k changes, on a logarithmic scale so that no target drowns.

        Parameters
        ----------
        who, step
            Positions and their changes, shape (k, 2).
        """
        distances = self._moment_gauges(who, step)
        for row, local in zip(self.rows, self._local, strict=True):
            distances.append(row.region.gauge(*local.predict(self.y, who, step)))
        return np.sqrt((np.log1p(distances) ** 2).sum(axis=0))

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
    """Shift and rescale the scores to about the printed rows, then search and fit in turn.

    Parameters
    ----------
    scores
        Its scores are changed in place; at the start they may be any numbers.
    rng
        Draws the pairs.

    Returns
    -------
    float
        Distance from the middle of the targets, the farthest of them.
    """
    for _ in range(APPROACHES):
        _approach(scores)
    for _ in range(FITS):
        distance = scores.settle()
        if distance <= GOAL:
            return distance
        descend(scores, rng, goal=0.5 * GOAL, steps=40)
    return scores.settle()


def _approach(scores: Scores) -> None:
    """Bring estimates, first standard error and means about right, in whole numbers.

    The residuals of the first row are multiplied; the least change that does so gives every row its
    estimate; a shift of all brings the means as near to the middle of their bounds as they get.
    """
    y = scores.y
    fits = [row.fit(y) for row in scores.rows]
    forms = [Forms.of(row, fit[2], len(y)) for row, fit in zip(scores.rows, fits, strict=True)]
    stretch = scores.rows[0].region.centre[1] / fits[0][1] - 1
    X, at = scores.rows[0].X, scores.rows[0].frame.index.to_numpy()
    residual = y[at] - X @ np.linalg.lstsq(X, y[at])[0]
    y = y.copy()
    y[at] += stretch * residual
    weights = np.array([form.weights for form in forms])
    missing = np.array([row.region.centre[0] for row in scores.rows]) - weights @ y
    y = y + weights.T @ np.linalg.solve(weights @ weights.T, missing)
    off = [m @ y / m.sum() - bounds[0].middle for m, bounds in zip(scores.arms, scores.moments, strict=True)]
    scores.y = np.clip(np.round(y - np.mean(off)), *scores.limits)
