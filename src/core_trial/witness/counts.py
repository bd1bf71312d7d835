"""Negative binomial and zero-inflated models of counts, from statsmodels and scipy's distribution.

statsmodels finds the maximum; a likelihood of ``scipy.stats`` is climbed from there to the last
digit, and its slopes row by row give the errors by cluster.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from core_trial.witness.likelihood import Array, Top, climb
from core_trial.witness.made import Means
from core_trial.witness.plan import Sample
from core_trial.witness.sandwiches import by_cluster, jackknife, sandwich

COUNTS = Means(
    "statsmodels, then scipy.stats' likelihood with numeric slopes",
    1e-4,
    "steps of the differences",
)
#: Steps of the differences row by row.
STEP = 1e-4

#: From parameters of shape (b, q) to the log-likelihood of every row, shape (b, n).
ByRow = Callable[[Array], Array]


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """A fit: parameters (q,), the covariance of all, what leaving out each cluster changes."""

    point: Array
    cov: Array
    changes: Array | None
    loglik: float


def negative_binomial(data: Sample, *, robust: str) -> Counted:
    """Log-linear mean, variance mean + alpha mean^2; the last parameter is log alpha."""
    import statsmodels.api as sm

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = sm.NegativeBinomial(data.y, data.X, offset=data.offset)
        found = model.fit(disp=0, maxiter=200, method="bfgs")
    start = np.array(found.params)
    start[-1] = math.log(max(start[-1], 1e-6))
    return _finish(_nb_rows(data), start, data, robust)


def zero_inflated(data: Sample, *, robust: str) -> Counted:
    """The same for some, and zero for the others; the last but one is the logit of their share."""
    import statsmodels.api as sm

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        some = data.y > 0
        first = sm.NegativeBinomial(data.y[some], data.X[some]).fit(disp=0, method="bfgs")
    start = np.r_[np.array(first.params)[:-1], special.logit(np.clip((~some).mean(), 0.02, 0.98))]
    start = np.r_[start, math.log(max(float(first.params[-1]), 0.05))]
    return _finish(_zinb_rows(data), start, data, robust)


def _log_pmf(y: Array, mu: Array, log_alpha: Array) -> Array:
    """As ``scipy.stats.nbinom.logpmf`` has it, for many parameters at once."""
    size = np.exp(-log_alpha)
    value = special.gammaln(y + size) - special.gammaln(size) - special.gammaln(y + 1)
    return np.asarray(value + special.xlogy(y, mu / (size + mu)) - size * np.log1p(mu / size))


def _nb_rows(data: Sample) -> ByRow:
    def rows(theta: Array) -> Array:
        mu = np.exp(theta[:, :-1] @ data.X.T + data.offset)
        return _log_pmf(data.y, mu, theta[:, -1:])

    return rows


def _zinb_rows(data: Sample) -> ByRow:
    zero = data.y == 0

    def rows(theta: Array) -> Array:
        mu = np.exp(theta[:, :-2] @ data.X.T)
        count, logit = _log_pmf(data.y, mu, theta[:, -1:]), theta[:, -2:-1]
        never, some = -np.logaddexp(0, -logit), -np.logaddexp(0, logit)
        return np.asarray(np.where(zero, np.logaddexp(never, some + count), some + count))

    return rows


def expected(data: Sample, point: Array, most: int) -> Array:
    """Expected numbers of people with 0 to `most` by the zero-inflated model, (most + 1,)."""
    mu = np.exp(data.X @ point[:-2])[:, None]
    share = special.expit(point[-2])
    values = (1 - share) * np.exp(_log_pmf(np.arange(most + 1.0), mu, point[-1]))
    values[:, 0] += share
    return np.asarray(values.sum(axis=0))


def _finish(rows: ByRow, start: Array, data: Sample, robust: str) -> Counted:
    top = climb(lambda theta: rows(theta).sum(axis=1), start)
    if robust == "model":
        return Counted(top.point, top.cov, None, top.value)
    scores = _scores(rows, top.point)
    if robust == "sandwich":
        return Counted(top.point, sandwich(top.cov, scores, data.codes), None, top.value)
    changes = _left_out(rows, top, scores, data.codes)
    return Counted(top.point, jackknife(changes), changes, top.value)


def _scores(rows: ByRow, point: Array) -> Array:
    """Slope of every row's log-likelihood, shape (n, q)."""
    eye = STEP * np.eye(len(point))
    return ((rows(point + eye) - rows(point - eye)) / (2 * STEP)).T


def _left_out(rows: ByRow, top: Top, scores: Array, codes: Array) -> Array:
    """One Newton step without each cluster, shape (G, q)."""
    own = by_cluster(_curvatures(rows, top.point), codes)
    total, q = by_cluster(scores, codes), len(top.point)
    steps = [
        -np.linalg.solve(top.information - a.reshape(q, q), s)
        for a, s in zip(own, total, strict=True)
    ]
    return np.array(steps)


def _curvatures(rows: ByRow, point: Array) -> Array:
    """Negative second derivatives of every row's log-likelihood, shape (n, q * q)."""
    q, h = len(point), 1e-3
    eye = h * np.eye(q)
    found = np.zeros((rows(point[None]).shape[1], q, q))
    for j in range(q):
        for k in range(j + 1):
            corners = np.array(
                [point + a * eye[j] + b * eye[k] for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
            )
            four = rows(corners)
            found[:, j, k] = found[:, k, j] = -(four[0] - four[1] - four[2] + four[3]) / (4 * h * h)
    return found.reshape(len(found), q * q)
