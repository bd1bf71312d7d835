"""Stays of people by calendar day: first and last days, overlaps, days within a follow-up.

Day t is the date t days after a person's origin. A stay counts its first day, its last day and the
days between; the follow-up is day 1 to its last day. So a stay of one day is one day.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Day of an end or a beginning that is not known to come; beyond every follow-up.
NEVER = 1 << 20


def days_from(dates: pd.Series, origin: pd.Series) -> Ints:
    """Whole days from an origin to a date, `NEVER` where either is missing; shape (n,)."""
    span = dates.to_numpy("datetime64[D]") - origin.to_numpy("datetime64[D]")
    return np.where(np.isnat(span), NEVER, span.astype(np.int64))


def running_end(person: Ints, start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """The last day of everything that the same person began before.

    Parameters
    ----------
    person, start, end
        Person, first day and last day of n stays, shape (n,).

    Returns
    -------
    order
        The stays sorted by person, first day and last day.
    before
        Last day of the earlier stays of the same person, in that order; ``-NEVER`` for the first.
    """
    order = np.lexsort((end, start, person))
    shift = person[order] * (4 * NEVER)
    last = np.maximum.accumulate(np.minimum(end[order], NEVER) + shift)
    before = np.concatenate(([-NEVER], last[:-1] - shift[1:]))[: len(order)]
    return order, np.maximum(before, -NEVER)


def days_in_care(person: Ints, start: Ints, end: Ints, people: int, *, last: int) -> Floats:
    """Days of the follow-up in any stay, overlaps counted once.

    Parameters
    ----------
    person
        Row of the participant, 0 to people - 1, shape (n,).
    start, end
        First and last day of each stay, from the origin, shape (n,).
    people
        Number of participants.
    last
        Last day of the follow-up.

    Returns
    -------
    array, shape (people,)
        Days between 1 and `last`.
    """
    start, end = np.maximum(start, 1), np.minimum(end, last)
    within = start <= end
    person, start, end = person[within], start[within], end[within]
    order, before = running_end(person, start, end)
    fresh = end[order] - np.maximum(start[order] - 1, before)
    return np.bincount(person[order], np.maximum(fresh, 0), minlength=people).astype(np.float64)


def extreme_by_person(person: Ints, day: Ints, people: int, *, first: bool, none: int) -> Ints:
    """The first or last day of every person, `none` for people without one; shape (people,)."""
    found = np.full(people, none, dtype=np.int64)
    (np.minimum if first else np.maximum).at(found, person, day)
    return found
