"""Where and when: centres, recruitment periods and the last interview.

A date is a number too: days counted by the proleptic Gregorian calendar (``date.toordinal``).
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from core_trial.declaration.stages import Tables
from core_trial.results import Descriptive
from core_trial.trials.core.words import FOLLOW_UPS


def records(data: Tables) -> Iterator[Descriptive]:
    """Number of centres, in all and in pilot and main trial; first and last dates of each stage."""
    participants, questionnaires = data.participants, data.tables["questionnaires"]
    yield _centres(participants)
    pilot = participants["internal_pilot"]
    for level, rows in (("pilot", participants[pilot]), ("main_trial", participants[~pilot])):
        yield _centres(rows, level)
        yield from _first_and_last("recruitment", rows["randomised_on"], level)
    for visit in FOLLOW_UPS:
        held = questionnaires.loc[questionnaires["visit"] == visit, "completed_on"]
        yield from _first_and_last("interviews", held, str(visit))


def _centres(rows: pd.DataFrame, level: str = "") -> Descriptive:
    return Descriptive(
        analysis="centres", statistic="n", value=float(rows["centre"].nunique()), level=level
    )


def _first_and_last(analysis: str, dates: pd.Series, level: str) -> Iterator[Descriptive]:
    known = dates.dropna()
    if known.empty:
        return
    for statistic, date in (("first_date", known.min()), ("last_date", known.max())):
        yield Descriptive(
            analysis=analysis, statistic=statistic, value=float(date.toordinal()), level=level
        )
