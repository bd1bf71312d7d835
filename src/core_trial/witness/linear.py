"""Linear models: statsmodels' OLS, and the normal likelihood of a random intercept written out.

With variances given, coefficients are generalised least squares; the likelihood is that of a normal
vector with covariance V = tau Z Z' + diag(sigma^2). Kenward and Roger's correction is computed
from V and its derivatives as matrices (1997, Biometrics 53: 983-97).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy import optimize, stats

from core_trial.witness.likelihood import Array, parabola
from core_trial.witness.made import Means
from core_trial.witness.plan import Sample

OLS = Means("statsmodels OLS", 1e-8, "rounding of two least squares")
CR2 = Means("statsmodels OLS, CR2 from whole matrices", 1e-8, "rounding of two least squares")
NORMAL = Means("normal likelihood written out, scipy.optimize", 1e-5, "where two searches stop")
#: Log ratios of variances between which the search looks.
LOWEST, HIGHEST = -12.0, 4.0


#: From a contrast of the coefficients, shape (p,), to its degrees of freedom.
Contrast = Callable[[Array], float]


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """A fit: coefficients (p,), covariance (p, p), and the variances.

    ``df`` gives the degrees of freedom of a contrast, shape (p,). ``tau`` is ``nan`` where clusters
    tell nothing of it; ``effects`` are predicted by cluster, and ``fitted`` are the means with
    them, shape (n,).
    """

    beta: Array
    cov: Array
    df: Contrast
    tau: float
    residual: tuple[float, ...]
    effects: Array
    fitted: Array
    means: Means


def ols(data: Sample) -> Linear:
    """Least squares with one residual variance, t with n - p degrees of freedom."""
    import statsmodels.api as sm

    found = sm.OLS(data.y, data.X).fit()
    left = float(found.df_resid)
    return Linear(
        np.asarray(found.params), np.asarray(found.cov_params()), lambda _: left, math.nan,
        (float(found.scale),), np.zeros(data.n_clusters), np.asarray(found.fittedvalues), OLS,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A random intercept with residual variances by level of `level`, shape (n,), from 0."""

    data: Sample
    level: Array
    reml: bool

    @property
    def levels(self) -> int:
        """Residual variances."""
        return int(self.level.max()) + 1

    def solve(self, ratio: float, relative: Array) -> tuple[float, Array, Array, float]:
        """Profile log-likelihood at tau / s and sigma^2 / s, with coefficients, X'V^-1X, and s."""
        d, w = self.data, 1 / relative[self.level]
        A = np.column_stack([d.X, d.y])
        wz = w * d.inside
        known = np.bincount(d.codes, wz * d.inside)
        sums = np.stack([np.bincount(d.codes, wz * column) for column in A.T], axis=1)
        inner = (A * w[:, None]).T @ A - (sums * (ratio / (1 + ratio * known))[:, None]).T @ sums
        p = d.X.shape[1]
        gram, beta = inner[:p, :p], np.linalg.solve(inner[:p, :p], inner[:p, p])
        rest = float(inner[p, p] - inner[:p, p] @ beta)
        n = d.n - p if self.reml else d.n
        scale = rest / n
        logdet = -np.log(w).sum() + np.log1p(ratio * known).sum()
        value = -0.5 * (n * math.log(2 * math.pi * scale) + logdet + n)
        if self.reml:
            value -= 0.5 * np.linalg.slogdet(gram)[1]
        return float(value), beta, gram / scale, scale

    def best(self, ratio: float, start: Array) -> tuple[float, Array]:
        """Highest likelihood at tau / s of level 0, and the log ratios of the other variances."""
        if self.levels == 1:
            return self.solve(ratio, np.ones(1))[0], np.empty(0)
        return _peak(lambda x: self.solve(ratio, np.exp(np.r_[0.0, x]))[0], start)


def mixed(data: Sample, *, reml: bool, by_arm: bool, kenward_roger: bool, normal: bool) -> Linear:
    """A linear model with a random intercept."""
    level = data.arm.astype(int) if by_arm else np.zeros(data.n, int)
    model = Model(data, level, reml)
    inside = data.inside > 0
    sizes = np.bincount(data.codes[inside]) if inside.any() else np.zeros(1)
    identified = bool((sizes > 1).any()) or (by_arm is False and 0 < inside.sum() < data.n)
    ratio, others = _search(model) if identified else (0.0, np.zeros(model.levels - 1))
    others = others if identified else model.best(0.0, others)[1]
    relative = np.exp(np.r_[0.0, others])
    _, beta, gram, scale = model.solve(ratio, relative)
    phi = np.linalg.inv(gram)
    residual = tuple(float(scale * r) for r in relative)
    tau = ratio * scale
    effects, fitted = _predicted(data, beta, tau, np.array(residual)[level])
    cov, df = phi, cast("Contrast", endless)
    if not normal:
        cov, df = _small_sample(data, level, tau, residual, phi, kenward_roger)
    return Linear(beta, cov, df, tau if identified else math.nan, residual, effects, fitted, NORMAL)


def _search(model: Model) -> tuple[float, Array]:
    """The best ratio of variances: zero, or the top of the profile on a grid and between."""
    start = np.zeros(model.levels - 1)
    zero, at_zero = model.best(0.0, start)
    grid = np.linspace(LOWEST, HIGHEST, 33)
    values = [model.best(math.exp(x), at_zero)[0] for x in grid]
    k = int(np.argmax(values))
    if values[k] <= zero or k == 0:
        inside = optimize.minimize_scalar(
            lambda x: -model.best(math.exp(x), at_zero)[0], bounds=(-16, grid[1]), method="bounded"
        )
        if -inside.fun <= zero + 1e-9:
            return 0.0, at_zero
    low, high = grid[max(k - 1, 0)], grid[min(k + 1, len(grid) - 1)]
    top = optimize.minimize_scalar(
        lambda x: -model.best(math.exp(x), at_zero)[0],
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-9},
    )
    ratio = math.exp(parabola(lambda x: model.best(math.exp(x), at_zero)[0], float(top.x)))
    return ratio, model.best(ratio, at_zero)[1]


def _peak(f: Callable[[Array], float], start: Array) -> tuple[float, Array]:
    """The top of a function of a few parameters: Newton by differences, halved until it gains."""
    x, h = np.array(start, dtype=float), 1e-3
    for _ in range(30):
        here = f(x)
        eye = h * np.eye(len(x))
        up, down = (np.array([f(x + s * e) for e in eye]) for s in (1, -1))
        slope, bend = (up - down) / (2 * h), (up + down - 2 * here) / h**2
        step = np.clip(slope / np.maximum(np.abs(bend), 1e-8), -1, 1)
        if np.abs(step).max() < 1e-8:
            break
        while f(x + step) < here and np.abs(step).max() > 1e-9:
            step = step / 2
        x = x + step
    return f(x), x


def _predicted(data: Sample, beta: Array, tau: float, residual: Array) -> tuple[Array, Array]:
    """Predicted effect of each cluster, and the means with it."""
    rest = (data.y - data.X @ beta) * data.inside / residual
    weight = np.bincount(data.codes, data.inside**2 / residual)
    effects = tau * np.bincount(data.codes, rest) / (1 + tau * weight)
    return effects, data.X @ beta + data.inside * effects[data.codes]


def _small_sample(
    data: Sample, level: Array, tau: float, residual: tuple[float, ...], phi: Array,
    kenward_roger: bool,
) -> tuple[Array, Contrast]:  # fmt: skip
    """Covariance and degrees of freedom from V and its derivatives, all as matrices."""
    n, X = data.n, data.X
    Z = np.zeros((n, data.n_clusters))
    Z[np.arange(n), data.codes] = data.inside
    parts = [Z @ Z.T, *(np.diag((level == k).astype(float)) for k in range(level.max() + 1))]
    V = tau * parts[0] + np.diag(np.array(residual)[level])
    inverse = np.linalg.inv(V)
    half = inverse @ X
    P = [-half.T @ G @ half for G in parts]
    left = [G @ half for G in parts]
    Q = [[a.T @ inverse @ b for b in left] for a in left]
    project = inverse - half @ phi @ half.T
    moved = [project @ G for G in parts]
    information = np.array([[0.5 * (a * b.T).sum() for b in moved] for a in moved])
    W = np.linalg.pinv(information) if kenward_roger else _observed(moved, project, data.y, tau)
    m = len(parts)
    slopes = np.array([-phi @ P[k] @ phi for k in range(m)])
    cov = phi
    if kenward_roger:
        inner = sum(W[i, j] * (Q[i][j] - P[i] @ phi @ P[j]) for i in range(m) for j in range(m))
        cov = phi + 2 * phi @ inner @ phi

    def df(contrast: Array) -> float:
        gradient = np.array([contrast @ s @ contrast for s in slopes])
        return float(2 * (contrast @ phi @ contrast) ** 2 / (gradient @ W @ gradient))

    return cov, df


def endless(contrast: Array) -> float:
    """The normal distribution's degrees of freedom."""
    del contrast
    return math.inf


def _observed(moved: list[Array], project: Array, y: Array, tau: float) -> Array:
    """Inverse of the observed restricted information; a variance at zero is taken as known."""
    m = len(moved)
    Py = project @ y
    found = np.array(
        [[-0.5 * (a * b.T).sum() + float(y @ (a @ (b @ Py))) for b in moved] for a in moved]
    )
    if tau > 0:
        return np.linalg.inv(found)
    W = np.zeros((m, m))
    W[1:, 1:] = np.linalg.inv(found[1:, 1:])
    return W


def intraclass(
    data: Sample, *, reml: bool, by_arm: bool, confidence: float
) -> dict[str, tuple[float, float, float]]:
    """Intraclass correlation by arm (blank for one of both) with its likelihood interval."""
    level = data.arm.astype(int) if by_arm else np.zeros(data.n, int)
    inside = data.inside > 0
    found = {}
    for k in range(int(level.max()) + 1):
        pairs = np.bincount(data.codes[inside & (level == k)], minlength=data.n_clusters)
        if not (pairs > 1).any():
            continue
        # the level in question comes first, so that the ratio is that of its own variance
        swapped = np.where(level == k, 0, np.where(level == 0, k, level)) if by_arm else level
        name = ("control", "intervention")[k] if by_arm else ""
        found[name] = _interval(Model(data, swapped, reml), confidence)
    return found


def _interval(model: Model, confidence: float) -> tuple[float, float, float]:
    ratio, others = _search(model)
    top, _ = model.best(ratio, others)
    zero, _ = model.best(0.0, others)
    drop = stats.chi2.isf(1 - confidence, 1) / 2

    def gap(x: float) -> float:
        return top - model.best(math.exp(x), others)[0] - drop

    middle = math.log(ratio) if ratio > 0 else -14.0
    high = math.exp(optimize.brentq(gap, middle, 12.0, xtol=1e-12)) if gap(12.0) > 0 else math.inf
    low = math.exp(optimize.brentq(gap, -25.0, middle, xtol=1e-12)) if top - zero > drop else 0.0
    return _share(ratio), _share(low), _share(high)


def _share(ratio: float) -> float:
    return 1.0 if math.isinf(ratio) else ratio / (1 + ratio)
