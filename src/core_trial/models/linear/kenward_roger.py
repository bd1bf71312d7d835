r"""Small-sample inference for the linear model: Satterthwaite, and Kenward and Roger.

Both compare a coefficient with Student's t, with :math:`2 v^2 / (g' A g)` degrees of freedom: v is
its variance, g the gradient of v in the variances, A their covariance matrix. Satterthwaite takes
A from the observed information. Kenward and Roger take it from the expected information of the
restricted likelihood, and also correct the covariance of the coefficients for the variances having
been estimated.

References
----------
Satterthwaite (1946), Biometrics Bulletin 2: 110-4. Giesbrecht and Burns (1985), Biometrics 41:
477-86. Kenward and Roger (1997), Biometrics 53: 983-97; for one contrast their degrees of freedom
reduce to the formula above. Halekoh and Hojsgaard (2014), J Stat Softw 59(9).
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from core_trial.models.inference import Floats
from core_trial.models.linear.likelihood import Point
from core_trial.models.linear.search import Maximum

Approximation = Literal["normal", "satterthwaite", "kenward_roger"]


def gradient(point: Point, back: Floats) -> Floats:
    """Derivative of each coefficient's variance in each of the variances, shape (p, m)."""
    rows = back @ point.phi
    slopes: Floats = np.einsum("ja,iab,jb->ji", rows, point.slopes, rows)
    return slopes


def adjusted(maximum: Maximum) -> Floats:
    r"""Kenward and Roger's covariance of the coefficients on the basis, shape (p, p).

    :math:`\Phi + 2 \Phi [\sum_{ij} W_{ij} (Q_{ij} - P_i \Phi P_j)] \Phi` (1997, equation 3), with W
    the inverse of the expected information. V is linear in the variances, so that its second
    derivatives, R in the paper, are zero.
    """
    point, W = maximum.point, maximum.covariance_of(maximum.point.expected)
    weighted = np.tensordot(W, point.slopes, axes=1)
    product = np.einsum("iab,ibc->ac", point.slopes @ point.phi, weighted)
    spread = np.tensordot(W, point.bends, axes=2) - product
    correction: Floats = point.phi @ spread @ point.phi
    return point.phi + 2.0 * correction


def degrees_of_freedom(maximum: Maximum, back: Floats, approximation: Approximation) -> Floats:
    """Degrees of freedom of every coefficient, shape (p,).

    Satterthwaite's are ``nan`` when a variance is at its bound: there the observed information is
    not the inverse of a covariance, and may be negative.
    """
    point = maximum.point
    if approximation == "normal":
        return np.full(len(back), np.inf)
    if approximation == "satterthwaite" and maximum.bounded[0 if maximum.identified else 1 :].any():
        return np.full(len(back), np.nan)
    observed = approximation == "satterthwaite"
    A = maximum.covariance_of(point.observed if observed else point.expected)
    g = gradient(point, back)
    variance = np.einsum("ja,ab,jb->j", back, point.phi, back)
    spread = np.einsum("ji,ik,jk->j", g, A, g)
    df = np.full(len(back), np.inf)
    np.divide(2 * variance**2, spread, out=df, where=spread > 0)
    return np.where(np.isfinite(spread), df, np.nan)
