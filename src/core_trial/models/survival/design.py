"""What every Cox model starts from: covariates and follow-up, sorted and whitened once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy.linalg import lapack

from core_trial.errors import DesignError
from core_trial.models import design as designs
from core_trial.models.design import Clusters, Design, Ints, Recipe, Sample
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats
from core_trial.models.numerics.newton import (
    Estimable,
    Optimum,
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
    response
        Time and event of each row as given, shape (n, 2).
    term_columns, dropped, recipe, reference
        As the covariates' `Design` has them.
    """

    formula: str
    columns: tuple[str, ...]
    risk: RiskSets
    white: Whitening
    response: Floats
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


def right_hand_side(formula: str, frame: pd.DataFrame | Sample) -> Design:
    """Design of the covariates alone; the baseline hazard takes the place of the intercept.

    Raises
    ------
    DesignError
        If there is a left side or no covariate, and for all that `design.build` refuses.
    """
    parsed = designs.parse(formula)
    if parsed.response:
        raise DesignError(f"formula {formula!r}: name the covariates alone, without a left side")
    if not parsed.terms:
        raise DesignError("a Cox model needs a covariate")
    if not parsed.intercept:
        raise DesignError(f"formula {formula!r}: there is no intercept to take out")
    return designs.build(parsed, frame, baseline=True)


def prepare(
    covariates: Design, observed: FollowUp, strata: Ints | None = None, ties: Ties = "breslow"
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
    """
    risk = risk_sets(observed.time, observed.event, strata, ties)
    white = whiten(covariates.X[risk.order], centre=True)
    return CoxDesign(
        formula=str(covariates.formula),
        columns=covariates.columns,
        risk=risk,
        white=white,
        response=np.column_stack([observed.time, observed.event]),
        term_columns=covariates.term_columns,
        dropped=covariates.dropped,
        recipe=covariates.recipe,
        reference=covariates.reference,
    )


def maximum(design: CoxDesign) -> tuple[Optimum, Sums]:
    """Maximum of the partial likelihood in whitened coordinates, and the sums there.

    Directions that no risk set tells anything about (a covariate that does not vary within strata)
    stay at zero; their information is zero, too.
    """
    x, risk = design.white.columns, design.risk
    at: Sums

    def evaluate(b: Floats) -> tuple[float, Floats, Floats]:
        nonlocal at
        eta = b @ x
        if np.ptp(eta) > WIDEST:
            return -np.inf, b, np.eye(len(b))
        at = sums(risk, x, eta)
        return at.loglik, *derivatives(risk, x, at)

    start = np.zeros(len(x))
    first = evaluate(start)
    informed = _not_flat(first[2], risk.n_events)
    if not informed.size:
        return Optimum(start, *first, converged=True, steps=0), at
    if informed.shape[1] == len(x):
        return maximise(evaluate, start, first), at
    x = informed.T @ x
    best = maximise(evaluate, np.zeros(len(x)))
    point, information = informed @ best.point, informed @ best.information @ informed.T
    best = replace(best, point=point, gradient=informed @ best.gradient, information=information)
    return best, sums(risk, design.white.columns, point @ design.white.columns)


def profiler(design: CoxDesign, found: Estimable, best: Optimum) -> Surface:
    """The partial likelihood with a coefficient held."""
    x, risk = design.white.columns, design.risk

    def evaluate(b: Floats) -> tuple[float, Floats, Floats]:
        eta = b @ x
        if np.ptp(eta) > WIDEST:
            return -np.inf, b, np.eye(len(b))
        at = sums(risk, x, eta)
        return at.loglik, *derivatives(risk, x, at)

    names = zip(design.columns, design.white.back, found.lost, strict=True)
    loadings = {name: row for name, row, gone in names if not gone}
    return Surface(evaluate, best.point, best.value, loadings)


def informed_directions(design: CoxDesign) -> Floats:
    """Directions in whitened coordinates that some risk set tells about, shape (p, q)."""
    x, risk = design.white.columns, design.risk
    _, information = derivatives(risk, x, sums(risk, x, np.zeros(design.n)))
    return _not_flat(information, risk.n_events)


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


def not_estimable(
    design: CoxDesign, method: str, n_clusters: int, confidence: float, reason: str
) -> Fit:
    """A fit that is ``nan`` throughout, with the reason."""
    p = len(design.columns)
    return Fit(
        model="cox",
        formula=design.formula,
        method=method,
        terms=design.columns,
        beta=np.full(p, np.nan),
        cov=np.full((p, p), np.nan),
        df=np.full(p, np.inf),
        scale="log",
        loglik=np.nan,
        n=design.n,
        n_clusters=n_clusters,
        n_events=design.risk.n_events,
        converged=False,
        warnings=(reason,),
        confidence=confidence,
    )
