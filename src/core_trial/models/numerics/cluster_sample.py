r"""Degrees of freedom of any contrast and any joint test under bias-reduced errors by cluster.

In coordinates in which the information is the identity, a contrast :math:`c` is judged by the
quadratic form :math:`\sum_g (c's_g)^2` in the clusters' stretched scores. Under the working model
:math:`\mathrm{cov}(c's_g, d's_h) = \delta_{gh}\,c'O_g d - (K_g c)'(K_h d)`, with O and K of each
cluster alone, so that all moments are sums over clusters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core_trial.models.inference import Floats, Test, f_p

#: A trace below this part of its largest possible value is rounding error: a single cluster
#: determines the contrast.
NO_RESIDUAL = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class ClusterSample:
    """What Satterthwaite's and Hotelling's approximations start from.

    Parameters
    ----------
    back
        From these coordinates to the coefficients, shape (p, p).
    own, cross
        O and K of each cluster, shape (G, p, p).
    """

    back: Floats
    own: Floats
    cross: Floats

    def df(self, L: Floats) -> Floats:
        r"""Degrees of freedom of single contrasts, shape (k,) for L of shape (k, p).

        :math:`(\mathrm{tr} P)^2/\mathrm{tr}(P^2)`, with P of clusters by clusters; ``nan`` where a
        single cluster determines the contrast.
        """
        c = L @ self.back
        a = np.einsum("ki,gij,kj->kg", c, self.own, c)
        h = np.einsum("gij,kj->kgi", self.cross, c)
        squares = (h**2).sum(axis=2)
        together = (np.einsum("kgi,kgj->kij", h, h) ** 2).sum(axis=(1, 2))
        trace = (a - squares).sum(axis=1)
        of_square = ((a - squares) ** 2).sum(axis=1) + together - (squares**2).sum(axis=1)
        there = trace > NO_RESIDUAL * (c**2).sum(axis=1)
        return np.where(there, trace, np.nan) ** 2 / np.where(there, of_square, 1.0)

    def joint(self, hypothesis: str, L: Floats, gap: Floats, cov: Floats) -> Test:
        """Test that q independent contrasts are all zero, by Hotelling's T squared.

        Parameters
        ----------
        hypothesis
            What is tested, in words.
        L
            The contrasts, shape (q, p), of full row rank.
        gap
            Their estimates less what they should be, shape (q,).
        cov
            Bias-reduced covariance of the coefficients, shape (p, p).

        References
        ----------
        Pustejovsky and Tipton (2018), J Bus Econ Stat 36: 672-83, section 3.2 (AHT).
        """
        q = len(L)
        square = float(gap @ np.linalg.solve(L @ cov @ L.T, gap))
        eta = q * (q + 1) / self._spread(L @ self.back)
        df = eta - q + 1
        if not df > 0:
            return Test(hypothesis, np.nan, float(q), np.nan, np.nan)
        statistic = df / (eta * q) * square
        return Test(hypothesis, statistic, float(q), f_p(statistic, q, df), df)

    def _spread(self, c: Floats) -> float:
        """Sum of the variances of the entries of the standardised covariance's estimate."""
        value, vectors = np.linalg.eigh(c @ c.T)
        c = (vectors / np.sqrt(value)) @ vectors.T @ c
        own = np.einsum("si,gij,tj->stg", c, self.own, c)
        h = np.einsum("gij,sj->sgi", self.cross, c)
        inner = np.einsum("sgi,tgi->stg", h, h)
        mixed = np.einsum("sgi,tgj->stij", h, h)
        diagonal = np.einsum("ssg->sg", own), np.einsum("ssg->sg", inner)
        first = np.einsum("sg,tg->", diagonal[0], diagonal[0])
        first -= 2.0 * np.einsum("sg,tg->", diagonal[0], diagonal[1])
        second = np.einsum("stg,stg->", own, own) - 2.0 * np.einsum("stg,stg->", own, inner)
        second += np.einsum("stij,stji->", mixed, mixed)
        return float(first + (mixed**2).sum() + second)
