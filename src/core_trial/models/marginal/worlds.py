"""The trial with everybody in one arm, and with everybody in another."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.choices import shown
from core_trial.models.clusters import Ints, Nesting
from core_trial.models.coding import Categories, Coder
from core_trial.models.columns import column
from core_trial.models.design import Design
from core_trial.models.inference import Floats
from core_trial.models.intercept.layout import distinct
from core_trial.models.reading.levels import levels_of


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
        What its comparison with another arm is called: the arm's column in the design, where it has
        one.
    """

    level: str
    patterns: Floats
    shift: Floats
    pattern_of: Ints
    random: bool
    term: str


def everybody_in(
    design: Design,
    frame: pd.DataFrame,
    arm: str,
    nested: Nesting | None,
    reference: object,
    offset: Floats,
) -> tuple[World, ...]:
    """The trial with everybody in each arm in turn, coded as the trial was, the reference first.

    Parameters
    ----------
    design, frame
        The fitted design, and its rows.
    arm, reference
        As in `standardised`.
    nested
        Where the random effect enters; None for everywhere.
    offset
        What the linear predictor holds beside the covariates, shape (n,).

    Raises
    ------
    DesignError
        If the arm is not in the formula, has no levels to compare, or has the random effect for a
        part of its people.
    """
    recipe = design.recipe
    if recipe is None or arm not in design.term_columns:
        raise DesignError(f"arm={arm!r} is not in the formula {str(design.formula)!r}")
    values = column(frame, arm)
    levels = _levels(values, arm, recipe.coders[arm])
    made = []
    for level in levels:
        everybody = pd.Series([level], dtype=values.dtype).repeat(len(frame)).set_axis(frame.index)
        X = recipe.matrix(frame.assign(**{arm: everybody}))
        pattern_of, first = distinct(np.column_stack([X, offset]) if offset.any() else X)
        enters = nested is None or _enters(nested, values == level, arm)
        own = f"{arm}[{level}]"
        term = arm if arm in design.columns and level == levels[-1] else own
        made.append(World(str(level), X[first], offset[first], pattern_of, enters, term))
    first_arm = 0 if reference is None else _reference(levels, reference, arm)
    return (made[first_arm], *made[:first_arm], *made[first_arm + 1 :])


def _levels(values: pd.Series, arm: str, coder: Coder) -> list[object]:
    """The arms, the one that the design codes others against first."""
    levels = list(levels_of(arm, values, declared=True))
    if isinstance(coder, Categories):
        base = [level for level in levels if str(level) not in coder.contrast_names]
        return base + [level for level in levels if level not in base]
    if len(levels) > 2:
        raise DesignError(
            f"column {arm!r} holds {len(levels)} different numbers: give arms as text or categories"
        )
    return levels


def _reference(levels: list[object], reference: object, arm: str) -> int:
    if not isinstance(reference, Hashable) or reference not in levels:
        known = ", ".join(map(str, levels))
        raise DesignError(f"reference={shown(reference)} is no level of {arm!r}, which has {known}")
    return levels.index(reference)


def _enters(nested: Nesting, there: pd.Series, arm: str) -> bool:
    """Whether the random effect enters in an arm."""
    share = float(nested.inside[there.to_numpy()].mean())
    if share not in (0.0, 1.0):
        raise DesignError(
            f"random={nested.column!r}: the risks need '1', {arm!r} or a level of it, or a column "
            "that is the same for everybody in an arm"
        )
    return share == 1.0
