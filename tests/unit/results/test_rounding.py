"""The one rounding rule, used to print numbers and to read printed ones."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_trial.published.window import read
from core_trial.report.number import fixed
from core_trial.report.styles import LANCET
from core_trial.results.rounding import guarded, rounded, unit


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_what_is_printed_is_read_back_around_the_number(value, decimals):
    text = fixed(value, decimals, LANCET)
    assert read(text).contains(value)


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(2.675, 2, "2.68"), (-2.675, 2, "-2.68"), (-0.004, 2, "0.00"), (0.5 - 4e-10, 0, "1")],
)
def test_ties_round_away_from_nought(value, decimals, text):
    assert str(rounded(value, decimals)) == text


def test_noise_is_cut_nine_digits_beyond_the_last_printed():
    assert guarded(0.1 + 0.2, 0) == Decimal("0.300000000")
    assert guarded(0.3 + 6e-10, 0) == Decimal("0.300000001")
    assert unit(0) == 1
