"""Effects among those who receive the intervention if it is offered, where the trial declares it.

They assume, beside randomisation, that the offer changes nothing for those who do not take it up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial import models
from core_trial.analyses import summaries
from core_trial.analyses.estimation import estimate_from, failed, summarised
from core_trial.analyses.fits import Cases, Fits, Fitted, complete_cases
from core_trial.analyses.plan import AnalysisSpec
from core_trial.declaration.models import Model, ModelSpec
from core_trial.declaration.outcomes import Binary, Score
from core_trial.declaration.trial import Compliers, Trial
from core_trial.errors import DesignError, FitError
from core_trial.results import Descriptive, Estimate, Record
from core_trial.results.measures import Measure

#: Analysis of how many received the intervention.
RECEIVED = "received"
#: Levels of the effects among compliers, by measure.
LEVELS = {
    Measure.RISK_DIFFERENCE: "compliers_risk_difference",
    Measure.RISK_RATIO: "compliers_risk_ratio",
    Measure.DIFFERENCE_IN_MEANS: "compliers_difference",
}
#: Names of the same among the quantities of `models.complier_effects`.
_QUANTITIES = {Measure.RISK_DIFFERENCE: "difference", Measure.RISK_RATIO: "ratio"}
#: Column of receipt as 0 and 1.
_COLUMN = "received_the_intervention"


def records(fits: Fits) -> Iterator[Record]:
    """Receipt by arm, and the effect among compliers on every binary outcome and score."""
    compliers = fits.trial.compliers
    if compliers is None:
        return
    people = fits.participants.assign(**{_COLUMN: receipt(fits.trial, compliers, fits)})
    yield from _extent(fits.trial, people)
    for spec in fits.plan:
        if isinstance(spec.outcome, Binary):
            yield from _risks(spec, fits.trial, people)
        elif isinstance(spec.outcome, Score):
            yield _difference(spec, fits.trial, people)


def receipt(trial: Trial, compliers: Compliers, fits: Fits) -> NDArray[np.float64]:
    """Who received the intervention, 0 or 1, ``nan`` where it is not known; shape (n,).

    A blank in the control arm, where nothing was offered, means that nothing was received.
    """
    amount = fits.participants[compliers.received].to_numpy(dtype=float)
    control = (fits.participants[trial.arm.column] == trial.arm.levels[0]).to_numpy(bool)
    amount = np.where(control & np.isnan(amount), 0.0, amount)
    return np.where(np.isnan(amount), np.nan, amount >= compliers.at_least)


def _extent(trial: Trial, people: pd.DataFrame) -> Iterator[Descriptive]:
    for arm, rows in summaries.arms(trial.arm, people):
        yield from summaries.proportion(RECEIVED, rows[_COLUMN].dropna() == 1, arm)


def _risks(spec: AnalysisSpec, trial: Trial, people: pd.DataFrame) -> Iterator[Estimate]:
    """Risk difference and ratio; the difference alone where the control arm has access too."""
    cases = _cases(spec, trial, people, adjusted=False)
    if _has_access(trial, cases.frame):
        yield _instrumented(spec, trial, people, Measure.RISK_DIFFERENCE)
        return
    try:
        found = models.complier_effects(
            spec.fitted.outcome,
            cases.frame,
            received=_COLUMN,
            arm=trial.arm.column,
            cluster=_cluster(trial),
            confidence=trial.confidence,
        )
    except (DesignError, FitError) as problem:
        yield from (_failed(spec, trial, cases, str(problem), m) for m in _QUANTITIES)
        return
    for measure, name in _QUANTITIES.items():
        quantity, level = found.quantities[name], LEVELS[measure]
        method, workers = found.method, found.n_clusters
        made = summarised(
            spec.name, trial, cases, quantity, measure, method, workers, level, math.inf
        )
        yield replace(made, model="complier_effects", warnings=(*found.warnings, *cases.left_out))


def _difference(spec: AnalysisSpec, trial: Trial, people: pd.DataFrame) -> Estimate:
    return _instrumented(spec, trial, people, Measure.DIFFERENCE_IN_MEANS)


def _instrumented(
    spec: AnalysisSpec, trial: Trial, people: pd.DataFrame, measure: Measure
) -> Estimate:
    """Two-stage least squares with the covariates of the outcome's own model."""
    cases = _cases(spec, trial, people, adjusted=True)
    try:
        fit = models.two_stage_least_squares(
            cases.spec.formula,
            cases.frame,
            received=_COLUMN,
            arm=trial.arm.column,
            cluster=_cluster(trial),
            confidence=trial.confidence,
        )
        made = estimate_from(
            spec.name, trial, Fitted(cases, fit), term=_COLUMN, level=LEVELS[measure]
        )
    except (DesignError, FitError) as problem:
        return _failed(spec, trial, cases, str(problem), measure)
    return replace(made, measure=str(measure))


def _cases(spec: AnalysisSpec, trial: Trial, people: pd.DataFrame, *, adjusted: bool) -> Cases:
    """Those in whom outcome, receipt and covariates are known."""
    others = spec.fitted.covariates[1:] if adjusted else ()
    model = ModelSpec(
        model=Model.LINEAR,
        outcome=spec.fitted.outcome,
        covariates=(_COLUMN, *others),
        known=(trial.arm.column,),
    )
    return complete_cases(trial, model, people)


def _cluster(trial: Trial) -> str | None:
    return None if trial.cluster is None else trial.cluster.membership


def _has_access(trial: Trial, frame: pd.DataFrame) -> bool:
    control = frame[trial.arm.column] == trial.arm.levels[0]
    return bool((frame.loc[control, _COLUMN] > 0).any())


def _failed(
    spec: AnalysisSpec, trial: Trial, cases: Cases, reason: str, measure: Measure
) -> Estimate:
    return failed(spec.name, trial, cases, reason, LEVELS[measure], str(measure))
