"""Days from randomisation to the end of the index episode (post hoc), by arm."""

from __future__ import annotations

from collections.abc import Iterator

from core_trial.analyses import summaries
from core_trial.declaration.stages import Tables
from core_trial.results import Descriptive
from core_trial.trials.core.plan import ARM


def records(data: Tables) -> Iterator[Descriptive]:
    """Mean and standard deviation by arm."""
    for arm, rows in summaries.arms(ARM, data.participants):
        yield from summaries.mean_sd("index_days", rows["index_days"], arm)
