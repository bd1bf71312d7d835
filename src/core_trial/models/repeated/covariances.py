"""Variances, covariances and correlations of the visits, with their intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from scipy import special

from core_trial.models.inference import Floats, Quantity, positive
from core_trial.models.repeated.algebra import Likelihood
from core_trial.models.repeated.layout import RepeatedLayout
from core_trial.models.repeated.search import Maximum


@dataclass(frozen=True, slots=True, eq=False)
class Covariances:
    """What a fit tells of the covariance.

    Parameters
    ----------
    variance
        Cluster variance, then variances and covariances of the visits, by name.
    quantities
        Intraclass correlations and correlations of visits, with intervals.
    intervals
        Intervals of the variances, symmetric in their logarithm.
    """

    variance: dict[str, float]
    quantities: dict[str, Quantity]
    intervals: dict[str, Quantity]


def covariances(
    layout: RepeatedLayout, model: Likelihood, maximum: Maximum, scale: float, confidence: float
) -> Covariances:
    """Estimates at the maximum, and intervals from the observed information.

    An interval is made on the scale on which it is about symmetric, Fisher's z for a correlation
    and the logit for an intraclass correlation, and brought back.
    """
    theta = maximum.point.theta
    A = maximum.covariance_of(maximum.point.observed, bounded=False)
    z = float(special.ndtri(0.5 + confidence / 2))
    tau = model.split(theta)[1]
    variance = {"cluster": tau * scale**2} if model.clustered else {}
    shares: dict[str, Quantity] = {}
    correlations: dict[str, Quantity] = {}
    intervals: dict[str, Quantity] = {}
    if model.clustered:
        error = A[-1, -1] ** 0.5 if tau > 0 else np.nan
        intervals["cluster"] = positive(tau, error, confidence).times(scale**2)
    for group, part in enumerate(model.split(theta)[0]):
        sigma, slopes = model.structure.sigma(part), model.structure.slopes(part)
        own = A[model.place(group), model.place(group)]
        names = _names(layout, group)
        for j, k in combinations_with_replacement(range(len(sigma)), 2):
            label = names(j, k)
            variance[label] = float(sigma[j, k]) * scale**2
            if j != k:
                name = label.replace("covariance", "correlation")
                correlations[name] = _correlation(sigma, slopes, own, z, (j, k))
                continue
            error = max(float(slopes[:, j, j] @ own @ slopes[:, j, j]), 0.0) ** 0.5
            intervals[label] = positive(float(sigma[j, j]), error, confidence).times(scale**2)
            if model.clustered and _carries(layout, group, j):
                along = np.zeros(model.m)
                along[model.place(group)] = slopes[:, j, j]
                name = label.replace("variance", "icc")
                shares[name] = _share(tau, float(sigma[j, j]), along, A, z)
    return Covariances(variance, shares | correlations, intervals)


def _names(layout: RepeatedLayout, group: int) -> Callable[[int, int], str]:
    """Name of an entry of a group's covariance matrix, from its row and column."""
    suffix = f"|{layout.groups.labels[group]}" if layout.groups.count > 1 else ""
    visits = layout.visits.labels

    def name(j: int, k: int) -> str:
        inside = f"{visits[j]}" if j == k else f"{visits[j]},{visits[k]}"
        return f"{'variance' if j == k else 'covariance'}[{inside}{suffix}]"

    return name


def _carries(layout: RepeatedLayout, group: int, visit: int) -> bool:
    """Whether any row of a group and visit carries the random effect."""
    mine = layout.patterns.group == group
    return bool(layout.patterns.random[mine, visit].any())


def _correlation(
    sigma: Floats, slopes: Floats, A: Floats, z: float, entry: tuple[int, int]
) -> Quantity:
    j, k = entry
    r = sigma[j, k] / np.sqrt(sigma[j, j] * sigma[k, k])
    g = slopes[:, j, k] / np.sqrt(sigma[j, j] * sigma[k, k])
    g = g - 0.5 * r * (slopes[:, j, j] / sigma[j, j] + slopes[:, k, k] / sigma[k, k])
    error = max(float(g @ A @ g), 0.0) ** 0.5
    half = z * error / (1.0 - r**2)
    low, high = np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)
    return Quantity(float(r), error, float(low), float(high))


def _share(tau: float, variance: float, along: Floats, A: Floats, z: float) -> Quantity:
    """The cluster variance's share of the total at a visit; no interval at a variance of zero."""
    share = tau / (tau + variance)
    if tau == 0:
        return Quantity(0.0, np.nan, np.nan, np.nan)
    g = -along / variance
    g[-1] = 1.0 / tau
    error = max(float(g @ A @ g), 0.0) ** 0.5  # of the logit
    middle = float(np.log(tau / variance))
    low, high = (float(special.expit(middle + side * z * error)) for side in (-1, 1))
    return Quantity(share, share * (1.0 - share) * error, low, high)
