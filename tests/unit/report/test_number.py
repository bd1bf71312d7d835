"""Numbers as text: half up to the last digit, in either style."""

import math
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_trial.report import number
from core_trial.report.styles import LANCET, PLAIN

NAN = float("nan")


@pytest.mark.parametrize("decimals", [0, 1, 2])
def test_every_thousandth_rounds_half_up(decimals):
    unit = Decimal(1).scaleb(-decimals)
    for k in range(-5000, 5001):
        expected = Decimal(k).scaleb(-3).quantize(unit, rounding=ROUND_HALF_UP)
        assert number.rounded(k / 1000, decimals) == expected, k


@pytest.mark.parametrize(
    ("noisy", "decimals", "text"),
    [
        (100 * 0.145, 0, "15"),  # 14.499999999999998
        (1.1 * 1.5, 1, "1.7"),  # 1.6500000000000001
        (0.1 + 0.2 + 0.055, 2, "0.36"),  # 0.35500000000000004
        (2.675, 2, "2.68"),  # 2.67499999999999982236431605997495353221893310546875
        (2.5 - 4e-10, 0, "3"),  # noise for a number printed whole
        (2.5 - 1e-6, 0, "2"),  # not a tie
    ],
)
def test_a_tie_but_for_noise_is_a_tie(noisy, decimals, text):
    assert number.fixed(noisy, decimals, PLAIN) == text


def test_every_percentage_up_to_the_size_of_the_trial_is_exact():
    for whole in range(1, 442):
        for part in range(whole + 1):
            exact = Fraction(100 * part, whole)
            expected = f"{math.floor(exact + Fraction(1, 2))}%"
            expected = "<1%" if 0 < exact < Fraction(1, 2) else expected
            expected = ">99%" if Fraction(199, 2) <= exact < 100 else expected
            assert number.percent(part, whole, PLAIN) == expected


def test_percentages_take_decimals_and_either_point():
    assert number.percent(1, 8, LANCET, 1) == "12·5%"
    assert number.percent(1, 16, PLAIN, 2) == "6.25%"
    assert number.percent(0, 7, PLAIN, 1) == "0.0%"
    assert number.percent(1, 4410, LANCET, 1) == "<0·1%"
    assert number.percent(4409, 4410, PLAIN, 1) == ">99.9%"


@pytest.mark.parametrize("counts", [(1.5, 3), (-1, 3)])
def test_a_percentage_of_anything_but_counts_is_refused(counts):
    with pytest.raises(ValueError, match="whole number"):
        number.percent(*counts, PLAIN)


@given(st.floats(-1e9, 1e9), st.integers(0, 4))
def test_text_is_within_half_a_unit_and_has_its_decimals(value, decimals):
    text = number.fixed(value, decimals, PLAIN)
    assert abs(Decimal(text) - Decimal(repr(value))) <= Decimal("0.500000002").scaleb(-decimals)
    assert len(text.partition(".")[2]) == decimals


#: The Lancet's decimal point, minus and space between groups of three digits.
SIGNS = str.maketrans({"·": ".", "–": "-", "\u2009": None})


@given(st.floats(allow_nan=False), st.integers(0, 4))
def test_lancet_and_plain_differ_in_signs_alone(value, decimals):
    lancet, plain = (number.fixed(value, decimals, style) for style in (LANCET, PLAIN))
    assert lancet.translate(SIGNS).replace("∞", "infinity") == plain


def test_trailing_zeros_stay_and_zero_has_no_sign():
    assert number.fixed(7.0, 2, LANCET) == "7·00"
    assert number.fixed(-0.001, 2, LANCET) == number.fixed(-0.0, 2, LANCET) == "0·00"


def test_numpy_numbers_are_numbers():
    assert number.fixed(np.float64(0.655), 2, PLAIN) == "0.66"
    assert number.count(np.int64(218), PLAIN) == "218"


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0438, "0·0438"),
        (0.04375, "0·0438"),
        (0.9805, "0·9805"),
        (0.0001, "0·0001"),
        (0.00009999, "<0·0001"),
        (1e-300, "<0·0001"),
        (0.0, "<0·0001"),
        (0.99994, "0·9999"),
        (0.99995, ">0·9999"),
        (1.0, ">0·9999"),
        (NAN, "not estimable"),
    ],
)
def test_p_values_are_never_nought_and_never_one(p, text):
    assert number.p_value(p, LANCET) == text


@pytest.mark.parametrize("p", [-1e-9, 1.0001])
def test_what_is_no_probability_is_refused(p):
    with pytest.raises(ValueError, match="between 0 and 1"):
        number.p_value(p, LANCET)


def test_intervals_in_tables_and_in_text():
    assert number.interval(-0.5, 2.46, 2, LANCET) == "–0·50 to 2·46"
    assert number.interval_in_text(0.434, 0.987, 2, LANCET) == "0·43–0·99"
    assert number.interval_in_text(-0.72, 5.08, 2, LANCET) == "–0·72 to 5·08"
    assert number.interval_in_text(0.434, 0.987, 2, PLAIN) == "0.43 to 0.99"
    assert number.interval(0.4, math.inf, 1, LANCET) == "0·4 to ∞"


def test_a_dash_never_meets_a_minus():
    """A limit that is negative but prints as nought still counts as negative: ``to`` is safe."""
    assert number.interval_in_text(-0.001, 1.0, 2, LANCET) == "0·00 to 1·00"


@pytest.mark.parametrize(
    "text",
    [
        number.fixed(NAN, 2, LANCET),
        number.percent(NAN, 10, LANCET),
        number.percent(0, 0, LANCET),
        number.interval(NAN, 1, 2, LANCET),
        number.fraction(NAN, 10, LANCET),
        number.mean_sd(NAN, NAN, 0, LANCET),
        number.median_iqr(NAN, NAN, NAN, 0, LANCET),
        number.effect(NAN, NAN, NAN, 2, LANCET),
    ],
)
def test_what_is_not_there_says_so(text):
    assert text == "not estimable"


def test_summaries():
    assert number.fraction(0, 219, LANCET) == "0/219 (0%)"
    assert number.fraction(0, 0, LANCET) == "0/0"
    assert number.mean_sd(7.0, 13.4, 2, LANCET, sd_decimals=0) == "7·00 (13)"
    assert number.median_iqr(42.5, 0, 26, 0, LANCET) == "43 (0 to 26)"
    assert number.effect(-1.08, -3.17, 1.01, 2, PLAIN) == "-1.08 (-3.17 to 1.01)"
