"""All numbers of a random-intercept fit, back on the design's own coordinates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core_trial.models.clusters import Clusters
from core_trial.models.inference import Floats
from core_trial.models.intercept.layout import Layout, Table, arrange, tabulate
from core_trial.models.intercept.random_intercept import Maximum, State, at_zero, finer, search
from core_trial.models.numerics.canonical import Family
from core_trial.models.numerics.glm import Orthonormal, examine, orthonormal, regress
from core_trial.models.numerics.newton import Optimum
from core_trial.models.numerics.quadrature import MOST_POINTS
from core_trial.models.numerics.separation import Separation

#: Nodes of the answer that every fit with fewer nodes is compared with.
REFERENCE_POINTS = 25

Status = Literal["interior", "boundary", "unidentified", "unbounded", "stopped"]


@dataclass(frozen=True, slots=True, eq=False)
class Finer:
    """The answer with more nodes.

    Parameters
    ----------
    points
        Number of nodes.
    state
        How its search ended; see `random_intercept.Maximum`.
    beta, std_error
        Coefficients and their standard errors, shape (p,).
    sd, sd_error
        Standard deviation of the random effect and its standard error.
    """

    points: int
    state: State
    beta: Floats
    std_error: Floats
    sd: float
    sd_error: float


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """The numbers of a fit.

    Parameters
    ----------
    beta
        Coefficients, shape (p,); where the data separate, a solution of `Separation.widen`.
    joint
        Covariance of the coefficients and the standard deviation, shape (p + 1, p + 1); ``nan``
        for a standard deviation at its bound.
    sd
        Standard deviation of the random effect.
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
    joint: Floats
    sd: float
    loglik: float
    null: float
    effects: Floats
    fitted: Floats
    status: Status
    finer: Finer | None = None
    apart: Separation | None = None

    @property
    def estimates(self) -> Floats:
        """Coefficients, ``nan`` for those that diverge."""
        return self.beta if self.apart is None else self.apart.blank(self.beta)

    @property
    def cov(self) -> Floats:
        """Covariance of the coefficients, shape (p, p), ``nan`` for those that diverge."""
        cov = self.joint[:-1, :-1]
        return cov if self.apart is None else self.apart.blank_square(cov)

    @property
    def sd_error(self) -> float:
        """Standard error of the standard deviation; ``nan`` at its bound."""
        return float(np.sqrt(self.joint[-1, -1]))


def solve(
    layout: Layout,
    basis: Orthonormal,
    family: Family,
    y: Floats,
    points: int,
    *,
    compared: bool = True,
) -> Answer:
    """Fit a response, shape (n,); where the data separate, fit what is left of them.

    `compared` asks for the answer with more nodes beside it.
    """
    table = tabulate(layout, basis.columns, y, points)
    regression, apart = examine(layout.patterns, table.everything, family)
    if apart is not None:
        return _separated(layout, family, y, points, apart, compared)
    answer = _regular(layout, basis, family, table, points, regression, compared)
    constant = family.constant(y)
    return replace(answer, loglik=answer.loglik + constant, null=answer.null + constant)


def top(layout: Layout, basis: Orthonormal, family: Family, y: Floats, points: int) -> float:
    """The highest log-likelihood of a response, shape (n,), without its constant.

    Where the data separate it is what the likelihood rises to, to many digits.
    """
    table = tabulate(layout, basis.columns, y, points)
    regression = regress(table.everything, family)
    return _maximum(layout, family, table, points, regression)[0].value


def _maximum(
    layout: Layout, family: Family, table: Table, points: int, regression: Optimum
) -> tuple[Maximum, Status]:
    """Where the likelihood has its maximum; at a variance of zero where that is not identified."""
    # a count's own variance is known, so that clusters of one show what exceeds it
    if layout.compares_clusters and (layout.compares_within or not family.bounded):
        best = search(table, family, points, regression)
        return best, best.state
    return at_zero(table, regression), "unidentified"


def _regular(
    layout: Layout,
    basis: Orthonormal,
    family: Family,
    table: Table,
    points: int,
    regression: Optimum,
    compared: bool,
) -> Answer:
    """The fit of data that do not separate."""
    best, status = _maximum(layout, family, table, points, regression)
    inverse = _inverse(best.information)
    if not regression.converged or (status == "interior" and np.isnan(inverse[0, 0])):
        status = "stopped"
    sd = float(best.theta[-1])
    effects = np.zeros(layout.clusters.count)
    effects[table.clusters] = sd * best.modes[table.units]
    eta = table.everything.predictor(best.theta[:-1])[layout.pattern_of]
    eta += layout.random * effects[layout.clusters.codes]
    answer = Answer(
        beta=basis.back @ best.theta[:-1],
        joint=_own(basis, inverse),
        sd=sd,
        loglik=best.value,
        null=regression.value,
        effects=effects,
        fitted=family.cumulant(eta)[1],
        status=status,
    )
    if status == "unbounded":
        return _nothing_believed(answer)
    if not compared:
        return answer
    more = MOST_POINTS if REFERENCE_POINTS <= points < MOST_POINTS else REFERENCE_POINTS
    if status == "interior":
        best = finer(table, family, more, best)
    return replace(answer, finer=_finer(basis, best, more))


def _finer(basis: Orthonormal, best: Maximum, points: int) -> Finer:
    error = np.sqrt(np.diagonal(_own(basis, _inverse(best.information))))
    beta, sd = basis.back @ best.theta[:-1], float(best.theta[-1])
    return Finer(points, best.state, beta, error[:-1], sd, float(error[-1]))


def _separated(
    layout: Layout, family: Family, y: Floats, points: int, apart: Separation, compared: bool
) -> Answer:
    """The limit along a direction of separation: the rows that stand still, and what they tell."""
    p = layout.patterns.shape[1]
    stay = ~apart.moving[layout.pattern_of]
    whole = Answer(
        beta=np.full(p, np.nan),
        joint=np.full((p + 1, p + 1), np.nan),
        sd=np.nan,
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
    shift = layout.shift[layout.pattern_of[stay]]
    rest = arrange(X, members, layout.random[stay].astype(float), shift)
    basis = orthonormal(rest.patterns, rest.counts)
    answer = solve(rest, basis, family, y[stay], points, compared=compared)
    whole.fitted[stay] = answer.fitted
    return replace(
        answer,
        beta=apart.widen(answer.beta),
        joint=apart.widen_square(answer.joint),
        fitted=whole.fitted,
        apart=apart,
        finer=None if answer.finer is None else _widen_finer(answer.finer, apart),
    )


def _widen_finer(finer: Finer, apart: Separation) -> Finer:
    return replace(
        finer,
        beta=apart.blank(apart.widen(finer.beta)),
        std_error=apart.blank(apart.widen(finer.std_error)),
    )


def _nothing_believed(answer: Answer) -> Answer:
    return replace(
        answer,
        beta=np.full_like(answer.beta, np.nan),
        joint=np.full_like(answer.joint, np.nan),
        sd=np.nan,
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
    """Covariance in the design's coordinates, ``nan`` for a standard deviation at its bound."""
    p, q = len(basis.back), len(inverse)
    back = np.eye(q)
    back[:p, :p] = basis.back
    wide = np.full((p + 1, p + 1), np.nan)
    wide[:q, :q] = back @ inverse @ back.T
    wide += wide.T
    return wide / 2
