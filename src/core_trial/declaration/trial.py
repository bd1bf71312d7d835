"""A trial as one value: who was randomised to what, what was measured, and how it is analysed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from core_trial.declaration.arms import Arm, Cluster
from core_trial.declaration.covariates import Categories, Covariate, Number, YesNo
from core_trial.declaration.outcomes import AnyOutcome, Binary, Count, Outcome, Score, Time
from core_trial.errors import DesignError


@dataclass(frozen=True, slots=True)
class Compliers:
    """Who received the intervention, for the effect in those who would take it up.

    Parameters
    ----------
    received
        Column, true or 1 for those who received it, or a number of sessions.
    at_least
        With a number of sessions, how many count as received.
    label
        In words, such as ``"at least three sessions"``.
    """

    received: str
    at_least: float = 1
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a trial is: the one argument by which every other room knows it.

    Parameters
    ----------
    title
        Title of the trial, as it heads the report.
    participant
        Column that identifies the participants.
    arm
        Who was allocated to what.
    outcomes
        In the order of print, the primary outcome first.
    cluster
        Who was treated by whom; None where nobody is clustered.
    strata
        Columns by which randomisation was stratified; models adjust for them unless an outcome
        says otherwise.
    baseline
        Characteristics of Table 1, in its order; a bare column name has everything inferred from
        the data, which the report then says.
    name
        Short name, such as ``"CORE"``; by default the title.
    subgroups
        Baseline columns by which the effect on the primary outcome is told apart.
    compliers
        Who received the intervention.
    missingness
        Columns that may predict who is missing; None for arm, strata and baseline.
    planned_adjustments
        Columns for which the protocol planned to adjust the primary outcome besides.
    confidence
        Coverage of every interval.

    Raises
    ------
    DesignError
        When the declaration contradicts itself; every contradiction is named.
    """

    title: str
    participant: str
    arm: Arm
    outcomes: tuple[AnyOutcome, ...]
    cluster: Cluster | None = None
    strata: tuple[str, ...] = ()
    baseline: tuple[str | Covariate, ...] = ()
    name: str = ""
    subgroups: tuple[str, ...] = ()
    compliers: Compliers | None = None
    missingness: tuple[str, ...] | None = None
    planned_adjustments: tuple[str, ...] = ()
    confidence: float = 0.95

    def __post_init__(self) -> None:
        faults = list(_contradictions(self))
        if faults:
            raise DesignError("the declaration contradicts itself:\n  " + "\n  ".join(faults))

    @property
    def primary(self) -> AnyOutcome | None:
        """The primary outcome; None where none is named."""
        return next((outcome for outcome in self.outcomes if outcome.primary), None)

    def adjusted_for(self, outcome: Outcome) -> tuple[str, ...]:
        """Covariates of an outcome's model beside arm and baseline value."""
        return self.strata if outcome.adjust is None else outcome.adjust


def _contradictions(trial: Trial) -> Iterator[str]:
    if trial.arm.control == trial.arm.intervention:
        yield f"arm: control and intervention are both {trial.arm.control!r}"
    if not trial.outcomes:
        yield "outcomes: there is none"
    for outcome in trial.outcomes:
        yield from _of_outcome(outcome)
    primary = [outcome.key for outcome in trial.outcomes if outcome.primary]
    if len(primary) > 1:
        yield f"outcomes: {' and '.join(primary)} are both primary"
    keys = Counter(outcome.key for outcome in trial.outcomes)
    yield from (f"outcomes: {key!r} is there {n} times" for key, n in keys.items() if n > 1)
    columns = Counter(column_of(item) for item in trial.baseline)
    yield from (f"baseline: {name!r} is there {n} times" for name, n in columns.items() if n > 1)
    if not 0 < trial.confidence < 1:
        yield f"confidence: {trial.confidence} is not between 0 and 1"


def _of_outcome(outcome: AnyOutcome) -> Iterator[str]:
    if not isinstance(outcome, Binary | Score | Time | Count):
        yield f"outcomes: {outcome!r} is none of Binary, Score, Time and Count"
    elif isinstance(outcome, Time) and not outcome.event:
        yield f"outcome {outcome.key!r}: a time needs event=, the column that says how it ended"


def column_of(item: str | Covariate) -> str:
    """Column of a baseline characteristic, however it is declared."""
    return item.column if isinstance(item, Categories | Number | YesNo) else item
