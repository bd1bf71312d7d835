"""Stage 4: on which day. Quartiles pinned, hazard ratio by redrawing what lies between the pins.

The Cox model knows a participant by arm only, so its estimate depends on the days of each arm and
not on who in the arm has which. The standard error, which does, is left to the next stage.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial.declaration.arms import PRINTED_ARMS, Group
from core_trial.synthesis.people import treated
from core_trial.synthesis.targets import Targets
from core_trial.synthesis.times import calibrated_days


def draw_days(people: pd.DataFrame, targets: Targets, rng: np.random.Generator) -> pd.DataFrame:
    """Days to first readmission, censored at the end of follow-up.

    Returns
    -------
    pandas.DataFrame
        Column days_to_readmission, ``nan`` without records.
    """
    known = people["readmitted"].notna()
    arm = treated(people[known])
    event = people.loc[known, "readmitted"].to_numpy()
    quartiles = {
        float(a == Group.INTERVENTION): targets.quartiles("time_to_readmission", a)
        for a in PRINTED_ARMS
    }
    region = targets.region("time_to_readmission", ratio=True)
    days, _ = calibrated_days(arm, event, quartiles, region, rng)
    column = pd.Series(np.nan, index=people.index, name="days_to_readmission")
    column[known] = days
    return column.to_frame()
