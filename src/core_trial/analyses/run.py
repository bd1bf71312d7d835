"""All analyses, stage by stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core_trial.analyses import (
    baseline,
    clusters,
    compliers,
    curves,
    deviations,
    diagnostics,
    flow,
    influence,
    missingness,
    outcomes,
    sensitivity,
    subgroups,
)
from core_trial.analyses.fits import Fits
from core_trial.data.analysis_set import AnalysisSet
from core_trial.results import Record, Results

Records = Callable[[AnalysisSet, Fits], Iterable[Record]]

#: What every trial has; each makes nothing where the trial does not have what it is about.
STAGES: tuple[tuple[str, Records], ...] = (
    ("Flow of participants", flow.records),
    ("Clusters", lambda data, fits: clusters.records(data.trial, data.participants)),
    (
        "Baseline characteristics",
        lambda data, fits: baseline.records(data.trial, data.participants),
    ),
    ("Outcomes", lambda data, fits: outcomes.records(fits)),
    ("Curves", lambda data, fits: curves.records(fits)),
    ("Subgroups", lambda data, fits: subgroups.records(fits)),
    ("Receipt of the intervention", lambda data, fits: compliers.records(fits)),
    ("Sensitivity", lambda data, fits: sensitivity.records(fits)),
    ("Missing data", lambda data, fits: missingness.records(fits)),
    ("Planned models", lambda data, fits: deviations.records(fits)),
    ("Assumptions", lambda data, fits: diagnostics.records(fits)),
    ("Single clusters", lambda data, fits: influence.records(fits)),
)


def run(data: AnalysisSet, tell: Callable[[str], None] = lambda title: None) -> Results:
    """Carry out every stage, and hold the tables' denominators against the flow.

    Parameters
    ----------
    data
        The analysis set.
    tell
        Called with each stage's title before it begins.

    Raises
    ------
    VerificationError
        If a table counts participants that the flow does not have.
    """
    fits = Fits(data.trial, data.participants)
    parts = []
    for title, records in STAGES:
        tell(title)
        parts.append(tuple(records(data, fits)))
    for stage in data.trial.stages:
        tell(stage.title)
        parts.append(tuple(stage.records(data)))
    results = Results.bind(*parts)
    flow.reconcile(data.trial, results)
    return results
