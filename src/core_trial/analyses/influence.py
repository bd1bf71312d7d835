"""How far each estimate hangs on one cluster: the effect without each in turn.

With many clusters, fitting anew without each would take hours and tell little: one step from the
whole fit says which matter, and the model is fitted anew without these.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.analyses.clusters import named
from core_trial.analyses.fits import Cases, Fits, Fitted, fit
from core_trial.analyses.plan import AnalysisSpec
from core_trial.declaration.models import Model
from core_trial.declaration.trial import Trial
from core_trial.errors import DesignError, FitError
from core_trial.models.design import build
from core_trial.models.inference import wald
from core_trial.results import LeaveOneOut

Floats = NDArray[np.float64]
#: Up to this many clusters the model is fitted anew without each.
MOST_REFITTED_CLUSTERS = 60
#: With more, it is fitted anew without these many, which change the effect most.
MOST_INFLUENTIAL = 20
#: Models of a mean that is a probability, and of one that is positive.
_BOUNDED = frozenset({Model.MIXED_LOGISTIC, Model.LOGISTIC})
_LINEAR = frozenset({Model.MIXED_LINEAR, Model.LINEAR})


def records(fits: Fits) -> Iterator[LeaveOneOut]:
    """Every outcome without each cluster."""
    for spec in fits.plan:
        yield from of_outcome(spec, fits)


def of_outcome(spec: AnalysisSpec, fits: Fits) -> Iterator[LeaveOneOut]:
    """One outcome without each cluster, in the order of their names."""
    cluster = fits.trial.cluster
    if cluster is None:
        return
    cases = fits.cases(spec.fitted)
    members = cases.frame[cluster.membership].to_numpy()
    labels = sorted(named(fits.trial, fits.participants) & set(members))
    changes: dict[str, float] = {}
    if len(labels) > MOST_REFITTED_CLUSTERS:
        try:
            changes = _changes(fits.trial, fits.of(spec.fitted), members, labels)
        except (DesignError, FitError):
            return
    largest = sorted(changes, key=lambda label: -abs(changes[label]))[:MOST_INFLUENTIAL]
    for label in labels:
        if not changes or label in largest:
            yield refitted(spec.name, fits.trial, cases, label, members != label)
        else:
            yield _one_step(spec.name, fits.trial, fits.of(spec.fitted), label, changes[label])


def refitted(
    analysis: str, trial: Trial, cases: Cases, label: str, keep: NDArray[np.bool_]
) -> LeaveOneOut:
    """The model fitted anew to those who stay, shape (n,)."""
    try:
        effect = fit(trial, cases.without(keep)).fit.effect(trial.arm.term)
    except (DesignError, FitError):
        return LeaveOneOut(analysis=analysis, cluster=label, estimate=math.nan, p_value=math.nan)
    return LeaveOneOut(
        analysis=analysis, cluster=label, estimate=effect.estimate, p_value=effect.p_value
    )


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
    built = build(" + ".join(spec.covariates), frame)
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
