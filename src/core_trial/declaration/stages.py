"""What a trial adds to the analyses that every trial has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pandas as pd

    from core_trial.results import Record


class Tables(Protocol):
    """What a trial's own stages see of the data."""

    @property
    def participants(self) -> pd.DataFrame:
        """A row for each randomised participant."""

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """The typed frames from which the participants' rows were derived, by file."""


#: A trial's second derivation: from the cells of every file as text, a blank where nothing stands,
#: to a frame with a row for each participant and to the numbers that only this trial has, by
#: (analysis, statistic, arm, level). It shares no code with the first one.
Second = Callable[
    [Mapping[str, "pd.DataFrame"]],
    tuple["pd.DataFrame", Mapping[tuple[str, str, str, str], float]],
]


@dataclass(frozen=True, slots=True)
class Stage:
    """One part of the analysis that only this trial has: its title, and how its records are made.

    Parameters
    ----------
    title
        Told while it is in work.
    records
        From the trial's data to records.
    """

    title: str
    records: Callable[[Tables], Iterable[Record]]


@dataclass(frozen=True, slots=True)
class Denominator:
    """A number of participants in a table, and the step of the flow that bounds it.

    Parameters
    ----------
    analysis, statistic, level
        Where the number stands.
    step
        The step of the flow.
    exact
        Whether the two must be equal; otherwise the number must not exceed the step.
    """

    analysis: str
    statistic: str
    level: str
    step: str
    exact: bool
