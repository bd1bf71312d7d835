"""The sum of log(1 + alpha j) over j < y, as gamma mixtures of Poisson counts have it."""

from __future__ import annotations

import numpy as np
from scipy import special

from core_trial.models.design import Ints
from core_trial.models.inference import Floats

#: Counts up to this are summed over one by one; above it, special functions take over.
TABLE = 100_000
#: Below this alpha, gamma functions of 1 / alpha lose digits.
SMOOTH = 1e-4


def rising(values: Ints, alpha: float) -> tuple[Floats, Floats, Floats]:
    """Sum of log(1 + alpha j) over 0 <= j < y, and its two derivatives by log alpha.

    Parameters
    ----------
    values
        Distinct positive counts y, ascending, shape (v,).
    """
    if len(values) == 0:
        return np.empty(0), np.empty(0), np.empty(0)
    if values[-1] > TABLE:
        return _rising_smooth(values, alpha) if alpha < SMOOTH else _rising_gamma(values, alpha)
    aj = alpha * np.arange(values[-1])
    share = aj / (1 + aj)
    last = values - 1
    return (
        np.cumsum(np.log1p(aj))[last],
        np.cumsum(share)[last],
        np.cumsum(share / (1 + aj))[last],
    )


def _rising_gamma(values: Ints, alpha: float) -> tuple[Floats, Floats, Floats]:
    """By log Gamma(y + theta) - log Gamma(theta) - y log theta, with theta = 1 / alpha."""
    theta = 1 / alpha
    top = values + theta
    T = special.gammaln(top) - special.gammaln(theta) - values * np.log(theta)
    T_theta = special.psi(top) - special.psi(theta) - values / theta
    trigamma = special.polygamma(1, np.append(top, theta))
    T_theta2 = trigamma[:-1] - trigamma[-1] + values / theta**2
    return T, -theta * T_theta, theta**2 * T_theta2 + theta * T_theta


def _rising_smooth(values: Ints, alpha: float) -> tuple[Floats, Floats, Floats]:
    """By the Euler-Maclaurin sum, whose next term is of order alpha cubed."""
    s = alpha * values
    log_u = np.log1p(s)
    area = ((1 + s) * log_u - s) / alpha
    g, g1, g2 = s / (1 + s), s / (1 + s) ** 2, s * (1 - s) / (1 + s) ** 3
    return (
        area - log_u / 2 - alpha * g / 12,
        values * log_u - area - g / 2 - alpha * (g + g1) / 12,
        values * (g - log_u) + area - g1 / 2 - alpha * (g + 2 * g1 + g2) / 12,
    )
