"""The files of a trial to its analysis set."""

from __future__ import annotations

from core_trial.data.analysis_set import AnalysisSet
from core_trial.data.load import conform
from core_trial.data.trial import TrialData


def derive(data: TrialData) -> AnalysisSet:
    """Derive every variable that the analyses use.

    The frames are held against the declaration again, since they may have been changed in Python;
    rows are sorted by participant, and nothing depends on their order in the files.

    Parameters
    ----------
    data
        The trial as `load` gives it, or with other frames in their place.

    Returns
    -------
    AnalysisSet
        The analysis set and the participants' flow.

    Raises
    ------
    DataError
        When a frame does not meet the declaration.
    """
    files = data.files
    tables = conform(data.tables, files)
    people = tables[files.participants].sort_values(files.participant, ignore_index=True)
    frame = people if files.derive is None else files.derive(tables)
    flow = () if files.flow is None else tuple(files.flow(frame, tables))
    return AnalysisSet(frame, flow, data.report.notes, trial=data.trial, tables=tables)
