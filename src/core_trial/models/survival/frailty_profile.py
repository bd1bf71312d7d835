"""The likelihood of a shared frailty model with the frailties integrated out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core_trial.models.inference import Floats
from core_trial.models.survival.frailty_likelihood import (
    Inner,
    Shared,
    State,
    factored,
    gamma_penalty,
    maximise_penalised,
    normal_penalty,
    profile_information,
)

VarianceMethod = Literal["ml", "reml"]
#: Half the distance, in log theta, over which the Laplace likelihood is differenced.
SHIFT = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """What a frailty variance leads to.

    Parameters
    ----------
    theta
        The variance.
    loglik
        Log-likelihood with the frailties integrated out, on the partial likelihood's scale.
    slope
        Its derivative by log theta, or a function with the same root.
    state
        Coefficients and log frailties.
    """

    theta: float
    loglik: float
    slope: float
    state: State


def gamma_profile(shared: Shared, theta: float, beta: Floats, b: Floats) -> Profile:
    r"""Marginal likelihood of gamma frailties, exact.

    With the expected events :math:`\Lambda_g` of a cluster of frailty one and its events
    :math:`d_g`, integration adds :math:`\sum_{j<d_g} \log(1 + j\theta) - (1/\theta + d_g)
    \log(1 + \theta\Lambda_g)` for each cluster; its derivative by the baseline hazard and the
    coefficients is zero at the penalised maximum.

    References
    ----------
    Therneau, Grambsch and Pankratz (2003), J Comput Graph Stat 12: 156-75, section 3.
    """
    state = maximise_penalised(shared, gamma_penalty(theta), beta, b)
    d, mass = shared.events, shared.by_cluster(state.sums.hazard) * np.exp(-state.b)
    T, T_a, _ = shared.tally.total(theta)
    s = theta * mass
    log_u = np.log1p(s)
    partial = state.sums.loglik - float(d @ state.b)
    loglik = partial + d.sum() + T - ((1 / theta + d) * log_u).sum()
    slope = T_a + (log_u / theta - (mass + d * s) / (1 + s)).sum()
    return Profile(theta, float(loglik), float(slope), state)


def normal_profile(
    shared: Shared, theta: float, beta: Floats, b: Floats, method: VarianceMethod
) -> Profile:
    r"""Laplace's approximation for normal log frailties.

    ``"ml"`` integrates the log frailties out; ``"reml"`` the coefficients too, and has its root
    where :math:`\theta = \{\sum b_g^2 + \mathrm{tr}(H^{-1})_{bb}\}/G`, as R's ``coxph`` does.

    References
    ----------
    McGilchrist (1993), Biometrics 49: 221-5. Ripatti and Palmgren (2000), Biometrics 56: 1016-22.
    """
    state, inner = _laplace(shared, theta, beta, b)
    G, trace = shared.count, inner.trace
    loglik = state.value - (inner.log_det + G * np.log(theta)) / 2
    if method == "ml":
        slope = _laplace_slope(shared, theta, state)
        return Profile(theta, loglik, slope, state)
    found = profile_information(shared, state, inner.solve)
    values, vectors = np.linalg.eigh(found.schur)
    kept = values > 0
    moved = found.carried @ vectors[:, kept]
    trace += float(((moved**2).sum(axis=0) / values[kept]).sum())
    loglik -= float(np.log(values[kept]).sum()) / 2
    slope = (float(state.b @ state.b) + trace) / theta - G
    return Profile(theta, loglik, slope, state)


def _laplace(shared: Shared, theta: float, beta: Floats, b: Floats) -> tuple[State, Inner]:
    state = maximise_penalised(shared, normal_penalty(theta), beta, b)
    return state, factored(shared, state)


def _laplace_slope(shared: Shared, theta: float, near: State) -> float:
    """Derivative by log theta, by a central difference: the determinant moves with the mode."""
    reached = []
    for shift in (-SHIFT, SHIFT):
        moved = theta * np.exp(shift)
        state, inner = _laplace(shared, moved, near.beta, near.b)
        reached.append(state.value - (inner.log_det + shared.count * np.log(moved)) / 2)
    return float(reached[1] - reached[0]) / (2 * SHIFT)
