"""Characteristics of a frame: numbers, categories, yes or no, as declared or as the data say."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from core_trial.data.cells import NO, YES, numbers, text, texts, yes_no
from core_trial.data.frame_reading import Reading
from core_trial.declaration.covariates import Categories, Covariate, Number, YesNo
from core_trial.declaration.outcomes import Count, Score
from core_trial.declaration.trial import column_of
from core_trial.errors import nearest

#: Text with more levels than this is taken for something else than categories.
MOST_LEVELS = 40
#: Levels that a note names.
NAMED_LEVELS = 8


def read_covariates(reading: Reading) -> tuple[Covariate, ...]:
    """Read Table 1's characteristics and every other covariate; the former come back complete."""
    trial, made = reading.trial, {}
    declared = {column_of(item): item for item in trial.baseline}
    for name, role in _wanted(reading).items():
        column = reading.column(name, role, in_formula=role != "baseline")
        if column is None or (name in reading.done and name not in declared):
            continue
        given = declared.get(name, name)
        stratum = name in trial.strata
        item = (
            _inferred(reading, given, column, stratum=stratum) if isinstance(given, str) else given
        )
        if item is not None:
            made[name] = _read(reading, item, column)
    return tuple(made.get(name, _fallback(item)) for name, item in declared.items())


def _fallback(item: str | Covariate) -> Covariate:
    return Number(item) if isinstance(item, str) else item


def _wanted(reading: Reading) -> dict[str, str]:
    """Every covariate's column with what it is wanted for, the most telling role last."""
    trial = reading.trial
    wanted = dict.fromkeys(map(column_of, trial.baseline), "baseline")
    wanted |= dict.fromkeys(trial.missingness or (), "missingness")
    wanted |= dict.fromkeys(trial.planned_adjustments, "planned_adjustments")
    wanted |= dict.fromkeys(trial.subgroups, "subgroups")
    wanted |= dict.fromkeys(trial.strata, "strata")
    for outcome in trial.outcomes:
        role = f"outcome {outcome.key!r} (adjust)"
        wanted |= dict.fromkeys(outcome.adjust or (), role)
        for using in (outcome.model, outcome.planned):
            adjust = getattr(using, "adjust", None) or ()
            wanted |= dict.fromkeys(adjust, f"outcome {outcome.key!r} (model)")
        if isinstance(outcome, Score | Count) and outcome.baseline in wanted:
            wanted[outcome.baseline] = role
    for one in trial.sensitivities:
        wanted |= dict.fromkeys(one.adjust or (), f"sensitivity {one.name!r} (adjust)")
    return {name: role for name, role in wanted.items() if name != trial.arm.column}


def _read(reading: Reading, item: Covariate, column: pd.Series) -> Covariate:
    if isinstance(item, Number):
        return _read_number(reading, item, column)
    if isinstance(item, YesNo):
        return _read_yes_no(reading, item, column)
    return _read_categories(reading, item, column)


def _read_number(reading: Reading, item: Number, column: pd.Series) -> Number:
    read = numbers(column)
    if read.strange:
        reading.fault(
            f"baseline {item.column!r}: {read.shown} in {read.rows} "
            f"row{'s' if read.rows > 1 else ''} cannot be read as a number"
        )
    reading.keep(item.column, read.values)
    return item


def _read_yes_no(reading: Reading, item: YesNo, column: pd.Series) -> YesNo:
    read = yes_no(column, item.yes, item.no)
    if read.strange:
        reading.fault(
            f"baseline {item.column!r}: {read.shown} is neither yes={item.yes!r} nor no={item.no!r}"
        )
    reading.keep(item.column, read.values)
    return item


def _read_categories(reading: Reading, item: Categories, column: pd.Series) -> Categories:
    labels = texts(column)
    declared = [text(level) for level in item.levels]
    unknown = [name for name in labels.dropna().unique() if name not in declared]
    for name in unknown:
        reading.fault(
            f"baseline {item.column!r}: level {name!r} is not declared{nearest(name, declared)}"
        )
    known = labels.where(labels.isin(declared), None)
    reading.keep(item.column, pd.Categorical(known, declared))
    spelt = {text(level): label for level, label in item.levels.items()}
    combined = {name: tuple(map(text, levels)) for name, levels in item.combined.items()}
    return replace(item, levels=spelt, combined=combined)


def _inferred(reading: Reading, name: str, column: pd.Series, *, stratum: bool) -> Covariate | None:
    """What kind of thing a column is, told in a note; None, and a fault, where it is none."""
    labels = texts(column)
    levels = list(labels.dropna().unique())
    if not levels:
        reading.fault(f"column {name!r} is missing in everybody")
        return None
    if _is_yes_no(levels):
        reading.note(name, "taken_as_yes_no", len(levels), "taken as yes or no")
        return YesNo(name)
    read = numbers(column)
    categorical = isinstance(column.dtype, pd.CategoricalDtype)
    if not read.strange and not stratum and not categorical:
        reading.note(name, "taken_as_number", len(levels), "taken as a number")
        return Number(name, decimals=_decimals(read.values))
    if len(levels) > MOST_LEVELS and not categorical and not stratum:
        reading.fault(
            f"column {name!r} has {len(levels)} different texts: declare it as ct.Categories, or "
            f"recode what is not a number ({read.shown}) and declare it as ct.Number"
        )
        return None
    ordered = _in_order(column, levels)
    shown = ", ".join(ordered[:NAMED_LEVELS]) + (", ..." if len(ordered) > NAMED_LEVELS else "")
    reading.note(name, "taken_as_categories", len(levels), f"taken as categories: {shown}")
    return Categories(name, levels={level: level for level in ordered})


def _is_yes_no(levels: list[str]) -> bool:
    lowered = {level.lower() for level in levels}
    return lowered <= (YES | NO) and bool(lowered & YES) and bool(lowered & NO)


def _in_order(column: pd.Series, levels: list[str]) -> list[str]:
    """Levels in the order of a category, of numbers, or of the alphabet."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [name for name in map(text, column.cat.categories) if name in set(levels)]
    try:
        return sorted(levels, key=float)
    except ValueError:
        return sorted(levels)


def _decimals(values: np.ndarray) -> tuple[int, int]:
    """As many as give the standard deviation two significant figures."""
    known = values[~np.isnan(values)]
    spread = float(known.std()) if len(known) > 1 else 0.0
    digits = 0 if not spread > 0 else min(max(0, 1 - math.floor(math.log10(spread))), 6)
    return digits, digits
