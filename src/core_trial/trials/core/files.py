"""CORE's files: tables, rules and derivations as one declaration."""

from __future__ import annotations

from core_trial.declaration.files import Files
from core_trial.declaration.rules import Rule
from core_trial.trials.core import by_design
from core_trial.trials.core.derive import derive
from core_trial.trials.core.flow import flow_counts
from core_trial.trials.core.rules import episodes, events, interviews, participants
from core_trial.trials.core.tables import TABLES
from core_trial.trials.core.variables import VARIABLES
from core_trial.trials.core.words import INSTRUMENTS

#: The modules of rules, in the order in which they are applied and printed.
TOPICS = (participants, episodes, interviews, events)

FILES = Files(
    tables=TABLES,
    derive=derive,
    flow=flow_counts,
    origin="randomised_on",
    rules=tuple(r for topic in TOPICS for r in vars(topic).values() if isinstance(r, Rule)),
    identifiers=("psw_id", "event_id"),
    by_design=by_design.by_design,
    missing_visits=by_design.missing_visits,
    instruments=INSTRUMENTS,
    variables=VARIABLES,
    name="core-trial",
    title="Participant-level data of a trial laid out like the CORE trial",
)
