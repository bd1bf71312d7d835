r"""Sufficient statistics of the linear model with one random intercept.

With :math:`V = \tau Z Z' + \mathrm{diag}(\sigma^2_{l(i)})` every matrix that estimation needs,
:math:`A' V^{-1} A` and its derivatives for :math:`A = [X\ y]`, is a weighted sum of cross-products
that do not depend on the variances. A cell enters through the spread within it and through its sum;
the cross-products of clusters of one pattern share their weights, and are added once and for all.

Everything is computed on an orthonormal basis of the columns of X (centred first, if there is an
intercept) and on the least-squares residual of y, so that no digits are lost to large means.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core_trial.errors import DesignError
from core_trial.models.inference import Floats
from core_trial.models.linear.layout import LinearLayout, Patterns

Flags = NDArray[np.bool_]

#: Range of an outcome whose square is still a number.
SMALLEST, LARGEST = 1e-100, 1e100
#: Part of a sum of squares, relative to the whole, that is rounding error and nothing else.
ROUNDING = 1e-22
#: Likewise where the sums of squares come from cross-products.
NOTHING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """Sufficient statistics of one outcome, in units in which its residual has mean square 1.

    Parameters
    ----------
    products
        Cross-products of [Q e], flattened, shape (L + S, q * q) with q = p + 1: within cells by
        level, then of cell means (base, and differences from it) by pattern and pair of levels.
    spread
        Mean square of e by residual level, shape (L,).
    saturated
        Levels that have no more rows (or rows within cells) than coefficients to fit them, shape
        (L,): their variance can go to zero, and the likelihood to infinity unless restricted.
    projection
        Coefficients of the outcome on the basis, by least squares, shape (p,).
    residual
        Least-squares residual e, shape (n,).
    scale, shift
        The outcome is ``shift + scale * (Q @ projection + residual)``.
    """

    products: Floats
    spread: Floats
    saturated: Flags
    projection: Floats
    residual: Floats
    scale: float
    shift: float


def summarise(layout: LinearLayout, y: Floats) -> Statistics:
    """Sufficient statistics of an outcome, shape (n,).

    Raises
    ------
    DesignError
        When the outcome is constant or nothing of it is left once the covariates are taken out.
    """
    Q, constant = layout.basis.Q, layout.basis.constant
    if np.abs(y).max() > LARGEST:
        raise DesignError("the outcome is too large to be squared: give it in another unit")
    shift = float(y.min()) if constant is not None else 0.0
    moved = y - shift
    size = float(np.abs(moved).max())
    if size == 0.0:
        raise DesignError("the outcome is the same in every row")
    if size < SMALLEST:
        raise DesignError("the outcome varies too little to be squared: give it in another unit")
    moved /= size
    projection = Q.T @ moved
    residual = moved - Q @ projection
    again = Q.T @ residual
    residual -= Q @ again
    square = float(residual @ residual)
    if square <= ROUNDING * float(moved @ moved):
        raise DesignError("the covariates explain the outcome exactly: no variance is left")
    unit = np.sqrt(square / (len(y) - Q.shape[1]))
    residual /= unit
    noise = len(y) * (np.finfo(float).eps / unit) ** 2
    products, saturated = _products(layout, residual, noise)
    spread = np.bincount(layout.residual.codes, residual**2) / layout.patterns.rows
    projection = (projection + again) / unit
    return Statistics(products, spread, saturated, projection, residual, size * unit, shift)


def refine(layout: LinearLayout, stats: Statistics, delta: Floats) -> Statistics:
    """The same outcome with a better residual: coefficients moved by `delta`, shape (p,).

    Where the variances differ by many orders of magnitude, least squares can be so far from the
    generalised least squares that their difference costs all digits.
    """
    residual = stats.residual - layout.basis.Q @ delta
    products, _ = _products(layout, residual, noise=0.0)
    return replace(stats, products=products, residual=residual, projection=stats.projection + delta)


def _products(layout: LinearLayout, residual: Floats, noise: float) -> tuple[Floats, Flags]:
    """Cross-products of [Q e] within cells, by level, and of cell means, by pattern.

    Also which levels are saturated. A level with rows to spare that the covariates fit exactly is
    refused: its variance would go to zero and the likelihood to infinity. A sum of squares below
    `noise` is what rounding leaves.
    """
    patterns = layout.patterns
    A = np.empty((len(residual), layout.basis.Q.shape[1] + 1))
    A[:, :-1], A[:, -1] = layout.basis.Q[layout.order], residual[layout.order]
    level = layout.residual.codes[layout.order]
    several = patterns.levels > 1
    parts = [level == k if several else slice(None) for k in range(patterns.levels)]
    names = [f" at residual level {name}" if several else "" for name in layout.residual.labels]
    saturated = np.zeros(patterns.levels, dtype=bool)
    for k in range(patterns.levels if several else 0):
        whole = A[parts[k]].T @ A[parts[k]]
        if _saturated(whole, patterns.rows[k], noise, saturated, k):
            raise DesignError(f"the covariates explain the outcome exactly{names[k]}")
    means = _centre(layout, A)
    within = [A[part].T @ A[part] for part in parts]
    for k in map(int, np.flatnonzero(patterns.spare > 0)):
        if _saturated(within[k], patterns.spare[k], noise, saturated, k):
            raise DesignError(f"the outcome has no residual spread within clusters{names[k]}")
    products = np.stack(within + _between(patterns, means)).reshape(-1, A.shape[1] ** 2)
    return products, saturated


def _centre(layout: LinearLayout, A: Floats) -> Floats:
    """Take the cell means out of the sorted rows, in place, and return them."""
    clustered = A[layout.free :]
    if not len(clustered):
        return clustered
    rows = np.diff(layout.starts, append=len(clustered))
    means = np.add.reduceat(clustered, layout.starts, axis=0) / rows[:, None]
    clustered -= np.repeat(means, rows, axis=0)
    return means


def _between(patterns: Patterns, means: Floats) -> list[Floats]:
    """Cross-products of cell means; those of two levels are added to their transpose."""
    K, L = patterns.sizes.shape
    count = patterns.count.astype(int)
    length = np.where(patterns.sizes > 0, count[:, None], 0).ravel()
    start = (np.cumsum(length) - length).reshape(K, L)
    base = patterns.base

    def cells(k: int, a: int) -> Floats:
        return means[start[k, a] : start[k, a] + count[k]]

    for k, a in zip(*np.nonzero(patterns.sizes), strict=True):
        if a != base[k]:
            cells(k, a)[:] -= cells(k, base[k])
    crosses = [
        cells(k, a).T @ cells(k, b)
        for k, a, b in zip(patterns.pattern, patterns.first, patterns.second, strict=True)
    ]
    same = patterns.first == patterns.second
    return [C if s else C + C.T for C, s in zip(crosses, same, strict=True)]


def _saturated(product: Floats, rows: float, noise: float, flags: Flags, level: int) -> bool:
    """Flag a level with no more rows than coefficients; True when others are fitted exactly.

    That is: when of the last column's sum of squares nothing but rounding error is left outside the
    span of the others.
    """
    X, cross, square = product[:-1, :-1], product[:-1, -1], product[-1, -1]
    value, vector = np.linalg.eigh(X)
    solid = value > NOTHING
    if rows <= solid.sum():
        flags[level] = True
        return False
    coordinates = (vector.T @ cross)[solid]
    left = square - float((coordinates**2 / value[solid]).sum())
    return bool(left <= max(NOTHING * square, noise))
