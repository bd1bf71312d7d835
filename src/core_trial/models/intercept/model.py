"""A random-intercept model on a prepared design, and its frozen `Fit`: shared by all families."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.clusters import Blank, Clusters, Nesting, carried_by, clusters, nesting
from core_trial.models.columns import Missing, sample
from core_trial.models.design import Design, build
from core_trial.models.fit import Fit, RandomIntercept
from core_trial.models.inference import Floats, Quantity, Test, boundary_p, positive, wald
from core_trial.models.intercept.answer import Answer, solve
from core_trial.models.intercept.cautions import believable, warnings_of
from core_trial.models.intercept.layout import Layout, arrange
from core_trial.models.intercept.profile import InterceptProfiler
from core_trial.models.numerics.canonical import Family
from core_trial.models.numerics.glm import Orthonormal, orthonormal
from core_trial.models.numerics.limits import refuse_confidence
from core_trial.models.numerics.quadrature import hermite_rule
from core_trial.models.numerics.threads import one_thread


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
        return _as_fit(self, y, answer)


@one_thread
def prepare(
    kind: Kind,
    design: Design,
    members: Clusters,
    *,
    random: Nesting | Floats | None = None,
    points: int = 7,
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
    points
        Number of nodes.
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
    layout = arrange(design.X, members, inside)
    basis = orthonormal(layout.patterns, layout.counts)
    return InterceptModel(kind, design, points, confidence, layout, basis, carried_by(random))


def prepare_frame(
    kind: Kind,
    formula: str,
    frame: pd.DataFrame,
    *,
    cluster: str,
    points: int,
    random: str,
    confidence: float,
    missing: Missing = "refuse",
    blank_cluster: Blank = "refuse",
) -> InterceptModel:
    """`prepare` from a formula and the names of columns."""
    rows = sample(frame, formula, missing=missing, random=random, cluster=cluster)
    nested = nesting(rows.frame, random)
    model = prepare(
        kind,
        build(formula, rows),
        clusters(rows.frame, cluster, nested=nested, blank=blank_cluster),
        random=nested,
        points=points,
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


def _as_fit(model: InterceptModel, y: Floats, answer: Answer) -> Fit:
    members, terms = model.layout.clusters, model.design.columns
    there = np.bincount(members.codes, model.layout.random, members.count) > 0
    variance = answer.sd**2 if answer.status != "unidentified" else np.nan
    effects = pd.Series(answer.effects[there], members.labels[there], name="random_effect")
    quantities = _quantities(model, answer, float(y.mean()))
    return Fit(
        model=model.kind.name,
        formula=str(model.design.formula),
        method=_in_words(model),
        terms=terms,
        beta=answer.estimates,
        cov=answer.cov,
        df=np.full(len(terms), np.inf),
        scale=model.kind.family.scale,
        loglik=answer.loglik,
        n=len(y),
        n_clusters=members.count,
        n_events=int(y.sum()),
        variance={"cluster": variance},
        converged=believable(answer),
        n_dropped=model.design.dropped,
        warnings=tuple(warnings_of(answer, model.design, model.points)),
        quantities=quantities,
        tests={"variance": _variance_test(answer)},
        random_effects=effects,
        fitted=answer.fitted,
        confidence=model.confidence,
        variance_intervals={"cluster": _squared(quantities["sd"])},
        term_columns=model.design.term_columns,
        recipe=model.design.recipe,
        reference=model.design.reference,
        response=y,
        random_intercept=_random_intercept(model, answer),
        profiler=InterceptProfiler(
            layout=model.layout,
            basis=model.basis,
            family=model.kind.family,
            points=model.points,
            y=y,
            answer=answer,
            columns=terms,
        ),
    )


def _squared(sd: Quantity) -> Quantity:
    """The variance, from its root: an interval that is symmetric in the logarithm stays so."""
    with np.errstate(over="ignore", under="ignore"):
        estimate, low, high = np.square([sd.estimate, sd.low, sd.high]).tolist()
    return Quantity(estimate, 2 * sd.estimate * sd.std_error, low, high)


def _random_intercept(model: InterceptModel, answer: Answer) -> RandomIntercept:
    return RandomIntercept(answer.sd, answer.joint, *model.carrier)


def _in_words(model: InterceptModel) -> str:
    notes = model.layout.clusters.note + model.design.note
    rule = f"{model.points}-point adaptive Gauss-Hermite quadrature"
    if model.points == 1:
        rule = "Laplace approximation"
    return (
        f"maximum likelihood by {rule}; random intercept in {model.where}; "
        f"observed information of all parameters, normal inference{notes}"
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
    sd = positive(answer.sd, answer.sd_error, model.confidence)
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
    found[f"sd ({fine.points} nodes)"] = positive(fine.sd, fine.sd_error, model.confidence)
    return found


def _icc(sd: Quantity, residual: float) -> Quantity:
    """Share of the cluster variance in the variance on the link scale."""

    def share(value: float) -> float:
        # a quotient that neither a huge nor a tiny standard deviation can overflow
        return 1.0 if value == np.inf else (value / math.hypot(value, math.sqrt(residual))) ** 2

    icc = share(sd.estimate)
    error = icc * (1 - icc) * 2 * sd.std_error / sd.estimate if sd.estimate > 0 else np.nan
    return Quantity(icc, error, share(sd.low), share(sd.high))
