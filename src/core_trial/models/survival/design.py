"""What every Cox model starts from: covariates and follow-up, sorted and whitened once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import lapack

from core_trial.errors import DesignError
from core_trial.models import design as designs
from core_trial.models.clusters import Clusters, Ints
from core_trial.models.columns import Sample
from core_trial.models.design import Design, Recipe
from core_trial.models.formula import parse
from core_trial.models.inference import Floats
from core_trial.models.numerics.newton import (
    Estimable,
    Evaluate,
    Optimum,
    Value,
    Whitening,
    invert,
    maximise,
    whiten,
)
from core_trial.models.numerics.profiling import Surface
from core_trial.models.reference import Reference
from core_trial.models.survival.follow_up import FollowUp
from core_trial.models.survival.partial_likelihood import WIDEST, Sums, derivatives, sums
from core_trial.models.survival.risk_sets import RiskSets, Ties, risk_sets

#: A direction with less than this share of the events' information has none.
FLAT = 1e-10
NO_EVENTS = "there is no event, so nothing about hazards can be estimated"


@dataclass(frozen=True, slots=True, eq=False)
class CoxDesign:
    """A Cox model ready to be fitted: n rows, p covariates.

    Parameters
    ----------
    formula, columns
        The covariates as they were named, and the names of their p columns.
    risk
        The risk sets.
    white
        Whitened covariates in the order of `risk`, and the way back.
    X
        The covariates themselves in that order, shape (n, p).
    centre
        Their means, shape (p,), which whitening takes out.
    observed, strata
        Follow-up of the rows, and their strata as integers (None without), in the order of `risk`.
    offset
        Part of the linear predictor with coefficient 1, shape (n,), in that order; None if none.
    term_columns, dropped, recipe, reference
        As the covariates' `Design` has them.
    """

    formula: str
    columns: tuple[str, ...]
    risk: RiskSets
    white: Whitening
    X: Floats
    centre: Floats
    observed: FollowUp
    strata: Ints | None = None
    offset: Floats | None = None
    term_columns: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    dropped: int = 0
    recipe: Recipe | None = None
    reference: Reference = field(default_factory=Reference)

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.risk.order)

    @property
    def note(self) -> str:
        """What a fit's method says of rows left out."""
        return designs.left_out(self.dropped)

    def in_order(self, clusters: Clusters) -> Clusters:
        """Clusters of the rows as given, in the order of the risk sets."""
        return replace(clusters, codes=clusters.codes[self.risk.order])

    @property
    def response(self) -> Floats:
        """Time and event of each row as given, shape (n, 2)."""
        found = np.empty((self.n, 2))
        found[self.risk.order] = np.column_stack([self.observed.time, self.observed.event])
        return found

    def predictor(self, b: Floats) -> Floats:
        """Linear predictor of coefficients in whitened coordinates (p,), shape (n,)."""
        eta = b @ self.white.columns
        return eta if self.offset is None else eta + self.offset

    def centred(self) -> Floats:
        """The covariates less their means as rows, shape (p, n), in the order of the risk sets."""
        return np.ascontiguousarray((self.X - self.centre).T)

    def subset(self, rows: NDArray[np.bool_]) -> CoxDesign:
        """The design of some of the rows, given by a mask in the order of the risk sets.

        The coordinates stay those of all rows, so that maxima can be compared.
        """
        observed = self.observed.of(rows)
        strata = None if self.strata is None else self.strata[rows]
        case = None if self.risk.case is None else self.risk.case[rows]
        risk = risk_sets(
            observed.time, observed.event, strata, self.risk.ties, entry=observed.entry, case=case
        )
        white = replace(self.white, columns=np.ascontiguousarray(self.white.columns[:, rows]))
        offset = None if self.offset is None else self.offset[rows]
        return CoxDesign(
            self.formula, self.columns, risk, white, self.X[rows], self.centre,
            observed, strata, offset,
        )  # fmt: skip


def right_hand_side(formula: str, frame: pd.DataFrame | Sample) -> Design:
    """Design of the covariates alone; the baseline hazard takes the place of the intercept.

    Raises
    ------
    DesignError
        If there is a left side or no covariate, and for all that `design.build` refuses.
    """
    parsed = parse(formula)
    if parsed.response:
        raise DesignError(f"formula {formula!r}: name the covariates alone, without a left side")
    if not parsed.terms:
        raise DesignError("a Cox model needs a covariate")
    if not parsed.intercept:
        raise DesignError(f"formula {formula!r}: there is no intercept to take out")
    return designs.build(parsed, frame, baseline=True)


def prepare(
    covariates: Design,
    observed: FollowUp,
    strata: Ints | None = None,
    ties: Ties = "breslow",
    *,
    case: Floats | None = None,
    offset: Floats | None = None,
) -> CoxDesign:
    """Sort and whiten.

    Parameters
    ----------
    covariates
        Design without an intercept; see `right_hand_side`.
    observed
        Follow-up of the same rows.
    strata
        Stratum of each row as an integer, shape (n,); None for one stratum.
    ties
        ``"breslow"`` or ``"efron"``.
    case
        Sampling weight of each row, shape (n,); their mean is made 1. None where each counts once.
    offset
        Part of the linear predictor with coefficient 1, shape (n,).
    """
    scaled = None if case is None else case / case.mean()
    risk = risk_sets(observed.time, observed.event, strata, ties, entry=observed.entry, case=scaled)
    order = risk.order
    X = covariates.X[order]
    return CoxDesign(
        formula=str(covariates.formula),
        columns=covariates.columns,
        risk=risk,
        white=whiten(X, centre=True),
        X=X,
        centre=X.mean(axis=0),
        observed=observed.of(order),
        strata=None if strata is None else strata[order],
        offset=None if offset is None else offset[order],
        term_columns=covariates.term_columns,
        dropped=covariates.dropped,
        recipe=covariates.recipe,
        reference=covariates.reference,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Maximum:
    """Maximum of the partial likelihood.

    Parameters
    ----------
    best
        In whitened coordinates. Directions that no risk set tells anything about (a covariate that
        does not vary within strata) stay at zero; their information is zero, too.
    at
        The sums over the risk sets there.
    informed
        Directions in whitened coordinates that some risk set tells about, shape (p, q).
    """

    best: Optimum
    at: Sums
    informed: Floats


def maximum(design: CoxDesign, start: Floats | None = None, *, most: int = 80) -> Maximum:
    """Maximise the partial likelihood.

    Parameters
    ----------
    start
        Where to begin, in whitened coordinates, shape (p,); zero if None.
    most
        Newton steps after which to give up.
    """
    x, risk = design.white.columns, design.risk
    base: Floats | float = 0.0 if design.offset is None else design.offset
    at: Sums

    def along(x: Floats) -> Evaluate:
        def evaluate(b: Floats) -> Value:
            nonlocal at
            eta = b @ x + base
            if np.ptp(eta) > WIDEST:
                return -np.inf, b, np.eye(len(b))
            at = sums(risk, x, eta)
            return at.loglik, *derivatives(risk, x, at)

        return evaluate

    begin = np.zeros(len(x)) if start is None else start
    first = along(x)(begin)
    if not np.isfinite(first[0]):
        raise DesignError("the offset differs between rows by more than a hazard can")
    informed = _not_flat(first[2], risk.n_events)
    if not informed.size:
        return Maximum(Optimum(begin, *first, converged=True, steps=0), at, informed)
    if informed.shape[1] == len(x):
        return Maximum(maximise(along(x), begin, first, most=most), at, informed)
    best = maximise(along(informed.T @ x), informed.T @ begin, most=most)
    point, information = informed @ best.point, informed @ best.information @ informed.T
    best = replace(best, point=point, gradient=informed @ best.gradient, information=information)
    return Maximum(best, sums(risk, x, point @ x + base), informed)


def profiler(design: CoxDesign, found: Estimable, best: Optimum) -> Surface:
    """The partial likelihood with a coefficient held."""
    x, risk = design.white.columns, design.risk

    def evaluate(b: Floats) -> Value:
        eta = design.predictor(b)
        if np.ptp(eta) > WIDEST:
            return -np.inf, b, np.eye(len(b))
        at = sums(risk, x, eta)
        return at.loglik, *derivatives(risk, x, at)

    names = zip(design.columns, design.white.back, found.lost, strict=True)
    loadings = {name: row for name, row, gone in names if not gone}
    return Surface(evaluate, best.point, best.value, loadings)


def _not_flat(information: Floats, n_events: int) -> Floats:
    """Orthonormal directions along which there is information, shape (p, q)."""
    least, every = FLAT * n_events, np.eye(len(information))
    if not lapack.dpotrf(information - least * every)[1]:  # no eigenvalue is below
        return every
    values, vectors = np.linalg.eigh(information)
    return vectors[:, values >= least]


def estimable(design: CoxDesign, best: Optimum) -> Estimable:
    """What is estimable at the maximum; nothing, if none was found."""
    found = invert(best.information, design.white.back, design.risk.n_events)
    return found if best.converged else replace(found, lost=np.ones_like(found.lost))


def information_at(design: CoxDesign, eta: Floats) -> Estimable:
    """What is estimable at a linear predictor, shape (n,), in the order of the risk sets."""
    x, risk = design.white.columns, design.risk
    _, information = derivatives(risk, x, sums(risk, x, eta))
    return invert(information, design.white.back, risk.n_events)
