"""Who is missing, what predicts it, and whether the answer changes when that is adjusted for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from core_trial.analyses import summaries
from core_trial.analyses.estimation import estimate, estimate_from, failed
from core_trial.analyses.fits import Cases, Fits, Fitted, complete_cases, fit
from core_trial.analyses.plan import AnalysisSpec
from core_trial.declaration.models import Model, ModelSpec, Option
from core_trial.declaration.trial import Trial, column_of
from core_trial.errors import DesignError, FitError
from core_trial.models.inference import chi_square_p
from core_trial.results import Descriptive, Record

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

    def associations(self, spec: AnalysisSpec) -> tuple[Association, ...]:
        """A logistic model of missingness on each characteristic in turn."""
        expected = expected_rows(spec, self.fits.participants)
        missing = self.fits.participants[spec.fitted.outcome].isna().to_numpy()
        made = []
        for name in predictors(self.fits.trial, spec):
            key = (name, expected.tobytes(), missing.tobytes())
            if key not in self._found:
                rows = self.fits.participants[expected]
                flagged = rows.assign(**{MISSING: missing[expected].astype(float)})
                self._found[key] = _associate(self.fits.trial, name, flagged)
            made.append(self._found[key])
        return tuple(made)

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


def _associate(trial: Trial, predictor: str, flagged: pd.DataFrame) -> Association:
    spec = model_of_missingness(trial, predictor)
    cases = complete_cases(trial, spec, flagged)
    if flagged[MISSING].nunique() < 2:
        reason = "nobody is missing, or everybody"
        return Association(predictor, cases, None, math.nan, reason)
    try:
        if cases.frame[MISSING].nunique() < 2:
            raise DesignError("nobody is missing, or everybody, where it is known")
        fitted = fit(trial, cases)
        return Association(predictor, cases, fitted, joint_p(trial, fitted))
    except (DesignError, FitError) as problem:
        return Association(predictor, cases, None, math.nan, str(problem))


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


def joint_p(trial: Trial, fitted: Fitted) -> float:
    """Likelihood-ratio test that the characteristic predicts nothing.

    Finite where a level has nobody missing, or everybody: a Wald test would leave that level out.
    """
    spec, frame = fitted.cases.spec, fitted.cases.frame
    none = ModelSpec(model=spec.model, outcome=MISSING, covariates=("1",), options=spec.options)
    df = len(fitted.fit.terms) - 1
    null = fit(trial, Cases(none, frame)).fit
    ratio = 2 * (fitted.fit.loglik - null.loglik)
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
