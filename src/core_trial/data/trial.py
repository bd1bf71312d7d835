"""What loading gives: the trial as typed frames, and the report of how they came in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from core_trial.declaration.files import ColumnMap, Files
from core_trial.declaration.one_file import files_of
from core_trial.declaration.trial import Trial
from core_trial.errors import DesignError


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """Something that was accepted by rule, and is said so that nobody need wonder.

    Parameters
    ----------
    file, column
        Where; the column is blank when the file is meant.
    code
        Short name of the rule, such as ``"byte_order_mark"``.
    count
        How many cells, rows or people it concerns.
    text
        The same in words.
    """

    file: str
    column: str
    code: str
    count: int
    text: str

    def __str__(self) -> str:
        place = f"{self.file} {self.column}".rstrip()
        return f"{place} [{self.code}] {self.text} ({self.count})"


@dataclass(frozen=True, slots=True, order=True)
class Missing:
    """How many values of a column are missing, by the trial's design and otherwise.

    Parameters
    ----------
    file, column
        The column; ``visit month 4`` and the like stand for whole interviews.
    expected
        Values that there would be if none were missing.
    by_design
        Missing because the trial never asked for them.
    otherwise
        Missing for any other reason.
    """

    file: str
    column: str
    expected: int
    by_design: int
    otherwise: int


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What was accepted when the files were loaded.

    Parameters
    ----------
    rows
        Rows of every file.
    hashes
        SHA-256 of every file.
    notes
        What was accepted by rule.
    missing
        Missing values by column.
    synthetic
        Whether the folder's description says that nobody in the files exists.
    masked
        Whether it says that the allocation is a dummy.
    """

    rows: Mapping[str, int] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    missing: tuple[Missing, ...] = ()
    synthetic: bool = False
    masked: bool = False


@dataclass(frozen=True, eq=False, kw_only=True)
class TrialData:
    """The files of a trial, a typed frame for each.

    A frame is an attribute too: ``data.participants`` is ``data.tables["participants"]``.
    Identifiers are text, categories are pandas categories in their declared order, yes and no are
    ``boolean``, whole numbers ``Int16`` or ``Int64``, dates ``datetime64[s]``. The rows stand as
    in the files.

    Parameters
    ----------
    trial
        What they are the files of.
    tables
        One frame per file, by its name without ``.csv``; the data dictionary tells what they hold.
    report
        How they came in; empty for frames that were made in Python.
    folder, columns
        Where the files are, and how they are spelt, for whoever reads them a second time; no folder
        for frames that were made or changed in Python.
    """

    trial: Trial
    tables: Mapping[str, pd.DataFrame]
    report: LoadReport = field(default_factory=LoadReport)
    folder: Path | None = None
    columns: ColumnMap | None = None

    @property
    def files(self) -> Files:
        """The declaration of the files."""
        return files_of(self.trial)

    @property
    def hashes(self) -> Mapping[str, str]:
        """SHA-256 of every file that was loaded."""
        return self.report.hashes

    def frames(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """Every frame with the name of its file, without ``.csv``."""
        return iter(self.tables.items())

    def with_frames(self, **frames: pd.DataFrame) -> TrialData:
        """The same trial with other frames in the place of some; `derive` checks them anew.

        Raises
        ------
        DesignError
            For a name that is no file of the trial.
        """
        if strange := sorted(frames.keys() - self.tables.keys()):
            known = ", ".join(self.tables)
            raise DesignError(f"no file {', '.join(strange)}; the trial has {known}")
        return replace(self, tables={**self.tables, **frames}, folder=None)

    def __getattr__(self, name: str) -> pd.DataFrame:
        tables = self.__dict__.get("tables", {})
        if name in tables:
            frame: pd.DataFrame = tables[name]
            return frame
        raise AttributeError(f"no file {name!r}; the trial has {', '.join(tables)}")

    def __repr__(self) -> str:
        rows = ", ".join(f"{name}: {len(frame)} rows" for name, frame in self.frames())
        return f"TrialData({rows})"
