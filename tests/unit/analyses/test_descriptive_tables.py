"""Baseline, uptake and safety records from frames of a few rows."""

import numpy as np
import pandas as pd

from core_trial.analyses import baseline, safety, uptake
from core_trial.results import Results

NAN = np.nan
PEOPLE = pd.DataFrame(
    {
        "participant_id": list("abcdef"),
        "arm": ["intervention", "control"] * 3,
        "age": [30.0, 40.0, NAN, 50.0, 34.0, 60.0],
        "psychosis": [True, False, False, True, False, True],
        "sex": ["male", "female", "female", None, "male", "male"],
        "ethnicity": ["white"] * 6,
        "uk_born": ["yes", "no", None, "yes", "yes", "no"],
        "marital_status": ["single"] * 6,
        "diagnosis": [
            "depression",
            "other_psychosis",
            "anxiety",
            None,
            "bipolar_affective",
            "schizophrenia_or_schizoaffective",
        ],
        "lifetime_admissions": ["never"] * 6,
        "crt_periods": ["1"] * 6,
        "sessions_offered": [10.0, NAN, 10.0, NAN, 4.0, NAN],
        "sessions_attended": [10.0, NAN, 3.0, NAN, 2.0, NAN],
        "workbook_read": [1.0, 0.0, 1.0, 1.0, NAN, NAN],
        "plans_moving_on": [1.0, 0.0, 0.0, NAN, NAN, NAN],
        "plans_keeping_well": [0.0] * 6,
        "plans_ups_and_downs": [0.0] * 6,
        "plans_goals": [0.0] * 6,
    }
)


def test_baseline_counts_the_known_by_arm_and_in_all():
    found = Results(tuple(baseline.records(PEOPLE)))
    assert found.value("sex", "n", "control", "male") == 1
    assert found.value("sex", "N", "control", "male") == 2
    assert found.value("sex", "percent", "", "male") == 60.0
    assert found.value("age", "mean", "intervention") == 32.0
    assert found.value("age", "n", "intervention") == 2
    assert found.value("diagnosis", "n", "", "affective") == 2
    assert found.value("diagnosis", "n", "", "non_affective_psychosis") == 2
    assert found.value("diagnosis", "N", "", "affective") == 5
    assert found.value("psychosis", "n", "control") == 2


def test_uptake_counts_protocol_sessions_in_everybody_and_all_ten_in_those_offered_ten():
    found = Results(tuple(uptake.records(PEOPLE)))
    assert found.value("sessions", "n", "intervention", "at_least_3") == 2
    assert found.value("sessions", "N", "intervention", "at_least_3") == 3
    assert found.value("sessions", "n", "intervention", "all_10") == 1
    assert found.value("sessions", "N", "intervention", "all_10") == 2
    assert found.value("sessions", "median", "intervention") == 3.0
    assert found.value("workbook_read", "N", "control") == 2
    assert found.value("plans_moving_on", "percent", "intervention") == 50.0


def test_events_are_counted_by_arm_and_kind():
    events = pd.DataFrame(
        {
            "participant_id": ["a", "b", "b", "d"],
            "category": ["readmission", "death_suicide", "readmission", "death_unclear"],
            "related": [False, False, True, False],
        }
    )
    found = Results(tuple(safety.records(events, PEOPLE)))
    assert found.value("adverse_events", "n") == 4
    assert found.value("adverse_events", "n", "control") == 3
    assert found.value("adverse_events", "n", "control", "deaths") == 2
    assert found.value("adverse_events", "n", "intervention", "deaths") == 0
    assert found.value("adverse_events", "n", "", "related") == 1
