"""Rules on the records of the participants: episodes, interviews, sessions, events."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial import vocabulary as words
from core_trial.data.episodes import NEVER, Ints, Mask, extreme_by_person, running_end
from core_trial.data.rules import Files, Found, no, rule, yes
from core_trial.data.tables import SESSIONS
from core_trial.vocabulary import FOLLOW_UP_DAYS, INSTRUMENTS, Arm, Visit

DEATHS = ("death_suicide", "death_unclear")


def _is(column: pd.Series, *values: str) -> Mask:
    return column.isin([str(value) for value in values]).to_numpy(bool)


# --- acute_episodes.csv ---------------------------------------------------------------------------


@rule(
    "acute_episodes.ended_on",
    "refuse",
    "a date on or after started_on",
)
def end_before_start(files: Files) -> Found:
    """An episode cannot end before it starts."""
    episodes = files["acute_episodes"]
    return episodes["ended_on"] < episodes["started_on"]


@rule(
    "acute_episodes.started_on",
    "refuse",
    "a date after randomised_on, or index_episode yes",
)
def episode_before_randomisation(files: Files) -> Found:
    """Recruitment followed acute care: what was under way at randomisation is the index episode."""
    days = files.day("acute_episodes", "started_on")
    return no(files["acute_episodes"]["index_episode"]) & (days <= 0)


@rule(
    "acute_episodes.started_on",
    "refuse",
    "a date on or before randomised_on, or index_episode no",
)
def index_episode_after_randomisation(files: Files) -> Found:
    """The index episode led to recruitment; one that starts later would be a readmission."""
    days = files.day("acute_episodes", "started_on")
    return yes(files["acute_episodes"]["index_episode"]) & (days > 0) & (days < NEVER)


@rule(
    "acute_episodes.participant_id",
    "refuse",
    "participants with acute_records_obtained yes",
)
def episode_without_records(files: Files) -> Found:
    """An episode comes from the records; without records there can be none."""
    return no(files.of_person("acute_episodes", "acute_records_obtained"))


@rule(
    "acute_episodes.started_on",
    "note",
    "episodes that overlap an earlier one of the same participant; their days count once",
)
def overlapping_episodes(files: Files) -> Found:
    """Services share people: a ward and a crisis team may care for the same person."""
    episodes = files["acute_episodes"]
    person = files.person("acute_episodes")
    start = files.day("acute_episodes", "started_on")
    end = files.day("acute_episodes", "ended_on")
    order, before = running_end(person, start, end)
    overlaps = np.zeros(len(episodes), dtype=bool)
    overlaps[order] = (start[order] <= before) & (start[order] < NEVER) & (person[order] >= 0)
    return overlaps


@rule(
    "acute_episodes.started_on",
    "note",
    "episodes that start before the index episode has ended; they are no readmissions, their days "
    "count as days in acute care",
)
def episode_within_index_episode(files: Files) -> Found:
    """A readmission starts after the end of the index episode."""
    episodes = files["acute_episodes"]
    person = files.person("acute_episodes")
    start = files.day("acute_episodes", "started_on")
    end = files.day("acute_episodes", "ended_on")
    index = yes(episodes["index_episode"]) & (person >= 0)
    people = len(files["participants"])
    index_end = extreme_by_person(person[index], end[index], people, first=False, none=-NEVER)
    known = person >= 0
    within = np.zeros(len(episodes), dtype=bool)
    within[known] = start[known] <= index_end[person[known]]
    return within & no(episodes["index_episode"])


@rule(
    "acute_episodes.ended_on",
    "note",
    "episodes without an end; the participant counts as on the caseload to the end of follow-up",
)
def still_on_caseload(files: Files) -> Found:
    """Records are drawn on a day on which some are still in care."""
    return files["acute_episodes"]["ended_on"].isna()


@rule(
    "acute_episodes.started_on",
    "note",
    "episodes that start after the follow-up of a year; they are not counted",
)
def episode_after_follow_up(files: Files) -> Found:
    """Outcomes are counted over 365 days from randomisation."""
    days = files.day("acute_episodes", "started_on")
    return (days > FOLLOW_UP_DAYS) & (days < NEVER)


@rule(
    "participants.participant_id",
    "note",
    "participants with records but without an index episode; it counts as ended by randomisation",
)
def no_index_episode(files: Files) -> Found:
    """Everybody was recruited from acute care; its end is what readmission is counted from."""
    people = files["participants"]
    person = files.person("acute_episodes")
    index = yes(files["acute_episodes"]["index_episode"])
    return yes(people["acute_records_obtained"]) & ~np.isin(np.arange(len(people)), person[index])


# --- questionnaires.csv ---------------------------------------------------------------------------


def _day_of_visit(files: Files, visit: Visit) -> Ints:
    """Day of each participant's interview from randomisation, `NEVER` without one."""
    person = files.person("questionnaires")
    day = files.day("questionnaires", "completed_on")
    held = _is(files["questionnaires"]["visit"], visit) & (person >= 0)
    people = len(files["participants"])
    return extreme_by_person(person[held], day[held], people, first=True, none=NEVER)


def _before_visit(files: Files, later: Visit, earlier: Visit) -> Mask:
    """Interviews of one visit that were held before another visit of the same participant."""
    person = files.person("questionnaires")
    day = files.day("questionnaires", "completed_on")
    other = _day_of_visit(files, earlier)
    known = (person >= 0) & _is(files["questionnaires"]["visit"], later)
    found = np.zeros(len(person), dtype=bool)
    found[known] = (other[person[known]] < NEVER) & (day[known] <= other[person[known]])
    return found


@rule(
    "questionnaires.completed_on",
    "refuse",
    "a date after randomised_on for month_4 and month_18",
)
def follow_up_before_randomisation(files: Files) -> Found:
    """Follow-up interviews come after randomisation."""
    days = files.day("questionnaires", "completed_on")
    return _is(files["questionnaires"]["visit"], *words.FOLLOW_UPS) & (days <= 0)


@rule(
    "questionnaires.completed_on",
    "note",
    "baseline interviews held after randomisation",
)
def baseline_after_randomisation(files: Files) -> Found:
    """The baseline interview comes before allocation is known."""
    days = files.day("questionnaires", "completed_on")
    return _is(files["questionnaires"]["visit"], Visit.BASELINE) & (days > 0) & (days < NEVER)


@rule(
    "questionnaires.completed_on",
    "refuse",
    "month_4 after baseline, month_18 after both",
)
def visits_out_of_order(files: Files) -> Found:
    """Visits follow one another."""
    return (
        _before_visit(files, Visit.MONTH_4, Visit.BASELINE)
        | _before_visit(files, Visit.MONTH_18, Visit.BASELINE)
        | _before_visit(files, Visit.MONTH_18, Visit.MONTH_4)
    )


@rule(
    "questionnaires.visit",
    "refuse",
    "baseline or month_4 for participants of the internal pilot",
)
def pilot_at_month_18(files: Files) -> Found:
    """The interview at 18 months came with the amendment after the pilot."""
    pilot = yes(files.of_person("questionnaires", "internal_pilot"))
    return pilot & _is(files["questionnaires"]["visit"], Visit.MONTH_18)


@rule(
    "questionnaires",
    "refuse",
    "no answers to uls and lsns from participants of the internal pilot",
)
def pilot_with_amended_scales(files: Files) -> Found:
    """These two scales came with the amendment after the pilot."""
    pilot = yes(files.of_person("questionnaires", "internal_pilot"))
    scales = [s for s in INSTRUMENTS if s.name in words.AMENDMENT_INSTRUMENTS]
    names = [name for scale in scales for name in scale.columns]
    answered = np.zeros(len(pilot), dtype=bool)
    for name in names:
        answered |= files["questionnaires"][name].notna().to_numpy(bool)
    return pilot & answered


@rule(
    "questionnaires",
    "note",
    "interviews in which no item was answered",
)
def empty_interview(files: Files) -> Found:
    """An interview counts as held, though no score comes from it."""
    empty = np.ones(len(files["questionnaires"]), dtype=bool)
    for scale in INSTRUMENTS:
        for name in scale.columns:
            empty &= files["questionnaires"][name].isna().to_numpy(bool)
    return empty


@rule(
    "participants.participant_id",
    "note",
    "participants without a baseline interview",
)
def no_baseline_interview(files: Files) -> Found:
    """Everybody was interviewed before allocation."""
    never: Mask = _day_of_visit(files, Visit.BASELINE) == NEVER
    return never


# --- sessions.csv ---------------------------------------------------------------------------------


@rule(
    "sessions.participant_id",
    "refuse",
    "participants of the intervention arm",
)
def session_for_control(files: Files) -> Found:
    """Sessions with a peer support worker are the intervention."""
    return _is(files.of_person("sessions", "arm"), Arm.CONTROL)


@rule(
    "sessions.offered_on",
    "refuse",
    "a date on or after randomised_on",
)
def session_before_randomisation(files: Files) -> Found:
    """Sessions are offered after allocation."""
    return files.day("sessions", "offered_on") < 0


@rule(
    "sessions.session",
    "note",
    "sessions of participants whose sessions are not numbered 1, 2, 3 and so on",
)
def gap_in_sessions(files: Files) -> Found:
    """A gap may be a lost row."""
    person = np.maximum(files.person("sessions"), -1) + 1
    number = files["sessions"]["session"].to_numpy("int64", na_value=0)
    people = len(files["participants"]) + 1
    last = extreme_by_person(person, number, people, first=False, none=0)
    count: Ints = np.bincount(person, minlength=people)
    gap: Mask = last[person] != count[person]
    return gap


@rule(
    "sessions.offered_on",
    "note",
    "sessions that come before one of a lower number",
)
def sessions_out_of_order(files: Files) -> Found:
    """Sessions are numbered in the order of their offer."""
    person = files.person("sessions")
    day = files.day("sessions", "offered_on")
    number = files["sessions"]["session"].to_numpy("int64", na_value=SESSIONS)
    order = np.lexsort((number, person))
    same = np.diff(person[order], prepend=-2) == 0
    earlier = np.diff(day[order], prepend=0) < 0
    found = np.zeros(len(day), dtype=bool)
    found[order] = same & earlier
    return found


# --- workbook.csv ---------------------------------------------------------------------------------


@rule(
    "workbook.participant_id",
    "note",
    "answers on the workbook from participants without an interview at 4 months",
)
def workbook_without_interview(files: Files) -> Found:
    """The questions on the workbook were part of that interview."""
    person = files.person("workbook")
    held = np.append(_day_of_visit(files, Visit.MONTH_4) < NEVER, True)
    return ~held[person]


@rule(
    "workbook.read",
    "note",
    "participants who made plans in a workbook that they had not read",
)
def plans_in_unread_workbook(files: Files) -> Found:
    """The two answers contradict each other."""
    workbook = files["workbook"]
    planned = np.zeros(len(workbook), dtype=bool)
    for name in words.WORKBOOK_SECTIONS:
        planned |= yes(workbook[name])
    return no(workbook["read"]) & planned


# --- adverse_events.csv ---------------------------------------------------------------------------


def _day_of_death(files: Files, name: str) -> Ints:
    """Day of death of each record's participant, `NEVER` for the living; shape (n,)."""
    events = files["adverse_events"]
    person = files.person("adverse_events")
    day = files.day("adverse_events", "occurred_on")
    died = _is(events["category"], *DEATHS) & (person >= 0)
    people = len(files["participants"])
    death = extreme_by_person(person[died], day[died], people, first=True, none=NEVER)
    return np.append(death, NEVER)[files.person(name)]


@rule(
    "adverse_events.occurred_on",
    "refuse",
    "a date on or after randomised_on",
)
def event_before_randomisation(files: Files) -> Found:
    """Adverse events are events of the trial."""
    return files.day("adverse_events", "occurred_on") < 0


@rule(
    "adverse_events.category",
    "refuse",
    "one death of a participant",
)
def second_death(files: Files) -> Found:
    """Nobody dies twice."""
    events = files["adverse_events"]
    died = pd.Series(_is(events["category"], *DEATHS) & events["participant_id"].notna())
    again = events["participant_id"].where(died).duplicated(keep=False)
    return died & again


@rule(
    "acute_episodes.started_on",
    "refuse",
    "a date not after the participant's death",
)
def episode_after_death(files: Files) -> Found:
    """Nobody is admitted after death."""
    days = files.day("acute_episodes", "started_on")
    return (days > _day_of_death(files, "acute_episodes")) & (days < NEVER)


@rule(
    "questionnaires.completed_on",
    "refuse",
    "a date not after the participant's death",
)
def interview_after_death(files: Files) -> Found:
    """Nobody is interviewed after death."""
    days = files.day("questionnaires", "completed_on")
    return (days > _day_of_death(files, "questionnaires")) & (days < NEVER)


@rule(
    "sessions.attended",
    "refuse",
    "no for sessions after the participant's death",
)
def session_after_death(files: Files) -> Found:
    """Nobody attends after death."""
    days = files.day("sessions", "offered_on")
    late = (days > _day_of_death(files, "sessions")) & (days < NEVER)
    return late & yes(files["sessions"]["attended"])


@rule(
    "adverse_events.occurred_on",
    "refuse",
    "a date not after the participant's death",
)
def event_after_death(files: Files) -> Found:
    """Nothing happens to a participant after death."""
    days = files.day("adverse_events", "occurred_on")
    return (days > _day_of_death(files, "adverse_events")) & (days < NEVER)
