"""The CSV files of a trial as data: tables, rules between them, and how an analysis set is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core_trial.declaration.columns import Table
from core_trial.declaration.covariates import Level
from core_trial.declaration.instruments import Instrument
from core_trial.declaration.rules import Rule, RuleOutcome
from core_trial.errors import DesignError


@dataclass(frozen=True, slots=True)
class Variable:
    """One column of the analysis set, in words."""

    name: str
    description: str
    unit: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Files:
    """The files of a trial.

    Parameters
    ----------
    tables
        Every file with its columns.
    derive
        Makes the analysis set, a row per participant, from the typed frames by name; None where
        the participants' table is the analysis set.
    flow
        Makes the counts of people at each step (`results.FlowCount`) from the analysis set and the
        frames; None for what every trial has.
    participants, participant
        Name of the table with a row for each participant, and of the column that identifies them
        in every table.
    origin
        Column of that table with the date on which follow-up begins, day 0; blank where no rule
        counts days.
    rules
        What must hold between columns, files and people.
    identifiers
        Columns besides the participants' that name people or things: one spelling each.
    by_design
        Rows of a table in which a column was not asked for, from the folder's frames and the names
        of table and column; None where everything was asked of everybody.
    missing_visits
        Counts of whole visits that were not held (`data.trial.Missing`), from the folder's frames.
    instruments
        Questionnaires in the files, for the data dictionary.
    variables
        The columns of the analysis set in words, for the data dictionary.
    undeclared
        Whether columns that are in a file and not declared are refused, or left unread and noted.
    name, title
        Of the data package.
    """

    tables: tuple[Table, ...]
    derive: Callable[[Mapping[str, Any]], Any] | None = None
    flow: Callable[[Any, Mapping[str, Any]], Any] | None = None
    participants: str = "participants"
    participant: str = "participant_id"
    origin: str = ""
    rules: tuple[Rule, ...] = ()
    identifiers: tuple[str, ...] = ()
    by_design: Callable[[Any, str, str], Any] | None = None
    missing_visits: Callable[[Any], Any] | None = None
    instruments: tuple[Instrument, ...] = ()
    variables: tuple[Variable, ...] = ()
    undeclared: RuleOutcome = "refuse"
    name: str = "trial"
    title: str = "Participant-level data of a trial"

    def __post_init__(self) -> None:
        names = [table.name for table in self.tables]
        faults = [f"table {name!r} is there twice" for name in names if names.count(name) > 1]
        if self.participants not in names:
            faults.append(f"no table {self.participants!r}; there are {', '.join(names)}")
        else:
            needed = filter(None, (self.participant, self.origin))
            header = self.table(self.participants).header
            faults += [
                f"{self.participants}.csv has no column {n!r}" for n in needed if n not in header
            ]
        if faults:
            raise DesignError("the files contradict themselves:\n  " + "\n  ".join(faults))

    def table(self, name: str) -> Table:
        """One table by its name."""
        return next(table for table in self.tables if table.name == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """How columns and values are spelt where they are not spelt as declared.

    Parameters
    ----------
    names
        Declared column to the name that it has in the data.
    values
        Declared column to its values, each with the declared one: ``{1: "yes", 0: "no"}``.
    missing
        Declared column to the codes that stand for a missing value in it, such as ``(-9, 99)``.

    Examples
    --------
    >>> mapping = ColumnMap(names={"participant_id": "record_id"}, values={"sex": {1: "male"}})
    >>> mapping.names["participant_id"]
    'record_id'
    """

    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[Level, Level]] = field(default_factory=dict)
    missing: Mapping[str, tuple[Level, ...]] = field(default_factory=dict)

    @property
    def changed(self) -> frozenset[str]:
        """Columns whose values are spelt otherwise, or have codes for missing."""
        return frozenset((*self.values, *self.missing))

    def text(self, column: str, text: str) -> str:
        """One cell's text as declared: blank for a code of missing, else the declared value."""
        if any(_same(text, code) for code in self.missing.get(column, ())):
            return ""
        for found, declared in self.values.get(column, {}).items():
            if _same(text, found):
                return _spelt(declared)
        return text


def _same(text: str, value: Level) -> bool:
    """Whether a cell's text is a value: numbers by value, so that ``1.0`` is 1; text as it is."""
    bare = text.strip()
    if isinstance(value, bool | str):
        return bare.casefold() == str(value).casefold()
    try:
        return float(bare) == value
    except ValueError:
        return False


def _spelt(value: Level) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
