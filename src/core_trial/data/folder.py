"""The frames of a folder while its rules are checked, and what rules ask of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import repeat

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.data.episodes import Ints, Mask, days_from
from core_trial.data.reading import Reading
from core_trial.declaration.files import Files

Found = pd.Series | NDArray[np.bool_]


class Folder:
    """The frames of all files while they are checked.

    Parameters
    ----------
    files
        The declared files.
    readings
        Text and line numbers, by name of the file without ``.csv``.
    frames
        Typed frames; a cell that was refused is missing in them.
    """

    def __init__(
        self,
        files: Files,
        readings: Mapping[str, Reading],
        frames: Mapping[str, pd.DataFrame],
    ) -> None:
        self.files = files
        self.readings = readings
        self.frames = frames
        self._persons: dict[str, Ints] = {}
        self._days: dict[tuple[str, str], Ints] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.frames[name]

    @property
    def people(self) -> pd.DataFrame:
        """The frame with a row for each participant."""
        return self.frames[self.files.participants]

    @cached_property
    def knows_everybody(self) -> bool:
        """Whether every participant's row, and its identifier, could be read."""
        reading = self.readings[self.files.participants]
        ids = self.people[self.files.participant]
        return reading.whole and len(ids) > 0 and bool(ids.notna().all())

    @cached_property
    def _row_of(self) -> dict[str, int]:
        """Row of every participant in the participants' file."""
        cells = self.readings[self.files.participants].cells
        if cells is None or self.files.participant not in cells.columns:
            return {}
        coded = cells.columns[self.files.participant]
        return {coded.texts[code]: row for row, code in enumerate(coded.codes.tolist())}

    def person(self, name: str) -> Ints:
        """Row of each record's participant in the participants' file, -1 for nobody; shape (n,)."""
        if name not in self._persons:
            cells = self.readings[name].cells
            if cells is None or self.files.participant not in cells.columns:
                self._persons[name] = np.full(len(self.frames[name]), -1, dtype=np.int64)
            else:
                coded = cells.columns[self.files.participant]
                rows = map(self._row_of.get, coded.texts, repeat(-1))
                found = np.fromiter(rows, np.int64, len(coded.texts))
                self._persons[name] = found[coded.codes]
        return self._persons[name]

    def day(self, name: str, column: str) -> Ints:
        """Days from the origin to a date of each record, `NEVER` where unknown; shape (n,)."""
        if (name, column) not in self._days:
            origin = self.of_person(name, self.files.origin)
            self._days[name, column] = days_from(self.frames[name][column], origin)
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
        """A column of the participants' file, for every record of another file; shape (n,)."""
        source = self.people[column].array
        return pd.Series(source.take(self.person(name), allow_fill=True), name=column)


def yes(column: pd.Series) -> Mask:
    """Where a statement is known to hold; shape (n,)."""
    return column.fillna(False).to_numpy(bool)


def no(column: pd.Series) -> Mask:
    """Where a statement is known not to hold; shape (n,)."""
    return ~column.fillna(True).to_numpy(bool)


def is_one_of(column: pd.Series, *values: str) -> Mask:
    """Where a category is one of a few; shape (n,)."""
    return column.isin([str(value) for value in values]).to_numpy(bool)
