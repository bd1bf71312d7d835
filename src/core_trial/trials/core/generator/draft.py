"""Names and categories of the columns of the trial in the making."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial.declaration.arms import MODEL_ARMS
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


def as_analysed(people: pd.DataFrame) -> pd.DataFrame:
    """The draft with its categories as the analysis set has them."""
    present = [name for name in CATEGORIES if name in people.columns]
    coded = {name: pd.Categorical(people[name], CATEGORIES[name]) for name in present}
    return people.assign(**coded)


def standing(people: pd.DataFrame, name: str) -> Floats:
    """An ordered category in standard deviations from the mean, zero where unknown, shape (n,)."""
    steps = pd.Categorical(people[name], CATEGORIES[name]).codes.astype(float)
    known = steps[steps >= 0]
    return np.where(steps >= 0, (steps - known.mean()) / known.std(ddof=1), 0.0)


def column(instrument: Instrument, visit: Visit) -> str:
    """Name of a score."""
    return f"{instrument.outcome}_{visit}"


def answered(instrument: Instrument, visit: Visit) -> str:
    """Name of the column that says whether a questionnaire was answered completely."""
    return f"answered_{instrument.outcome}_{visit}"
