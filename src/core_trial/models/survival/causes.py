"""Which of several events ended the follow-up of each row."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Number, Real

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models import columns as read
from core_trial.models.clusters import Ints
from core_trial.models.inference import Floats
from core_trial.models.survival.follow_up import follow_up


@dataclass(frozen=True, slots=True, eq=False)
class Causes:
    """Follow-up of n rows that ends in one of K events, or in censoring.

    Parameters
    ----------
    time
        Shape (n,).
    cause
        0 for censoring, else the number of the event from 1 to K, shape (n,).
    labels
        The K events.
    entry
        When each row came under observation, shape (n,); None where all are from the origin.
    """

    time: Floats
    cause: Ints
    labels: tuple[str, ...]
    entry: Floats | None = None

    def number_of(self, cause: object) -> int:
        """The number of an event by its label.

        Raises
        ------
        DesignError
            If there is no such event.
        """
        if _label(cause) not in self.labels:
            raise DesignError(f"no event {cause!r}; the events are {', '.join(self.labels)}")
        return self.labels.index(_label(cause)) + 1


def causes(
    frame: pd.DataFrame, time: str, event: str, censored: object = 0, entry: str | None = None
) -> Causes:
    """Follow-up with competing events from two or three columns of a frame.

    Parameters
    ----------
    event
        Column with `censored` where nothing happened, and else which event did.
    censored
        The value that stands for censoring.

    Raises
    ------
    DesignError
        For what `follow_up` refuses, if no row has an event, or if `censored` is a number and the
        events are words.
    """
    values = read.column(frame, event)
    if isinstance(censored, Number) and not pd.api.types.is_numeric_dtype(values):
        found = ", ".join(repr(value) for value in values.unique()[:5])
        raise DesignError(
            f"column {event!r} holds {found}: say which of them stands for no event, such as "
            "censored='none'"
        )
    happened = np.asarray(values != censored, dtype=bool)
    if not happened.any():
        raise DesignError(f"column {event!r} holds {censored!r} alone: there is no event")
    observed = follow_up(frame.assign(**{event: happened.astype(float)}), time, event, entry)
    codes, labels = pd.factorize(values[happened], sort=True)
    cause = np.zeros(len(frame), dtype=np.intp)
    cause[happened] = codes + 1
    return Causes(observed.time, cause, tuple(map(_label, labels)), observed.entry)


def _label(cause: object) -> str:
    """An event as text; 1, 1.0 and True are the same event."""
    if isinstance(cause, (Real, np.bool_)) and float(cause).is_integer():
        return str(int(float(cause)))
    return str(cause)
