"""Baseline characteristics: what a column holds, and what it is called in print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

#: A level as the column holds it.
Level = str | int | bool


def in_words(column: str) -> str:
    """A column's name as a label.

    Examples
    --------
    >>> in_words("lifetime_admissions")
    'Lifetime admissions'
    """
    text = column.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class Categories:
    """A characteristic with categories; in print a heading, and a line for each.

    Parameters
    ----------
    column, label
        Its name, and what it is called.
    levels
        Every category with its label, in the order of print; the first is the reference of a
        model. Empty to take them from the data.
    short
        A shorter name for heads of columns and lists.
    printed
        Categories that get a line in print; empty for all. One alone needs no heading above it.
    combined
        Groups of categories that are counted too, by name; they get no line of their own.
    """

    column: str
    label: str = ""
    levels: Mapping[Any, str] = field(default_factory=lambda: MappingProxyType({}))
    short: str = ""
    printed: tuple[Any, ...] = ()
    combined: Mapping[str, tuple[Any, ...]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Number:
    """A characteristic that is a number; in print mean (SD), or median (IQR).

    Parameters
    ----------
    column, label
        Its name, and what it is called.
    unit
        Unit, such as ``"years"``.
    decimals
        Of the mean and of the standard deviation.
    median
        Print median and quartiles instead.
    short
        A shorter name for heads of columns and lists.
    """

    column: str
    label: str = ""
    unit: str = ""
    decimals: tuple[int, int] = (0, 0)
    median: bool = False
    short: str = ""


@dataclass(frozen=True, slots=True)
class YesNo:
    """A characteristic that is there or not; in print one line, that of yes.

    Parameters
    ----------
    column, label
        Its name, and what it is called.
    yes, no
        How they are spelt; booleans and the numbers 1 and 0 are known without.
    short
        A shorter name for heads of columns and lists.
    """

    column: str
    label: str = ""
    yes: Level = "yes"
    no: Level = "no"
    short: str = ""


Covariate = Categories | Number | YesNo
