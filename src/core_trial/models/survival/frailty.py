r"""Shared frailty: Cox regression in which every cluster has a hazard level of its own.

Given the frailty variance :math:`\theta`, coefficients and log frailties maximise the penalised
partial likelihood. Only the variance is left to be found, on a line: where the slope of the
likelihood with the frailties integrated out is zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd
from scipy import optimize

from core_trial.errors import DesignError
from core_trial.models.design import Clusters
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats, Test, boundary_p
from core_trial.models.numerics.limits import describe_lost
from core_trial.models.numerics.newton import UNFINISHED, Optimum, invert
from core_trial.models.numerics.rising import tally
from core_trial.models.numerics.threads import one_thread
from core_trial.models.survival.design import (
    NO_EVENTS,
    CoxDesign,
    informed_directions,
    maximum,
    not_estimable,
)
from core_trial.models.survival.frailty_likelihood import (
    Shared,
    State,
    gamma_penalty,
    log_det_and_trace,
    maximise_penalised,
    normal_penalty,
    profile_information,
)
from core_trial.models.survival.partial_likelihood import Sums

Distribution = Literal["gamma", "lognormal"]
VarianceMethod = Literal["ml", "reml"]
#: The frailty variance is looked for between these; below, it is zero.
SMALLEST, LARGEST = 1e-6, 1e3
#: Entries of the matrix that a log-normal frailty's determinant needs, terms by clusters.
LARGEST_MATRIX = 50_000_000
#: A gain in log-likelihood that could be rounding is none.
NO_GAIN = 1e-8
#: Step in log theta until the root is between two steps.
STRIDE = 1.5
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
    state, log_det, trace = _laplace(shared, theta, beta, b)
    G = shared.count
    loglik = state.value - (log_det + G * np.log(theta)) / 2
    if method == "ml":
        slope = _laplace_slope(shared, theta, state)
        return Profile(theta, loglik, slope, state)
    found = profile_information(shared, state)
    values, vectors = np.linalg.eigh(found.schur)
    kept = values > 0
    moved = found.carried @ vectors[:, kept]
    trace += float(((moved**2).sum(axis=0) / values[kept]).sum())
    loglik -= float(np.log(values[kept]).sum()) / 2
    slope = (float(state.b @ state.b) + trace) / theta - G
    return Profile(theta, loglik, slope, state)


def _laplace(shared: Shared, theta: float, beta: Floats, b: Floats) -> tuple[State, float, float]:
    state = maximise_penalised(shared, normal_penalty(theta), beta, b)
    return state, *log_det_and_trace(shared, state)


def _laplace_slope(shared: Shared, theta: float, near: State) -> float:
    """Derivative by log theta, by a central difference: the determinant moves with the mode."""
    reached = []
    for shift in (-SHIFT, SHIFT):
        moved = theta * np.exp(shift)
        state, log_det, _ = _laplace(shared, moved, near.beta, near.b)
        reached.append(state.value - (log_det + shared.count * np.log(moved)) / 2)
    return float(reached[1] - reached[0]) / (2 * SHIFT)


@one_thread
def fit_frailty(
    design: CoxDesign,
    clusters: Clusters,
    *,
    distribution: Distribution = "gamma",
    method: VarianceMethod | None = None,
    confidence: float = 0.95,
) -> Fit:
    """Shared frailty model on a prepared design; see `core_trial.models.survival.cox.cox`.

    Parameters
    ----------
    clusters
        Of the rows in the order given to `prepare`: whoever shares a cluster shares a frailty.
    distribution
        ``"gamma"`` (mean 1) or ``"lognormal"`` (mean of the log 0).
    method
        ``"ml"`` or ``"reml"`` for the variance; None for ``"reml"`` with ``"lognormal"``.

    Raises
    ------
    DesignError
        If there is one cluster, or the matrix that log-normal frailties need is too large.
    """
    chosen = _chosen_method(distribution, method)
    label = f"{_LABELS[distribution, chosen]}, {design.risk.ties.capitalize()} ties"
    if design.risk.n_events == 0:
        return not_estimable(design, label, clusters.count, confidence, NO_EVENTS)
    if clusters.count < 2:
        raise DesignError("a frailty model needs at least two clusters")
    shared = share(design, clusters)
    if distribution == "lognormal" and len(design.risk.group) * clusters.count > LARGEST_MATRIX:
        raise DesignError(
            "too many event times and clusters for log-normal frailties: round the times, or take "
            "gamma frailties"
        )
    plain, at = maximum(design)
    if not plain.converged:
        return not_estimable(design, label, clusters.count, confidence, UNFINISHED)
    zero, information = _without_frailty(shared, plain, at, chosen), plain.information
    best = _search(_profiler(shared, distribution, chosen), zero, _moment_estimate(shared, zero))
    if best.theta > 0:
        schur = profile_information(shared, best.state).schur
        information = shared.informed @ schur @ shared.informed.T
    found = invert(information, design.white.back, design.risk.n_events)
    bounded = best.theta < LARGEST
    beta = design.white.back @ (shared.informed @ best.state.beta)
    notes = _notes(clusters, best)
    notes += [describe_lost(design.columns, beta, found.lost)] if found.lost.any() else []
    return Fit(
        model="cox",
        formula=design.formula,
        method=label + clusters.note + design.note,
        terms=design.columns,
        beta=np.where(found.lost, np.nan, beta),
        cov=found.covariance(),
        df=np.full(len(found.lost), np.inf),
        scale="log",
        variance={"frailty": best.theta if bounded else np.nan},
        loglik=best.loglik,
        n=design.n,
        n_clusters=clusters.count,
        n_events=design.risk.n_events,
        converged=bounded and not found.lost.all(),
        n_dropped=design.dropped,
        warnings=tuple(notes),
        tests={"variance": _ratio_test(best, zero)},
        random_effects=pd.Series(best.state.b, clusters.labels, name="log_frailty"),
        confidence=confidence,
        likelihood="restricted" if chosen == "reml" else "partial",
        term_columns=design.term_columns,
        recipe=design.recipe,
        reference=design.reference,
        response=design.response,
    )


_LABELS: Mapping[tuple[Distribution, VarianceMethod], str] = MappingProxyType(
    {
        ("gamma", "ml"): "gamma frailty, marginal likelihood",
        ("lognormal", "ml"): "log-normal frailty, Laplace's approximation, maximum likelihood",
        ("lognormal", "reml"): "log-normal frailty, Laplace's approximation, restricted likelihood",
    }
)


def _chosen_method(distribution: Distribution, method: VarianceMethod | None) -> VarianceMethod:
    chosen: VarianceMethod = method or ("reml" if distribution == "lognormal" else "ml")
    if (distribution, chosen) not in _LABELS:
        known = ", ".join(f"{d!r} with {m!r}" for d, m in _LABELS)
        raise DesignError(f"no frailty {distribution!r} with {chosen!r}; there are {known}")
    return chosen


def share(design: CoxDesign, clusters: Clusters) -> Shared:
    """What stays the same whatever the variance; `clusters` of the rows as given to `prepare`."""
    codes = design.in_order(clusters).codes
    events = np.bincount(codes[design.risk.rows], minlength=clusters.count).astype(float)
    counts, _ = tally(events[events > 0].astype(np.intp))
    informed = informed_directions(design)
    x = informed.T @ design.white.columns
    return Shared(design.risk, x, informed, codes, clusters.count, events, counts)


def _without_frailty(shared: Shared, plain: Optimum, at: Sums, method: VarianceMethod) -> Profile:
    """The plain Cox model as the profile at a variance of zero."""
    none = np.zeros(shared.count)
    values = np.linalg.eigvalsh(plain.information)
    loglik = plain.value - (np.log(values[values > 0]).sum() / 2 if method == "reml" else 0.0)
    beta, held = plain.point @ shared.informed, np.full(shared.count, np.inf)
    state = State(beta, none, plain.value, at, none, held)
    return Profile(0.0, float(loglik), 0.0, state)


def _profiler(
    shared: Shared, distribution: Distribution, method: VarianceMethod
) -> Callable[[float, State], Profile]:
    """From a variance and a state near by to the profile there."""
    if distribution == "gamma":
        return lambda theta, near: gamma_profile(
            shared, theta, near.beta, _posterior(shared, theta, near)
        )
    return lambda theta, near: normal_profile(shared, theta, near.beta, near.b, method)


def _posterior(shared: Shared, theta: float, near: State) -> Floats:
    """Log of the gamma frailties' posterior means at the hazards of another variance."""
    mass = shared.by_cluster(near.sums.hazard) * np.exp(-near.b)
    means: Floats = (1.0 + theta * shared.events) / (1.0 + theta * mass)
    return np.log(means)


def _moment_estimate(shared: Shared, zero: Profile) -> float:
    """Where to begin: what the clusters' events vary beyond chance, within sensible bounds."""
    expected = shared.by_cluster(zero.state.sums.hazard)
    excess = ((shared.events - expected) ** 2 - expected).sum() / (expected**2).sum()
    return float(np.clip(excess, 0.01, 1.0))


def _search(profile: Callable[[float, State], Profile], zero: Profile, start: float) -> Profile:
    """The variance at which the slope is zero; zero itself if the likelihood falls from there."""
    seen: dict[float, Profile] = {}
    last = zero.state

    def at(log_theta: float) -> Profile:
        nonlocal last
        if log_theta not in seen:
            seen[log_theta] = profile(float(np.exp(log_theta)), last)
            last = seen[log_theta].state
        return seen[log_theta]

    low = high = np.log(start)
    while at(high).slope > 0:
        low, high = high, high + STRIDE
        if high > np.log(LARGEST):
            return replace(at(low), theta=np.inf)
    while at(low).slope <= 0:
        low, high = low - STRIDE, low
        if low < np.log(SMALLEST):
            return zero
    best = at(optimize.brentq(lambda a: at(a).slope, low, high, xtol=1e-7))
    return best if best.loglik > zero.loglik + NO_GAIN else zero


def _ratio_test(best: Profile, zero: Profile) -> Test:
    """Likelihood ratio of the variance against zero, which is the bound of its range."""
    statistic = 2 * max(best.loglik - zero.loglik, 0.0)
    return Test("frailty variance = 0", statistic, 1.0, boundary_p(statistic))


def _notes(clusters: Clusters, best: Profile) -> list[str]:
    notes = []
    if best.theta == 0:
        notes.append("the frailty variance is at its bound of zero: this is the plain Cox model")
    if best.theta > LARGEST:
        notes.append("the frailty variance grows without end: believe none of these numbers")
    if (clusters.sizes == 1).all():
        notes.append(
            "every cluster has one row: what is taken for frailty may be hazards that are not "
            "proportional"
        )
    return notes
