r"""The largest of several correlated t statistics.

Intervals for k contrasts hold together with probability :math:`1 - \alpha` when their half width is
the :math:`1 - \alpha` quantile of :math:`\max_j |T_j|`, T multivariate t with the correlations of
the estimates. Split the vector of statistics into direction and length: given the direction u on
the sphere of r dimensions, r the rank of the correlations, the maximum is the length times
:math:`m(u) = \max_j |a_j'u|`, and the squared length over r has an F distribution. What is left is
an average of a smooth function over the sphere, taken over a fixed set of evenly spread points.

References
----------
Hothorn, Bretz and Westfall (2008), Biom J 50: 346-63 (the intervals). Genz and Bretz (2009),
Computation of Multivariate Normal and t Probabilities, section 4.1 (spherical-radial form) and
section 4.2 (Richtmyer's points).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from core_trial.models.inference import Floats

#: Directions over which the average is taken.
POINTS = 20_000
#: Eigenvalues of the correlations below this are zero.
NO_VARIANCE = 1e-10
#: More independent statistics than this have no list of primes for their points.
PRIMES = np.array([2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73])


@dataclass(frozen=True, slots=True, eq=False)
class LargestT:
    """Distribution of the largest of k absolute t statistics.

    Parameters
    ----------
    reach
        m(u) at every direction, shape (points,).
    rank
        Dimensions r of the sphere.
    df
        Degrees of freedom; ``inf`` for the normal distribution.
    """

    reach: Floats
    rank: int
    df: float

    def cdf(self, value: float) -> float:
        """Probability that no statistic exceeds a value."""
        with np.errstate(divide="ignore"):
            square = (value / self.reach) ** 2
        if np.isposinf(self.df):
            return float(np.mean(special.gammainc(self.rank / 2, square / 2)))
        return float(np.mean(special.fdtr(self.rank, self.df, square / self.rank)))

    def quantile(self, confidence: float) -> float:
        """Value that none exceeds with a given probability."""
        high = 2.0
        while self.cdf(high) < confidence:
            high *= 2.0
        return float(optimize.brentq(lambda c: self.cdf(c) - confidence, 0.0, high, xtol=1e-10))


def largest_t(correlation: Floats, df: float) -> LargestT:
    """The distribution for given correlations, shape (k, k), which may be singular."""
    values, vectors = np.linalg.eigh(correlation)
    kept = values > NO_VARIANCE * values.max()
    root = vectors[:, kept] * np.sqrt(values[kept])
    rank = root.shape[1]
    reach = np.abs(directions(rank) @ root.T).max(axis=1)
    return LargestT(reach, rank, df)


def directions(rank: int) -> Floats:
    """Evenly spread points on the sphere, shape (points, rank); all of it for a line or circle."""
    if rank == 1:
        return np.ones((1, 1))
    if rank == 2:
        angle = np.pi * (np.arange(POINTS) + 0.5) / POINTS
        return np.column_stack([np.cos(angle), np.sin(angle)])
    if rank <= len(PRIMES):
        uniform = np.modf(np.outer(np.arange(1, POINTS + 1), np.sqrt(PRIMES[:rank])))[0]
    else:
        uniform = np.random.default_rng(0).uniform(size=(POINTS, rank))
    normal = special.ndtri(np.clip(uniform, 1e-12, 1 - 1e-12))
    return np.asarray(normal / np.linalg.norm(normal, axis=1)[:, None])
