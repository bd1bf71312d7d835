"""Any model of the plan fitted again, and its effect as numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from core_trial.declaration.models import Model
from core_trial.witness import counts, intercepts, linear, survival
from core_trial.witness.made import COUNTED, Effect, Made, Means, nothing, quiet, without
from core_trial.witness.plan import Asked, Sample, sample
from core_trial.witness.reading import People
from core_trial.witness.sandwiches import (
    arms,
    bell_mccaffrey,
    between_within,
    bias_reduced,
    by_cluster,
    few,
    sandwich,
    welch,
)

Array = np.ndarray
#: Errors that neither package has, and that are not written out again either.
ONCE_ROBUST = "errors by {} in this model have no second programme (docs/second-programme.md)"
#: Models whose records tell how many events there were.
EVENTS = (
    *(Model.MIXED_LOGISTIC, Model.LOGISTIC, Model.MIXED_POISSON),
    *(Model.MODIFIED_POISSON, Model.COX),
)


@dataclass(frozen=True, slots=True, eq=False)
class Again:
    """A model fitted again.

    Parameters
    ----------
    data
        The people.
    beta, cov
        Coefficients by name of the column, and their covariance in that order.
    df_of
        From a contrast of the coefficients to its degrees of freedom.
    variance
        Variance components.
    means
        How it was made.
    fit
        The fit itself, for what else is asked of it.
    """

    data: Sample
    beta: dict[str, float]
    cov: Array
    df_of: linear.Contrast
    variance: Mapping[str, float]
    means: Means
    fit: object
    loglik: float = math.nan
    variance_error: float = 0.0
    once: str = ""
    known: Mapping[str, str] = field(default_factory=dict)

    @property
    def df(self) -> float:
        """Degrees of freedom of the arm's coefficient, which comes first after the intercept."""
        at = np.zeros(len(self.beta))
        at[int("Intercept" in self.beta)] = 1
        return self.df_of(at)

    def error(self, name: str) -> float:
        """Standard error of a coefficient."""
        k = list(self.beta).index(name)
        return float(np.sqrt(self.cov[k, k])) if self.cov[k, k] >= 0 else math.nan


class Fitter:
    """Fits each model once.

    Parameters
    ----------
    people
        As the second programme reads them.
    """

    def __init__(self, people: People) -> None:
        self.people = people
        self._made: dict[object, Again | None] = {}

    def of(self, model: Asked, data: Sample | None = None) -> Again | None:
        """The model fitted; None where it cannot be, or has no second programme."""
        if unmade(model):
            return None
        if data is not None:
            return self._try(model, data)
        rows = model.rows(self.people)
        told = (model.model, model.covariates, model.outcome, model.random, model.by_arm)
        times = (model.time, model.entry)
        key = (*told, *times, tuple(map(str, model.options.items())), rows.to_numpy().tobytes())
        if key not in self._made:
            self._made[key] = self._try(model, sample(self.people, model))
        return self._made[key]

    def _try(self, model: Asked, data: Sample) -> Again | None:
        try:
            with quiet():
                return FITTERS[model.model](model, data)
        except (np.linalg.LinAlgError, ValueError, ArithmeticError, IndexError):
            return None

    def effect(self, analysis: str, level: str, model: Asked, term: str = "") -> Made:
        """The effect of the arm, or of another column, as numbers."""
        people = self.people
        data = sample(people, model)
        again = self.of(model)
        counted = {"n": float(data.n), "n_clusters": float(data.n_clusters)}
        if model.model in EVENTS:
            counted["n_events"] = float(data.y.sum())
        name = term or people.trial.arm.term
        if reason := unmade(model):
            return without(analysis, level, counted, reason)
        if again is None or name not in again.beta:
            return nothing(analysis, level, {"n": float(data.n), "n_clusters": 0.0}, COUNTED)
        return as_effect(people, model, again, name, counted).numbers(analysis, level)


def as_effect(
    people: People, model: Asked, again: Again, name: str, counted: Mapping[str, float]
) -> Effect:
    """The effect of one column."""
    return Effect(
        value=again.beta[name],
        error=again.error(name),
        df=again.df,
        ratio=model.ratio,
        confidence=people.trial.confidence,
        counts=counted,
        variance=again.variance,
        means=again.means,
        known=again.known,
        variance_error=again.variance_error,
        once=again.once,
    )


def unmade(model: Asked) -> str:
    """Why a model as a whole has no second programme; blank where it has one."""
    page = "(docs/second-programme.md)"
    if _option(model, "frailty") not in ("", "gamma"):
        return f"log-normal frailty has no second programme {page}"
    if _option(model, "inflation") not in ("", "1"):
        return f"inflation by covariates has no second programme {page}"
    return ""


def _option(model: Asked, name: str) -> str:
    value = model.options.get(name)
    return "" if value is None else str(value)


def _intercept(model: Asked, data: Sample) -> Again:
    poisson = model.model == Model.MIXED_POISSON
    points = int(str(model.options.get("points") or 7))
    found = intercepts.fit(data, poisson=poisson, points=points)
    judged = _option(model, "inference") or ("t" if few(data) else "normal")
    df = math.inf if judged == "normal" else between_within(data)
    at_most = lambda _: df  # noqa: E731
    p = len(found.beta)
    there = [k for k, b in enumerate(found.beta.values()) if not math.isnan(b)]
    cov = np.full((p, p), np.nan)
    cov[np.ix_(there, there)] = found.cov[: len(there), : len(there)]
    variance = {"cluster": found.sd**2}
    inside = found.sd > 0
    error = 2 * found.sd * math.sqrt(found.cov[-1, -1]) if inside else 0.0
    return Again(
        data, found.beta, cov, at_most, variance, found.means, found, found.loglik, error
    )  # fmt: skip


def _logistic(model: Asked, data: Sample) -> Again:
    again = _intercept(model, replace(data, inside=np.zeros(data.n)))
    return replace(again, df_of=linear.endless, variance={})


def _linear(model: Asked, data: Sample) -> Again:
    found = linear.ols(data)
    beta = dict(zip(data.names, map(float, found.beta), strict=True))
    variance = {"residual": found.residual[0]}
    if _option(model, "inference") == "cr2":
        cov, weights = bias_reduced(data.X, data.y - found.fitted, data.codes)
        df = partial(bell_mccaffrey, weights)
        return Again(data, beta, cov, df, variance, linear.CR2, found)
    return Again(data, beta, found.cov, found.df, variance, found.means, found)


def _mixed(model: Asked, data: Sample) -> Again:
    reml, kind = _option(model, "method") == "reml", _option(model, "df") or "normal"
    found = linear.mixed(
        data, reml=reml, by_arm=model.by_arm, kenward_roger=kind == "kenward_roger",
        normal=kind == "normal",
    )  # fmt: skip
    beta = dict(zip(data.names, map(float, found.beta), strict=True))
    variance = {"cluster": found.tau, "residual": found.residual[0]}
    if model.by_arm:
        variance = {"cluster": found.tau}
        levels = zip(model.levels, found.residual, strict=True)
        variance |= {f"residual[{level}]": v for level, v in levels}
    once = ONCE_ROBUST.format(kind) if kind == "satterthwaite" and not reml else ""
    return Again(data, beta, found.cov, found.df, variance, found.means, found, once=once)


def _robust(model: Asked, data: Sample, *, clustered: bool, better: str = "jackknife") -> str:
    asked = _option(model, "inference")
    if asked:
        return asked
    if not clustered:
        return "model" if model.model == Model.COX else "sandwich"
    return better if few(data) else "sandwich"


def _counts(model: Asked, data: Sample) -> Again:
    inflated = model.model == Model.ZERO_INFLATED_NB
    robust = _robust(model, data, clustered=bool(data.named.any()))
    fit = counts.zero_inflated if inflated else counts.negative_binomial
    found = fit(data, robust=robust)
    p = len(data.names)
    beta = dict(zip(data.names, map(float, found.point[:p]), strict=True))
    df: linear.Contrast = linear.endless
    if found.changes is not None and found.rows is not None:
        df = _welch(found.changes[:, :p], found.rows[:, :p], data)
    return Again(data, beta, found.cov[:p, :p], df, {}, counts.COUNTS, found, found.loglik)


def _modified_poisson(model: Asked, data: Sample) -> Again:
    robust = _robust(model, data, clustered=bool(data.named.any()), better="cr2")
    found = intercepts.glm(data, poisson=True)
    mean = np.exp(data.X @ np.array(list(found.beta.values())))
    information = (data.X * mean[:, None]).T @ data.X
    cov = sandwich(np.linalg.inv(information), data.X * (data.y - mean)[:, None], data.codes)
    once = "" if robust == "sandwich" else ONCE_ROBUST.format(robust)
    return Again(
        data, found.beta, cov, linear.endless, {}, found.means, found, once=once
    )  # fmt: skip


def _cox(model: Asked, data: Sample) -> Again:
    ties = _option(model, "ties") or "breslow"
    names = data.names[1:]
    if _option(model, "frailty"):
        found = survival.gamma_frailty(data, ties=ties)
        beta = dict(zip(names, map(float, found.beta), strict=True))
        variance = {"frailty": found.frailty}
        return Again(data, beta, found.cov, linear.endless, variance, survival.FRAILTY, found)
    robust = _robust(model, data, clustered=bool(data.named.any()))
    once = ONCE_ROBUST.format(robust) if robust == "one-step" else ""
    found = survival.cox(data, ties=ties, robust="model" if once else robust)
    df: linear.Contrast = linear.endless
    means = survival.COX
    if found.changes is not None and found.rows is not None:
        df, means = _welch(found.changes, found.rows, data), survival.LOSS
    beta = dict(zip(names, map(float, found.beta), strict=True))
    return Again(data, beta, found.cov, df, {}, means, found, once=once)


def _welch(changes: Array, rows: Array, data: Sample) -> linear.Contrast:
    groups = arms(data)
    return lambda L: welch(
        changes @ L, groups, by_cluster((rows @ L)[:, None] ** 2, data.codes)[:, 0]
    )


FITTERS: Mapping[Model, Callable[[Asked, Sample], Again]] = {
    Model.LOGISTIC: _logistic,
    Model.LINEAR: _linear,
    Model.MIXED_LOGISTIC: _intercept,
    Model.MIXED_POISSON: _intercept,
    Model.MIXED_LINEAR: _mixed,
    Model.MODIFIED_POISSON: _modified_poisson,
    Model.NEGATIVE_BINOMIAL: _counts,
    Model.ZERO_INFLATED_NB: _counts,
    Model.COX: _cox,
}
