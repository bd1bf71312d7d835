"""What a careful reader of a linear mixed model should know about this one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core_trial.models.inference import Floats, Quantity
from core_trial.models.linear.kenward_roger import Approximation, gradient
from core_trial.models.linear.layout import LinearLayout
from core_trial.models.linear.search import Maximum


def unidentified(maximum: Maximum, back: Floats) -> NDArray[np.bool_]:
    """Which coefficients have a variance that depends on what is not identified, shape (p,)."""
    point = maximum.point
    along = np.abs(gradient(point, back) @ maximum.flat)
    size = np.einsum("ja,ab,jb->j", back, point.phi, back) / point.theta[1:].min()
    unknown: NDArray[np.bool_] = (along > 1e-8 * size[:, None]).any(axis=1)
    return unknown


def warnings_of(
    layout: LinearLayout,
    maximum: Maximum,
    df: Approximation,
    iccs: Mapping[str, Quantity],
) -> tuple[str, ...]:
    """All that must be said about a fit, the gravest first."""
    found = []
    if not maximum.converged:
        found.append("the search for the variances did not converge: do not use this fit")
    if not maximum.identified:
        found += _not_identified(layout, maximum)
    elif maximum.bounded[0]:
        found.append("the cluster variance is at its bound, zero: clusters play no part in the fit")
    elif layout.patterns.sizes.sum(axis=1).max() == 1:
        found.append(
            "every cluster with a random effect has one row: its variance is the excess "
            "of one residual variance over the other, not evidence of clustering"
        )
    found += [
        f"residual variance{name} is at its bound, zero"
        for name, bounded in zip(layout.suffixes, maximum.bounded[1:], strict=True)
        if bounded
    ]
    if df == "satterthwaite" and maximum.bounded[0 if maximum.identified else 1 :].any():
        found.append(
            "Satterthwaite's degrees of freedom take a variance at its bound as known, and are too "
            "many where it is not zero; Kenward and Roger's allow for the cluster variance"
        )
    return tuple(found + _open_intervals(iccs, maximum))


def _open_intervals(iccs: Mapping[str, Quantity], maximum: Maximum) -> list[str]:
    open_ended = [n for n, icc in iccs.items() if np.isnan(icc.low) and icc.estimate >= 0]
    if not open_ended or not maximum.identified:
        return []
    return [f"no interval for {', '.join(open_ended)}: the variances are too far apart"]


def _not_identified(layout: LinearLayout, maximum: Maximum) -> list[str]:
    """Why the cluster variance cannot be had, and what follows."""
    mixed = np.abs(maximum.flat[1:]).max() > 1e-6 * np.abs(maximum.flat[0]).max()
    unknown = unidentified(maximum, layout.basis.back)
    why = (
        "cluster and residual variance cannot be told apart (no cluster with two rows?): "
        "the residual variance holds both"
        if mixed
        else "the cluster variance is not identified: the covariates set the clusters apart, or "
        "there is only one"
    )
    names = [name for name, k in zip(layout.design.columns, unknown, strict=True) if k]
    none = f"no standard error without it for {', '.join(names)}"
    return [why, none] if names else [why]
