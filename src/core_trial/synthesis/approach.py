"""Scores brought near their printed rows at one stroke, before any search.

What the covariates explain and what they leave are stretched, so that error and standard deviations
agree; then the least change that does so gives every row its estimate and every arm its mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core_trial.synthesis.forms import Row
from core_trial.synthesis.linear import Scores
from core_trial.synthesis.search import Floats

#: Rounds; rounding to whole numbers and the limits of the scale undo a part of each.
ROUNDS = 8
#: Share of the range, from either limit, in which scores move the less the nearer they are to it.
EDGE = 0.1
#: The variance that the covariates explain is multiplied by something between these, and at least
#: this share of an arm's variance is left unexplained.
EXPLAINED = (0.15, 3.0)
UNEXPLAINED = 0.2
#: Of a ratio of cluster to residual variance above this, which is not plausible, half of what the
#: clusters differ is taken out, where no ratio is asked for.
CLUSTERED = 0.2


def approach(scores: Scores) -> None:
    """Bring standard error, moments and estimates about right, in whole numbers.

    The nearer to a limit, the less a score moves; at one it stays. So whether somebody has any
    contacts at all is not for the means to decide.

    Parameters
    ----------
    scores
        Changed in place; they may be any numbers at the start.
    """
    scores.y = np.clip(np.round(scores.y), *scores.limits)
    for _ in range(ROUNDS):
        fits = [row.fit(scores.y) for row in scores.rows]
        _, error, ratio = fits[0]
        room = _room(scores)
        y = scores.y + room * (_stretched(scores, error, ratio) - scores.y)
        y = _balanced(scores, y, room, [ratio for _, _, ratio in fits])
        scores.y = _rounded(y, scores.arms, scores.limits, room)


def _room(scores: Scores) -> Floats:
    """How freely each score moves: 1 away from the limits, less near one, 0 at it."""
    low, high = scores.limits
    return np.clip(np.minimum(scores.y - low, high - scores.y) / (EDGE * (high - low)), 0.0, 1.0)


def _balanced(scores: Scores, y: Floats, room: Floats, ratios: Sequence[float]) -> Floats:
    """The least change to the printed estimates and means, weighed by the room that there is."""
    weights = [row.weights(q, len(y)) for row, q in zip(scores.rows, ratios, strict=True)]
    wanted = [float(row.region.aim[0]) for row in scores.rows]
    treated = scores.arms[1]
    y = y + (wanted[0] - weights[0] @ y) * (treated - treated.mean()) * room
    for members, (mean, _) in zip(scores.arms, scores.moments, strict=True):
        share = members / members.sum()
        weights.append(share)
        wanted.append(mean.nearest(float(share @ y)))
    low, high = scores.limits
    A, within = np.array(weights), np.clip(y, low, high)
    free = A * room
    change, *_ = np.linalg.lstsq(free @ free.T, np.array(wanted) - A @ within)
    return np.clip(y + free.T @ change, low, high)


def _rounded(y: Floats, arms: Sequence[Floats], limits: tuple[int, int], room: Floats) -> Floats:
    """Whole numbers near y whose sum by arm is the nearest to that of y, by those with room."""
    whole = np.round(y) + 0.0  # no negative zeros
    for members in arms:
        missing = float(members @ (y - whole))
        side, count = np.sign(missing), round(abs(missing))
        able = (
            (members > 0) & (room > 0) & (whole + side >= limits[0]) & (whole + side <= limits[1])
        )
        nearest = np.argsort(np.where(able, -side * (y - whole), np.inf), kind="stable")[:count]
        whole[nearest] += side
    return whole


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """An outcome taken apart by least squares.

    Parameters
    ----------
    residual, others, effect
        What is left, what the covariates other than the arm explain, and what the arm does, shape
        (n,).
    arms
        Members of each arm, shape (n,).
    """

    residual: Floats
    others: Floats
    effect: Floats
    arms: Sequence[np.ndarray]

    @classmethod
    def of(cls, row: Row, scores: Scores, ratio: float) -> _Parts:
        """Take an outcome apart, the clusters as different as asked for."""
        y, arms = scores.y, scores.arms
        at, X = row.frame.index.to_numpy(), row.X
        beta, *_ = np.linalg.lstsq(X, y[at])
        residual = y[at] - X @ beta
        means = _cluster_means(row, residual)
        if scores.between is not None:
            factor = _factor(row, residual, means, scores.between, ratio)
            residual += (factor - 1) * means[row.cluster]
        elif ratio > CLUSTERED:
            residual -= means[row.cluster] / 2
        others = np.delete(X, 1, axis=1) @ np.delete(beta, 1)
        return cls(residual, others, X[:, 1] * beta[1], [members[at] > 0 for members in arms])

    def variances(self, values: Floats) -> Floats:
        """Variance of a part in each arm."""
        return np.array([values[m].var() for m in self.arms])


def _cluster_means(row: Row, residual: Floats) -> Floats:
    """Mean of each cluster, zero for those of one, shape (G,)."""
    size = np.bincount(row.cluster)
    return np.asarray(np.where(size > 1, row.sums(residual) / size, 0.0))


def _factor(row: Row, residual: Floats, means: Floats, between: float, ratio: float) -> float:
    """What the cluster means are multiplied by for a ratio q of cluster to residual variance.

    With q, the sum of n_g times the squared mean of cluster g has the expectation of the residual
    variance times the sum of 1 + q n_g. Where the model finds a larger ratio than that, since the
    arm of single people has the larger variance, the means shrink further.
    """
    size = np.bincount(row.cluster)
    several = size > 1
    if not several.any():
        return 1.0
    within = (residual - means[row.cluster])[several[row.cluster]]
    variance = float(within @ within) / (size[several] - 1).sum()
    expected = variance * (1 + between * size[several]).sum()
    found = float((size * means**2).sum())
    larger = float((1 + ratio * size[several]).sum() / (1 + between * size[several]).sum())
    return float(np.sqrt(expected / found / max(larger, 1.0)))


def _stretched(scores: Scores, error: float, ratio: float) -> Floats:
    """Scores with the explained part times k and the residuals times k_a in arm a.

    With RSS the residual sum of squares that gives the printed error, n_a, v_a, e_a and c_a an
    arm's size, the variances of residual and explained part and their covariance, and D_a its
    standard deviation, k_a^2 v_a + 2 k k_a c_a + k^2 e_a = D_a^2, and the sum of n_a k_a^2 v_a is
    RSS. So k follows from the D_a (but for the c_a, which sum to nothing), and then the k_a.
    """
    row, y = scores.rows[0], scores.y.copy()
    parts = _Parts.of(row, scores, ratio)
    n = np.array([m.sum() for m in parts.arms])
    v, e = parts.variances(parts.residual), parts.variances(parts.others)
    rss = float(n @ v) * (float(row.region.aim[1]) / error) ** 2
    squares, k2 = _deviations(_spreads(scores) ** 2, n, e, rss)
    at = row.frame.index.to_numpy()
    for m, D2, v_a, e_a in zip(parts.arms, squares, v, e, strict=True):
        centre = parts.others[m].mean()
        explained = (parts.others[m] - centre) * np.sqrt(k2)
        c_a = float(np.mean(explained * parts.residual[m]))
        left = max(D2 - k2 * e_a, UNEXPLAINED * D2)
        k_a = (np.sqrt(c_a**2 + v_a * left) - c_a) / v_a
        y[at[m]] = centre + explained + parts.effect[m] + parts.residual[m] * k_a
    return y


def _spreads(scores: Scores) -> Floats:
    """Standard deviations that the arms could have, shape (arms, tries).

    They are as equal as their bounds let them, since a wider control arm would pass for a variance
    between clusters.
    """
    if scores.spread is not None:
        return np.array(scores.spread)[:, None]
    bounds = [sd for _, sd in scores.moments]
    least, most = (pick(b.middle for b in bounds) for pick in (min, max))
    common = np.linspace(0.9 * least, 1.1 * most, 21)
    return np.array([[bound.nearest(float(D)) for D in common] for bound in bounds])


def _deviations(squares: Floats, n: Floats, e: Floats, rss: float) -> tuple[Floats, float]:
    """The arms' D_a^2, of the columns tried, that leave k as near to 1 as it gets; and k^2."""
    factors = (n @ squares - rss) / (n @ e)
    best = int(np.argmin(np.abs(np.log(np.maximum(factors, 1e-6)))))
    return squares[:, best], float(np.clip(factors[best], *EXPLAINED))
