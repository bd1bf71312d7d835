"""Text cells of one file, and what came to light when they were read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from core_trial.data.trial import Note
from core_trial.declaration.columns import Table
from core_trial.declaration.files import ColumnMap
from core_trial.declaration.kinds import Refusal
from core_trial.declaration.rules import RuleOutcome
from core_trial.errors import Fault

#: Faults of one file that are listed, so that a wrong file cannot fill the memory.
MOST_FAULTS = 1_000_000
#: Longest part of a cell that a fault shows.
SHOWN = 60


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of text: row i holds ``texts[codes[i]]``.

    Parameters
    ----------
    texts
        The distinct texts.
    codes
        Place of each row's text among them, shape (n,).
    stray
        Texts in which a quote stands where none may.
    """

    texts: tuple[str, ...]
    codes: NDArray[np.integer]
    stray: frozenset[str] = frozenset()

    def mapped(self, say: Callable[[str], str]) -> Coded:
        """The same rows with every text said otherwise; texts that become one share a place."""
        said = [say(text) for text in self.texts]
        places = {text: place for place, text in enumerate(dict.fromkeys(said))}
        place_of = np.array([places[text] for text in said], dtype=np.intp)
        stray = frozenset(said[i] for i, text in enumerate(self.texts) if text in self.stray)
        return Coded(tuple(places), place_of[self.codes], stray)

    def at(self, row: int) -> str:
        """The text of one row."""
        return self.texts[int(self.codes[row])]

    def rows_with(self, text: str) -> NDArray[np.intp]:
        """The rows that hold a text."""
        if text not in self.texts:
            return np.zeros(0, dtype=np.intp)
        return np.flatnonzero(self.codes == self.texts.index(text))


@dataclass(frozen=True, slots=True)
class Cells:
    """The text cells of one file.

    Parameters
    ----------
    columns
        The declared columns that were found, by name.
    lines
        Line of each row in the file, shape (n,).
    """

    columns: dict[str, Coded]
    lines: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.lines)

    def without(self, rows: set[int]) -> Cells:
        """The cells but for some rows."""
        if not rows:
            return self
        keep = np.ones(len(self), dtype=bool)
        keep[list(rows)] = False
        columns = {name: replace(c, codes=c.codes[keep]) for name, c in self.columns.items()}
        return Cells(columns, self.lines[keep])


@dataclass(slots=True)
class Reading:
    """What reading one file has brought to light.

    Attributes
    ----------
    table
        Declaration of the file.
    columns
        Names and values that are spelt otherwise than declared.
    undeclared
        Whether undeclared columns are refused or left unread and noted.
    faults, notes
        What is wrong with it, and what was accepted by rule.
    cells
        Its text; None when the file could not be read at all.
    whole
        False when a row had to be left out.
    sha256
        Hash of the file's bytes.
    """

    table: Table
    columns: ColumnMap = field(default_factory=ColumnMap)
    undeclared: RuleOutcome = "refuse"
    faults: list[Fault] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    cells: Cells | None = None
    whole: bool = True
    sha256: str = ""

    def refuse(
        self, line: int, column: str, code: str, found: str = "", allowed: str = "", hint: str = ""
    ) -> None:
        """Add a fault; when there are too many, the last one says so."""
        if self.full:
            return
        if len(self.faults) == MOST_FAULTS:
            line, column, code, found, allowed = 0, "", "too_many_faults", "", ""
            hint = "the faults that follow in this file are not listed"
        shown = found if len(found) <= SHOWN else found[: SHOWN - 1] + "…"
        self.faults.append(Fault(self.table.file, line, column, code, shown, allowed, hint))

    def refuse_cells(self, column: str, refusals: Mapping[str, Refusal]) -> None:
        """Add a fault for every row whose text in a column is refused."""
        if self.cells is None or not refusals:
            return
        coded = self.cells.columns[column]
        refused = np.array([text in refusals for text in coded.texts])
        for row in np.flatnonzero(refused[coded.codes]).tolist():
            if self.full:
                return
            text = coded.at(row)
            why = refusals[text]
            self.refuse(int(self.cells.lines[row]), column, why.code, text, why.allowed, why.hint)

    @property
    def full(self) -> bool:
        """Whether no more faults are taken."""
        return len(self.faults) > MOST_FAULTS

    def note(self, column: str, code: str, count: int, text: str) -> None:
        """Add a note on what was accepted by rule."""
        self.notes.append(Note(self.table.file, column, code, count, text))
