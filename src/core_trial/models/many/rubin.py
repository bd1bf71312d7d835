"""Rubin's rules on arrays: estimates and covariances of m completed data sets to one answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from core_trial.errors import DesignError
from core_trial.models.inference import Floats, wald

#: With t = k (m - 1) at or below this, Li, Raghunathan and Rubin's degrees of freedom do not exist.
LEAST_FOR_LI = 4


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
        scalar or shape (p,). Finite ones give the degrees of freedom of Barnard and Rubin, ``inf``
        those of Rubin (1987): :math:`(m - 1)(1 + 1/r)^2`.

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
    return np.where(np.isfinite(complete), np.where(share == 0, observed, both), old)


@dataclass(frozen=True, slots=True)
class JointTest:
    """A test of several coefficients at once.

    Parameters
    ----------
    method
        Whose it is.
    statistic, df1, df2
        F statistic and its degrees of freedom.
    p_value
        Upper tail of the F distribution.
    riv
        Average relative increase in variance.
    """

    method: str
    statistic: float
    df1: float
    df2: float
    p_value: float
    riv: float


def joint_test(rules: Rules, complete_df: float = np.inf) -> JointTest:
    """Wald test that all coefficients are zero (D1).

    Parameters
    ----------
    rules
        Of the coefficients to be tested, and no others.
    complete_df
        Degrees of freedom without missing data; finite ones give Reiter's small-sample degrees of
        freedom, ``inf`` those of Li, Raghunathan and Rubin.

    References
    ----------
    Li, Raghunathan and Rubin (1991), J Am Stat Assoc 86: 1065-73. Reiter (2007), Biometrika 94:
    502-8, equation 3.
    """
    m, k = rules.m, len(rules.estimate)
    r = (1 + 1 / m) * float(np.trace(rules.between @ np.linalg.inv(rules.within))) / k
    solved = np.linalg.solve(rules.within, rules.estimate)
    statistic = float(rules.estimate @ solved) / (k * (1 + r))
    if np.isfinite(complete_df):
        method, df2 = "D1, degrees of freedom of Reiter", _reiter(m, k, r, float(complete_df))
    else:
        method, df2 = "D1, degrees of freedom of Li, Raghunathan and Rubin", _li(m, k, r)
    return JointTest(method, statistic, float(k), df2, _upper_f(statistic, k, df2), r)


def pool_chi_squares(statistics: ArrayLike, df: int) -> JointTest:
    """Pool chi-square statistics of the same test (D2); rougher than `joint_test`.

    Parameters
    ----------
    statistics
        One of each completed data set, shape (m,).
    df
        Their degrees of freedom.

    References
    ----------
    Li, Meng, Raghunathan and Rubin (1991), Stat Sinica 1: 65-92, equations 2.1 and 2.2.
    """
    d = np.asarray(statistics, dtype=float)
    if d.ndim != 1 or len(d) < 2 or not (d >= 0).all() or df < 1:
        raise DesignError("pooling needs at least two chi-square statistics and df of at least 1")
    m = len(d)
    r = (1 + 1 / m) * float(np.var(np.sqrt(d), ddof=1))
    statistic = max(float((d.mean() / df - (m + 1) / (m - 1) * r) / (1 + r)), 0.0)
    df2 = df ** (-3 / m) * (m - 1) * (1 + 1 / r) ** 2 if r > 0 else np.inf
    return JointTest("D2", statistic, float(df), df2, _upper_f(statistic, df, df2), r)


def _li(m: int, k: int, r: float) -> float:
    t = k * (m - 1)
    if r == 0:
        return np.inf
    if t > LEAST_FOR_LI:
        return float(4 + (t - 4) * (1 + (1 - 2 / t) / r) ** 2)
    return t * (1 + 1 / k) * (1 + 1 / r) ** 2 / 2


def _reiter(m: int, k: int, r: float, complete: float) -> float:
    """The degrees of freedom as Reiter writes them, with a = r t / (t - 2)."""
    t = k * (m - 1)
    star = (complete + 1) / (complete + 3) * complete
    if t <= LEAST_FOR_LI:
        return _reiter_few(m, k, r, star)
    a = r * t / (t - 2)
    c0 = 1 / (t - 4)
    c1 = star - 2 * (1 + a)
    c2 = star - 4 * (1 + a)
    first = 1 / c2
    z = (
        first
        + c0 * (a**2 * c1 / ((1 + a) ** 2 * c2))
        + c0 * (8 * a**2 * c1 / ((1 + a) * c2**2) + 4 * a**2 / ((1 + a) * c2))
        + c0 * (4 * a**2 / (c2 * c1) + 16 * a**2 * c1 / c2**3)
        + c0 * (8 * a**2 / c2**2)
    )
    return 4 + 1 / z


def _reiter_few(m: int, k: int, r: float, star: float) -> float:
    """With t = k (m - 1) of at most 4: Barnard and Rubin's for the average coefficient."""
    share = r / (1 + r)
    old = _li(m, k, r)
    return 1 / (1 / old + 1 / (star * (1 - share)))


def _upper_f(statistic: float, df1: float, df2: float) -> float:
    if not np.isfinite(df2):
        return float(special.chdtrc(df1, df1 * statistic))
    return float(special.fdtrc(df1, df2, statistic))


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
