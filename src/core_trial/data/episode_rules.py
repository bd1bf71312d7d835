"""Rules on the episodes of acute care."""

from __future__ import annotations

import numpy as np

from core_trial.data.episodes import NEVER, extreme_by_person, running_end
from core_trial.data.rules import Files, Found, no, rule, yes
from core_trial.trials.core.words import FOLLOW_UP_DAYS


@rule("acute_episodes.ended_on", "refuse", "a date on or after started_on")
def end_before_start(files: Files) -> Found:
    """An episode cannot end before it starts."""
    episodes = files["acute_episodes"]
    return episodes["ended_on"] < episodes["started_on"]


@rule("acute_episodes.started_on", "refuse", "a date after randomised_on, or index_episode yes")
def episode_before_randomisation(files: Files) -> Found:
    """Recruitment followed acute care: what was under way at randomisation is the index episode."""
    days = files.day("acute_episodes", "started_on")
    return no(files["acute_episodes"]["index_episode"]) & (days <= 0)


@rule(
    "acute_episodes.started_on", "refuse", "a date on or before randomised_on, or index_episode no"
)
def index_episode_after_randomisation(files: Files) -> Found:
    """The index episode led to recruitment; one that starts later would be a readmission."""
    days = files.day("acute_episodes", "started_on")
    return yes(files["acute_episodes"]["index_episode"]) & (days > 0) & (days < NEVER)


@rule("acute_episodes.participant_id", "refuse", "participants with acute_records_obtained yes")
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
