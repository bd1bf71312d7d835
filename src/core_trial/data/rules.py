"""A rule between columns, files or people: declared once for checking and for the docs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.data.episodes import Ints, Mask, days_from
from core_trial.data.reading import Reading

Outcome = Literal["refuse", "note"]
Found = pd.Series | NDArray[np.bool_]


class Files:
    """The frames of all files while they are checked.

    Parameters
    ----------
    readings
        Text and line numbers, by name of the file without ``.csv``.
    frames
        Typed frames; a cell that was refused is missing in them.
    """

    def __init__(self, readings: Mapping[str, Reading], frames: Mapping[str, pd.DataFrame]) -> None:
        self.readings = readings
        self.frames = frames
        self._persons: dict[str, Ints] = {}
        self._days: dict[tuple[str, str], Ints] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.frames[name]

    @cached_property
    def knows_everybody(self) -> bool:
        """Whether every row of participants.csv, and its identifier, could be read."""
        reading = self.readings["participants"]
        ids = self.frames["participants"]["participant_id"]
        return reading.whole and len(ids) > 0 and bool(ids.notna().all())

    @cached_property
    def _row_of(self) -> dict[str, int]:
        """Row of every participant in participants.csv."""
        cells = self.readings["participants"].cells
        if cells is None or "participant_id" not in cells.columns:
            return {}
        coded = cells.columns["participant_id"]
        return {coded.texts[code]: row for row, code in enumerate(coded.codes.tolist())}

    def person(self, name: str) -> Ints:
        """Row of each record's participant in participants.csv, -1 for nobody; shape (n,)."""
        if name not in self._persons:
            cells = self.readings[name].cells
            if cells is None or "participant_id" not in cells.columns:
                self._persons[name] = np.full(len(self.frames[name]), -1, dtype=np.int64)
            else:
                coded = cells.columns["participant_id"]
                rows = map(self._row_of.get, coded.texts, repeat(-1))
                found = np.fromiter(rows, np.int64, len(coded.texts))
                self._persons[name] = found[coded.codes]
        return self._persons[name]

    def day(self, name: str, column: str) -> Ints:
        """Days from randomisation to a date of each record, `NEVER` where unknown; shape (n,)."""
        if (name, column) not in self._days:
            randomised = self.of_person(name, "randomised_on")
            self._days[name, column] = days_from(self.frames[name][column], randomised)
        return self._days[name, column]

    def blank(self, name: str, column: str) -> Mask:
        """Rows whose cell is blank in the file, and not only missing for being refused."""
        cells = self.readings[name].cells
        if cells is None or column not in cells.columns:
            return np.zeros(len(self.frames[name]), dtype=bool)
        coded = cells.columns[column]
        empty = np.array([text == "" for text in coded.texts], dtype=bool)
        rows: Mask = empty[coded.codes]
        return rows

    def of_person(self, name: str, column: str) -> pd.Series:
        """A column of participants.csv, for every record of another file; shape (n,)."""
        source = self.frames["participants"][column].array
        return pd.Series(source.take(self.person(name), allow_fill=True), name=column)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Parameters
    ----------
    name
        Code of its faults and notes.
    file, column
        Where they point; the column is blank when the row is meant.
    outcome
        ``"refuse"`` or ``"note"``.
    allowed
        What the rule asks for (refused), or what it saw (noted).
    reason
        Why.
    find
        The rows that break it, as a mask over the rows of `file`.
    """

    name: str
    file: str
    column: str
    outcome: Outcome
    allowed: str
    reason: str
    find: Callable[[Files], Found]

    def apply(self, files: Files) -> None:
        """Add this rule's faults and notes to the readings."""
        reading = files.readings[self.file]
        if reading.cells is None:
            return
        rows = np.flatnonzero(np.asarray(self.find(files), dtype=bool)).tolist()
        if rows and self.outcome == "note":
            reading.note(self.column, self.name, len(rows), self.allowed)
            return
        column = reading.cells.columns.get(self.column)
        for row in rows:
            if reading.full:
                return
            found = column.at(row) if column else ""
            line = int(reading.cells.lines[row])
            reading.refuse(line, self.column, self.name, found, self.allowed)


def rule(place: str, outcome: Outcome, allowed: str) -> Callable[[Callable[[Files], Found]], Rule]:
    """Declare a rule at ``file.column``.

    The function that finds the rows gives it its name, and that function's docstring the reason.
    """
    file, _, column = place.partition(".")

    def declare(find: Callable[[Files], Found]) -> Rule:
        reason = " ".join((find.__doc__ or "").split())
        return Rule(find.__name__, file, column, outcome, allowed, reason, find)

    return declare


def yes(column: pd.Series) -> Mask:
    """Where a statement is known to hold; shape (n,)."""
    return column.fillna(False).to_numpy(bool)


def no(column: pd.Series) -> Mask:
    """Where a statement is known not to hold; shape (n,)."""
    return ~column.fillna(True).to_numpy(bool)


def is_one_of(column: pd.Series, *values: str) -> Mask:
    """Where a category is one of a few; shape (n,)."""
    return column.isin([str(value) for value in values]).to_numpy(bool)
