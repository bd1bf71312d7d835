"""Text cells to typed frames: every column by the parser of its kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from core_trial.data.reading import Coded, Reading
from core_trial.declaration.columns import Column, Identifier, Integer
from core_trial.declaration.kinds import MISSING_CODES, Refusal, Value

STRAY_QUOTE = Refusal("stray_quote", "quotes around the whole cell, doubled inside")
#: Distinct texts of a column for which the nearest category is looked up.
MOST_SUGGESTIONS = 200


def parse(reading: Reading) -> pd.DataFrame:
    """The typed frame of one file.

    Parameters
    ----------
    reading
        Its text; takes the faults and notes of the cells.

    Returns
    -------
    pandas.DataFrame
        Every declared column; refused and absent cells are missing.
    """
    rows = len(reading.cells) if reading.cells is not None else 0
    columns = reading.cells.columns if reading.cells is not None else {}
    arrays = {
        column.name: _parse_column(reading, column, columns[column.name])
        if column.name in columns
        else column.kind.array([None] * rows)
        for column in reading.table.columns
    }
    return pd.DataFrame(arrays, copy=False)


def _parse_column(reading: Reading, column: Column, coded: Coded) -> ExtensionArray:
    """The typed array of one column; each distinct text is parsed once."""
    values: list[Value | None] = []
    refusals: dict[str, Refusal] = {}
    changed: set[str] = set()
    for text in coded.texts:
        value = STRAY_QUOTE if text in coded.stray else _parse_text(column, text)
        if isinstance(value, Refusal):
            suggest = not value.hint and len(refusals) < MOST_SUGGESTIONS
            refusals[text] = _with_hint(column, text, value) if suggest else value
            value = None
        elif value is not None and value is not text and column.kind.write(value) != text:
            changed.add(text)
        values.append(value)
    reading.refuse_cells(column.name, refusals)
    _note(reading, column, coded, changed)
    return column.kind.array(values).take(coded.codes.astype(np.intp))


def _parse_text(column: Column, text: str) -> Value | Refusal | None:
    """The value of one text; None for a blank that is allowed."""
    if text:
        if not column.required and isinstance(column.kind, Identifier) and text in MISSING_CODES:
            allowed = f"{column.kind.allowed}, or a blank"
            return Refusal("missing_word", allowed, "a blank is the only missing value")
        return column.kind.parse(text)
    if column.required:
        return Refusal("blank", column.kind.allowed, "this column has a value in every row")
    return None


def _with_hint(column: Column, text: str, refusal: Refusal) -> Refusal:
    return Refusal(refusal.code, refusal.allowed, column.kind.nearest(text))


def _note(reading: Reading, column: Column, coded: Coded, changed: set[str]) -> None:
    """Say which cells were normalised, look like codes, or are all blank."""
    if changed:
        text = "letter case or spaces around the value were normalised"
        reading.note(column.name, "normalised", _count(coded, changed), text)
    if isinstance(column.kind, Integer) and not column.required:
        texts = MISSING_CODES.intersection(coded.texts)
        if codes := {text for text in texts if not isinstance(column.kind.parse(text), Refusal)}:
            text = "values that elsewhere stand for missing; here they are numbers"
            reading.note(column.name, "like_missing_code", _count(coded, codes), text)
    if coded.texts == ("",):
        text = "nothing but blanks; what needs this column cannot be estimated"
        reading.note(column.name, "all_blank", len(coded.codes), text)


def _count(coded: Coded, texts: set[str]) -> int:
    chosen = np.array([text in texts for text in coded.texts])
    return int(chosen[coded.codes].sum())
