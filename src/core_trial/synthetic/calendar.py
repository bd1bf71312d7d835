"""Working days: nobody is randomised, interviewed or offered a session on a Sunday or at Christmas."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.datetime64]

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


def next_working_day(days: Days) -> Days:
    """Each day itself, or the first working day after it."""
    return np.busday_offset(days, 0, roll="forward", holidays=BANK_HOLIDAYS)


def previous_working_day(days: Days) -> Days:
    """Each day itself, or the last working day before it."""
    return np.busday_offset(days, 0, roll="backward", holidays=BANK_HOLIDAYS)
