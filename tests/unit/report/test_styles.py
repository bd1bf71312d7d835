"""Styles: what each journal asks for, at the edges of its rules, and styles of one's own."""

from dataclasses import replace

import pytest

import core_trial as ct
from core_trial.errors import DesignError
from core_trial.report import number
from core_trial.report.styles import (
    BMJ,
    JAMA,
    LANCET,
    NEJM,
    PLAIN,
    STYLES,
    PValues,
    Style,
    style_of,
)


@pytest.mark.parametrize(
    ("style", "p", "text"),
    [
        (LANCET, 0.0001, "p=0·0001"),
        (LANCET, 0.000099, "p<0·0001"),
        (LANCET, 0.0438, "p=0·0438"),
        (NEJM, 0.01, "P=0.01"),
        (NEJM, 0.00999, "P=0.010"),
        (NEJM, 0.001, "P=0.001"),
        (NEJM, 0.00099, "P<0.001"),
        (BMJ, 0.0438, "P=0.04"),
        (JAMA, 0.0438, "P = .04"),
        (JAMA, 0.0496, "P = .0496"),
        (JAMA, 0.05, "P = .05"),
        (JAMA, 0.0009, "P < .001"),
        (JAMA, 0.996, "P > .99"),
        (PLAIN, 0.99996, "p>0.9999"),
    ],
)
def test_p_values(style, p, text):
    assert number.p_in_text(p, style) == text


@pytest.mark.parametrize(
    ("style", "n", "of", "text"),
    [
        (LANCET, 64, 218, "29%"),
        (JAMA, 12, 99, "12%"),
        (JAMA, 12, 100, "12.0%"),
        (JAMA, 1, 2001, "<0.1%"),
        (NEJM, 2000, 2001, ">99.9%"),
        (LANCET, 1, 201, "<1%"),
        (LANCET, 200, 201, ">99%"),
    ],
)
def test_percentages(style, n, of, text):
    assert number.percent(n, of, style) == text


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (LANCET, "0·43–0·99"),
        (BMJ, "0.43 to 0.99"),
        (NEJM, "0.43 to 0.99"),
        (JAMA, "0.43-0.99"),
        (PLAIN, "0.43 to 0.99"),
    ],
)
def test_ranges_in_text(style, text):
    assert number.interval_in_text(0.434, 0.988, 2, style) == text
    assert " to " in number.interval_in_text(-0.434, 0.988, 2, style)


@pytest.mark.parametrize(
    ("style", "n", "text"),
    [
        (LANCET, 10, "ten"),
        (LANCET, 11, "11"),
        (LANCET, 0, "0"),
        (BMJ, 9, "nine"),
        (BMJ, 10, "10"),
        (JAMA, 3, "3"),
    ],
)
def test_small_counts_in_words(style, n, text):
    assert number.count_in_text(n, style) == text
    assert number.count(n, style) == str(n)


@pytest.mark.parametrize(
    ("style", "text"),
    [(LANCET, "12\u2009345·0"), (NEJM, "12,345.0"), (PLAIN, "12345.0")],
)
def test_thousands_are_grouped_from_five_digits(style, text):
    assert number.fixed(12345, 1, style) == text
    assert number.fixed(9999, 0, style) == "9999"


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_minus_is_the_styles_own(style):
    assert number.fixed(-1.08, 1, style) == f"{style.minus}1{style.point}1"


def test_a_style_is_had_by_its_name_and_a_slip_names_the_nearest():
    assert style_of("Lancet") is ct.styles.LANCET
    with pytest.raises(DesignError, match="did you mean 'jama'"):
        style_of("jamma")
    with pytest.raises(DesignError, match="not int"):
        style_of(3)


def test_a_style_of_ones_own():
    mine = replace(LANCET, name="mine", point=",", p=PValues(decimals=((0.001, 3),)))
    assert number.p_in_text(0.0438, mine) == "p=0,044"
    assert number.p_in_text(0.0004, mine) == "p<0,001"


@pytest.mark.parametrize(
    "wrong",
    [
        {"words_up_to": 11},
        {"words_up_to": -1},
        {"columns": (170.0, 85.0)},
        {"columns": (0.0, 85.0)},
    ],
)
def test_what_cannot_be_a_style_is_refused(wrong):
    with pytest.raises(DesignError):
        Style(name="wrong", **wrong)


def test_bounds_of_p_values_fall():
    with pytest.raises(DesignError, match="largest first"):
        PValues(decimals=((0.001, 3), (0.01, 2)))
