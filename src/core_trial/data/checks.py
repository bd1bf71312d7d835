"""All rules between columns, files and people; and the rules that every file has."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from core_trial.data.folder import Folder, Found
from core_trial.declaration.columns import TEXT, Table
from core_trial.declaration.files import Files
from core_trial.declaration.rules import Rule, rule


def check(folder: Folder) -> None:
    """Apply every rule; the faults and notes go to the readings of the files."""
    for one in rules_of(folder.files):
        _apply(one, folder)


def rules_of(files: Files) -> tuple[Rule, ...]:
    """The rules that all files share, and those that the trial declares."""
    return (*_common(files), *files.rules)


def _apply(one: Rule, folder: Folder) -> None:
    """Add a rule's faults and notes to the readings."""
    reading = folder.readings[one.file]
    if reading.cells is None:
        return
    rows = np.flatnonzero(np.asarray(one.find(folder), dtype=bool)).tolist()
    if rows and one.outcome == "note":
        reading.note(one.column, one.name, len(rows), one.allowed)
        return
    column = reading.cells.columns.get(one.column)
    for row in rows:
        if reading.full:
            return
        found = column.at(row) if column else ""
        line = int(reading.cells.lines[row])
        reading.refuse(line, one.column, one.name, found, one.allowed)


def _duplicate(table: Table) -> Rule:
    key = list(table.key)
    named = [name for name in key if table.column(name).required]

    @rule(
        f"{table.name}.{key[0] if len(key) == 1 else ''}",
        "refuse",
        f"one row for each {' and '.join(key)}",
    )
    def duplicate(folder: Folder) -> Found:
        """Two rows of the same name are a copy of each other, or contradict each other."""
        frame = folder[table.name]
        return frame[named].notna().all(axis=1) & frame.duplicated(key, keep=False)

    return duplicate


def _similar_identifier(table: Table, column: str) -> Rule:
    @rule(f"{table.name}.{column}", "refuse", "one spelling of each identifier")
    def similar_identifier(folder: Folder) -> Found:
        """Identifiers that differ in letter case only are most likely the same."""
        cells = folder.readings[table.name].cells
        if cells is None or column not in cells.columns:
            return np.zeros(len(folder[table.name]), dtype=bool)
        coded = cells.columns[column]
        folded = pd.Series([text.casefold() for text in coded.texts], dtype=TEXT)
        alike = np.flatnonzero(folded.duplicated(keep=False))
        return np.isin(coded.codes, alike)

    return similar_identifier


def _not_a_participant(files: Files, table: Table) -> Rule:
    name = files.participant

    @rule(
        f"{table.name}.{name}",
        "refuse",
        f"an identifier in {files.participants}.csv, written the same",
    )
    def not_a_participant(folder: Folder) -> Found:
        """A record of somebody who is not in the trial belongs to no arm."""
        unknown = folder.person(table.name) < 0
        return unknown & folder[table.name][name].notna() & folder.knows_everybody

    return not_a_participant


def _common(files: Files) -> Iterator[Rule]:
    """The rules that hold for every file alike."""
    for table in files.tables:
        yield _duplicate(table)
        for column in (files.participant, *files.identifiers):
            if column in table.header:
                yield _similar_identifier(table, column)
        if table.name != files.participants and files.participant in table.header:
            yield _not_a_participant(files, table)
