"""A frame from another program, with its columns and values spelt as they are declared."""

from __future__ import annotations

import pandas as pd

from core_trial.data.typed import text_of_value
from core_trial.declaration.files import ColumnMap
from core_trial.errors import DesignError, nearest


def as_declared(frame: pd.DataFrame, columns: ColumnMap) -> pd.DataFrame:
    """Rename columns, spell values as declared, and blank the codes of missing values.

    Parameters
    ----------
    frame
        As Stata, Excel or REDCap gave it; it stays as it is.
    columns
        What is spelt otherwise.

    Returns
    -------
    pandas.DataFrame
        A frame with the declared names and values; other columns are left alone.

    Raises
    ------
    DesignError
        When the frame lacks a column that the map names; the nearest is told.
    """
    has = [str(name) for name in frame.columns]
    given = {found: name for name, found in columns.names.items()}
    after = [given.get(name, name) for name in has]
    lacking = [f"no column {found!r}{nearest(found, has)}" for found in given if found not in has]
    lacking += [
        f"no column {name!r} to be spelt otherwise{nearest(name, after)}"
        for name in sorted(columns.changed)
        if name not in after
    ]
    if lacking:
        raise DesignError("the frame contradicts its column map:\n  " + "\n  ".join(lacking))
    named = frame.rename(columns=given)
    return named.assign(**{name: _said(named[name], name, columns) for name in columns.changed})


def _said(values: pd.Series, name: str, columns: ColumnMap) -> pd.Series:
    """One column with each distinct value said as declared; numbers stay numbers where they can."""
    codes, distinct = pd.factorize(values)
    said = []
    for value in distinct:
        text = text_of_value(value)
        declared = columns.text(name, text)
        said.append(value if declared == text else declared or None)
    column = pd.Series([*said, None], dtype=object).take(codes).set_axis(values.index)
    return column.infer_objects()
