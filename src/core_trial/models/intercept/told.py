"""From the numbers of a random-intercept model to its frozen `Fit`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core_trial.models.fit import Fit, RandomIntercept
from core_trial.models.inference import Floats, Quantity, Test, boundary_p, positive, wald
from core_trial.models.intercept.answer import Answer
from core_trial.models.intercept.cautions import (
    about_means,
    believable,
    implied_means,
    leave_the_data,
    warnings_of,
)
from core_trial.models.intercept.profile import InterceptProfiler
from core_trial.models.numerics.few_clusters import compared

if TYPE_CHECKING:
    from core_trial.models.intercept.model import InterceptModel


def as_fit(model: InterceptModel, y: Floats, answer: Answer) -> Fit:
    """The fit of a response, shape (n,)."""
    members, terms = model.layout.clusters, model.design.columns
    there = np.bincount(members.codes, model.layout.random, members.count) > 0
    variance = answer.sd**2 if answer.status != "unidentified" else np.nan
    means, labels = _means(model, y, answer)
    quantities = _quantities(model, answer, float(y.mean())) | _mean_quantities(means, labels)
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
        variance={"cluster": variance},
        converged=believable(answer) and not leave_the_data(means).any(),
        n_dropped=model.design.dropped,
        warnings=(
            *warnings_of(answer, model.design, model.points),
            *about_means(means, labels),
            *model.notes,
        ),
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
        random_intercept=RandomIntercept(answer.sd, answer.joint, *model.carrier),
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


def _means(model: InterceptModel, y: Floats, answer: Answer) -> tuple[Floats, list[str]]:
    """Mean counts implied and seen, by the groups that clusters are compared in; none for risks."""
    design, none = model.design, np.empty((0, 2))
    if model.kind.family.bounded or answer.apart is not None or not np.isfinite(answer.sd):
        return none, []
    groups, labels = compared(design.X, design.columns, model.layout.clusters.codes)
    return implied_means(answer, model.layout, y, groups), labels


def _mean_quantities(means: Floats, labels: list[str]) -> dict[str, Quantity]:
    """Means implied and seen as quantities without intervals."""
    named = {
        f"{kind}_mean" + (f"[{label}]" if label else ""): float(value)
        for label, row in zip(labels, means, strict=True)
        for kind, value in zip(("implied", "observed"), row, strict=True)
    }
    return {name: Quantity(value, np.nan, np.nan, np.nan) for name, value in named.items()}


def _in_words(model: InterceptModel) -> str:
    notes = model.layout.clusters.note + model.design.note
    rule = f"{model.points}-point adaptive Gauss-Hermite quadrature"
    if model.points == 1:
        rule = "Laplace approximation"
    normal = model.inference == "normal"
    by = "normal inference" if normal else "t with between-within degrees of freedom"
    return (
        f"maximum likelihood by {rule}; random intercept in {model.where}; "
        f"observed information of all parameters, {by}{notes}"
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
