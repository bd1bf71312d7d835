"""What a model of counts says of the data as a whole: means, and zeros."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import special

from core_trial.models.design import Design
from core_trial.models.inference import Floats, Quantity, wald
from core_trial.models.numerics.newton import NO_VARIANCE

#: From the gradient of a quantity by all parameters, shape (q,), and the name of the variable it
#: is about, to its degrees of freedom.
DegreesOfFreedom = Callable[[Floats, str], float]


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """A fitted model of counts and the rows it was fitted to.

    Parameters
    ----------
    count, excess
        The designs; None for a model without inflation.
    offset, weights
        What the linear predictor of the counts holds beside the covariates, and what each row
        counts for, shape (n,).
    beta, cov
        All q estimates and their covariance, ``nan`` for what has no estimate.
    alpha
        Dispersion.
    confidence
        Coverage of the intervals.
    """

    count: Design
    excess: Design | None
    offset: Floats
    weights: Floats
    beta: Floats
    cov: Floats
    alpha: float
    confidence: float

    @property
    def known(self) -> bool:
        """Whether means follow from the estimates; a lost inflation part is none at all."""
        gamma = self._gamma
        return not np.isnan(self._beta).any() and (
            not np.isnan(gamma).any() or bool(np.isnan(gamma).all())
        )

    @property
    def _beta(self) -> Floats:
        return self.beta[: self.count.X.shape[1]]

    @property
    def _gamma(self) -> Floats:
        return self.beta[self.count.X.shape[1] : -1]

    @property
    def _inflated(self) -> bool:
        return len(self._gamma) > 0 and not bool(np.isnan(self._gamma).all())

    @property
    def inflation(self) -> Floats:
        """Covariates of the inflation, shape (n, k)."""
        return np.empty((self.count.n, 0)) if self.excess is None else self.excess.X

    @property
    def predictors(self) -> tuple[Floats, Floats]:
        """Linear predictors of counts and inflation, shape (n,) each."""
        eta = self.count.X @ self._beta + self.offset
        none = np.full(self.count.n, -np.inf)
        return eta, self.inflation @ self._gamma if self._inflated else none

    @property
    def uncertain(self) -> Floats:
        """The covariance with zero for parameters at the bound of their range, which do not vary.

        These are inflation that is nowhere, and a dispersion of zero.
        """
        lost = np.isnan(self.beta)
        return np.where(lost[:, None] | lost, 0.0, self.cov)

    @property
    def means(self) -> Floats:
        """Overall mean of each row, (1 - pi) mu, shape (n,)."""
        eta, zeta = self.predictors
        with np.errstate(over="ignore"):
            mean: Floats = special.expit(-zeta) * np.exp(eta)
        return mean


def overall_quantities(whole: Whole, df: DegreesOfFreedom) -> dict[str, Quantity]:
    """Ratios and differences of overall means, and the zeros expected beside those observed.

    Parameters
    ----------
    whole
        The fitted model.
    df
        Degrees of freedom.

    Returns
    -------
    dict
        ``mean_ratio:<variable>`` and ``mean_difference:<variable>`` for each variable that has one
        column of 0 and 1 and enters no product; ``zeros_expected`` with its interval;
        ``zeros_observed``.
    """
    found: dict[str, Quantity] = {}
    if whole.known:
        for variable in two_valued(whole.count, whole.excess):
            ratio, difference = _compared(whole, variable, df)
            found[f"mean_ratio:{variable}"] = ratio
            found[f"mean_difference:{variable}"] = difference
        found["zeros_expected"] = _expected_zeros(whole, df)
    zeros = float(whole.weights[whole.count.y == 0].sum())
    return found | {"zeros_observed": Quantity(zeros, np.nan, np.nan, np.nan)}


def two_valued(count: Design, excess: Design | None) -> Iterator[str]:
    """Variables whose effect is one column of 0 and 1 in either part or in both."""
    designs = [count] if excess is None else [count, excess]
    formulas = [design.formula for design in designs]
    for variable in dict.fromkeys(name for f in formulas for name in f.variables):
        moves_others = any(variable in f.variables and variable not in f.alone for f in formulas)
        places = [(design, columns_of(design, variable)) for design in designs]
        binary = all(np.isin(d.X[:, k], (0.0, 1.0)).all() for d, ks in places for k in ks)
        varies = any(d.X[:, k].min() < d.X[:, k].max() for d, ks in places for k in ks)
        single = max(len(ks) for _, ks in places) == 1
        if single and binary and varies and not moves_others:
            yield variable


def columns_of(design: Design, variable: str) -> list[int]:
    """Positions of the columns of a variable's main effect."""
    return list(design.term_columns.get(variable, ()))


def _compared(whole: Whole, variable: str, df: DegreesOfFreedom) -> tuple[Quantity, Quantity]:
    """Mean outcome were everybody at 1 over that were everybody at 0, and less it: delta method."""
    (one, by_one), (zero, by_zero) = (_log_mean(whole, variable, value) for value in (1.0, 0.0))
    with np.errstate(over="ignore", invalid="ignore"):
        top, bottom = np.exp(one), np.exp(zero)
        by_logs, by_means = by_one - by_zero, top * by_one - bottom * by_zero
        log_error, error = (_delta(slope, whole.uncertain) for slope in (by_logs, by_means))
        logs = wald(one - zero, log_error, df(by_logs, variable), whole.confidence)
        means = wald(top - bottom, error, df(by_means, variable), whole.confidence)
        ratio, low, high = (float(np.exp(v)) for v in (one - zero, logs.low[0], logs.high[0]))
    return (
        Quantity(ratio, ratio * log_error, low, high, float(logs.p_value[0])),
        Quantity(
            float(top - bottom),
            error,
            float(means.low[0]),
            float(means.high[0]),
            float(means.p_value[0]),
        ),
    )


def _log_mean(whole: Whole, variable: str, value: float) -> tuple[float, Floats]:
    """Log of the average mean with a column set to a value, and its gradient by all parameters."""
    count, Z, p = whole.count, whole.inflation, whole.count.X.shape[1]
    eta, zeta = whole.predictors
    X = count.X.copy()
    for k in columns_of(count, variable):
        eta = eta + (value - X[:, k]) * whole.beta[k]
        X[:, k] = value
    if whole.excess is not None and np.isfinite(zeta).all():
        Z = Z.copy()
        for k in columns_of(whole.excess, variable):
            zeta = zeta + (value - Z[:, k]) * whole.beta[p + k]
            Z[:, k] = value
    pi = special.expit(zeta)
    mean = whole.weights * (1 - pi) * np.exp(eta)
    share = mean / mean.sum()
    gradient = np.concatenate([share @ X, -(share * pi) @ Z, [0.0]])
    return float(np.log(mean.sum() / whole.weights.sum())), gradient


def _expected_zeros(whole: Whole, df: DegreesOfFreedom) -> Quantity:
    """Number of zeros the model expects in these rows."""
    alpha = max(whole.alpha, 1e-290)
    eta, zeta = whole.predictors
    pi, mu = special.expit(zeta), np.exp(eta)
    L, m = np.log1p(alpha * mu) / alpha, mu / (1 + alpha * mu)
    by_counts = (1 - pi) * np.exp(-L)
    gradient = np.concatenate(
        [
            -(whole.weights * by_counts * m) @ whole.count.X,
            (whole.weights * pi * (1 - pi) * -np.expm1(-L)) @ whole.inflation,
            [(whole.weights * by_counts) @ (L - m)],
        ]
    )
    zeros, error = float(whole.weights @ (pi + by_counts)), _delta(gradient, whole.uncertain)
    w = wald(zeros, error, df(gradient, ""), whole.confidence)
    return Quantity(zeros, error, float(w.low[0]), float(w.high[0]))


def _delta(gradient: Floats, cov: Floats) -> float:
    """Standard error by the delta method; ``nan`` where only rounding is left of it."""
    variance = float(gradient @ cov @ gradient)
    terms = float(gradient**2 @ np.diagonal(cov))
    return float(np.sqrt(variance)) if variance > NO_VARIANCE * terms else np.nan
