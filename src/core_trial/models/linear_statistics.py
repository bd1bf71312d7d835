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

from core_trial.errors import DesignError
from core_trial.models.inference import Floats
from core_trial.models.linear_layout import LinearLayout, Patterns

#: Range of an outcome whose square is still a number.
SMALLEST, LARGEST = 1e-100, 1e100
#: Part of a sum of squares, relative to the whole, that is rounding error and nothing else.
ROUNDING = 1e-22


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
    projection
        Coefficients of the outcome on the basis, by least squares, shape (p,).
    residual
        Least-squares residual e, shape (n,).
    scale, shift
        The outcome is ``shift + scale * (Q @ projection + residual)``.
    """

    products: Floats
    spread: Floats
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
    products = _products(layout, residual, noise=len(y) * (np.finfo(float).eps / unit) ** 2)
    spread = np.bincount(layout.residual.codes, residual**2) / layout.patterns.rows
    return Statistics(products, spread, (projection + again) / unit, residual, size * unit, shift)


def refine(layout: LinearLayout, stats: Statistics, delta: Floats) -> Statistics:
    """The same outcome with a better residual: coefficients moved by `delta`, shape (p,).

    Where the variances differ by many orders of magnitude, least squares can be so far from the
    generalised least squares that their difference costs all digits.
    """
    residual = stats.residual - layout.basis.Q @ delta
    products = _products(layout, residual, noise=0.0)
    return replace(stats, products=products, residual=residual, projection=stats.projection + delta)


def _products(layout: LinearLayout, residual: Floats, noise: float) -> Floats:
    """Cross-products of [Q e] within cells, by level, and of cell means, by pattern.

    A level whose rows, or whose spread within cells, the covariates fit exactly is refused: its
    variance would go to zero and the likelihood to infinity. A sum of squares below `noise` is what
    rounding leaves.
    """
    patterns = layout.patterns
    A = np.column_stack([layout.basis.Q, residual])[layout.order]
    level = layout.residual.codes[layout.order]
    several = patterns.levels > 1
    parts = [level == k if several else slice(None) for k in range(patterns.levels)]
    names = [f" at residual level {name}" if several else "" for name in layout.residual.labels]
    for part, name, rows in zip(parts, names, patterns.rows, strict=True):
        if several and _exact(A[part].T @ A[part], rows, noise):
            raise DesignError(f"the covariates explain the outcome exactly{name}")
    means = _centre(layout, A)
    within = [A[part].T @ A[part] for part in parts]
    for product, name, spare in zip(within, names, patterns.spare, strict=True):
        if spare > 0 and _exact(product, spare, noise):
            raise DesignError(f"the outcome has no residual spread within clusters{name}")
    return np.stack(within + _between(patterns, means)).reshape(-1, A.shape[1] ** 2)


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


def _exact(product: Floats, rows: float, noise: float) -> bool:
    """Whether the last column's part outside the span of the others is rounding error."""
    X, cross, square = product[:-1, :-1], product[:-1, -1], product[-1, -1]
    value, vector = np.linalg.eigh(X)
    solid = value > 1e-12
    if rows <= solid.sum():
        return True
    coordinates = (vector.T @ cross)[solid]
    left = square - float((coordinates**2 / value[solid]).sum())
    return bool(left <= max(1e-12 * square, noise))
