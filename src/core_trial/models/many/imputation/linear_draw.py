"""One draw from the posterior of a linear model with a random worker effect."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.linalg import lapack

from core_trial.errors import FitError
from core_trial.models.clusters import Ints
from core_trial.models.inference import Floats
from core_trial.models.many.imputation.step import Step

#: Values of the intraclass correlation among which it is drawn.
CORRELATIONS = 32


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """Parameters of a linear model.

    Parameters
    ----------
    beta, centre
        Coefficients as drawn, and their posterior mean at the drawn correlation, shape (p,).
    effects, mean_effects
        Worker effects, likewise, shape (G,); empty where there are none.
    sigma
        Residual standard deviation.
    square
        Sum of squares left by the posterior mean, the priors' part included.
    ratio
        Worker variance over the residual variance.
    """

    beta: Floats
    centre: Floats
    effects: Floats
    mean_effects: Floats
    sigma: float
    square: float
    ratio: float

    def rescaled(self, factor: float) -> Draw:
        """The same draw after the response is multiplied by `factor`, the residuals not."""
        return replace(
            self,
            beta=self.beta + (factor - 1) * self.centre,
            effects=self.effects + (factor - 1) * self.mean_effects,
        )

    def fitted(self, columns: Floats, workers: Ints) -> Floats:
        """Linear predictor of rows, shape (n,), at the drawn parameters."""
        return _predict(columns, self.beta, self.effects, workers)

    def expected(self, columns: Floats, workers: Ints) -> Floats:
        """Linear predictor of rows, shape (n,), at the posterior mean."""
        return _predict(columns, self.centre, self.mean_effects, workers)


@lru_cache(maxsize=1)
def _ratios() -> Floats:
    """Worker variance over residual variance, on a grid even in the root of the correlation."""
    root = (np.arange(CORRELATIONS) + 0.5) / CORRELATIONS
    return np.asarray(root**2 / (1 - root**2))


def draw_linear(
    rng: np.random.Generator, step: Step, columns: Floats, y: Floats, *, unit: bool = False
) -> Draw:
    r"""Draw all parameters of :math:`y = X\beta + u_j + e` at once, not one given the others.

    The ratio :math:`\lambda = \tau^2/\sigma^2` is drawn first, from its marginal posterior on a
    grid with everything else integrated out; then :math:`\sigma^2`, :math:`\beta` and :math:`u` in
    turn. So that nothing depends on the last draw and a variance near zero is not stuck there.

    Parameters
    ----------
    rng
        Generator.
    step
        Its workers and the prior precisions.
    columns
        Shape (n, P); the column ``step.own`` is not used.
    y
        Response, shape (n,).
    unit
        The residual variance is 1 (latent variables); else it has the prior
        :math:`p(\sigma^2) \propto 1/\sigma^2`.

    Notes
    -----
    The root of the intraclass correlation is uniform between 0 and 1: near zero that is a uniform
    standard deviation of the worker effect.

    References
    ----------
    Gelman (2006), Bayesian Anal 1: 515-33 (prior of the standard deviation). Rubin (1987), Multiple
    Imputation for Nonresponse in Surveys, section 5.3 (the regression without workers).
    """
    W = np.column_stack([columns[:, : step.own], columns[:, step.own + 1 :], y])
    n, p = len(y), W.shape[1] - 1
    moments, sums, shrink, log_v = _moments(W, step)
    index = np.arange(p)
    moments[:, index, index] += step.penalty if unit else step.penalty * n
    try:
        L = np.linalg.cholesky(moments)
    except np.linalg.LinAlgError:
        raise FitError(f"{step.name!r}: its predictors determine it exactly") from None
    diagonal = np.diagonal(L, axis1=1, axis2=2)
    square = diagonal[:, p] ** 2
    spare = max(n - p, 1)
    fit = -square / 2 if unit else -spare / 2 * np.log(square)
    k = _choose(rng, fit - log_v / 2 - np.log(diagonal[:, :p]).sum(axis=1))
    sigma = 1.0 if unit else float(np.sqrt(square[k] / rng.chisquare(spare)))
    triangle, half = L[k, :p, :p], L[k, p, :p]
    both = np.column_stack([half + sigma * rng.standard_normal(p), half])
    solved = lapack.dtrtrs(triangle, both, lower=1, trans=1)[0]
    beta, centre = solved[:, 0], solved[:, 1]
    mean = shrink[k] * (sums[:, p] - sums[:, :p] @ centre)
    effects = shrink[k] * (sums[:, p] - sums[:, :p] @ beta)
    effects = effects + sigma * np.sqrt(shrink[k]) * rng.standard_normal(len(effects))
    ratio = float(_ratios()[k]) if step.clustered else 0.0
    return Draw(beta, centre, effects, mean, sigma, float(square[k]), ratio)


def _moments(W: Floats, step: Step) -> tuple[Floats, Floats, Floats, Floats]:
    """W'V^-1 W for each ratio, (K, q, q); workers' sums, (G, q); shrinkage, (K, G); log det V."""
    whole = W.T @ W
    if not step.clustered:
        return whole[None].copy(), np.empty((0, len(whole))), np.empty((1, 0)), np.zeros(1)
    sums = np.zeros((len(step.sizes), W.shape[1]))
    sums[step.present] = np.add.reduceat(W, step.starts, axis=0)
    ratio = _ratios()[:, None]
    spread = 1 + ratio * step.sizes
    shrink = ratio / spread
    weighted = sums.T * shrink[:, None, :]
    return whole - weighted @ sums, sums, shrink, np.log(spread).sum(axis=1)


def _choose(rng: np.random.Generator, log_weight: Floats) -> int:
    """A position drawn with weights that are given by their logarithms."""
    if len(log_weight) == 1:
        return 0
    total = np.cumsum(np.exp(log_weight - log_weight.max()))
    return int(np.searchsorted(total, rng.random() * total[-1], side="right"))


def _predict(columns: Floats, beta: Floats, effects: Floats, workers: Ints) -> Floats:
    eta: Floats = columns @ beta
    return eta + effects[workers] if len(effects) else eta
