"""From designs to the maximum of the negative binomial likelihood, zero-inflated or not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from core_trial.errors import DesignError
from core_trial.models.clusters import Ints
from core_trial.models.counts.likelihood import (
    LARGEST_EXPONENT,
    NO_DISPERSION,
    Counts,
    dispersion_score,
    evaluate,
)
from core_trial.models.design import Design
from core_trial.models.inference import Floats
from core_trial.models.intercept.layout import distinct
from core_trial.models.numerics.newton import Optimum, maximise, whiten
from core_trial.models.numerics.rising import tally

#: From this many rows on it pays to look for identical ones.
MANY = 2_000
#: Below this log alpha it is worth asking whether alpha is zero.
NEARLY_POISSON = -6.0
#: Less information than this many rows' worth leaves room for another maximum.
WEAK = 12.0
#: Grid of starts: the part of the zeros that is put down to inflation, and alpha.
SHARES = np.array([0.98, 0.9, 0.75, 0.5, 0.25, 0.02])
#: The smallest probability whose logarithm compares starts.
SMALLEST = 1e-300
RATIO = 2.0
ALPHAS = 0.03 * RATIO ** np.arange(10.0)


@dataclass(frozen=True, slots=True, eq=False)
class CountModel:
    """Data in whitened coordinates, and the way back.

    Parameters
    ----------
    data
        The distinct rows.
    row
        Which of them each of the n rows is, shape (n,).
    back
        From whitened to the designs' coordinates, all q parameters, shape (q, q).
    weights
        What each of the n rows counts for, shape (n,).
    """

    data: Counts
    row: Ints
    back: Floats
    weights: Floats


def prepare(
    count: Design,
    excess: Design | None,
    *,
    offset: Floats | None = None,
    weights: Floats | None = None,
) -> CountModel:
    """Whiten both designs and sort the rows, zeros first; where there are many, merge equal ones.

    Parameters
    ----------
    count
        Response and covariates of the counts.
    excess
        Covariates of the inflation; None for a model without.
    offset, weights
        What the linear predictor holds beside the covariates, and what each row counts for, shape
        (n,); None for nothing, and for one.

    Raises
    ------
    DesignError
        If the response is not made of whole numbers from zero, or of zeros only.
    """
    _refuse(count)
    Z = np.empty((count.n, 0)) if excess is None else excess.X
    if count.X.shape[1] == 0 or (excess is not None and Z.shape[1] == 0):
        raise DesignError("both parts need a covariate or an intercept")
    counts_for = np.ones(count.n) if weights is None else weights
    cell, first = _cells(count.X if offset is None else np.column_stack([count.X, offset]), Z)
    size = np.bincount(cell, counts_for).astype(float)
    x = whiten(count.X[first], centre=False, weights=size)
    shows, row = _distinct_rows(cell, count.y)
    order = np.argsort(count.y[shows] > 0, kind="stable")
    shows, place = shows[order], np.argsort(order)
    y, cells = count.y[shows], cell[shows]
    weight = np.bincount(row, counts_for, len(shows)).astype(float)[order]
    zeros = int((y == 0).sum())
    found, index = tally(y[zeros:].astype(np.intp), weight[zeros:])
    p, k = count.X.shape[1], Z.shape[1]
    back = np.zeros((p + k + 1, p + k + 1))
    back[:p, :p], back[-1, -1] = x.back, 1.0
    inflation = np.empty((0, len(shows)))
    if excess is not None:
        z = whiten(Z[first], centre=False, weights=size)
        back[p:-1, p:-1], inflation = z.back, z.columns[:, cells]
    data = Counts(
        y=y,
        log_y=np.log(np.maximum(y, 1.0)),
        x=x.columns[:, cells],
        z=inflation,
        offset=np.zeros(len(shows)) if offset is None else offset[shows],
        weight=weight,
        zeros=zeros,
        tally=found,
        index=index,
    )
    return CountModel(data, place[row], back, counts_for)


def _refuse(count: Design) -> None:
    y, name = count.y, count.formula.response
    if not name:
        raise DesignError(f"formula {str(count.formula)!r} names no count")
    if (y < 0).any() or (y != np.floor(y)).any():
        raise DesignError(f"column {name!r} must hold whole numbers from zero up")
    if not y.any():
        raise DesignError(f"column {name!r} holds zeros only: there is no count to model")
    if y.max() > 2**53:
        raise DesignError(f"column {name!r} has counts beyond 2^53, which are not exact")


def _cells(X: Floats, Z: Floats) -> tuple[Ints, Ints]:
    """Cell of equal covariates of each row, shape (n,), and a row of each cell."""
    n = len(X)
    if n >= MANY:
        by_x, first = distinct(X)
        if len(first) < n / 2:
            by_z, of_z = distinct(Z)
            _, first, cell = np.unique(
                by_x * len(of_z) + by_z, return_index=True, return_inverse=True
            )
            return cell, first
    return np.arange(n), np.arange(n)


def _distinct_rows(cell: Ints, y: Floats) -> tuple[Ints, Ints]:
    """A row of each distinct cell and count, and which of these each row is, shape (n,)."""
    if cell[-1] == len(cell) - 1:  # every row is a cell of its own
        return cell, cell
    values, code = np.unique(y, return_inverse=True)
    _, shows, row = np.unique(cell * len(values) + code, return_index=True, return_inverse=True)
    return shows, row


def search(data: Counts) -> Optimum:
    """The best maximum from all starts, at alpha = 0 where the likelihood falls from there on."""

    def climb(start: Floats, known: Optimum | None = None) -> Optimum:
        return maximise(lambda at: evaluate(data, at), start, known=known, rounding=data.rounding)

    first, *others = _starts(data)
    best = climb(first)
    if _may_mislead(data, best):
        others += _further_starts(data)
    for start in others:
        best = _better(best, climb(start, best))
    if best.point[-1] > NEARLY_POISSON:
        return best
    limit = climb(np.append(best.point[:-1], NO_DISPERSION))
    if dispersion_score(data, limit.point) > 0:
        return best
    return replace(limit, point=np.append(limit.point[:-1], NO_DISPERSION))


def _better(one: Optimum, other: Optimum) -> Optimum:
    return max(one, other, key=lambda optimum: (optimum.converged, optimum.value))


def _may_mislead(data: Counts, best: Optimum) -> bool:
    """Whether so little is known of some direction that another maximum may be higher."""
    small = data.zeros > 0 and len(data.y) <= MANY
    return small and bool(np.linalg.eigvalsh(best.information)[0] < WEAK)


def _starts(data: Counts) -> list[Floats]:
    """Constant mean and inflation at the tops of the likelihood's ridge, the highest first.

    Inflation and dispersion both explain zeros. For each share of the zeros put down to inflation
    the best dispersion is read off a parabola; where that is higher than for the shares next to
    it, there is a start, with the slopes of the logarithms of the positive counts.
    """
    n, total = data.weight.sum(), data.weight @ data.y
    inflated = np.clip(SHARES * data.weight[: data.zeros].sum() / n, 0.01, 0.98)
    if len(data.z) == 0:
        inflated = np.zeros(1)
    heights, a = _tops(_heights(data, total / (n * (1 - inflated)), inflated))
    one_x, one_z = data.x @ data.weight / n, data.z @ data.weight / n
    slopes = _slopes(data, one_x)
    eta = np.log(total / (_exposed(data) * (1 - inflated)))
    zeta = special.logit(inflated)
    edge = np.concatenate([[-np.inf], heights, [-np.inf]])
    peaks = np.flatnonzero((heights >= edge[:-2]) & (heights >= edge[2:]))
    return [
        np.concatenate([one_x * eta[j] + slopes, one_z * zeta[j], [a[j]]])
        for j in sorted(peaks.tolist(), key=lambda j: -heights[j])
    ]


def _exposed(data: Counts) -> float:
    """Rows, each as many as its exposure says."""
    return float(data.weight @ np.exp(np.minimum(data.offset, LARGEST_EXPONENT)))


def _heights(data: Counts, mean: Floats, inflated: Floats) -> Floats:
    """Log-likelihood of constant means and inflations, shape (k,) each, by `ALPHAS`: (10, k)."""
    zeros, total = data.weight[: data.zeros].sum(), data.weight @ data.y
    alpha = ALPHAS[:, None]
    u = 1 + alpha * mean
    L = np.log(u) / alpha
    some = (data.weight.sum() - zeros) * (np.log1p(-inflated) - L) + total * np.log(mean / u)
    none = zeros * np.log(np.maximum(inflated + (1 - inflated) * np.exp(-L), SMALLEST))
    heights: Floats = none + some + data.tally.values_at(ALPHAS)[:, None]
    return heights


def _slopes(data: Counts, one: Floats) -> Floats:
    """Least squares of the positive counts' logarithms, less the constant `one`, shape (p,)."""
    x, weight = data.x[:, data.zeros :], data.weight[data.zeros :]
    squares = (x * weight) @ x.T + 1e-3 * weight.sum() * np.eye(len(x))
    logs = data.log_y[data.zeros :] - data.offset[data.zeros :]
    slopes = np.linalg.solve(squares, x @ (weight * logs))
    return np.asarray(slopes - one * (one @ slopes), dtype=float)


def _tops(heights: Floats) -> tuple[Floats, Floats]:
    """Height and log alpha of each column's maximum, by a parabola through its highest three."""
    best = np.clip(heights.argmax(axis=0), 1, len(heights) - 2)
    columns = np.arange(heights.shape[1])
    before, middle, after = (heights[best + shift, columns] for shift in (-1, 0, 1))
    bend = np.maximum(2 * middle - before - after, 1e-9)
    away = np.clip((after - before) / (2 * bend), -1, 1)
    return middle + away * (after - before) / 4, np.log(ALPHAS[best]) + away * np.log(RATIO)


def _further_starts(data: Counts) -> list[Floats]:
    """Hardly any inflation, and either way along each covariate of both parts."""
    n, total = data.weight.sum(), data.weight @ data.y
    inflated = max(0.02 * data.weight[: data.zeros].sum() / n, 0.001)
    centre = np.concatenate(
        [
            data.x @ data.weight / n * np.log(total / (_exposed(data) * (1 - inflated))),
            data.z @ data.weight / n * special.logit(inflated),
            [0.0],
        ]
    )
    ways = np.eye(len(centre))[:-1]
    return [centre + size * way for size in (1, -1, 2, -2) for way in ways]
