"""Formula and frame to design matrix; nothing is dropped, guessed or recoded in silence.

The grammar is small on purpose: ``response ~ a + b + a:b``, ``a*b`` for ``a + b + a:b``, ``1`` for
the intercept (always there unless ``0`` or ``- 1`` takes it out), ``C(x)`` to treat a number as a
factor. Factors are coded against their first level. Missing values, constant columns, levels that
nobody has and collinear columns are refused with a `DesignError` that names them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.errors import DesignError
from core_trial.models.frozen import ReadOnly
from core_trial.models.inference import Floats
from core_trial.models.reference import Reference, refer

Ints = NDArray[np.intp]
INTERCEPT = "Intercept"
#: A column whose part not explained by earlier columns is smaller than this is collinear.
COLLINEAR = 1e-9
#: Range of the largest value of a covariate: its square, and a variance divided by it, are numbers.
SMALLEST, LARGEST = 1e-100, 1e100

_NAME = r"[A-Za-z_][A-Za-z0-9_.]*"
_FACTOR = re.compile(rf"(?:C\(\s*({_NAME})\s*\)|({_NAME}))")


@dataclass(frozen=True, slots=True)
class Formula:
    """A parsed formula: parse once, build many designs.

    Parameters
    ----------
    response
        Name of the outcome column; blank for a right-hand side alone.
    terms
        Each term as the variables whose product it is; factors forced by ``C()`` are in `forced`.
    intercept
        Whether there is one.
    """

    response: str
    terms: tuple[tuple[str, ...], ...]
    intercept: bool
    forced: frozenset[str] = frozenset()

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the covariates, each once, in order."""
        return tuple(dict.fromkeys(name for term in self.terms for name in term))

    def __str__(self) -> str:
        def spell(name: str) -> str:
            return f"C({name})" if name in self.forced else name

        parts = [] if self.intercept else ["0"]
        parts += [":".join(spell(name) for name in term) for term in self.terms]
        right = " + ".join(parts) or "1"
        return f"{self.response} ~ {right}" if self.response else right


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """How the columns were made, to make them again of other rows.

    Parameters
    ----------
    formula
        What they were made from.
    columns
        Names of the p columns.
    levels
        Levels of each factor, the reference first.
    """

    formula: Formula
    columns: tuple[str, ...]
    levels: Mapping[str, tuple[object, ...]]

    @property
    def variables(self) -> tuple[str, ...]:
        """Columns that a frame must have."""
        return self.formula.variables

    def matrix(self, frame: pd.DataFrame) -> Floats:
        """The design matrix of other rows, shape (n, p).

        Raises
        ------
        DesignError
            For a column that is not there, a missing value, a level that no row had before.
        """
        coded = {name: self._code(name, column(frame, name)) for name in self.variables}
        arrays = [np.ones(len(frame))] * self.formula.intercept
        for term in self.formula.terms:
            for parts in product(*(coded[name] for name in term)):
                arrays.append(np.prod([part[1] for part in parts], axis=0))
        return np.column_stack(arrays) if arrays else np.empty((len(frame), 0))

    def _code(self, name: str, values: pd.Series) -> list[tuple[str, Floats]]:
        if name not in self.levels:
            return [(name, numeric(values.to_frame(), name))]
        levels = self.levels[name]
        unseen = [str(value) for value in values.unique() if value not in levels]
        if unseen:
            known = ", ".join(map(str, levels))
            raise DesignError(f"factor {name!r} has no level {', '.join(unseen)}; it has {known}")
        return [
            (f"{name}[{level}]", np.asarray(values == level, dtype=float)) for level in levels[1:]
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Response and design matrix of n rows.

    Parameters
    ----------
    formula
        What it was built from.
    y
        Response, shape (n,); empty when the formula has none.
    X
        Design matrix, shape (n, p), full column rank.
    columns
        Names of its p columns.
    term_columns
        Positions of the columns of each term of the formula, ``Intercept`` included.
    recipe
        How to make the columns of other rows; None where they came from no frame.
    reference
        Averages and levels of the covariates.
    """

    formula: Formula
    y: Floats
    X: Floats
    columns: tuple[str, ...]
    term_columns: Mapping[str, tuple[int, ...]] = field(
        default_factory=ReadOnly[str, tuple[int, ...]]
    )
    recipe: Recipe | None = None
    reference: Reference = field(default_factory=Reference)

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.X.shape[0])

    def with_response(self, y: Floats) -> Design:
        """The same design with another outcome, shape (n,)."""
        values = np.asarray(y, dtype=float)
        if values.shape != (self.n,) or not np.isfinite(values).all():
            raise DesignError(f"the response must be {self.n} finite numbers")
        return replace(self, y=values)


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Cluster membership.

    Parameters
    ----------
    codes
        Cluster of each row as an integer from 0 to G - 1, shape (n,).
    labels
        The clusters' names, shape (G,), sorted.
    """

    codes: Ints
    labels: pd.Index

    @property
    def count(self) -> int:
        """Number of clusters, G."""
        return len(self.labels)

    @property
    def sizes(self) -> Ints:
        """Rows per cluster, shape (G,)."""
        return np.bincount(self.codes, minlength=self.count)


@lru_cache(maxsize=256)
def parse(formula: str) -> Formula:
    """Parse a formula.

    Raises
    ------
    DesignError
        If it does not follow the grammar; the message shows the part that does not.

    Examples
    --------
    >>> parse("readmitted ~ arm + centre").variables
    ('arm', 'centre')
    """
    left, tilde, right = formula.rpartition("~")
    response = left.strip()
    if "~" in left or (tilde and not re.fullmatch(_NAME, response)):
        raise DesignError(f"formula {formula!r}: the left side must be one column name")
    signed = re.findall(r"([+-]?)([^+-]+)", right.strip())
    if not signed or "".join(s + t for s, t in signed) != right.strip():
        raise DesignError(f"formula {formula!r}: cannot read {right.strip()!r}")
    intercept = True
    terms: dict[tuple[str, ...], None] = {}
    forced: set[str] = set()
    for sign, text in signed:
        term = text.strip()
        if term in {"0", "1"}:
            intercept = (term == "1") != (sign == "-")
        elif sign == "-":
            raise DesignError(f"formula {formula!r}: only the intercept can be taken out")
        else:
            for names, factors in _expand(term, formula):
                terms[names] = None
                forced |= factors
    if response and response in {name for term in terms for name in term}:
        raise DesignError(f"formula {formula!r}: {response!r} stands on both sides")
    return Formula(response, tuple(terms), intercept, frozenset(forced))


def build(formula: str | Formula, frame: pd.DataFrame) -> Design:
    """Response and design matrix from a frame.

    Parameters
    ----------
    formula
        Text or a parsed formula.
    frame
        A row per observation. Booleans and numbers enter as they are; text and categories as
        factors, coded against their first level (the order of a `Categorical`, else sorted).

    Raises
    ------
    DesignError
        For a column that is not there, a missing or infinite value, a factor with one level or
        with a declared level that nobody has, a constant or a collinear column, no rows.
    """
    parsed = parse(formula) if isinstance(formula, str) else formula
    if len(frame) == 0:
        raise DesignError("the frame has no rows")
    coded = {
        name: _code(name, column(frame, name), name in parsed.forced) for name in parsed.variables
    }
    names, arrays = [INTERCEPT] * parsed.intercept, [np.ones(len(frame))] * parsed.intercept
    places: dict[str, tuple[int, ...]] = {INTERCEPT: (0,)} if parsed.intercept else {}
    for term in parsed.terms:
        first = len(names)
        for parts in product(*(coded[name] for name in term)):
            names.append(":".join(part[0] for part in parts))
            arrays.append(np.prod([part[1] for part in parts], axis=0))
        places[":".join(term)] = tuple(range(first, len(names)))
    X = np.column_stack(arrays) if arrays else np.empty((len(frame), 0))
    _refuse_deficient(X, names)
    y = numeric(frame, parsed.response) if parsed.response else np.empty(0)
    levels = {
        name: tuple(_levels(name, frame[name])[1])
        for name in parsed.variables
        if name in parsed.forced or not pd.api.types.is_numeric_dtype(frame[name])
    }
    recipe = Recipe(parsed, tuple(names), ReadOnly(levels))
    about = refer(frame, parsed.variables)
    return Design(parsed, y, X, tuple(names), ReadOnly(places), recipe, about)


def clusters(frame: pd.DataFrame, name: str) -> Clusters:
    """Cluster codes from a column of labels.

    Raises
    ------
    DesignError
        If the column is not there or a label is missing.
    """
    labels = column(frame, name)
    codes, found = pd.factorize(labels, sort=True)
    return Clusters(codes.astype(np.intp), pd.Index(found))


def indicator(frame: pd.DataFrame, name: str) -> Floats:
    """A 0/1 column, or the second level of a two-level factor, as numbers of shape (n,).

    Raises
    ------
    DesignError
        If the column has other values, or only one.
    """
    coded = _code(name, column(frame, name), forced=False)
    if len(coded) != 1 or not np.isin(coded[0][1], (0.0, 1.0)).all():
        raise DesignError(f"column {name!r} must hold 0 and 1, or be a factor of two levels")
    return coded[0][1]


def numeric(frame: pd.DataFrame, name: str) -> Floats:
    """A column as finite numbers, shape (n,).

    Raises
    ------
    DesignError
        If the column is not there, is not numeric, or has a missing or infinite value.
    """
    values = column(frame, name)
    if not pd.api.types.is_numeric_dtype(values):
        raise DesignError(f"column {name!r} must be numeric, not {values.dtype}")
    array = values.to_numpy(dtype=float)
    if not np.isfinite(array).all():
        raise DesignError(f"column {name!r} has infinite values")
    return array


def column(frame: pd.DataFrame, name: str) -> pd.Series:
    """One complete column of a frame.

    Raises
    ------
    DesignError
        If the column is not there, is there twice, or has missing values.
    """
    if name not in frame.columns:
        raise DesignError(f"no column {name!r}; the frame has {', '.join(map(str, frame.columns))}")
    values = frame[name]
    if isinstance(values, pd.DataFrame):
        raise DesignError(f"column {name!r} is there {values.shape[1]} times")
    missing = int(values.isna().sum())
    if missing:
        raise DesignError(
            f"column {name!r} has {missing} missing value{'s' if missing > 1 else ''}; "
            "choose the complete cases before fitting"
        )
    return values


def _expand(term: str, formula: str) -> list[tuple[tuple[str, ...], set[str]]]:
    """``a*b`` as its three terms, ``a:b`` as one; each with the factors that ``C()`` forces."""
    factors = [part.strip() for part in re.split(r"[*:]", term)]
    matches = [_FACTOR.fullmatch(part) for part in factors]
    if not all(matches) or ("*" in term and ":" in term):
        raise DesignError(f"formula {formula!r}: cannot read the term {term!r}")
    names = [m.group(1) or m.group(2) for m in matches if m]
    if len(set(names)) != len(names):
        raise DesignError(f"formula {formula!r}: {term!r} multiplies a variable by itself")
    forced = {m.group(1) for m in matches if m and m.group(1)}
    if "*" not in term:
        return [(tuple(names), forced)]
    chosen = ([n for n, use in zip(names, mask, strict=True) if use] for mask in _masks(len(names)))
    return [(tuple(subset), forced & set(subset)) for subset in chosen]


def _masks(k: int) -> list[tuple[int, ...]]:
    """All non-empty subsets of k, main effects first."""
    subsets = [mask for mask in product((1, 0), repeat=k) if any(mask)]
    return sorted(subsets, key=sum)


def _code(name: str, values: pd.Series, forced: bool) -> list[tuple[str, Floats]]:
    """The columns of one variable, each with its name."""
    factor = forced or not pd.api.types.is_numeric_dtype(values)
    if not factor:
        array = values.to_numpy(dtype=float)
        if not np.isfinite(array).all():
            raise DesignError(f"column {name!r} has infinite values")
        return [(name, array)]
    codes, levels = _levels(name, values)
    return [
        (f"{name}[{level}]", (codes == k).astype(float)) for k, level in enumerate(levels) if k > 0
    ]


def _levels(name: str, values: pd.Series) -> tuple[Ints, Sequence[object]]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, levels = values.cat.codes.to_numpy().astype(np.intp), list(values.cat.categories)
    else:
        raw, found = pd.factorize(values, sort=True)
        codes, levels = raw.astype(np.intp), list(found)
    empty = [str(levels[k]) for k in np.flatnonzero(np.bincount(codes, minlength=len(levels)) == 0)]
    if empty:
        raise DesignError(f"factor {name!r}: nobody has level {', '.join(empty)}")
    if len(levels) < 2:
        raise DesignError(f"factor {name!r} has one level, {levels[0]!r}: take it out")
    return codes, levels


def _refuse_deficient(X: Floats, names: Sequence[str]) -> None:
    """Refuse constant and collinear columns by name (Gram-Schmidt on scaled columns)."""
    if X.shape[1] == 0:
        return
    low, high = X.min(axis=0), X.max(axis=0)
    varying = [k for k, name in enumerate(names) if name != INTERCEPT]
    constant = [names[k] for k in varying if low[k] == high[k]]
    if constant:
        raise DesignError(f"column {', '.join(constant)} is constant: take it out")
    wild = [names[k] for k in varying if not SMALLEST < max(high[k], -low[k]) < LARGEST]
    if wild:
        raise DesignError(f"column {', '.join(wild)} cannot be squared: give it in another unit")
    norms = np.sqrt(np.einsum("ij,ij->j", X, X))
    R = np.linalg.qr(X / norms, mode="r")
    size = np.abs(np.diagonal(R))
    bad = [names[k] for k in range(X.shape[1]) if k >= len(size) or size[k] < COLLINEAR]
    if bad:
        raise DesignError(
            f"column {', '.join(bad)} follows from the columns before it: take it out"
        )
