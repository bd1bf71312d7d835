"""Stage 15: the draft as the trial's eight tables, typed as a load of the files would type them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial.data.trial import LoadReport, TrialData
from core_trial.declaration.columns import Column, Integer, Table
from core_trial.declaration.dates import Day
from core_trial.synthesis.targets import Targets
from core_trial.trials.core import CORE
from core_trial.trials.core.generator.episodes import draw_episodes
from core_trial.trials.core.generator.events import screening
from core_trial.trials.core.generator.items import questionnaires
from core_trial.trials.core.generator.uptake import sessions
from core_trial.trials.core.tables import TABLES
from core_trial.trials.core.words import WORKBOOK_SECTIONS


def as_trial(
    people: pd.DataFrame, events: pd.DataFrame, targets: Targets, rng: np.random.Generator
) -> TrialData:
    """The trial that the draft describes; what it leaves open (items, episodes) is drawn here.

    Parameters
    ----------
    people
        The finished draft.
    events
        Serious adverse events.
    targets
        For the counts before randomisation.
    rng
        Draws what the draft leaves open.
    """
    episodes = draw_episodes(people, rng)
    made = {
        "participants": people.assign(uk_born=people["uk_born"].map({"yes": True, "no": False})),
        "acute_episodes": episodes,
        "questionnaires": questionnaires(people, rng),
        "service_use": _service_use(people),
        "sessions": sessions(people, episodes, rng),
        "workbook": _workbook(people),
        "adverse_events": events,
        "screening": screening(targets),
    }
    frames = {table.name: typed(table, made[table.name]) for table in TABLES}
    report = LoadReport(synthetic=True)
    return TrialData(trial=CORE, tables=frames, report=report)


def _service_use(people: pd.DataFrame) -> pd.DataFrame:
    known = people[people["acute_records_obtained"]]
    return known.rename(columns={"cmht_contacts": "cmht_contacts_12m"})


def _workbook(people: pd.DataFrame) -> pd.DataFrame:
    answered = people[people["workbook_read"].notna()].rename(columns={"workbook_read": "read"})
    yes = {
        name: answered[name].map({1.0: True, 0.0: False}) for name in ("read", *WORKBOOK_SECTIONS)
    }
    return answered.assign(**yes)


def typed(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """The declared columns of a table with their declared types."""
    columns = {column.name: _typed(column, frame[column.name]) for column in table.columns}
    return pd.DataFrame({name: pd.Series(values) for name, values in columns.items()})


def _typed(column: Column, values: pd.Series) -> pd.api.extensions.ExtensionArray:
    """Values of one column, parsed ones as the readers would give them."""
    known = [None if pd.isna(value) else value for value in values]
    if isinstance(column.kind, Integer):
        known = [None if value is None else int(value) for value in known]
    if isinstance(column.kind, Day):
        known = [None if value is None else pd.Timestamp(value).date() for value in known]
    return column.kind.array(known)
