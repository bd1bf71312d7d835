"""How far each estimate hangs on one cluster: the effect without each in turn.

With many clusters, fitting anew without each would take hours and tell little: one step from the
whole fit says which matter, and the model is fitted anew without these.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.analyses.clusters import named
from core_trial.analyses.fits import Cases, Fits, Fitted, fit
from core_trial.analyses.plan import ROBUST, AnalysisSpec
from core_trial.declaration.models import Model
from core_trial.declaration.trial import Trial
from core_trial.errors import DesignError, FitError
from core_trial.models.clusters import Clusters, groups, nesting
from core_trial.models.design import build
from core_trial.models.inference import wald
from core_trial.models.intercept.mixed_logistic import KIND
from core_trial.models.intercept.model import prepare as prepare_intercept
from core_trial.models.linear.model import prepare as prepare_linear
from core_trial.models.numerics.threads import one_thread
from core_trial.results import LeaveOneOut

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
#: From who stays to the effect in them with its p-value; None where the frame has to be read anew.
Refit = Callable[[Bools], tuple[float, float] | None]
#: Standard error and degrees of freedom by which a coefficient is judged.
Judged = tuple[float, float]
#: Up to this many clusters the model is fitted anew without each.
MOST_REFITTED_CLUSTERS = 60
#: With more, it is fitted anew without these many, which change the effect most.
MOST_INFLUENTIAL = 20
#: Models of a mean that is a probability, and of one that is positive.
_BOUNDED = frozenset({Model.MIXED_LOGISTIC, Model.LOGISTIC})
#: Models that take a design which is made already.
_SLICED: Mapping[Model, Callable[..., Any]] = MappingProxyType(
    {Model.MIXED_LINEAR: prepare_linear, Model.MIXED_LOGISTIC: partial(prepare_intercept, KIND)}
)
#: What they are told beside the design; a model that is told more is fitted from the frame.
_TOLD = frozenset(
    {"cluster", "random", "residual_by", "method", "df", "points", "inference", "confidence"}
)
_LINEAR = frozenset({Model.MIXED_LINEAR, Model.LINEAR})


@one_thread
def records(fits: Fits) -> list[LeaveOneOut]:
    """Every outcome without each cluster."""
    return [record for spec in fits.plan for record in of_outcome(spec, fits)]


def of_outcome(spec: AnalysisSpec, fits: Fits) -> Iterator[LeaveOneOut]:
    """One outcome without each cluster, in the order of their names."""
    cluster = fits.trial.cluster
    if cluster is None:
        return
    cases, judged = _as_the_whole(fits, fits.cases(spec.fitted), spec)
    members = cases.frame[cluster.membership].to_numpy()
    labels = sorted(named(fits.trial, fits.participants) & set(members))
    changes: dict[str, float] = {}
    if len(labels) > MOST_REFITTED_CLUSTERS:
        try:
            changes = _changes(fits.trial, fits.of(spec.fitted), members, labels)
        except (DesignError, FitError):
            return
    refit = _refit(fits.trial, cases)
    largest = sorted(changes, key=lambda label: -abs(changes[label]))[:MOST_INFLUENTIAL]
    for label in labels:
        if not changes or label in largest:
            yield refitted(
                spec.name, fits.trial, cases, label, members != label, refit, judged=judged
            )
        else:
            yield _one_step(spec.name, fits.trial, fits.of(spec.fitted), label, changes[label])


def _as_the_whole(fits: Fits, cases: Cases, spec: AnalysisSpec) -> tuple[Cases, Judged | None]:
    """The people with standard errors that can be compared with those of the whole fit.

    Without one cluster there may be too few for a sandwich that the whole fit has. Where the whole
    fit's errors leave out clusters themselves, to leave them out of fits that leave one out would
    cost the square of their number: the coefficients are fitted anew, and judged by its errors.
    """
    options = cases.spec.options
    chosen = options.get("inference", "jackknife")
    if cases.spec.model not in ROBUST or chosen != "jackknife" or "frailty" in options:
        return cases, None
    try:
        whole = fits.of(spec.fitted).fit
    except (DesignError, FitError):
        return cases, None
    if not cases.spec.cluster:
        return cases, None
    told = MappingProxyType({**options, "inference": "sandwich"})
    simple = replace(cases, spec=replace(cases.spec, options=told))
    if "sandwich" in whole.method:
        return simple, None
    at = whole.position(fits.trial.arm.term)
    return simple, (float(whole.std_error[at]), float(whole.df[at]))


def refitted(
    analysis: str,
    trial: Trial,
    cases: Cases,
    label: str,
    keep: Bools,
    refit: Refit = lambda keep: None,
    *,
    judged: Judged | None = None,
) -> LeaveOneOut:
    """The model fitted anew to those who stay, shape (n,).

    `judged` are the standard error and degrees of freedom of the whole fit, where they take the
    place of the fit's own. `refit` gives the effect where it can be had without the frame, and None
    where it cannot.
    """
    try:
        estimate, p_value = refit(keep) or _anew(trial, cases, keep, judged)
    except (DesignError, FitError):
        estimate = p_value = math.nan
    return LeaveOneOut(analysis=analysis, cluster=label, estimate=estimate, p_value=p_value)


def _anew(trial: Trial, cases: Cases, keep: Bools, judged: Judged | None) -> tuple[float, float]:
    found = fit(trial, cases.without(keep)).fit
    effect = found.effect(trial.arm.term)
    if judged is None:
        return effect.estimate, effect.p_value
    beta = found.beta[found.position(trial.arm.term)]
    return effect.estimate, float(wald(beta, *judged).p_value[0])


def _refit(trial: Trial, cases: Cases) -> Refit:
    """Fits to some of the people whose design is a part of that of all: it is made once."""
    spec = cases.spec
    if spec.model not in _SLICED or not _TOLD.issuperset(spec.options) or cases.frame.empty:
        return _never
    try:
        return _sliced(trial, cases)
    except DesignError:
        return _never


def _never(keep: Bools) -> None:
    """No fit without the frame."""
    del keep


def _sliced(trial: Trial, cases: Cases) -> Refit:
    spec, frame, options = cases.spec, cases.frame, dict(cases.spec.arguments)
    design, members = build(spec.formula, frame), groups(frame, str(options.pop("cluster")))
    random, by = str(options.pop("random", "1")), options.pop("residual_by", None)
    nested, residual = nesting(frame, random), groups(frame, str(by)) if by else None
    at, ratio = design.columns.index(trial.arm.term), spec.model not in _LINEAR

    def refit(keep: Bools) -> tuple[float, float] | None:
        X = design.X[keep]
        if _rank(X) < X.shape[1] or (residual and _part(residual, keep).count < 2):
            return None
        given: dict[str, Any] = dict(options)
        if residual:
            given["residual"] = _part(residual, keep)
        inside = None if nested is None else nested.inside[keep]
        own = replace(design, X=X, y=design.y[keep])
        model = _SLICED[spec.model](own, _part(members, keep), random=inside, **given)
        found = model.coefficients()
        beta = found.beta[[at]]
        return float((np.exp(beta) if ratio else beta)[0]), found.p_value(at)

    return refit


def _part(members: Clusters, keep: Bools) -> Clusters:
    """Membership of some of the rows."""
    there, codes = np.unique(members.codes[keep], return_inverse=True)
    return Clusters(codes.astype(np.intp), members.labels[there])


def _rank(X: Floats) -> int:
    scale = np.abs(X).max(axis=0, initial=0.0)
    return int(np.linalg.matrix_rank(X / np.where(scale > 0, scale, 1.0)))


def _one_step(
    analysis: str, trial: Trial, fitted: Fitted, label: str, change: float
) -> LeaveOneOut:
    """The whole fit's effect changed by one step, with its own standard error."""
    at = fitted.fit.position(trial.arm.term)
    moved = float(fitted.fit.beta[at]) + change
    found = wald(moved, float(fitted.fit.std_error[at]), float(fitted.fit.df[at]))
    ratio = fitted.fit.scale != "identity"
    return LeaveOneOut(
        analysis=analysis,
        cluster=label,
        estimate=math.exp(moved) if ratio else moved,
        p_value=float(found.p_value[0]),
        exact=False,
    )


def _changes(
    trial: Trial, fitted: Fitted, members: NDArray[np.object_], labels: Sequence[str]
) -> dict[str, float]:
    r"""Change of the arm's coefficient without each cluster, one Newton step from the whole fit.

    With scores :math:`u_i = x_i (y_i - \mu_i)` and information :math:`A = \sum_i w_i x_i x_i'`, the
    step is :math:`-(A - A_g)^{-1} u_g` (Preisser and Qaqish 1996, Biometrika 83: 551-62), rows
    being taken for independent given the predicted cluster effects. Exact for least squares.
    """
    design, y, mean, weight = _working(fitted)
    at = list(design.columns).index(trial.arm.term)
    X = design.to_numpy(dtype=float)
    whole = (X * weight[:, None]).T @ X
    rows = pd.Series(np.arange(len(X))).groupby(members).indices
    changes = {}
    for label in labels:
        own = X[rows[label]]
        score = own.T @ (y - mean)[rows[label]]
        rest = whole - (own * weight[rows[label]][:, None]).T @ own
        changes[label] = -float(np.linalg.lstsq(rest, score, rcond=None)[0][at])
    return changes


def _working(fitted: Fitted) -> tuple[pd.DataFrame, Floats, Floats, Floats]:
    """Design with its intercept, outcome, means and weights of a model taken as one of means."""
    spec, frame, found = fitted.cases.spec, fitted.cases.frame, fitted.fit
    built = build(spec.right, frame)
    design = pd.DataFrame(built.X, columns=list(built.columns))
    y = frame[spec.outcome].to_numpy(dtype=float)
    if spec.model == Model.COX:
        mean = _cumulative_hazard(fitted, design, y)
    else:
        mean = np.asarray(found.fitted, dtype=float)
    if spec.model in _LINEAR:
        return design, y, mean, np.ones(len(y))
    return design, y, mean, mean * (1 - mean) if spec.model in _BOUNDED else mean


def _cumulative_hazard(fitted: Fitted, design: pd.DataFrame, event: Floats) -> Floats:
    """Expected events of each row up to its time, by Breslow's baseline hazard, shape (n,)."""
    found, spec = fitted.fit, fitted.cases.spec
    beta = dict(zip(found.terms, np.nan_to_num(found.beta), strict=True))
    names = [name for name in design.columns if name in beta]
    risk = np.exp(design[names].to_numpy() @ np.array([beta[name] for name in names]))
    time = fitted.cases.frame[str(spec.options["time"])].to_numpy(dtype=float)
    times, at = np.unique(time, return_inverse=True)
    leaving = np.bincount(at, risk)
    at_risk = np.cumsum(leaving[::-1])[::-1]
    hazard = np.cumsum(np.bincount(at, event, len(times)) / at_risk)
    return np.asarray(hazard[at] * risk)
