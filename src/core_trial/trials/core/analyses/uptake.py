"""How much of the intervention was taken up: sessions attended, workbook read and used."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from core_trial.analyses import clusters, summaries
from core_trial.declaration.arms import Group
from core_trial.declaration.stages import Tables
from core_trial.results import Descriptive
from core_trial.trials.core.plan import ARM
from core_trial.trials.core.words import WORKBOOK_SECTIONS

#: Meetings that count as treated according to the protocol, and meetings offered to everybody.
PROTOCOL_SESSIONS = 3
SESSIONS_OFFERED = 10


def records(data: Tables) -> Iterator[Descriptive]:
    """Sessions in the intervention arm; reading and planning in both arms."""
    participants = data.participants
    treated = participants[participants["arm"] == Group.INTERVENTION]
    yield from _sessions(treated)
    yield from _sessions_of_workers(treated)
    for arm, rows in summaries.arms(ARM, participants):
        for name in ("workbook_read", *WORKBOOK_SECTIONS):
            yield from summaries.proportion(name, rows[name].dropna() == 1, arm)


def _sessions(rows: pd.DataFrame) -> Iterator[Descriptive]:
    arm = str(Group.INTERVENTION)
    attended, offered = rows["sessions_attended"], rows["sessions_offered"]
    yield from summaries.mean_sd("sessions", attended, arm)
    yield from summaries.median_iqr("sessions", attended, arm)
    protocol = attended.fillna(0) >= PROTOCOL_SESSIONS
    yield from summaries.proportion("sessions", protocol, arm, "at_least_3")
    everything = attended[offered == SESSIONS_OFFERED] == SESSIONS_OFFERED
    yield from summaries.proportion("sessions", everything, arm, "all_10")


def _sessions_of_workers(rows: pd.DataFrame) -> Iterator[Descriptive]:
    """Sessions that each worker held, over all participants of hers or his."""
    arm, level = str(Group.INTERVENTION), "sessions"
    held = rows.groupby("psw_id", observed=True)["sessions_attended"].sum()
    if not len(held):
        return
    yield from summaries.median_iqr(clusters.ANALYSIS, held, arm, level)
    for statistic, value in (("least", held.min()), ("most", held.max())):
        yield Descriptive(
            analysis=clusters.ANALYSIS,
            statistic=statistic,
            value=float(value),
            arm=arm,
            level=level,
        )
