"""A random-intercept model on a prepared design, and its frozen `Fit`: shared by all families."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core_trial.errors import DesignError
from core_trial.models.clusters import Blank, Clusters, Nesting, carried_by, clusters, nesting
from core_trial.models.columns import Sample
from core_trial.models.design import Design, build
from core_trial.models.fit import Fit
from core_trial.models.inference import Coefficients, Floats
from core_trial.models.intercept.answer import solve
from core_trial.models.intercept.few import Inference, degrees_of_freedom, judge
from core_trial.models.intercept.layout import Layout, arrange
from core_trial.models.intercept.told import as_fit
from core_trial.models.numerics.canonical import Family
from core_trial.models.numerics.glm import Orthonormal, orthonormal
from core_trial.models.numerics.limits import refuse_confidence
from core_trial.models.numerics.quadrature import hermite_rule
from core_trial.models.numerics.threads import one_thread
from core_trial.models.weights import offset_of


@dataclass(frozen=True, slots=True)
class Kind:
    """What tells one random-intercept model from another.

    Parameters
    ----------
    name
        The public function's name.
    family
        Distribution of the response.
    residual
        From the mean response to the variance of a single row on the link scale, the other part
        of the intraclass correlation.
    """

    name: str
    family: Family
    residual: Callable[[float], float]


@dataclass(frozen=True, slots=True, eq=False)
class InterceptModel:
    """A random-intercept model on a prepared design; fits any number of responses.

    Parameters
    ----------
    kind
        Which model.
    design
        Response and design matrix.
    points
        Number of nodes.
    confidence
        Coverage of the intervals.
    layout, basis
        Rows and clusters that are alike, and coordinates for their covariates.
    inference
        ``"normal"``, or ``"t"`` by the between-within rule.
    df
        Degrees of freedom of each coefficient, shape (p,).
    notes
        What is to be said of the number of clusters.
    where
        The clusters that carry the random effect, in words.
    carrier
        Column and level of the rows that carry the random effect; both blank for every row.
    """

    kind: Kind
    design: Design
    points: int
    confidence: float
    layout: Layout
    basis: Orthonormal
    inference: Inference
    df: Floats
    notes: tuple[str, ...] = ()
    where: str = "every cluster"
    carrier: tuple[str, object] = ("", "")

    @one_thread
    def fit(self, y: Floats | None = None) -> Fit:
        """Fit the design's own response, or another one of shape (n,).

        Raises
        ------
        DesignError
            If the response is not one the model is for.
        """
        y = self.design.y if y is None else self.design.with_response(y).y
        _refuse_response(y, self.kind, self.design.formula.response)
        answer = solve(self.layout, self.basis, self.kind.family, y, self.points)
        return as_fit(self, y, answer)

    @one_thread
    def coefficients(self, y: Floats | None = None) -> Coefficients:
        """The coefficients of `fit` alone, without the answer that more nodes would give.

        Raises
        ------
        DesignError
            As `fit`.
        """
        y = self.design.y if y is None else self.design.with_response(y).y
        _refuse_response(y, self.kind, self.design.formula.response)
        found = solve(self.layout, self.basis, self.kind.family, y, self.points, compared=False)
        return Coefficients(found.estimates, np.sqrt(np.diagonal(found.cov)), self.df)

    @one_thread
    def loglik(self, y: Floats | None = None) -> float:
        """The log-likelihood of `fit` alone."""
        y = self.design.y if y is None else self.design.with_response(y).y
        _refuse_response(y, self.kind, self.design.formula.response)
        kind = self.kind.family
        return solve(self.layout, self.basis, kind, y, self.points, compared=False).loglik

    @property
    def offset(self) -> Floats:
        """What the linear predictor holds beside the covariates, shape (n,)."""
        return self.layout.shift[self.layout.pattern_of]

    def held(self, k: int, value: float) -> InterceptModel:
        """The same model with the coefficient of column k held at a value."""
        design = self.design
        rest = replace(
            design,
            X=np.delete(design.X, k, axis=1),
            columns=design.columns[:k] + design.columns[k + 1 :],
        )
        return prepare(
            self.kind,
            rest,
            self.layout.clusters,
            random=self.layout.random.astype(float),
            offset=self.offset + value * design.X[:, k],
            points=self.points,
            inference=self.inference,
            confidence=self.confidence,
        )


@one_thread
def prepare(
    kind: Kind,
    design: Design,
    members: Clusters,
    *,
    random: Nesting | Floats | None = None,
    offset: Floats | None = None,
    points: int = 7,
    inference: Inference | None = None,
    confidence: float = 0.95,
) -> InterceptModel:
    """Work out all that does not depend on the response.

    Parameters
    ----------
    kind
        Which model.
    design, members
        The design and the cluster of each row.
    random
        Where the random effect enters: 1 or 0 for each row, shape (n,); None for everywhere.
    offset
        What the linear predictor holds beside the covariates, shape (n,); None for nothing.
    points
        Number of nodes.
    inference
        ``"normal"``, ``"t"``, ``"bootstrap"`` (the coefficients are then judged by t); None for the
        normal where clusters are enough, and t below.
    confidence
        Coverage of the intervals.

    Raises
    ------
    DesignError
        If the number of nodes or the confidence is out of range, the formula names no outcome, or
        a cluster has rows with the random effect and rows without.
    """
    hermite_rule(points)
    if not design.formula.response:
        raise DesignError(f"formula {str(design.formula)!r} names no outcome")
    if design.X.shape[1] == 0:
        raise DesignError("the model has neither covariate nor intercept")
    refuse_confidence(confidence)
    inside = random.inside if isinstance(random, Nesting) else random
    if inside is not None:
        _refuse_spanning(members, inside)
    chosen, notes = judge(inference, design, members)
    layout = arrange(design.X, members, inside, offset)
    return InterceptModel(
        kind=kind,
        design=design,
        points=points,
        confidence=confidence,
        layout=layout,
        basis=orthonormal(layout.patterns, layout.counts),
        inference=chosen,
        df=degrees_of_freedom(chosen, design, members, inside),
        notes=notes,
        where=carried_by(random),
    )


def prepare_frame(
    kind: Kind,
    formula: str,
    rows: Sample,
    *,
    cluster: str,
    points: int,
    random: str,
    inference: Inference | None,
    offset: str | None,
    exposure: str | None,
    confidence: float,
    blank_cluster: Blank = "refuse",
) -> InterceptModel:
    """`prepare` from a formula and the names of columns."""
    nested = nesting(rows.frame, random)
    model = prepare(
        kind,
        build(formula, rows),
        clusters(rows.frame, cluster, nested=nested, blank=blank_cluster),
        random=nested,
        offset=offset_of(rows.frame, offset, exposure),
        points=points,
        inference=inference,
        confidence=confidence,
    )
    if nested is None:
        return model
    return replace(model, carrier=(nested.column, nested.level))


def _refuse_spanning(members: Clusters, random: Floats) -> None:
    inside = np.bincount(members.codes, random, members.count)
    both = np.flatnonzero((inside > 0) & (inside < members.sizes))
    if len(both):
        shown = ", ".join(map(str, members.labels[both[:5]])) + ", ..." * (len(both) > 5)
        raise DesignError(
            f"cluster {shown} has rows with the random effect and rows without: a partially "
            "nested model needs every cluster on one side"
        )


def _refuse_response(y: Floats, kind: Kind, name: str) -> None:
    if kind.family.bounded and not ((y == 0) | (y == 1)).all():
        raise DesignError(f"response {name!r} must be 0 or 1 in every row")
    if not kind.family.bounded and ((y < 0) | (y != np.floor(y))).any():
        raise DesignError(f"response {name!r} must be a count (0, 1, 2, ...) in every row")
