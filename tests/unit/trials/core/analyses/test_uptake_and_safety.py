"""Uptake, condition and safety records from frames of a few rows."""

import numpy as np
import pandas as pd

from core_trial.data.analysis_set import AnalysisSet
from core_trial.results import Results
from core_trial.trials.core import CORE
from core_trial.trials.core.analyses import condition, safety, uptake

NAN = np.nan
PEOPLE = pd.DataFrame(
    {
        "participant_id": list("abcdef"),
        "arm": ["intervention", "control"] * 3,
        "psw_id": ["p", None, "q", None, "p", None],
        "psychosis": [True, False, False, True, False, True],
        "sessions_offered": [10.0, NAN, 10.0, NAN, 4.0, NAN],
        "sessions_attended": [10.0, NAN, 3.0, NAN, 2.0, NAN],
        "workbook_read": [1.0, 0.0, 1.0, 1.0, NAN, NAN],
        "plans_moving_on": [1.0, 0.0, 0.0, NAN, NAN, NAN],
        "plans_keeping_well": [0.0] * 6,
        "plans_ups_and_downs": [0.0] * 6,
        "plans_goals": [0.0] * 6,
    }
)
DATA = AnalysisSet(PEOPLE, trial=CORE)


def test_condition_is_counted_by_arm():
    found = Results(tuple(condition.records(DATA)))
    assert found.value("psychosis", "n", "control") == 2
    assert found.value("psychosis", "N") == 6


def test_uptake_counts_protocol_sessions_in_everybody_and_all_ten_in_those_offered_ten():
    found = Results(tuple(uptake.records(DATA)))
    assert found.value("sessions", "n", "intervention", "at_least_3") == 2
    assert found.value("sessions", "N", "intervention", "at_least_3") == 3
    assert found.value("sessions", "n", "intervention", "all_10") == 1
    assert found.value("sessions", "N", "intervention", "all_10") == 2
    assert found.value("sessions", "median", "intervention") == 3.0
    assert found.value("workbook_read", "N", "control") == 2
    assert found.value("plans_moving_on", "percent", "intervention") == 50.0


def test_sessions_of_each_worker_are_over_all_participants():
    found = Results(tuple(uptake.records(DATA)))
    held = [found.value("clusters", s, "intervention", "sessions") for s in ("least", "most")]
    assert held == [3.0, 12.0]


def test_participants_with_events_are_out_of_all_randomised():
    events = pd.DataFrame(
        {
            "participant_id": ["a", "b", "b"],
            "category": ["readmission", "death_suicide", "readmission"],
            "related": [False, False, True],
        }
    )
    data = AnalysisSet(PEOPLE, trial=CORE, tables={"adverse_events": events})
    found = Results(tuple(safety.records(data)))
    name = "participants_with_events"
    assert [found.value(name, "n", arm) for arm in ("intervention", "control", "")] == [1, 1, 2]
    assert found.value(name, "N", "control") == 3
    assert found.value(name, "n", "control", "readmission") == 1


def test_events_are_counted_by_arm_and_kind():
    events = pd.DataFrame(
        {
            "participant_id": ["a", "b", "b", "d"],
            "category": ["readmission", "death_suicide", "readmission", "death_unclear"],
            "related": [False, False, True, False],
        }
    )
    data = AnalysisSet(PEOPLE, trial=CORE, tables={"adverse_events": events})
    found = Results(tuple(safety.records(data)))
    assert found.value("adverse_events", "n") == 4
    assert found.value("adverse_events", "n", "control") == 3
    assert found.value("adverse_events", "n", "control", "deaths") == 2
    assert found.value("adverse_events", "n", "intervention", "deaths") == 0
    assert found.value("adverse_events", "n", "", "related") == 1
