"""Rules on the interviews, and on the workbook that they ask about."""

from __future__ import annotations

import numpy as np

from core_trial.data.episodes import NEVER, Ints, Mask, extreme_by_person
from core_trial.data.folder import Folder, Found, is_one_of, no, yes
from core_trial.declaration.rules import rule
from core_trial.trials.core import words
from core_trial.trials.core.words import INSTRUMENTS, Visit

#: First and last day from randomisation on which an interview of each visit can have been held.
DAYS_OF_VISITS = {
    Visit.BASELINE: (-365, 30),
    Visit.MONTH_4: (1, 365),
    Visit.MONTH_18: (366, 1095),
}
#: So many answers that are all alike are not given by two people.
FEWEST_ANSWERS_THAT_TELL_PEOPLE_APART = 30


def _day_of_visit(folder: Folder, visit: Visit) -> Ints:
    """Day of each participant's interview from randomisation, `NEVER` without one."""
    person = folder.person("questionnaires")
    day = folder.day("questionnaires", "completed_on")
    held = is_one_of(folder["questionnaires"]["visit"], visit) & (person >= 0)
    people = len(folder["participants"])
    return extreme_by_person(person[held], day[held], people, first=True, none=NEVER)


def _before_visit(folder: Folder, later: Visit, earlier: Visit) -> Mask:
    """Interviews of one visit that were held before another visit of the same participant."""
    person = folder.person("questionnaires")
    day = folder.day("questionnaires", "completed_on")
    other = _day_of_visit(folder, earlier)
    known = (person >= 0) & is_one_of(folder["questionnaires"]["visit"], later)
    found = np.zeros(len(person), dtype=bool)
    found[known] = (other[person[known]] < NEVER) & (day[known] <= other[person[known]])
    return found


@rule(
    "questionnaires.completed_on", "refuse", "a date after randomised_on for month_4 and month_18"
)
def follow_up_before_randomisation(folder: Folder) -> Found:
    """Follow-up interviews come after randomisation."""
    days = folder.day("questionnaires", "completed_on")
    return is_one_of(folder["questionnaires"]["visit"], *words.FOLLOW_UPS) & (days <= 0)


@rule(
    "questionnaires.completed_on",
    "refuse",
    "a date that this visit can have: baseline up to a year before randomisation and 30 days "
    "after it, month_4 on day 1 to 365, month_18 on day 366 to 1095",
)
def visit_at_another_time(folder: Folder) -> Found:
    """Years before or after its time, an interview has the wrong date or another visit's name."""
    day = folder.day("questionnaires", "completed_on")
    found = np.zeros(len(day), dtype=bool)
    for visit, (first, last) in DAYS_OF_VISITS.items():
        held = is_one_of(folder["questionnaires"]["visit"], visit) & (day < NEVER)
        held &= (day > 0) | (visit == Visit.BASELINE)
        found |= held & ((day < first) | (day > last))
    return found


@rule(
    "questionnaires.participant_id",
    "note",
    "interviews with the same answers as another participant's, item by item",
)
def same_answers_as_another(folder: Folder) -> Found:
    """Two people hardly answer 30 questions alike: one interview may be a copy of the other."""
    names = [name for scale in INSTRUMENTS for name in scale.columns]
    answers = folder["questionnaires"][names]
    enough = answers.notna().sum(axis=1) >= FEWEST_ANSWERS_THAT_TELL_PEOPLE_APART
    alike = answers.astype("float64").duplicated(keep=False)
    return (enough & alike).to_numpy(bool)


@rule("questionnaires.completed_on", "note", "baseline interviews held after randomisation")
def baseline_after_randomisation(folder: Folder) -> Found:
    """The baseline interview comes before allocation is known."""
    days = folder.day("questionnaires", "completed_on")
    return (
        is_one_of(folder["questionnaires"]["visit"], Visit.BASELINE) & (days > 0) & (days < NEVER)
    )


@rule("questionnaires.completed_on", "refuse", "month_4 after baseline, month_18 after both")
def visits_out_of_order(folder: Folder) -> Found:
    """Visits follow one another."""
    return (
        _before_visit(folder, Visit.MONTH_4, Visit.BASELINE)
        | _before_visit(folder, Visit.MONTH_18, Visit.BASELINE)
        | _before_visit(folder, Visit.MONTH_18, Visit.MONTH_4)
    )


@rule(
    "questionnaires.visit", "refuse", "baseline or month_4 for participants of the internal pilot"
)
def pilot_at_month_18(folder: Folder) -> Found:
    """The interview at 18 months came with the amendment after the pilot."""
    pilot = yes(folder.of_person("questionnaires", "internal_pilot"))
    return pilot & is_one_of(folder["questionnaires"]["visit"], Visit.MONTH_18)


@rule(
    "questionnaires", "refuse", "no answers to uls and lsns from participants of the internal pilot"
)
def pilot_with_amended_scales(folder: Folder) -> Found:
    """These two scales came with the amendment after the pilot."""
    pilot = yes(folder.of_person("questionnaires", "internal_pilot"))
    scales = [s for s in INSTRUMENTS if s.name in words.AMENDMENT_INSTRUMENTS]
    names = [name for scale in scales for name in scale.columns]
    answered = np.zeros(len(pilot), dtype=bool)
    for name in names:
        answered |= folder["questionnaires"][name].notna().to_numpy(bool)
    return pilot & answered


@rule("questionnaires", "note", "interviews in which no item was answered")
def empty_interview(folder: Folder) -> Found:
    """An interview counts as held, though no score comes from it."""
    empty = np.ones(len(folder["questionnaires"]), dtype=bool)
    for scale in INSTRUMENTS:
        for name in scale.columns:
            empty &= folder["questionnaires"][name].isna().to_numpy(bool)
    return empty


@rule("participants.participant_id", "note", "participants without a baseline interview")
def no_baseline_interview(folder: Folder) -> Found:
    """Everybody was interviewed before allocation."""
    never: Mask = _day_of_visit(folder, Visit.BASELINE) == NEVER
    return never


@rule(
    "workbook.participant_id",
    "refuse",
    "participants who were interviewed at 4 months",
)
def workbook_without_interview(folder: Folder) -> Found:
    """The questions on the workbook were part of that interview."""
    person = folder.person("workbook")
    held = np.append(_day_of_visit(folder, Visit.MONTH_4) < NEVER, True)
    return ~held[person]


@rule("workbook.read", "note", "participants who made plans in a workbook that they had not read")
def plans_in_unread_workbook(folder: Folder) -> Found:
    """The two answers contradict each other."""
    workbook = folder["workbook"]
    planned = np.zeros(len(workbook), dtype=bool)
    for name in words.WORKBOOK_SECTIONS:
        planned |= yes(workbook[name])
    return no(workbook["read"]) & planned
