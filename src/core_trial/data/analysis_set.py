"""The analysis set: what every analysis is made of, wherever it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from core_trial.data.trial import Note
from core_trial.declaration.trial import Trial
from core_trial.results import FlowCount


@dataclass(frozen=True, eq=False)
class AnalysisSet:
    """A trial's participants with everything that the analyses use.

    Parameters
    ----------
    participants
        A row for each randomised participant, sorted by the declared identifier. The arm is an
        ordered category, the control first, as the trial spells it; the declared membership column
        has a cluster for everybody; outcomes are numbers, of which 0 and 1 say whether something
        happened; unknown values are missing.
    flow
        How many reached each step of the trial, as far as more is known than the participants'
        rows say.
    notes
        What was accepted by rule, or taken from the data, on the way.
    trial
        The declaration, with what it left open filled in from the data.
    tables
        Typed frames from which the rows were derived, by file; empty for a frame.
    """

    participants: pd.DataFrame
    flow: tuple[FlowCount, ...] = ()
    notes: tuple[Note, ...] = ()
    trial: Trial = field(kw_only=True)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict, kw_only=True)

    def __repr__(self) -> str:
        n, k = self.participants.shape
        return f"AnalysisSet({self.trial.label}: {n} participants, {k} columns)"
