"""A folder of CSV files to the trial; anything wrong is refused, all of it at once."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from core_trial.data.checks import check
from core_trial.data.described import compare_with_description, other_files
from core_trial.data.missing import count_missing
from core_trial.data.parse import parse
from core_trial.data.read import read_table
from core_trial.data.reading import Reading
from core_trial.data.rules import Files
from core_trial.data.tables import TABLES
from core_trial.data.trial import LoadReport, TrialData
from core_trial.errors import DataError, Fault

__all__ = ["TrialData", "load"]


def load(folder: str | os.PathLike[str], *, allow_columns: Collection[str] = ()) -> TrialData:
    """Read, parse and check the files of a trial.

    Parameters
    ----------
    folder
        Folder with the CSV files.
    allow_columns
        Names of undeclared columns that may be in the files. They are not read.

    Returns
    -------
    TrialData
        A typed frame for every file, and the report of what was accepted by rule.

    Raises
    ------
    DataError
        With every fault that was found, when there is one.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from core_trial.data.export import template
    >>> with TemporaryDirectory() as folder:
    ...     template(folder)
    ...     load(folder)
    TrialData(participants: 1 rows, acute_episodes: 1 rows, questionnaires: 1 rows, \
service_use: 1 rows, sessions: 1 rows, workbook: 1 rows, adverse_events: 1 rows, \
screening: 1 rows)
    """
    path = Path(folder)
    _refuse_no_folder(path)
    readings = {table.name: read_table(path, table, allow_columns) for table in TABLES}
    frames = {name: parse(reading) for name, reading in readings.items()}
    files = Files(readings, frames)
    check(files)
    if faults := [fault for reading in readings.values() for fault in reading.faults]:
        raise DataError(faults)
    return TrialData(**frames, report=_report(path, readings, files))


def _refuse_no_folder(folder: Path) -> None:
    """Say so when there is no folder, or none that may be looked into."""
    allowed = "a folder with CSV files"
    try:
        if not folder.is_dir():
            raise DataError([Fault("", 0, "", "no_folder", folder.name, allowed)])
        next(folder.iterdir(), None)
    except OSError as error:
        hint = error.strerror or "the folder cannot be read"
        raise DataError([Fault("", 0, "", "unreadable", folder.name, allowed, hint)]) from None


def _report(folder: Path, readings: dict[str, Reading], files: Files) -> LoadReport:
    """What was accepted."""
    hashes = {r.table.file: r.sha256 for r in readings.values()}
    notes = [note for reading in readings.values() for note in reading.notes]
    notes += [*compare_with_description(folder, hashes), *other_files(folder)]
    return LoadReport(
        rows={r.table.file: len(files[name]) for name, r in readings.items()},
        hashes=hashes,
        notes=tuple(sorted(notes)),
        missing=tuple(count_missing(files)),
    )
