"""All numbers of a random-intercept fit, back on the design's own coordinates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core_trial.models.canonical import Family
from core_trial.models.design import Clusters
from core_trial.models.glm import Orthonormal, orthonormal, regress
from core_trial.models.inference import Floats
from core_trial.models.layout import Layout, Table, arrange, tabulate
from core_trial.models.newton import Optimum
from core_trial.models.quadrature import MOST_POINTS
from core_trial.models.random_intercept import Maximum, at_zero, finer, search
from core_trial.models.separation import Separation, separation

#: Nodes of the answer that every fit with fewer nodes is compared with.
REFERENCE_POINTS = 25
#: Steps after which a regression is given up that neither converges nor separates.
PATIENCE = 200

Status = Literal["interior", "boundary", "unidentified", "unbounded", "stopped"]


@dataclass(frozen=True, slots=True, eq=False)
class Finer:
    """The answer with more nodes.

    Parameters
    ----------
    points
        Number of nodes.
    beta, std_error
        Coefficients and their standard errors, shape (p,).
    sd, sd_error
        Standard deviation of the random effect and its standard error.
    """

    points: int
    beta: Floats
    std_error: Floats
    sd: float
    sd_error: float


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """The numbers of a fit.

    Parameters
    ----------
    beta, cov
        Coefficients (p,) and their covariance (p, p); ``nan`` for those that diverge.
    sd, sd_error
        Standard deviation of the random effect and its standard error; ``nan`` where there is
        none.
    loglik, null
        Log-likelihood, and that at a zero variance.
    effects
        Mode of each cluster's random effect on the link scale, shape (G,); 0 where it has none.
    fitted
        Means given those effects, shape (n,).
    status
        ``"interior"``, ``"boundary"`` (a zero variance), ``"unidentified"`` (no cluster to learn it
        from), ``"unbounded"`` (it grows without end), ``"stopped"`` (no convergence).
    finer
        The answer with more nodes.
    apart
        What diverges, where the data separate.
    """

    beta: Floats
    cov: Floats
    sd: float
    sd_error: float
    loglik: float
    null: float
    effects: Floats
    fitted: Floats
    status: Status
    finer: Finer | None = None
    apart: Separation | None = None


def solve(layout: Layout, basis: Orthonormal, family: Family, y: Floats, points: int) -> Answer:
    """Fit a response, shape (n,); where the data separate, fit what is left of them."""
    table = tabulate(layout, basis.columns, y, points)
    regression = regress(table.everything, family)
    if not regression.converged:
        rows = table.everything
        apart = separation(layout.patterns, rows.trials, rows.successes, bounded=family.bounded)
        if apart is not None:
            return _separated(layout, family, y, points, apart)
        regression = regress(table.everything, family, PATIENCE)
    answer = _regular(layout, basis, family, table, points, regression)
    constant = family.constant(y)
    return replace(answer, loglik=answer.loglik + constant, null=answer.null + constant)


def _regular(
    layout: Layout,
    basis: Orthonormal,
    family: Family,
    table: Table,
    points: int,
    regression: Optimum,
) -> Answer:
    """The fit of data that do not separate."""
    status: Status
    # a count's own variance is known, so that clusters of one show what exceeds it
    if layout.compares_clusters and (layout.compares_within or not family.bounded):
        best = search(table, family, points, regression)
        status = best.state
    else:
        best, status = at_zero(table, regression), "unidentified"
    inverse = _inverse(best.information)
    if not regression.converged or (status == "interior" and np.isnan(inverse[0, 0])):
        status = "stopped"
    sd = float(best.theta[-1])
    effects = np.zeros(layout.clusters.count)
    effects[table.clusters] = sd * best.modes[table.units]
    eta = (best.theta[:-1] @ basis.columns)[layout.pattern_of]
    eta += layout.random * effects[layout.clusters.codes]
    answer = Answer(
        beta=basis.back @ best.theta[:-1],
        cov=_own(basis, inverse),
        sd=sd,
        sd_error=_last_error(inverse, len(basis.back)),
        loglik=best.value,
        null=regression.value,
        effects=effects,
        fitted=family.cumulant(eta)[1],
        status=status,
    )
    if status == "unbounded":
        return _nothing_believed(answer)
    more = REFERENCE_POINTS if points < REFERENCE_POINTS else MOST_POINTS
    if status == "interior" and points < more:
        best = finer(table, family, more, best)
    return replace(answer, finer=_finer(basis, best, more))


def _finer(basis: Orthonormal, best: Maximum, points: int) -> Finer:
    inverse = _inverse(best.information)
    return Finer(
        points=points,
        beta=basis.back @ best.theta[:-1],
        std_error=np.sqrt(np.diagonal(_own(basis, inverse))),
        sd=float(best.theta[-1]),
        sd_error=_last_error(inverse, len(basis.back)),
    )


def _separated(layout: Layout, family: Family, y: Floats, points: int, apart: Separation) -> Answer:
    """The limit along a direction of separation: the rows that stand still, and what they tell."""
    p = layout.patterns.shape[1]
    stay = ~apart.moving[layout.pattern_of]
    whole = Answer(
        beta=np.full(p, np.nan),
        cov=np.full((p, p), np.nan),
        sd=np.nan,
        sd_error=np.nan,
        loglik=0.0,
        null=0.0,
        effects=np.zeros(layout.clusters.count),
        fitted=y.copy(),
        status="unidentified",
        apart=apart,
    )
    if not stay.any():
        return whole
    X = layout.patterns[layout.pattern_of[stay]][:, apart.kept]
    members = Clusters(layout.clusters.codes[stay], layout.clusters.labels)
    rest = arrange(X, members, layout.random[stay].astype(float))
    basis = orthonormal(rest.patterns, rest.counts)
    answer = solve(rest, basis, family, y[stay], points)
    whole.fitted[stay] = answer.fitted
    return replace(
        answer,
        beta=_widen(answer.beta, apart),
        cov=_widen(_widen(answer.cov, apart).T, apart),
        fitted=whole.fitted,
        apart=apart,
        finer=None if answer.finer is None else _widen_finer(answer.finer, apart),
    )


def _widen(values: Floats, apart: Separation) -> Floats:
    """From the kept columns to all, along the first axis; ``nan`` for what diverges."""
    wide = np.zeros((len(apart.lost), *values.shape[1:]))
    wide[apart.kept] = values
    wide[apart.lost] = np.nan
    return wide


def _widen_finer(finer: Finer, apart: Separation) -> Finer:
    return replace(finer, beta=_widen(finer.beta, apart), std_error=_widen(finer.std_error, apart))


def _nothing_believed(answer: Answer) -> Answer:
    return replace(
        answer,
        beta=np.full_like(answer.beta, np.nan),
        cov=np.full_like(answer.cov, np.nan),
        sd=np.nan,
        sd_error=np.nan,
        effects=np.full_like(answer.effects, np.nan),
        fitted=np.full_like(answer.fitted, np.nan),
    )


def _inverse(information: Floats) -> Floats:
    """Inverse of a positive definite matrix; ``nan`` where it is not one."""
    try:
        np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        return np.full_like(information, np.nan)
    return np.asarray(np.linalg.inv(information), dtype=float)


def _own(basis: Orthonormal, inverse: Floats) -> Floats:
    """Covariance of the coefficients in the design's coordinates."""
    p = len(basis.back)
    cov = basis.back @ inverse[:p, :p] @ basis.back.T
    return (cov + cov.T) / 2


def _last_error(inverse: Floats, p: int) -> float:
    """Standard error of the standard deviation; ``nan`` at the boundary, which has none."""
    return float(np.sqrt(inverse[p, p])) if len(inverse) > p else np.nan
