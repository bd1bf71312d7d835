"""What a fit remembers of its covariates: enough to ask for means, too little to know anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.models.frozen import ReadOnly
from core_trial.models.inference import Floats

Ints = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Averages of the numeric covariates, levels of the factors, and how often they came together.

    Parameters
    ----------
    means
        Mean of each numeric covariate with more than two values.
    levels
        Levels of each factor, in order; the values of a number that has only two, which is taken
        as a factor, as R's emmeans does.
    cells
        Position of the level of each factor in every combination that occurs, shape (K, f).
    counts
        Rows with that combination, shape (K,).
    """

    means: Mapping[str, float] = field(default_factory=ReadOnly[str, float])
    levels: Mapping[str, tuple[object, ...]] = field(
        default_factory=ReadOnly[str, tuple[object, ...]]
    )
    cells: Ints = field(default_factory=lambda: np.empty((0, 0), dtype=np.intp))
    counts: Floats = field(default_factory=lambda: np.empty(0))

    @property
    def variables(self) -> tuple[str, ...]:
        """Every covariate, the factors first."""
        return (*self.levels, *self.means)

    def shares(self, names: Sequence[str]) -> dict[tuple[object, ...], float]:
        """How often each combination of levels of some factors occurs, as a share of the rows."""
        factors = list(self.levels)
        chosen = [factors.index(name) for name in names]
        found: dict[tuple[object, ...], float] = {}
        for row, count in zip(self.cells, self.counts, strict=True):
            key = tuple(self.levels[factors[k]][row[k]] for k in chosen)
            found[key] = found.get(key, 0.0) + float(count)
        total = float(self.counts.sum())
        return {key: count / total for key, count in found.items()}


def refer(
    frame: pd.DataFrame,
    variables: Sequence[str],
    factors: Mapping[str, tuple[Ints, tuple[object, ...]]],
    numbers: Mapping[str, Floats],
) -> Reference:
    """Summarise the covariates of a design.

    Parameters
    ----------
    frame
        A row per observation, complete in the covariates.
    variables
        Names of the covariates, in order.
    factors
        Codes, shape (n,), and levels of those that are known to be factors.
    numbers
        Values, shape (n,), of those that are known to be numbers.
    """
    means, levels, codes = {}, {}, []
    for name in variables:
        found = factors.get(name) or _coded(frame, name, numbers)
        if isinstance(found, float):
            means[name] = found
        else:
            codes.append(found[0])
            levels[name] = found[1]
    cells, counts = _combinations(codes, [len(found) for found in levels.values()], len(frame))
    return Reference(ReadOnly(means), ReadOnly(levels), cells, counts)


def _coded(
    frame: pd.DataFrame, name: str, numbers: Mapping[str, Floats]
) -> tuple[Ints, tuple[object, ...]] | float:
    """Codes and levels of a factor, or of a number with two values; else the number's mean."""
    values = numbers.get(name)
    if values is None:
        column = frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            return column.cat.codes.to_numpy().astype(np.intp), tuple(column.cat.categories)
        if not pd.api.types.is_numeric_dtype(column):
            codes, found = pd.factorize(column, sort=True)
            return codes.astype(np.intp), tuple(found.tolist())
        values = column.to_numpy(dtype=float)
    low, high = float(values.min()), float(values.max())
    upper = values == high
    if low < high and not (upper | (values == low)).all():
        return float(values.mean())
    return upper.astype(np.intp) if low < high else 0 * upper.astype(np.intp), _two(low, high)


def _two(low: float, high: float) -> tuple[object, ...]:
    """The values of a number that has one or two, whole where they are."""
    found = tuple(int(value) if value.is_integer() else value for value in (low, high))
    return found if low < high else found[:1]


def _combinations(codes: list[Ints], sizes: list[int], n: int) -> tuple[Ints, Floats]:
    """Distinct rows of some codes, and how often each occurs."""
    if not codes:
        return np.empty((1, 0), dtype=np.intp), np.array([float(n)])
    place = np.ravel_multi_index(tuple(codes), tuple(sizes))
    distinct, counts = np.unique(place, return_counts=True)
    cells = np.column_stack(np.unravel_index(distinct, tuple(sizes)))
    return cells.astype(np.intp), counts.astype(float)
