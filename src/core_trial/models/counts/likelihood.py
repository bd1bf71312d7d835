r"""The negative binomial, zero-inflated or not: log-likelihood and derivatives.

With :math:`\mu = e^{\eta}`, :math:`\pi = \mathrm{logit}^{-1}(\zeta)`, :math:`\alpha = e^{a}`,
:math:`u = 1 + \alpha\mu` and :math:`L = \log(u)/\alpha`, a row contributes

.. math::
   y > 0:&\quad \log(1-\pi) + \sum_{j<y}\log(1 + \alpha j) + y(\eta - \log u) - L - \log y! \\
   y = 0:&\quad \log\{\pi + (1-\pi)e^{-L}\}.

Written so, nothing cancels as alpha falls to zero, where it becomes the zero-inflated Poisson.
Without an inflation part :math:`\pi` is zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from core_trial.models.clusters import Ints
from core_trial.models.inference import Floats
from core_trial.models.numerics.rising import Tally

#: exp() of more than this is not a number to count with; products of two such still are.
LARGEST_EXPONENT = 300.0
#: Log alpha that stands for alpha = 0: the formulas then give the Poisson's value, digit by digit.
NO_DISPERSION = -660.0
#: Relative rounding error of long sums.
ROUNDING = 64 * float(np.finfo(float).eps)
#: Above this, Stirling's series for log Gamma has sixteen digits.
LARGE = 16.0


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Counts and covariates of n distinct rows, zeros first.

    Parameters
    ----------
    y, log_y
        Counts and their logarithms (0 for zeros), shape (n,).
    x, z
        Covariates of the count part, shape (p, n), and of the inflation, shape (k, n); k = 0 is a
        model without inflation.
    offset
        What the linear predictor of the counts holds beside the covariates, shape (n,).
    weight
        How many rows each one stands for, shape (n,).
    zeros
        Number of distinct rows with a zero.
    tally, index
        The distinct positive counts, and which of them each positive row has.
    """

    y: Floats
    log_y: Floats
    x: Floats
    z: Floats
    offset: Floats
    weight: Floats
    zeros: int
    tally: Tally
    index: Ints

    @property
    def n_parameters(self) -> int:
        """Coefficients of both parts, and log alpha."""
        return len(self.x) + len(self.z) + 1

    def predictors(self, at: Floats) -> tuple[Floats, Floats]:
        """Linear predictors of the counts, held below overflow, and of the inflation, (n,) each."""
        p = len(self.x)
        eta = np.minimum(at[:p] @ self.x + self.offset, LARGEST_EXPONENT)
        return eta, at[p:-1] @ self.z if len(self.z) else np.full(len(eta), -np.inf)

    @property
    def rounding(self) -> float:
        """What rounding may do to the value of `evaluate`, which adds terms as large as y log y."""
        return ROUNDING * float(self.weight @ (self.y * (1 + self.log_y)))


#: Rows of the array that `rows` returns: log-likelihood, first and second derivatives.
LOGLIK, A, A_A, ETA, ETA_A, ETA_ETA, ZETA, ZETA_A, ZETA_ZETA, ETA_ZETA = range(10)

#: Which row of `rows` is the second derivative by two of eta, zeta and a, in this order.
_SECOND = {
    (ETA, ETA): ETA_ETA,
    (ETA, ZETA): ETA_ZETA,
    (ZETA, ZETA): ZETA_ZETA,
    (ETA, A): ETA_A,
    (ZETA, A): ZETA_A,
    (A, A): A_A,
}


def evaluate(data: Counts, at: Floats) -> tuple[float, Floats, Floats]:
    """Log-likelihood, gradient (q,) and negative Hessian (q, q).

    The log-likelihood lacks the sum of log y! - y log y + y; see `log_likelihood`.

    Parameters
    ----------
    at
        Coefficients of the counts (p), of the inflation (k), and log alpha.
    """
    x, z, p, q = data.x, data.z, len(data.x), data.n_parameters
    alpha = _alpha(at)
    d = rows(data, at, alpha)
    d *= data.weight
    loglik, by_a, by_aa = d[: A_A + 1].sum(axis=1) + data.tally.total(alpha)
    by_x, by_z = d[ETA : ETA_A + 1] @ x.T, d[ZETA : ZETA_A + 1] @ z.T
    gradient = np.concatenate([by_x[0], by_z[0], [by_a]])
    information = np.empty((q, q))
    information[:p, :p] = (x * d[ETA_ETA]) @ x.T
    information[:p, p:-1] = (x * d[ETA_ZETA]) @ z.T
    information[p:-1, p:-1] = (z * d[ZETA_ZETA]) @ z.T
    information[p:-1, :p] = information[:p, p:-1].T
    information[:p, -1] = information[-1, :p] = by_x[1]
    information[p:-1, -1] = information[-1, p:-1] = by_z[1]
    information[-1, -1] = by_aa
    np.negative(information, out=information)
    return float(loglik), gradient, information


def log_likelihood(data: Counts, at: Floats) -> float:
    r"""Log-likelihood, constants included, free of cancellation however large the counts.

    With :math:`r = 1/\alpha` and :math:`n = r + y`, the negative binomial is r/n times the binomial
    probability of r in n, which Loader writes with Stirling's errors of n, r and y and with the
    deviances :math:`(1 + t)\log(1 + t) - t` of r and y from what is expected of them.

    References
    ----------
    Loader (2000), Fast and accurate computation of binomial probabilities.
    """
    n0, alpha = data.zeros, _alpha(at)
    eta, zeta = data.predictors(at)
    means = np.exp(eta)
    none = special.log_expit(-zeta[:n0]) - np.log1p(alpha * means[:n0]) / alpha
    zeros = np.logaddexp(special.log_expit(zeta[:n0]), none)
    y, mu, r = data.y[n0:], means[n0:], 1 / alpha
    share, ratio = 1 / (1 + alpha * y), (1 + alpha * y) / (1 + alpha * mu)
    deviance = r * ratio * _deviance(alpha * (mu - y) * share)
    deviance += mu * ratio * _deviance((y - mu) / mu * share)
    stirling = _stirling_error(r + y) - _stirling_error(np.array([r])) - _stirling_error(y)
    counts = stirling - deviance + (np.log(share) - np.log(2 * np.pi * y)) / 2
    counts += special.log_expit(-zeta[n0:])
    return float(data.weight @ np.concatenate([zeros, counts]))


def _deviance(t: Floats) -> Floats:
    """(1 + t) log(1 + t) - t."""
    return np.asarray(special.xlog1py(1 + t, t) - t)


def _stirling_error(z: Floats) -> Floats:
    """Log z! less Stirling's approximation of it."""
    safe = np.minimum(z, LARGE)
    exact = special.gammaln(safe + 1) - (safe + 0.5) * np.log(safe) + safe - np.log(2 * np.pi) / 2
    w = 1 / np.maximum(z, LARGE)
    series = w * (1 / 12 - w**2 * (1 / 360 - w**2 * (1 / 1260 - w**2 * (1 / 1680 - w**2 / 1188))))
    return np.where(z > LARGE, series, exact)


def scores(data: Counts, at: Floats) -> Floats:
    """Gradient of each distinct row's log-likelihood, shape (n, q)."""
    alpha = _alpha(at)
    d = rows(data, at, alpha)
    d[A, data.zeros :] += data.tally.slopes(alpha)[data.index]
    return np.concatenate([data.x * d[ETA], data.z * d[ZETA], d[A : A + 1]]).T


def informations(data: Counts, at: Floats, row: Ints, codes: Ints, weight: Floats) -> Floats:
    """Negative Hessian of each cluster's log-likelihood, shape (G, q, q).

    Parameters
    ----------
    row
        Distinct row of each of the n rows, shape (n,).
    codes
        Cluster of each row, integers from 0 to G - 1, shape (n,).
    weight
        What each row counts for, shape (n,).
    """
    alpha, n0 = _alpha(at), data.zeros
    d = rows(data, at, alpha)
    d[A_A, n0:] += data.tally.bends(alpha)[data.index]
    d = d[:, row] * weight
    parts = ([(x, ETA) for x in data.x], [(z, ZETA) for z in data.z], [(np.ones(len(data.y)), A)])
    columns = [(value[row], kind) for part in parts for value, kind in part]
    G, q = int(codes.max()) + 1, data.n_parameters
    found = np.empty((G, q, q))
    for j, (left, of_left) in enumerate(columns):
        for k, (right, of_right) in enumerate(columns[: j + 1]):
            second = d[_SECOND[of_right, of_left]]
            found[:, j, k] = found[:, k, j] = -np.bincount(codes, left * right * second, G)
    return found


def _alpha(at: Floats) -> float:
    return float(np.exp(min(max(at[-1], NO_DISPERSION), LARGEST_EXPONENT)))


def dispersion_score(data: Counts, at: Floats) -> float:
    """Slope of the log-likelihood by alpha at alpha = 0, given the other parameters there.

    At the maximum over these, a slope of zero or less says that no dispersion fits better.
    """
    n0 = data.zeros
    eta, zeta = data.predictors(at)
    mu = np.exp(eta)
    chance = special.expit(-zeta[:n0] - mu[:n0])  # P(a zero of the counts | zero)
    excess = (data.y[n0:] - mu[n0:]) ** 2 - data.y[n0:]
    return float(data.weight[:n0] @ (chance * mu[:n0] ** 2) + data.weight[n0:] @ excess) / 2


def rows(data: Counts, at: Floats, alpha: float) -> Floats:
    """Log-likelihood and derivatives by eta, zeta and a = log alpha of each distinct row.

    The sums over j < y are left to `Tally`.

    Returns
    -------
    ndarray
        Shape (10, n), in the order of `LOGLIK` and its fellows.
    """
    n0 = data.zeros
    eta, zeta = data.predictors(at)
    with np.errstate(over="ignore", invalid="ignore"):
        mu = np.exp(eta)
        spread = alpha * mu
        log_u = np.log1p(spread)
        g = 1 / (1 + spread)
        pi = special.expit(zeta)
        L, m = log_u / alpha, mu * g
        out = np.empty((10, len(eta)))
        out[LOGLIK] = special.log_expit(-zeta) - L
        out[A] = slack = L - m
        out[ZETA] = -pi
        out[ZETA_ZETA] = pi * (pi - 1)
        _zeros(out[:, :n0], zeta[:n0] + L[:n0], slack[:n0], m[:n0], g[:n0])
        log_rate = eta[n0:] - log_u[n0:]
        _positive(out[:, n0:], data, alpha, log_rate, m[n0:], g[n0:])
    return out


def _zeros(out: Floats, odds: Floats, slack: Floats, m: Floats, g: Floats) -> None:
    """Make of the common parts what zeros contribute, by way of q = -L = log P(0) of the counts.

    `odds` is the log odds of an excess zero given a zero, and `slack`, L - m, the derivative of q
    by a.
    """
    r, s = special.expit(odds), special.expit(-odds)
    v = r * s
    vm, sm, v_slack = v * m, s * m, v * slack
    out[LOGLIK] -= special.log_expit(-odds)
    out[A] *= s
    out[A_A] = sm * (1 - g) - out[A] + v_slack * slack
    out[ETA] = -sm
    out[ETA_A] = sm * (1 - g) - vm * slack
    out[ETA_ETA] = vm * m - sm * g
    out[ZETA] += r
    out[ZETA_A] = -v_slack
    out[ZETA_ZETA] += v
    out[ETA_ZETA] = vm


def _positive(
    out: Floats, data: Counts, alpha: float, log_rate: Floats, m: Floats, g: Floats
) -> None:
    """Make of the common parts what positive counts contribute; `log_rate` is eta - log u."""
    y, log_y = data.y[data.zeros :], data.log_y[data.zeros :]
    f = 1 - g
    residual = y * g - m
    rf = residual * f
    out[A_A] = -rf - out[A]
    out[A] -= y * f
    out[LOGLIK] += y + y * (log_rate - log_y)
    out[ETA] = residual
    out[ETA_A] = -rf
    out[ETA_ETA] = -m * (g + alpha * y * g)
    out[ZETA_A] = 0.0
    out[ETA_ZETA] = 0.0
