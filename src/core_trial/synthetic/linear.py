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

#: Candidate moves of one round, how many participants one of them concerns at most, and how far a
#: score may go from where the search began.
WIDTH = 800
MOVED = 4
REACH = 6
#: Rounds of shifting and rescaling at the start; rounding and the limits undo a part of each.
APPROACHES = 5
#: The variance that the covariates explain is multiplied by something between these.
EXPLAINED = (0.15, 3.0)
#: A higher ratio of cluster to residual variance is not plausible.
CLUSTERED = 0.2
#: Fits, each followed by a search at its variance ratio.
FITS = 30
#: Step of the variance ratio by which its effect is measured, and how far it is trusted.
RATIO_STEP = 1e-3
LARGEST_RATIO_CHANGE = 0.1
#: A mean or a standard deviation this far from the middle of its bounds is as good as there.
COMFORT = 0.7
CLUSTER, OUTCOME, ARM = "cluster_id", "outcome", "arm"

Pairs = NDArray[np.intp]
#: Positions, and the points that each of them gains or loses.
Change = tuple[Pairs, Floats]
_NOBODY = np.zeros((1, 1), dtype=np.intp), np.zeros((1, 1))


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
    def cluster(self) -> np.ndarray:
        """Cluster of each participant as an integer from 0, shape (n,)."""
        return codes(self.frame[CLUSTER])

    def sums(self, values: Floats) -> Floats:
        """Z'A: sums by cluster of the rows of a matrix or of a vector, shape (G, ...)."""
        found = np.zeros((self.cluster.max() + 1, *values.shape[1:]))
        np.add.at(found, self.cluster, values)
        return found

    def weigh(self, values: Floats, ratio: float) -> Floats:
        """V^-1 A for a matrix or a vector of n rows."""
        share = ratio / (1 + ratio * np.bincount(self.cluster))
        shrunk = self.sums(values) * share.reshape(-1, *[1] * (values.ndim - 1))
        return np.asarray(values - shrunk[self.cluster])

    def trace(self, ratio: float) -> float:
        """Trace of V^-1 ZZ'."""
        size = np.bincount(self.cluster)
        return float((size / (1 + ratio * size)).sum())

    def fit(self, y: Floats) -> tuple[float, float, float]:
        """Difference, standard error, and ratio of cluster to residual variance."""
        frame = self.frame.assign(**{OUTCOME: y[self.frame.index]})
        found = mixed_linear(f"{OUTCOME} ~ {self.formula}", frame, cluster=CLUSTER, method="ml")
        effect = found.effect(ARM)
        ratio = found.variance["cluster"] / found.variance["residual"]
        return effect.estimate, effect.std_error, ratio

    def weights(self, ratio: float, size: int) -> Floats:
        """w, over all `size` positions of the outcome."""
        half = self.weigh(self.X, ratio)
        found = np.zeros(size)
        found[self.frame.index] = half @ np.linalg.inv(self.X.T @ half)[:, 1]
        return found


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
        X, n = row.X, len(row.X)
        half = row.weigh(X, ratio)
        bread = np.linalg.inv(X.T @ half)
        P = row.weigh(np.eye(n), ratio) - half @ bread @ half.T
        by_cluster = row.sums(P)
        at = row.frame.index.to_numpy()
        weights, projection, between = (
            np.zeros(size),
            np.zeros((size, size)),
            np.zeros((size, size)),
        )
        weights[at] = (half @ bread)[:, 1]
        projection[np.ix_(at, at)], between[np.ix_(at, at)] = P, by_cluster.T @ by_cluster
        return cls(weights, projection, between, float(bread[1, 1]) / n, n, row.trace(ratio))

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
    """A quadratic form after each change, shape (k,)."""
    slopes = matrix @ y
    own = np.einsum("kij,ki,kj->k", matrix[who[:, :, None], who[:, None, :]], step, step)
    return np.asarray(y @ slopes + 2 * (slopes[who] * step).sum(axis=1) + own)


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
        (b, s, S), (b2, s2, S2) = (_profile(row, q, y) for q in (ratio, ratio + RATIO_STEP))
        slopes = (b2 - b, np.log(s2 / s), S - S2)
        forms = Forms.of(row, ratio, len(y))
        return cls(forms, ratio, tuple(float(x) / RATIO_STEP for x in slopes))

    def predict(self, y: Floats, who: Pairs, step: Floats) -> tuple[Floats, Floats]:
        """Estimate and standard error after each change and a new fit, shape (k,) each."""
        b, s, S = self.forms.state(y, who, step)
        by_estimate, by_error, curvature = self.change
        moved = S / curvature if curvature > 0 else np.zeros_like(S)
        moved = np.clip(moved, -self.ratio, LARGEST_RATIO_CHANGE)
        return b + by_estimate * moved, s * np.exp(by_error * moved)


def _profile(row: Row, ratio: float, y: Floats) -> tuple[float, float, float]:
    """Estimate, standard error and S of one outcome at a variance ratio."""
    own, X = y[row.frame.index], row.X
    half = row.weigh(X, ratio)
    bread = np.linalg.inv(X.T @ half)
    beta = bread @ (half.T @ own)
    residual = row.weigh(own - X @ beta, ratio)
    square = own @ residual
    S = (len(X) * (row.sums(residual) ** 2).sum() / square - row.trace(ratio)) / 2
    return float(beta[1]), float(np.sqrt(bread[1, 1] * square / len(X))), float(S)


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
    _start: Floats = field(init=False)

    def begin(self) -> None:
        """From here on, no score goes farther than `REACH` from where it is."""
        self._start = self.y.copy()

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
        """A few participants get a point more or less each."""
        who = rng.integers(len(self.y), size=(WIDTH, MOVED))
        step = rng.integers(-1, 2, (WIDTH, MOVED)).astype(float)
        value, (low, high) = self.y[who] + step, self.limits
        inside = (value >= low) & (value <= high) & (np.abs(value - self._start[who]) <= REACH)
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
    scores.begin()
    for _ in range(FITS):
        distance = scores.settle()
        if distance <= GOAL:
            return distance
        descend(scores, rng, goal=0.5 * GOAL, steps=40)
    return scores.settle()


def _approach(scores: Scores) -> None:
    """Bring standard error, moments and estimates about right, in whole numbers.

    What the covariates explain and what they leave are stretched by arm, so that the first row's
    error and both standard deviations agree; then the least change that does so gives every row its
    estimate and every arm its mean.
    """
    fits = [row.fit(scores.y) for row in scores.rows]
    y = _stretched(scores, *fits[0][1:])
    weights = [
        row.weights(ratio, len(y)) for row, (_, _, ratio) in zip(scores.rows, fits, strict=True)
    ]
    wanted = [row.region.centre[0] for row in scores.rows]
    for members, (mean, _) in zip(scores.arms, scores.moments, strict=True):
        weights.append(members / members.sum())
        wanted.append(mean.nearest(weights[-1] @ y))
    A, (low, high) = np.array(weights), scores.limits
    free = A * ((y > low) & (y < high))
    y = y + free.T @ np.linalg.lstsq(free @ free.T, np.array(wanted) - A @ np.clip(y, low, high))[0]
    scores.y = _rounded(np.clip(y, low, high), scores.arms, scores.limits)


def _rounded(y: Floats, arms: Sequence[Floats], limits: tuple[int, int]) -> Floats:
    """Whole numbers near y whose sum by arm is the nearest to that of y."""
    whole = np.round(y) + 0.0  # no negative zeros
    for members in arms:
        missing = members @ (y - whole)
        side, count = np.sign(missing), round(abs(missing))
        able = (members > 0) & (whole + side >= limits[0]) & (whole + side <= limits[1])
        nearest = np.argsort(np.where(able, -side * (y - whole), np.inf), kind="stable")[:count]
        whole[nearest] += side
    return whole


def _stretched(scores: Scores, error: float, ratio: float) -> Floats:
    """Scores with the explained part times k and the residuals times k_a in arm a.

    With RSS the residual sum of squares that gives the printed error, n_a, v_a and e_a an arm's size
    and variances of residual and explained part, and D_a its standard deviation,
    k_a^2 v_a + k^2 e_a = D_a^2 and sum of n_a k_a^2 v_a = RSS. So k follows from the D_a. These are
    taken as equal as their bounds let them, since a wider control arm would pass for a variance
    between clusters, and so that k is as near to 1 as it gets. Where the workers differ more than is
    plausible, half of their differences is taken out.
    """
    row, y = scores.rows[0], scores.y.copy()
    at, X = row.frame.index.to_numpy(), row.X
    beta = np.linalg.lstsq(X, y[at])[0]
    residual, others = y[at] - X @ beta, np.delete(X, 1, axis=1) @ np.delete(beta, 1)
    if ratio > CLUSTERED:
        size = np.bincount(row.cluster)
        means = np.where(size > 1, row.sums(residual) / size, 0.0)
        residual -= means[row.cluster] / 2
    inside = [members[at] > 0 for members in scores.arms]
    n = np.array([m.sum() for m in inside])
    v = np.array([residual[m].var() for m in inside])
    e = np.array([others[m].var() for m in inside])
    wider = float(row.region.centre[1]) / error
    rss = n @ v * wider**2
    common = np.linspace(*np.sort([sd.middle for _, sd in scores.moments]) * (0.9, 1.1), 21)
    squares = np.array([[sd.nearest(D) ** 2 for D in common] for _, sd in scores.moments])
    factors = (n @ squares - rss) / (n @ e)
    chosen = int(np.argmin(np.abs(np.log(np.maximum(factors, 1e-6)))))
    k2 = float(np.clip(factors[chosen], *EXPLAINED))
    for m, v_a, e_a, D2 in zip(inside, v, e, squares[:, chosen], strict=True):
        k_a = np.sqrt(max(D2 - k2 * e_a, 0.2 * D2) / v_a)
        y[at[m]] = (
            others[m].mean() + (others[m] - others[m].mean()) * np.sqrt(k2) + residual[m] * k_a
        )
    return y
