"""The people of a trial in the making: one row each, a column more with every stage.

A stage is given the columns that stand and answers with new ones. It cannot change what is there,
so no later stage can undo what an earlier one has calibrated.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial.declaration.arms import Group
from core_trial.synthesis.search import Floats


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


def treated(people: pd.DataFrame) -> Floats:
    """1 for the intervention arm, 0 for the control arm, shape (n,)."""
    return np.where(people["arm"] == Group.INTERVENTION, 1.0, 0.0)


def codes(labels: pd.Series) -> np.ndarray:
    """Labels as integers from 0, shape (n,)."""
    return np.unique(labels.to_numpy(dtype=str), return_inverse=True)[1]
