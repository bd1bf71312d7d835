"""What the analyses are made of."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from core_trial.data.trial import Note
from core_trial.results import FlowCount


@dataclass(frozen=True, eq=False)
class AnalysisSet:
    """What the analyses are made of.

    Parameters
    ----------
    participants
        A row for each randomised participant, sorted by identifier; unknown values are missing.
    flow
        How many reached each step of the trial, and how many are left out of the analyses of
        records, by arm.
    notes
        What was accepted by rule when the files were loaded.
    """

    participants: pd.DataFrame
    flow: tuple[FlowCount, ...]
    notes: tuple[Note, ...] = ()
