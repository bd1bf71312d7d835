"""Poisson regression on arrays: estimates, also where data separate, and robust errors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core_trial.models.clusters import Clusters, Ints
from core_trial.models.design import Design
from core_trial.models.inference import Floats
from core_trial.models.intercept.layout import Rows, distinct
from core_trial.models.numerics.canonical import POISSON
from core_trial.models.numerics.glm import examine, orthonormal
from core_trial.models.numerics.jackknife import (
    cluster_groups,
    jackknife_covariance,
    satterthwaite,
    squared_by_cluster,
)
from core_trial.models.numerics.newton import NO_VARIANCE, UNFINISHED
from core_trial.models.numerics.robust import Inference
from core_trial.models.numerics.sandwich import (
    Robust,
    bias_reduced,
    cluster_informations,
    cluster_sums,
    clustered_sandwich,
    left_out,
)
from core_trial.models.numerics.separation import Separation, describe


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """What a Poisson regression is fitted to.

    Parameters
    ----------
    design
        Response and design matrix, n rows.
    offset
        What the linear predictor holds beside the covariates, shape (n,).
    weights
        Sampling weights, shape (n,).
    """

    design: Design
    offset: Floats
    weights: Floats


def counted(design: Design, offset: Floats | None, weights: Floats | None) -> Counted:
    """A design with its offset and its sampling weights, where there are any."""
    n = design.n
    return Counted(
        design,
        np.zeros(n) if offset is None else offset,
        np.ones(n) if weights is None else weights,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """Poisson regression of the rows that are not fitted perfectly (all, if data do not separate).

    Parameters
    ----------
    beta
        Coefficients of the k columns that are determined, shape (k,).
    columns
        Covariates in orthonormal coordinates, shape (n, k); zero for rows that are fitted
        perfectly.
    back, inverse
        From these coordinates to `beta`, and the inverse information in them, shape (k, k).
    fitted
        Means, shape (n,).
    loglik
        Log-likelihood without its constant.
    converged
        Whether the search ended.
    apart
        What diverges, where the data separate.
    """

    beta: Floats
    columns: Floats
    back: Floats
    inverse: Floats
    fitted: Floats
    loglik: float
    converged: bool
    apart: Separation | None


def regression(data: Counted) -> Regression:
    """Fit a Poisson regression."""
    return _maximise(data.design.X, data.design.y, data.offset, data.weights)


def _maximise(X: Floats, y: Floats, offset: Floats, weights: Floats) -> Regression:
    pattern_of, first = distinct(np.column_stack([X, offset]) if offset.any() else X)
    trials = np.bincount(pattern_of, weights, len(first)).astype(float)
    events = np.bincount(pattern_of, weights * y, len(first)).astype(float)
    basis = orthonormal(X[first], trials)
    rows = Rows(basis.columns, trials, events, offset[first])
    best, apart = examine(X[first], rows, POISSON)
    if apart is not None:
        return _limit(X, y, offset, weights, apart, pattern_of)
    fitted = POISSON.cumulant(rows.predictor(best.point))[1]
    return Regression(
        beta=basis.back @ best.point,
        columns=basis.columns.T[pattern_of],
        back=basis.back,
        inverse=np.asarray(np.linalg.inv(best.information), dtype=float),
        fitted=fitted[pattern_of],
        loglik=best.value,
        converged=best.converged,
        apart=None,
    )


def _limit(
    X: Floats, y: Floats, offset: Floats, weights: Floats, apart: Separation, pattern_of: Ints
) -> Regression:
    """The rows that are fitted perfectly, all without event, contribute nothing."""
    stands, k = ~apart.moving[pattern_of], len(apart.kept)
    fitted, columns = np.zeros(len(y)), np.zeros((len(y), k))
    if k == 0:
        none = np.empty((0, 0))
        return Regression(np.empty(0), columns, none, none, fitted, 0.0, True, apart)
    rest = _maximise(X[stands][:, apart.kept], y[stands], offset[stands], weights[stands])
    fitted[stands], columns[stands] = rest.fitted, rest.columns
    return replace(rest, fitted=fitted, columns=columns, apart=apart)


def errors(
    found: Regression,
    data: Counted,
    members: Clusters,
    inference: Inference,
    *,
    small_sample: bool,
) -> Robust:
    """Covariance of all p coefficients with degrees of freedom; ``nan`` for what has no estimate.

    A coefficient whose scores cancel within every cluster has no robust error either.

    Parameters
    ----------
    members
        Cluster of each row.
    inference, small_sample
        Which errors; see `robust.choose`.
    """
    p = data.design.X.shape[1]
    if found.inverse.size == 0:
        return Robust(np.full((p, p), np.nan), np.full(p, np.nan))
    own = _own_errors(found, data, members, inference, small_sample)
    model = np.diagonal(found.back @ found.inverse @ found.back.T)
    with np.errstate(invalid="ignore"):
        empty = ~(np.diagonal(own.cov) > NO_VARIANCE * model)
    cov = np.where(empty | empty[:, None], np.nan, (own.cov + own.cov.T) / 2)
    df = np.where(empty & np.isfinite(own.df), np.nan, own.df)
    if found.apart is None:
        return Robust(cov, df)
    wide = np.full(p, np.inf)
    wide[found.apart.kept] = df
    return Robust(found.apart.blank_square(found.apart.widen_square(cov)), wide)


def _own_errors(
    found: Regression, data: Counted, members: Clusters, inference: Inference, small_sample: bool
) -> Robust:
    """The errors of the columns that are determined."""
    back, normal = found.back, np.full(len(found.back), np.inf)
    if inference == "model":
        return Robust(back @ found.inverse @ back.T, normal)
    residual = (data.design.y - found.fitted) * data.weights
    if inference == "cr2":
        stands = found.fitted > 0
        return bias_reduced(
            found.columns[stands],
            residual[stands],
            found.fitted[stands],
            members.codes[stands],
            contrasts=back,
        )
    scores = residual[:, None] * found.columns
    if inference == "sandwich":
        robust = clustered_sandwich(found.inverse, scores, members, small_sample=small_sample)
        return Robust(back @ robust @ back.T, normal)
    return _jackknife(found, data, members, scores)


def _jackknife(found: Regression, data: Counted, members: Clusters, scores: Floats) -> Robust:
    """Leave out each cluster in turn; one whose rows are all fitted as zero tells nothing."""
    stands = found.fitted > 0
    present, codes = np.unique(members.codes[stands], return_inverse=True)
    members, scores, G = Clusters(codes, members.labels[present]), scores[stands], len(present)
    weight = (found.fitted * data.weights)[stands]
    parts = cluster_informations(found.columns[stands], weight, codes, G)
    information = np.asarray(np.linalg.inv(found.inverse), dtype=float)
    changes = left_out(information, parts, cluster_sums(scores, codes, G), found.back)
    X, columns = data.design.X[stands], data.design.columns
    kept = range(len(columns)) if found.apart is None else found.apart.kept.tolist()
    groups = cluster_groups(X[:, kept], [columns[k] for k in kept], members)
    shares, effective = zip(*groups, strict=True)
    alone = squared_by_cluster(scores @ found.inverse @ found.back.T, members)
    df = satterthwaite(changes, shares, effective, alone)
    return Robust(jackknife_covariance(changes), df)


def coefficients(found: Regression) -> Floats:
    """All p coefficients, ``nan`` for those that diverge."""
    return found.beta if found.apart is None else found.apart.blank(found.apart.widen(found.beta))


def answers(found: Regression) -> bool:
    """Whether the search ended, and something is estimated."""
    return found.converged and not np.isnan(coefficients(found)).all()


def of_design(design: Design) -> dict[str, Any]:
    """What a fit keeps of its design."""
    return {
        "term_columns": design.term_columns,
        "recipe": design.recipe,
        "reference": design.reference,
        "response": design.y,
        "n_dropped": design.dropped,
    }


def warnings_of(found: Regression, design: Design, cov: Floats) -> list[str]:
    """What diverges, a search that did not end, errors that the clusters do not give."""
    told = [] if found.apart is None else [describe(found.apart, design.columns)]
    if not found.converged:
        told.append(UNFINISHED)
    lost = np.zeros(len(cov), dtype=bool) if found.apart is None else found.apart.lost
    empty = np.flatnonzero(~(np.diagonal(cov) > 0) & ~lost)
    if len(empty):
        names = ", ".join(design.columns[k] for k in empty)
        told.append(f"the clusters give no standard error for: {names}")
    return told
