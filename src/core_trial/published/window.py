"""What a printed text leaves open: the values that would have been printed the same way.

Limits are exact decimals. The paper rounds half up, ties away from zero, so ``0·66`` stands for
0.655 <= x < 0.665 and ``–0·72`` for -0.725 < x <= -0.715.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from core_trial.results.rounding import MONTHS, guarded

#: Digits, with thousands apart or not; a point of either kind before the decimals.
_DIGITS = r"(?P<digits>(?:\d{1,3}(?:[,\u2009\u202f]\d{3})+|\d+)(?:[·.](?P<decimals>\d+))?)"
_NUMBER = re.compile(rf"(?P<sign>[–−-]?){_DIGITS}")
_BOUND = re.compile(rf"(?P<side>[<>]){_DIGITS}")
_DATE = re.compile(r"(?P<month>[A-Z][a-z]{2})[a-z]* (?P<day>\d{1,2}), (?P<year>\d{4})")
#: Months by their first letters, for some journals cut them and others do not.
_MONTHS = tuple(month[:3] for month in MONTHS)
_UNITS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
#: Numbers that the paper spells out.
NUMBER_WORDS: Mapping[str, int] = MappingProxyType({word: n for n, word in enumerate(_UNITS)})


@dataclass(frozen=True, slots=True)
class Window:
    """The values that a printed text can stand for.

    Parameters
    ----------
    low, high
        Limits, exact.
    includes_low, includes_high
        Whether the limits themselves belong to it.
    decimals
        Digits after the decimal point in print; None for a phrase or a bound, whose limits are
        taken to the last bit of a float.
    """

    low: Decimal
    high: Decimal
    includes_low: bool = True
    includes_high: bool = False
    decimals: int | None = None

    def contains(self, value: float) -> bool:
        """Whether this value would have been printed like this; never for ``nan``.

        A float that misses a tie by its noise counts as the tie: ``100 * 0.145`` is
        14.499999999999998 and prints as 15.
        """
        if not math.isfinite(value):
            return False
        exact = Decimal(repr(float(value)))
        if self.decimals is not None:
            exact = guarded(value, self.decimals)
        above = self.low <= exact if self.includes_low else self.low < exact
        below = exact <= self.high if self.includes_high else exact < self.high
        return above and below

    def overlaps(self, other: Window) -> bool:
        """Whether one value can stand behind both texts."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return low < high or (low == high and self._has(low) and other._has(low))

    def _has(self, value: Decimal) -> bool:
        at_low = value == self.low and self.includes_low
        return at_low or (value == self.high and self.includes_high) or self.low < value < self.high


def read(text: str, phrases: Mapping[str, tuple[float, float]] | None = None) -> Window:
    """The window of a printed number, number word, bound, date or phrase.

    A date is its number of days by the proleptic Gregorian calendar (``date.toordinal``).

    Parameters
    ----------
    text
        As printed.
    phrases
        Limits of phrases beside `PHRASES`, neither of them included.

    Raises
    ------
    ValueError
        If the text is none of these.

    Examples
    --------
    >>> window = read("0·66")
    >>> window.low, window.high, window.contains(0.665)
    (Decimal('0.655'), Decimal('0.665'), False)
    >>> read("<0·0001").contains(3.6e-5), read("one in four").contains(100 * 441 / 1848)
    (True, True)
    >>> read(">0·9999").contains(0.99995), read("3,288").contains(3288)
    (True, True)
    """
    if phrases and text.lower() in phrases:
        low, high = (Decimal(repr(float(limit))) for limit in phrases[text.lower()])
        return Window(low, high, includes_low=False)
    if found := _NUMBER.fullmatch(text):
        return _rounded(_decimal(found["digits"]), len(found["decimals"] or ""), found["sign"])
    if found := _BOUND.fullmatch(text):
        return _bounded(_decimal(found["digits"]), below=found["side"] == "<")
    if text.lower() in NUMBER_WORDS:
        return _exactly(NUMBER_WORDS[text.lower()])
    if text.lower() in PHRASES:
        return PHRASES[text.lower()]
    if (found := _DATE.fullmatch(text)) and found["month"] in _MONTHS:
        month = _MONTHS.index(found["month"]) + 1
        return _exactly(date(int(found["year"]), month, int(found["day"])).toordinal())
    raise ValueError(f"cannot read the printed text {text!r}")


def decimals(text: str) -> int:
    """Digits after the decimal point in a printed text."""
    found = _NUMBER.fullmatch(text) or _BOUND.fullmatch(text)
    return len(found["decimals"] or "") if found else 0


def printed_value(text: str) -> Decimal | None:
    """The number as printed; None for a bound or a phrase, which name no single number.

    Examples
    --------
    >>> printed_value("3,288"), printed_value("<1")
    (Decimal('3288'), None)
    """
    found = _NUMBER.fullmatch(text)
    if found:
        return _decimal(found["digits"]) * (-1 if found["sign"] else 1)
    if text.lower() in NUMBER_WORDS or _DATE.fullmatch(text):
        return read(text).low
    return None


def _rounded(magnitude: Decimal, places: int, sign: str) -> Window:
    half = Decimal(5).scaleb(-places - 1)
    low, high = magnitude - half, magnitude + half
    if magnitude == 0:
        return Window(low, high, includes_low=False, decimals=places)
    if sign:
        return Window(-high, -low, includes_low=False, includes_high=True, decimals=places)
    return Window(low, high, decimals=places)


def _bounded(limit: Decimal, *, below: bool) -> Window:
    """What a printed ``<`` or ``>`` leaves; nothing that is printed so is negative."""
    if below:
        return Window(Decimal(0), limit)
    return Window(limit, Decimal("Infinity"), includes_low=False)


def _decimal(digits: str) -> Decimal:
    return Decimal(re.sub("[,\u2009\u202f]", "", digits).replace("·", "."))


def _exactly(value: int) -> Window:
    return Window(Decimal(value), Decimal(value), includes_high=True)


def _one_in(k: int) -> Window:
    """Percentages to which 1/k is nearer than 1/(k - 1) and 1/(k + 1), counted in people."""
    return Window(Decimal(200) / (2 * k + 1), Decimal(200) / (2 * k - 1), includes_low=False)


#: Phrases that stand for percentages, read generously: five points below a round number that is
#: "nearly" reached, and the nearest of one in two, one in three and so on.
PHRASES: Mapping[str, Window] = MappingProxyType(
    {
        "more than half": Window(Decimal(50), Decimal(100), False, True),
        "around a quarter": _one_in(4),
        "about one in seven": _one_in(7),
        "one in four": _one_in(4),
        "nearly 80%": Window(Decimal(75), Decimal(80)),
        "just below 60%": Window(Decimal(55), Decimal(60)),
    }
)
