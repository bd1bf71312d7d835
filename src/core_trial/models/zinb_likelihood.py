r"""The zero-inflated negative binomial: log-likelihood and derivatives.

With :math:`\mu = e^{\eta}`, :math:`\pi = \mathrm{logit}^{-1}(\zeta)`, :math:`\alpha = e^{a}`,
:math:`u = 1 + \alpha\mu` and :math:`L = \log(u)/\alpha`, a row contributes

.. math::
   y > 0:&\quad \log(1-\pi) + \sum_{j<y}\log(1 + \alpha j) + y(\eta - \log u) - L - \log y! \\
   y = 0:&\quad \log\{\pi + (1-\pi)e^{-L}\}.

Written so, nothing cancels as alpha falls to zero, where it becomes the zero-inflated Poisson.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from core_trial.models.design import Ints
from core_trial.models.inference import Floats
from core_trial.models.rising import rising

#: exp() of more than this is not a number to count with.
LARGEST_EXPONENT = 500.0
#: Log alpha that stands for alpha = 0: the formulas then give the Poisson's value, digit by digit.
NO_DISPERSION = -660.0


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Counts and covariates of n distinct rows, zeros first.

    Parameters
    ----------
    y
        Counts, shape (n,).
    x, z
        Covariates of the count part, shape (p, n), and of the inflation, shape (k, n).
    weight
        How many rows each one stands for, shape (n,).
    zeros
        Number of distinct rows with a zero.
    values, index
        The distinct positive counts, shape (v,), and which of them each positive row has.
    """

    y: Floats
    x: Floats
    z: Floats
    weight: Floats
    zeros: int
    values: Ints
    index: Ints

    @property
    def n_parameters(self) -> int:
        """Coefficients of both parts, and log alpha."""
        return len(self.x) + len(self.z) + 1

    @property
    def constant(self) -> float:
        """What the log-likelihood holds beside the parameters, the sum of log y!."""
        per_value = special.gammaln(self.values + 1.0)
        return float(self.weight[self.zeros :] @ per_value[self.index])


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Log-likelihood and its derivatives by eta, zeta and a, row by row, each of shape (n,)."""

    loglik: Floats
    eta: Floats
    zeta: Floats
    a: Floats
    eta_eta: Floats
    eta_zeta: Floats
    eta_a: Floats
    zeta_zeta: Floats
    zeta_a: Floats
    a_a: Floats


def evaluate(data: Counts, at: Floats) -> tuple[float, Floats, Floats]:
    """Log-likelihood without `Counts.constant`, gradient (q,) and negative Hessian (q, q).

    Parameters
    ----------
    at
        Coefficients of the counts (p), of the inflation (k), and log alpha.
    """
    r, x, z, w = rows(data, at), data.x, data.z, data.weight
    gradient = np.concatenate([x @ (w * r.eta), z @ (w * r.zeta), [w @ r.a]])
    p, q = len(x), data.n_parameters
    information = np.empty((q, q))
    information[:p, :p] = (x * (w * r.eta_eta)) @ x.T
    information[:p, p:-1] = (x * (w * r.eta_zeta)) @ z.T
    information[p:-1, p:-1] = (z * (w * r.zeta_zeta)) @ z.T
    information[:p, -1] = x @ (w * r.eta_a)
    information[p:-1, -1] = z @ (w * r.zeta_a)
    information[-1, -1] = w @ r.a_a
    information[p:-1, :p] = information[:p, p:-1].T
    information[-1, :-1] = information[:-1, -1]
    return float(w @ r.loglik), gradient, -information


def scores(data: Counts, at: Floats) -> Floats:
    """Gradient of each distinct row's log-likelihood, shape (n, q)."""
    r = rows(data, at)
    return np.vstack([data.x * r.eta, data.z * r.zeta, r.a[None]]).T


def dispersion_score(data: Counts, at: Floats) -> float:
    """Slope of the log-likelihood by alpha at alpha = 0, given the other parameters there.

    At the maximum over these, a slope of zero or less says that no dispersion fits better.
    """
    p, n0 = len(data.x), data.zeros
    mu = np.exp(np.minimum(at[:p] @ data.x, LARGEST_EXPONENT))
    zeta = at[p:-1] @ data.z
    chance = special.expit(-zeta[:n0] - mu[:n0])  # P(a zero of the counts | zero)
    excess = (data.y[n0:] - mu[n0:]) ** 2 - data.y[n0:]
    return float(data.weight[:n0] @ (chance * mu[:n0] ** 2) + data.weight[n0:] @ excess) / 2


def rows(data: Counts, at: Floats) -> Rows:
    """Everything row by row; zeros and positive counts have formulas of their own."""
    p, n0 = len(data.x), data.zeros
    eta = np.minimum(at[:p] @ data.x, LARGEST_EXPONENT)
    zeta = at[p:-1] @ data.z
    alpha = np.exp(min(max(float(at[-1]), NO_DISPERSION), LARGEST_EXPONENT))
    mu = np.exp(eta)
    with np.errstate(over="ignore", invalid="ignore"):
        u = 1 + alpha * mu
        log_u = np.log(u) if alpha > 1 else np.log1p(alpha * mu)
        L, m = log_u / alpha, mu / u
        pi = special.expit(zeta)
        f = 1 - 1 / u if alpha > 1 else alpha * m
        zero = _zeros(zeta[:n0], pi[:n0], L[:n0], m[:n0], u[:n0], f[:n0])
        positive = _positive(
            data, alpha, zeta[n0:], pi[n0:], eta[n0:], log_u[n0:], L[n0:], m[n0:], u[n0:], f[n0:]
        )
    joined = (np.concatenate([a, b]) for a, b in zip(zero, positive, strict=True))
    return Rows(*joined)


def _zeros(
    zeta: Floats, pi: Floats, L: Floats, m: Floats, u: Floats, f: Floats
) -> tuple[Floats, ...]:
    """Fields of `Rows` for zeros, by way of q = log P(0) of the counts."""
    r = special.expit(zeta + L)  # P(excess zero | zero)
    s, v = 1 - r, r * (1 - r)
    q_eta, q_a = -m, L - m
    q_ee, q_ea, q_aa = -m / u, m * f, m * f - (L - m)
    return (
        np.logaddexp(zeta, -L) - np.logaddexp(0, zeta),
        s * q_eta,
        r - pi,
        s * q_a,
        s * q_ee + v * q_eta**2,
        -v * q_eta,
        s * q_ea + v * q_eta * q_a,
        v - pi * (1 - pi),
        -v * q_a,
        s * q_aa + v * q_a**2,
    )


def _positive(
    data: Counts,
    alpha: float,
    zeta: Floats,
    pi: Floats,
    eta: Floats,
    log_u: Floats,
    L: Floats,
    m: Floats,
    u: Floats,
    f: Floats,
) -> tuple[Floats, ...]:
    """Fields of `Rows` for positive counts."""
    y = data.y[data.zeros :]
    T, T_a, T_aa = (value[data.index] for value in rising(data.values, alpha))
    none = np.zeros(len(y))
    residual = y / u - m
    return (
        T + y * (eta - log_u) - L - np.logaddexp(0, zeta),
        residual,
        -pi,
        T_a - y * f - m + L,
        -m * (1 + alpha * y) / u,
        none,
        -residual * f,
        -pi * (1 - pi),
        none,
        T_aa - residual * f + m - L,
    )
