"""Serious adverse events, by arm and kind: events are counted, not participants."""

from __future__ import annotations

from collections.abc import Iterator

from core_trial.analyses import summaries
from core_trial.declaration.stages import Tables
from core_trial.results import Descriptive
from core_trial.trials.core.plan import ARM
from core_trial.trials.core.words import ADVERSE_EVENTS, DEATHS


def records(data: Tables) -> Iterator[Descriptive]:
    """Numbers of events: all, by category, deaths, and those judged related to the study."""
    events, people = data.tables["adverse_events"], data.participants
    placed = events.merge(people[["participant_id", "arm"]], on="participant_id")
    for arm, rows in summaries.arms(ARM, placed, total=True):
        yield _count(len(rows), arm, "")
        for category in ADVERSE_EVENTS:
            yield _count(int((rows["category"] == category).sum()), arm, category)
        yield _count(int(rows["category"].isin(DEATHS).sum()), arm, "deaths")
        yield _count(int(rows["related"].fillna(False).sum()), arm, "related")


def _count(n: int, arm: str, level: str) -> Descriptive:
    return Descriptive(
        analysis="adverse_events", statistic="n", value=float(n), arm=arm, level=level
    )
