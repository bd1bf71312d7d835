"""CORE derived a second time: slow, obvious, from the raw cells, with nothing of this library.

A reader can hold each function beside the protocol. Days are counted one by one, people are looked
up one by one, and a total is the sum of its items.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date

import numpy as np
import pandas as pd
from scipy import optimize, stats

#: (analysis, statistic, arm, level): the name of a number.
Name = tuple[str, str, str, str]
Numbers = dict[Name, float]
Row = Mapping[str, str]

DAYS_OF_FOLLOW_UP = 365
VISITS = ("baseline", "month_4", "month_18")
#: Prefix of the items, name of the total, number of items, items worded the other way, and the
#: lowest and highest answer.
QUESTIONNAIRES = (
    ("csq", "satisfaction", 8, (), 1, 4),
    ("imr", "self_management", 15, (), 1, 5),
    ("qpr", "recovery", 22, (), 0, 4),
    ("bprs", "symptoms", 24, (), 1, 7),
    ("uls", "loneliness", 8, (3, 6), 1, 4),
    ("lsns", "social_network", 6, (), 0, 5),
)
PLANS = ("plans_moving_on", "plans_keeping_well", "plans_ups_and_downs", "plans_goals")
EVENTS = (
    *("readmission", "attempted_suicide", "attempted_murder_charge"),
    *("death_suicide", "death_unclear"),
)
ARMS = ("intervention", "control")


def second(files: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, Numbers]:
    """The participants with everything derived, and the numbers that only CORE has.

    Parameters
    ----------
    files
        The cells of every file as text, a blank where nothing stands.

    Returns
    -------
    frame
        A row for each participant; ``nan`` for what is not known.
    numbers
        Counts and summaries by (analysis, statistic, arm, level).
    """
    people: list[dict[str, object]] = [dict(row) for row in _rows(files["participants"])]
    by_person = {name: _by_person(frame) for name, frame in files.items() if name != "screening"}
    for person in people:
        person.update(_of_person({k: str(v) for k, v in person.items()}, by_person))
    for person in people:
        person.update(_with_deaths(person))
    frame = pd.DataFrame(people)
    numbers = _flow(files["screening"], people)
    numbers |= _condition(people) | _recruitment(people, files["questionnaires"])
    numbers |= _index_days(people) | _uptake(people) | _harms(files["adverse_events"], people)
    return frame, numbers | _sample_size()


def _rows(frame: pd.DataFrame) -> Iterable[dict[str, str]]:
    return ({str(k): v for k, v in row.items()} for row in frame.to_dict("records"))


def _by_person(frame: pd.DataFrame) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for row in _rows(frame):
        found.setdefault(row["participant_id"], []).append(row)
    return found


def _of_person(
    person: Row, files: Mapping[str, Mapping[str, list[dict[str, str]]]]
) -> dict[str, object]:
    own = {name: rows.get(person["participant_id"], []) for name, rows in files.items()}
    use = own["service_use"][0] if own["service_use"] else {}
    return {
        "psw_id": person["psw_id"] or math.nan,
        "psychosis": 1.0 if person["psychosis"] == "yes" else 0.0,
        "main_trial": 0.0 if person["internal_pilot"] == "yes" else 1.0,
        **_acute_care(person, own["acute_episodes"]),
        "last_day_alive": _last_day_alive(person, own["adverse_events"]),
        **_interviews(own["questionnaires"]),
        "cmht_contacts_baseline": _number(use.get("cmht_contacts_baseline", "")),
        "cmht_contacts": _number(use.get("cmht_contacts_12m", "")),
        **_sessions(person, own["sessions"]),
        **_workbook(own["workbook"]),
    }


def _number(text: str) -> float:
    return float(text) if text else math.nan


def _acute_care(person: Row, episodes: Iterable[Row]) -> dict[str, float]:
    """Every day from 1 to 365 is asked whether the person was in acute care on it."""
    names = ("readmitted", "days_to_readmission", "acute_days", "readmission_days", "index_days")
    if person["acute_records_obtained"] != "yes":
        return dict.fromkeys(names, math.nan)
    zero = date.fromisoformat(person["randomised_on"])
    stays = [(e["index_episode"] == "yes", *_days(e, zero)) for e in episodes]
    index_end = max((end for index, _, end in stays if index), default=-math.inf)
    later = [(start, end) for index, start, end in stays if not index and start > index_end]
    first = min((start for start, _ in later), default=math.inf)
    return {
        "readmitted": 1.0 if first <= DAYS_OF_FOLLOW_UP else 0.0,
        "days_to_readmission": float(min(first, DAYS_OF_FOLLOW_UP)),
        "acute_days": _days_in_care([(start, end) for _, start, end in stays]),
        "readmission_days": _days_in_care(later),
        "index_days": float(min(max(index_end, 0), DAYS_OF_FOLLOW_UP)),
    }


def _last_day_alive(person: Row, events: Iterable[Row]) -> float:
    """Days from randomisation to death, as the adverse events tell; without end for the living."""
    zero = date.fromisoformat(person["randomised_on"])
    deaths = [e["occurred_on"] for e in events if e["category"].startswith("death_")]
    return min(((date.fromisoformat(day) - zero).days for day in deaths if day), default=math.inf)


def _with_deaths(person: Mapping[str, object]) -> dict[str, object]:
    """What a death within the year changes: the composite outcome, and how long one is seen."""
    last, days = (float(str(person[name])) for name in ("last_day_alive", "days_to_readmission"))
    died, readmitted = last <= DAYS_OF_FOLLOW_UP, float(str(person["readmitted"]))
    unknown = math.isnan(readmitted)
    return {
        "died": died,
        "readmitted_or_died": 1.0 if died and not unknown else readmitted,
        "days_alive_to_readmission": math.nan if unknown else min(days, last),
    }


def _days(episode: Row, zero: date) -> tuple[float, float]:
    """First and last day of an episode; an end that is not known does not come."""
    start, end = (episode[name] for name in ("started_on", "ended_on"))
    begun = (date.fromisoformat(start) - zero).days if start else math.inf
    return begun, (date.fromisoformat(end) - zero).days if end else math.inf


def _days_in_care(stays: Iterable[tuple[float, float]]) -> float:
    stays = list(stays)
    days = range(1, DAYS_OF_FOLLOW_UP + 1)
    return float(sum(any(start <= day <= end for start, end in stays) for day in days))


def _interviews(interviews: Iterable[Row]) -> dict[str, float]:
    found: dict[str, float] = {}
    held = {row["visit"]: row for row in interviews}
    for visit in VISITS:
        found[f"interviewed_{visit}"] = 1.0 if visit in held else 0.0
        for prefix, total, items, turned, low, high in QUESTIONNAIRES:
            answers = [held[visit][f"{prefix}_{k}"] if visit in held else "" for k in _to(items)]
            points = [
                low + high - float(a) if k in turned else float(a)
                for k, a in enumerate(answers, start=1)
                if a
            ]
            found[f"{total}_{visit}"] = sum(points) if len(points) == items else math.nan
    return found


def _to(n: int) -> range:
    return range(1, n + 1)


def _sessions(person: Row, sessions: list[dict[str, str]]) -> dict[str, float]:
    if person["arm"] != "intervention":
        return {"sessions_offered": math.nan, "sessions_attended": math.nan}
    attended = [row for row in sessions if row["attended"] == "yes"]
    return {
        "sessions_offered": float(len(sessions)),
        "sessions_attended": float(len(attended)),
    }


def _workbook(rows: list[dict[str, str]]) -> dict[str, float]:
    own = rows[0] if rows else {}
    names = {"workbook_read": "read", **{name: name for name in PLANS}}
    answer = {"yes": 1.0, "no": 0.0}
    return {name: answer.get(own.get(column, ""), math.nan) for name, column in names.items()}


def _flow(screening: pd.DataFrame, people: list[dict[str, object]]) -> Numbers:
    found: Numbers = {}
    for row in _rows(screening):
        level = f"{row['step']}: {row['reason']}" if row["reason"] else row["step"]
        found["flow", "n", "", level] = float(row["n"])
    steps = _steps(people)
    for step, reached in steps.items():
        of = step not in ("randomised", "pilot", "main_trial")
        for arm in ("", *ARMS):
            inside = [arm in ("", person["arm"]) for person in people]
            n = sum(a and b for a, b in zip(reached, inside, strict=True))
            found["flow", "n", arm, step] = float(n)
            if of:
                found["flow", "N", arm, step] = float(sum(inside))
                found["flow", "percent", arm, step] = 100 * n / sum(inside)
    offered = [p for p in people if p["arm"] == "intervention"]
    received = {
        "allocated_worker": [isinstance(p["psw_id"], str) for p in offered],
        "attended_session": [float(str(p["sessions_attended"])) > 0 for p in offered],
    }
    for step, reached in received.items():
        for (_, statistic, arm, _), value in _share("", "intervention", "", reached).items():
            found["flow", statistic, arm, step] = value
    return found


def _steps(people: list[dict[str, object]]) -> dict[str, list[bool]]:
    pilot = [p["internal_pilot"] == "yes" for p in people]
    known = [p["acute_records_obtained"] == "yes" for p in people]
    month_4 = [p["interviewed_month_4"] == 1 for p in people]
    month_18 = [p["interviewed_month_18"] == 1 for p in people]
    spared = [a and not b for a, b in zip(pilot, month_18, strict=True)]
    return {
        "randomised": [True] * len(people),
        "pilot": pilot,
        "main_trial": [not x for x in pilot],
        "died": [bool(p["died"]) for p in people],
        "primary_outcome_known": known,
        "acute_records_not_obtained": [not x for x in known],
        "interviewed_month_4": month_4,
        "not_interviewed_month_4": [not x for x in month_4],
        "interviewed_month_18": month_18,
        "not_expected_month_18": spared,
        "not_interviewed_month_18": [
            not a and not b for a, b in zip(month_18, spared, strict=True)
        ],
    }


def _share(name: str, arm: str, level: str, values: Iterable[object]) -> Numbers:
    known = [bool(value) for value in values]
    percent = 100 * sum(known) / len(known) if known else math.nan
    numbers = {"n": float(sum(known)), "N": float(len(known)), "percent": percent}
    return {(name, statistic, arm, level): value for statistic, value in numbers.items()}


def _condition(people: list[dict[str, object]]) -> Numbers:
    found: Numbers = {}
    for arm in (*ARMS, ""):
        members = [p["psychosis"] for p in people if arm in ("", p["arm"])]
        found |= _share("psychosis", arm, "", members)
    return found


def _recruitment(people: list[dict[str, object]], interviews: pd.DataFrame) -> Numbers:
    found: Numbers = {("centres", "n", "", ""): float(len({p["centre"] for p in people}))}
    for level, pilot in (("pilot", "yes"), ("main_trial", "no")):
        rows = [p for p in people if p["internal_pilot"] == pilot]
        found["centres", "n", "", level] = float(len({p["centre"] for p in rows}))
        found |= _first_and_last("recruitment", level, [str(p["randomised_on"]) for p in rows])
    for visit in VISITS[1:]:
        held = [r["completed_on"] for r in _rows(interviews) if r["visit"] == visit]
        found |= _first_and_last("interviews", visit, [text for text in held if text])
    return found


def _first_and_last(name: str, level: str, dates: list[str]) -> Numbers:
    days = sorted(date.fromisoformat(text).toordinal() for text in dates)
    if not days:
        return {}
    return {
        (name, "first_date", "", level): float(days[0]),
        (name, "last_date", "", level): float(days[-1]),
    }


def _values(people: list[dict[str, object]], arm: str, name: str) -> list[float]:
    values = [float(str(p[name])) for p in people if p["arm"] == arm]
    return [value for value in values if not math.isnan(value)]


def _mean_sd(name: str, arm: str, values: list[float]) -> Numbers:
    series = pd.Series(values, dtype=float)
    numbers = {"n": float(len(series)), "mean": series.mean(), "sd": series.std()}
    return {(name, statistic, arm, ""): float(value) for statistic, value in numbers.items()}


def _index_days(people: list[dict[str, object]]) -> Numbers:
    found: Numbers = {}
    for arm in ARMS:
        found |= _mean_sd("index_days", arm, _values(people, arm, "index_days"))
    return found


def _uptake(people: list[dict[str, object]]) -> Numbers:
    offered = [p for p in people if p["arm"] == "intervention"]
    attended = _values(people, "intervention", "sessions_attended")
    found = _mean_sd("sessions", "intervention", attended)
    found |= _quartiles("sessions", "", attended) | _workers(offered)
    enough = [float(str(p["sessions_attended"])) >= 3 for p in offered]
    found |= _share("sessions", "intervention", "at_least_3", enough)
    all_ten = [p["sessions_attended"] == 10 for p in offered if p["sessions_offered"] == 10]
    found |= _share("sessions", "intervention", "all_10", all_ten)
    for name in ("workbook_read", *PLANS):
        for arm in ARMS:
            found |= _share(name, arm, "", [v == 1 for v in _values(people, arm, name)])
    return found


def _quartiles(name: str, level: str, values: list[float]) -> Numbers:
    cuts = np.quantile(values, (0.25, 0.5, 0.75), method="averaged_inverted_cdf")
    names = ("q1", "median", "q3")
    return {(name, s, "intervention", level): float(v) for s, v in zip(names, cuts, strict=True)}


def _workers(offered: list[dict[str, object]]) -> Numbers:
    """Sessions held by each worker, one after the other."""
    held: dict[str, float] = {}
    for person in offered:
        if isinstance(person["psw_id"], str):
            before = held.get(person["psw_id"], 0.0)
            held[person["psw_id"]] = before + float(str(person["sessions_attended"]))
    totals = list(held.values())
    if not totals:
        return {}
    extremes = {"least": min(totals), "most": max(totals)}
    found = {("clusters", s, "intervention", "sessions"): value for s, value in extremes.items()}
    return found | _quartiles("clusters", "sessions", totals)


def _harms(events: pd.DataFrame, people: list[dict[str, object]]) -> Numbers:
    arm_of = {str(p["participant_id"]): p["arm"] for p in people}
    found: Numbers = {}
    for arm in (*ARMS, ""):
        rows = [r for r in _rows(events) if arm in ("", arm_of[r["participant_id"]])]
        kinds = [r["category"] for r in rows]
        counts = {
            "": len(rows),
            **{kind: kinds.count(kind) for kind in EVENTS},
            "deaths": sum(kind.startswith("death_") for kind in kinds),
            "related": sum(r["related"] == "yes" for r in rows),
        }
        found |= {("adverse_events", "n", arm, k): float(n) for k, n in counts.items()}
        members = [str(p["participant_id"]) for p in people if arm in ("", p["arm"])]
        for kind in ("", *EVENTS):
            had = [r["participant_id"] for r in rows if kind in ("", r["category"])]
            found |= _share("participants_with_events", arm, kind, [m in had for m in members])
    return found


#: 35 % against 50 %, intraclass correlation 0.03 in the intervention arm, 80 % power at 5 %.
LOW, HIGH, ICC, SIZE, TOTAL = 0.35, 0.50, 0.03, 21, 440


def _per_arm(size: float, *, continuity: bool) -> float:
    """Participants to be analysed in each arm: the textbook's closed form, inflated in one arm."""
    inflation = 1 + (size - 1) * ICC
    z_test, z_power = stats.norm.isf(0.025), stats.norm.isf(0.2)
    mean = (LOW + HIGH) / 2
    null = math.sqrt((inflation + 1) * mean * (1 - mean))
    other = math.sqrt(inflation * LOW * (1 - LOW) + HIGH * (1 - HIGH))
    plain = ((z_test * null + z_power * other) / (HIGH - LOW)) ** 2
    if not continuity:
        return plain
    return plain / 4 * (1 + math.sqrt(1 + 4 / (plain * (HIGH - LOW)))) ** 2


def _sample_size() -> Numbers:
    numbers: dict[tuple[str, str, str], float] = {
        ("n", "", ""): 2 * math.ceil(_per_arm(SIZE, continuity=False)),
        ("percent", "control", ""): 100 * HIGH,
        ("percent", "intervention", ""): 100 * LOW,
        ("power_percent", "", ""): 80.0,
        ("significance_percent", "", ""): 5.0,
        ("allocation", "intervention", ""): 1.0,
        ("allocation", "control", ""): 1.0,
        ("icc", "", ""): ICC,
        ("cluster_size", "", ""): SIZE,
        ("lost_percent", "", ""): 0.0,
    }
    for lost in (0, 10, 20):
        for continuity in (False, True):
            level = f"lost_{lost}" + "_continuity" * continuity
            analysed = TOTAL / 2 * (1 - lost / 100)
            numbers["cluster_size", "", level] = _size_for(analysed, continuity=continuity)
            for size in (5, 10, 15, 20, 25):
                each = _per_arm(size, continuity=continuity) / (1 - lost / 100)
                numbers["n", "", f"size_{size}_{level}"] = 2 * math.ceil(each - 1e-9)
    return {("sample_size", *name): float(value) for name, value in numbers.items()}


def _size_for(analysed: float, *, continuity: bool) -> float:
    """The cluster size at which so many in each arm are just enough."""
    if _per_arm(1, continuity=continuity) > analysed:
        return math.nan
    gap = lambda size: _per_arm(size, continuity=continuity) - analysed  # noqa: E731
    return float(optimize.brentq(gap, 1, analysed, xtol=1e-12))
