r"""Sufficient statistics of the linear model with one random intercept.

With :math:`V = \tau Z Z' + \mathrm{diag}(\sigma^2_{l(i)})` every matrix that estimation needs,
:math:`A' V^{-1} A` and its derivatives for :math:`A = [X\ y]`, is a weighted sum of cross-products
that do not depend on the variances. A cell enters through the spread within it and through its sum;
the cross-products of clusters of one pattern share their weights, and are added once and for all.

Everything is computed on an orthonormal basis of the columns of X (centred first, if there is an
intercept) and on the least-squares residual of y, so that no digits are lost to large means.
"""

from __future__ import annotations

from dataclasses import dataclass

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
        level, then of cell sums over the root of the cell's size by pattern and pair of levels.
    projection
        Coefficients of the outcome on the basis, by least squares, shape (p,).
    residual
        Least-squares residual e, shape (n,).
    scale, shift
        The outcome is ``shift + scale * (Q @ projection + residual)``.
    """

    products: Floats
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
    products = _products(layout, residual)
    _refuse_exact(layout, products, noise=len(y) * (np.finfo(float).eps / unit) ** 2)
    return Statistics(products, (projection + again) / unit, residual, size * unit, shift)


def _products(layout: LinearLayout, residual: Floats) -> Floats:
    """Cross-products of [Q e] within cells, by level, and of scaled cell sums, by pattern."""
    patterns = layout.patterns
    A = np.column_stack([layout.basis.Q, residual])[layout.order]
    clustered = A[layout.free :]
    rows = np.diff(layout.starts, append=len(clustered))
    sums = np.add.reduceat(clustered, layout.starts, axis=0) if len(rows) else clustered
    clustered -= np.repeat(sums / rows[:, None], rows, axis=0)
    sums /= np.sqrt(rows)[:, None]
    q = A.shape[1]
    products = np.empty((patterns.levels + len(patterns.pattern), q, q))
    level = layout.residual.codes[layout.order]
    for k in range(patterns.levels):
        part = A if patterns.levels == 1 else A[level == k]
        products[k] = part.T @ part
    _between(patterns, sums, products[patterns.levels :])
    return products.reshape(len(products), q * q)


def _between(patterns: Patterns, sums: Floats, out: Floats) -> None:
    """Cross-products of cell sums; those of two levels are added to their transpose."""
    K, L = patterns.sizes.shape
    length = np.where(patterns.sizes > 0, patterns.count[:, None], 0).astype(int).ravel()
    start = (np.cumsum(length) - length).reshape(K, L)
    count = patterns.count.astype(int)
    for i, (k, a, b) in enumerate(
        zip(patterns.pattern, patterns.first, patterns.second, strict=True)
    ):
        left = sums[start[k, a] : start[k, a] + count[k]]
        if a == b:
            out[i] = left.T @ left
            continue
        cross = left.T @ sums[start[k, b] : start[k, b] + count[k]]
        out[i] = cross + cross.T


def _refuse_exact(layout: LinearLayout, products: Floats, noise: float) -> None:
    """Refuse a level whose rows (or whose spread within cells) the covariates fit exactly.

    Its variance would go to zero and the likelihood to infinity. A sum of squares below `noise` is
    what rounding leaves.
    """
    patterns = layout.patterns
    q = layout.basis.Q.shape[1] + 1
    for k, name in enumerate(layout.residual.labels):
        level = f" at residual level {name}" if patterns.levels > 1 else ""
        own = patterns.levels + np.flatnonzero((patterns.first == k) & (patterns.second == k))
        within, spare = products[k], patterns.spare[k]
        if spare > 0 and _exact(within.reshape(q, q), spare, noise):
            raise DesignError(f"the outcome has no residual spread within clusters{level}")
        whole = (within + products[own].sum(axis=0)).reshape(q, q)
        if patterns.levels > 1 and _exact(whole, patterns.rows[k], noise):
            raise DesignError(f"the covariates explain the outcome exactly{level}")


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
