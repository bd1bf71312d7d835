"""From the factors of a formula to columns of numbers; the coding of a factor without its margin.

A factor of k levels spans k dimensions, one of which an intercept or another term may hold already.
It is coded by k columns where none does, and by k - 1 where one does, as in R: ``0 + g`` has a mean
for each level, ``g:x`` a slope for each, ``g + g:t`` is ``g*t`` in other words.

References
----------
Chambers and Hastie (1992), Statistical Models in S, section 2.4.1. Smith et al., patsy
documentation, "Redundancy and categorical factors" (the rule by subsets, which is exact).
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.columns import (
    codes_of,
    column,
    finite,
    is_numeric,
    levels_of,
    nearest,
    refuse_number_like,
)
from core_trial.models.formula import Factor, Term, executable
from core_trial.models.inference import Floats

#: A product of factors: each factor's label, and whether it is coded by one column less.
Product = tuple[tuple[str, bool], ...]
COMPLETE = "choose the complete rows"
#: A combination of columns that differs from a constant by less than this is one.
CONSTANT = 1e-9
#: Levels that are columns of 0 and 1, with how contrasts of other kinds are marked in names.
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
        return _columns(self.label, found)[0]

    def block(self, values: Floats, reduced: bool) -> Floats:
        """Its columns, shape (n, k), or one less."""
        return values[:, self._kept] if reduced else values


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
        return _learn_function(factor, frame)
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


def _learn_function(factor: Factor, frame: pd.DataFrame) -> tuple[Function, Floats]:
    state: dict[str, Any] = {}
    levels = {}
    for name in factor.variables:
        values = column(frame, name)
        if not is_numeric(values):
            refuse_number_like(name, values)
            levels[name] = tuple(pd.unique(values))
    found, parts, held = _columns(factor.text, _evaluate(factor.text, frame, state))
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


def _columns(text: str, value: Any) -> tuple[Floats, tuple[str, ...], int | None]:
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


def products(
    terms: Sequence[Term], labels: Mapping[Factor, str], spans: Mapping[str, bool], constant: bool
) -> list[tuple[Product, ...]]:
    """The products of columns that each term adds to those of the terms before it.

    Parameters
    ----------
    terms
        The terms, main effects first.
    labels
        The label of each factor.
    spans
        Whether a factor, by its label, spans a constant.
    constant
        Whether a constant is held already: an intercept, or a baseline hazard.
    """
    held: set[frozenset[str]] = {frozenset()} if constant else set()
    found = []
    for term in terms:
        names = [labels[factor] for factor in term]
        new = []
        for subset in _subsets([name for name in names if spans[name]]):
            parts = frozenset(name for name in names if name in subset or not spans[name])
            if parts not in held:
                held.add(parts)
                new.append({name: spans[name] for name in names if name in parts})
        found.append(tuple(tuple(part.items()) for part in _merged(new, names)))
    return found


def _subsets(names: Sequence[str]) -> list[frozenset[str]]:
    return [frozenset(c) for size in range(len(names) + 1) for c in combinations(names, size)]


def _merged(parts: list[dict[str, bool]], order: Sequence[str]) -> list[dict[str, bool]]:
    """The fewest products that span the same: a product and itself by a reduced factor are one."""
    done: list[dict[str, bool]] = []
    for i, part in enumerate(sorted(parts, key=len)):
        for other in done:
            extra = part.items() - other.items()
            if len(part) == len(other) + 1 and len(extra) == 1 and all(r for _, r in extra):
                (name, _), *_ = extra
                whole = {**part, name: False}
                rest = sorted(parts, key=len)[i + 1 :]
                left = [p for p in done if p is not other]
                return _merged([*left, whole, *rest], order)
        done.append(part)
    return [{name: part[name] for name in order if name in part} for part in done]
