"""Pandera models of the frames, made from the same declaration as the parsers.

`load` gives frames that meet them by construction. Frames that were made or changed in Python have
met no parser: `validate` holds them against the models, and `write` does so before it writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from core_trial.data.columns import Category, Column, Identifier, Integer, Table, Text
from core_trial.data.dates import Day
from core_trial.data.kind import Kind
from core_trial.data.tables import TABLES
from core_trial.data.trial import LoadReport, TrialData
from core_trial.errors import DataError, Fault

if TYPE_CHECKING:
    import pandera.pandas as pa


@cache
def model(name: str) -> pa.DataFrameSchema:
    """The pandera model of one file's frame.

    Parameters
    ----------
    name
        Name of the file without ``.csv``.

    Examples
    --------
    >>> model("service_use").columns["cmht_contacts_12m"].nullable
    True
    """
    import pandera.pandas as pa

    table = next(table for table in TABLES if table.name == name)
    return pa.DataFrameSchema(
        {column.name: _column(column) for column in table.columns},
        unique=list(table.key),
        strict=True,
        name=table.file,
    )


def _column(column: Column) -> pa.Column:
    import pandera.pandas as pa

    checks = _checks(column.kind)
    return pa.Column(column.kind.dtype, checks, nullable=not column.required, title=column.title)


def _checks(kind: Kind) -> list[pa.Check]:
    """What the type alone does not say."""
    import pandera.pandas as pa

    if isinstance(kind, Integer):
        return [pa.Check.in_range(kind.low, kind.high)]
    if isinstance(kind, Day):
        return [pa.Check.in_range(pd.Timestamp(kind.low), pd.Timestamp(kind.high))]
    if isinstance(kind, Identifier | Text):
        return [pa.Check(kind.holds, element_wise=True, error=kind.allowed)]
    return []


def validate(trial: TrialData) -> None:
    """Hold the frames of a trial against their models.

    Parameters
    ----------
    trial
        Frames that were made in Python.

    Raises
    ------
    DataError
        With every fault; the lines are those that the rows would have in a file.
    """
    from pandera.errors import SchemaErrors

    faults: list[Fault] = []
    frames = dict(trial.frames())
    for table in TABLES:
        try:
            model(table.name).validate(frames[table.name].reset_index(drop=True), lazy=True)
        except SchemaErrors as error:
            faults += [_fault(table, case) for case in error.failure_cases.to_dict("records")]
    if faults:
        raise DataError(faults)


def conform(frames: Mapping[str, pd.DataFrame]) -> TrialData:
    """The trial in frames that were made in Python, cast to the declared types and validated.

    Parameters
    ----------
    frames
        A frame for every file, by its name without ``.csv``; yes and no as booleans, categories
        as text, the columns in any order.

    Returns
    -------
    TrialData
        The same values in the declared types and order of columns.

    Raises
    ------
    DataError
        When a column is absent or not declared, a value cannot be cast without loss, or a model
        is not met.
    """
    cast = {table.name: _cast(table, frames[table.name]) for table in TABLES}
    trial = TrialData(**cast, report=LoadReport())
    validate(trial)
    return trial


def _cast(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """A frame in the declared types; what is not a value of its column is refused, not blanked."""
    faults = [Fault(table.file, 0, n, "missing_column") for n in table.header if n not in frame]
    faults += [
        Fault(table.file, 0, str(n), "unknown_column") for n in frame if n not in table.header
    ]
    if faults:
        raise DataError(faults)
    columns = {c.name: _cast_column(table, c, frame[c.name]) for c in table.columns}
    return pd.DataFrame(columns).reset_index(drop=True)


def _cast_column(table: Table, column: Column, values: pd.Series) -> pd.Series:
    """One column in its declared type; pandas would blank a label that is no category."""
    if isinstance(column.kind, Category):
        lost = values.notna() & ~values.isin(list(column.kind.labels))
        rows = lost.to_numpy(bool).nonzero()[0].tolist()
        if rows:
            raise DataError(_uncast(table, column, r + 2, str(values.iloc[r])) for r in rows)
    try:
        return values.astype(column.kind.dtype)
    except (TypeError, ValueError) as error:
        raise DataError([_uncast(table, column, 0, str(error))]) from None


def _uncast(table: Table, column: Column, line: int, found: str) -> Fault:
    return Fault(table.file, line, column.name, "not_of_the_type", found, column.kind.allowed)


def _fault(table: Table, case: dict[str, object]) -> Fault:
    """One of pandera's failure cases in our words."""
    row = case["index"]
    line = int(row) + 2 if isinstance(row, int | float) and row == row else 0
    column = str(case["column"]) if case["column"] in table.header else ""
    found = "" if case["failure_case"] is None else str(case["failure_case"])
    allowed = table.column(column).kind.allowed if column else str(case["check"])
    return Fault(table.file, line, column, "not_of_the_model", found, allowed)
