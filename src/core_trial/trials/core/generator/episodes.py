"""Stage 13: the episodes of acute care that make the days and the times.

Days are counted from randomisation; an episode counts its first and its last day. What is in the
analyses stands: the end of the index episode, the first day of readmission and the number of days
in care. Free is which services, how many spells, and what came before and after.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core_trial.synthesis.calendar import SATURDAY
from core_trial.trials.core.words import CENTRES, FOLLOW_UP_DAYS

TEAM, WARD = "crisis_resolution_team", "inpatient_ward"
#: Services that admit, with their shares, which differ between centres to this degree (precision
#: of a Dirichlet draw).
ADMITTING = {WARD: 0.62, "crisis_house": 0.26, "acute_day_care": 0.12}
ALIKE = 12.0
#: Share of index episodes that began with an admission, by admissions to hospital before the trial;
#: of those who had none, not on a ward.
ADMITTED_FIRST = {"never": 0.15, "1": 0.33, "2_to_5": 0.42, "more_than_5": 0.5}
ADMITTED_UNKNOWN = 0.3
#: Share of longer readmissions that began with an admission, and of these that went on with a team.
ADMITTED_AGAIN, FOLLOWED = 0.55, 0.45
#: Chance that a spell in acute care was the last within the year, and the most spells of anybody.
LAST, MOST = 0.5, 8
#: Middle of the stays with a team and of admissions, in days, their spread (of the logarithm), and
#: the longest that ended by randomisation.
TEAM_STAY, ADMISSION = (24, 0.55, 150), (15, 0.8, 120)
#: A week on the caseload at least was asked for before the interview.
WEEK = 7
#: Discharge came at most so many days before randomisation.
DISCHARGED = 28
#: Share of handovers on which both services count the day.
OVERLAP = 0.25
#: Share of discharges that would fall on a weekend and come before, and by how many days before the
#: Friday at most.
EARLIER, BEFORE_FRIDAY = 0.75, 2
#: Courses of readmission that are looked at for one whose spells do not end at a weekend.
COURSES = 6
#: A stay of fewer days is one episode; between two spells lie at least so many days.
SHORT, APART = 6, 2
#: An index episode that went on longer than this after randomisation was not with the team alone.
LONG = 45
#: Share of the days in care that falls on the last day, relative to the other days.
LATE = 0.45
#: Care that goes on at the end of follow-up lasts so many days more, at most.
BEYOND = 60

#: Service, whether it belongs to the index episode, first and last day from randomisation.
Stay = tuple[str, bool, int, int]


@dataclass(frozen=True, slots=True)
class Person:
    """What the episodes of one participant have to agree with.

    Parameters
    ----------
    index_days
        Days from randomisation to the end of the index episode; 0 if it had ended by then.
    first, days
        Day of the first readmission, and days in care from then on; no readmission if `days` is 0.
    interviewed
        Day of the baseline interview, 0 or before.
    history
        Lifetime admissions; any other word where unknown.
    weekday
        Of randomisation, Monday is 0.
    """

    index_days: int
    first: int
    days: int
    interviewed: int
    history: str
    weekday: int


def draw_episodes(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Every episode of everybody whose records were obtained.

    Returns
    -------
    pandas.DataFrame
        Columns participant_id, service, index_episode, started_on, ended_on; by participant and
        date.
    """
    known = people[people["acute_records_obtained"]]
    shares = _shares_by_centre(rng)
    rows = []
    days0 = known["randomised_on"].to_numpy("datetime64[D]")
    for who, centre, day0, person in zip(
        known["participant_id"], known["centre"], days0, _persons(known), strict=True
    ):
        own = shares[centre]
        rows += [
            (who, service, was, day0 + start, day0 + end)
            for service, was, start, end in (*_index(person, own, rng), *_later(person, own, rng))
        ]
    columns = ["participant_id", "service", "index_episode", "started_on", "ended_on"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(["participant_id", "started_on", "ended_on"], ignore_index=True)


def _shares_by_centre(rng: np.random.Generator) -> dict[str, dict[str, float]]:
    """Not every centre has as many crisis houses as the next."""
    precision = ALIKE * np.array(list(ADMITTING.values()))
    drawn = rng.dirichlet(precision, len(CENTRES)).tolist()
    return {
        centre: dict(zip(ADMITTING, own, strict=True))
        for centre, own in zip(CENTRES, drawn, strict=True)
    }


def _persons(known: pd.DataFrame) -> list[Person]:
    """What the draft says of everybody."""
    numbers = known[["index_days", "days_to_readmission", "readmission_days"]].to_numpy(dtype=int)
    before = (known["baseline_on"] - known["randomised_on"]).dt.days
    return [
        Person(index_days, first, days, interviewed, str(history), weekday)
        for (index_days, first, days), interviewed, history, weekday in zip(
            numbers.tolist(),
            before.tolist(),
            known["lifetime_admissions"],
            known["randomised_on"].dt.day_of_week.tolist(),
            strict=True,
        )
    ]


def _index(person: Person, shares: Mapping[str, float], rng: np.random.Generator) -> Iterator[Stay]:
    """The crisis team's care up to discharge, and what came before or in the middle of it."""
    end = person.index_days or _discharge(person, rng)
    start = min(end, person.interviewed) - WEEK - _length(TEAM_STAY, rng)
    chance = ADMITTED_FIRST.get(person.history, ADMITTED_UNKNOWN)
    if person.history == "never":
        shares = {name: share for name, share in shares.items() if name != WARD}
    if rng.random() < chance:
        start -= _past_friday(person, start - 1, rng)
        handover = start - int(rng.random() > OVERLAP)
        yield _service(shares, rng), True, handover - _length(ADMISSION, rng), handover
    yield TEAM, True, start, end
    if person.index_days > LONG:  # the team keeps on its caseload whom another service takes in
        left = int(rng.integers(1, end))
        left = max(left - _past_friday(person, left, rng), 1)
        yield _service(shares, rng), True, -int(rng.integers(0, WEEK)), left


def _discharge(person: Person, rng: np.random.Generator) -> int:
    """Day of discharge by randomisation: the later the likelier, and seldom on a weekend."""
    end = -int((DISCHARGED + 1) * rng.beta(1.0, 1.8))
    return max(end - _past_friday(person, end, rng), -DISCHARGED)


def _past_friday(person: Person, day: int, rng: np.random.Generator) -> int:
    """Days by which most discharges that would fall on a weekend come earlier."""
    past = (person.weekday + day) % 7 - SATURDAY + 1
    if past <= 0 or rng.random() > EARLIER:
        return 0
    return past + int(rng.integers(0, BEFORE_FRIDAY + 1))


def _length(stay: tuple[int, float, int], rng: np.random.Generator) -> int:
    """Days of one stay: log-normal about its middle."""
    middle, spread, longest = stay
    return int(min(np.exp(np.log(middle) + spread * rng.standard_normal()), longest)) + 1


def _later(person: Person, shares: Mapping[str, float], rng: np.random.Generator) -> Iterator[Stay]:
    for start, end in _course(person, rng) if person.days else ():
        for service, first, last in _services(person, start, end, shares, rng):
            yield service, False, first, last


def _course(person: Person, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Spells of one person, of which few end at a weekend."""
    for _ in range(COURSES):
        spells = list(_spells(person.first, person.days, rng))
        ends = [(person.weekday + end) % 7 for _, end in spells if end < FOLLOW_UP_DAYS]
        if all(day < SATURDAY or rng.random() > EARLIER for day in ends):
            break
    return spells


def _spells(first: int, days: int, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Spells in acute care that take up all days between the first and the end of follow-up.

    In care on the last day are about as many as on any other day late in the year: less than the
    share of days in care, since the first of these days is the first of the time that is looked at.
    """
    left = FOLLOW_UP_DAYS + 1 - first
    free = left - days
    most = min(1 + days // SHORT, 1 + free // APART, MOST)
    count = min(int(rng.geometric(LAST)), most)
    ongoing = free >= APART and days > 1 and rng.random() < LATE * days / left
    count = max(count, 2) if ongoing else count
    cuts = np.sort(rng.choice(np.arange(1, max(days, 2)), count - 1, replace=False))
    lengths = np.diff([0, *cuts.tolist(), days])
    gaps = count - 1 + (not ongoing)
    spare = free - APART * (count - 1)
    shared = rng.multinomial(spare, rng.dirichlet(np.full(gaps, 0.8))) if gaps else np.zeros(0, int)
    start = first
    for length, gap in zip(lengths, [*(shared[: count - 1] + APART), 0], strict=True):
        yield start, start + int(length) - 1
        start += int(length) + int(gap)


def _services(
    person: Person, start: int, end: int, shares: Mapping[str, float], rng: np.random.Generator
) -> Iterator[tuple[str, int, int]]:
    """The services of one spell: the crisis team, an admission, or one and then the team."""
    beyond = end + int(rng.integers(0, BEYOND)) if end == FOLLOW_UP_DAYS else end
    length = end - start + 1
    if length <= SHORT or rng.random() > ADMITTED_AGAIN:
        yield (TEAM if rng.random() < 0.75 else _service(shares, rng)), start, beyond
        return
    if rng.random() > FOLLOWED:
        yield _service(shares, rng), start, beyond
        return
    handover = start + int(rng.integers(length // 3, length - 1))
    handover = max(handover - _past_friday(person, handover, rng), start)
    overlap = int(rng.random() < OVERLAP)
    yield _service(shares, rng), start, handover
    yield TEAM, handover + 1 - overlap, beyond


def _service(shares: Mapping[str, float], rng: np.random.Generator) -> str:
    weight = np.array(list(shares.values()))
    return str(rng.choice(list(shares), p=weight / weight.sum()))
