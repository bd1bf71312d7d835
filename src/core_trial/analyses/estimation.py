"""A model specification in, one `Estimate` out; a failure is a record too."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from core_trial import models
from core_trial.analyses import plan, summaries
from core_trial.analyses.fits import Cases, Fits, Fitted, refuse_one_person
from core_trial.analyses.plan import AnalysisSpec
from core_trial.declaration.models import Model, ModelSpec
from core_trial.declaration.outcomes import Count, Time
from core_trial.declaration.trial import Trial
from core_trial.errors import DesignError, FitError
from core_trial.models.fit import Fit
from core_trial.models.inference import Quantity
from core_trial.results import Descriptive, Estimate
from core_trial.results.measures import RATIOS, Measure

CRUDE = "crude"
RECOMMENDED = "recommended"
RESTRICTED_MEAN = "restricted_mean"
#: Models of a risk, from which the risks in both arms follow.
LOGISTIC = (Model.MIXED_LOGISTIC, Model.LOGISTIC)


def estimate(
    analysis: str, spec: ModelSpec, fits: Fits, *, term: str = "", level: str = ""
) -> Estimate:
    """The effect of one term, by default the arm's; without a fit, a record that says why."""
    try:
        return estimate_from(analysis, fits.trial, fits.of(spec), term=term, level=level)
    except (DesignError, FitError) as problem:
        return failed(analysis, fits.trial, fits.cases(spec), str(problem), level)


def estimate_from(
    analysis: str, trial: Trial, fitted: Fitted, *, term: str = "", level: str = ""
) -> Estimate:
    """The record of one term of a fitted model."""
    fit, cases = fitted.fit, fitted.cases
    effect = fit.effect(term or trial.arm.term)
    return Estimate(
        analysis=analysis,
        measure=str(cases.spec.measure),
        estimate=effect.estimate,
        low=effect.low,
        high=effect.high,
        std_error=effect.std_error,
        statistic=effect.statistic,
        df=effect.df,
        p_value=effect.p_value,
        n=fit.n,
        n_clusters=fit.n_clusters,
        n_events=fit.n_events,
        model=fit.model,
        formula=fit.formula,
        method=fit.method,
        converged=fit.converged and fit.estimable[fit.position(effect.term)],
        warnings=(*fit.warnings, *cases.left_out),
        variance=dict(fit.variance),
        confidence=fit.confidence,
        level=level,
        n_by_arm=analysed_by_arm(trial, cases.frame),
    )


def failed(
    analysis: str, trial: Trial, cases: Cases, reason: str, level: str = "", measure: str = ""
) -> Estimate:
    """The record of a model that could not be fitted, and why."""
    nan = math.nan
    return Estimate(
        analysis=analysis,
        measure=measure or str(cases.spec.measure),
        estimate=nan,
        low=nan,
        high=nan,
        std_error=nan,
        statistic=nan,
        df=nan,
        p_value=nan,
        n=len(cases.frame),
        n_clusters=0,
        model=str(cases.spec.model),
        formula=cases.spec.formula,
        method="not estimable",
        converged=False,
        warnings=(reason, *cases.left_out),
        level=level,
        confidence=trial.confidence,
        n_by_arm=analysed_by_arm(trial, cases.frame),
    )


def analysed_by_arm(trial: Trial, frame: pd.DataFrame) -> Mapping[str, int]:
    """How many people of each arm a model was fitted to; nothing for a model without the arm."""
    if trial.arm.column not in frame:
        return {}
    return {arm: len(rows) for arm, rows in summaries.arms(trial.arm, frame)}


def crude(spec: AnalysisSpec, fits: Fits) -> Iterator[Estimate]:
    """The arms compared without covariates, in the people of the adjusted model."""
    if len(spec.fitted.covariates) > 1:
        yield estimate(spec.name, spec.fitted.unadjusted, fits, level=CRUDE)


def recommended(spec: AnalysisSpec, fits: Fits) -> Iterator[Estimate]:
    """The effect by the recommended model where the trial chose another one of its scale."""
    model = plan.beside(fits.trial, spec)
    if model is not None:
        yield estimate(spec.name, model, fits, level=RECOMMENDED)


def beside(spec: AnalysisSpec, fits: Fits) -> Iterator[Estimate | Descriptive]:
    """The effect on a scale that readers can weigh: risks for odds, time for hazards."""
    if spec.fitted.model in LOGISTIC:
        yield from risks(spec, fits)
    elif isinstance(spec.outcome, Time):
        yield from restricted_mean(spec, spec.outcome, fits)
    elif isinstance(spec.outcome, Count):
        yield from means(spec, spec.outcome, fits)


def means(spec: AnalysisSpec, outcome: Count, fits: Fits) -> Iterator[Estimate]:
    """Ratio and difference of the arms' means of a count, each where the model gives another.

    The ratio comes from a negative binomial model and the difference from a linear one, both with
    errors that allow for clusters; where people were observed for unequal times there is no
    difference, for the means would be of unequal times.
    """
    ratio = plan.recommended(fits.trial, outcome)
    if spec.fitted.measure != Measure.RATIO_OF_MEANS:
        yield estimate(spec.name, ratio, fits, level=str(Measure.RATIO_OF_MEANS))
    if spec.fitted.measure != Measure.DIFFERENCE_IN_MEANS and not outcome.exposure:
        told = {k: v for k, v in ratio.options.items() if k in ("cluster", "confidence")}
        linear = replace(ratio, model=Model.LINEAR, options=MappingProxyType(told))
        yield estimate(spec.name, linear, fits, level=str(Measure.DIFFERENCE_IN_MEANS))


#: Scales on which risks are compared, with the model that gives both.
RISKS = (Measure.RISK_DIFFERENCE, Measure.RISK_RATIO)
#: Options of a logistic model that its standardised risks take too.
_SHARED = ("cluster", "points", "random", "inference", "confidence")


def risks(spec: AnalysisSpec, fits: Fits) -> Iterator[Estimate]:
    """Risk difference and risk ratio, standardised to the covariates of the trial."""
    cases = fits.cases(spec.fitted)
    try:
        fitted = fits.of(spec.fitted)
        found = _standardised(fits.trial, fitted.cases)
    except (DesignError, FitError) as problem:
        for measure in RISKS:
            yield failed(spec.name, fits.trial, cases, str(problem), str(measure), str(measure))
        return
    for measure in RISKS:
        quantity = found.quantities[str(measure)]
        told = replace(found, warnings=fitted.fit.warnings)
        yield _from_quantity(spec.name, fits.trial, fitted.cases, told, quantity, measure)


def _standardised(trial: Trial, cases: Cases) -> Fit:
    spec = cases.spec
    options: dict[str, Any] = {k: v for k, v in spec.options.items() if k in _SHARED}
    if options.get("inference") == "bootstrap":  # which is of the odds ratio
        options["inference"] = "t"
    options.setdefault("cluster", None)
    return models.standardised(spec.formula, cases.frame, arm=trial.arm.column, **options)


def restricted_mean(
    spec: AnalysisSpec, outcome: Time, fits: Fits
) -> Iterator[Estimate | Descriptive]:
    """Mean time without the event up to the end of follow-up, by arm, and the difference."""
    cases, trial = fits.cases(spec.fitted.unadjusted), fits.trial
    measure = Measure.RESTRICTED_MEAN_DIFFERENCE
    try:
        refuse_one_person(trial, cases.frame)
        limit = _common_limit(outcome, trial, cases.frame)
        found = models.restricted_mean(
            cases.frame,
            time=outcome.column,
            event=outcome.event,
            limit=limit,
            by=trial.arm.column,
            cluster=spec.fitted.cluster or None,
            confidence=trial.confidence,
        )
    except (DesignError, FitError) as problem:
        yield failed(spec.name, trial, cases, str(problem), RESTRICTED_MEAN, str(measure))
        return
    for arm, _ in summaries.arms(trial.arm, cases.frame):
        mean = found.means[trial.arm.level(arm)].estimate
        yield Descriptive(
            analysis=spec.name, statistic="mean", value=mean, arm=arm, level=RESTRICTED_MEAN
        )
    quantity = found.differences[trial.arm.levels[1]]
    method = f"area under the Kaplan-Meier curves up to {limit:g} {outcome.unit}"
    yield summarised(
        spec.name, trial, cases, quantity, measure, method, found.n_clusters, RESTRICTED_MEAN,
        found.df[trial.arm.levels[1]],
    )  # fmt: skip


def _common_limit(outcome: Time, trial: Trial, frame: pd.DataFrame) -> float:
    """The end of follow-up, or the longest time to which both arms were followed."""
    if outcome.entry:
        raise DesignError("the mean time is not estimated where people enter late")
    longest = [rows[outcome.column].max() for _, rows in summaries.arms(trial.arm, frame)]
    if np.isnan(longest).any():
        raise DesignError("an arm has nobody in whom the time is known")
    return float(min(*longest, outcome.limit or math.inf))


def _from_quantity(
    analysis: str, trial: Trial, cases: Cases, fit: Fit, quantity: Quantity, measure: Measure
) -> Estimate:
    """A derived quantity of a fit as the record of an effect."""
    made = summarised(
        analysis, trial, cases, quantity, measure, fit.method, fit.n_clusters, str(measure),
        float(fit.df[0]),
    )  # fmt: skip
    warnings = (*fit.warnings, *cases.left_out)
    believed = fit.converged or math.isfinite(quantity.estimate)
    return replace(made, warnings=warnings, n_events=fit.n_events, converged=believed)


def summarised(
    analysis: str,
    trial: Trial,
    cases: Cases,
    quantity: Quantity,
    measure: Measure,
    method: str,
    n_clusters: int,
    level: str,
    df: float,
) -> Estimate:
    """A derived quantity as the record of an effect."""
    # A ratio's interval is symmetric on the log scale, where records have the standard error.
    ratio = measure in RATIOS
    error = quantity.std_error / quantity.estimate if ratio else quantity.std_error
    value = math.log(quantity.estimate) if ratio and quantity.estimate > 0 else quantity.estimate
    return Estimate(
        analysis=analysis,
        measure=str(measure),
        estimate=quantity.estimate,
        low=quantity.low,
        high=quantity.high,
        std_error=error,
        statistic=value / error if error > 0 else math.nan,
        df=df,
        p_value=quantity.p_value,
        n=len(cases.frame),
        n_clusters=n_clusters,
        model=str(cases.spec.model) if measure in RISKS else RESTRICTED_MEAN,
        formula=cases.spec.formula,
        method=method,
        converged=math.isfinite(quantity.estimate),
        warnings=cases.left_out,
        confidence=trial.confidence,
        level=level,
        n_by_arm=analysed_by_arm(trial, cases.frame),
    )
