"""Formula and frame to design matrix; nothing is dropped, guessed or recoded in silence.

`formula` has the grammar, `coding` how factors become columns, `columns` what a column may hold,
`clusters` who belongs together. Missing values, constant columns, levels that nobody has and
collinear columns are refused with a `DesignError` that names them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy.linalg import lapack

from core_trial.errors import DesignError
from core_trial.models.clusters import Ints
from core_trial.models.coding import Categories, Coder, Number, learn
from core_trial.models.columns import Sample, as_frame, numeric
from core_trial.models.formula import INTERCEPT, Factor, Formula, parse
from core_trial.models.inference import Floats
from core_trial.models.numerics.threads import one_thread
from core_trial.models.reading.margins import Product, products
from core_trial.models.reference import Reference, refer

#: A column whose part not explained by earlier columns is smaller than this is collinear.
COLLINEAR = 1e-9
#: Above this, the part not explained is known from cross-products well enough.
PLAINLY_INDEPENDENT = 1e-4
#: Range of the largest value of a covariate: its square, and a variance divided by it, are numbers.
SMALLEST, LARGEST = 1e-100, 1e100


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """How a formula became a matrix: levels, knots and centring as learnt from the rows of the fit.

    Parameters
    ----------
    coders
        Each factor's coding by its label.
    products
        For each term the products of codings that it adds.
    columns
        Names of the p columns.
    intercept
        Whether the first column is an intercept.
    """

    coders: Mapping[str, Coder]
    products: tuple[tuple[Product, ...], ...]
    columns: tuple[str, ...]
    intercept: bool

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the frame's columns that are read."""
        return tuple(dict.fromkeys(v for coder in self.coders.values() for v in coder.variables))

    def matrix(self, frame: pd.DataFrame) -> Floats:
        """The design matrix of other rows, shape (n, p), coded as the rows of the fit were.

        Raises
        ------
        DesignError
            For a column that is not there, a missing or infinite value, a level that the fit did
            not see, a value outside a spline's knots.
        """
        rows = as_frame(frame)
        values = {label: coder.read(rows) for label, coder in self.coders.items()}
        return self.fill(values, len(rows))

    def fill(self, values: Mapping[str, np.ndarray], n: int) -> Floats:
        """The matrix from the values of every factor, shape (n, p)."""
        X = np.empty((n, len(self.columns)))
        X[:, : self.intercept] = 1.0
        at = int(self.intercept)
        for product in (p for term in self.products for p in term):
            block = _multiplied(self.coders, product, values)
            X[:, at : at + block.shape[1]] = block
            at += block.shape[1]
        return X


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
        Positions of the columns of each term, by its label: ``"Intercept"``, ``"arm"``,
        ``"arm:sex"``, ``"np.log(age)"``; ``C(site)`` is ``"site"``, as its columns are named.
    recipe
        How to make the same columns from other rows.
    dropped
        Rows left out because a value was missing.
    reference
        Averages and levels of the covariates.
    """

    formula: Formula
    y: Floats
    X: Floats
    columns: tuple[str, ...]
    term_columns: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    recipe: Recipe | None = None
    dropped: int = 0
    reference: Reference = field(default_factory=Reference)

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.X.shape[0])

    @property
    def note(self) -> str:
        """What a fit's method says of rows left out."""
        return left_out(self.dropped)

    def with_response(self, y: Floats) -> Design:
        """The same design with another outcome, shape (n,)."""
        values = np.asarray(y, dtype=float)
        if values.shape != (self.n,) or not np.isfinite(values).all():
            raise DesignError(f"the response must be {self.n} finite numbers")
        return replace(self, y=values)


@one_thread
def build(
    formula: str | Formula, frame: pd.DataFrame | Sample, *, baseline: bool = False
) -> Design:
    """Response and design matrix from a frame.

    Parameters
    ----------
    formula
        Text or a parsed formula.
    frame
        A row per observation, or the rows that `sample` chose. Booleans and numbers enter as they
        are; text and categories as factors, coded against their first level (the order of a
        `Categorical`, else sorted).
    baseline
        Whether a baseline hazard takes the place of the intercept: the matrix has no column for
        it, and factors are coded as if it had.

    Raises
    ------
    DesignError
        For a column that is not there, a missing or infinite value, a factor with one level or
        with a declared level that nobody has, a constant or a collinear column, no rows.
    """
    parsed = formula if isinstance(formula, Formula) else parse(formula)
    rows, dropped = (frame.frame, frame.dropped) if isinstance(frame, Sample) else (frame, 0)
    rows = as_frame(rows)
    labels = _labels(parsed)
    coders: dict[str, Coder] = {}
    values: dict[str, np.ndarray] = {}
    for factor, label in labels.items():
        coders[label], values[label] = learn(factor, rows, label)
    recipe, terms = _recipe(parsed, labels, coders, baseline)
    X = recipe.fill(values, len(rows))
    _refuse_deficient(X, recipe.columns, baseline=baseline)
    y = numeric(rows, parsed.response) if parsed.response else np.empty(0)
    about = refer(rows, parsed.variables, *_read(coders, values))
    return Design(parsed, y, X, recipe.columns, terms, recipe, dropped, about)


def left_out(dropped: int) -> str:
    """What a fit's method says of rows left out; blank when there are none."""
    if not dropped:
        return ""
    return f"; {dropped} row{'s' * (dropped > 1)} with missing values left out"


def _read(
    coders: Mapping[str, Coder], values: Mapping[str, np.ndarray]
) -> tuple[dict[str, tuple[Ints, tuple[object, ...]]], dict[str, Floats]]:
    """Codes and levels of the factors, and values of the numbers, by variable."""
    factors, numbers = {}, {}
    for label, coder in coders.items():
        if isinstance(coder, Categories):
            factors[coder.variable] = (values[label], coder.levels)
        elif isinstance(coder, Number):
            numbers[coder.label] = values[label][:, 0]
    return factors, numbers


def _labels(formula: Formula) -> dict[Factor, str]:
    """What each factor's columns are called: by its text where two would be called the same."""
    labels = [factor.label for factor in formula.factors]
    return {
        factor: factor.label if labels.count(factor.label) == 1 else factor.text
        for factor in formula.factors
    }


def _recipe(
    formula: Formula, labels: Mapping[Factor, str], coders: dict[str, Coder], baseline: bool
) -> tuple[Recipe, dict[str, tuple[int, ...]]]:
    """The recipe, and which columns are each term's."""
    spans = {label: coder.spans for label, coder in coders.items()}
    intercept = formula.intercept and not baseline
    found = products(formula.terms, labels, spans, formula.intercept or baseline)
    names = [INTERCEPT] * intercept
    terms: dict[str, tuple[int, ...]] = {INTERCEPT: (0,)} if intercept else {}
    for term, parts in zip(formula.terms, found, strict=True):
        start = len(names)
        for product in parts:
            names += _named(coders, product)
        terms[":".join(labels[factor] for factor in term)] = tuple(range(start, len(names)))
    return Recipe(coders, tuple(found), tuple(names), intercept), terms


def _named(coders: Mapping[str, Coder], product: Product) -> list[str]:
    names = [""]
    for label, reduced in product:
        own = coders[label].names(reduced)
        names = [f"{left}:{right}" if left else right for left in names for right in own]
    return names


def _multiplied(
    coders: Mapping[str, Coder], product: Product, values: Mapping[str, np.ndarray]
) -> Floats:
    """Columns of a product, shape (n, q): the last factor's vary fastest."""
    (label, reduced), *others = product
    block = coders[label].block(values[label], reduced)
    for label, reduced in others:
        own = coders[label].block(values[label], reduced)
        block = (block[:, :, None] * own[:, None, :]).reshape(len(block), -1)
    return block


def _refuse_deficient(X: Floats, names: Sequence[str], *, baseline: bool) -> None:
    """Refuse constant and collinear columns by name (Gram-Schmidt on scaled columns)."""
    if X.shape[1] == 0:
        return
    low, high = X.min(axis=0), X.max(axis=0)
    varying = [k for k, name in enumerate(names) if name != INTERCEPT]
    empty = [names[k] for k in varying if low[k] == high[k] == 0 and ":" in names[k]]
    if empty:
        raise DesignError(f"nobody is in {', '.join(empty)}: join levels, or leave the product out")
    constant = [names[k] for k in varying if low[k] == high[k]]
    if constant:
        raise DesignError(f"column {', '.join(constant)} is constant: take it out")
    wild = [names[k] for k in varying if not SMALLEST < max(high[k], -low[k]) < LARGEST]
    if wild:
        raise DesignError(f"column {', '.join(wild)} cannot be squared: give it in another unit")
    norms = np.sqrt(np.einsum("ij,ij->j", X, X))
    before = [np.full(len(X), len(X) ** -0.5)] if baseline else []
    bad = [names[k - len(before)] for k in _dependent(X / norms, before)]
    if bad:
        raise DesignError(
            f"column {', '.join(bad)} follows from the columns before it: take it out"
        )


def _dependent(Z: Floats, before: list[Floats]) -> list[int]:
    """Positions of unit columns that follow from those before them."""
    if before:
        Z = np.column_stack([*before, Z])
    if len(Z) > Z.shape[1]:
        factor, failed = lapack.dpotrf(Z.T @ Z)
        if not failed and (np.diagonal(factor) > PLAINLY_INDEPENDENT).all():
            return []
    size = np.abs(np.diagonal(np.linalg.qr(Z, mode="r")))
    return [k for k in range(Z.shape[1]) if k >= len(size) or size[k] < COLLINEAR]
