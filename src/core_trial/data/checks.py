"""All rules between columns, files and people; and the rules that every file has."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from core_trial.data import episode_rules, event_rules, interview_rules, participant_rules
from core_trial.data.columns import TEXT, Table
from core_trial.data.rules import Files, Found, Rule, rule
from core_trial.data.tables import TABLES

#: Columns that name people and things.
IDENTIFIERS = ("participant_id", "psw_id", "event_id")


def check(files: Files) -> None:
    """Apply every rule; the faults and notes go to the readings of the files."""
    for one in RULES:
        one.apply(files)


def _duplicate(table: Table) -> Rule:
    key = list(table.key)
    named = [name for name in key if table.column(name).required]

    @rule(
        f"{table.name}.{key[0] if len(key) == 1 else ''}",
        "refuse",
        f"one row for each {' and '.join(key)}",
    )
    def duplicate(files: Files) -> Found:
        """Two rows of the same name are a copy of each other, or contradict each other."""
        frame = files[table.name]
        return frame[named].notna().all(axis=1) & frame.duplicated(key, keep=False)

    return duplicate


def _similar_identifier(table: Table, column: str) -> Rule:
    @rule(f"{table.name}.{column}", "refuse", "one spelling of each identifier")
    def similar_identifier(files: Files) -> Found:
        """Identifiers that differ in letter case only are most likely the same."""
        cells = files.readings[table.name].cells
        if cells is None or column not in cells.columns:
            return np.zeros(len(files[table.name]), dtype=bool)
        coded = cells.columns[column]
        folded = pd.Series([text.casefold() for text in coded.texts], dtype=TEXT)
        alike = np.flatnonzero(folded.duplicated(keep=False))
        return np.isin(coded.codes, alike)

    return similar_identifier


def _not_a_participant(table: Table) -> Rule:
    @rule(
        f"{table.name}.participant_id",
        "refuse",
        "an identifier in participants.csv, written the same",
    )
    def not_a_participant(files: Files) -> Found:
        """A record of somebody who is not in the trial belongs to no arm."""
        unknown = files.person(table.name) < 0
        return unknown & files[table.name]["participant_id"].notna() & files.knows_everybody

    return not_a_participant


def _common() -> Iterator[Rule]:
    """The rules that hold for every file alike."""
    for table in TABLES:
        yield _duplicate(table)
        for column in IDENTIFIERS:
            if column in table.header:
                yield _similar_identifier(table, column)
        if table.name != "participants" and "participant_id" in table.header:
            yield _not_a_participant(table)


_BY_TOPIC = (participant_rules, episode_rules, interview_rules, event_rules)
RULES: tuple[Rule, ...] = (
    *_common(),
    *(found for topic in _BY_TOPIC for found in vars(topic).values() if isinstance(found, Rule)),
)
