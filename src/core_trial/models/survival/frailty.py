r"""Shared frailty: Cox regression in which every cluster has a hazard level of its own.

Given the frailty variance :math:`\theta`, coefficients and log frailties maximise the penalised
partial likelihood. Only the variance is left to be found, on a line: where the slope of the
likelihood with the frailties integrated out is zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.choices import refuse_choice
from core_trial.models.clusters import Clusters
from core_trial.models.inference import Floats, Test, boundary_p
from core_trial.models.numerics.limits import describe_lost
from core_trial.models.numerics.newton import UNFINISHED, invert
from core_trial.models.numerics.rising import tally
from core_trial.models.numerics.threads import one_thread
from core_trial.models.survival.cox_fit import CoxFit, unfitted
from core_trial.models.survival.design import (
    NO_EVENTS,
    CoxDesign,
    Maximum,
    maximum,
)
from core_trial.models.survival.frailty_likelihood import (
    Shared,
    State,
    profile_information,
)
from core_trial.models.survival.frailty_profile import (
    Profile,
    VarianceMethod,
    gamma_profile,
    normal_profile,
)
from core_trial.models.survival.frailty_search import LARGEST, search

Distribution = Literal["gamma", "lognormal"]
#: Entries of the matrix that a log-normal frailty's determinant needs, terms by clusters.
LARGEST_MATRIX = 50_000_000


@one_thread
def fit_frailty(
    design: CoxDesign,
    clusters: Clusters,
    *,
    distribution: Distribution = "gamma",
    method: VarianceMethod | None = None,
    confidence: float = 0.95,
    rows: pd.Index | None = None,
) -> CoxFit:
    """Shared frailty model on a prepared design; see `core_trial.models.survival.cox.cox`.

    Parameters
    ----------
    clusters
        Of the rows in the order given to `prepare`: whoever shares a cluster shares a frailty.
    distribution
        ``"gamma"`` (mean 1) or ``"lognormal"`` (mean of the log 0).
    method
        ``"ml"`` or ``"reml"`` for the variance; None for ``"reml"`` with ``"lognormal"``.
    rows
        Labels of the rows in the order given to `prepare`, for residuals; their numbers if None.

    Raises
    ------
    DesignError
        If there is one cluster, or the matrix that log-normal frailties need is too large.
    """
    chosen = _chosen_method(distribution, method)
    label = f"{_LABELS[distribution, chosen]}, {design.risk.ties.capitalize()} ties"
    known = unfitted(design, clusters.count, confidence, rows)
    if design.risk.n_events == 0:
        return replace(known, method=label, warnings=(NO_EVENTS,))
    if clusters.count < 2:
        raise DesignError("a frailty model needs at least two clusters")
    if distribution == "lognormal" and len(design.risk.group) * clusters.count > LARGEST_MATRIX:
        raise DesignError(
            "too many event times and clusters for log-normal frailties: round the times, or take "
            "gamma frailties"
        )
    plain = maximum(design)
    if not plain.best.converged:
        return replace(known, method=label, warnings=(UNFINISHED,))
    shared = share(design, clusters, plain.informed)
    zero, information = _without_frailty(shared, plain, chosen), plain.best.information
    best = search(_profiler(shared, distribution, chosen), zero, _moment_estimate(shared, zero))
    if best.theta > 0:
        schur = profile_information(shared, best.state).schur
        information = shared.informed @ schur @ shared.informed.T
    found = invert(information, design.white.back, design.risk.n_events)
    bounded = best.theta < LARGEST
    beta = design.white.back @ (shared.informed @ best.state.beta)
    notes = _notes(clusters, best, late=design.risk.late is not None)
    notes += [describe_lost(design.columns, beta, found.lost)] if found.lost.any() else []
    return replace(
        known,
        method=label + clusters.note + design.note,
        beta=np.where(found.lost, np.nan, beta),
        cov=found.covariance(),
        variance={"frailty": best.theta if bounded else np.nan},
        loglik=best.loglik,
        converged=bounded and not found.lost.all(),
        warnings=tuple(notes),
        tests={"variance": _ratio_test(best, zero)},
        random_effects=pd.Series(best.state.b, clusters.labels, name="log_frailty"),
        likelihood="restricted" if chosen == "reml" else "partial",
        eta=best.state.beta @ shared.x + shared.spread(best.state.b),
    )


_LABELS: Mapping[tuple[Distribution, VarianceMethod], str] = MappingProxyType(
    {
        ("gamma", "ml"): "gamma frailty, marginal likelihood",
        ("lognormal", "ml"): "log-normal frailty, Laplace's approximation, maximum likelihood",
        ("lognormal", "reml"): "log-normal frailty, Laplace's approximation, restricted likelihood",
    }
)


def _chosen_method(distribution: Distribution, method: VarianceMethod | None) -> VarianceMethod:
    refuse_choice("frailty", distribution, dict.fromkeys(name for name, _ in _LABELS))
    chosen: VarianceMethod = method or ("reml" if distribution == "lognormal" else "ml")
    if (distribution, chosen) not in _LABELS:
        known = ", ".join(f"{d!r} with {m!r}" for d, m in _LABELS)
        raise DesignError(f"no frailty {distribution!r} with {chosen!r}; there are {known}")
    return chosen


def share(design: CoxDesign, clusters: Clusters, informed: Floats) -> Shared:
    """What stays the same whatever the variance.

    Parameters
    ----------
    clusters
        Of the rows as given to `prepare`.
    informed
        Directions that some risk set tells about, shape (p, q); see `Maximum`.
    """
    codes = design.in_order(clusters).codes
    events = np.bincount(codes[design.risk.rows], minlength=clusters.count).astype(float)
    counts, _ = tally(events[events > 0].astype(np.intp))
    x = informed.T @ design.white.columns
    return Shared(design.risk, x, design.offset, informed, codes, clusters.count, events, counts)


def _without_frailty(shared: Shared, plain: Maximum, method: VarianceMethod) -> Profile:
    """The plain Cox model as the profile at a variance of zero."""
    none, best = np.zeros(shared.count), plain.best
    values = np.linalg.eigvalsh(best.information)
    loglik = best.value - (np.log(values[values > 0]).sum() / 2 if method == "reml" else 0.0)
    beta, held = best.point @ shared.informed, np.full(shared.count, np.inf)
    state = State(beta, none, best.value, plain.at, none, held)
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


def _ratio_test(best: Profile, zero: Profile) -> Test:
    """Likelihood ratio of the variance against zero, which is the bound of its range."""
    statistic = 2 * max(best.loglik - zero.loglik, 0.0)
    return Test("frailty variance = 0", statistic, 1.0, boundary_p(statistic))


def _notes(clusters: Clusters, best: Profile, *, late: bool) -> list[str]:
    notes = []
    if late:
        notes.append(
            "rows enter late: the frailty's distribution is taken to be that of the clusters under "
            "observation, which it is where every cluster is followed from the origin"
        )
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
