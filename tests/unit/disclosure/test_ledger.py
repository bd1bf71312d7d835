"""What can be worked out from totals, and what must go: examples small enough to do by hand."""

import math

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from core_trial.disclosure.ledger import Ledger, Sum, attack, protect
from core_trial.results import Key


def key(name: str) -> Key:
    return Key(name, "n")


A, B, C, D, TOTAL, ARM = map(key, ("a", "b", "c", "d", "total", "arm"))


def ledger(values: dict[Key, int], *sums: Sum, told: set[Key] | None = None) -> Ledger:
    cost = {name: float(name.analysis in ("total", "arm")) * 10 + 1 for name in values}
    return Ledger(values, frozenset(values if told is None else told), sums, cost)


#: 3 + 20 + 30 = 53.
ROW = ledger({A: 3, B: 20, C: 30, TOTAL: 53}, Sum(TOTAL, (A, B, C)))


def test_a_told_count_is_known():
    assert attack(ROW, set(), A) == (3, 3)


def test_one_hidden_count_of_a_sum_is_known_too():
    assert attack(ROW, {A}, A) == (3, 3)


def test_two_hidden_counts_share_what_is_left():
    assert attack(ROW, {A, B}, A) == (0, 23)


def test_a_count_in_no_told_sum_can_be_anything():
    assert attack(ROW, {A, TOTAL}, A) == (0, math.inf)
    assert attack(ledger({A: 3}), {A}, A) == (0, math.inf)


def test_an_implied_count_is_never_told_but_may_be_known():
    implied = ledger({A: 3, B: 20, TOTAL: 23}, Sum(TOTAL, (A, B)), told={A, TOTAL})
    assert attack(implied, set(), B) == (20, 20)


def test_two_equations_together_give_away_what_neither_does():
    """a + b = 10 and a + b + c = 13: c is 3, though a and b are hidden as well."""
    both = ledger({A: 4, B: 6, C: 3, TOTAL: 13, ARM: 10}, Sum(ARM, (A, B)), Sum(TOTAL, (A, B, C)))
    assert attack(both, {A, B, C}, C) == pytest.approx((3, 3))


def test_the_cheapest_companion_goes():
    assert protect(ROW, 5, {A}) == {A, B}


def test_companions_that_are_too_small_together_take_another():
    small = ledger({A: 1, B: 1, C: 30, TOTAL: 32}, Sum(TOTAL, (A, B, C)))
    assert protect(small, 5, {A, B}) == {A, B, C}


def test_a_total_goes_when_nothing_else_is_left():
    pair = ledger({A: 1, B: 2, TOTAL: 3}, Sum(TOTAL, (A, B)))
    assert protect(pair, 5, {A, B, TOTAL}) == {A, B, TOTAL}


def test_nothing_sensitive_hides_nothing():
    assert protect(ROW, 5, set()) == frozenset()


def test_what_proves_unnecessary_is_told_again():
    """Of 1 + 9 + 50, hiding 9 with the 1 is enough; nothing dearer stays hidden."""
    row = ledger({A: 1, B: 9, C: 50, TOTAL: 60}, Sum(TOTAL, (A, B, C)))
    assert protect(row, 5, {A}) == {A, B}


@examples(40)
@given(st.lists(st.integers(0, 15), min_size=2, max_size=6), st.integers(2, 6))
def test_ranges_are_those_of_brute_force(counts, threshold):
    """In one row the range of a hidden count is from 0 to the sum of all that is hidden."""
    names = [key(f"k{i}") for i in range(len(counts))]
    values = dict(zip(names, counts, strict=True))
    row = ledger({**values, TOTAL: sum(counts)}, Sum(TOTAL, tuple(names)))
    small = {name for name, value in values.items() if 0 < value < threshold}
    hidden = protect(row, threshold, small)
    assert small <= hidden
    for name in small:
        low, high = attack(row, hidden, name)
        assert low == pytest.approx(0, abs=1e-6)
        left = math.inf if TOTAL in hidden else sum(values[other] for other in hidden)
        assert high == pytest.approx(left)
        assert high >= threshold - 1e-6
