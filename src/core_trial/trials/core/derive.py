"""CORE's files to its analysis set: one row for each randomised participant.

Rows are sorted by the participant's identifier, and nothing depends on the order of the rows in the
files.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.data.episodes import NEVER, days_from, days_in_care, extreme_by_person
from core_trial.data.scoring import score
from core_trial.declaration.arms import Group
from core_trial.trials.core import words
from core_trial.trials.core.words import FOLLOW_UP_DAYS, Visit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Columns of participants.csv that describe the participants at baseline.
CHARACTERISTICS = (
    *("sex", "ethnicity", "uk_born", "marital_status", "diagnosis"),
    *("lifetime_admissions", "crt_periods"),
)


def derive(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Every variable that CORE's analyses use, a row for each participant.

    Parameters
    ----------
    tables
        The typed frames, by the name of their file.
    """
    people = tables["participants"].sort_values("participant_id", ignore_index=True)
    parts = [
        _randomisation(people),
        _characteristics(people),
        _acute_care(people, tables["acute_episodes"]),
        _interviews(people, tables["questionnaires"]),
        _contacts(people, tables["service_use"]),
        _sessions(people, tables["sessions"]),
        _workbook(people, tables["workbook"]),
    ]
    made = pd.concat([pd.DataFrame(part) for part in parts], axis=1)
    return made.assign(**_deaths(made, tables["adverse_events"]))


#: How days are counted, for the data dictionary.
DAYS = """\
Day t is the date t days after randomisation. A stay counts its first day, its last day and the days
between; the follow-up is day 1 to day 365. So a stay of one day is one day, whoever is readmitted
has at least one day in acute care, and the days that the index episode takes of the follow-up are
the days from randomisation to its end.
"""

Columns = dict[str, pd.Series | NDArray[np.generic]]


def _randomisation(people: pd.DataFrame) -> Columns:
    """Arm, centre and cluster; without a peer support worker a participant is a cluster of one."""
    return {
        "participant_id": people["participant_id"],
        "centre": people["centre"],
        "arm": people["arm"],
        "psw_id": people["psw_id"],
        "cluster_id": people["psw_id"].fillna(people["participant_id"]),
        "randomised_on": people["randomised_on"],
        "internal_pilot": people["internal_pilot"].to_numpy(bool),
        "acute_records_obtained": people["acute_records_obtained"].to_numpy(bool),
    }


def _characteristics(people: pd.DataFrame) -> Columns:
    yes_no = people["uk_born"].map({True: "yes", False: "no"})
    uk_born = yes_no.astype(pd.CategoricalDtype(list(words.YES_NO)))
    return {
        "psychosis": people["psychosis"].to_numpy(bool),
        "age": _floats(people["age"]),
        **{name: uk_born if name == "uk_born" else people[name] for name in CHARACTERISTICS},
    }


def _acute_care(people: pd.DataFrame, episodes: pd.DataFrame) -> Columns:
    """Readmission and days in acute care; not known without the records."""
    n = len(people)
    person = _rows(people, episodes)
    randomised = people["randomised_on"].take(person).reset_index(drop=True)
    start = days_from(episodes["started_on"].reset_index(drop=True), randomised)
    end = days_from(episodes["ended_on"].reset_index(drop=True), randomised)
    index = episodes["index_episode"].to_numpy(bool)
    index_end = extreme_by_person(person[index], end[index], n, first=False, none=-NEVER)
    later = ~index & (start > index_end[person])
    first = extreme_by_person(person[later], start[later], n, first=True, none=NEVER)
    known = np.where(people["acute_records_obtained"].to_numpy(bool), 1.0, np.nan)
    return {
        "readmitted": known * (first <= FOLLOW_UP_DAYS),
        "days_to_readmission": known * np.minimum(first, FOLLOW_UP_DAYS),
        "acute_days": known * days_in_care(person, start, end, n, last=FOLLOW_UP_DAYS),
        "readmission_days": known
        * days_in_care(person[later], start[later], end[later], n, last=FOLLOW_UP_DAYS),
        "index_days": known * np.clip(index_end, 0, FOLLOW_UP_DAYS),
    }


def _deaths(people: pd.DataFrame, events: pd.DataFrame) -> Columns:
    """Who died within the year of follow-up, and what follows for the time to readmission.

    Until then the dead count as in the paper: not readmitted, and followed up for the whole year.
    """
    deaths = events[events["category"].isin(words.DEATHS)]
    person = _rows(people, deaths)
    randomised = people["randomised_on"].take(person).reset_index(drop=True)
    day = days_from(deaths["occurred_on"].reset_index(drop=True), randomised)
    last = extreme_by_person(person, day, len(people), first=True, none=NEVER)
    died = last <= FOLLOW_UP_DAYS
    readmitted = people["readmitted"].to_numpy(dtype=float)
    return {
        "died": died,
        "readmitted_or_died": np.where(died & ~np.isnan(readmitted), 1.0, readmitted),
        "days_alive_to_readmission": np.minimum(people["days_to_readmission"], last),
    }


def _interviews(people: pd.DataFrame, questionnaires: pd.DataFrame) -> Columns:
    """Which interviews were held, and the scores from them."""
    person = _rows(people, questionnaires)
    scores = {scale: score(questionnaires, scale) for scale in words.INSTRUMENTS}
    held = {visit: (questionnaires["visit"] == str(visit)).to_numpy(bool) for visit in Visit}
    columns: Columns = {
        f"interviewed_{visit}": np.isin(np.arange(len(people)), person[held[visit]])
        for visit in Visit
    }
    columns["main_trial"] = ~people["internal_pilot"].to_numpy(bool)
    columns["expected_month_18"] = ~people["internal_pilot"].to_numpy(bool)
    for scale, points in scores.items():
        for visit in Visit:
            column = f"{scale.outcome}_{visit}"
            columns[column] = _place(len(people), person[held[visit]], points[held[visit]])
    return columns


def _contacts(people: pd.DataFrame, service_use: pd.DataFrame) -> Columns:
    person = _rows(people, service_use)
    names = {
        "cmht_contacts_baseline": "cmht_contacts_baseline",
        "cmht_contacts": "cmht_contacts_12m",
    }
    return {
        name: _place(len(people), person, _floats(service_use[source]))
        for name, source in names.items()
    }


def _sessions(people: pd.DataFrame, sessions: pd.DataFrame) -> Columns:
    """Sessions offered and attended; the control group is offered none."""
    person = _rows(people, sessions)
    attended = sessions["attended"].to_numpy(float)
    offered = np.where(people["arm"] == str(Group.INTERVENTION), 0.0, np.nan)
    return {
        "sessions_offered": offered + np.bincount(person, minlength=len(people)),
        "sessions_attended": offered + np.bincount(person, attended, minlength=len(people)),
    }


def _workbook(people: pd.DataFrame, workbook: pd.DataFrame) -> Columns:
    person = _rows(people, workbook)
    names = {"workbook_read": "read"} | {name: name for name in words.WORKBOOK_SECTIONS}
    return {
        name: _place(len(people), person, _floats(workbook[source]))
        for name, source in names.items()
    }


def _rows(people: pd.DataFrame, frame: pd.DataFrame) -> Ints:
    """Row of each record's participant; shape (n,)."""
    rows: Ints = pd.Index(people["participant_id"]).get_indexer(pd.Index(frame["participant_id"]))
    return rows


def _floats(column: pd.Series) -> Floats:
    return column.to_numpy("float64", na_value=np.nan)


def _place(people: int, person: Ints, values: Floats) -> Floats:
    """The values at their participants' rows, ``nan`` elsewhere; shape (people,)."""
    placed = np.full(people, np.nan)
    placed[person] = values
    return placed
