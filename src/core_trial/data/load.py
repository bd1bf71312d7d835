"""A folder of CSV files to the trial; anything wrong is refused, all of it at once."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from core_trial.data.checks import check
from core_trial.data.described import compare_with_description, is_masked, is_synthetic, other_files
from core_trial.data.folder import Folder
from core_trial.data.missing import count_missing
from core_trial.data.parse import parse
from core_trial.data.read import read_table
from core_trial.data.reading import Reading
from core_trial.data.trial import LoadReport, Note, TrialData
from core_trial.data.typed import reading_of
from core_trial.declaration.files import ColumnMap, Files
from core_trial.declaration.one_file import files_of
from core_trial.declaration.trial import Trial
from core_trial.errors import DataError, Fault

#: Notes that say that a file may not be the one that was meant; refused unless told otherwise.
DOUBTFUL = frozenset({"not_as_described", "no_final_newline"})


def load(
    folder: str | os.PathLike[str],
    trial: Trial,
    *,
    columns: ColumnMap | None = None,
    allow_columns: Collection[str] = (),
    accept_changed: bool = False,
) -> TrialData:
    """Read, parse and check the files of a trial.

    Parameters
    ----------
    folder
        Folder with the CSV files.
    trial
        Its declaration; where it declares no files, ``participants.csv`` with a row for each.
    columns
        Names and values that are spelt otherwise than declared, and codes of missing values; None
        for those that the trial declares.
    allow_columns
        Names of undeclared columns that may be in the files. They are not read.
    accept_changed
        Take files that are not those which the folder's own description hashes, or whose last line
        has no end, and may be cut off; they are noted then, and refused otherwise.

    Returns
    -------
    TrialData
        A typed frame for every file, and the report of what was accepted by rule.

    Raises
    ------
    DataError
        With every fault that was found, when there is one.
    """
    path = Path(folder)
    _refuse_no_folder(path)
    files, mapping = files_of(trial), columns or trial.columns
    readings = {
        table.name: read_table(path, Reading(table, mapping, files.undeclared), allow_columns)
        for table in files.tables
    }
    tables, report = _checked(files, readings)
    found = [*report.notes, *compare_with_description(path, report.hashes)]
    notes = tuple(sorted([*found, *other_files(path, files)]))
    if not accept_changed:
        _refuse_doubtful(notes)
    report = replace(report, notes=notes, synthetic=is_synthetic(path), masked=is_masked(path))
    return TrialData(trial=trial, tables=tables, report=report, folder=path, columns=columns)


def conform(frames: Mapping[str, pd.DataFrame], files: Files) -> dict[str, pd.DataFrame]:
    """Frames that were made or changed in Python, held against the declaration.

    Every value goes the way of a cell in a file: written as text, and parsed. So a frame meets the
    same kinds and the same rules, and what no file could hold is refused.

    Parameters
    ----------
    frames
        A frame for every file, by its name without ``.csv``; yes and no as booleans or words,
        categories as text, the columns in any order.
    files
        The declaration.

    Returns
    -------
    dict
        The same values in the declared types and order of columns.

    Raises
    ------
    DataError
        With every fault; the lines are those that the rows would have in a file.
    """
    absent = [table for table in files.tables if table.name not in frames]
    if absent:
        raise DataError(Fault(t.file, 0, "", "file_missing", "", "a frame") for t in absent)
    return _checked(files, {t.name: reading_of(frames[t.name], t) for t in files.tables})[0]


def _checked(
    files: Files, readings: dict[str, Reading]
) -> tuple[dict[str, pd.DataFrame], LoadReport]:
    """Parse and check what was read."""
    frames = {name: parse(reading) for name, reading in readings.items()}
    folder = Folder(files, readings, frames)
    check(folder)
    if faults := [fault for reading in readings.values() for fault in reading.faults]:
        raise DataError(faults)
    report = LoadReport(
        rows={r.table.file: len(frames[name]) for name, r in readings.items()},
        hashes={r.table.file: r.sha256 for r in readings.values() if r.sha256},
        notes=tuple(sorted(note for reading in readings.values() for note in reading.notes)),
        missing=tuple(count_missing(folder)),
    )
    return frames, report


def _refuse_doubtful(notes: tuple[Note, ...]) -> None:
    hint = "restore the file, or accept it as it is: accept_changed=True, --accept-changed"
    faults = [Fault(n.file, 0, n.column, n.code, "", n.text, hint) for n in notes if doubtful(n)]
    if faults:
        raise DataError(faults)


def doubtful(note: Note) -> bool:
    """Whether a note says that a file may not be the one that was meant."""
    return note.code in DOUBTFUL


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
