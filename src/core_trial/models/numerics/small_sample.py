r"""Degrees of freedom of any contrast and any joint test of a linear model.

A fit keeps the covariance :math:`\Phi` of its coefficients, the derivatives :math:`C_i` of that
covariance in each variance, and the covariance W of the variances. Nothing else is needed for
Satterthwaite's and for Kenward and Roger's approximation, whatever is asked later.

References
----------
Kenward and Roger (1997), Biometrics 53: 983-97, section 3. Fai and Cornelius (1996), J Stat Comput
Simul 54: 363-78 (several contrasts, Satterthwaite). Halekoh and Hojsgaard (2014), J Stat Softw
59(9), whose guards against division by zero are followed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core_trial.models.inference import Floats, Test, f_p

#: Two degrees of freedom closer than this, relative, are one.
SAME_DF = 1e-8
#: Factors of Kenward and Roger's moments smaller than this are zero.
ZERO_FACTOR = 1e-10
#: Degrees of freedom closer to two than this have no finite mean of F: it is left unscaled.
NEAR_TWO = 1e-2


@dataclass(frozen=True, slots=True, eq=False)
class SmallSample:
    """What Satterthwaite's and Kenward and Roger's approximations start from.

    The unit of the outcome is free, as long as it is the same in all: degrees of freedom have none.

    Parameters
    ----------
    method
        Which of the two.
    phi
        Covariance of the coefficients as if the variances were known, shape (p, p).
    slopes
        Its derivatives in the m variances, shape (m, p, p).
    spread
        Covariance of the variances, shape (m, m); ``nan`` where there is none.
    """

    method: Literal["satterthwaite", "kenward_roger"]
    phi: Floats
    slopes: Floats
    spread: Floats

    def df(self, L: Floats) -> Floats:
        """Degrees of freedom of single contrasts, shape (k,) for L of shape (k, p)."""
        variance = np.einsum("ja,ab,jb->j", L, self.phi, L)
        g = np.einsum("ja,iab,jb->ji", L, self.slopes, L)
        error = np.einsum("ji,ik,jk->j", g, self.spread, g)
        df = np.full(len(L), np.inf)
        np.divide(2 * variance**2, error, out=df, where=error > 0)
        return np.where(np.isfinite(error), df, np.nan)

    def joint(self, hypothesis: str, L: Floats, gap: Floats, cov: Floats) -> Test:
        """F test that q independent contrasts are all zero.

        Parameters
        ----------
        hypothesis
            What is tested, in words.
        L
            The contrasts, shape (q, p), of full row rank.
        gap
            Their estimates less what they should be, shape (q,).
        cov
            Covariance of the coefficients that goes with the method, shape (p, p).
        """
        q = len(L)
        raw = float(gap @ np.linalg.solve(L @ cov @ L.T, gap)) / q
        if self.method == "kenward_roger":
            scale, df = self._kenward_roger(L)
        else:
            scale, df = 1.0, self._fai_cornelius(L)
        return Test(hypothesis, scale * raw, float(q), f_p(scale * raw, q, df), df)

    def _kenward_roger(self, L: Floats) -> tuple[float, float]:
        """Scale of F and its denominator's degrees of freedom (1997, section 3.2)."""
        q = len(L)
        theta = L.T @ np.linalg.solve(L @ self.phi @ L.T, L)
        u = theta @ self.slopes
        trace = np.trace(u, axis1=1, axis2=2)
        a1 = float(trace @ self.spread @ trace)
        a2 = float(np.einsum("ij,iab,jba->", self.spread, u, u))
        if a2 == 0.0:
            return 1.0, np.inf
        b = (a1 + 6 * a2) / (2 * q)
        g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
        c = np.array([g, q - g, q + 2 - g]) / (3 * q + 2 * (1 - g))
        v = 1 + np.array([1, -1, -1]) * c * b
        v[np.abs(v) < ZERO_FACTOR] = 0.0
        mean = 1 - a2 / q
        ratio = 1.0 if mean == v[1] == 0 else mean / v[1]
        rho = ratio**2 * v[0] / v[2] / q
        df = 4 + (q + 2) / (q * rho - 1)
        scale = 1.0 if abs(df - 2) < NEAR_TWO else df * mean / (df - 2)
        return float(scale), float(df)

    def _fai_cornelius(self, L: Floats) -> float:
        """Denominator's degrees of freedom from those of independent contrasts."""
        q = len(L)
        _, vectors = np.linalg.eigh(L @ self.phi @ L.T)
        df = self.df(vectors.T @ L)
        if np.isnan(df).any():
            return np.nan
        if np.isposinf(df).all() or np.ptp(df) < SAME_DF * df.max():
            return float(df.mean())
        if (df <= 2).any():
            return 2.0
        expected = float((df / (df - 2))[np.isfinite(df)].sum() + np.isposinf(df).sum())
        return 2 * expected / (expected - q)
