"""Days in acute care against a calendar on which every day is ticked off."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core_trial.data.episodes import NEVER, days_in_care, extreme_by_person, running_end

PEOPLE = 4
stays = st.lists(
    st.tuples(
        st.integers(0, PEOPLE - 1),
        st.integers(-400, 420),
        st.one_of(st.integers(0, 500), st.just(NEVER)),
    ),
    max_size=12,
)


def arrays(found):
    person = np.array([p for p, _, _ in found], dtype=np.int64)
    start = np.array([s for _, s, _ in found], dtype=np.int64)
    end = np.array([min(s + length, NEVER) for _, s, length in found], dtype=np.int64)
    return person, start, end


@given(stays)
def test_days_in_care_are_the_ticked_days_of_the_year(found):
    person, start, end = arrays(found)
    ticked = [set() for _ in range(PEOPLE)]
    for who, first, last in zip(person, start, end, strict=True):
        ticked[who].update(range(max(first, 1), min(last, 365) + 1))
    assert days_in_care(person, start, end, PEOPLE, last=365).tolist() == [
        len(days) for days in ticked
    ]


@given(stays)
def test_the_running_end_is_the_last_day_of_what_began_before(found):
    person, start, end = arrays(found)
    order, before = running_end(person, start, end)
    seen = {}
    for row, last in zip(order, before, strict=True):
        assert last == seen.get(person[row], -NEVER)
        seen[person[row]] = max(seen.get(person[row], -NEVER), end[row])


@given(stays, st.booleans())
def test_the_extreme_of_a_person_is_theirs(found, first):
    person, start, _ = arrays(found)
    none = NEVER if first else -NEVER
    chosen = extreme_by_person(person, start, PEOPLE, first=first, none=none)
    for who in range(PEOPLE):
        days = start[person == who].tolist()
        assert chosen[who] == ((min if first else max)(days) if days else none)
