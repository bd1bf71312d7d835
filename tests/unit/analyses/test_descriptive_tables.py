"""Baseline records from a frame of a few rows."""

import numpy as np
import pandas as pd

from core_trial.analyses import baseline
from core_trial.results import Results
from core_trial.trials.core import CORE

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
        **{name: [1.0, 2.0, 4.0, NAN, 7.0, 6.0] for name in baseline.before(CORE)},
    }
)


def test_values_before_randomisation_are_described_where_table_1_has_none():
    found = Results(tuple(baseline.records(CORE, PEOPLE)))
    assert found.value("recovery_baseline", "mean", "intervention") == 4.0
    assert found.value("recovery_baseline", "n", "control") == 2
    assert found.value("cmht_contacts_baseline", "sd", "intervention") == 3.0


def test_baseline_counts_the_known_by_arm_and_in_all():
    found = Results(tuple(baseline.records(CORE, PEOPLE)))
    assert found.value("sex", "n", "control", "male") == 1
    assert found.value("sex", "N", "control", "male") == 2
    assert found.value("sex", "percent", "", "male") == 60.0
    assert found.value("age", "mean", "intervention") == 32.0
    assert found.value("age", "n", "intervention") == 2
    assert found.value("diagnosis", "n", "", "affective") == 2
    assert found.value("diagnosis", "n", "", "non_affective_psychosis") == 2
    assert found.value("diagnosis", "N", "", "affective") == 5
