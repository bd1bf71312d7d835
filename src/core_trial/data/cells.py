"""Columns of a frame of any make as plain numbers, texts, and yes or no.

Booleans, whole numbers and decimals of any library, text, categories and missing values of any
spelling come in; arrays come out, with the values that could not be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.declaration.arms import Level

Floats = NDArray[np.float64]
#: How yes and no are spelt where nothing else is declared, in lower case.
YES = frozenset({"yes", "true", "1", "1.0"})
NO = frozenset({"no", "false", "0", "0.0"})
#: Values that a message shows.
SHOWN_VALUES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """A column as numbers.

    Parameters
    ----------
    values
        Shape (n,); ``nan`` where missing or not readable.
    strange
        Distinct texts that could not be read.
    rows
        How many cells have one of these.
    """

    values: Floats
    strange: tuple[str, ...] = ()
    rows: int = 0

    @property
    def shown(self) -> str:
        """Some of the strange texts, as a message shows them."""
        some = ", ".join(map(repr, self.strange[:SHOWN_VALUES]))
        return some + (", ..." if len(self.strange) > SHOWN_VALUES else "")


def to_pandas(frame: object) -> pd.DataFrame | None:
    """A frame of pandas, polars or pyarrow, or a mapping of columns, as pandas; None if neither."""
    if isinstance(frame, pd.DataFrame):
        return frame
    if hasattr(frame, "to_pydict"):
        return pd.DataFrame(frame.to_pydict())
    if hasattr(frame, "to_dict") and hasattr(frame, "schema"):
        return pd.DataFrame(frame.to_dict(as_series=False))
    return pd.DataFrame(dict(frame)) if isinstance(frame, Mapping) else None


def text(value: object) -> str:
    """One value as text; a whole number has no decimal point.

    Examples
    --------
    >>> text(2.0), text(" usual care "), text(True)
    ('2', 'usual care', 'True')
    """
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def texts(column: pd.Series) -> pd.Series:
    """A column as text; None where missing or blank."""
    codes, levels = _factorised(column)
    spelt = np.array([text(level) or None for level in levels] + [None], dtype=object)
    return pd.Series(spelt[codes], index=column.index, dtype=object)


def numbers(column: pd.Series) -> Read:
    """A column as numbers, those in text too."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_complex_dtype(column):
        return _without_infinite(column.to_numpy(dtype=float, na_value=np.nan))
    codes, levels = _factorised(column)
    read = np.array([_number(level) for level in levels] + [np.nan])
    blank = np.array([text(level) == "" for level in levels] + [True], dtype=bool)
    strange = np.isnan(read) & ~blank
    names = tuple(text(level) for level, bad in zip(levels, strange[:-1], strict=True) if bad)
    return Read(read[codes], names, int(strange[codes].sum()))


def yes_no(column: pd.Series, yes: Level | None = None, no: Level | None = None) -> Read:
    """A column as 1 for yes, 0 for no.

    Parameters
    ----------
    column
        Booleans, 0 and 1, or text.
    yes, no
        How they are spelt besides; with `yes` alone, the one other value that there is is no.
    """
    codes, levels = _factorised(column)
    spelt = [text(level) for level in levels]
    ayes = {text(yes).lower()} if yes is not None else set(YES)
    noes = {text(no).lower()} if no is not None else set(NO)
    if yes is not None and text(yes).lower() not in {*YES, *NO}:
        others = {name.lower() for name in spelt if name} - ayes - noes
        noes |= others if no is None and len(others) == 1 else set()
    if yes is None or no is not None:
        ayes, noes = ayes | (YES - noes), noes | (NO - ayes)
    found = np.array([_side(name.lower(), ayes, noes) for name in spelt] + [np.nan])
    strange = np.array([name != "" for name in spelt] + [False], dtype=bool) & np.isnan(found)
    names = tuple(name for name, bad in zip(spelt, strange[:-1], strict=True) if bad)
    return Read(found[codes], names, int(strange[codes].sum()))


def _side(name: str, ayes: set[str] | frozenset[str], noes: set[str] | frozenset[str]) -> float:
    return 1.0 if name in ayes else 0.0 if name in noes else np.nan


def _factorised(column: pd.Series) -> tuple[NDArray[np.intp], list[object]]:
    """Distinct values and the code of each row; -1, the last, where missing."""
    try:
        codes, levels = pd.factorize(column)
    except TypeError:  # lists and the like
        codes, levels = pd.factorize(column.map(lambda x: None if x is None else str(x)))
    return codes.astype(np.intp), list(levels)


def _number(value: object) -> float:
    if isinstance(value, np.datetime64 | pd.Timestamp | pd.Timedelta):
        return np.nan
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return np.nan
    return found if np.isfinite(found) else np.nan


def _without_infinite(values: Floats) -> Read:
    infinite = np.isinf(values)
    if not infinite.any():
        return Read(values)
    return Read(np.where(infinite, np.nan, values), ("inf",), int(infinite.sum()))
