"""Tests of several coefficients at once over multiply imputed data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from core_trial.errors import DesignError
from core_trial.models.many.rubin import Rules

#: With t = k (m - 1) at or below this, Li, Raghunathan and Rubin's degrees of freedom do not exist.
LEAST_FOR_LI = 4


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
