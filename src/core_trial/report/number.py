"""The only place where a number becomes text.

Numbers round by the rule of `results.rounding`. Percentages are made from their counts in whole
numbers, so that no noise of a float comes in.
"""

from __future__ import annotations

import datetime
import math
from decimal import Decimal

from core_trial.report.styles import JAMA, LANCET, PLAIN, WORDS, Style  # noqa: F401 (examples)
from core_trial.results.rounding import MONTHS, rounded, unit

#: Digits from which a number is divided into groups of three.
_GROUPED_DIGITS = 5


def fixed(value: float, decimals: int, style: Style) -> str:
    """A number with fixed decimals, trailing zeros kept.

    Examples
    --------
    >>> fixed(-1.08, 2, LANCET), fixed(2.9, 2, PLAIN), fixed(float("nan"), 2, PLAIN)
    ('–1·08', '2.90', 'not estimable')
    """
    if math.isnan(value):
        return style.not_estimable
    if math.isinf(value):
        return (style.minus if value < 0 else "") + style.infinity
    exact = rounded(value, decimals)
    return (style.minus if exact < 0 else "") + _spelt(abs(exact), style)


def _spelt(exact: Decimal, style: Style) -> str:
    """Digits with the style's decimal point, and in groups of three where there are many."""
    whole, dot, part = f"{exact:f}".partition(".")
    if len(whole) >= _GROUPED_DIGITS:
        whole = f"{int(whole):,}".replace(",", style.thousands)
    return whole + dot.replace(".", style.point) + part


def count(n: float, style: Style) -> str:
    """A number of people or events.

    Examples
    --------
    >>> count(218.0, LANCET)
    '218'
    """
    return fixed(n, 0, style)


def count_in_text(n: float, style: Style) -> str:
    """A number of people or events as running text prints it: in words where it is small.

    Examples
    --------
    >>> count_in_text(7.0, LANCET), count_in_text(11.0, LANCET), count_in_text(7.0, JAMA)
    ('seven', '11', '7')
    """
    if not math.isnan(n) and 0 < n <= style.words_up_to and n == int(n):
        return WORDS[int(n)]
    return count(n, style)


def percent(n: float, N: float, style: Style, decimals: int | None = None) -> str:
    """A percentage from its counts, rounded half up in whole numbers.

    Some of them never print as none, nor all but some as all: ``<1%`` and ``>99%``.

    Parameters
    ----------
    n, N
        Those counted, and those they are counted among; whole numbers.
    style
        How numbers are spelt.
    decimals
        Digits after the decimal point; by default as many as the style has for such an `N`.

    Raises
    ------
    ValueError
        When `n` or `N` is not a whole number.

    Examples
    --------
    >>> percent(64, 218, LANCET), percent(1, 8, LANCET, 1), percent(1, 200, LANCET)
    ('29%', '12·5%', '1%')
    >>> percent(1, 441, LANCET), percent(440, 441, LANCET), percent(0, 441, LANCET)
    ('<1%', '>99%', '0%')
    >>> percent(64, 218, JAMA), percent(12, 50, JAMA), percent(1, 4000, JAMA)
    ('29.4%', '24%', '<0.1%')
    """
    if math.isnan(n) or math.isnan(N) or N == 0:
        return style.not_estimable
    part, whole = _whole(n), _whole(N)
    if decimals is None:
        decimals = next((d for least, d in style.percent_decimals if whole >= least), 0)
    everybody = 100 * 10**decimals
    units = (2 * everybody * part + whole) // (2 * whole)
    bound = ""
    if units == 0 and part > 0:
        bound, units = "<", 1
    elif units == everybody and part < whole:
        bound, units = ">", everybody - 1
    digits = f"{Decimal(units).scaleb(-decimals):f}"
    return f"{bound}{digits.replace('.', style.point)}%"


def p_value(p: float, style: Style) -> str:
    """A p-value, never as zero and never as one.

    Raises
    ------
    ValueError
        When `p` is outside 0 to 1.

    Examples
    --------
    >>> p_value(0.04382, LANCET), p_value(3e-5, LANCET), p_value(0.99999, PLAIN)
    ('0·0438', '<0·0001', '>0.9999')
    >>> [p_value(p, JAMA) for p in (0.234, 0.0496, 0.00512, 0.0003, 0.999)]
    ['.23', '.0496', '.005', '<.001', '>.99']
    """
    if math.isnan(p):
        return style.not_estimable
    if not 0 <= p <= 1:
        raise ValueError(f"a p-value lies between 0 and 1, not at {p}")
    decimals = next((d for bound, d in style.p.decimals if p >= bound), None)
    if decimals is None:
        return "<" + _probability(*style.p.decimals[-1], style)
    if rounded(p, decimals) == 1:
        return ">" + _probability(float(1 - unit(decimals)), decimals, style)
    bound = style.p.kept_below
    while p < bound and rounded(p, decimals) >= Decimal(repr(bound)):
        decimals += 1
    return _probability(p, decimals, style)


def _probability(p: float, decimals: int, style: Style) -> str:
    text = fixed(p, decimals, style)
    return text if style.p.zero else text.removeprefix("0")


def p_in_text(p: float, style: Style) -> str:
    """A p-value with its letter.

    Examples
    --------
    >>> p_in_text(0.04382, LANCET), p_in_text(3e-5, LANCET), p_in_text(0.04382, JAMA)
    ('p=0·0438', 'p<0·0001', 'P = .04')
    """
    text = p_value(p, style)
    gap = " " if style.p.equals.startswith(" ") else ""
    if text[0] in "<>":
        return f"{style.p.letter}{gap}{text[0]}{gap}{text[1:]}"
    return f"{style.p.letter}{style.p.equals}{text}"


def interval(low: float, high: float, decimals: int, style: Style) -> str:
    """An interval as tables print it.

    Examples
    --------
    >>> interval(0.4343, 0.9871, 2, LANCET)
    '0·43 to 0·99'
    """
    if math.isnan(low) or math.isnan(high):
        return style.not_estimable
    return f"{fixed(low, decimals, style)}{style.to}{fixed(high, decimals, style)}"


def interval_in_text(low: float, high: float, decimals: int, style: Style) -> str:
    """An interval as sentences print it: with a dash, unless a limit is negative.

    Examples
    --------
    >>> interval_in_text(0.4343, 0.9871, 2, LANCET), interval_in_text(-0.72, 5.08, 2, LANCET)
    ('0·43–0·99', '–0·72 to 5·08')
    """
    text = interval(low, high, decimals, style)
    if not min(low, high) >= 0:
        return text
    return f"{fixed(low, decimals, style)}{style.dash}{fixed(high, decimals, style)}"


def limits_in_text(interval: str, level: float, style: Style) -> str:
    """An interval that is text already, as sentences name it.

    Examples
    --------
    >>> limits_in_text("0·43–0·99", 0.95, LANCET), limits_in_text("0.43-0.99", 0.95, JAMA)
    ('95% CI 0·43–0·99', '95% CI, 0.43-0.99')
    """
    return style.limits.format(level=confidence(level, style), interval=interval)


def fraction(n: float, N: float, style: Style) -> str:
    """Counts with their percentage, ``n/N (%)``.

    Examples
    --------
    >>> fraction(64, 218, LANCET)
    '64/218 (29%)'
    """
    if math.isnan(n) or math.isnan(N):
        return style.not_estimable
    share = f" ({percent(n, N, style)})" if N else ""
    return f"{count(n, style)}/{count(N, style)}{share}"


def mean_sd(
    mean: float, sd: float, decimals: int, style: Style, sd_decimals: int | None = None
) -> str:
    """Mean with standard deviation; both have the same decimals unless told otherwise.

    Examples
    --------
    >>> mean_sd(26.2, 5.1, 0, LANCET), mean_sd(7.0, 13.2, 2, LANCET, sd_decimals=0)
    ('26 (5)', '7·00 (13)')
    """
    if math.isnan(mean):
        return style.not_estimable
    spread = fixed(sd, decimals if sd_decimals is None else sd_decimals, style)
    return f"{fixed(mean, decimals, style)} ({spread})"


def median_iqr(median: float, q1: float, q3: float, decimals: int, style: Style) -> str:
    """Median with the quartiles around it.

    Examples
    --------
    >>> median_iqr(112, 42, 242, 0, LANCET)
    '112 (42 to 242)'
    """
    if math.isnan(median):
        return style.not_estimable
    return f"{fixed(median, decimals, style)} ({interval(q1, q3, decimals, style)})"


def effect(value: float, low: float, high: float, decimals: int, style: Style) -> str:
    """An estimate with its interval, as tables print it.

    Examples
    --------
    >>> effect(0.6553, 0.4343, 0.9871, 2, LANCET)
    '0·66 (0·43 to 0·99)'
    """
    if math.isnan(value):
        return style.not_estimable
    return f"{fixed(value, decimals, style)} ({interval(low, high, decimals, style)})"


def date(ordinal: float) -> str:
    """A date from its number of days by the proleptic Gregorian calendar, as the paper prints it.

    Examples
    --------
    >>> date(735002.0)
    'May 14, 2013'
    """
    day = datetime.date.fromordinal(int(ordinal))
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"


def p_head(style: Style) -> str:
    """What stands over a column of p-values.

    Examples
    --------
    >>> p_head(LANCET), p_head(JAMA)
    ('p value', 'P value')
    """
    return f"{style.p.letter} value"


def confidence(level: float, style: Style) -> str:
    """A confidence level as a percentage, with the decimals it needs.

    Examples
    --------
    >>> confidence(0.95, LANCET), confidence(0.975, LANCET)
    ('95%', '97·5%')
    """
    digits = f"{(100 * Decimal(repr(float(level)))).normalize():f}"
    return digits.replace(".", style.point) + "%"


def _whole(n: float) -> int:
    if n != int(n) or n < 0:
        raise ValueError(f"a count is a whole number, not {n}")
    return int(n)
