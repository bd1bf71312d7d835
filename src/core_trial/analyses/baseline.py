"""Table 1: who was randomised."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from core_trial.analyses import summaries
from core_trial.analyses.plan import BASELINE_CATEGORIES, BASELINE_NUMBERS, CONDITION
from core_trial.results import Descriptive
from core_trial.trials.core.words import DIAGNOSIS_GROUPS


def records(participants: pd.DataFrame) -> Iterator[Descriptive]:
    """Every characteristic by arm and in the whole trial, among those for whom it is known."""
    for arm, rows in summaries.arms(participants, total=True):
        for name in BASELINE_NUMBERS:
            yield from summaries.mean_sd(name, rows[name], arm)
        for name, categories in BASELINE_CATEGORIES.items():
            for level in categories:
                yield from _members(name, rows, (level,), level, arm)
        for group, diagnoses in DIAGNOSIS_GROUPS.items():
            yield from _members("diagnosis", rows, diagnoses, group, arm)
        yield from summaries.proportion(CONDITION, rows[CONDITION].dropna() == 1, arm)


def _members(
    name: str, rows: pd.DataFrame, categories: tuple[str, ...], level: str, arm: str
) -> Iterator[Descriptive]:
    known = rows[name].dropna()
    yield from summaries.proportion(name, known.isin(categories), arm, level)
