"""Working days: no interview on a Sunday, and no session at Christmas."""

from __future__ import annotations

from itertools import count

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.datetime64]
#: After so many draws that all fell on days of rest, a day more is allowed either way.
PATIENCE = 12
#: Number of the weekday, Monday being 0.
SATURDAY = 5

#: Bank holidays in England while the trial ran.
BANK_HOLIDAYS = np.array(
    [
        *("2013-05-06", "2013-05-27", "2013-08-26", "2013-12-25", "2013-12-26", "2014-01-01"),
        *("2014-04-18", "2014-04-21", "2014-05-05", "2014-05-26", "2014-08-25", "2014-12-25"),
        *("2014-12-26", "2015-01-01", "2015-04-03", "2015-04-06", "2015-05-04", "2015-05-25"),
        *("2015-08-31", "2015-12-25", "2015-12-28", "2016-01-01", "2016-03-25", "2016-03-28"),
        *("2016-05-02", "2016-05-30", "2016-08-29", "2016-12-26", "2016-12-27", "2017-01-02"),
    ],
    dtype="datetime64[D]",
)


def working_days(first: np.datetime64, last: np.datetime64) -> Days:
    """Every working day from `first` to `last`, both included."""
    days = np.arange(first, last + np.timedelta64(1, "D"), dtype="datetime64[D]")
    return days[np.is_busday(days, holidays=BANK_HOLIDAYS)]


def on_working_days(
    days: Days, rng: np.random.Generator, *, earlier: int = 3, later: int = 3
) -> Days:
    """Each day moved to a working day near it, no weekday preferred.

    Parameters
    ----------
    days
        Shape (n,).
    rng
        Draws by how much.
    earlier, later
        How many days a day may move either way; a week in all finds a working day, but for a few
        days around Christmas, where it takes more.
    """
    moved = np.asarray(days, dtype="datetime64[D]").copy()
    resting = np.arange(len(moved))
    for tries in count():
        if len(resting) == 0:
            break
        before, after = (reach and reach + tries // PATIENCE for reach in (earlier, later))
        moved[resting] = days[resting] + rng.integers(-before, after + 1, len(resting))
        resting = resting[~np.is_busday(moved[resting], holidays=BANK_HOLIDAYS)]
    return moved
