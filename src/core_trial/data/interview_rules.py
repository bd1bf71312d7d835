"""Rules on the interviews, and on the workbook that they ask about."""

from __future__ import annotations

import numpy as np

from core_trial.data.episodes import NEVER, Ints, Mask, extreme_by_person
from core_trial.data.rules import Files, Found, is_one_of, no, rule, yes
from core_trial.trials.core import words
from core_trial.trials.core.words import INSTRUMENTS, Visit


def _day_of_visit(files: Files, visit: Visit) -> Ints:
    """Day of each participant's interview from randomisation, `NEVER` without one."""
    person = files.person("questionnaires")
    day = files.day("questionnaires", "completed_on")
    held = is_one_of(files["questionnaires"]["visit"], visit) & (person >= 0)
    people = len(files["participants"])
    return extreme_by_person(person[held], day[held], people, first=True, none=NEVER)


def _before_visit(files: Files, later: Visit, earlier: Visit) -> Mask:
    """Interviews of one visit that were held before another visit of the same participant."""
    person = files.person("questionnaires")
    day = files.day("questionnaires", "completed_on")
    other = _day_of_visit(files, earlier)
    known = (person >= 0) & is_one_of(files["questionnaires"]["visit"], later)
    found = np.zeros(len(person), dtype=bool)
    found[known] = (other[person[known]] < NEVER) & (day[known] <= other[person[known]])
    return found


@rule(
    "questionnaires.completed_on", "refuse", "a date after randomised_on for month_4 and month_18"
)
def follow_up_before_randomisation(files: Files) -> Found:
    """Follow-up interviews come after randomisation."""
    days = files.day("questionnaires", "completed_on")
    return is_one_of(files["questionnaires"]["visit"], *words.FOLLOW_UPS) & (days <= 0)


@rule("questionnaires.completed_on", "note", "baseline interviews held after randomisation")
def baseline_after_randomisation(files: Files) -> Found:
    """The baseline interview comes before allocation is known."""
    days = files.day("questionnaires", "completed_on")
    return is_one_of(files["questionnaires"]["visit"], Visit.BASELINE) & (days > 0) & (days < NEVER)


@rule("questionnaires.completed_on", "refuse", "month_4 after baseline, month_18 after both")
def visits_out_of_order(files: Files) -> Found:
    """Visits follow one another."""
    return (
        _before_visit(files, Visit.MONTH_4, Visit.BASELINE)
        | _before_visit(files, Visit.MONTH_18, Visit.BASELINE)
        | _before_visit(files, Visit.MONTH_18, Visit.MONTH_4)
    )


@rule(
    "questionnaires.visit", "refuse", "baseline or month_4 for participants of the internal pilot"
)
def pilot_at_month_18(files: Files) -> Found:
    """The interview at 18 months came with the amendment after the pilot."""
    pilot = yes(files.of_person("questionnaires", "internal_pilot"))
    return pilot & is_one_of(files["questionnaires"]["visit"], Visit.MONTH_18)


@rule(
    "questionnaires", "refuse", "no answers to uls and lsns from participants of the internal pilot"
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


@rule("questionnaires", "note", "interviews in which no item was answered")
def empty_interview(files: Files) -> Found:
    """An interview counts as held, though no score comes from it."""
    empty = np.ones(len(files["questionnaires"]), dtype=bool)
    for scale in INSTRUMENTS:
        for name in scale.columns:
            empty &= files["questionnaires"][name].isna().to_numpy(bool)
    return empty


@rule("participants.participant_id", "note", "participants without a baseline interview")
def no_baseline_interview(files: Files) -> Found:
    """Everybody was interviewed before allocation."""
    never: Mask = _day_of_visit(files, Visit.BASELINE) == NEVER
    return never


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


@rule("workbook.read", "note", "participants who made plans in a workbook that they had not read")
def plans_in_unread_workbook(files: Files) -> Found:
    """The two answers contradict each other."""
    workbook = files["workbook"]
    planned = np.zeros(len(workbook), dtype=bool)
    for name in words.WORKBOOK_SECTIONS:
        planned |= yes(workbook[name])
    return no(workbook["read"]) & planned
