"""The trial in the making: one row per participant, a column more with every stage.

A stage is given the columns that stand and answers with new ones. It cannot change what is there,
so no later stage can undo what an earlier one has calibrated.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial.declaration.arms import MODEL_ARMS, Group
from core_trial.declaration.instruments import Instrument
from core_trial.synthesis.search import Floats
from core_trial.trials.core import words
from core_trial.trials.core.words import Visit

CATEGORIES = {
    "arm": [str(arm) for arm in MODEL_ARMS],
    "centre": list(words.CENTRES),
    "sex": list(words.SEX),
    "ethnicity": list(words.ETHNICITY),
    "uk_born": list(words.YES_NO),
    "marital_status": list(words.MARITAL_STATUS),
    "diagnosis": list(words.DIAGNOSIS),
    "lifetime_admissions": list(words.LIFETIME_ADMISSIONS),
    "crt_periods": list(words.CRT_PERIODS),
}


def add(people: pd.DataFrame, columns: pd.DataFrame) -> pd.DataFrame:
    """The draft with a stage's new columns.

    Raises
    ------
    ValueError
        If the stage has changed a column that stood, or left out a participant.
    """
    changed = people.columns.intersection(columns.columns)
    if len(changed) or not columns.index.equals(people.index):
        raise ValueError(f"a stage may only add columns, not change {', '.join(changed)}")
    return pd.concat([people, columns], axis=1)


def as_analysed(people: pd.DataFrame) -> pd.DataFrame:
    """The draft with its categories as the analysis set has them."""
    present = [name for name in CATEGORIES if name in people.columns]
    coded = {name: pd.Categorical(people[name], CATEGORIES[name]) for name in present}
    return people.assign(**coded)


def treated(people: pd.DataFrame) -> Floats:
    """1 for the intervention arm, 0 for the control arm, shape (n,)."""
    return np.where(people["arm"] == Group.INTERVENTION, 1.0, 0.0)


def standing(people: pd.DataFrame, name: str) -> Floats:
    """An ordered category in standard deviations from the mean, zero where unknown, shape (n,)."""
    steps = pd.Categorical(people[name], CATEGORIES[name]).codes.astype(float)
    known = steps[steps >= 0]
    return np.where(steps >= 0, (steps - known.mean()) / known.std(ddof=1), 0.0)


def codes(labels: pd.Series) -> np.ndarray:
    """Labels as integers from 0, shape (n,)."""
    return np.unique(labels.to_numpy(dtype=str), return_inverse=True)[1]


def column(instrument: Instrument, visit: Visit) -> str:
    """Name of a score."""
    return f"{instrument.outcome}_{visit}"


def answered(instrument: Instrument, visit: Visit) -> str:
    """Name of the column that says whether a questionnaire was answered completely."""
    return f"answered_{instrument.outcome}_{visit}"
