r"""Sufficient statistics of the linear model with one random intercept.

With :math:`V = \tau Z Z' + \mathrm{diag}(\sigma^2_{l(i)})` every matrix that estimation needs,
:math:`A' V^{-1} A` and its derivatives for :math:`A = [X\ y]`, is a weighted sum of cross-products
that do not depend on the variances. Rows of one cluster and one residual level are a *cell*; a cell
enters through the spread within it and through its sum. Clusters with the same cell sizes (one
*pattern*) share their weights, so their cross-products are added once and for all.

Everything is computed on an orthonormal basis of the columns of X (centred first, if there is an
intercept) and on the least-squares residual of y, so that no digits are lost to large means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from core_trial.errors import DesignError
from core_trial.models.design import Clusters, Design, Ints
from core_trial.models.inference import Floats

#: More residual variances than this are not a model of a trial.
MOST_LEVELS = 12
#: Part of a sum of squares, relative to the whole, that is rounding error and nothing else.
ROUNDING = 1e-22


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """Orthonormal basis of a design matrix: X = Q @ inv(back).

    Parameters
    ----------
    Q
        Shape (n, p), orthonormal columns.
    back
        Shape (p, p); turns coefficients of Q into coefficients of X.
    log_det
        Logarithm of the determinant of inv(back), which REML needs.
    constant
        Position of the intercept (any constant column), or None.
    unit
        Value of that column.
    """

    Q: Floats
    back: Floats
    log_det: float
    constant: int | None
    unit: float


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """How many rows, cells and clusters of each kind there are: all that the weights depend on.

    Parameters
    ----------
    rows
        Rows per residual level, shape (L,).
    cells
        Cells per residual level, shape (L,).
    sizes
        Rows of each level in a cluster of each pattern, shape (K, L).
    count
        Clusters per pattern, shape (K,).
    pattern, first, second
        Pattern and the two levels to which each cross-product of cell sums belongs, shape (S,).
    """

    rows: Floats
    cells: Floats
    sizes: Floats
    count: Floats
    pattern: Ints
    first: Ints
    second: Ints

    @property
    def levels(self) -> int:
        """Number of residual variances, L."""
        return len(self.rows)


@dataclass(frozen=True, slots=True, eq=False)
class LinearLayout:
    """A design and its clusters, prepared for any number of outcomes.

    Parameters
    ----------
    design, clusters
        As given to `arrange`.
    random
        1 where a row carries its cluster's random effect, else 0; shape (n,).
    residual
        Residual level of each row, shape (n,), and the levels' names.
    basis
        Orthonormal basis of the design matrix.
    order
        Rows sorted by pattern, level and cluster; the `free` rows without random effect come first.
    starts
        Where each cell starts among the sorted rows that carry the random effect.
    patterns
        Cell sizes and their counts.
    """

    design: Design
    clusters: Clusters
    random: Floats
    residual: Clusters
    basis: Basis
    order: Ints
    free: int
    starts: Ints
    patterns: Patterns


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


def arrange(
    design: Design,
    clusters: Clusters,
    random: Floats | None = None,
    residual: Clusters | None = None,
) -> LinearLayout:
    """Prepare a design for fitting.

    Parameters
    ----------
    design
        Response (may be blank) and design matrix of n rows.
    clusters
        Cluster of each row.
    random
        1 where the random effect enters, else 0, shape (n,); None for every row.
    residual
        Residual level of each row; None for one variance.

    Raises
    ------
    DesignError
        Without coefficients, without a row left for the variance, or with a residual level that
        has fewer than two rows.
    """
    n, p = design.X.shape
    if p == 0:
        raise DesignError("the model has no coefficients")
    if n <= p:
        raise DesignError(f"{n} rows cannot carry {p} coefficients and a variance")
    z = np.ones(n) if random is None else random
    levels = residual or Clusters(np.zeros(n, dtype=np.intp), clusters.labels[:1])
    _refuse_levels(levels)
    return _lay_out(design, clusters, z, levels)


def summarise(layout: LinearLayout, y: Floats) -> Statistics:
    """Sufficient statistics of an outcome, shape (n,).

    Raises
    ------
    DesignError
        When the outcome is constant or nothing of it is left once the covariates are taken out.
    """
    Q, constant = layout.basis.Q, layout.basis.constant
    shift = float(y.min()) if constant is not None else 0.0
    moved = y - shift
    size = float(np.abs(moved).max())
    if size == 0.0:
        raise DesignError("the outcome is the same in every row")
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


def _refuse_levels(levels: Clusters) -> None:
    if levels.count > MOST_LEVELS:
        raise DesignError(f"{levels.count} residual variances are too many (at most {MOST_LEVELS})")
    few = [str(label) for label in levels.labels[levels.sizes < 2]]
    if few:
        raise DesignError(f"residual level {', '.join(few)} has one row: no variance follows")


def orthonormal(X: Floats) -> Basis:
    """Orthonormal basis of the columns of X, centred first when one of them is constant."""
    p = X.shape[1]
    low, high = X.min(axis=0), X.max(axis=0)
    constants = np.flatnonzero((low == high) & (low != 0))
    constant = int(constants[0]) if len(constants) else None
    unit = float(low[constant]) if constant is not None else 1.0
    uncentre = np.eye(p)
    Z = X
    if constant is not None:
        Z = X - low
        mean = Z.mean(axis=0)
        Z -= mean
        Z[:, constant] = 1.0
        uncentre[constant] = -(low + mean)
        uncentre[constant, constant] = 1.0
        uncentre[constant] /= unit
    norm = np.abs(Z).max(axis=0)
    norm *= np.sqrt(((Z / norm) ** 2).sum(axis=0))
    Q, R = np.linalg.qr(Z / norm)
    back = uncentre @ (solve_triangular(R, np.eye(p)) / norm[:, None])
    log_det = float(np.log(np.abs(np.diagonal(R))).sum() + np.log(norm).sum() + np.log(abs(unit)))
    return Basis(Q, back, log_det, constant, unit)


def _lay_out(design: Design, clusters: Clusters, z: Floats, residual: Clusters) -> LinearLayout:
    """Sort the rows by pattern, level and cluster, and count what there is of each."""
    L, on = residual.count, np.flatnonzero(z)
    cell = clusters.codes[on] * L + residual.codes[on]
    sizes = np.bincount(cell, minlength=clusters.count * L).reshape(clusters.count, L)
    used = sizes.any(axis=1)
    kinds, kind = np.unique(sizes[used], axis=0, return_inverse=True)
    kind_of = np.full(clusters.count, -1)
    kind_of[used] = kind.ravel()
    place = (kind_of[clusters.codes[on]] * L + residual.codes[on]) * clusters.count
    place += clusters.codes[on]
    sort = np.argsort(place, kind="stable")
    starts = np.flatnonzero(np.diff(place[sort], prepend=-1))
    off = np.flatnonzero(z == 0)
    pattern, first, second = _pairs(kinds > 0)
    patterns = Patterns(
        rows=residual.sizes.astype(float),
        cells=(sizes > 0).sum(axis=0).astype(float),
        sizes=kinds.astype(float),
        count=np.bincount(kind.ravel(), minlength=len(kinds)).astype(float),
        pattern=pattern,
        first=first,
        second=second,
    )
    order = np.concatenate([off, on[sort]])
    basis = orthonormal(design.X)
    return LinearLayout(design, clusters, z, residual, basis, order, len(off), starts, patterns)


def _pairs(present: np.ndarray) -> tuple[Ints, Ints, Ints]:
    """Pattern and levels of every pair of cells (a cell with itself too) within a pattern."""
    both = present[:, :, None] & present[:, None, :]
    pattern, first, second = np.nonzero(np.triu(both))
    return pattern, first, second


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
        within, spare = products[k], patterns.rows[k] - patterns.cells[k]
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
