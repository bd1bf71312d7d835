r"""Kenward and Roger's and Satterthwaite's inference for repeated visits.

Degrees of freedom are :math:`2 v^2 / (g' A g)` for a coefficient with variance v and gradient g of
v in the covariance parameters; A is the inverse of the observed information (Satterthwaite) or of
the expected one (Kenward and Roger), the latter with a covariance corrected for the estimation of
the parameters.

References
----------
Fai and Cornelius (1996), J Stat Comput Simul 54: 363-78. Kenward and Roger (1997), Biometrics 53:
983-97, equation 3.
"""

from __future__ import annotations

import numpy as np

from core_trial.models.inference import Floats
from core_trial.models.linear.kenward_roger import Approximation
from core_trial.models.numerics.small_sample import SmallSample
from core_trial.models.repeated.algebra import Likelihood
from core_trial.models.repeated.search import Maximum


def adjusted(model: Likelihood, maximum: Maximum) -> Floats:
    r"""Kenward and Roger's covariance of the coefficients on the basis, shape (p, p).

    :math:`\Phi + 2 \Phi [\sum_{kl} W_{kl} (Q_{kl} - P_k \Phi P_l - R_{kl} / 4)] \Phi`, with W the
    inverse of the expected information. R holds the second derivatives of V, which are zero for
    structures that are linear in their parameters.
    """
    point, W = maximum.point, maximum.covariance_of(maximum.point.expected)
    weighted = np.tensordot(W, point.slopes, axes=1)
    spread = _twice(model, maximum, W)
    spread -= np.einsum("kab,kbc->ac", point.slopes @ point.phi, weighted)
    spread -= 0.25 * _bent(model, maximum, W)
    correction: Floats = point.phi @ spread @ point.phi
    return point.phi + correction + correction.T


def small_sample(
    maximum: Maximum, back: Floats, approximation: Approximation
) -> SmallSample | None:
    """What the degrees of freedom of any contrast follow from, in the unit of the statistics.

    None for the normal distribution. Satterthwaite takes a cluster variance at its bound, zero, as
    known.

    Parameters
    ----------
    back
        From the basis to the design's coefficients, shape (p, p).
    """
    if approximation == "normal":
        return None
    point, satterthwaite = maximum.point, approximation == "satterthwaite"
    information = point.observed if satterthwaite else point.expected
    rows = back @ point.phi
    return SmallSample(
        method=approximation,
        phi=rows @ back.T,
        slopes=rows @ point.slopes @ rows.T,
        spread=maximum.covariance_of(information, bounded=not satterthwaite),
    )


def _twice(model: Likelihood, maximum: Maximum, W: Floats) -> Floats:
    """Sum of W_kl Q'V^-1 G_k V^-1 G_l V^-1 Q, shape (p, p)."""
    a, p = maximum.point.parts, model.p
    total = np.zeros((p, p))
    for group, G in enumerate(a.slopes):
        mine, place = model.patterns.group == group, model.place(group)
        GW = np.tensordot(W[place, place], G, axes=1)
        inside = np.einsum("kab,nbc,kcd->nad", G, a.inverse[mine], GW, optimize=True)
        total += np.tensordot(inside, a.outer[mine][..., :p, :p], axes=3)
    if model.clustered:
        along, t, shrink = a.turned[:, :, :p], a.t[:, :p], a.shrink[:, None]
        across = np.einsum("gma,mn,gnb,g->ab", along, W, along, a.c, optimize=True)
        mixed = np.einsum("ga,gmb,m->ab", t / shrink**2, along, W[-1])
        own = (t * a.precision[:, None] / shrink**3).T @ t
        total += mixed + mixed.T - across + W[-1, -1] * own
    return total


def _bent(model: Likelihood, maximum: Maximum, W: Floats) -> Floats:
    """Sum of W_kl Q'V^-1 (second derivative of V) V^-1 Q, shape (p, p)."""
    a, p = maximum.point.parts, model.p
    total = np.zeros((p, p))
    for group, part in enumerate(model.split(maximum.point.theta)[0]):
        place = model.place(group)
        bend = np.tensordot(W[place, place], model.structure.bends(part), axes=2)
        mine = a.outer[model.patterns.group == group].sum(axis=0)
        total += np.tensordot(bend, mine[..., :p, :p], axes=2)
    return total
