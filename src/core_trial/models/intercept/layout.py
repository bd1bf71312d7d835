"""Rows arranged for a model with one random intercept: by cluster, and each distinct row once.

The likelihood of a canonical family knows a cluster's rows with equal covariates only through their
number and the sum of their responses; clusters of one row with the same covariates and the same
response contribute the same. Both are counted instead of repeated, which is exact. What depends on
the design alone is worked out once and shared by every response (`arrange`); the rest is quick
(`tabulate`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core_trial.models.clusters import Clusters, Ints
from core_trial.models.inference import Floats

Bools = NDArray[np.bool_]

#: Rows of a block times nodes stay below this, so that its arrays fit into the processor's cache.
BLOCK = 60_000


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows, each standing for a number of identical ones.

    Parameters
    ----------
    columns
        Design matrix as p rows, shape (p, R).
    trials, successes
        How many rows were merged, and the sum of their responses, shape (R,).
    shift
        What the linear predictor holds beside the covariates, shape (R,).
    """

    columns: Floats
    trials: Floats
    successes: Floats
    shift: Floats

    def predictor(self, beta: Floats) -> Floats:
        """Linear predictor of each row, shape (R,), at the coefficients, shape (p,)."""
        return beta @ self.columns + self.shift


@dataclass(frozen=True, slots=True, eq=False)
class Block(Rows):
    """Rows of G whole clusters, contiguous by cluster.

    Parameters
    ----------
    starts
        First row of each cluster, shape (G,).
    unit
        Cluster of each row within the block, shape (R,).
    weight
        How many identical clusters each one stands for, shape (G,).
    """

    starts: Ints
    unit: Ints
    weight: Floats

    def total(self, values: Floats) -> Floats:
        """Sums over the rows of each cluster: last axis from R to G."""
        if len(self.starts) == len(self.unit):
            return values
        return np.add.reduceat(values, self.starts, axis=-1)

    def spread(self, values: Floats) -> Floats:
        """Each cluster's value for its rows: last axis from G to R."""
        if len(self.starts) == len(self.unit):
            return values
        return values.take(self.unit, axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """What depends on the design and the clusters, but not on the response.

    Parameters
    ----------
    clusters
        Cluster of each row.
    patterns
        The distinct rows of the design matrix, shape (P, p), and `counts`, how often each is there.
    shift
        What the linear predictor of each pattern holds beside the covariates, shape (P,).
    pattern_of
        Pattern of each row, shape (n,).
    random
        Whether the random effect enters a row, shape (n,).
    cell_of
        For the rows of clusters of two or more: which merged row each goes to; -1 elsewhere.
    cell_pattern
        Pattern of each merged row, shape (C,).
    cell_starts
        First merged row of each of these clusters.
    cell_clusters
        Their codes.
    single_rows
        The rows that are a cluster of one with a random effect.
    """

    clusters: Clusters
    patterns: Floats
    counts: Floats
    shift: Floats
    pattern_of: Ints
    random: Bools
    cell_of: Ints
    cell_pattern: Ints
    cell_starts: Ints
    cell_clusters: Ints
    single_rows: Ints

    @property
    def compares_clusters(self) -> bool:
        """Whether there are two clusters with a random effect."""
        return len(self.cell_starts) + len(self.single_rows) > 1

    @property
    def compares_within(self) -> bool:
        """Whether some cluster with a random effect has two rows."""
        return len(self.cell_starts) > 0


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Everything that the likelihood of one response needs.

    Parameters
    ----------
    blocks
        Rows with a random effect, a few thousand at a time.
    fixed
        Rows without one; possibly none.
    everything
        All rows by pattern, for the model without a random effect.
    clusters, units
        Codes of the clusters with a random effect, and for each the place of its merged cluster
        in the blocks taken one after the other.
    """

    blocks: tuple[Block, ...]
    fixed: Rows
    everything: Rows
    clusters: Ints
    units: Ints


def arrange(
    X: Floats, clusters: Clusters, random: Floats | None = None, offset: Floats | None = None
) -> Layout:
    """Work out which rows and which clusters are alike.

    Parameters
    ----------
    X
        Design matrix, shape (n, p).
    clusters
        Cluster of each row.
    random
        1 where the random effect enters a row and 0 where not, shape (n,); everywhere if None.
    offset
        What the linear predictor holds beside the covariates, shape (n,); nothing if None.
    """
    n = len(X)
    enters = np.ones(n, dtype=bool) if random is None else random > 0
    beside = np.zeros(n) if offset is None else offset
    pattern_of, first = distinct(X if offset is None else np.column_stack([X, offset]))
    sizes = np.bincount(clusters.codes[enters], minlength=clusters.count)
    several = enters & (sizes[clusters.codes] > 1)
    code = clusters.codes[several] * len(first) + pattern_of[several]
    cells, cell_of = np.unique(code, return_inverse=True)
    cell_cluster = cells // len(first)
    starts = np.flatnonzero(np.diff(cell_cluster, prepend=-1))
    merged = np.full(n, -1, dtype=np.intp)
    merged[several] = cell_of
    return Layout(
        clusters=clusters,
        patterns=X[first],
        counts=np.bincount(pattern_of, minlength=len(first)).astype(float),
        shift=beside[first],
        pattern_of=pattern_of,
        random=enters,
        cell_of=merged,
        cell_pattern=cells % len(first),
        cell_starts=starts,
        cell_clusters=cell_cluster[starts],
        single_rows=np.flatnonzero(enters & ~several),
    )


def distinct(X: Floats) -> tuple[Ints, Ints]:
    """Which rows of a matrix are equal, to the last bit.

    Returns
    -------
    pattern_of
        For each of the n rows the number of its pattern, shape (n,).
    first
        A row that shows each pattern, shape (P,).
    """
    rng = np.random.default_rng(20181)  # any fixed odd multipliers do
    key = np.zeros(len(X), dtype=np.uint64)
    for column in X.T:
        bits = (column + 0.0).view(np.uint64)  # + 0.0 makes one zero of two
        key += (bits ^ (bits >> np.uint64(32))) * np.uint64(rng.integers(2**62) * 2 + 1)
    _, first, pattern_of = np.unique(key, return_index=True, return_inverse=True)
    if len(first) < len(X) and not np.array_equal(X[first][pattern_of], X):
        every = np.arange(len(X))  # two rows share a key: keep all rows apart
        return every, every
    return pattern_of, first


def tabulate(layout: Layout, columns: Floats, y: Floats, points: int) -> Table:
    """Merge the rows for one response.

    Parameters
    ----------
    layout
        From `arrange`.
    columns
        The patterns' covariates as the model shall see them, shape (p, P).
    y
        Response, shape (n,).
    points
        Number of nodes the blocks are cut for.
    """
    P = columns.shape[1]
    totals = np.bincount(layout.pattern_of, y, P).astype(float)
    everything = Rows(columns, layout.counts, totals, layout.shift)
    multi = layout.cell_of >= 0
    C = len(layout.cell_pattern)
    single, weight, unit, response = _singles(layout, y)
    pattern = np.concatenate([layout.cell_pattern, single])
    trials = np.concatenate([np.bincount(layout.cell_of[multi], minlength=C), np.ones(len(single))])
    successes = np.concatenate([np.bincount(layout.cell_of[multi], y[multi], C), response])
    rows = Rows(
        columns.take(pattern, axis=1), trials.astype(float), successes, layout.shift[pattern]
    )
    starts = np.concatenate([layout.cell_starts, C + np.arange(len(single))])
    weights = np.concatenate([np.ones(len(layout.cell_starts)), weight])
    return Table(
        blocks=_blocks(rows, starts, weights, max(BLOCK // points, 1)),
        fixed=_fixed(layout, everything, y),
        everything=everything,
        clusters=np.concatenate([layout.cell_clusters, layout.clusters.codes[layout.single_rows]]),
        units=np.concatenate([np.arange(len(layout.cell_starts)), len(layout.cell_starts) + unit]),
    )


def _singles(layout: Layout, y: Floats) -> tuple[Ints, Floats, Ints, Floats]:
    """Clusters of one, alike ones merged: pattern, number, place of each cluster, response."""
    levels, rank = np.unique(y[layout.single_rows], return_inverse=True)
    code = layout.pattern_of[layout.single_rows] * max(len(levels), 1) + rank
    found, unit, number = np.unique(code, return_inverse=True, return_counts=True)
    pattern, level = np.divmod(found, max(len(levels), 1))
    return pattern, number.astype(float), unit, levels[level]


def _fixed(layout: Layout, everything: Rows, y: Floats) -> Rows:
    """The rows that the random effect does not enter."""
    if layout.random.all():
        return Rows(everything.columns[:, :0], np.empty(0), np.empty(0), np.empty(0))
    outside = ~layout.random
    P = everything.columns.shape[1]
    trials = np.bincount(layout.pattern_of[outside], minlength=P)
    successes = np.bincount(layout.pattern_of[outside], y[outside], P)
    there = np.flatnonzero(trials)
    return Rows(
        everything.columns[:, there],
        trials[there].astype(float),
        successes[there].astype(float),
        layout.shift[there],
    )


def _blocks(rows: Rows, starts: Ints, weight: Floats, most: int) -> tuple[Block, ...]:
    """Cut between clusters, at about `most` rows."""
    ends = np.append(starts[1:], len(rows.trials))
    blocks = []
    first = 0
    while first < len(starts):
        last = max(int(np.searchsorted(ends, starts[first] + most, side="right")), first + 1)
        lo, hi = starts[first], ends[last - 1]
        own = starts[first:last] - lo
        unit = np.repeat(np.arange(last - first), ends[first:last] - starts[first:last])
        blocks.append(
            Block(
                np.ascontiguousarray(rows.columns[:, lo:hi]),
                rows.trials[lo:hi],
                rows.successes[lo:hi],
                rows.shift[lo:hi],
                own,
                unit,
                weight[first:last],
            )
        )
        first = last
    return tuple(blocks)
