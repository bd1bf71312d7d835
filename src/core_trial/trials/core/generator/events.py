"""Stage 12: serious adverse events, and the people before randomisation.

Adverse events were monitored to the interview at four months. Most are readmissions, which have to
be found among the episodes; the deaths are all in the control arm, of people who were neither
readmitted nor interviewed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core_trial.declaration.arms import PRINTED_ARMS, Group
from core_trial.synthesis.search import Impossible
from core_trial.synthesis.targets import Targets
from core_trial.trials.core.generator.interviews import MONTHS
from core_trial.trials.core.words import FOLLOW_UPS, Visit

#: Row of the participant, day from randomisation, and kind of an event.
Event = tuple[int, int, str]
#: Readmissions up to this many days after the interview at four months was due were reported.
GRACE = 25
#: Other harms, with the share that led to acute care the same or the next day; and the first day of
#: any of them.
HARMS = {"attempted_suicide": 0.7, "attempted_murder_charge": 0.0}
EARLIEST = 4
#: Reasons for leaving before randomisation, with shares of those who left; ours.
NOT_ELIGIBLE = {
    "discharged outside the catchment area": 0.31,
    "less than a week on the caseload": 0.27,
    "not able to understand the intervention in English": 0.17,
    "too high a risk to others": 0.14,
    "lacks capacity to consent": 0.11,
}
NOT_RANDOMISED = {
    "declined": 0.52,
    "could not be contacted": 0.34,
    "more than a month since discharge": 0.14,
}


def draw_events(people: pd.DataFrame, targets: Targets, rng: np.random.Generator) -> pd.DataFrame:
    """Serious adverse events.

    Returns
    -------
    pandas.DataFrame
        Columns event_id, participant_id, occurred_on, category, related; in order of date.
    """
    deaths = {
        category: targets.count("adverse_events", "n", Group.CONTROL, category)
        for category in ("death_suicide", "death_unclear")
    }
    counts = _counts_by_arm(targets, sum(deaths.values()), rng)
    rows: list[Event] = [
        (person, day, "readmission")
        for arm in PRINTED_ARMS
        for person, day in _readmissions(people, str(arm), counts[arm]["readmission"], rng)
    ]
    for arm in PRINTED_ARMS:
        own = people[people["arm"] == arm]
        for category in HARMS:
            rows += _harms(own, category, counts[arm][category], rng)
    rows += _deaths(people, deaths, {person for person, _, _ in rows}, rng)
    frame = _dated(people, rows).sort_values(["occurred_on", "participant_id"], ignore_index=True)
    frame.insert(0, "event_id", [f"SAE{k + 1:02d}" for k in range(len(frame))])
    return frame


def _dated(people: pd.DataFrame, rows: Sequence[Event]) -> pd.DataFrame:
    """Events with identifier and date instead of row and day."""
    who = people.loc[[row for row, _, _ in rows]]
    days = np.array([day for _, day, _ in rows], dtype="timedelta64[D]")
    columns = {
        "participant_id": who["participant_id"].to_numpy(),
        "occurred_on": who["randomised_on"].to_numpy() + days,
        "category": [kind for _, _, kind in rows],
        "related": False,
    }
    return pd.DataFrame(columns)


def _counts_by_arm(
    targets: Targets, deaths: int, rng: np.random.Generator
) -> dict[str, dict[str, int]]:
    """Events of each kind in each arm: kinds are printed for the whole trial, totals by arm."""
    total = {kind: targets.count("adverse_events", level=kind) for kind in HARMS}
    first = {kind: int(rng.binomial(n, 0.5)) for kind, n in total.items()}
    counts = {
        str(Group.INTERVENTION): first,
        str(Group.CONTROL): {kind: total[kind] - n for kind, n in first.items()},
    }
    for arm, of_kind in counts.items():
        dead = deaths if arm == Group.CONTROL else 0
        of_kind["readmission"] = (
            targets.count("adverse_events", "n", arm) - sum(of_kind.values()) - dead
        )
    return counts


def _readmissions(
    people: pd.DataFrame, arm: str, count: int, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """Some of those readmitted by the interview at four months, with the day of it."""
    by_then = people["days_to_readmission"] <= MONTHS[Visit.MONTH_4] + GRACE
    rows = people.index[(people["arm"] == arm) & (people["readmitted"] == 1) & by_then]
    if len(rows) < count:
        raise Impossible(f"{len(rows)} early readmissions, {count} reported as adverse events")
    chosen = rng.choice(rows, count, replace=False)
    return [(row, int(people.loc[row, "days_to_readmission"])) for row in chosen]


def _harms(
    people: pd.DataFrame, category: str, count: int, rng: np.random.Generator
) -> list[Event]:
    """Other harms up to the interview at four months; most attempted suicides led to admission."""
    last = MONTHS[Visit.MONTH_4]
    first = people["days_to_readmission"]
    again = people.index[(people["readmitted"] == 1) & first.between(EARLIEST + 1, last)]
    led = min(int(rng.binomial(count, HARMS[category])), len(again))
    admitted = rng.choice(again, led, replace=False)
    rows = [(row, int(first[row]) - int(rng.integers(0, 2)), category) for row in admitted]
    others = rng.choice(people.index.difference(list(admitted)), count - led, replace=False)
    return rows + [(row, int(rng.integers(EARLIEST, last)), category) for row in others]


def _deaths(
    people: pd.DataFrame, deaths: dict[str, int], other: set[int], rng: np.random.Generator
) -> list[Event]:
    """Deaths of control participants of whom nothing is known after them."""
    silent = (people["arm"] == Group.CONTROL) & (people["readmitted"] == 0)
    for visit in FOLLOW_UPS:
        silent &= ~people[f"interviewed_{visit}"]
    rows = people.index[silent & (people["index_days"] == 0)].difference(list(other))
    chosen = list(rng.choice(rows, sum(deaths.values()), replace=False))
    days = rng.integers(15, MONTHS[Visit.MONTH_4], len(chosen))
    kinds = [kind for kind, n in deaths.items() for _ in range(n)]
    return [(row, int(day), kind) for row, day, kind in zip(chosen, days, kinds, strict=True)]


def screening(targets: Targets) -> pd.DataFrame:
    """People before randomisation.

    Returns
    -------
    pandas.DataFrame
        Columns step, reason (None where everybody is counted), n.
    """
    screened, eligible, randomised = (
        targets.count("flow", level=step) for step in ("screened", "eligible", "randomised")
    )
    rows: list[tuple[str, str | None, int]] = [("screened", None, screened)]
    rows += _left("not_eligible", screened - eligible, NOT_ELIGIBLE)
    rows += [("eligible", None, eligible)]
    rows += _left("not_randomised", eligible - randomised, NOT_RANDOMISED)
    return pd.DataFrame(rows, columns=["step", "reason", "n"])


def _left(step: str, total: int, shares: dict[str, float]) -> list[tuple[str, str | None, int]]:
    """Those who left by reason; the first reason takes what rounding leaves."""
    counts = {reason: round(total * share) for reason, share in shares.items()}
    first = next(iter(counts))
    counts[first] += total - sum(counts.values())
    return [(step, reason, n) for reason, n in counts.items()]
