"""What a fit remembers of its covariates: enough to ask for means, too little to know anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.models.frozen import ReadOnly
from core_trial.models.inference import Floats

#: A number with no more distinct values than this is taken as a factor, as R's emmeans does.
MOST_VALUES_OF_A_FACTOR = 2


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Averages of the numeric covariates, levels of the factors, and how often they came together.

    Parameters
    ----------
    means
        Mean of each numeric covariate with more than two values.
    levels
        Levels of each factor, in order; the two values of a number that has only two.
    cells
        Position of the level of each factor in every combination that occurs, shape (K, f).
    counts
        Rows with that combination, shape (K,).
    """

    means: Mapping[str, float] = field(default_factory=ReadOnly[str, float])
    levels: Mapping[str, tuple[object, ...]] = field(
        default_factory=ReadOnly[str, tuple[object, ...]]
    )
    cells: NDArray[np.intp] = field(default_factory=lambda: np.empty((0, 0), dtype=np.intp))
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


def refer(frame: pd.DataFrame, variables: Sequence[str]) -> Reference:
    """Summarise some complete columns of a frame.

    Parameters
    ----------
    frame
        A row per observation.
    variables
        Names of its covariates.
    """
    means, levels, codes = {}, {}, []
    for name in variables:
        values = frame[name]
        found = _levels(values)
        if found is None:
            means[name] = float(values.mean())
        else:
            codes.append(found[0])
            levels[name] = found[1]
    cells, counts = _combinations(codes, [len(found) for found in levels.values()], len(frame))
    return Reference(ReadOnly(means), ReadOnly(levels), cells, counts)


def _levels(values: pd.Series) -> tuple[NDArray[np.intp], tuple[object, ...]] | None:
    """Codes and levels of a factor; None for a number with more than two values."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.codes.to_numpy().astype(np.intp), tuple(values.cat.categories.tolist())
    if pd.api.types.is_numeric_dtype(values):
        array = values.to_numpy()
        if len(array) == 0 or ((array != array.min()) & (array != array.max())).any():
            return None
    codes, found = pd.factorize(values, sort=True)
    return codes.astype(np.intp), tuple(found.tolist())


def _combinations(
    codes: list[NDArray[np.intp]], sizes: list[int], n: int
) -> tuple[NDArray[np.intp], Floats]:
    """Distinct rows of some codes, and how often each occurs."""
    if not codes:
        return np.empty((1, 0), dtype=np.intp), np.array([float(n)])
    place = np.ravel_multi_index(tuple(codes), tuple(sizes))
    distinct, counts = np.unique(place, return_counts=True)
    cells = np.column_stack(np.unravel_index(distinct, tuple(sizes)))
    return cells.astype(np.intp), counts.astype(float)
