"""Rows of a linear model arranged for its sufficient statistics: basis, cells and patterns.

Rows of one cluster and one residual level are a *cell*. Clusters with the same cell sizes are of
one *pattern*: whatever depends on the variances is the same for them. What depends on the design
and not on the outcome is worked out here once, and shared by every outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from core_trial.errors import DesignError
from core_trial.models.clusters import Clusters, Ints
from core_trial.models.design import Design
from core_trial.models.inference import Floats

#: More residual variances than this are not a model of a trial.
MOST_LEVELS = 12


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


@dataclass(frozen=True, eq=False)
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
        Pattern and the two levels to which each cross-product of cell means belongs, shape (S,).

    Notes
    -----
    A cluster enters the likelihood through its cell means. They are held as the mean of its first
    cell, the base, and the others' differences from it, so that a large difference between clusters
    does not drown a small one within them. All matrices on the cells of a cluster are in these
    coordinates.
    """

    rows: Floats
    cells: Floats
    sizes: Floats
    count: Floats
    pattern: Ints
    first: Ints
    second: Ints

    @cached_property
    def levels(self) -> int:
        """Number of residual variances, L."""
        return len(self.rows)

    @cached_property
    def spare(self) -> Floats:
        """Rows beyond one in each cell, by level, shape (L,)."""
        return self.rows - self.cells

    @cached_property
    def base(self) -> Ints:
        """Level of the first cell of each pattern, shape (K,)."""
        return np.asarray(np.argmax(self.sizes > 0, axis=1), dtype=np.intp)

    @cached_property
    def at_base(self) -> NDArray[np.bool_]:
        """Whether a level is the pattern's base, shape (K, L)."""
        return np.asarray(np.arange(self.levels) == self.base[:, None])

    @cached_property
    def slopes(self) -> Floats:
        """Derivatives G_i of V on the cells of a cluster, shape (m, K, L, L)."""
        there, base = self.sizes > 0, self.at_base
        share = np.divide(1.0, np.sqrt(self.sizes), out=np.zeros(self.sizes.shape), where=there)
        # unit[k, l] is level l's unit vector in pattern k; the base moves every difference down
        step = np.where(base, 1.0, -1.0 * there)
        unit = np.where(base[:, :, None], step[:, None, :], np.eye(self.levels))
        unit *= share[:, :, None]
        cells = unit[:, :, :, None] * unit[:, :, None, :]
        random = base[:, :, None] * base[:, None, :] * 1.0
        return np.concatenate([random[None], cells.swapaxes(0, 1)])

    @cached_property
    def own(self) -> Floats:
        """Which residual level each variance is of, shape (m, L); the first row, tau's, is zero."""
        return np.eye(self.levels + 1)[:, 1:]

    @cached_property
    def left(self) -> Ints:
        """First of each pair i <= j of variances."""
        return np.triu_indices(self.levels + 1)[0]

    @cached_property
    def right(self) -> Ints:
        """Second of each pair."""
        return np.triu_indices(self.levels + 1)[1]

    @cached_property
    def pairs(self) -> Ints:
        """Place of each pair behind V^-1 and the m first derivatives, shape (m, m)."""
        m = self.levels + 1
        place = np.empty((m, m), dtype=np.intp)
        place[self.left, self.right] = 1 + m + np.arange(len(self.left))
        place[self.right, self.left] = place[self.left, self.right]
        return place


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

    @property
    def suffixes(self) -> list[str]:
        """What tells quantities of the residual levels apart: blank when there is one variance."""
        several = self.patterns.levels > 1
        return [f"[{label}]" if several else "" for label in self.residual.labels]

    @property
    def components(self) -> list[str]:
        """Names of the variances: that of the clusters, then the residual ones."""
        return ["cluster", *(f"residual{suffix}" for suffix in self.suffixes)]


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
        Without coefficients, without a row left for the variance, without a row that carries the
        random effect, or with a residual level that has fewer than two rows.
    """
    n, p = design.X.shape
    if p == 0:
        raise DesignError("the model has no coefficients")
    if n <= p:
        raise DesignError(f"{n} rows cannot carry {p} coefficients and a variance")
    z = np.ones(n) if random is None else random
    levels = residual or Clusters(np.zeros(n, dtype=np.intp), clusters.labels[:1])
    if not z.any():
        raise DesignError("no row carries the random effect: its column is 0 everywhere")
    _refuse_levels(levels)
    return _lay_out(design, clusters, z, levels)


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
    Z = X.copy()
    if constant is not None:
        Z -= low
        mean = Z.mean(axis=0)
        Z -= mean
        Z[:, constant] = 1.0
        uncentre[constant] = -(low + mean)
        uncentre[constant, constant] = 1.0
        uncentre[constant] /= unit
    largest = np.maximum(Z.max(axis=0), -Z.min(axis=0))
    Z /= largest  # scaled twice, so that no square overflows
    length = np.sqrt(np.einsum("ij,ij->j", Z, Z))
    Z /= length
    norm = largest * length
    Q, R = np.linalg.qr(Z)
    back = uncentre @ (solve_triangular(R, np.eye(p)) / norm[:, None])
    log_det = float(np.log(np.abs(np.diagonal(R))).sum() + np.log(norm).sum() + np.log(abs(unit)))
    return Basis(Q, back, log_det, constant, unit)


def _lay_out(design: Design, clusters: Clusters, z: Floats, residual: Clusters) -> LinearLayout:
    """Sort the rows by pattern, level and cluster, and count what there is of each."""
    L, on = residual.count, np.flatnonzero(z)
    cell = clusters.codes[on] * L + residual.codes[on]
    sizes = np.bincount(cell, minlength=clusters.count * L).reshape(clusters.count, L)
    used = sizes.any(axis=1)
    kinds, kind = _kinds(sizes[used])
    kind_of = np.full(clusters.count, -1)
    kind_of[used] = kind
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
        count=np.bincount(kind, minlength=len(kinds)).astype(float),
        pattern=pattern,
        first=first,
        second=second,
    )
    order = np.concatenate([off, on[sort]])
    basis = orthonormal(design.X)
    return LinearLayout(design, clusters, z, residual, basis, order, len(off), starts, patterns)


def _kinds(sizes: Ints) -> tuple[Ints, Ints]:
    """The different rows of an array, and which one each row is."""
    if sizes.shape[1] == 1:  # many times as fast as by rows
        flat, kind = np.unique(sizes[:, 0], return_inverse=True)
        return flat[:, None], kind
    kinds, kind = np.unique(sizes, axis=0, return_inverse=True)
    return kinds, kind.ravel()


def _pairs(present: np.ndarray) -> tuple[Ints, Ints, Ints]:
    """Pattern and levels of every pair of cells (a cell with itself too) within a pattern."""
    both = present[:, :, None] & present[:, None, :]
    pattern, first, second = np.nonzero(np.triu(both))
    return pattern, first, second
