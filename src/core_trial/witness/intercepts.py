"""Logistic and Poisson regression with a random intercept: adaptive quadrature, written out again.

Each cluster's likelihood is an integral over its random effect b. The nodes of Gauss and Hermite's
rule are put where the integrand is, at its mode and in units of its width (Pinheiro and Chao 2006,
J Comput Graph Stat 15: 58-81). Where the variance is zero the model is that of statsmodels' GLM.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy import integrate, special, stats

from core_trial.witness.likelihood import Array, Likelihood, Top, climb
from core_trial.witness.made import Means
from core_trial.witness.plan import Sample

#: Standard deviations at which the search for a start looks.
STARTS = np.array([0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.5])
#: A risk nearer to 0 or 1 than this is there: the rows are separated from the others.
SEPARATED = 1e-6
NEWTON_STEPS = 50

GLM = Means("statsmodels GLM", 1e-7, "where two Newton searches stop")
QUADRATURE = Means(
    "likelihood by quadrature, numeric slope and curvature", 2e-4, "steps of the differences"
)
AVERAGED = Means("Poisson averaged by scipy quad_vec", 2e-4, "steps of the differences")


@dataclass(frozen=True, slots=True, eq=False)
class Intercept:
    """A fit.

    Parameters
    ----------
    beta, cov
        Coefficients by name, and covariance of all parameters, the standard deviation last;
        ``nan`` there where it is at zero.
    sd
        Standard deviation of the random effect; ``nan`` where nothing tells of it.
    loglik
        The highest log-likelihood, up to the constant of the outcome.
    means
        How it was made.
    kept
        True for the rows that tell anything, shape (n,); None for all.
    """

    beta: dict[str, float]
    cov: Array
    sd: float
    loglik: float
    means: Means
    kept: Array | None = None

    def error(self, name: str) -> float:
        """Standard error of a coefficient; ``nan`` where it has no estimate."""
        if math.isnan(self.beta[name]):
            return math.nan
        k = [n for n, b in self.beta.items() if not math.isnan(b)].index(name)
        return float(np.sqrt(self.cov[k, k]))


def fit(data: Sample, *, poisson: bool, points: int = 7) -> Intercept:
    """Maximum likelihood; a zero variance where none is likelier."""
    regression, keep = _regression(data, poisson)
    if regression is None:
        return _limit(data, keep, poisson, points)
    if not _identified(data, poisson=poisson):
        return regression
    likelihood = quadrature(data, poisson=poisson, points=points)
    start = np.array([*regression.beta.values(), 0.0])
    tried = np.tile(start, (len(STARTS), 1))
    tried[:, -1] = STARTS
    values = likelihood(tried)
    best = int(np.argmax(values))
    if values[best] <= regression.loglik and _score_at_zero(data, regression, poisson) <= 0:
        return regression
    top = climb(likelihood, tried[best])
    if top.value <= regression.loglik or abs(top.point[-1]) < 1e-3:
        return regression
    return _interior(data, top)


def _interior(data: Sample, top: Top) -> Intercept:
    sign = np.ones(len(top.point))
    sign[-1] = np.sign(top.point[-1])
    beta = dict(zip(data.names, map(float, top.point[:-1]), strict=True))
    cov = top.cov * np.outer(sign, sign)
    return Intercept(beta, cov, float(abs(top.point[-1])), top.value, QUADRATURE)


def glm(data: Sample, *, poisson: bool) -> Intercept:
    """The regression without random effects; where rows are separated, its limit."""
    alone = replace(data, inside=np.zeros(data.n))
    regression, keep = _regression(alone, poisson)
    return _limit(alone, keep, poisson, 1) if regression is None else regression


def _regression(data: Sample, poisson: bool) -> tuple[Intercept | None, Array]:
    """The GLM of statsmodels, or none and the rows that it does not fit perfectly."""
    import statsmodels.api as sm

    family = sm.families.Poisson() if poisson else sm.families.Binomial()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = sm.GLM(data.y, data.X, family=family, offset=data.offset)
        found = model.fit(tol=1e-14, tol_criterion="params", maxiter=60)
    mean = np.asarray(found.fittedvalues)
    keep = np.ones(len(mean), bool)
    if not poisson:
        keep = (mean > SEPARATED) & (mean < 1 - SEPARATED)
    if not keep.all():
        return None, keep
    p = len(data.names)
    cov = np.full((p + 1, p + 1), np.nan)
    cov[:p, :p] = found.cov_params()
    value = float(_rows(data.y, found.predict(which="linear"), poisson).sum())
    sd = 0.0 if _identified(data, poisson=poisson) else math.nan
    beta = dict(zip(data.names, map(float, found.params), strict=True))
    return Intercept(beta, cov, sd, value, GLM), keep


def _limit(data: Sample, keep: Array, poisson: bool, points: int) -> Intercept:
    """Rows that are fitted perfectly tell nothing; what only they have goes to infinity."""
    nothing = dict.fromkeys(data.names, math.nan)
    if not keep.any():
        return Intercept(nothing, np.empty((0, 0)), math.nan, 0.0, GLM, keep)
    rest, lost = _independent(data.only(keep))
    found = fit(rest, poisson=poisson, points=points)
    told = keep.copy()
    if found.kept is not None:
        told[keep] = found.kept
    beta = {name: math.nan if name in lost else b for name, b in found.beta.items()}
    there = [k for k, name in enumerate(rest.names) if not math.isnan(beta[name])]
    cov = found.cov[np.ix_([*there, -1], [*there, -1])] if len(found.cov) else found.cov
    return replace(found, beta=nothing | beta, cov=cov, kept=told)


def _independent(rest: Sample) -> tuple[Sample, set[str]]:
    """The rows with columns that do not follow from each other, and what they do not tell apart.

    A coefficient is told by the rows where nothing that they leave open moves it.
    """
    _, sizes, rows = np.linalg.svd(rest.X)
    rank = int((sizes > 1e-9 * sizes[0]).sum())
    lost = {
        n for n, z in zip(rest.names, np.abs(rows[rank:]).T, strict=True) if z.max(initial=0) > 1e-9
    }
    use: list[int] = []
    for k in sorted(range(len(rest.names)), key=lambda k: rest.names[k] in lost):
        if np.linalg.matrix_rank(rest.X[:, [*use, k]]) > len(use):
            use.append(k)
    use.sort()
    return replace(rest, X=rest.X[:, use], names=tuple(rest.names[k] for k in use)), lost


def _rows(y: Array, eta: Array, poisson: bool) -> Array:
    """Log-likelihood of each row, without the constant of the outcome."""
    return np.asarray(y * eta - (np.exp(eta) if poisson else np.logaddexp(0, eta)))


def _identified(data: Sample, *, poisson: bool) -> bool:
    """Whether clusters tell of their variance: a pair at least, and clusters that differ."""
    inside = data.inside > 0
    sizes = np.bincount(data.codes[inside]) if inside.any() else np.zeros(1)
    return bool((sizes > 1).any() or (poisson and inside.any())) and (sizes > 0).sum() > 1


def _score_at_zero(data: Sample, found: Intercept, poisson: bool) -> float:
    """Slope of the log-likelihood in the variance, at zero."""
    eta = data.X @ np.array(list(found.beta.values())) + data.offset
    mean = np.exp(eta) if poisson else special.expit(eta)
    spread = mean if poisson else mean * (1 - mean)
    total = np.bincount(data.codes, data.inside * (data.y - mean))
    return float(0.5 * ((total**2).sum() - (data.inside * spread).sum()))


def quadrature(data: Sample, *, poisson: bool, points: int) -> Likelihood:
    """The log-likelihood of parameters (beta, sd), shape (b, p + 1), with so many nodes."""
    order = np.argsort(data.codes, kind="stable")
    y, z, codes = data.y[order], data.inside[order], data.codes[order]
    X, offset = data.X[order], data.offset[order]
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
    x, weight = hermegauss(points)
    weight = np.log(weight / np.sqrt(2 * np.pi))

    def add(rows: Array) -> Array:
        return np.add.reduceat(rows, starts, axis=1)

    def likelihood(theta: Array) -> Array:
        eta, scale = theta[:, :-1] @ X.T + offset, theta[:, -1:, None] * z[None, :, None]
        mode, width = _modes(y, eta, scale[:, :, 0], codes, add, poisson)
        b = mode[:, :, None] + width[:, :, None] * x
        linear = eta[:, :, None] + scale * b[:, codes]
        own = add(_rows(y[None, :, None], linear, poisson)) - b**2 / 2
        total = special.logsumexp(own + weight + x**2 / 2, axis=2) + np.log(width)
        return np.asarray(total.sum(axis=1))

    return likelihood


def expected(data: Sample, found: Intercept, inside: Array, most: int) -> Array:
    """Expected numbers of people with counts of 0 to `most` among some rows, (most + 1,).

    A Poisson distribution is averaged over the normal random effect by adaptive quadrature.
    """
    eta = data.X @ np.array(list(found.beta.values()))
    kinds, n = np.unique(np.column_stack([eta, data.inside])[inside], axis=0, return_counts=True)
    support = np.arange(most + 1)

    def density(b: float, mean: float, sd: float) -> Array:
        return np.asarray(stats.poisson.pmf(support, np.exp(mean + sd * b)) * _normal(b))

    total = np.zeros(most + 1)
    for (mean, carries), times in zip(kinds, n, strict=True):
        own = partial(density, mean=mean, sd=carries * found.sd)
        total += times * integrate.quad_vec(own, -9, 9, epsabs=1e-11, epsrel=1e-9)[0]
    return total


def _normal(b: float) -> float:
    return math.exp(-(b**2) / 2) / math.sqrt(2 * math.pi)


def _modes(
    y: Array, eta: Array, scale: Array, codes: Array, add: object, poisson: bool
) -> tuple[Array, Array]:
    """Mode of each cluster's integrand and its width there, each of shape (b, G)."""
    b = np.zeros((len(eta), codes[-1] + 1))
    for _ in range(NEWTON_STEPS):
        mean = eta + scale * b[:, codes]
        mean = np.exp(mean) if poisson else special.expit(mean)
        spread = mean if poisson else mean * (1 - mean)
        slope = add(scale * (y - mean)) - b  # type: ignore[operator]
        curve = add(scale**2 * spread) + 1  # type: ignore[operator]
        step = np.clip(slope / curve, -1, 1)
        b = b + step
        if np.abs(step).max() < 1e-13:
            break
    return b, 1 / np.sqrt(curve)
