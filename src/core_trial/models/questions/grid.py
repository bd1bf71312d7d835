"""The reference grid: every combination of levels, numbers at their mean, and its averages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.inference import Floats
from core_trial.models.names import hint
from core_trial.models.questions.averages import recipe_of
from core_trial.models.reference import Reference

if TYPE_CHECKING:
    from core_trial.models.fit import Fit

#: More combinations of levels than this are not averaged: hold some factors at a level.
MOST_CELLS = 100_000
WEIGHTS = ("equal", "sample")


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Rows to predict, and the average that each mean is.

    Parameters
    ----------
    frame
        The combinations, N rows.
    names
        The variables whose levels tell the k means apart.
    keys
        Their levels, one tuple per mean.
    shares
        Weight of each row in each mean, shape (k, N); each row of it sums to one.
    """

    frame: pd.DataFrame
    names: tuple[str, ...]
    keys: tuple[tuple[object, ...], ...]
    shares: Floats


def grid(fit: Fit, names: Sequence[str], *, weights: str, at: Mapping[str, Any]) -> Grid:
    """The grid for means of each combination of levels of some factors.

    Raises
    ------
    DesignError
        For a variable that is not in the model or has no levels, unknown weights, too many cells.
    """
    about = _checked(fit, names, weights, at)
    values = {
        name: (at[name],) if name in at else about.levels.get(name) or (about.means[name],)
        for name in about.variables
    }
    ordered = [*names, *(name for name in values if name not in names)]
    cells = int(np.prod([float(len(values[name])) for name in ordered]))
    if cells > MOST_CELLS:
        raise DesignError(
            f"{cells} combinations of levels: hold some factors at one, by at={{...}}"
        )
    combinations = list(product(*(values[name] for name in ordered)))
    frame = _frame(about, ordered, combinations)
    keys = tuple(product(*(values[name] for name in names)))
    averaged = [name for name in ordered[len(names) :] if len(values[name]) > 1]
    share = _shares(about, ordered, combinations, averaged, weights)
    place = {key: k for k, key in enumerate(keys)}
    shares = np.zeros((len(keys), len(combinations)))
    for row, combination in enumerate(combinations):
        shares[place[combination[: len(names)]], row] = share[row]
    return Grid(frame, tuple(names), keys, shares / shares.sum(axis=1, keepdims=True))


def _checked(fit: Fit, names: Sequence[str], weights: str, at: Mapping[str, Any]) -> Reference:
    """What the fit remembers of its covariates, if it answers what is asked."""
    recipe_of(fit)
    about = fit.reference
    if weights not in WEIGHTS:
        raise DesignError(f"weights must be 'equal' or 'sample', not {weights!r}")
    for name in (*names, *at):
        if name not in about.variables:
            raise DesignError(f"no covariate {name!r}{hint(name, about.variables)}")
    for name in names:
        if name not in about.levels and name not in at:
            raise DesignError(
                f"{name!r} is a number with many values and has no means by level: predict at "
                "values of it, or make it a factor"
            )
    if len(set(names)) != len(names):
        raise DesignError("a variable stands twice in the question")
    for name, value in at.items():
        if name in about.levels and value not in about.levels[name]:
            known = ", ".join(map(str, about.levels[name]))
            raise DesignError(f"{name!r} has no level {value!r}; there are {known}")
    return about


def _frame(
    about: Reference, ordered: Sequence[str], combinations: list[tuple[object, ...]]
) -> pd.DataFrame:
    """The combinations as a frame that codes as the fit's own rows did."""
    columns = {}
    for name, values in zip(ordered, zip(*combinations, strict=True), strict=True):
        column = pd.Series(list(values))
        text = column.dtype == object
        levels = about.levels.get(name)
        columns[name] = pd.Categorical(column, categories=levels) if text and levels else column
    return pd.DataFrame(columns)


def _shares(
    about: Reference,
    ordered: Sequence[str],
    combinations: list[tuple[object, ...]],
    averaged: Sequence[str],
    weights: str,
) -> list[float]:
    """Weight of each combination: one, or how often its averaged levels occur together."""
    if weights == "equal" or not averaged:
        return [1.0] * len(combinations)
    often = about.shares(averaged)
    places = [ordered.index(name) for name in averaged]
    return [often.get(tuple(c[k] for k in places), 0.0) for c in combinations]
