"""Rubin's rules on arrays: estimates and covariances of m completed data sets to one answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from core_trial.errors import DesignError
from core_trial.models.inference import Floats, wald


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """What Rubin's rules give for p coefficients.

    Parameters
    ----------
    m
        Number of completed data sets.
    estimate
        Means of the estimates, shape (p,).
    within, between, total
        Mean covariance, covariance of the estimates, and within + (1 + 1/m) between, (p, p).
    riv
        Relative increase in variance, (1 + 1/m) between / within, shape (p,).
    df
        Degrees of freedom of Student's t, shape (p,).
    fmi
        Fraction of missing information, shape (p,).
    """

    m: int
    estimate: Floats
    within: Floats
    between: Floats
    total: Floats
    riv: Floats
    df: Floats
    fmi: Floats

    @property
    def std_error(self) -> Floats:
        """Standard errors, shape (p,)."""
        return np.asarray(np.sqrt(np.diagonal(self.total)))


def rubin(estimates: ArrayLike, covariances: ArrayLike, complete_df: ArrayLike = np.inf) -> Rules:
    r"""Pool estimates with Rubin's rules.

    Parameters
    ----------
    estimates
        Shape (m, p).
    covariances
        Shape (m, p, p).
    complete_df
        Degrees of freedom that the test of each coefficient would have without missing data,
        scalar or shape (p,); ``nan`` gives ``nan``. Finite ones give the degrees of freedom of
        Barnard and Rubin, ``inf`` those of Rubin (1987): :math:`(m - 1)(1 + 1/r)^2`.

    Returns
    -------
    Rules
        The fraction of missing information is :math:`(r + 2/(\nu + 3)) / (1 + r)`, as mice and
        mitml print it.

    Raises
    ------
    DesignError
        If there are fewer than two data sets, or the shapes do not agree.

    References
    ----------
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys, equations 3.1.2 to 3.1.10.
    Barnard and Rubin (1999), Biometrika 86: 948-55, equation 3.

    Examples
    --------
    >>> found = rubin([[1.0], [2.0], [3.0]], [[[1.0]]] * 3)
    >>> float(found.estimate[0]), round(float(found.total[0, 0]), 4)
    (2.0, 2.3333)
    """
    q, u = np.asarray(estimates, dtype=float), np.asarray(covariances, dtype=float)
    if q.ndim != 2 or len(q) < 2 or u.shape != (*q.shape, q.shape[1]):
        raise DesignError(
            "pooling needs at least two estimates, shape (m, p), and their covariances, (m, p, p); "
            f"these are {q.shape} and {u.shape}"
        )
    m = len(q)
    within, between = u.mean(axis=0), np.atleast_2d(np.cov(q, rowvar=False))
    total = within + (1 + 1 / m) * between
    with np.errstate(divide="ignore", invalid="ignore"):
        riv = (1 + 1 / m) * np.diagonal(between) / np.diagonal(within)
    df = degrees_of_freedom(m, riv, complete_df)
    fmi = (riv + 2 / (df + 3)) / (1 + riv)
    return Rules(m, q.mean(axis=0), within, between, total, riv, df, fmi)


def degrees_of_freedom(m: int, riv: Floats, complete_df: ArrayLike = np.inf) -> Floats:
    """Rubin's degrees of freedom, or Barnard and Rubin's where `complete_df` is finite.

    Parameters
    ----------
    m
        Number of completed data sets.
    riv
        Relative increase in variance, shape (p,).
    complete_df
        As in `rubin`.
    """
    complete = np.broadcast_to(np.asarray(complete_df, dtype=float), np.shape(riv))
    share = riv / (1 + riv)
    with np.errstate(divide="ignore", invalid="ignore"):
        old = (m - 1) / share**2
        observed = (complete + 1) / (complete + 3) * complete * (1 - share)
        both = 1 / (1 / old + 1 / observed)
    small = np.where(share == 0, observed, both)
    return np.where(np.isnan(complete), np.nan, np.where(np.isinf(complete), old, small))


def jackknife_errors(
    estimates: Floats, covariances: Floats, complete_df: ArrayLike, confidence: float
) -> dict[str, Floats]:
    """Monte Carlo errors: how much each pooled number would move with other imputations.

    Parameters
    ----------
    estimates, covariances, complete_df
        As in `rubin`.
    confidence
        Coverage of the intervals.

    Returns
    -------
    dict
        ``estimate``, ``std_error``, ``statistic``, ``p_value``, ``low``, ``high``, ``fmi``, each of
        shape (p,); ``nan`` with two data sets, of which none can be left out.

    References
    ----------
    White, Royston and Wood (2011), Stat Med 30: 377-99, section 7.
    """
    m, p = np.shape(estimates)
    names = ("estimate", "std_error", "statistic", "p_value", "low", "high", "fmi")
    if m < 3:
        return {name: np.full(p, np.nan) for name in names}
    others = (np.delete(np.arange(m), i) for i in range(m))
    without = np.stack(
        [_numbers(rubin(estimates[k], covariances[k], complete_df), confidence) for k in others]
    )
    errors = np.sqrt((m - 1) ** 2 / m * np.var(without, axis=0, ddof=1))
    return dict(zip(names, errors, strict=True))


def _numbers(rules: Rules, confidence: float) -> Floats:
    w = wald(rules.estimate, rules.std_error, rules.df, confidence)
    return np.stack(
        [rules.estimate, rules.std_error, w.statistic, w.p_value, w.low, w.high, rules.fmi]
    )


def imputations_needed(fmi: float, m: int, cv: float = 0.05, confidence: float = 0.95) -> int:
    r"""How many imputations give a standard error that hardly depends on the seed.

    :math:`1 + (\gamma / cv)^2 / 2`, with the upper limit of the fraction of missing information
    from a pilot of `m` imputations for :math:`\gamma`.

    Parameters
    ----------
    fmi
        Fraction of missing information that the pilot gave.
    m
        Imputations of the pilot.
    cv
        Coefficient of variation of the standard error over seeds that is tolerated.
    confidence
        Of the upper limit; the limit is that of the two-sided interval.

    References
    ----------
    von Hippel (2020), Sociol Methods Res 49: 699-718, equations 3 and 5.

    Examples
    --------
    >>> imputations_needed(0.2914, m=20)
    39
    """
    if not (0 <= fmi < 1 and m >= 2 and cv > 0):
        raise DesignError("fmi must lie between 0 and 1, m be at least 2, and cv be positive")
    if fmi == 0:
        return 2
    half = float(special.ndtri(0.5 + confidence / 2)) * np.sqrt(2 / m)
    upper = float(special.expit(special.logit(fmi) + half))
    return max(2, int(np.ceil(1 + (upper / cv) ** 2 / 2)))
