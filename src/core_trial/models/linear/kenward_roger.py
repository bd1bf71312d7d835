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
from core_trial.models.numerics.small_sample import SmallSample

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


def small_sample(
    maximum: Maximum, back: Floats, approximation: Approximation
) -> SmallSample | None:
    """What the degrees of freedom of any contrast follow from, in the unit of the statistics.

    None for the normal distribution. Satterthwaite takes a variance at its bound as known: there
    the observed information is not the inverse of a covariance, and may be negative.

    Parameters
    ----------
    back
        From the basis to the design's coefficients, shape (p, p).
    """
    if approximation == "normal":
        return None
    point = maximum.point
    observed = approximation == "satterthwaite"
    information = point.observed if observed else point.expected
    rows = back @ point.phi
    return SmallSample(
        method=approximation,
        phi=back @ point.phi @ back.T,
        slopes=rows @ point.slopes @ rows.T,
        spread=maximum.covariance_of(information, zero_is_known=observed),
    )
