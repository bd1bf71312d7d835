"""The sum of log(1 + alpha j) over j < y, as gamma mixtures of Poisson counts have it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from core_trial.models.clusters import Ints
from core_trial.models.inference import Floats

#: Counts up to this are summed over one by one; above it, special functions take over.
TABLE = 100_000
#: Below this alpha, gamma functions of 1 / alpha lose digits.
SMOOTH = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Distinct positive counts and how often each occurs.

    Parameters
    ----------
    values
        Ascending, shape (v,).
    often
        Shape (v,).
    steps, above
        Every j below the highest count, and how many counts are above it, each of that length;
        empty when the highest count is above `TABLE`.
    """

    values: Ints
    often: Floats
    steps: Floats
    above: Floats

    def total(self, alpha: float) -> tuple[float, float, float]:
        """The sum over all counts, with its first and second derivative by log alpha."""
        if len(self.steps) < len(self.values):
            T, T_a, T_aa = _smooth(self.values, alpha)
            return float(self.often @ T), float(self.often @ T_a), float(self.often @ T_aa)
        spread = alpha * self.steps
        g = 1 / (1 + spread)
        share = spread * g
        above = self.above
        return float(above @ np.log1p(spread)), float(above @ share), float(above @ (share * g))

    def values_at(self, alphas: Floats) -> Floats:
        """The sum over all counts at each of several alphas."""
        if len(self.steps) < len(self.values):
            return np.array([self.total(alpha)[0] for alpha in alphas])
        return np.log1p(np.multiply.outer(alphas, self.steps)) @ self.above

    def slopes(self, alpha: float) -> Floats:
        """First derivative by log alpha for each of the values, shape (v,)."""
        if len(self.steps) < len(self.values):
            return _smooth(self.values, alpha)[1]
        spread = alpha * self.steps
        summed: Floats = np.cumsum(spread / (1 + spread))
        return summed[self.values - 1]

    def bends(self, alpha: float) -> Floats:
        """Second derivative by log alpha for each of the values, shape (v,)."""
        if len(self.steps) < len(self.values):
            return _smooth(self.values, alpha)[2]
        spread = alpha * self.steps
        summed: Floats = np.cumsum(spread / (1 + spread) ** 2)
        return summed[self.values - 1]


def tally(counts: Ints, weights: Floats | None = None) -> tuple[Tally, Ints]:
    """Tally positive counts.

    Parameters
    ----------
    counts
        Positive whole numbers, shape (k,).
    weights
        How often each one is to be counted, shape (k,); once if None.

    Returns
    -------
    tally
        With v distinct values.
    index
        Which of them each count is, shape (k,).
    """
    values, index = np.unique(counts, return_inverse=True)
    often = np.bincount(index, weights, minlength=len(values)).astype(float)
    highest = int(values[-1]) if len(values) else 0
    if highest > TABLE:
        return Tally(values, often, np.empty(0), np.empty(0)), index
    at = np.zeros(highest)
    at[values - 1] = often
    return Tally(values, often, np.arange(highest, dtype=float), np.cumsum(at[::-1])[::-1]), index


def _smooth(values: Ints, alpha: float) -> tuple[Floats, Floats, Floats]:
    return _euler_maclaurin(values, alpha) if alpha < SMOOTH else _gamma(values, alpha)


def _gamma(values: Ints, alpha: float) -> tuple[Floats, Floats, Floats]:
    """By log Gamma(y + theta) - log Gamma(theta) - y log theta, with theta = 1 / alpha."""
    theta = 1 / alpha
    top = values + theta
    T = special.gammaln(top) - special.gammaln(theta) - values * np.log(theta)
    T_theta = special.psi(top) - special.psi(theta) - values / theta
    trigamma = special.polygamma(1, np.append(top, theta))
    T_theta2 = trigamma[:-1] - trigamma[-1] + values / theta**2
    return T, -theta * T_theta, theta**2 * T_theta2 + theta * T_theta


def _euler_maclaurin(values: Ints, alpha: float) -> tuple[Floats, Floats, Floats]:
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
