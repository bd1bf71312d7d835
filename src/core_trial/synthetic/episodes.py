"""Stage 13: the episodes of acute care that make the days and the times.

Days are counted from randomisation; an episode counts its first and its last day.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from core_trial.vocabulary import FOLLOW_UP_DAYS

#: Share of index episodes, and of longer readmissions, that began on a ward or in a crisis house.
ADMITTED_FIRST = 0.35
ADMITTED_AGAIN = 0.55
#: Services that admit, with their shares.
ADMITTING = {"inpatient_ward": 0.62, "crisis_house": 0.26, "acute_day_care": 0.12}
TEAM = "crisis_resolution_team"
#: Service, whether it belongs to the index episode, first and last day from randomisation.
Stay = tuple[str, bool, int, int]
#: Days on the caseload before its end, or before randomisation; a week at least by protocol.
STAY = (7, 56)
#: Discharge came at most so many days before randomisation.
DISCHARGED = 28
#: Share of handovers on which both services count the day.
OVERLAP = 0.25
#: A readmission of fewer days is one episode; between two spells lie at least so many days.
SHORT = 6
APART = 12


def draw_episodes(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Every episode of everybody whose records were obtained.

    Returns
    -------
    pandas.DataFrame
        Columns participant_id, service, index_episode, started_on, ended_on; by participant and
        date.
    """
    known = people[people["acute_records_obtained"]]
    numbers = known[["index_days", "days_to_readmission", "readmission_days"]].to_numpy(dtype=int)
    days0 = known["randomised_on"].to_numpy("datetime64[D]")
    rows = []
    for who, day0, (index, first, days) in zip(
        known["participant_id"], days0, numbers, strict=True
    ):
        stays = list(_index(int(index), rng))
        for start, end in _spells(int(first), int(days), rng) if days else ():
            stays += [(service, False, a, b) for service, a, b in _services(start, end, rng)]
        rows += [
            (who, service, was, day0 + start, day0 + end) for service, was, start, end in stays
        ]
    columns = ["participant_id", "service", "index_episode", "started_on", "ended_on"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(["participant_id", "started_on", "ended_on"], ignore_index=True)


def _index(days: int, rng: np.random.Generator) -> Iterator[Stay]:
    """The crisis team's care up to discharge, and what came before it."""
    end = days if days > 0 else -int(rng.integers(0, DISCHARGED + 1))
    start = min(end, 0) - int(rng.integers(*STAY))
    if rng.random() < ADMITTED_FIRST:
        handover = start - int(rng.random() > OVERLAP)
        yield _admitting(rng), True, handover - int(rng.integers(3, 40)), handover
    yield TEAM, True, start, end


def _spells(first: int, days: int, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Spells in acute care that take up all days between the first and the end of follow-up."""
    free = FOLLOW_UP_DAYS + 1 - first - days
    most = min(1 + days // SHORT, 1 + free // APART, 4)
    count = int(rng.binomial(most - 1, 0.4)) + 1
    cuts = np.sort(rng.choice(np.arange(1, max(days, 2)), count - 1, replace=False))
    lengths = np.diff([0, *cuts.tolist(), days])
    spare = free - APART * (count - 1)
    gaps = rng.multinomial(spare, np.full(count, 1 / count))[: count - 1] + APART
    start = first
    for length, gap in zip(lengths, [*gaps, 0], strict=True):
        yield start, start + int(length) - 1
        start += int(length) + int(gap)


def _services(start: int, end: int, rng: np.random.Generator) -> Iterator[tuple[str, int, int]]:
    """The services of one spell: the crisis team, or an admission and then the team."""
    beyond = end + int(rng.integers(0, 30)) if end == FOLLOW_UP_DAYS else end
    length = end - start + 1
    if length <= SHORT or rng.random() > ADMITTED_AGAIN:
        yield (TEAM if rng.random() < 0.75 else _admitting(rng)), start, beyond
        return
    handover = start + int(rng.integers(length // 3, length - 1))
    overlap = int(rng.random() < OVERLAP)
    yield _admitting(rng), start, handover
    yield TEAM, handover + 1 - overlap, beyond


def _admitting(rng: np.random.Generator) -> str:
    return str(rng.choice(list(ADMITTING), p=list(ADMITTING.values())))
