"""Windows: every value on a grid of exact decimals, rounded by the decimal module."""

import datetime
import math
from decimal import ROUND_HALF_UP, Decimal

import pytest
from core_paper import load
from hypothesis import given
from hypothesis import strategies as st

from core_trial.published.window import decimals, printed_value, read
from core_trial.report.number import date, fixed
from core_trial.report.styles import LANCET

TEXTS = ["0", "29", "0·66", "–0·72", "–0·01", "0·0438", "7·00", "34·4", "–3·32", "0·00", "100"]


def half_up(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


@pytest.mark.parametrize("text", TEXTS)
def test_a_window_holds_what_rounds_to_the_text_and_nothing_else(text):
    places = decimals(text)
    printed = Decimal(text.replace("·", ".").replace("–", "-"))
    window = read(text)
    for step in range(-120, 121):  # hundredths of the printed unit, ties included
        value = printed + Decimal(step).scaleb(-places - 2)
        assert window.contains(float(value)) == (half_up(value, places) == printed), value


@pytest.mark.parametrize("text", TEXTS)
def test_the_window_knows_its_own_text(text):
    assert printed_value(text) == Decimal(text.replace("·", ".").replace("–", "-"))
    assert read(text).contains(float(printed_value(text)))


def test_percentages_at_ties_round_up_however_they_were_computed():
    """k + 1/2 percent, from every n/N up to 400 that gives it, by three orders of arithmetic."""
    ties = 0
    for N in range(1, 401):
        for n in range(N):
            twice, rest = divmod(200 * n, N)
            if rest == 0 and twice % 2 == 1:
                above, below = read(str(twice // 2 + 1)), read(str(twice // 2))
                for value in (100 * n / N, n / N * 100, 100 * (n / N), 100 - 100 * (1 - n / N)):
                    assert above.contains(value), (n, N, value)
                    assert not below.contains(value), (n, N, value)
                ties += 1
    assert ties > 300
    assert 100 * 0.145 < 14.5  # the noise is there


def test_a_value_below_a_tie_by_more_than_noise_stays_below():
    assert not read("15").contains(14.5 - 1e-8)
    assert read("15").contains(14.5 - 1e-10)
    assert not read("0·66").contains(0.655 - 1e-10)


@given(
    st.floats(-1e4, 1e4, allow_nan=False),
    st.integers(0, 4),
    st.integers(-3, 3),
)
def test_windows_agree_with_the_module_that_prints(value, places, off):
    """A value lies in the window of the text it prints as, and in no neighbouring one."""
    assert read(fixed(value, places, LANCET)).contains(value)
    neighbour = fixed(value + off * 10.0**-places, places, LANCET)
    assert read(neighbour).contains(value) == (neighbour == fixed(value, places, LANCET))


def test_a_bound_holds_everything_below_it():
    window = read("<0·0001")
    assert window.contains(0.0)
    assert window.contains(0.00009999)
    assert not window.contains(0.0001)


def test_number_words_and_dates():
    assert read("seven").contains(7)
    assert not read("seven").contains(7.5)
    assert read("None").contains(0)
    day = datetime.date(2014, 3, 12).toordinal()
    assert read("March 12, 2014").contains(day)
    assert not read("March 12, 2014").contains(day + 1)
    assert read("Nov 12, 2013").contains(datetime.date(2013, 11, 12).toordinal())


def test_dates_are_read_as_they_are_printed():
    for month in range(1, 13):
        ordinal = datetime.date(2015, month, 28).toordinal()
        assert read(date(ordinal)).contains(ordinal)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("around a quarter", [23.6, 25, 28], [20, 33.4]),
        ("About one in seven", [13.4, 100 / 7], [12.5, 16.7]),
        ("one in four", [23.9, 25], [20, 100 / 3]),
        ("nearly 80%", [78, 79.9], [74.9, 80, 81]),
        ("just below 60%", [57.8], [60, 54]),
        ("more than half", [50.1, 100], [50, 49]),
    ],
)
def test_phrases(text, inside, outside):
    assert all(map(read(text).contains, inside))
    assert not any(map(read(text).contains, outside))


def test_a_papers_own_phrases():
    window = read("Persisted", {"persisted": (0.0, 1.0)})
    assert all(map(window.contains, [0.01, 0.99]))
    assert not any(map(window.contains, [0, 1, 1.3]))
    with pytest.raises(ValueError, match="cannot read"):
        read("persisted")


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("<1", [0, 0.99], [1, 2]),
        (">0·9999", [0.99991, 1], [0.9999, 0.5]),
        ("<0·1", [0.05], [0.1]),
        ("3,288", [3287.5, 3288.4], [3288.5, 3]),
        ("3\u2009288", [3288], [3287]),
        ("29.4", [29.35], [29.45]),
    ],
)
def test_bounds_thousands_and_either_point(text, inside, outside):
    assert all(map(read(text).contains, inside))
    assert not any(map(read(text).contains, outside))


def test_one_in_k_counts_in_people():
    """One in 7 is nearer than one in 6 or 8 for 6.5 to 7.5 people per participant."""
    for people in (6.51, 7.0, 7.49):
        assert read("about one in seven").contains(100 / people)
    for people in (6.49, 7.51):
        assert not read("about one in seven").contains(100 / people)


def test_nan_and_infinity_are_in_no_window():
    assert not any(entry.window.contains(math.nan) for entry in load())
    assert not any(entry.window.contains(math.inf) for entry in load())


@pytest.mark.parametrize(
    "text",
    ["", "29%", "1,00", "1000,000", "<", "0.66 to 0.7", "eleventy", "–", "May 31", "Foo 3, 2014"],
)
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(ValueError, match="cannot read"):
        read(text)


def test_overlap_of_different_decimals():
    assert read("0·7").overlaps(read("0·66"))
    assert not read("0·7").overlaps(read("0·64"))
    assert read("seven").overlaps(read("7"))
    assert not read("29").overlaps(read("30"))
    assert not read("0·6").overlaps(read("0·7"))
