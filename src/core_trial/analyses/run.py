"""All analyses, stage by stage, in the order of the paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from core_trial.analyses import (
    baseline,
    curves,
    deviations,
    diagnostics,
    flow,
    missingness,
    outcomes,
    recruitment,
    safety,
    sample_size,
    summaries,
    uptake,
)
from core_trial.analyses.plan import OUTCOMES
from core_trial.data.analysis_set import AnalysisSet
from core_trial.data.trial import TrialData
from core_trial.results import Record, Results


@dataclass(frozen=True, slots=True)
class Stage:
    """One part of the analysis: what it is, and how its records are made."""

    title: str
    records: Callable[[TrialData, AnalysisSet], Iterable[Record]]


def _outcomes(trial: TrialData, data: AnalysisSet) -> Iterator[Record]:
    for spec in OUTCOMES:
        yield from outcomes.records(spec, data.participants)


def _index_days(trial: TrialData, data: AnalysisSet) -> Iterator[Record]:
    """Days from randomisation to the end of the index episode (post hoc), by arm."""
    for arm, rows in summaries.arms(data.participants):
        yield from summaries.mean_sd("index_days", rows["index_days"], arm)


STAGES = (
    Stage("Flow of participants", lambda trial, data: data.flow),
    Stage(
        "Recruitment",
        lambda trial, data: recruitment.records(data.participants, trial.questionnaires),
    ),
    Stage("Baseline characteristics", lambda trial, data: baseline.records(data.participants)),
    Stage("Analysed participants", lambda trial, data: flow.analysed(data.participants)),
    Stage("Outcomes", _outcomes),
    Stage("Index episodes", _index_days),
    Stage("Readmission curves", lambda trial, data: curves.records(data.participants)),
    Stage("Missing data", lambda trial, data: missingness.records(data.participants)),
    Stage("Planned models", lambda trial, data: deviations.records(data.participants)),
    Stage("Assumptions", lambda trial, data: diagnostics.records(data.participants)),
    Stage("Uptake", lambda trial, data: uptake.records(data.participants)),
    Stage(
        "Serious adverse events",
        lambda trial, data: safety.records(trial.adverse_events, data.participants),
    ),
    Stage("Sample size", lambda trial, data: sample_size.records()),
)


def run(
    trial: TrialData, data: AnalysisSet, tell: Callable[[str], None] = lambda title: None
) -> Results:
    """Carry out every stage, and hold the tables' denominators against the flow.

    Parameters
    ----------
    trial, data
        The files as typed frames, and the analysis set derived from them.
    tell
        Called with each stage's title before it begins.

    Raises
    ------
    VerificationError
        If a table counts participants that the flow does not have.
    """
    parts = [_tabulate(stage, trial, data, tell) for stage in STAGES]
    results = Results.bind(*parts)
    flow.reconcile(results)
    return results


def _tabulate(
    stage: Stage, trial: TrialData, data: AnalysisSet, tell: Callable[[str], None]
) -> tuple[Record, ...]:
    tell(stage.title)
    return tuple(stage.records(trial, data))
