r"""Likelihood of the linear model with one random intercept, and the variances that maximise it.

The variances are :math:`\theta = (\tau, \sigma^2_1, \dots, \sigma^2_L)` and
:math:`V = \sum_i \theta_i G_i`. Score and information have closed forms in :math:`V^{-1}`, which on
the cells of a cluster is a matrix of L rows at most.

References
----------
Harville (1977), J Am Stat Assoc 72: 320-38 (restricted likelihood, score and information).
Searle, Casella and McCulloch (1992), Variance Components, chapter 6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isqrt
from typing import Literal

import numpy as np

from core_trial.models.inference import Floats
from core_trial.models.linear_statistics import LinearLayout, Patterns

Method = Literal["ml", "reml"]
#: Newton's method stops when the squared distance to the maximum, in standard errors, is below.
CLOSE = 1e-18
#: What still counts as converged when rounding allows no further step.
NEAR = 1e-9
STEPS = 100
#: Smallest residual variance in units of the overall one.
FLOOR = 1e-9
#: Eigenvalue of the scaled information below which a direction of the variances is not identified.
FLAT = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Sufficient statistics and method: the likelihood as a function of the variances.

    Parameters
    ----------
    patterns
        Cell sizes and their counts.
    products
        As in `Statistics`, shape (L + S, q * q).
    restricted
        Whether the likelihood is the restricted one.
    log_det
        As in `Basis`.
    """

    patterns: Patterns
    products: Floats
    restricted: bool
    log_det: float

    @property
    def p(self) -> int:
        """Number of coefficients."""
        return isqrt(self.products.shape[1]) - 1

    @property
    def rows(self) -> float:
        """Rows, less the coefficients when the likelihood is restricted."""
        return float(self.patterns.rows.sum()) - self.p * self.restricted

    @property
    def floor(self) -> Floats:
        """Lower bounds of the variances, shape (m,).

        A residual variance needs one when no cluster has two rows of its level: then its maximum
        can be at zero, where V has no inverse.
        """
        single = self.patterns.rows == self.patterns.cells
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


@dataclass(frozen=True, slots=True, eq=False)
class Maximum:
    """Where the likelihood is largest.

    Parameters
    ----------
    point
        The maximum.
    null
        The maximum with the cluster variance at zero.
    identified
        False when the data cannot tell the cluster variance from the others; `point` is `null`.
    flat
        Directions of the variances about which the data say nothing, shape (m, k).
    converged
        Whether the search ended at a stationary point.
    """

    point: Point
    null: Point
    identified: bool
    flat: Floats
    converged: bool


def maximise(layout: LinearLayout, products: Floats, method: Method) -> Maximum:
    """Find the variances that maximise the likelihood, searching all cluster variances.

    The profile over the cluster variance can have two maxima, one of them at zero. It is therefore
    laid out on a grid first; Newton's method starts from every local maximum of the grid.
    """
    model = Model(layout.patterns, products, method == "reml", layout.basis.log_det)
    start = profile(model, _start(model)[None])[1][0]
    null, settled = _newton(model, start, fixed=True)
    flat = _flat(null)
    if np.abs(flat[0]).max(initial=0.0) > 1e-6:
        return Maximum(null, null, False, flat, settled)
    best, done = null, settled
    for theta in _candidates(model, null):
        found, stationary = _newton(model, theta)
        if found.loglik > best.loglik or (best is null and null.score[0] > 0):
            best, done = found, stationary
    return Maximum(best, null, True, flat[:, :0], done)


def evaluate(model: Model, theta: Floats) -> Point:
    """Log-likelihood, its derivatives, and the matrices that the covariance is made of."""
    pat, p, m = model.patterns, model.p, len(theta)
    inverse = _inverse(pat, theta)
    slope = _derivatives(pat, theta)
    VG = inverse @ slope
    first = VG @ inverse
    second = VG[:, None] @ first
    i, j = np.triu_indices(m)
    stack = np.concatenate([inverse[None], first, second[i, j]])
    forms = _forms(model, stack, _powers(theta, i, j))
    phi = np.asarray(np.linalg.inv(forms[0, :p, :p]), dtype=np.float64)
    delta = phi @ forms[0, :p, p]
    contrast = np.append(-delta, 1.0)
    along = forms @ contrast
    square = along @ contrast
    pairs = np.empty((m, m), dtype=int)
    pairs[i, j] = pairs[j, i] = 1 + m + np.arange(len(i))
    slopes, h = forms[1 : 1 + m, :p, :p], along[1 : 1 + m, :p]
    bends = forms[pairs][:, :, :p, :p]
    trace, trace2 = _traces(pat, theta, VG)
    PS = phi @ slopes
    restricted = trace2 - 2 * np.einsum("ab,ijba->ij", phi, bends)
    restricted += np.einsum("iab,jba->ij", PS, PS)
    loss = np.einsum("iaa->i", PS) if model.restricted else 0.0
    score = -0.5 * (trace - loss - square[1 : 1 + m])
    observed = square[pairs] - h @ phi @ h.T - 0.5 * (restricted if model.restricted else trace2)
    log_det = -np.linalg.slogdet(phi)[1]
    loglik = float(_loglik(model, theta, square[0], log_det))
    scaling = 0.5 * np.diagonal(trace2)
    return Point(
        theta, loglik, score, observed, 0.5 * restricted, scaling, delta, phi, slopes, bends
    )


def profile(model: Model, ratios: Floats) -> tuple[Floats, Floats]:
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


def _loglik(model: Model, theta: Floats, square: float, log_det: Floats | float) -> Floats:
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
    L = pat.levels
    w, tau = 1.0 / theta[..., None, 1:], theta[..., :1]
    shrink = 1.0 + tau * _precision(pat, theta)
    root = np.sqrt(pat.sizes) * w
    inverse = root[..., :, None] * root[..., None, :] * (-tau / shrink)[..., None, None]
    others = (pat.sizes * w) @ (1.0 - np.eye(L))
    diagonal = w * (1.0 + tau[..., None] * others) / shrink[..., None]
    inverse[..., range(L), range(L)] = diagonal
    return inverse


def _derivatives(pat: Patterns, theta: Floats) -> Floats:
    """The matrices G_i on the cells of a cluster, shape (m, K, L, L)."""
    K, L = pat.sizes.shape
    G = np.zeros((L + 1, K, L, L))
    root = np.sqrt(pat.sizes)
    G[0] = root[:, :, None] * root[:, None, :]
    for k in range(L):
        G[k + 1, :, k, k] = pat.sizes[:, k] > 0
    return G


def _powers(theta: Floats, i: np.ndarray, j: np.ndarray) -> Floats:
    """Weights of the spread within cells in each matrix that `evaluate` asks for, shape (f, L)."""
    w = 1.0 / theta[1:]
    own = np.vstack([np.zeros_like(w), np.diag(w)])
    return np.vstack([w, own * w, own[i] * own[j] * w])


def _forms(model: Model, stack: Floats, within: Floats) -> Floats:
    """Weighted sums of the cross-products, shape (f, q, q), one per matrix of `stack`."""
    pat = model.patterns
    pairs = stack[:, pat.pattern, pat.first, pat.second]
    if pat.levels > 1:
        pairs = 0.5 * (pairs + stack[:, pat.pattern, pat.second, pat.first])
    q = model.p + 1
    return (np.hstack([within, pairs]) @ model.products).reshape(-1, q, q)


def _traces(pat: Patterns, theta: Floats, VG: Floats) -> tuple[Floats, Floats]:
    """Traces of V^-1 G_i, shape (m,), and of V^-1 G_i V^-1 G_j, shape (m, m)."""
    w, spare = 1.0 / theta[1:], pat.rows - pat.cells
    one = np.einsum("ikaa,k->i", VG, pat.count)
    two = np.einsum("ikab,jkba,k->ij", VG, VG, pat.count)
    one[1:] += spare * w
    two[1:, 1:] += np.diag(spare * w**2)
    return one, two


def _start(model: Model) -> Floats:
    """No cluster variance, and each level's own mean square about the least-squares fit."""
    pat = model.patterns
    square = model.products[:, -1].copy()
    own = pat.first == pat.second
    level = np.concatenate([np.arange(pat.levels), pat.first[own]])
    kept = np.concatenate([square[: pat.levels], square[pat.levels :][own]])
    sums = np.bincount(level, kept, minlength=pat.levels)
    return np.append(0.0, sums / pat.rows)


def _flat(null: Point) -> Floats:
    """Directions of the variances about which the restricted likelihood says nothing.

    A direction d is one when K'(sum of d_i G_i)K = 0 for every contrast K free of the covariates,
    which does not depend on where the information is evaluated.
    """
    root = np.sqrt(null.scaling)
    value, vector = np.linalg.eigh(null.expected / np.outer(root, root))
    return vector[:, value < FLAT] / root[:, None]


def _candidates(model: Model, null: Point) -> Iterator[Floats]:
    """Starting values: every local maximum of the profile over the cluster variance on a grid."""
    for residual in _shapes(model, null):
        ratios = _grid(model, residual)
        values, theta = profile(model, ratios)
        padded = np.concatenate([[-np.inf], values, [-np.inf]])
        peak = (values >= padded[:-2]) & (values >= padded[2:])
        if peak[0] and null.score[0] > 0:
            peak[1] = True
        yield from theta[1:][peak[1:]]


def _shapes(model: Model, null: Point) -> list[Floats]:
    """Ratios of the residual variances to search along: overall, and within cells."""
    pat = model.patterns
    shapes = [null.theta[1:]]
    spare = pat.rows - pat.cells
    if pat.levels > 1 and spare.min() > model.p:
        shapes.append(model.products[: pat.levels, -1] / spare)
    return shapes


def _grid(model: Model, residual: Floats) -> Floats:
    """Cluster variances from zero to more than the data can hold, three to a decade."""
    pat = model.patterns
    spare = pat.rows - pat.cells
    inside = model.products[: pat.levels, -1].sum() / max(spare.sum(), 1.0)
    high = 10.0 * max(pat.rows.sum() / max(inside, 1e-300), 1.0)
    low = 1e-3 / float((pat.sizes @ (1.0 / residual)).max())
    tau = np.geomspace(low, high, 2 + int(3 * np.log10(high / low)))
    grid = np.empty((len(tau) + 1, len(residual) + 1))
    grid[0, 0], grid[1:, 0], grid[:, 1:] = 0.0, tau, residual
    return grid


def _newton(model: Model, theta: Floats, fixed: bool = False) -> tuple[Point, bool]:
    """Climb to the nearest maximum; `fixed` keeps the cluster variance where it is.

    The step is Newton's where the observed information is positive definite, else Fisher's.
    Variances stay within their bounds; one at its bound moves only if the score points inside.
    """
    here = evaluate(model, theta)
    for _ in range(STEPS):
        step, distance = _step(here, model.floor, fixed)
        if distance < CLOSE:
            return here, True
        there = _search(model, here, step)
        if there is None:
            return here, distance < NEAR
        here = there
    return here, False


def _step(here: Point, floor: Floats, fixed: bool) -> tuple[Floats, float]:
    """The next step and the squared length of it, in standard errors."""
    free = (here.theta > floor) | (here.score > 0)
    free[0] &= not fixed
    step = np.zeros_like(here.theta)
    if not free.any():
        return step, 0.0
    score, block = here.score[free], np.ix_(free, free)
    information = here.observed[block]
    if np.linalg.eigvalsh(information)[0] <= 0:
        information = here.expected[block]
    step[free] = np.linalg.solve(information, score)
    return step, float(step[free] @ score)


def _search(model: Model, here: Point, step: Floats) -> Point | None:
    """Halve the step until the likelihood does not fall; None when no step is left."""
    floor = model.floor
    for _ in range(40):
        theta = np.maximum(here.theta + step, np.maximum(0.1 * here.theta, floor))
        theta[0] = max(here.theta[0] + step[0], 0.0)
        if np.array_equal(theta, here.theta):
            return None
        there = evaluate(model, theta)
        if there.loglik >= here.loglik - 1e-13 * abs(here.loglik):
            return there
        step = step / 2
    return None
