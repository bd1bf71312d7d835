r"""Likelihood of the linear model with one random intercept, its score and its information.

The variances are :math:`\theta = (\tau, \sigma^2_1, \dots, \sigma^2_L)` and
:math:`V = \sum_i \theta_i G_i`. Score and information have closed forms in :math:`V^{-1}`, which on
the cells of a cluster is a matrix of L rows at most.

References
----------
Harville (1977), J Am Stat Assoc 72: 320-38 (restricted likelihood, score and information).
Searle, Casella and McCulloch (1992), Variance Components, chapter 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import isqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core_trial.errors import DesignError
from core_trial.models.inference import Floats
from core_trial.models.linear.layout import LinearLayout, Patterns
from core_trial.models.linear.sufficient import Statistics

Method = Literal["ml", "reml"]
#: Smallest residual variance in units of the overall one. The score near zero is a difference of
#: terms that grow with the inverse square of the variance: further down it has no digits.
FLOOR = 1e-7


@dataclass(frozen=True, eq=False)
class Likelihood:
    """Sufficient statistics and method: the likelihood as a function of the variances.

    Parameters
    ----------
    patterns, log_det
        From the layout: cell sizes, and the determinant of its basis.
    products, spread, saturated
        As in `linear_statistics.Statistics`.
    restricted
        Whether the likelihood is the restricted one.
    """

    patterns: Patterns
    log_det: float
    products: Floats
    spread: Floats
    saturated: NDArray[np.bool_]
    restricted: bool

    @cached_property
    def p(self) -> int:
        """Number of coefficients."""
        return isqrt(self.products.shape[1]) - 1

    @cached_property
    def rows(self) -> float:
        """Rows, less the coefficients when the likelihood is restricted."""
        return float(self.patterns.rows.sum()) - self.p * self.restricted

    @cached_property
    def floor(self) -> Floats:
        """Lower bounds of the variances, shape (m,).

        A residual variance needs one when no cluster has two rows of its level, or when these are
        saturated: then its maximum can be at zero, where V has no inverse.
        """
        single = self.saturated | (self.patterns.spare == 0)
        return np.append(0.0, np.where(single, FLOOR, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """Everything that estimation and inference need at one value of the m = L + 1 variances.

    Parameters
    ----------
    theta
        The variances, shape (m,).
    loglik
        (Restricted) log-likelihood, in units of the statistics.
    score, observed
        Its gradient, shape (m,), and minus its Hessian, shape (m, m).
    expected
        Expected information of the restricted likelihood, shape (m, m), whatever the method.
    scaling
        Diagonal of the expected information if the coefficients were known, shape (m,).
    delta
        Generalised minus ordinary least-squares coefficients on the basis, shape (p,).
    phi
        inv(Q'V^-1 Q), shape (p, p).
    slopes
        Q'V^-1 G_i V^-1 Q, shape (m, p, p).
    bends
        Q'V^-1 G_i V^-1 G_j V^-1 Q, made symmetric, shape (m, m, p, p).
    excess
        e'V^-1 e over its least value, r'V^-1 r: its logarithm is the digits that subtraction cost.
    """

    theta: Floats
    loglik: float
    score: Floats
    observed: Floats
    expected: Floats
    scaling: Floats
    delta: Floats
    phi: Floats
    slopes: Floats
    bends: Floats
    excess: float


def likelihood(layout: LinearLayout, stats: Statistics, method: Method) -> Likelihood:
    """The likelihood of an outcome, from its sufficient statistics.

    Raises
    ------
    DesignError
        When it has no maximum.
    """
    if method == "ml" and stats.saturated.any():
        raise DesignError(
            "as many coefficients as rows for a residual variance: the likelihood has no maximum; "
            "take covariates out, or use method='reml'"
        )
    return Likelihood(
        patterns=layout.patterns,
        log_det=layout.basis.log_det,
        products=stats.products,
        spread=stats.spread,
        saturated=stats.saturated,
        restricted=method == "reml",
    )


def evaluate(model: Likelihood, theta: Floats) -> Point:
    """Log-likelihood, its derivatives, and the matrices that the covariance is made of."""
    pat, p, m, pairs = model.patterns, model.p, len(theta), model.patterns.pairs
    inverse = _inverse(pat, theta)
    VG = inverse @ pat.slopes
    first = VG @ inverse
    second = VG[pat.left] @ first[pat.right]
    forms = _forms(model, np.concatenate([inverse[None], first, second]), _powers(pat, theta))
    phi = np.asarray(np.linalg.inv(forms[0, :p, :p]), dtype=np.float64)
    delta = phi @ forms[0, :p, p]
    along = forms @ np.append(-delta, 1.0)
    square = along[:, p] - along[:, :p] @ delta
    h = along[1 : 1 + m, :p]
    known, known2 = _traces(pat, theta, VG)
    lost = forms[:, :p, :p].reshape(-1, p * p) @ phi.ravel()
    slopes = forms[1 : 1 + m, :p, :p]
    PS = phi @ slopes
    lost2 = PS.reshape(m, -1) @ PS.transpose(0, 2, 1).reshape(m, -1).T
    restricted = known2 - 2 * lost[pairs] + lost2
    trace, trace2 = known, known2
    if model.restricted:
        trace, trace2 = known - lost[1 : 1 + m], restricted
    return Point(
        theta=theta,
        loglik=float(_loglik(model, theta, square[0], -np.linalg.slogdet(phi)[1])),
        score=0.5 * (square[1 : 1 + m] - trace),
        observed=square[pairs] - h @ phi @ h.T - 0.5 * trace2,
        expected=0.5 * restricted,
        scaling=0.5 * np.diagonal(known2),
        delta=delta,
        phi=phi,
        slopes=slopes,
        bends=forms[pairs, :p, :p],
        excess=float(forms[0, p, p] / square[0]) if square[0] > 0 else np.inf,
    )


def profile(model: Likelihood, ratios: Floats) -> tuple[Floats, Floats]:
    """Log-likelihood with the overall scale at its best, at many ratios of the variances.

    Parameters
    ----------
    ratios
        Variances up to a common factor, shape (g, m).

    Returns
    -------
    tuple of arrays
        The log-likelihoods, shape (g,), and the variances, shape (g, m).
    """
    inverse = _inverse(model.patterns, ratios)
    forms = _forms(model, inverse, 1.0 / ratios[:, 1:])
    d = np.diagonal(np.linalg.cholesky(forms), axis1=1, axis2=2)
    square = d[:, -1] ** 2
    scale = square / model.rows
    theta = ratios * scale[:, None]
    log_det = 2.0 * np.log(d[:, :-1]).sum(axis=1) - model.p * np.log(scale)
    return _loglik(model, theta, model.rows, log_det), theta


def _loglik(model: Likelihood, theta: Floats, square: float, log_det: Floats | float) -> Floats:
    """Harville (1977), equations 3.2 and 3.3, constants included; theta may have leading axes."""
    pat = model.patterns
    s = _precision(pat, theta)
    log_v = np.log(theta[..., 1:]) @ pat.rows + np.log1p(theta[..., :1] * s) @ pat.count
    total = model.rows * np.log(2 * np.pi) + log_v + square
    if model.restricted:
        total = total + log_det + 2 * model.log_det
    loglik: Floats = -0.5 * total
    return loglik


def _precision(pat: Patterns, theta: Floats) -> Floats:
    """Sum of a cluster's residual precisions, by pattern, shape (..., K)."""
    return (1.0 / theta[..., 1:]) @ pat.sizes.T


def _inverse(pat: Patterns, theta: Floats) -> Floats:
    """Inverse of V on the cells of a cluster, shape (..., K, L, L), free of cancellation."""
    w, tau = 1.0 / theta[..., None, 1:], theta[..., :1]
    weight = pat.sizes * w
    shrink = 1.0 + tau * _precision(pat, theta)
    if pat.levels == 1:
        return (weight[..., 0] / shrink)[..., None, None]
    levels, row, column = range(pat.levels), pat.at_base[:, :, None], pat.at_base[:, None, :]
    shrunk = weight / shrink[..., None]
    inverse = weight[..., :, None] * shrunk[..., None, :] * -tau[..., None, None]
    others = weight @ (1.0 - np.eye(pat.levels))
    inverse[..., levels, levels] = shrunk * (1.0 + tau[..., None] * others)
    inverse = np.where(row, shrunk[..., None, :], inverse)
    inverse = np.where(column, shrunk[..., :, None], inverse)
    return np.where(row & column, shrunk.sum(axis=-1)[..., None, None], inverse)


def _powers(pat: Patterns, theta: Floats) -> Floats:
    """Weights of the spread within cells in each matrix that `evaluate` asks for, shape (f, L)."""
    w = 1.0 / theta[1:]
    return np.concatenate([w[None], pat.own * w**2, pat.own[pat.left] * pat.own[pat.right] * w**3])


def _forms(model: Likelihood, stack: Floats, within: Floats) -> Floats:
    """Weighted sums of the cross-products, shape (f, q, q), one per matrix of `stack`."""
    pat = model.patterns
    pairs = stack[:, pat.pattern, pat.first, pat.second]
    if pat.levels > 1:
        pairs = 0.5 * (pairs + stack[:, pat.pattern, pat.second, pat.first])
    q = model.p + 1
    return (np.hstack([within, pairs]) @ model.products).reshape(-1, q, q)


def _traces(pat: Patterns, theta: Floats, VG: Floats) -> tuple[Floats, Floats]:
    """Traces of V^-1 G_i, shape (m,), and of V^-1 G_i V^-1 G_j, shape (m, m)."""
    w, m = 1.0 / theta[1:], len(theta)
    weighted = VG * pat.count[:, None, None]
    one = np.trace(weighted.sum(axis=1), axis1=1, axis2=2)
    two = weighted.reshape(m, -1) @ VG.swapaxes(2, 3).reshape(m, -1).T
    one[1:] += pat.spare * w
    two[range(1, m), range(1, m)] += pat.spare * w**2
    return one, two
