"""Every outcome of the plan: described by arm, and compared between the arms."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from core_trial.analyses import summaries
from core_trial.analyses.estimation import estimate
from core_trial.analyses.plan import AnalysisSpec, Summary
from core_trial.results import Descriptive, Estimate, Record


def records(spec: AnalysisSpec, participants: pd.DataFrame) -> Iterator[Record]:
    """Descriptives by arm and the effect of the intervention, for one specification."""
    yield from describe(spec, participants)
    yield compare(spec, participants)


def compare(spec: AnalysisSpec, participants: pd.DataFrame) -> Estimate:
    """The effect of the intervention by the model that the paper fitted."""
    return estimate(spec.name, spec.fitted, participants)


def describe(spec: AnalysisSpec, participants: pd.DataFrame) -> Iterator[Descriptive]:
    """The outcome by arm, in everybody whose outcome is known."""
    for arm, rows in summaries.arms(participants):
        yield from _describe_arm(spec, rows, arm)


def _describe_arm(spec: AnalysisSpec, rows: pd.DataFrame, arm: str) -> Iterator[Descriptive]:
    if spec.summary == Summary.PROPORTION:
        known = rows[spec.fitted.outcome].dropna()
        yield from summaries.proportion(spec.name, known == 1, arm)
        return
    values = _values(spec, rows)
    yield from summaries.mean_sd(spec.name, values, arm)
    if spec.summary != Summary.MEAN:
        yield from summaries.median_iqr(spec.name, values, arm)
    if spec.summary == Summary.MEDIAN:
        yield from summaries.proportion(spec.name, values.dropna() == 0, arm, level="none")


def _values(spec: AnalysisSpec, rows: pd.DataFrame) -> pd.Series:
    """The outcome itself; for a time to event, the times of those who had the event."""
    if spec.summary == Summary.MEDIAN_OF_READMITTED:
        return rows.loc[rows[spec.fitted.outcome] == 1, str(spec.fitted.options["time"])]
    return rows[spec.fitted.outcome]
