"""How journals spell numbers, as data: a style is a value, and a user may make one.

The four journals' styles say what their instructions to authors ask for; ``docs/journal.md`` names
the source of each rule, and which of them could not be checked against a source.

>>> from dataclasses import replace
>>> house = replace(LANCET, name="house", point=".", thousands=",")
>>> house.point, house.minus
('.', '–')
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from core_trial.errors import DesignError

#: A fifth of an em, between groups of three digits.
THIN_SPACE = "\u2009"
#: The numbers that running text may spell out.
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, slots=True, kw_only=True)
class PValues:
    """How p-values are spelt.

    Parameters
    ----------
    decimals
        Pairs of a bound and the decimals of p-values from there on, the largest bound first; what
        is below the last bound prints as ``<`` that bound.
    zero
        Whether a zero stands before the decimal point.
    letter
        ``"p"`` or ``"P"``.
    equals
        What stands between the letter and the number.
    kept_below
        A p-value below this is never rounded to it: it keeps a decimal more instead; 0 for none.
    """

    decimals: tuple[tuple[float, int], ...] = ((0.0001, 4),)
    zero: bool = True
    letter: Literal["p", "P"] = "p"
    equals: str = "="
    kept_below: float = 0.0

    def __post_init__(self) -> None:
        bounds = [bound for bound, _ in self.decimals]
        if not bounds or bounds != sorted(bounds, reverse=True):
            raise DesignError("decimals of p-values: name bounds, the largest first")


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How numbers are spelt, and how wide figures are.

    Parameters
    ----------
    name
        What the style is called.
    point, minus
        Decimal point, and sign of a negative number.
    to, dash
        What stands between the limits of an interval, in tables and in running text; in running
        text an interval with a negative limit has `to` all the same.
    thousands
        What stands between groups of three digits of numbers with five digits or more.
    p
        How p-values are spelt.
    percent_decimals
        Pairs of a denominator and the decimals of percentages from there on, the largest first;
        percentages of smaller denominators are whole.
    words_up_to
        The largest count that running text spells out in words; 0 for none.
    share, limits
        How running text prints a share and a confidence interval: text with the places ``{n}``,
        ``{of}`` and ``{percent}``; ``{level}`` and ``{interval}``.
    not_estimable, infinity
        What stands for a number that a fit could not give, and for a limit that is not finite.
    columns
        Widths of one and of two columns, in millimetres.
    at_risk
        What stands under curves: ``"censored"`` has the number at risk with the number censored in
        brackets; ``"kmunicate"`` has at risk, censored and events in a row each.
    """

    name: str
    point: str = "."
    minus: str = "−"
    to: str = " to "
    dash: str = " to "
    thousands: str = ""
    p: PValues = PValues()
    percent_decimals: tuple[tuple[int, int], ...] = ()
    words_up_to: int = 0
    share: str = "{n} of {of} ({percent})"
    limits: str = "{level} CI {interval}"
    not_estimable: str = "not estimable"
    infinity: str = "∞"
    columns: tuple[float, float] = (85.0, 170.0)
    at_risk: Literal["censored", "kmunicate"] = "kmunicate"

    def __post_init__(self) -> None:
        if not 0 <= self.words_up_to < len(WORDS):
            raise DesignError(f"words_up_to lies between 0 and {len(WORDS) - 1}")
        if not 0 < self.columns[0] <= self.columns[1]:
            raise DesignError("columns: the width of one column, then that of two, in millimetres")


#: Midline decimal point, en dash for minus and between limits, one to ten in words.
LANCET = Style(
    name="lancet",
    point="·",
    minus="–",
    dash="–",
    thousands=THIN_SPACE,
    words_up_to=10,
    share="{n} ({percent}) of {of}",
    at_risk="censored",
)
#: Numbers under ten in words; limits joined by "to"; confidence interval spelt out.
BMJ = Style(
    name="bmj",
    thousands=THIN_SPACE,
    p=PValues(decimals=((0.01, 2), (0.001, 3)), letter="P"),
    words_up_to=9,
    limits="{level} confidence interval {interval}",
)
#: p-values to two decimals, to three below 0.01; limits joined by "to"; commas in thousands.
NEJM = Style(
    name="nejm",
    thousands=",",
    p=PValues(decimals=((0.01, 2), (0.001, 3)), letter="P"),
    percent_decimals=((100, 1),),
)
#: The AMA's manual: no zero before a p-value, hyphen between limits, numerals throughout.
JAMA = Style(
    name="jama",
    dash="-",
    thousands=THIN_SPACE,
    p=PValues(
        decimals=((0.01, 2), (0.001, 3)), zero=False, letter="P", equals=" = ", kept_below=0.05
    ),
    percent_decimals=((100, 1),),
    limits="{level} CI, {interval}",
)
#: ASCII throughout, for those who read the numbers with a program.
PLAIN = Style(
    name="plain",
    minus="-",
    infinity="infinity",
    share="{n} ({percent}) of {of}",
)

#: The styles by name.
STYLES: Mapping[str, Style] = MappingProxyType(
    {style.name: style for style in (LANCET, BMJ, NEJM, JAMA, PLAIN)}
)


def style_of(style: Style | str) -> Style:
    """A style, or the one of that name.

    Raises
    ------
    DesignError
        When there is no such style; it names the nearest.

    Examples
    --------
    >>> style_of("JAMA").p.zero
    False
    """
    if isinstance(style, Style):
        return style
    if not isinstance(style, str):
        raise DesignError(f"a style is a ct.styles.Style or a name, not {type(style).__name__}")
    if (found := STYLES.get(style.lower())) is not None:
        return found
    near = difflib.get_close_matches(style.lower(), STYLES, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise DesignError(f"there is no style {style!r}: there are {', '.join(STYLES)}{hint}")
