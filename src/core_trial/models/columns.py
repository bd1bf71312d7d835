"""Columns of a user's frame: found, complete, of the right kind, or refused by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.choices import refuse_choice, shown
from core_trial.models.formula import Formula, parse
from core_trial.models.inference import Floats

Missing = Literal["refuse", "drop"]
#: A frame's columns are all listed in a message up to this many.
MOST_NAMES_LISTED = 30
#: What to do about missing values: in a fit, and in other rows.
COMPLETE = "choose the complete rows"
DROP = "missing='drop' leaves incomplete rows out"
#: What `pandas.api.types.infer_dtype` calls objects that should have been a numeric column.
_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal", "integer-na")
_DATES = ("datetime64", "datetime", "date", "timedelta64", "timedelta", "time", "period")


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The rows that a model is fitted to.

    Parameters
    ----------
    frame
        Complete in every column that the model uses, but for blank clusters.
    dropped
        Rows left out because a value was missing.
    """

    frame: pd.DataFrame
    dropped: int = 0


def as_frame(data: object) -> pd.DataFrame:
    """A pandas frame; one of another library that has ``to_pandas`` is converted.

    Raises
    ------
    DesignError
        If it is no frame, or has no rows.
    """
    if isinstance(data, str | Formula):
        raise DesignError("the frame is missing where text stands: give a pandas DataFrame")
    if not isinstance(data, pd.DataFrame):
        convert = getattr(data, "to_pandas", None)
        if convert is None or not hasattr(data, "columns"):
            kind = type(data).__name__
            raise DesignError(f"the data must be a pandas DataFrame, not {kind}{_way_out(data)}")
        try:
            data = convert()
        except ImportError as error:  # polars converts by pyarrow
            raise DesignError(f"this frame cannot be made a pandas DataFrame: {error}") from None
    if not isinstance(data, pd.DataFrame):
        raise DesignError(f"the data must be a pandas DataFrame, not {type(data).__name__}")
    if len(data) == 0:
        raise DesignError("the frame has no rows")
    return data


def _way_out(data: object) -> str:
    if isinstance(data, dict | np.ndarray | list):
        return ": write pd.DataFrame(...) around it"
    return ": write .to_frame() behind it" if isinstance(data, pd.Series) else ""


def sample(
    frame: pd.DataFrame,
    *formulas: str | Formula,
    missing: Missing = "refuse",
    random: str = "1",
    cluster: str | None = None,
    strata: str | Sequence[str] | None = None,
    **columns: str | None,
) -> Sample:
    """The rows to fit: all of them, or those that are complete.

    Parameters
    ----------
    frame
        A row per observation.
    formulas
        The formulas of the model.
    missing
        ``"refuse"`` leaves the refusal of missing values to whoever reads the column; ``"drop"``
        leaves incomplete rows out. A blank cluster is no missing value: see `clusters`.
    random
        The argument `random`; see `nesting`.
    cluster
        The column of clusters.
    strata
        The column of strata, or several.
    columns
        Other arguments that name a column, by the argument's name.

    Raises
    ------
    DesignError
        If an argument is not the name of a column, or no complete row is left.
    """
    refuse_choice("missing", missing, ("refuse", "drop"))
    parsed = [parse(f) if not isinstance(f, Formula) else f for f in formulas]
    data = as_frame(frame)
    for argument, name in {"cluster": cluster, **columns}.items():
        refuse_argument(argument, name)
    if missing == "refuse":
        return Sample(data)
    names = [name for f in parsed for name in (f.response, *f.variables) if name]
    names += [name for name in columns.values() if name is not None]
    names += [strata] if isinstance(strata, str) else list(strata or ())
    names += [name for name in (column_of_level(data, random)[0],) if random != "1"]
    used = data[[n for n in dict.fromkeys(names) if exists(data, n)]]
    complete = used.notna().all(axis=1).to_numpy()
    if not complete.any():
        raise DesignError("no row is complete in " + ", ".join(map(str, used.columns)))
    left = data if complete.all() else data.loc[complete]
    return Sample(left, int((~complete).sum()))


def refuse_argument(argument: str, name: object) -> None:
    """Refuse what is not the name of one column.

    Raises
    ------
    DesignError
        For a list, a Series, a number.
    """
    if name is not None and not isinstance(name, str):
        raise DesignError(f"{argument}= takes the name of one column, not {shown(name)}")


def exists(frame: pd.DataFrame, name: str) -> bool:
    """Whether a frame has a column.

    Raises
    ------
    DesignError
        If it has not; the message says which is nearest.
    """
    if name in frame.columns:
        return True
    known = [str(column) for column in frame.columns]
    close = _dotted(name, known) or nearest(name, known)
    listed = f"; the frame has {', '.join(known)}" if len(known) <= MOST_NAMES_LISTED else ""
    raise DesignError(f"no column {name!r}{close}{listed}")


def _dotted(name: str, known: Iterable[str]) -> str:
    """Words for who writes ``log(x.b)``, which Python reads as an attribute of ``x``; or none."""
    whole = next((k for k in known if k.startswith(f"{name}.")), None)
    return f"; within a function write a name with a dot in backticks, `{whole}`" if whole else ""


def nearest(name: str, known: Iterable[object]) -> str:
    """Words that name what is nearest to a name, or none."""
    lower = {str(k).lower(): str(k) for k in known}
    close = difflib.get_close_matches(str(name).lower(), lower, n=1)
    return f"; did you mean {lower[close[0]]!r}?" if close else ""


def column_of_level(frame: pd.DataFrame, name: str) -> tuple[str, str | None]:
    """The column, and the level, that ``arm`` or ``arm[CBT]`` names."""
    if name not in frame.columns and name.endswith("]") and "[" in name:
        for found in frame.columns:
            if name.startswith(f"{found}["):
                return str(found), name[len(str(found)) + 1 : -1]
        return name.partition("[")[0], name.partition("[")[2][:-1]
    return name, None


def raw(frame: pd.DataFrame, name: str) -> pd.Series:
    """One column of a frame, missing values and all.

    Raises
    ------
    DesignError
        If the column is not there, or is there twice.
    """
    if not isinstance(name, str):
        raise DesignError(f"a column is chosen by its name, not by {name!r}")
    exists(frame, name)
    values = frame[name]
    if isinstance(values, pd.DataFrame):
        raise DesignError(f"column {name!r} is there {values.shape[1]} times")
    return values


def column(frame: pd.DataFrame, name: str, *, advice: str = DROP) -> pd.Series:
    """One complete column of a frame.

    Parameters
    ----------
    advice
        What the message says of missing values.

    Raises
    ------
    DesignError
        If the column is not there, is there twice, or has missing values.
    """
    values = raw(frame, name)
    missing = int(values.isna().sum())
    if missing:
        raise DesignError(
            f"column {name!r} has {missing} missing value{'s' if missing > 1 else ''}; {advice}"
        )
    return values


def numeric(frame: pd.DataFrame, name: str) -> Floats:
    """A column as finite numbers, shape (n,).

    Raises
    ------
    DesignError
        If the column is not there, is not numeric, or has a missing or infinite value.
    """
    values = column(frame, name)
    if not is_numeric(values):
        refuse_number_like(name, values, "must be numeric")
        raise DesignError(
            f"column {name!r} must be numeric, not {values.dtype}{_numbers_of(name, values)}"
        )
    return finite(name, values)


def _numbers_of(name: str, values: pd.Series) -> str:
    levels = pd.unique(values)
    if len(levels) == 2:
        return f"; write 1 for one of {levels[0]!r} and {levels[1]!r} and 0 for the other"
    return ""


def finite(name: str, values: pd.Series) -> Floats:
    """A numeric column as floats, shape (n,).

    Raises
    ------
    DesignError
        If a value is infinite.
    """
    array = np.asarray(values.to_numpy(dtype=float))
    if not np.isfinite(array).all():
        raise DesignError(f"column {name!r} has infinite values")
    return array


def is_numeric(values: pd.Series) -> bool:
    """Whether a column enters as numbers: numbers and booleans, of whatever library."""
    kind = values.dtype
    if pd.api.types.is_object_dtype(kind):
        return pd.api.types.infer_dtype(values, skipna=True) == "boolean"
    if pd.api.types.is_complex_dtype(kind):
        return False
    return bool(pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind)) and (
        not isinstance(kind, pd.CategoricalDtype)
    )


def refuse_number_like(name: str, values: pd.Series, wanted: str = "cannot be a covariate") -> None:
    """Refuse a column that is neither a number nor a factor, with the way out.

    Raises
    ------
    DesignError
        For numbers held as objects, dates, spans of time, complex numbers.
    """
    kind = values.dtype
    if isinstance(kind, pd.CategoricalDtype):
        return
    held = pd.api.types.infer_dtype(values, skipna=True)
    if pd.api.types.is_object_dtype(kind) and held in _NUMBERS:
        raise DesignError(
            f"column {name!r} {wanted}: it holds numbers as objects; "
            f"write pd.to_numeric(frame[{name!r}].astype(str))"
            if held == "decimal"
            else f"column {name!r} {wanted}: it holds numbers as objects; "
            f"write pd.to_numeric(frame[{name!r}])"
        )
    if held in _DATES or pd.api.types.is_datetime64_any_dtype(kind):
        raise DesignError(
            f"column {name!r} {wanted}: it holds dates or spans of time; make a number of it, "
            f"such as days: (frame[{name!r}] - start).dt.days"
            if "delta" not in held
            else f"column {name!r} {wanted}: it holds spans of time; make a number of it, such as "
            f"frame[{name!r}].dt.days"
        )
    if held == "complex" or pd.api.types.is_complex_dtype(kind):
        raise DesignError(
            f"column {name!r} {wanted}: it holds complex numbers; choose a part, such as .real"
        )
