"""Time to an event: how long each row was followed up, and what ended it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.errors import DesignError
from core_trial.models import clusters as who
from core_trial.models import columns as read
from core_trial.models.clusters import Ints
from core_trial.models.inference import Floats


@dataclass(frozen=True, slots=True, eq=False)
class FollowUp:
    """Follow-up of n rows.

    Parameters
    ----------
    time
        Time from the origin to the event or to censoring, shape (n,), not negative. Times are tied
        when they are equal to the last digit.
    event
        1 for an event, 0 for censoring, shape (n,).
    entry
        When each row came under observation, shape (n,), before its time: it is at risk for events
        after that. None where all are observed from the origin.
    """

    time: Floats
    event: Floats
    entry: Floats | None = None

    def of(self, rows: Ints | NDArray[np.bool_]) -> FollowUp:
        """Follow-up of some of the rows, by index or mask."""
        entry = None if self.entry is None else self.entry[rows]
        return FollowUp(self.time[rows], self.event[rows], entry)

    @property
    def n_events(self) -> int:
        """Number of events."""
        return int(self.event.sum())


def follow_up(frame: pd.DataFrame, time: str, event: str, entry: str | None = None) -> FollowUp:
    """Follow-up from two or three columns of a frame.

    Raises
    ------
    DesignError
        If there are no rows, if a time is missing, infinite or negative, if an event is not 0
        or 1, or if somebody enters at or after the end of their time.
    """
    if len(frame) == 0:
        raise DesignError("the frame has no rows")
    t, d = _times(frame, time), read.numeric(frame, event)
    if not np.isin(d, (0.0, 1.0)).all():
        raise DesignError(f"column {event!r} must hold 1 for an event and 0 for censoring")
    if entry is None:
        return FollowUp(t, d)
    start = _times(frame, entry)
    empty = int((start >= t).sum())
    if empty:
        raise DesignError(
            f"{empty} row{'s' if empty > 1 else ''} with {entry!r} at or after {time!r}: a row is "
            f"at risk after {entry!r}, up to and including {time!r}; leave out rows without time "
            "at risk"
        )
    return FollowUp(t, d, start if start.any() else None)


def _times(frame: pd.DataFrame, name: str) -> Floats:
    values = read.numeric(frame, name)
    negative = int((values < 0).sum())
    if negative:
        raise DesignError(f"column {name!r} has {negative} negative times")
    return values


@dataclass(frozen=True, slots=True, eq=False)
class Strata:
    """Strata of n rows.

    Parameters
    ----------
    codes
        Stratum of each row as an integer from 0, shape (n,).
    names
        The columns whose combinations they are.
    levels
        The values of those columns in each stratum.
    """

    codes: Ints
    names: tuple[str, ...]
    levels: tuple[tuple[object, ...], ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Each stratum in words: its level, or ``"sex = 1, centre = A"`` for several columns."""
        if len(self.names) == 1:
            return tuple(str(level[0]) for level in self.levels)
        pairs = (zip(self.names, level, strict=True) for level in self.levels)
        return tuple(", ".join(f"{name} = {value}" for name, value in pair) for pair in pairs)


def strata_of(frame: pd.DataFrame, strata: str | Sequence[str] | None) -> Strata | None:
    """Strata from one column, or of every combination of several; None without.

    Raises
    ------
    DesignError
        If a column is not there or has missing values, or the names are no names.
    """
    names = [name for name in strata_arguments(strata).values() if name]
    if not names:
        return None
    columns = [who.groups(frame, name) for name in names]
    found, codes = np.unique(
        np.column_stack([c.codes for c in columns]), axis=0, return_inverse=True
    )
    levels = [
        tuple(c.labels[k] for c, k in zip(columns, row, strict=True)) for row in found.tolist()
    ]
    return Strata(codes.reshape(-1).astype(np.intp), tuple(names), tuple(levels))


def strata_arguments(strata: str | Sequence[str] | None) -> dict[str, Any]:
    """The columns of strata as arguments of `core_trial.models.design.sample`."""
    if strata is None or isinstance(strata, str):
        return {"strata": strata or None}
    if not isinstance(strata, Sequence) or not all(isinstance(name, str) for name in strata):
        raise DesignError(f"strata must be a column's name, or several, not {strata!r}")
    return {f"strata[{k}]": name for k, name in enumerate(strata)}


def strata_codes(frame: pd.DataFrame, strata: str | Sequence[str] | None) -> Ints | None:
    """Stratum of each row as an integer, shape (n,); None without strata. See `strata_of`."""
    found = strata_of(frame, strata)
    return None if found is None else found.codes
