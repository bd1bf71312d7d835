"""The only place where a number becomes text.

Numbers round by the rule of `results.rounding`. Percentages are made from their counts in whole
numbers, so that no noise of a float comes in.
"""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from decimal import Decimal

from core_trial.results.rounding import MONTHS, rounded, unit


@dataclass(frozen=True, slots=True)
class Style:
    """How numbers are spelt.

    Parameters
    ----------
    point
        Decimal point.
    minus
        Sign of a negative number.
    dash
        What stands between the limits of an interval in running text.
    p_decimals
        Decimals of a p-value; below one unit of the last it prints as ``<``.
    not_estimable
        What stands for a number that a fit could not give.
    infinity
        Stands for a limit that is not finite.
    """

    point: str
    minus: str
    dash: str
    p_decimals: int = 4
    not_estimable: str = "not estimable"
    infinity: str = "∞"


#: The Lancet's conventions: midline decimal point, en dash for minus and between limits.
LANCET = Style(point="·", minus="–", dash="–")
#: ASCII throughout, for those who read the numbers with a program.
PLAIN = Style(point=".", minus="-", dash=" to ", infinity="infinity")


def fixed(value: float, decimals: int, style: Style) -> str:
    """A number with fixed decimals, trailing zeros kept.

    Examples
    --------
    >>> fixed(-1.08, 2, LANCET), fixed(2.9, 2, PLAIN), fixed(float("nan"), 2, PLAIN)
    ('–1·08', '2.90', 'not estimable')
    """
    if math.isnan(value):
        return style.not_estimable
    digits = style.infinity if math.isinf(value) else f"{abs(rounded(value, decimals)):f}"
    negative = value < 0 and (math.isinf(value) or rounded(value, decimals) != 0)
    return (style.minus if negative else "") + digits.replace(".", style.point)


def count(n: float, style: Style) -> str:
    """A number of people or events.

    Examples
    --------
    >>> count(218.0, LANCET)
    '218'
    """
    return fixed(n, 0, style)


def percent(n: float, N: float, style: Style, decimals: int = 0) -> str:
    """A percentage from its counts, rounded half up in whole numbers.

    Some of them never print as none, nor all but some as all: ``<1%`` and ``>99%``.

    Parameters
    ----------
    n, N
        Those counted, and those they are counted among; whole numbers.
    style
        How numbers are spelt.
    decimals
        Digits after the decimal point.

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
    """
    if math.isnan(n) or math.isnan(N) or N == 0:
        return style.not_estimable
    part, whole = _whole(n), _whole(N)
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
    """
    if math.isnan(p):
        return style.not_estimable
    if not 0 <= p <= 1:
        raise ValueError(f"a p-value lies between 0 and 1, not at {p}")
    least = float(unit(style.p_decimals))
    if p < least:
        return "<" + fixed(least, style.p_decimals, style)
    if rounded(p, style.p_decimals) == 1:
        return ">" + fixed(1 - least, style.p_decimals, style)
    return fixed(p, style.p_decimals, style)


def interval(low: float, high: float, decimals: int, style: Style) -> str:
    """An interval as tables print it.

    Examples
    --------
    >>> interval(0.4343, 0.9871, 2, LANCET)
    '0·43 to 0·99'
    """
    if math.isnan(low) or math.isnan(high):
        return style.not_estimable
    return f"{fixed(low, decimals, style)} to {fixed(high, decimals, style)}"


def interval_in_text(low: float, high: float, decimals: int, style: Style) -> str:
    """An interval as sentences print it: with a dash, unless a limit is negative.

    Examples
    --------
    >>> interval_in_text(0.4343, 0.9871, 2, LANCET), interval_in_text(-0.72, 5.08, 2, LANCET)
    ('0·43–0·99', '–0·72 to 5·08')
    """
    text = interval(low, high, decimals, style)
    return text if min(low, high) < 0 else text.replace(" to ", style.dash)


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
