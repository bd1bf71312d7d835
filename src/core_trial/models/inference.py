"""Statistic, p-value and interval: made here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Wald:
    """Wald inference for k quantities.

    Parameters
    ----------
    statistic, df, p_value, low, high
        Arrays of shape (k,); `df` is ``inf`` for the normal distribution.
    """

    statistic: Floats
    df: Floats
    p_value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True, repr=False)
class Test:
    """One hypothesis test: what was tested, the statistic and its reference distribution.

    Parameters
    ----------
    hypothesis
        What was tested, in words.
    statistic
        A chi-square where `denominator_df` is ``inf``, else an F.
    df
        Degrees of freedom; of the numerator, for an F.
    p_value
        Upper tail of the reference distribution.
    denominator_df
        Degrees of freedom of the denominator of an F; ``inf`` for a chi-square.
    """

    __test__ = False  # a value, not something for pytest to collect

    hypothesis: str
    statistic: float
    df: float
    p_value: float
    denominator_df: float = np.inf

    def __repr__(self) -> str:
        """Hypothesis, statistic with its degrees of freedom, and p-value in a line."""
        p = "p < 0.001" if self.p_value < 0.001 else f"p = {self.p_value:.3f}"
        if np.isposinf(self.denominator_df):
            return f"{self.hypothesis}: chi-square({self.df:g}) = {self.statistic:.2f}, {p}"
        df = f"{self.df:g}, {self.denominator_df:.1f}"
        return f"{self.hypothesis}: F({df}) = {self.statistic:.2f}, {p}"


@dataclass(frozen=True, slots=True)
class Quantity:
    """One derived quantity with its interval, on the scale on which it is reported."""

    estimate: float
    std_error: float
    low: float
    high: float
    p_value: float = np.nan

    def times(self, unit: float) -> Quantity:
        """The same quantity in another unit."""
        return Quantity(
            self.estimate * unit,
            self.std_error * unit,
            self.low * unit,
            self.high * unit,
            self.p_value,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Coefficients:
    """Coefficients of a model with what a test of each needs, where nothing else is asked.

    Parameters
    ----------
    beta, std_error, df
        Shape (p,), on the scale of the linear predictor; ``nan`` where nothing can be estimated.
    """

    beta: Floats
    std_error: Floats
    df: Floats

    def p_value(self, k: int) -> float:
        """Two-sided p-value of one coefficient."""
        return float(wald(self.beta[k], self.std_error[k], self.df[k]).p_value[0])


def positive(estimate: float, error: float, confidence: float) -> Quantity:
    """A positive quantity with a Wald interval that is symmetric in its logarithm.

    At zero, a bound, the interval starts there and has no end.
    """
    if estimate == 0:
        return Quantity(0.0, np.nan, 0.0, np.nan)
    half = float(special.ndtri(0.5 + confidence / 2)) * error / estimate
    with np.errstate(over="ignore"):
        low, high = estimate * np.exp([-half, half])
    return Quantity(estimate, error, float(low), float(high))


def wald(
    estimate: ArrayLike, std_error: ArrayLike, df: ArrayLike = np.inf, confidence: float = 0.95
) -> Wald:
    """Two-sided Wald inference, by the normal or by Student's t.

    Parameters
    ----------
    estimate, std_error
        Arrays of shape (k,). Where the standard error is not a positive number, nothing follows
        from it, and statistic, p-value and interval are ``nan``.
    df
        Degrees of freedom, scalar or shape (k,); ``inf`` for the normal.
    confidence
        Coverage of the interval, between 0 and 1.

    Examples
    --------
    >>> float(wald([1.96], [1.0]).p_value.round(3)[0])
    0.05
    """
    b = np.atleast_1d(np.asarray(estimate, dtype=float))
    se = np.atleast_1d(np.asarray(std_error, dtype=float))
    nu = np.broadcast_to(np.asarray(df, dtype=float), b.shape).copy()
    usable = np.isfinite(b) & np.isfinite(se) & (se > 0)
    nu[~(nu > 0)] = np.nan
    statistic = np.full(b.shape, np.nan)
    np.divide(b, se, out=statistic, where=usable)
    half = np.where(usable, _quantile(nu, confidence) * np.where(usable, se, 0.0), np.nan)
    p = np.where(np.isnan(statistic), np.nan, 2.0 * _lower_tail(-np.abs(statistic), nu))
    return Wald(statistic, nu, p, b - half, b + half)


def chi_square_p(statistic: float, df: float) -> float:
    """Upper tail of the chi-square distribution, exact far into the tail."""
    return float(special.chdtrc(df, max(statistic, 0.0)))


def f_p(statistic: float, df: float, denominator_df: float) -> float:
    """Upper tail of the F distribution, exact far into the tail; of chi-square / df at ``inf``."""
    if np.isposinf(denominator_df):
        return chi_square_p(statistic * df, df)
    return float(special.fdtrc(df, denominator_df, max(statistic, 0.0)))


def boundary_p(statistic: float) -> float:
    """p-value of a likelihood ratio for one variance against zero.

    Under the null the statistic is zero half of the time: an equal mixture of chi-square with 0
    and with 1 degree of freedom (Self and Liang 1987, J Am Stat Assoc 82: 605-10, case 5).
    """
    return 1.0 if statistic <= 0 else 0.5 * chi_square_p(statistic, 1)


def _lower_tail(t: Floats, df: Floats) -> Floats:
    """P(T <= t); written for the lower tail so that small p-values keep their digits."""
    with np.errstate(invalid="ignore"):
        student = special.stdtr(np.where(np.isfinite(df), df, 1.0), t)
    return np.where(np.isposinf(df), special.ndtr(t), np.where(np.isnan(df), np.nan, student))


def _quantile(df: Floats, confidence: float) -> Floats:
    upper = 0.5 + confidence / 2
    student = special.stdtrit(np.where(np.isfinite(df), df, 1.0), upper)
    normal = special.ndtri(upper)
    return np.where(np.isposinf(df), normal, np.where(np.isnan(df), np.nan, student))
