"""Who is missing, what predicts it, and whether the answer changes when that is adjusted for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial import models
from core_trial.analyses import summaries
from core_trial.analyses.estimation import estimate, estimate_from, failed
from core_trial.analyses.fits import Cases, Fits, Fitted, complete_cases, fit
from core_trial.analyses.plan import AnalysisSpec
from core_trial.declaration.models import Model, ModelSpec, Option
from core_trial.declaration.trial import Trial, column_of
from core_trial.errors import DesignError, FitError
from core_trial.models.fit import Fit
from core_trial.models.inference import chi_square_p
from core_trial.models.intercept.model import InterceptModel
from core_trial.results import Descriptive, Record

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
#: A characteristic counts as a predictor of missingness below this p-value of its joint test.
THRESHOLD = 0.05
ADJUSTED = "missingness_adjusted"
#: The model as fitted, in those in whom the predictors are known too: what adjustment is to be
#: compared with.
SAME_PEOPLE = "missingness_same_people"
#: Name of the indicator column: 1 when the outcome is missing though it was to be collected.
MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Association:
    """One characteristic in a model of missingness.

    Parameters
    ----------
    predictor
        The characteristic, a column of the analysis set.
    cases
        Those in whom it is known.
    fitted
        Logistic model of the missingness indicator on it; None when it could not be fitted.
    p_value
        Likelihood-ratio test of all its columns; ``nan`` when not estimable.
    reason
        Why there is no model.
    """

    predictor: str
    cases: Cases
    fitted: Fitted | None
    p_value: float
    reason: str = ""

    @property
    def predicts(self) -> bool:
        """Whether the characteristic is adjusted for in the sensitivity analysis."""
        return self.p_value < THRESHOLD


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A model of missingness on one characteristic; it takes one indicator after the other.

    Parameters
    ----------
    spec
        The model.
    frame
        Those in whom the characteristic is known.
    known
        Who they are among those in whom the outcome was to be collected, shape (n,).
    model, nothing
        The design worked out, and that of an intercept alone; None where they have to be with every
        indicator.
    """

    spec: ModelSpec
    frame: pd.DataFrame
    known: Bools
    model: InterceptModel | None
    nothing: InterceptModel | None

    def cases(self, y: Floats) -> Cases:
        """The people with an indicator of missingness, that of all being of shape (n,)."""
        return Cases(self.spec, self.frame.assign(**{MISSING: y[self.known]}))

    def fit(self, trial: Trial, cases: Cases) -> tuple[Cases, Fit]:
        """Fit the people's indicator.

        Raises
        ------
        DesignError, FitError
            If the data cannot carry the model or the computation fails.
        """
        if self.model is None:
            fitted = fit(trial, cases)
            return fitted.cases, fitted.fit
        return cases, self.model.fit(cases.frame[MISSING].to_numpy())

    def without(self, trial: Trial, cases: Cases) -> float:
        """Log-likelihood of the people's indicator with an intercept alone."""
        if self.nothing is None:
            return fit(trial, Cases(without_characteristic(cases.spec), cases.frame)).fit.loglik
        return self.nothing.loglik(cases.frame[MISSING].to_numpy())


def prepared(trial: Trial, predictor: str, expected: pd.DataFrame) -> Prepared:
    """What models of missingness on one characteristic share, whatever is missing."""
    spec = model_of_missingness(trial, predictor)
    known = expected[predictor].notna().to_numpy()
    # any indicator of two values does to lay the design out
    flagged = expected.assign(**{MISSING: (np.arange(len(expected)) % 2).astype(float)})
    cases = complete_cases(trial, spec, flagged)
    model = _worked_out(trial, spec, cases.frame)
    nothing = model and _worked_out(trial, without_characteristic(spec), cases.frame)
    return Prepared(spec, cases.frame, known, model, nothing)


def _worked_out(trial: Trial, spec: ModelSpec, frame: pd.DataFrame) -> InterceptModel | None:
    if trial.cluster is None:
        return None
    try:
        told: dict[str, Any] = dict(spec.arguments)
        return models.prepare_mixed_logistic(spec.formula, frame, **told)
    except (DesignError, FitError):
        return None


def without_characteristic(spec: ModelSpec) -> ModelSpec:
    """The model of missingness in the same people with an intercept alone."""
    return replace(spec, covariates=("1",))


def slim(trial: Trial, fitted: Fitted) -> Fitted:
    """A fit with what is told of it: many are kept, and what is as long as the trial is not."""
    nothing = np.empty(0)
    fit = replace(
        fitted.fit,
        fitted=nothing,
        response=nothing,
        random_effects=pd.Series(dtype=float),
        profiler=None,
    )
    return Fitted(_slim_cases(trial, fitted.cases), fit)


def _slim_cases(trial: Trial, cases: Cases) -> Cases:
    """The people with the arm alone, or with nothing where it is not in the model."""
    return replace(cases, frame=cases.frame.filter([trial.arm.column]))


class Missingness:
    """What predicts that outcomes are missing; outcomes that share their missing people share it.

    Parameters
    ----------
    fits
        The models of the analysis.
    """

    def __init__(self, fits: Fits) -> None:
        self.fits = fits
        self._found: dict[tuple[str, bytes, bytes], Association] = {}
        self._prepared: dict[tuple[str, bytes], Prepared] = {}
        self._nothing: dict[tuple[bytes, bytes], float] = {}

    def associations(self, spec: AnalysisSpec) -> tuple[Association, ...]:
        """A logistic model of missingness on each characteristic in turn."""
        expected = expected_rows(spec, self.fits.participants)
        missing = self.fits.participants[spec.fitted.outcome].isna().to_numpy()
        made = []
        for name in predictors(self.fits.trial, spec):
            key = (name, expected.tobytes(), missing.tobytes())
            if key not in self._found:
                self._found[key] = self._associate(name, expected, missing)
            made.append(self._found[key])
        return tuple(made)

    def _associate(self, name: str, expected: Bools, missing: Bools) -> Association:
        key = (name, expected.tobytes())
        if key not in self._prepared:
            self._prepared[key] = prepared(self.fits.trial, name, self.fits.participants[expected])
        model = self._prepared[key]
        y = missing[expected].astype(float)
        cases = model.cases(y)
        told = _slim_cases(self.fits.trial, cases)
        if len(set(y)) < 2:
            return Association(name, told, None, math.nan, "nobody is missing, or everybody")
        try:
            if len(set(y[model.known])) < 2:
                raise DesignError("nobody is missing, or everybody, where it is known")
            fitted = Fitted(*model.fit(self.fits.trial, cases))
            p = self._joint_p(model, fitted, expected)
            return Association(name, told, slim(self.fits.trial, fitted), p)
        except (DesignError, FitError) as problem:
            return Association(name, told, None, math.nan, str(problem))

    def _joint_p(self, model: Prepared, fitted: Fitted, expected: Bools) -> float:
        """The joint test; predictors known in the same people share the model without any."""
        y = fitted.cases.frame[MISSING].to_numpy()
        people = np.flatnonzero(expected)[model.known]
        key = (people.tobytes(), y.tobytes())
        if key not in self._nothing:
            self._nothing[key] = model.without(self.fits.trial, fitted.cases)
        return joint_p(fitted, self._nothing[key])

    def chosen(self, spec: AnalysisSpec) -> tuple[str, ...]:
        """The characteristics that predict who is missing an outcome, by `THRESHOLD`."""
        return tuple(a.predictor for a in self.associations(spec) if a.predicts)


def records(fits: Fits) -> Iterator[Record]:
    """Missing data of every outcome of the plan."""
    found = Missingness(fits)
    for spec in fits.plan:
        yield from of_outcome(spec, found)


def of_outcome(spec: AnalysisSpec, found: Missingness) -> Iterator[Record]:
    """One outcome: extent by arm, associations, and the adjusted analysis with its companion."""
    fits = found.fits
    yield from _extent(spec, fits)
    for association in found.associations(spec):
        yield from _association_records(spec, fits.trial, association)
    yield from sensitivity(spec, fits, found.chosen(spec))


def predictors(trial: Trial, spec: AnalysisSpec) -> tuple[str, ...]:
    """Characteristics that may predict who is missing: the arm and the value before among them."""
    declared = trial.missingness
    if declared is None:
        declared = (*trial.strata, *map(column_of, trial.baseline))
    before = (spec.baseline,) if spec.baseline else ()
    return tuple(dict.fromkeys((trial.arm.column, *declared, *before)))


def sensitivity(
    spec: AnalysisSpec, fits: Fits, characteristics: tuple[str, ...]
) -> Iterator[Record]:
    """The outcome's own model with the predictors of its missingness as further covariates.

    Where that takes people out, in whom a predictor is not known, the model as fitted to those who
    are left is its companion: the difference between the two is what adjustment does.
    """
    model = spec.fitted.adjusted_for(*characteristics)
    yield estimate(spec.name, model, fits, level=ADJUSTED)
    yield estimate(spec.name, spec.fitted.among(model.columns), fits, level=SAME_PEOPLE)


def expected_rows(spec: AnalysisSpec, participants: pd.DataFrame) -> summaries.Bools:
    """In whom the outcome was to be collected at all, shape (n,).

    What is missing elsewhere is missing by design.
    """
    asked = spec.outcome.asked
    if not asked:
        return summaries.everybody(participants)
    return (participants[asked] == 1).to_numpy(bool)


def model_of_missingness(trial: Trial, predictor: str) -> ModelSpec:
    """Logistic regression of the indicator of missingness, random intercept by cluster."""
    options: dict[str, Option] = {"confidence": trial.confidence}
    if trial.cluster:
        options |= {"cluster": trial.cluster.membership, "points": 7, "inference": "normal"}
    return ModelSpec(
        model=Model.MIXED_LOGISTIC if trial.cluster else Model.LOGISTIC,
        outcome=MISSING,
        covariates=(predictor,),
        options=MappingProxyType(options),
    )


def joint_p(fitted: Fitted, without: float) -> float:
    """Likelihood-ratio test that the characteristic predicts nothing.

    Finite where a level has nobody missing, or everybody: a Wald test would leave that level out.

    Parameters
    ----------
    fitted
        The model with the characteristic.
    without
        Log-likelihood of the model without it, in the same people.
    """
    df = len(fitted.fit.terms) - 1
    ratio = 2 * (fitted.fit.loglik - without)
    return chi_square_p(max(ratio, 0.0), df) if math.isfinite(ratio) and df else math.nan


def _extent(spec: AnalysisSpec, fits: Fits) -> Iterator[Descriptive]:
    outcome, name = spec.fitted.outcome, f"missingness.{spec.name}"
    people = fits.participants
    expected = expected_rows(spec, people)
    flagged = people.assign(_missing=people[outcome].isna().to_numpy(), _expected=expected)
    for arm, rows in summaries.arms(fits.trial.arm, flagged, total=True):
        missing, by_design = rows["_missing"].to_numpy(), ~rows["_expected"].to_numpy()
        yield from summaries.proportion(name, ~missing, arm, "known")
        yield from summaries.proportion(name, missing & by_design, arm, "by_design")
        yield from summaries.proportion(name, missing & ~by_design, arm, "otherwise")


def _association_records(spec: AnalysisSpec, trial: Trial, found: Association) -> Iterator[Record]:
    name = f"missingness.{spec.name}"
    for statistic, value in (("joint_p", found.p_value), ("predicts", float(found.predicts))):
        yield Descriptive(analysis=name, statistic=statistic, value=value, level=found.predictor)
    if found.fitted is None:
        yield failed(name, trial, found.cases, found.reason, found.predictor)
        return
    for term in found.fitted.fit.terms:
        if term != "Intercept":
            yield estimate_from(name, trial, found.fitted, term=term, level=term)
