"""The trial with everybody in one arm, and with everybody in another."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.design import Design, Ints, build, column, indicator, parse
from core_trial.models.inference import Floats
from core_trial.models.intercept.layout import distinct


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """The trial with everybody in one arm.

    Parameters
    ----------
    level
        The arm.
    patterns, shift
        Distinct rows of the design matrix, shape (P, p), and what their linear predictors hold
        beside the covariates, shape (P,).
    pattern_of
        Pattern of each participant, shape (n,).
    random
        Whether the random effect enters.
    term
        Name of the arm's column in the design; blank for the first level, which has none.
    """

    level: str
    patterns: Floats
    shift: Floats
    pattern_of: Ints
    random: bool
    term: str


def everybody_in(
    formula: str,
    frame: pd.DataFrame,
    arm: str,
    random: str,
    reference: object,
    offset: Floats | None,
) -> tuple[World, ...]:
    """The trial with everybody in each arm in turn, the reference first.

    Parameters
    ----------
    formula, frame, arm, random, reference
        As in `standardised`.
    offset
        What the linear predictor holds beside the covariates, shape (n,); None for nothing.

    Raises
    ------
    DesignError
        If the arm is not in the formula, has no levels to compare, or has the random effect for a
        part of its people.
    """
    parsed = parse(formula)  # the worlds are stacked for the design, so that levels stay known
    if arm not in parsed.variables:
        raise DesignError(f"arm={arm!r} is not in the formula {formula!r}")
    levels = _levels(column(frame, arm), arm)
    enters = _enters(frame, arm, levels, random)
    n, values = len(frame), column(frame, arm)
    every = pd.concat([frame[list(parsed.variables)]] * len(levels), ignore_index=True)
    every[arm] = pd.Series(np.repeat(np.asarray(levels, dtype=object), n)).astype(values.dtype)
    design = build(replace(parsed, response=""), every)
    worlds = [
        _world(design, slice(k * n, (k + 1) * n), arm, str(level), enters[k], offset)
        for k, level in enumerate(levels)
    ]
    first = 0 if reference is None else _reference(levels, reference, arm)
    return (worlds[first], *worlds[:first], *worlds[first + 1 :])


def _levels(values: pd.Series, arm: str) -> list[object]:
    kind = values.dtype
    named = list(kind.categories) if isinstance(kind, pd.CategoricalDtype) else None
    levels = sorted(values.unique()) if named is None else named
    if len(levels) < 2:
        raise DesignError(f"column {arm!r} must have two levels or more, not {len(levels)}")
    if pd.api.types.is_numeric_dtype(values) and len(levels) > 2:
        raise DesignError(
            f"column {arm!r} holds {len(levels)} different numbers: give arms as text or categories"
        )
    return levels


def _reference(levels: list[object], reference: object, arm: str) -> int:
    if reference not in levels:
        known = ", ".join(map(str, levels))
        raise DesignError(f"reference={reference!r} is no level of {arm!r}, which has {known}")
    return levels.index(reference)


def _enters(frame: pd.DataFrame, arm: str, levels: list[object], random: str) -> list[bool]:
    """Whether the random effect enters in each arm."""
    if random == "1":
        return [True] * len(levels)
    where = indicator(frame, random) > 0
    shares = [where[(frame[arm] == level).to_numpy()].mean() for level in levels]
    if not all(share in (0.0, 1.0) for share in shares):
        raise DesignError(
            f"random={random!r}: the risks need '1', {arm!r}, or a column that is the same for "
            "everybody in an arm"
        )
    return [share == 1.0 for share in shares]


def _world(
    design: Design, rows: slice, arm: str, level: str, random: bool, offset: Floats | None
) -> World:
    X = design.X[rows]
    beside = np.zeros(len(X)) if offset is None else offset
    pattern_of, first = distinct(X if offset is None else np.column_stack([X, offset]))
    own = (arm, f"{arm}[{level}]")
    term = next((name for name in design.columns if name in own), "")
    return World(level, X[first], beside[first], pattern_of, random, term)
