"""How many had psychosis, the condition by which randomisation was stratified, by arm."""

from __future__ import annotations

from collections.abc import Iterator

from core_trial.analyses import summaries
from core_trial.declaration.stages import Tables
from core_trial.results import Descriptive
from core_trial.trials.core.plan import ARM, CONDITION


def records(data: Tables) -> Iterator[Descriptive]:
    """n, N and percent by arm and in the whole trial."""
    for arm, rows in summaries.arms(ARM, data.participants, total=True):
        yield from summaries.proportion(CONDITION, rows[CONDITION] == 1, arm)
