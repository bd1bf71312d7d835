"""Sufficient statistics of repeated visits: cross-products by pattern, sums by cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core_trial.errors import DesignError
from core_trial.models.inference import Floats
from core_trial.models.repeated.layout import RepeatedLayout

#: Part of a sum of squares, relative to the whole, that is rounding error and nothing else.
ROUNDING = 1e-22
#: Range of an outcome whose square is still a number.
SMALLEST, LARGEST = 1e-100, 1e100


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """Sufficient statistics of one outcome, in units in which its residual has mean square 1.

    Parameters
    ----------
    cross
        Cross-products of [Q e] at each pair of visits, summed over the participants of a pattern,
        shape (K, T, T, q, q) with q = p + 1; zero where a visit is not seen.
    sums
        Sums of [Q e] at each visit over the participants of a cell, shape (E, T, q).
    projection
        Coefficients of the outcome on the basis by least squares, shape (p,).
    residual
        Least-squares residual e, shape (n,).
    scale
        The outcome is ``scale * (Q @ projection + residual)``.
    """

    cross: Floats
    sums: Floats
    projection: Floats
    residual: Floats
    scale: float


def summarise(layout: RepeatedLayout) -> Statistics:
    """Sufficient statistics of the design's outcome.

    Raises
    ------
    DesignError
        When nothing of the outcome is left once the covariates are taken out.
    """
    y, Q = layout.design.y, layout.basis.Q
    size = float(np.abs(y).max())
    if not SMALLEST < size < LARGEST:
        raise DesignError("the outcome cannot be squared: give it in another unit")
    moved = y / size
    projection = Q.T @ moved
    residual = moved - Q @ projection
    again = Q.T @ residual
    residual -= Q @ again
    square = float(residual @ residual)
    if square <= ROUNDING * float(moved @ moved):
        raise DesignError("the covariates explain the outcome exactly: no variance is left")
    unit = float(np.sqrt(square / (len(y) - Q.shape[1])))
    residual /= unit
    cross, sums = _products(layout, np.column_stack([Q, residual]))
    return Statistics(cross, sums, (projection + again) / unit, residual, size * unit)


def _products(layout: RepeatedLayout, rows: Floats) -> tuple[Floats, Floats]:
    patterns, cells = layout.patterns, layout.cells
    K, T = patterns.seen.shape
    q = rows.shape[1]
    wide = np.zeros((layout.participants.count, T, q))
    wide[layout.participants.codes, layout.visits.codes] = rows
    sort = np.argsort(layout.pattern, kind="stable")
    ends = np.cumsum(patterns.count).astype(int)
    cross = np.empty((K, T, T, q, q))
    for k, members in enumerate(np.split(sort, ends[:-1])):
        flat = wide[members].reshape(len(members), T * q)
        cross[k] = (flat.T @ flat).reshape(T, q, T, q).swapaxes(1, 2)
    sums = np.zeros((len(cells.count), T, q))
    on = np.flatnonzero(cells.of >= 0)
    if len(on):
        on = on[np.argsort(cells.of[on], kind="stable")]
        starts = np.flatnonzero(np.diff(cells.of[on], prepend=-1))
        sums = np.add.reduceat(wide[on], starts, axis=0)
    return cross, sums
