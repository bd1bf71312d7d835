"""What a zero-inflated negative binomial says of the data as a whole: means, and zeros."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from scipy import special

from core_trial.models.design import Design
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats, Quantity, wald
from core_trial.models.numerics.newton import NO_VARIANCE


def overall_quantities(count: Design, excess: Design, fit: Fit) -> Mapping[str, Quantity]:
    """Overall mean ratios, and the zeros that are expected beside those observed.

    Parameters
    ----------
    count, excess
        The designs that were fitted.
    fit
        Their fit.

    Returns
    -------
    mapping
        ``mean_ratio:<variable>`` for each variable that has one column of 0 and 1 and enters no
        product; ``zeros_expected`` with its interval; ``zeros_observed``.
    """
    found = {"zeros_observed": Quantity(float((count.y == 0).sum()), np.nan, np.nan, np.nan)}
    parts = _parts(count, excess, fit)
    if parts is None:
        return found
    found["zeros_expected"] = _expected_zeros(count, excess, fit, *parts)
    for variable in _two_valued(count, excess):
        found[f"mean_ratio:{variable}"] = _mean_ratio(count, excess, fit, variable, *parts)
    return found


def fitted_means(count: Design, excess: Design, fit: Fit) -> Floats:
    """Overall mean of each row, (1 - pi) mu, shape (n,); empty without estimates."""
    parts = _parts(count, excess, fit)
    if parts is None:
        return np.empty(0)
    eta, zeta, _ = parts
    with np.errstate(over="ignore"):
        mean: Floats = special.expit(-zeta) * np.exp(eta)
    return mean


def _parts(count: Design, excess: Design, fit: Fit) -> tuple[Floats, Floats, Floats] | None:
    """Linear predictors of both parts, and a covariance without ``nan``; None without estimates.

    Parameters that went to the bound of their range do not vary: inflation that is nowhere, a
    dispersion of zero.
    """
    p = len(count.columns)
    beta, gamma = fit.beta[:p], fit.beta[p:-1]
    if np.isnan(beta).any() or (np.isnan(gamma).any() and not np.isnan(gamma).all()):
        return None
    zeta = np.full(count.n, -np.inf) if np.isnan(gamma).all() else excess.X @ gamma
    cov = np.where(np.isnan(fit.beta)[:, None] | np.isnan(fit.beta), 0.0, fit.cov)
    return count.X @ beta, zeta, cov


def _two_valued(count: Design, excess: Design) -> Iterator[str]:
    """Variables whose effect is one column of 0 and 1 in either part or in both."""
    parts = (count.formula, excess.formula)
    for variable in dict.fromkeys(name for part in parts for name in part.variables):
        moves_others = any(variable in f.variables and variable not in f.alone for f in parts)
        columns = [design.X[:, k] for design in (count, excess) for k in _columns(design, variable)]
        binary = all(np.isin(column, (0.0, 1.0)).all() for column in columns)
        single = max(len(_columns(design, variable)) for design in (count, excess)) == 1
        if single and binary and not moves_others:
            yield variable


def _columns(design: Design, variable: str) -> list[int]:
    """Positions of the columns of a variable's main effect."""
    return list(design.term_columns.get(variable, ()))


def _mean_ratio(
    count: Design,
    excess: Design,
    fit: Fit,
    variable: str,
    eta: Floats,
    zeta: Floats,
    cov: Floats,
) -> Quantity:
    """Mean outcome were everybody at 1, over that were everybody at 0; delta method on the log."""
    logs, slopes = zip(
        *(_log_mean(count, excess, fit, variable, value, eta, zeta) for value in (1.0, 0.0)),
        strict=True,
    )
    slope = slopes[0] - slopes[1]
    error = _delta(slope, cov)
    w = wald(logs[0] - logs[1], error, confidence=fit.confidence)
    with np.errstate(over="ignore"):
        ratio, low, high = (float(np.exp(v)) for v in (logs[0] - logs[1], w.low[0], w.high[0]))
    return Quantity(ratio, ratio * error, low, high, float(w.p_value[0]))


def _log_mean(
    count: Design,
    excess: Design,
    fit: Fit,
    variable: str,
    value: float,
    eta: Floats,
    zeta: Floats,
) -> tuple[float, Floats]:
    """Log of the average mean with a column set to a value, and its gradient by all parameters."""
    p = len(count.columns)
    gradient = np.zeros(len(fit.beta))
    for k in _columns(count, variable):
        eta = eta + (value - count.X[:, k]) * fit.beta[k]
    for k in _columns(excess, variable):
        zeta = zeta + (value - excess.X[:, k]) * fit.beta[p + k]
    pi = special.expit(zeta)
    mean = (1 - pi) * np.exp(eta)
    share = mean / mean.sum()
    gradient[:p], gradient[p:-1] = share @ count.X, -(share * pi) @ excess.X
    for k in _columns(count, variable):
        gradient[k] = value
    for k in _columns(excess, variable):
        gradient[p + k] = -value * (share @ pi)
    return float(np.log(mean.mean())), gradient


def _expected_zeros(
    count: Design, excess: Design, fit: Fit, eta: Floats, zeta: Floats, cov: Floats
) -> Quantity:
    """Number of zeros the model expects in these rows."""
    alpha = max(fit.dispersion, 1e-290)
    pi, mu = special.expit(zeta), np.exp(eta)
    L, m = np.log1p(alpha * mu) / alpha, mu / (1 + alpha * mu)
    by_counts = (1 - pi) * np.exp(-L)
    gradient = np.concatenate(
        [
            -(by_counts * m) @ count.X,
            (pi * (1 - pi) * -np.expm1(-L)) @ excess.X,
            [by_counts @ (L - m)],
        ]
    )
    zeros, error = float((pi + by_counts).sum()), _delta(gradient, cov)
    w = wald(zeros, error, confidence=fit.confidence)
    return Quantity(zeros, error, float(w.low[0]), float(w.high[0]))


def _delta(gradient: Floats, cov: Floats) -> float:
    """Standard error by the delta method; ``nan`` where only rounding is left of it."""
    variance = float(gradient @ cov @ gradient)
    terms = float(gradient**2 @ np.diagonal(cov))
    return float(np.sqrt(variance)) if variance > NO_VARIANCE * terms else np.nan
