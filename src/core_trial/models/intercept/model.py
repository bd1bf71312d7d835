"""A random-intercept model on a prepared design, and its frozen `Fit`: shared by all families."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy import special

from core_trial.errors import DesignError
from core_trial.models.design import Clusters, Design, build, clusters, indicator
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats, Quantity, Test, boundary_p, wald
from core_trial.models.intercept.answer import Answer, solve
from core_trial.models.intercept.cautions import believable, warnings_of
from core_trial.models.intercept.few import Inference, degrees_of_freedom, judge
from core_trial.models.intercept.layout import Layout, arrange
from core_trial.models.numerics.canonical import Family
from core_trial.models.numerics.glm import Orthonormal, orthonormal
from core_trial.models.numerics.limits import refuse_confidence
from core_trial.models.numerics.quadrature import hermite_rule
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
        return _as_fit(self, y, answer)

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


def prepare(
    kind: Kind,
    design: Design,
    members: Clusters,
    *,
    random: Floats | None = None,
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
        1 where the random effect enters a row, 0 where not, shape (n,); None for everywhere.
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
    if random is not None:
        _refuse_spanning(members, random)
    chosen, notes = judge(inference, design, members)
    layout = arrange(design.X, members, random, offset)
    return InterceptModel(
        kind=kind,
        design=design,
        points=points,
        confidence=confidence,
        layout=layout,
        basis=orthonormal(layout.patterns, layout.counts),
        inference=chosen,
        df=degrees_of_freedom(chosen, design, members, random),
        notes=notes,
    )


def prepare_frame(
    kind: Kind,
    formula: str,
    frame: pd.DataFrame,
    *,
    cluster: str,
    points: int,
    random: str,
    inference: Inference | None,
    offset: str | None,
    exposure: str | None,
    confidence: float,
) -> InterceptModel:
    """`prepare` from a formula and the names of columns."""
    return prepare(
        kind,
        build(formula, frame),
        clusters(frame, cluster),
        random=None if random == "1" else indicator(frame, random),
        offset=offset_of(frame, offset, exposure),
        points=points,
        inference=inference,
        confidence=confidence,
    )


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


def _as_fit(model: InterceptModel, y: Floats, answer: Answer) -> Fit:
    members, terms = model.layout.clusters, model.design.columns
    there = np.bincount(members.codes, model.layout.random, members.count) > 0
    variance = answer.sd**2 if answer.status != "unidentified" else np.nan
    effects = pd.Series(answer.effects[there], members.labels[there], name="random_effect")
    return Fit(
        model=model.kind.name,
        formula=str(model.design.formula),
        method=_in_words(model),
        terms=terms,
        beta=answer.estimates,
        cov=answer.cov,
        df=model.df,
        scale=model.kind.family.scale,
        loglik=answer.loglik,
        n=len(y),
        n_clusters=members.count,
        n_events=int(y.sum()),
        variance=MappingProxyType({"cluster": variance}),
        converged=believable(answer, model.design),
        warnings=(*warnings_of(answer, model.design, model.points), *model.notes),
        quantities=MappingProxyType(_quantities(model, answer, float(y.mean()))),
        tests=MappingProxyType({"variance": _variance_test(answer)}),
        random_effects=effects,
        fitted=answer.fitted,
        confidence=model.confidence,
    )


def _in_words(model: InterceptModel) -> str:
    where = "every cluster" if model.layout.random.all() else "the clusters of one arm"
    rule = f"{model.points}-point adaptive Gauss-Hermite quadrature"
    if model.points == 1:
        rule = "Laplace approximation"
    normal = model.inference == "normal"
    by = "normal inference" if normal else "t with between-within degrees of freedom"
    return (
        f"maximum likelihood by {rule}; random intercept in {where}; "
        f"observed information of all parameters, {by}"
    )


def _variance_test(answer: Answer) -> Test:
    """Likelihood ratio of the variance against zero."""
    hypothesis = "cluster variance is zero"
    if answer.status not in ("interior", "boundary"):
        return Test(hypothesis, np.nan, 1.0, np.nan)
    ratio = max(2.0 * (answer.loglik - answer.null), 0.0)
    return Test(hypothesis, ratio, 1.0, boundary_p(ratio))


def _quantities(model: InterceptModel, answer: Answer, mean: float) -> dict[str, Quantity]:
    """Standard deviation and intraclass correlation, and each coefficient with more nodes."""
    sd = _positive(answer.sd, answer.sd_error, model.confidence)
    if answer.status == "unidentified":
        sd = Quantity(np.nan, np.nan, np.nan, np.nan)
    found = {"sd": sd, "icc": _icc(sd, model.kind.residual(mean))}
    fine = answer.finer
    if fine is None:
        return found
    w = wald(fine.beta, fine.std_error, np.inf, model.confidence)
    columns = zip(fine.beta, fine.std_error, w.low, w.high, w.p_value, strict=True)
    for term, numbers in zip(model.design.columns, columns, strict=True):
        found[f"{term} ({fine.points} nodes)"] = Quantity(*map(float, numbers))
    found[f"sd ({fine.points} nodes)"] = _positive(fine.sd, fine.sd_error, model.confidence)
    return found


def _positive(estimate: float, error: float, confidence: float) -> Quantity:
    """A positive quantity with an interval that is symmetric in its logarithm."""
    if estimate == 0:
        return Quantity(0.0, np.nan, 0.0, np.nan)
    half = float(special.ndtri(0.5 + confidence / 2)) * error / estimate
    with np.errstate(over="ignore"):
        low, high = estimate * np.exp([-half, half])
    return Quantity(estimate, error, float(low), float(high))


def _icc(sd: Quantity, residual: float) -> Quantity:
    """Share of the cluster variance in the variance on the link scale."""

    def share(value: float) -> float:
        # a quotient that neither a huge nor a tiny standard deviation can overflow
        return 1.0 if value == np.inf else (value / math.hypot(value, math.sqrt(residual))) ** 2

    icc = share(sd.estimate)
    error = icc * (1 - icc) * 2 * sd.std_error / sd.estimate if sd.estimate > 0 else np.nan
    return Quantity(icc, error, share(sd.low), share(sd.high))
