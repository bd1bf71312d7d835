"""Stage 11: sessions with the peer support worker, and what was done with the workbook.

Counts, denominators and quartiles are exact. Those who are easier to reach come to more sessions;
those who plan in one section of the workbook tend to plan in the others.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial.data.tables import SESSIONS
from core_trial.synthetic.calendar import on_working_days
from core_trial.synthetic.draft import treated
from core_trial.synthetic.samples import order_statistics
from core_trial.synthetic.search import Floats, Impossible, best_of
from core_trial.synthetic.targets import Targets
from core_trial.vocabulary import PRINTED_ARMS, WORKBOOK_SECTIONS, Arm, Visit

#: Sessions that count as treated according to the protocol.
PROTOCOL = 3
#: Participants to whom a few sessions only were offered, because their worker left.
WORKER_LEFT = 3
#: Days from randomisation to the first session, and how often a week goes by without one.
FIRST_SESSION = (5, 21)
WEEK_LEFT_OUT = 0.15


def draw_sessions(people: pd.DataFrame, targets: Targets, rng: np.random.Generator) -> pd.DataFrame:
    """Sessions offered to and attended by each participant of the intervention arm.

    Returns
    -------
    pandas.DataFrame
        Columns sessions_offered and sessions_attended, ``nan`` in the control arm.
    """
    arm = str(Arm.INTERVENTION)
    rows = people.index[treated(people) == 1]
    without = people.loc[rows, "psw_id"].isna().to_numpy()

    def draw(rng: np.random.Generator) -> tuple[Floats, float]:
        attended = _attendances(len(rows), targets, rng)
        wanted = targets.quartiles("sessions", arm)
        got = [attended[list(order_statistics(len(rows), q))].mean() for q in (25, 50, 75)]
        return attended, float(np.abs(np.subtract(got, wanted)).sum())

    attended, away = best_of(draw, rng, tries=500)
    if away > 0:
        raise Impossible("no sessions have the printed quartiles and counts")
    reach = people.loc[rows, f"interviewed_{Visit.MONTH_4}"] + rng.standard_normal(len(rows))
    order = np.argsort(np.where(without, -np.inf, reach), kind="stable")
    given, offered = np.empty(len(rows)), np.full(len(rows), float(SESSIONS))
    given[order] = attended
    given[without] = 0
    _offer_fewer(given, offered, without, targets, rng)
    frame = pd.DataFrame(np.nan, people.index, ["sessions_offered", "sessions_attended"])
    frame.loc[rows] = np.column_stack([offered, given])
    return frame


def _attendances(n: int, targets: Targets, rng: np.random.Generator) -> Floats:
    """Sessions attended, ascending, with the printed numbers of at least three and of all."""
    arm = str(Arm.INTERVENTION)
    many = targets.count("sessions", "n", arm, "at_least_3")
    everything = targets.count("sessions", "n", arm, "all_10")
    few = rng.choice([0, 1, 2], n - many, p=[0.5, 0.28, 0.22])
    some = rng.integers(PROTOCOL, SESSIONS, many - everything)
    return np.sort(np.concatenate([few, some, np.full(everything, SESSIONS)])).astype(float)


def _offer_fewer(
    given: Floats, offered: Floats, without: np.ndarray, targets: Targets, rng: np.random.Generator
) -> None:
    """As many as printed were offered all sessions; the others had no worker, or it ended early."""
    fewer = len(given) - targets.count("sessions", "N", str(Arm.INTERVENTION), "all_10")
    left = rng.choice(
        np.flatnonzero(~without & (given <= 2) & (given > 0)), WORKER_LEFT, replace=False
    )
    ended = np.flatnonzero(
        ~without & (given < SESSIONS - 1) & ~np.isin(np.arange(len(given)), left)
    )
    ended = rng.choice(ended, fewer - WORKER_LEFT - without.sum(), replace=False)
    offered[without] = 0
    offered[left] = 2
    offered[ended] = np.minimum(given[ended] + rng.integers(1, 3, len(ended)), SESSIONS - 1)


def sessions(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A row per session offered, about weekly from soon after randomisation.

    Returns
    -------
    pandas.DataFrame
        Columns participant_id, session, offered_on, attended.
    """
    held = people[people["sessions_offered"] > 0]
    numbers = held[["sessions_offered", "sessions_attended"]].to_numpy(dtype=int)
    days0 = held["randomised_on"].to_numpy("datetime64[D]")
    rows: list[tuple[str, int, np.datetime64, bool]] = []
    for who, day0, (offered, attended) in zip(held["participant_id"], days0, numbers, strict=True):
        weeks = np.cumsum(rng.choice((1, 2), offered, p=(1 - WEEK_LEFT_OUT, WEEK_LEFT_OUT)))
        first = day0 + rng.integers(*FIRST_SESSION) + 7 * (weeks - weeks[0])
        days = np.sort(on_working_days(first, rng, earlier=1, later=1))
        # Who stops coming tends to stop at the end.
        weight = np.linspace(2.5, 1, offered)
        came = rng.choice(offered, attended, replace=False, p=weight / weight.sum())
        rows += [(who, k + 1, day, bool(k in came)) for k, day in enumerate(days)]
    return pd.DataFrame(rows, columns=["participant_id", "session", "offered_on", "attended"])


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
