"""Rules on sessions and adverse events; after a death nothing follows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial.data.episodes import NEVER, Ints, Mask, extreme_by_person
from core_trial.data.folder import Folder, Found, is_one_of, yes
from core_trial.declaration.arms import Group
from core_trial.declaration.rules import rule
from core_trial.trials.core.tables import SESSIONS
from core_trial.trials.core.words import DEATHS

#: Days from randomisation after which no session was offered, with room to spare.
LAST_DAY_OF_A_SESSION = 730


@rule("sessions.participant_id", "refuse", "participants of the intervention arm")
def session_for_control(folder: Folder) -> Found:
    """Sessions with a peer support worker are the intervention."""
    return is_one_of(folder.of_person("sessions", "arm"), Group.CONTROL)


@rule("sessions.offered_on", "refuse", "a date within two years of randomised_on")
def session_years_later(folder: Folder) -> Found:
    """The sessions took some months; a date years later is a slip."""
    days = folder.day("sessions", "offered_on")
    return (days > LAST_DAY_OF_A_SESSION) & (days < NEVER)


@rule("sessions.offered_on", "refuse", "a date on or after randomised_on")
def session_before_randomisation(folder: Folder) -> Found:
    """Sessions are offered after allocation."""
    return folder.day("sessions", "offered_on") < 0


@rule(
    "sessions.session",
    "note",
    "sessions of participants whose sessions are not numbered 1, 2, 3 and so on",
)
def gap_in_sessions(folder: Folder) -> Found:
    """A gap may be a lost row."""
    person = np.maximum(folder.person("sessions"), -1) + 1
    number = folder["sessions"]["session"].to_numpy("int64", na_value=0)
    people = len(folder["participants"]) + 1
    last = extreme_by_person(person, number, people, first=False, none=0)
    count: Ints = np.bincount(person, minlength=people)
    gap: Mask = last[person] != count[person]
    return gap


@rule("sessions.offered_on", "note", "sessions that come before one of a lower number")
def sessions_out_of_order(folder: Folder) -> Found:
    """Sessions are numbered in the order of their offer."""
    person = folder.person("sessions")
    day = folder.day("sessions", "offered_on")
    number = folder["sessions"]["session"].to_numpy("int64", na_value=SESSIONS)
    order = np.lexsort((number, person))
    same = np.diff(person[order], prepend=-2) == 0
    earlier = np.diff(day[order], prepend=0) < 0
    found = np.zeros(len(day), dtype=bool)
    found[order] = same & earlier
    return found


def _day_of_death(folder: Folder, name: str) -> Ints:
    """Day of death of each record's participant, `NEVER` for the living; shape (n,)."""
    events = folder["adverse_events"]
    person = folder.person("adverse_events")
    day = folder.day("adverse_events", "occurred_on")
    died = is_one_of(events["category"], *DEATHS) & (person >= 0)
    people = len(folder["participants"])
    death = extreme_by_person(person[died], day[died], people, first=True, none=NEVER)
    return np.append(death, NEVER)[folder.person(name)]


@rule("adverse_events.occurred_on", "refuse", "a date on or after randomised_on")
def event_before_randomisation(folder: Folder) -> Found:
    """Adverse events are events of the trial."""
    return folder.day("adverse_events", "occurred_on") < 0


@rule("adverse_events.category", "refuse", "one death of a participant")
def second_death(folder: Folder) -> Found:
    """Nobody dies twice."""
    events = folder["adverse_events"]
    died = pd.Series(is_one_of(events["category"], *DEATHS) & events["participant_id"].notna())
    again = events["participant_id"].where(died).duplicated(keep=False)
    return died & again


@rule("acute_episodes.started_on", "refuse", "a date not after the participant's death")
def episode_after_death(folder: Folder) -> Found:
    """Nobody is admitted after death."""
    days = folder.day("acute_episodes", "started_on")
    return (days > _day_of_death(folder, "acute_episodes")) & (days < NEVER)


@rule("questionnaires.completed_on", "refuse", "a date not after the participant's death")
def interview_after_death(folder: Folder) -> Found:
    """Nobody is interviewed after death."""
    days = folder.day("questionnaires", "completed_on")
    return (days > _day_of_death(folder, "questionnaires")) & (days < NEVER)


@rule("sessions.attended", "refuse", "no for sessions after the participant's death")
def session_after_death(folder: Folder) -> Found:
    """Nobody attends after death."""
    days = folder.day("sessions", "offered_on")
    late = (days > _day_of_death(folder, "sessions")) & (days < NEVER)
    return late & yes(folder["sessions"]["attended"])


@rule("adverse_events.occurred_on", "refuse", "a date not after the participant's death")
def event_after_death(folder: Folder) -> Found:
    """Nothing happens to a participant after death."""
    days = folder.day("adverse_events", "occurred_on")
    return (days > _day_of_death(folder, "adverse_events")) & (days < NEVER)
