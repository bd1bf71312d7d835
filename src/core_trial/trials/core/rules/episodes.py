"""Rules on the episodes of acute care."""

from __future__ import annotations

import numpy as np

from core_trial.data.episodes import NEVER, extreme_by_person, running_end
from core_trial.data.folder import Folder, Found, no, yes
from core_trial.declaration.rules import rule
from core_trial.trials.core.words import FOLLOW_UP_DAYS


@rule("acute_episodes.ended_on", "refuse", "a date on or after started_on")
def end_before_start(folder: Folder) -> Found:
    """An episode cannot end before it starts."""
    episodes = folder["acute_episodes"]
    return episodes["ended_on"] < episodes["started_on"]


@rule("acute_episodes.started_on", "refuse", "a date after randomised_on, or index_episode yes")
def episode_before_randomisation(folder: Folder) -> Found:
    """Recruitment followed acute care: what was under way at randomisation is the index episode."""
    days = folder.day("acute_episodes", "started_on")
    return no(folder["acute_episodes"]["index_episode"]) & (days <= 0)


@rule(
    "acute_episodes.started_on", "refuse", "a date on or before randomised_on, or index_episode no"
)
def index_episode_after_randomisation(folder: Folder) -> Found:
    """The index episode led to recruitment; one that starts later would be a readmission."""
    days = folder.day("acute_episodes", "started_on")
    return yes(folder["acute_episodes"]["index_episode"]) & (days > 0) & (days < NEVER)


@rule(
    "acute_episodes.ended_on",
    "refuse",
    "a date less than a year before randomised_on for an index episode",
)
def index_episode_long_over(folder: Folder) -> Found:
    """Participants were recruited on leaving the index episode, not years later."""
    start, end = (folder.day("acute_episodes", name) for name in ("started_on", "ended_on"))
    over = (end < -FOLLOW_UP_DAYS) & (end >= start)
    return yes(folder["acute_episodes"]["index_episode"]) & over


@rule("acute_episodes.participant_id", "refuse", "participants with acute_records_obtained yes")
def episode_without_records(folder: Folder) -> Found:
    """An episode comes from the records; without records there can be none."""
    return no(folder.of_person("acute_episodes", "acute_records_obtained"))


@rule(
    "acute_episodes.started_on",
    "note",
    "episodes that overlap an earlier one of the same participant; their days count once",
)
def overlapping_episodes(folder: Folder) -> Found:
    """Services share people: a ward and a crisis team may care for the same person."""
    episodes = folder["acute_episodes"]
    person = folder.person("acute_episodes")
    start = folder.day("acute_episodes", "started_on")
    end = folder.day("acute_episodes", "ended_on")
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
def episode_within_index_episode(folder: Folder) -> Found:
    """A readmission starts after the end of the index episode."""
    episodes = folder["acute_episodes"]
    person = folder.person("acute_episodes")
    start = folder.day("acute_episodes", "started_on")
    end = folder.day("acute_episodes", "ended_on")
    index = yes(episodes["index_episode"]) & (person >= 0)
    people = len(folder["participants"])
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
def still_on_caseload(folder: Folder) -> Found:
    """Records are drawn on a day on which some are still in care."""
    return folder["acute_episodes"]["ended_on"].isna()


@rule(
    "acute_episodes.started_on",
    "note",
    "episodes that start after the follow-up of a year; they are not counted",
)
def episode_after_follow_up(folder: Folder) -> Found:
    """Outcomes are counted over 365 days from randomisation."""
    days = folder.day("acute_episodes", "started_on")
    return (days > FOLLOW_UP_DAYS) & (days < NEVER)


@rule(
    "participants.participant_id",
    "note",
    "participants with records but without an index episode; it counts as ended by randomisation",
)
def no_index_episode(folder: Folder) -> Found:
    """Everybody was recruited from acute care; its end is what readmission is counted from."""
    people = folder["participants"]
    person = folder.person("acute_episodes")
    index = yes(folder["acute_episodes"]["index_episode"])
    return yes(people["acute_records_obtained"]) & ~np.isin(np.arange(len(people)), person[index])
