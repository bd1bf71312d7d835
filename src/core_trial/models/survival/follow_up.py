"""Time to an event: how long each row was followed up, and what ended it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models import design as designs
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
    """

    time: Floats
    event: Floats

    @property
    def n_events(self) -> int:
        """Number of events."""
        return int(self.event.sum())


def follow_up(frame: pd.DataFrame, time: str, event: str) -> FollowUp:
    """Follow-up from two columns of a frame.

    Raises
    ------
    DesignError
        If there are no rows, if a time is missing, infinite or negative, or if an event is not 0
        or 1.
    """
    if len(frame) == 0:
        raise DesignError("the frame has no rows")
    t, d = designs.numeric(frame, time), designs.numeric(frame, event)
    if (t < 0).any():
        raise DesignError(f"column {time!r} has {int((t < 0).sum())} negative times")
    if not np.isin(d, (0.0, 1.0)).all():
        raise DesignError(f"column {event!r} must hold 1 for an event and 0 for censoring")
    return FollowUp(t, d)
