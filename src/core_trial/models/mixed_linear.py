"""Linear model with a random intercept by cluster, for trials nested in one arm or in all."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.errors import DesignError, FitError
from core_trial.models.design import Clusters, build, clusters, indicator
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats, Quantity, Test, boundary_p
from core_trial.models.kenward_roger import (
    Approximation,
    adjusted,
    degrees_of_freedom,
    gradient,
)
from core_trial.models.linear_intraclass import intraclass_by_level
from core_trial.models.linear_layout import LinearLayout, arrange
from core_trial.models.linear_likelihood import Method, Model
from core_trial.models.linear_search import Maximum, maximise
from core_trial.models.linear_statistics import Statistics, refine, summarise

#: Least squares whose sum of squares exceeds the generalised one by more than this are improved.
EXCESS, REFINEMENTS = 1e3, 4

METHODS = {"ml": "maximum likelihood", "reml": "restricted maximum likelihood"}
APPROXIMATIONS = {
    "normal": "normal",
    "satterthwaite": "Satterthwaite",
    "kenward_roger": "Kenward-Roger",
}


def mixed_linear(
    formula: str,
    frame: pd.DataFrame,
    *,
    cluster: str,
    method: Method = "ml",
    random: str = "1",
    residual_by: str | None = None,
    df: Approximation = "normal",
    confidence: float = 0.95,
) -> Fit:
    """Fit a linear model with a random intercept.

    Parameters
    ----------
    formula
        Such as ``"score ~ arm + baseline + centre"``.
    frame
        A row per participant, complete in every column that is used.
    cluster
        Column with the cluster of each row; a participant outside any cluster is one of its own.
    method
        ``"ml"`` or ``"reml"``.
    random
        ``"1"`` for a random intercept in every cluster; a 0/1 column, or a factor of two levels,
        for one that enters only where the column is 1 (or the second level): partial nesting.
    residual_by
        Column with a residual variance for each of its levels; None for one variance.
    df
        Reference distribution: ``"normal"``, or Student's t with the degrees of freedom of
        ``"satterthwaite"`` or ``"kenward_roger"`` (the latter with its own covariance, and only
        with ``"reml"``, for which it is derived).
    confidence
        Coverage of the intervals.

    Returns
    -------
    Fit
        `variance` has ``cluster`` and ``residual`` (or ``residual[level]``); `quantities` has
        ``icc`` (or ``icc[level]``); `tests` has ``variance``, the likelihood ratio of the cluster
        variance against zero; `fitted` includes the predicted random effects.

    Raises
    ------
    DesignError
        If the data or the choices cannot be fitted; the message says what to change.
    FitError
        If the variances differ by more orders of magnitude than the arithmetic has digits.

    References
    ----------
    Harville (1977), J Am Stat Assoc 72: 320-38. Roberts and Roberts (2005), Clin Trials 2: 152-62
    (partial nesting). Kenward and Roger (1997), Biometrics 53: 983-97.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "score": [4.0, 6.0, 5.0, 9.0, 8.0, 7.0, 3.0, 5.0],
    ...     "arm": [1, 1, 1, 1, 1, 1, 0, 0],
    ...     "worker": ["a", "a", "a", "b", "b", "b", "c", "d"],
    ... })
    >>> fit = mixed_linear("score ~ arm", frame, cluster="worker", method="reml")
    >>> round(fit.effect("arm").estimate, 2)
    2.5
    """
    design = build(formula, frame)
    if not design.formula.response:
        raise DesignError(f"formula {formula!r} names no outcome")
    layout = arrange(
        design,
        clusters(frame, cluster),
        None if random == "1" else indicator(frame, random),
        None if residual_by is None else _levels(frame, residual_by),
    )
    return fit_linear(layout, design.y, method=method, df=df, confidence=confidence)


def fit_linear(
    layout: LinearLayout,
    y: Floats,
    *,
    method: Method = "ml",
    df: Approximation = "normal",
    confidence: float = 0.95,
) -> Fit:
    """Fit a prepared design to an outcome: `mixed_linear` without formula and frame.

    Parameters
    ----------
    layout
        From `linear_statistics.arrange`; serves any number of outcomes.
    y
        Outcome, shape (n,).
    method, df, confidence
        As in `mixed_linear`.
    """
    _check(method, df)
    stats, model, maximum = _solve(layout, y, method)
    point, back = maximum.point, layout.basis.back
    beta = back @ (stats.projection + point.delta) * stats.scale
    if layout.basis.constant is not None:
        beta[layout.basis.constant] += stats.shift / layout.basis.unit
    phi = adjusted(maximum) if df == "kenward_roger" else point.phi
    cov = back @ phi @ back.T * stats.scale**2
    freedom = degrees_of_freedom(maximum, back, df)
    if not maximum.identified:
        unknown = _unknown(maximum, back)
        cov[unknown] = cov[:, unknown] = freedom[unknown] = np.nan
    blups, fitted = _predictions(layout, stats, maximum, y)
    rows = len(y) - len(beta) * (method == "reml")
    iccs = intraclass_by_level(model, maximum, _residual_names(layout), confidence)
    return Fit(
        model="mixed_linear",
        formula=str(layout.design.formula),
        method=_in_words(layout, method, df),
        terms=layout.design.columns,
        beta=beta,
        cov=cov,
        df=freedom,
        scale="identity",
        loglik=point.loglik - rows * float(np.log(stats.scale)),
        n=len(y),
        n_clusters=layout.clusters.count,
        variance=_variances(layout, maximum, stats.scale),
        converged=maximum.converged,
        warnings=tuple(_warnings(layout, maximum, df) + _open_intervals(iccs, maximum)),
        quantities=iccs,
        tests=_tests(maximum),
        random_effects=blups,
        fitted=fitted,
        confidence=confidence,
    )


def _solve(layout: LinearLayout, y: Floats, method: Method) -> tuple[Statistics, Model, Maximum]:
    """Maximise the likelihood; once more from a better residual where digits were lost."""
    stats = summarise(layout, y)
    for _ in range(REFINEMENTS):
        model = likelihood(layout, stats, method)
        try:
            maximum = maximise(model)
        except np.linalg.LinAlgError:
            raise FitError("the variances differ by too many orders of magnitude") from None
        if maximum.point.excess < EXCESS:
            break
        stats = refine(layout, stats, maximum.point.delta)
    return stats, model, maximum


def likelihood(layout: LinearLayout, stats: Statistics, method: Method) -> Model:
    """The likelihood of an outcome, as a function of the variances.

    Raises
    ------
    DesignError
        When the likelihood has no maximum.
    """
    if method == "ml" and stats.saturated.any():
        raise DesignError(
            "as many coefficients as rows for a residual variance: the likelihood has no maximum; "
            "take covariates out, or use method='reml'"
        )
    return Model(
        patterns=layout.patterns,
        log_det=layout.basis.log_det,
        products=stats.products,
        spread=stats.spread,
        saturated=stats.saturated,
        restricted=method == "reml",
    )


def _check(method: str, df: str) -> None:
    if method not in METHODS:
        raise DesignError(f"method {method!r}: choose {' or '.join(METHODS)}")
    if df not in APPROXIMATIONS:
        raise DesignError(f"df {df!r}: choose {', '.join(APPROXIMATIONS)}")
    if df == "kenward_roger" and method == "ml":
        raise DesignError("Kenward-Roger is derived for restricted likelihood: method='reml'")


def _levels(frame: pd.DataFrame, name: str) -> Clusters:
    levels = clusters(frame, name)
    if levels.count < 2:
        raise DesignError(f"residual_by={name!r}: the column has one level; leave it out")
    return levels


def _in_words(layout: LinearLayout, method: Method, df: Approximation) -> str:
    where = "every cluster" if layout.random.all() else "the clusters of one arm"
    residual = f", {layout.residual.count} residual variances" if layout.patterns.levels > 1 else ""
    return (
        f"{METHODS[method]}; random intercept in {where}{residual}; {APPROXIMATIONS[df]} inference"
    )


def _residual_names(layout: LinearLayout) -> list[str]:
    """Suffix of the quantities of each residual level: blank when there is one variance."""
    if layout.patterns.levels == 1:
        return [""]
    return [f"[{label}]" for label in layout.residual.labels]


def _variances(
    layout: LinearLayout, maximum: Maximum, scale: float
) -> MappingProxyType[str, float]:
    theta = maximum.point.theta * scale**2
    names = ["cluster"] + [f"residual{suffix}" for suffix in _residual_names(layout)]
    values = [float(theta[0]) if maximum.identified else np.nan, *map(float, theta[1:])]
    return MappingProxyType(dict(zip(names, values, strict=True)))


def _unknown(maximum: Maximum, back: Floats) -> NDArray[np.bool_]:
    """Coefficients whose variance depends on what is not identified, shape (p,)."""
    point = maximum.point
    along = np.abs(gradient(point, back) @ maximum.flat)
    size = np.einsum("ja,ab,jb->j", back, point.phi, back) / point.theta[1:].min()
    unknown: NDArray[np.bool_] = (along > 1e-8 * size[:, None]).any(axis=1)
    return unknown


def _tests(maximum: Maximum) -> MappingProxyType[str, Test]:
    ratio = max(2.0 * (maximum.point.loglik - maximum.null.loglik), 0.0)
    p = boundary_p(ratio) if maximum.identified else np.nan
    test = Test("cluster variance is zero", ratio if maximum.identified else np.nan, 1.0, p)
    return MappingProxyType({"variance": test})


def _predictions(
    layout: LinearLayout, stats: Statistics, maximum: Maximum, y: Floats
) -> tuple[pd.Series, Floats]:
    """Predicted random effects (tau Z'V^-1 r) and fitted means with them."""
    point, codes, G = maximum.point, layout.clusters.codes, layout.clusters.count
    r = (stats.residual - layout.basis.Q @ point.delta) * stats.scale
    w = layout.random / point.theta[1:][layout.residual.codes]
    precision = np.bincount(codes, w, G)
    tau = float(point.theta[0])
    effect = tau * np.bincount(codes, w * r, G) / (1.0 + tau * precision)
    there = precision > 0
    known = effect[there] if maximum.identified else np.full(int(there.sum()), np.nan)
    blups = pd.Series(known, index=layout.clusters.labels[there], name="random_effect")
    return blups, y - r + layout.random * effect[codes]


def _warnings(layout: LinearLayout, maximum: Maximum, df: Approximation) -> list[str]:
    """What a careful reader should know."""
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
    names = _residual_names(layout)
    found += [
        f"residual variance{name} is at its bound, zero"
        for name, bounded in zip(names, maximum.bounded[1:], strict=True)
        if bounded
    ]
    if df == "satterthwaite" and maximum.bounded[0 if maximum.identified else 1 :].any():
        found.append("no Satterthwaite degrees of freedom with a variance at its bound")
    return found


def _open_intervals(iccs: Mapping[str, Quantity], maximum: Maximum) -> list[str]:
    open_ended = [name for name, icc in iccs.items() if np.isnan(icc.low)]
    if not open_ended or not maximum.identified:
        return []
    return [f"no interval for {', '.join(open_ended)}: the variances are too far apart"]


def _not_identified(layout: LinearLayout, maximum: Maximum) -> list[str]:
    """Why the cluster variance cannot be had, and what follows."""
    mixed = np.abs(maximum.flat[1:]).max() > 1e-6 * np.abs(maximum.flat[0]).max()
    unknown = _unknown(maximum, layout.basis.back)
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
