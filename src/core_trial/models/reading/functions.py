"""Functions of columns, worked out by formulaic, with what they learnt from the rows of the fit."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.columns import (
    COMPLETE,
    column,
    finite,
    is_numeric,
    nearest,
    refuse_number_like,
)
from core_trial.models.formula import Factor
from core_trial.models.inference import Floats
from core_trial.models.reading.expression import executable
from core_trial.models.reading.levels import codes_of

#: A combination of columns that differs from a constant by less than this is one.
CONSTANT = 1e-9


@dataclass(frozen=True)
class Function:
    """A function of columns, with what it learnt from the rows of the fit (knots, centre).

    Parameters
    ----------
    label
        The text, as written.
    variables
        The frame's columns that it reads.
    state
        What formulaic's stateful transforms keep.
    parts
        Names of its columns within the label; one blank name for a single column.
    held
        Position of the column that goes where the intercept is held already; None if it spans none.
    levels
        The levels of those columns among `variables` that are no numbers.
    """

    label: str
    variables: tuple[str, ...]
    state: Mapping[str, Any]
    parts: tuple[str, ...]
    held: int | None
    levels: Mapping[str, tuple[object, ...]] = field(default_factory=dict)

    @property
    def spans(self) -> bool:
        """Whether a constant is among the combinations of its columns."""
        return self.held is not None

    @cached_property
    def _kept(self) -> list[int]:
        return [k for k in range(len(self.parts)) if k != self.held]

    def names(self, reduced: bool) -> tuple[str, ...]:
        """Names of its columns."""
        names = [f"{self.label}[{part}]" if part else self.label for part in self.parts]
        return tuple(names[k] for k in self._kept) if reduced else tuple(names)

    def read(self, frame: pd.DataFrame) -> Floats:
        """Its columns, shape (n, k)."""
        for name in self.variables:
            values = column(frame, name, advice=COMPLETE)
            if name in self.levels:
                codes_of(name, values, self.levels[name])
        found = _evaluate(self.label, frame, copy.deepcopy(dict(self.state)))
        return _columns(self.label, found, len(frame))[0]

    def block(self, values: Floats, reduced: bool) -> Floats:
        """Its columns, shape (n, k), or one less."""
        return values[:, self._kept] if reduced else values


def learn_function(factor: Factor, frame: pd.DataFrame) -> tuple[Function, Floats]:
    """A function as learnt from the rows of the fit, and its columns there."""
    state: dict[str, Any] = {}
    levels = {}
    for name in factor.variables:
        values = column(frame, name)
        if not is_numeric(values):
            refuse_number_like(name, values)
            levels[name] = tuple(pd.unique(values))
    found, parts, held = _columns(factor.text, _evaluate(factor.text, frame, state), len(frame))
    return Function(factor.text, factor.variables, state, parts, held, levels), found


def _evaluate(text: str, frame: pd.DataFrame, state: dict[str, Any]) -> Any:
    """A function's value in some rows, as formulaic works it out."""
    from formulaic.transforms import TRANSFORMS
    from formulaic.utils.stateful_transforms import stateful_eval

    code, variables = executable(text)
    columns = {f"_{k}": _prepared(frame, name) for k, name in enumerate(variables)}
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return stateful_eval(code, {**TRANSFORMS, **columns}, {}, state, None)
    except NameError as error:
        known = [name for name in TRANSFORMS if callable(TRANSFORMS[name])]
        close = nearest(getattr(error, "name", "") or "", known)
        raise DesignError(f"{text!r}: {error}{close}; known are {', '.join(known)}") from None
    except DesignError:
        raise
    except Exception as error:
        raise DesignError(f"{text!r} cannot be worked out: {error}") from None


def _prepared(frame: pd.DataFrame, name: str) -> pd.Series:
    values = column(frame, name)
    if not is_numeric(values):
        return values
    kind: type = bool if pd.api.types.is_bool_dtype(values.dtype) else float
    if kind is float:
        return pd.Series(finite(name, values), index=values.index)
    return pd.Series(values.to_numpy(dtype=bool), index=values.index)


def _columns(text: str, value: Any, n: int) -> tuple[Floats, tuple[str, ...], int | None]:
    """A function's value as columns, their names, and which of them an intercept makes needless."""
    about = getattr(value, "__formulaic_metadata__", None)
    value = getattr(value, "__wrapped__", value)
    if about is not None and about.kind.value == "categorical":
        raise DesignError(f"{text!r} is no number: make a column of it first, and write its name")
    parts: tuple[str, ...] = ("",)
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if not str(k).startswith("__")}
        parts, value = (
            tuple(map(str, kept)),
            np.column_stack([np.asarray(v) for v in kept.values()]),
        )
    elif isinstance(value, pd.DataFrame):
        parts = tuple(map(str, value.columns))
    array = np.asarray(value)
    if (
        array.dtype == object
        or not (np.issubdtype(array.dtype, np.number) or array.dtype == bool)
        or np.iscomplexobj(array)
    ):
        raise DesignError(f"{text!r} is no number: make a column of it first, and write its name")
    array = array.astype(float)
    if array.ndim not in (1, 2) or len(array) != n:
        raise DesignError(f"{text!r} does not give a number for each row")
    if array.ndim == 1:
        array = array[:, None]
    elif parts == ("",) and array.shape[1] > 1:
        parts = tuple(str(k + 1) for k in range(array.shape[1]))
    bad = int((~np.isfinite(array)).any(axis=1).sum())
    if bad:
        raise DesignError(f"{text!r} is not a finite number in {bad} row{'s' * (bad > 1)}")
    return array, parts, 0 if _spans_constant(array) else None


def _spans_constant(array: Floats) -> bool:
    """Whether a constant is a combination of several columns, as in a spline with intercept."""
    if array.shape[1] < 2:
        return False
    ones = np.ones(len(array))
    weights = np.linalg.lstsq(array, ones)[0]
    return bool(np.abs(array @ weights - ones).max() < CONSTANT)
