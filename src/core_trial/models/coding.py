"""From the factors of a formula to columns of numbers: how each is coded, and its values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
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
from core_trial.models.reading.functions import Function, learn_function
from core_trial.models.reading.levels import codes_of, levels_of

#: Marks in the names of contrasts that are no differences from a reference level.
_MARKS = {"SumContrasts": "S.", "HelmertContrasts": "H.", "DiffContrasts": "D."}


@dataclass(frozen=True)
class Number:
    """A column that enters as it stands."""

    label: str

    spans = False

    @property
    def variables(self) -> tuple[str, ...]:
        """The frame's columns that it reads."""
        return (self.label,)

    def names(self, reduced: bool) -> tuple[str, ...]:
        """Names of its columns."""
        return (self.label,)

    def read(self, frame: pd.DataFrame) -> Floats:
        """Its values, shape (n, 1)."""
        values = column(frame, self.label, advice=COMPLETE)
        if not is_numeric(values):
            raise DesignError(f"column {self.label!r} was a number in the fit, not {values.dtype}")
        return finite(self.label, values)[:, None]

    def block(self, values: Floats, reduced: bool) -> Floats:
        """Its columns, shape (n, 1)."""
        return values


@dataclass(frozen=True)
class Categories:
    """A factor: levels, and the rows of numbers that stand for them.

    Parameters
    ----------
    label, variable
        How its columns are named, and the frame's column.
    levels
        The k levels.
    contrast
        Shape (k, k - 1): what stands for each level where one dimension is held already.
    contrast_names
        Names of its columns.
    """

    label: str
    variable: str
    levels: tuple[object, ...]
    contrast: Floats
    contrast_names: tuple[str, ...]

    spans = True

    @property
    def variables(self) -> tuple[str, ...]:
        """The frame's columns that it reads."""
        return (self.variable,)

    def names(self, reduced: bool) -> tuple[str, ...]:
        """Names of its columns."""
        chosen = self.contrast_names if reduced else tuple(map(str, self.levels))
        return tuple(f"{self.label}[{name}]" for name in chosen)

    def read(self, frame: pd.DataFrame) -> np.ndarray:
        """The level of each row as an integer, shape (n,)."""
        return codes_of(self.variable, column(frame, self.variable, advice=COMPLETE), self.levels)

    def block(self, codes: np.ndarray, reduced: bool) -> Floats:
        """Its columns, shape (n, k) or (n, k - 1)."""
        rows = self.contrast if reduced else np.eye(len(self.levels))
        return np.asarray(rows.take(codes, axis=0))


Coder = Number | Categories | Function


def learn(factor: Factor, frame: pd.DataFrame, label: str) -> tuple[Coder, np.ndarray]:
    """How a factor is coded, learnt from the rows of the fit, and its values there.

    Raises
    ------
    DesignError
        For a column that is not there, a missing or infinite value, a factor with one level or with
        a declared level that nobody has, numbers held as objects, dates, complex numbers.
    """
    if factor.kind == "function":
        return learn_function(factor, frame)
    name = factor.variables[0]
    values = column(frame, name)
    if factor.kind == "column":
        if is_numeric(values):
            return Number(name), finite(name, values)[:, None]
        refuse_number_like(name, values)
    coder = _learn_levels(factor, name, label, values)
    return coder, codes_of(name, values, coder.levels)


def _learn_levels(factor: Factor, name: str, label: str, values: pd.Series) -> Categories:
    contrasts, chosen = (None, None)
    if factor.kind == "categories" and factor.text.rstrip(") ").count(",") > 0:
        contrasts, chosen = _arguments(factor.text)
    levels = levels_of(name, values, declared=factor.kind == "categories")
    if chosen is not None:
        levels = _reordered(name, levels, tuple(chosen))
    if contrasts is None:
        return Categories(
            label, name, levels, np.eye(len(levels))[:, 1:], tuple(map(str, levels[1:]))
        )
    coding, names = _contrast(name, levels, contrasts)
    return Categories(label, name, levels, coding, names)


def _reordered(
    name: str, found: tuple[object, ...], chosen: tuple[object, ...]
) -> tuple[object, ...]:
    absent = [str(level) for level in chosen if level not in found]
    if absent:
        raise DesignError(f"factor {name!r}: nobody has level {', '.join(absent)}")
    left = [str(level) for level in found if level not in chosen]
    if left:
        raise DesignError(f"factor {name!r}: levels= leaves out {', '.join(left)}")
    return chosen


@lru_cache(maxsize=64)
def _arguments(text: str) -> tuple[Any, Any]:
    """The contrasts and the levels of ``C(x, contrasts, levels=...)``."""
    from formulaic.transforms import TRANSFORMS

    def keep(values: object, contrasts: object = None, *, levels: object = None) -> Any:
        return contrasts, levels

    code = executable(text)[0]
    try:
        return eval(code, {**TRANSFORMS, "C": keep, "_0": None})  # type: ignore[no-any-return]
    except Exception as error:
        raise DesignError(f"cannot read {text!r}: {error}") from None


def _contrast(
    name: str, levels: tuple[object, ...], contrasts: Any
) -> tuple[Floats, tuple[str, ...]]:
    """Numbers that stand for the levels, shape (k, k - 1), and the names of their columns."""
    from formulaic.transforms.contrasts import Contrasts, CustomContrasts

    if isinstance(contrasts, type) and issubclass(contrasts, Contrasts):
        contrasts = contrasts()
    if isinstance(contrasts, str):
        raise DesignError(
            f"C({name}, {contrasts!r}): write C({name}, contr.treatment({contrasts!r})) for the "
            "reference level"
        )
    try:
        if not isinstance(contrasts, Contrasts):
            contrasts = CustomContrasts(contrasts)
        matrix = contrasts.get_coding_matrix(list(levels), reduced_rank=True, sparse=False)
        names = contrasts.get_coding_column_names(list(levels), reduced_rank=True)
    except Exception as error:
        base = getattr(contrasts, "base", None)
        known = f"{nearest(str(base), levels)}; its levels are {', '.join(map(str, levels))}"
        why = f"no level {base!r} to refer to{known}" if isinstance(base, str) else str(error)
        raise DesignError(f"factor {name!r}: {why}") from None
    mark = _MARKS.get(type(contrasts).__name__, "")
    coding = np.asarray(matrix, dtype=float)
    if np.linalg.matrix_rank(np.column_stack([np.ones(len(levels)), coding])) < len(levels):
        raise DesignError(f"factor {name!r}: its contrasts do not tell all {len(levels)} levels")
    return coding, tuple(f"{mark}{part}" for part in names)
