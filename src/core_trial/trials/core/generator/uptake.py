"""Stage 11: sessions with the peer support worker, and what was done with the workbook.

Counts, denominators and quartiles are exact. Those who are easier to reach and content with the
services come to more sessions, those who were readmitted to fewer; many stop for good, and few come
from a ward. Who came often is likelier to have read the workbook, and who plans in one section of
it tends to plan in the others.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial.declaration.arms import PRINTED_ARMS, Group
from core_trial.synthesis.calendar import on_working_days
from core_trial.synthesis.people import treated
from core_trial.synthesis.samples import order_statistics
from core_trial.synthesis.search import Floats, Impossible, best_of
from core_trial.synthesis.targets import Targets
from core_trial.trials.core.generator.episodes import WARD
from core_trial.trials.core.tables import SESSIONS
from core_trial.trials.core.words import WORKBOOK_SECTIONS, Visit

#: Sessions that count as treated according to the protocol.
PROTOCOL = 3
#: The last participants of a worker who left: a session or two was offered to each. Another one's
#: sessions should be over by then, so many days after randomisation.
WORKER_LEFT, OFFERED = 3, 2
OVER = 110
#: How much contentment and readmission move the number of sessions, in standard deviations.
CONTENT, READMITTED = 0.3, 0.3
#: How much every three sessions attended weigh in having read the workbook.
ENGAGED = 0.4
#: Share of participants who stop rather than miss single sessions, and by how much less likely each
#: session is than the one before in those who do; first to last session in the others.
STOP, FADING, LAPSING = 0.5, 0.6, (1.5, 1.0)
#: How likely a session during a stay on a ward is attended, relative to others.
ON_WARD = 0.15
#: Days from randomisation to the first session: the earliest, then shape and scale of a gamma
#: distribution, and the latest; and how often so many weeks lie between two.
FIRST_SESSION = 3, (2.2, 5.5), 75
WEEKS = {1: 0.8, 2: 0.17, 3: 0.03}


def draw_sessions(people: pd.DataFrame, targets: Targets, rng: np.random.Generator) -> pd.DataFrame:
    """Sessions offered to and attended by each participant of the intervention arm.

    Returns
    -------
    pandas.DataFrame
        Columns sessions_offered and sessions_attended, ``nan`` in the control arm.
    """
    arm = str(Group.INTERVENTION)
    own = people[treated(people) == 1]
    without = own["psw_id"].isna().to_numpy()

    def draw(rng: np.random.Generator) -> tuple[Floats, float]:
        attended = _attendances(len(own), targets, rng)
        wanted = targets.quartiles("sessions", arm)
        got = [attended[list(order_statistics(len(own), q))].mean() for q in (25, 50, 75)]
        return attended, float(np.abs(np.subtract(got, wanted)).sum())

    attended, away = best_of(draw, rng, tries=500)
    if away > 0:
        raise Impossible("no sessions have the printed quartiles and counts")
    order = np.argsort(np.where(without, -np.inf, _reach(own, rng)), kind="stable")
    given, offered = np.empty(len(own)), np.full(len(own), float(SESSIONS))
    given[order] = attended
    given[without] = 0
    left = _left_by_worker(own)
    _give_few(given, left, rng)
    _offer_fewer(given, offered, without, left, targets, rng)
    frame = pd.DataFrame(np.nan, people.index, ["sessions_offered", "sessions_attended"])
    frame.loc[own.index] = np.column_stack([offered, given])
    return frame


def _attendances(n: int, targets: Targets, rng: np.random.Generator) -> Floats:
    """Sessions attended, ascending, with the printed numbers of at least three and of all."""
    arm = str(Group.INTERVENTION)
    many = targets.count("sessions", "n", arm, "at_least_3")
    everything = targets.count("sessions", "n", arm, "all_10")
    few = rng.choice([0, 1, 2], n - many, p=[0.5, 0.28, 0.22])
    some = rng.integers(PROTOCOL, SESSIONS, many - everything)
    return np.sort(np.concatenate([few, some, np.full(everything, SESSIONS)])).astype(float)


def _reach(people: pd.DataFrame, rng: np.random.Generator) -> Floats:
    """How easily each came to sessions, shape (n,)."""
    content = people[f"satisfaction_{Visit.MONTH_4}"]
    content = ((content - content.mean()) / content.std()).fillna(0.0)
    again = people["readmitted"].fillna(0.0)
    held = people[f"interviewed_{Visit.MONTH_4}"]
    steady = held + CONTENT * content - READMITTED * again
    return np.asarray(steady + rng.standard_normal(len(people)))


def _left_by_worker(people: pd.DataFrame) -> np.ndarray:
    """Positions of the last participants of the worker whose leaving disturbs nobody else."""
    day = (people["randomised_on"] - people["randomised_on"].min()).dt.days.to_numpy()
    found: list[tuple[int, int, np.ndarray]] = []
    for _, rows in people.reset_index(drop=True).groupby("psw_id", sort=True):
        ordered = rows.index[np.argsort(day[rows.index], kind="stable")].to_numpy()
        last, earlier = ordered[-WORKER_LEFT:], ordered[:-WORKER_LEFT]
        if len(last) == WORKER_LEFT:
            gap = day[last[0]] - day[earlier[-1]] if len(earlier) else OVER
            found.append((int(np.ptp(day[last]) + max(OVER - gap, 0)), len(found), last))
    if not found:
        raise Impossible(f"no worker has {WORKER_LEFT} participants")
    return min(found)[2]


def _give_few(given: Floats, left: np.ndarray, rng: np.random.Generator) -> None:
    """Let those whose worker left change places with others who came once or twice."""
    few = (given > 0) & (given <= OFFERED)
    few[left] = False
    away = left[(given[left] == 0) | (given[left] > OFFERED)]
    others = rng.choice(np.flatnonzero(few), len(away), replace=False)
    given[away], given[others] = given[others], given[away]


def _offer_fewer(
    given: Floats,
    offered: Floats,
    without: np.ndarray,
    left: np.ndarray,
    targets: Targets,
    rng: np.random.Generator,
) -> None:
    """As many as printed were offered all sessions; the others had no worker, or it ended early."""
    fewer = len(given) - targets.count("sessions", "N", str(Group.INTERVENTION), "all_10")
    ended = ~without & (given < SESSIONS - 1)
    ended[left] = False
    ended = rng.choice(np.flatnonzero(ended), fewer - len(left) - without.sum(), replace=False)
    offered[without] = 0
    offered[left] = OFFERED
    offered[ended] = np.minimum(given[ended] + rng.integers(1, 3, len(ended)), SESSIONS - 1)


def sessions(
    people: pd.DataFrame, episodes: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """A row per session offered, about weekly from soon after randomisation.

    Parameters
    ----------
    people
        The draft.
    episodes
        Acute care, for stays on a ward.
    rng
        Draws days and attendance.

    Returns
    -------
    pandas.DataFrame
        Columns participant_id, session, offered_on, attended.
    """
    held = people[people["sessions_offered"] > 0]
    numbers = held[["sessions_offered", "sessions_attended"]].to_numpy(dtype=int)
    days0 = held["randomised_on"].to_numpy("datetime64[D]")
    wards = episodes[episodes["service"] == WARD].groupby("participant_id", sort=False)
    stays = {who: own[["started_on", "ended_on"]].to_numpy("datetime64[D]") for who, own in wards}
    rows: list[tuple[str, int, np.datetime64, bool]] = []
    for who, day0, (offered, attended) in zip(held["participant_id"], days0, numbers, strict=True):
        weeks = np.cumsum(rng.choice(list(WEEKS), offered, p=list(WEEKS.values())))
        due = day0 + _first_session(rng) + 7 * (weeks - weeks[0])
        days = np.sort(on_working_days(due, rng, earlier=1, later=1))
        weight = FADING ** np.arange(offered)
        if rng.random() > STOP:
            weight = np.linspace(*LAPSING, offered)
        for start, end in stays.get(who, ()):
            weight[(days >= start) & (days <= end)] *= ON_WARD
        came = rng.choice(offered, attended, replace=False, p=weight / weight.sum())
        rows += [(who, k + 1, day, bool(k in came)) for k, day in enumerate(days)]
    return pd.DataFrame(rows, columns=["participant_id", "session", "offered_on", "attended"])


def _first_session(rng: np.random.Generator) -> int:
    """Days from randomisation to the first session."""
    earliest, waiting, latest = FIRST_SESSION
    return int(min(earliest + 1 + rng.gamma(*waiting), latest))


def draw_workbook(people: pd.DataFrame, targets: Targets, rng: np.random.Generator) -> pd.DataFrame:
    """Answers to the questions on the workbook at four months.

    Returns
    -------
    pandas.DataFrame
        Columns workbook_read and one per section, 1, 0 or ``nan`` where not answered.
    """
    names = ["workbook_read", *WORKBOOK_SECTIONS]
    frame = pd.DataFrame(np.nan, people.index, names)
    for arm in PRINTED_ARMS:
        held = (people["arm"] == arm) & people[f"interviewed_{Visit.MONTH_4}"]
        asked = rng.permutation(people.index[held])
        asked = asked[: targets.count("workbook_read", "N", arm)]
        came = people.loc[asked, "sessions_attended"].fillna(0.0).to_numpy()
        keen = ENGAGED * came / PROTOCOL + rng.standard_normal(len(asked))
        asked = asked[np.argsort(-keen, kind="stable")]
        read = asked[: targets.count("workbook_read", "n", arm)]
        frame.loc[asked, "workbook_read"] = 0.0
        frame.loc[read, "workbook_read"] = 1.0
        known, counts = _plans(targets, str(arm), rng)
        # All who had read it were asked for their plans, and some who had not.
        answered = asked[:known]
        frame.loc[answered, list(WORKBOOK_SECTIONS)] = 0.0
        inclined = rng.standard_normal(len(read))
        for section, count in counts.items():
            order = np.argsort(inclined + rng.standard_normal(len(read)), kind="stable")
            frame.loc[read[order[:count]], section] = 1.0
    return frame


def _plans(targets: Targets, arm: str, rng: np.random.Generator) -> tuple[int, dict[str, int]]:
    """How many answered, and planned in each section: the paper prints the least and the most."""
    printed = {s: targets.find_count(s, "n", arm) for s in WORKBOOK_SECTIONS}
    known = next(n for s in WORKBOOK_SECTIONS if (n := targets.find_count(s, "N", arm)) is not None)
    ends = [n for n in printed.values() if n is not None]
    return known, {
        section: int(rng.integers(min(ends) + 1, max(ends))) if n is None else n
        for section, n in printed.items()
    }
