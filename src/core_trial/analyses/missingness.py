"""Who is missing, what predicts it, and whether the answer changes when that is adjusted for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core_trial.analyses import summaries
from core_trial.analyses.estimation import complete_cases, estimate, estimate_from, failed, fit
from core_trial.analyses.plan import (
    CLUSTER,
    OUTCOMES,
    PREDICTORS_OF_MISSINGNESS,
    AnalysisSpec,
    Model,
    ModelSpec,
)
from core_trial.errors import DesignError, FitError
from core_trial.models.fit import Fit
from core_trial.models.inference import chi_square_p
from core_trial.results import Descriptive, Estimate, Record
from core_trial.trials.core.words import AMENDMENT_INSTRUMENTS, INSTRUMENTS, Visit

#: A characteristic counts as a predictor of missingness below this p-value of its joint test.
THRESHOLD = 0.05
ADJUSTED = "missingness_adjusted"
#: Name of the indicator column: 1 when the outcome is missing though it was to be collected.
MISSING = "missing"

_AMENDED = {i.outcome for i in INSTRUMENTS if i.name in AMENDMENT_INSTRUMENTS}
_AMENDED_MONTH_4 = {f"{outcome}_{Visit.MONTH_4}" for outcome in _AMENDED}


@dataclass(frozen=True, slots=True)
class Association:
    """One characteristic in a model of missingness.

    Parameters
    ----------
    predictor
        The characteristic, a column of the analysis set.
    fitted
        Logistic model of the missingness indicator on it; None when it could not be fitted.
    p_value
        Joint Wald test of all its columns; ``nan`` when not estimable.
    reason
        Why there is no model.
    n
        Participants in whom the characteristic is known.
    """

    predictor: str
    fitted: Fit | None
    p_value: float
    reason: str = ""
    n: int = 0

    @property
    def predicts(self) -> bool:
        """Whether the characteristic is adjusted for in the sensitivity analysis."""
        return self.p_value < THRESHOLD


def records(participants: pd.DataFrame) -> Iterator[Record]:
    """Missing data of every outcome of the plan."""
    for spec in OUTCOMES:
        yield from of_outcome(spec, participants)


def of_outcome(spec: AnalysisSpec, participants: pd.DataFrame) -> Iterator[Record]:
    """One outcome: extent by arm, associations, and the adjusted analysis."""
    yield from _extent(spec, participants)
    found = associations(spec, participants)
    for association in found:
        yield from _association_records(spec, association)
    yield adjusted(spec, participants, _chosen(found))


def predictors(spec: AnalysisSpec, participants: pd.DataFrame) -> tuple[str, ...]:
    """The characteristics that predict who is missing an outcome, by `THRESHOLD`."""
    return _chosen(associations(spec, participants))


def associations(spec: AnalysisSpec, participants: pd.DataFrame) -> tuple[Association, ...]:
    """A mixed logistic model of missingness on each characteristic in turn."""
    expected = expected_rows(spec, participants)
    flagged = expected.assign(**{MISSING: expected[spec.fitted.outcome].isna().astype(float)})
    return tuple(_associate(name, flagged) for name in PREDICTORS_OF_MISSINGNESS)


def adjusted(
    spec: AnalysisSpec, participants: pd.DataFrame, characteristics: tuple[str, ...]
) -> Estimate:
    """The outcome's own model with the predictors of its missingness as further covariates."""
    model = spec.fitted.adjusted_for(*characteristics)
    return estimate(spec.name, model, participants, level=ADJUSTED)


def expected_rows(spec: AnalysisSpec, participants: pd.DataFrame) -> pd.DataFrame:
    """The participants in whom the outcome was to be collected at all.

    The internal pilot had no 18-month interview, and neither of the scales that came with the
    amendment: what is missing there is missing by design.
    """
    outcome = spec.fitted.outcome
    if outcome.endswith(f"_{Visit.MONTH_18}") or outcome in _AMENDED_MONTH_4:
        return participants[~participants["internal_pilot"]]
    return participants


def _associate(predictor: str, flagged: pd.DataFrame) -> Association:
    spec = model_of_missingness(predictor)
    n = len(complete_cases(spec, flagged))
    if flagged[MISSING].nunique() < 2:
        return Association(predictor, None, math.nan, "nobody is missing, or everybody", n)
    try:
        fitted = fit(spec, flagged)
    except (DesignError, FitError) as problem:
        return Association(predictor, None, math.nan, str(problem), n)
    return Association(predictor, fitted, joint_p(fitted), n=n)


def model_of_missingness(predictor: str) -> ModelSpec:
    """Logistic regression of the indicator of missingness, random intercept by cluster."""
    return ModelSpec(
        model=Model.MIXED_LOGISTIC,
        outcome=MISSING,
        covariates=(predictor,),
        options={"cluster": CLUSTER, "points": 7, "inference": "normal"},
    )


def joint_p(fitted: Fit) -> float:
    """Wald chi-square test that every estimable coefficient but the intercept is zero."""
    use = np.flatnonzero(np.isfinite(fitted.std_error) & (np.array(fitted.terms) != "Intercept"))
    if len(use) == 0:
        return math.nan
    beta, cov = fitted.beta[use], fitted.cov[np.ix_(use, use)]
    return chi_square_p(float(beta @ np.linalg.solve(cov, beta)), len(use))


def _chosen(found: tuple[Association, ...]) -> tuple[str, ...]:
    return tuple(a.predictor for a in found if a.predicts)


def _extent(spec: AnalysisSpec, participants: pd.DataFrame) -> Iterator[Descriptive]:
    outcome, name = spec.fitted.outcome, f"missingness.{spec.name}"
    expected = expected_rows(spec, participants).index
    for arm, rows in summaries.arms(participants, total=True):
        by_design = ~rows.index.isin(expected)
        missing = rows[outcome].isna().to_numpy()
        yield from summaries.proportion(name, ~missing, arm, "known")
        yield from summaries.proportion(name, missing & by_design, arm, "by_design")
        yield from summaries.proportion(name, missing & ~by_design, arm, "otherwise")


def _association_records(spec: AnalysisSpec, found: Association) -> Iterator[Record]:
    name = f"missingness.{spec.name}"
    for statistic, value in (("joint_p", found.p_value), ("predicts", float(found.predicts))):
        yield Descriptive(analysis=name, statistic=statistic, value=value, level=found.predictor)
    model = model_of_missingness(found.predictor)
    if found.fitted is None:
        yield failed(name, model, found.reason, found.n, found.predictor)
        return
    for term in found.fitted.terms:
        if term != "Intercept":
            yield estimate_from(name, model, found.fitted, term=term, level=term)
