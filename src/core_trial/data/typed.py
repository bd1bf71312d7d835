"""Frames that were made in Python as text cells, so that they go the way of a file."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from core_trial.data.reading import Cells, Coded, Reading
from core_trial.declaration.columns import Column, Table


def reading_of(frame: pd.DataFrame, table: Table) -> Reading:
    """A frame as if it had been read from a file.

    Parameters
    ----------
    frame
        Any frame; an absent or undeclared column is a fault.
    table
        The declared file.

    Returns
    -------
    Reading
        Its cells as text; line numbers are those that the rows would have in a file.
    """
    reading = Reading(table)
    times = Counter(map(str, frame.columns))
    for name in table.header:
        if times[name] != 1:
            code = "duplicate_column" if times[name] else "missing_column"
            reading.refuse(0, name, code, "", "each column once")
    for name in times.keys() - set(table.header):
        reading.refuse(0, name, "unknown_column", name, ", ".join(table.header))
    columns = {c.name: coded(c, frame[c.name]) for c in table.columns if times[c.name] == 1}
    reading.cells = Cells(columns, np.arange(2, len(frame) + 2))
    return reading


def coded(column: Column, values: pd.Series) -> Coded:
    """One column as text, blank for missing; each distinct value is written once."""
    codes, distinct = pd.factorize(values)
    texts = [_text(column, value) for value in distinct]
    places = {text: place for place, text in enumerate(dict.fromkeys([*texts, ""]))}
    place_of = np.array([*(places[text] for text in texts), places[""]], dtype=np.intp)
    return Coded(tuple(places), place_of[codes])


def _text(column: Column, value: Any) -> str:
    """A value as its column would be written; text goes through what makes a cell safe."""
    return column.kind.write(value) if isinstance(value, str) else text_of_value(value)


def text_of_value(value: Any) -> str:
    """A value as a file would hold it."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, pd.Timestamp | np.datetime64):
        stamp = pd.Timestamp(value)
        return stamp.date().isoformat() if stamp == stamp.normalize() else stamp.isoformat()
    return str(value)
