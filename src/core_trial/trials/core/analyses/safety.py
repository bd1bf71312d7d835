"""Serious adverse events by arm and kind, and the participants who had any."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from core_trial.analyses import summaries
from core_trial.declaration.stages import Tables
from core_trial.results import Descriptive
from core_trial.trials.core.plan import ARM
from core_trial.trials.core.words import ADVERSE_EVENTS, DEATHS

#: Analysis that counts participants with events, and not events.
PARTICIPANTS = "participants_with_events"


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
    yield from _participants(placed, people)


def _participants(placed: pd.DataFrame, people: pd.DataFrame) -> Iterator[Descriptive]:
    """Who had at least one event, of any kind and of each, out of all randomised."""
    kinds = {"": set(placed["participant_id"])}
    for category in ADVERSE_EVENTS:
        kinds[category] = set(placed.loc[placed["category"] == category, "participant_id"])
    for arm, rows in summaries.arms(ARM, people, total=True):
        for level, who in kinds.items():
            yield from summaries.proportion(
                PARTICIPANTS, rows["participant_id"].isin(who), arm, level
            )


def _count(n: int, arm: str, level: str) -> Descriptive:
    return Descriptive(
        analysis="adverse_events", statistic="n", value=float(n), arm=arm, level=level
    )
