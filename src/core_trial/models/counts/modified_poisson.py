"""Risk ratio by Poisson regression of a 0/1 response, with standard errors by cluster."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.clusters import Blank
from core_trial.models.columns import Missing, sample
from core_trial.models.design import Clusters, Design, Ints, build, clusters
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats
from core_trial.models.intercept.layout import Rows, distinct
from core_trial.models.numerics.canonical import POISSON
from core_trial.models.numerics.glm import examine, orthonormal
from core_trial.models.numerics.limits import refuse_confidence
from core_trial.models.numerics.newton import NO_VARIANCE, UNFINISHED
from core_trial.models.numerics.sandwich import clustered_sandwich
from core_trial.models.numerics.separation import Separation, describe
from core_trial.models.numerics.threads import one_thread


def modified_poisson(
    formula: str,
    frame: pd.DataFrame,
    *,
    cluster: str | None = None,
    small_sample: bool = True,
    confidence: float = 0.95,
    missing: Missing = "refuse",
    blank_cluster: Blank = "refuse",
) -> Fit:
    """Fit the log of the risk by Poisson regression, with a sandwich covariance by cluster.

    Parameters
    ----------
    formula
        Such as ``"readmitted ~ arm + psychosis + centre"``; the response must be 0 or 1.
    frame
        A row per participant; see `missing` for incomplete ones.
    cluster
        Column with the cluster of each row; None for independent rows.
    small_sample
        Multiply the covariance by G / (G - 1), G the number of clusters.
    confidence
        Coverage of the intervals.
    missing
        ``"refuse"``, or ``"drop"`` to leave rows with missing values out; they are counted in
        `Fit.n_dropped`.
    blank_cluster
        ``"own"`` takes each row without a cluster as one of its own; ``"refuse"`` does not, for
        nothing says whether there is none or it is not known.

    Returns
    -------
    Fit
        On the log scale: the effect of a term is a risk ratio. `fitted` are risks; that some may
        exceed 1 is the price of the method, and is said in a warning.

    Raises
    ------
    DesignError
        If the data or the choices cannot be fitted; the message says what to change.

    References
    ----------
    Zou (2004), Am J Epidemiol 159: 702-6. Zou and Donner (2013), Stat Methods Med Res 22: 661-70
    (clusters).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "readmitted": [1, 0, 0, 0, 1, 1, 1, 0],
    ...     "arm": [1, 1, 1, 1, 0, 0, 0, 0],
    ...     "worker": ["a", "a", "b", "b", "c", "d", "e", "f"],
    ... })
    >>> fit = modified_poisson("readmitted ~ arm", frame, cluster="worker")
    >>> round(fit.effect("arm").estimate, 3)
    0.333
    """
    rows = sample(frame, formula, missing=missing, cluster=cluster)
    design = build(formula, rows)
    if cluster is None:
        members = Clusters(np.arange(design.n), pd.RangeIndex(design.n))
    else:
        members = clusters(rows.frame, cluster, blank=blank_cluster)
    return fit_modified_poisson(design, members, small_sample=small_sample, confidence=confidence)


@one_thread
def fit_modified_poisson(
    design: Design, members: Clusters, *, small_sample: bool = True, confidence: float = 0.95
) -> Fit:
    """Fit a prepared design: `modified_poisson` without formula and frame.

    Parameters
    ----------
    design
        Response of 0 and 1, and design matrix, n rows.
    members
        Cluster of each row.
    small_sample, confidence
        As in `modified_poisson`.
    """
    _refuse(design, confidence)
    found = _maximise(design.X, design.y)
    cov = _sandwich(found, design.y, members, small_sample=small_sample)
    beta, apart = found.beta, found.apart
    if apart is not None:
        beta = apart.blank(apart.widen(beta))
        cov = apart.blank_square(apart.widen_square(cov))
    p = len(beta)
    return Fit(
        model="modified_poisson",
        formula=str(design.formula),
        method=_in_words(members, design.n, small_sample) + members.note + design.note,
        terms=design.columns,
        beta=beta,
        cov=cov,
        df=np.full(p, np.inf),
        scale="log",
        loglik=found.loglik,
        n=design.n,
        n_clusters=members.count,
        n_events=int(design.y.sum()),
        converged=found.converged and not np.isnan(beta).all(),
        n_dropped=design.dropped,
        warnings=tuple(_warnings(found, design, cov)),
        fitted=found.fitted,
        confidence=confidence,
        likelihood="pseudo",
        robust=True,
        term_columns=design.term_columns,
        recipe=design.recipe,
        reference=design.reference,
        response=design.y,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Regression:
    """Poisson regression of the rows that are not fitted perfectly (all, if data do not separate).

    ``columns`` are the covariates in orthonormal coordinates, shape (n, k); zero for rows that are
    fitted perfectly. ``inverse`` is the inverse information in them, ``back`` leads to ``beta``.
    """

    beta: Floats
    columns: Floats
    back: Floats
    inverse: Floats
    fitted: Floats
    loglik: float
    converged: bool
    apart: Separation | None


def _maximise(X: Floats, y: Floats) -> _Regression:
    pattern_of, first = distinct(X)
    trials = np.bincount(pattern_of, minlength=len(first)).astype(float)
    events = np.bincount(pattern_of, y, len(first)).astype(float)
    basis = orthonormal(X[first], trials)
    best, apart = examine(X[first], Rows(basis.columns, trials, events), POISSON)
    if apart is not None:
        return _limit(X, y, apart, pattern_of)
    fitted = POISSON.cumulant(best.point @ basis.columns)[1]
    return _Regression(
        beta=basis.back @ best.point,
        columns=basis.columns.T[pattern_of],
        back=basis.back,
        inverse=np.asarray(np.linalg.inv(best.information), dtype=float),
        fitted=fitted[pattern_of],
        loglik=best.value,
        converged=best.converged,
        apart=None,
    )


def _limit(X: Floats, y: Floats, apart: Separation, pattern_of: Ints) -> _Regression:
    """The rows that are fitted perfectly, all without event, contribute nothing."""
    stands, k = ~apart.moving[pattern_of], len(apart.kept)
    fitted, columns = np.zeros(len(y)), np.zeros((len(y), k))
    if k == 0:
        none = np.empty((0, 0))
        return _Regression(np.empty(0), columns, none, none, fitted, 0.0, True, apart)
    rest = _maximise(X[stands][:, apart.kept], y[stands])
    fitted[stands], columns[stands] = rest.fitted, rest.columns
    return replace(rest, fitted=fitted, columns=columns, apart=apart)


def _sandwich(found: _Regression, y: Floats, members: Clusters, *, small_sample: bool) -> Floats:
    """Covariance by cluster; ``nan`` where a coefficient's scores cancel within every cluster."""
    if found.inverse.size == 0:
        return found.inverse
    scores = (y - found.fitted)[:, None] * found.columns
    robust = clustered_sandwich(found.inverse, scores, members, small_sample=small_sample)
    cov, model = (found.back @ inner @ found.back.T for inner in (robust, found.inverse))
    empty = np.diagonal(cov) <= NO_VARIANCE * np.diagonal(model)
    return np.where(empty | empty[:, None], np.nan, (cov + cov.T) / 2)


def _refuse(design: Design, confidence: float) -> None:
    name = design.formula.response
    if not name:
        raise DesignError(f"formula {str(design.formula)!r} names no outcome")
    if design.X.shape[1] == 0:
        raise DesignError("the model has neither covariate nor intercept")
    if not ((design.y == 0) | (design.y == 1)).all():
        raise DesignError(f"response {name!r} must be 0 or 1 in every row")
    refuse_confidence(confidence)


def _in_words(members: Clusters, n: int, small_sample: bool) -> str:
    unit = "row" if members.count == n else "cluster"
    factor = " times G/(G-1)" if small_sample else ""
    return f"Poisson regression of a 0/1 response; sandwich covariance by {unit}{factor}"


def _warnings(found: _Regression, design: Design, cov: Floats) -> list[str]:
    told = [] if found.apart is None else [describe(found.apart, design.columns)]
    if not found.converged:
        told.append(UNFINISHED)
    lost = np.zeros(len(cov), dtype=bool) if found.apart is None else found.apart.lost
    empty = np.flatnonzero(~(np.diagonal(cov) > 0) & ~lost)
    if len(empty):
        names = ", ".join(design.columns[k] for k in empty)
        told.append(f"the clusters give no standard error for: {names}")
    above = int((found.fitted > 1 + 1e-9).sum())
    if above:
        told.append(f"the fitted risk exceeds 1 in {above} of {design.n} rows")
    return told
