r"""Means of rows on the response scale, and how they move with the parameters.

A mean given a random effect of zero is the inverse link of the linear predictor. Averaged over a
normal random effect it is :math:`\int g^{-1}(\eta + \sigma b)\phi(b)\,db`; for the log link that
is :math:`e^{\eta + \sigma^2/2}`, for the identity :math:`\eta` itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import special

from core_trial.errors import DesignError
from core_trial.models.inference import Floats
from core_trial.models.names import EXCESS
from core_trial.models.numerics.quadrature import MOST_POINTS, hermite_rule
from core_trial.models.questions.contrasts import known

if TYPE_CHECKING:
    import pandas as pd

    from core_trial.models.design import Recipe
    from core_trial.models.fit import Fit, RandomIntercept

Over = Literal["conditional", "marginal"]
OVERS = ("conditional", "marginal")


def refuse_over(over: str) -> None:
    """Refuse an average that there is not.

    Raises
    ------
    DesignError
        If it is neither ``"conditional"`` nor ``"marginal"``.
    """
    if over not in OVERS:
        raise DesignError(f"over must be 'conditional' or 'marginal', not {over!r}")


def recipe_of(fit: Fit) -> Recipe:
    """How to code other rows.

    Raises
    ------
    DesignError
        If the fit does not know.
    """
    if fit.recipe is None:
        raise DesignError(
            f"this {fit.model} fit does not know how its rows were coded: it came from a design "
            "without a frame, from JSON, or is a derived measure; fit the model from a frame"
        )
    return fit.recipe


def matrix(fit: Fit, frame: pd.DataFrame) -> Floats:
    """Rows of other data in the coefficients of a fit, shape (n, p), zero for those of no row."""
    recipe = recipe_of(fit)
    X = np.zeros((len(frame), len(fit.terms)))
    _place(X, fit, recipe, frame, "")
    return X


def _place(X: Floats, fit: Fit, recipe: Recipe, frame: pd.DataFrame, prefix: str) -> None:
    made = recipe.matrix(frame)
    for k, name in enumerate(recipe.columns):
        if prefix + name in fit.terms:
            X[:, fit.terms.index(prefix + name)] = made[:, k]


def excess_matrix(fit: Fit, frame: pd.DataFrame) -> Floats | None:
    """The same for the excess zeros; None for a model without, or at its limit without."""
    if fit.excess_recipe is None:
        return None
    Z = np.zeros((len(frame), len(fit.terms)))
    _place(Z, fit, fit.excess_recipe, frame, EXCESS)
    used = Z.any(axis=0)
    return None if np.isnan(fit.beta[used]).all() else Z


def carries(random: RandomIntercept, frame: pd.DataFrame) -> Floats:
    """1 for rows into which the random effect enters, else 0, shape (n,)."""
    if not random.column:
        return np.ones(len(frame))
    if random.column not in frame.columns:
        raise DesignError(
            f"no column {random.column!r} among the rows, whose level says where the random effect "
            "enters: name the arm alike in random= and in the formula, or ask for "
            "over='conditional'"
        )
    return np.asarray(frame[random.column] == random.level, dtype=float)


def refuse_lost(fit: Fit, X: Floats) -> None:
    """Refuse rows that need a coefficient without an estimate.

    Raises
    ------
    DesignError
        With the names of these coefficients.
    """
    lost = np.isnan(fit.beta) & X.any(axis=0)
    if lost.any():
        names = ", ".join(name for name, gone in zip(fit.terms, lost, strict=True) if gone)
        raise DesignError(f"no prediction for rows that need {names}: no finite estimate")


def parameters(fit: Fit) -> tuple[Floats, Floats]:
    """Coefficients, with the standard deviation of a random intercept behind, and covariance."""
    beta, cov = known(fit)
    random = fit.random_intercept
    if random is None:
        return beta, cov
    spread = np.where(np.isnan(random.joint), 0.0, random.joint)
    spread[:-1, :-1] = cov
    sd = random.sd if np.isfinite(random.sd) else 0.0
    return np.append(beta, sd), spread


def row_means(
    fit: Fit, X: Floats, Z: Floats | None, inside: Floats | None
) -> tuple[Floats, Floats]:
    """Means of rows and their gradients in `parameters`.

    Parameters
    ----------
    X, Z
        From `matrix` and `excess_matrix`, shape (n, p).
    inside
        1 where the random effect is averaged over, shape (n,); None for a random effect of zero.

    Returns
    -------
    tuple of arrays
        Shapes (n,) and (n, q).
    """
    theta, _ = parameters(fit)
    p, eta = X.shape[1], X @ theta[: X.shape[1]]
    sd = float(theta[p]) if len(theta) > p and inside is not None else 0.0
    mean, by_eta, by_sd = _averaged(fit, eta, sd * inside if inside is not None else 0.0 * eta)
    gradient = np.zeros((len(X), len(theta)))
    gradient[:, :p] = by_eta[:, None] * X
    if sd > 0 and inside is not None:
        gradient[:, p] = by_sd * inside
    if Z is not None:
        zeta = Z @ theta[:p]
        share = special.expit(-zeta)
        gradient = share[:, None] * gradient
        gradient[:, :p] -= (mean * share * special.expit(zeta))[:, None] * Z
        mean = share * mean
    return mean, gradient


def _averaged(fit: Fit, eta: Floats, sd: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean of the inverse link over the random effect, and its slopes in eta and sd."""
    if fit.scale == "identity":
        return eta, np.ones_like(eta), np.zeros_like(eta)
    with np.errstate(over="ignore"):
        if fit.scale == "log":
            mean = np.exp(eta + sd**2 / 2)
            return mean, mean, mean * sd
    rule = hermite_rule(MOST_POINTS)
    weights = np.exp(rule.log_lifted - rule.nodes**2 / 2)
    risk = special.expit(eta[:, None] + sd[:, None] * rule.nodes)
    slope = risk * (1 - risk)
    return risk @ weights, slope @ weights, slope @ (weights * rule.nodes)


def to_link(fit: Fit, mean: Floats) -> tuple[Floats, Floats]:
    """Means on a scale without bounds, and the slope of that scale, shapes (n,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if fit.scale == "identity":
            return mean, np.ones_like(mean)
        if fit.scale == "log":
            return np.log(mean), 1.0 / mean
        return special.logit(mean), 1.0 / (mean * (1.0 - mean))


def from_link(fit: Fit, value: Floats) -> Floats:
    """Back from `to_link`."""
    with np.errstate(over="ignore"):
        if fit.scale == "identity":
            return value
        return np.asarray(np.exp(value) if fit.scale == "log" else special.expit(value))
