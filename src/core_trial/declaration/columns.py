"""What a column may hold, as data; and a column and a file, declared with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from core_trial.declaration.kinds import (
    MISSING_CODES,
    MISSING_WORDS,
    Kind,
    Refusal,
    Value,
    spreadsheet_safe,
)

#: Longest text of a cell, in characters.
LONGEST_TEXT = 200

#: Text with blanks as ``nan``, under pandas 2.3 as under 3.
TEXT = pd.StringDtype(na_value=np.nan)
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Identifier(Kind):
    """A name for a person or a thing: text, also when it is made of digits."""

    @property
    def allowed(self) -> str:
        """What a cell may hold, in words."""
        return "up to 64 letters (A-Z, a-z), digits, hyphens and underscores"

    @property
    def dtype(self) -> Any:
        """The pandas type of the parsed column."""
        return TEXT

    @property
    def constraints(self) -> Mapping[str, object]:
        """The same as `allowed`, as constraints of a Tabular Data Package."""
        return {"pattern": _IDENTIFIER.pattern}

    def parse(self, text: str) -> Value | Refusal:
        """The value of one cell; spaces are no part of a name and are not taken off either."""
        value = self._read(text)
        return value if value is not None else self._foreign(text) or self._refuse(text)

    def _read(self, text: str) -> Value | None:
        named = _IDENTIFIER.fullmatch(text) and text.lower() not in MISSING_WORDS
        return text if named else None

    def _refuse(self, text: str) -> Refusal:
        if text != text.strip():
            return Refusal("identifier_spaces", self.allowed, "take the spaces off")
        if re.fullmatch(r"[0-9.,]+(E\+?[0-9]+)?", text, re.IGNORECASE):
            hint = "a spreadsheet has turned this identifier into a number"
            return Refusal("identifier_number", self.allowed, hint)
        return Refusal("identifier", self.allowed)


@dataclass(frozen=True, slots=True)
class Category(Kind):
    """One of a few codes, each with its label in print."""

    labels: Mapping[str, str]

    @property
    def allowed(self) -> str:
        """What a cell may hold, in words."""
        return ", ".join(self.labels)

    @property
    def dtype(self) -> Any:
        """The pandas type of the parsed column."""
        return pd.CategoricalDtype(list(self.labels))

    @property
    def constraints(self) -> Mapping[str, object]:
        """The same as `allowed`, as constraints of a Tabular Data Package."""
        return {"enum": list(self.labels)}

    def nearest(self, text: str) -> str:
        """A hint at what was probably meant; blank when nothing is near."""
        known = {code.casefold(): code for code in self.labels}
        known |= {label.casefold(): code for code, label in self.labels.items()}
        near = get_close_matches(text.strip().casefold(), known, n=1, cutoff=0.6)
        return f"did you mean {known[near[0]]!r}?" if near else ""

    def _read(self, text: str) -> Value | None:
        code = text.strip().casefold()
        return next((known for known in self.labels if known.casefold() == code), None)

    def _refuse(self, text: str) -> Refusal:
        return Refusal("unknown_category", self.allowed)


@dataclass(frozen=True, slots=True)
class YesNo(Kind):
    """A statement that holds or does not."""

    package_type: ClassVar[str] = "boolean"

    @property
    def allowed(self) -> str:
        """What a cell may hold, in words."""
        return "yes, no"

    @property
    def dtype(self) -> Any:
        """The pandas type of the parsed column."""
        return "boolean"

    def write(self, value: Any) -> str:
        """The text of one value; `parse` gives the value back."""
        return "yes" if value else "no"

    def _read(self, text: str) -> Value | None:
        return {"yes": True, "no": False}.get(text.strip().casefold())

    def _refuse(self, text: str) -> Refusal:
        return Refusal("not_yes_or_no", self.allowed, "write the words, not codes for them")


@dataclass(frozen=True, slots=True)
class Integer(Kind):
    """A whole number within bounds, both included."""

    low: int
    high: int
    package_type: ClassVar[str] = "integer"

    @property
    def allowed(self) -> str:
        """What a cell may hold, in words."""
        return f"a whole number from {self.low} to {self.high}"

    @property
    def dtype(self) -> Any:
        """The pandas type: 16 bits hold small numbers and every total of items made of them."""
        return "Int16" if self.high < 1000 else "Int64"

    @property
    def constraints(self) -> Mapping[str, object]:
        """The same as `allowed`, as constraints of a Tabular Data Package."""
        return {"minimum": self.low, "maximum": self.high}

    def _read(self, text: str) -> Value | None:
        if not _INTEGER.fullmatch(text):
            return None
        number = int(text)
        return number if self.low <= number <= self.high and text != "-0" else None

    def _refuse(self, text: str) -> Refusal:
        bare = text.strip()
        if _INTEGER.fullmatch(bare):
            code = bare in MISSING_CODES
            hint = "a blank is the only missing value" if code else ""
            return Refusal("out_of_range", self.allowed, hint)
        return Refusal("not_a_whole_number", self.allowed, "digits only")


@dataclass(frozen=True, slots=True)
class Decimal(Kind):
    """A number, with decimals after a point where it has any."""

    package_type: ClassVar[str] = "number"

    @property
    def allowed(self) -> str:
        """What a cell may hold, in words."""
        return "a number with a decimal point"

    @property
    def dtype(self) -> Any:
        """The pandas type of the parsed column."""
        return "Float64"

    def write(self, value: Any) -> str:
        """The text of one value; `parse` gives the value back."""
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)

    def _read(self, text: str) -> Value | None:
        return float(text) if _DECIMAL.fullmatch(text) else None

    def _refuse(self, text: str) -> Refusal:
        comma = _DECIMAL.fullmatch(text.strip().replace(",", ".", 1))
        hint = "write a point, not a comma" if comma else ""
        return Refusal("not_a_number", self.allowed, hint)


@dataclass(frozen=True, slots=True)
class Indicator(YesNo):
    """A statement that holds or does not, as words or as the numbers 1 and 0."""

    @property
    def allowed(self) -> str:
        """What a cell may hold, in words."""
        return "yes, no, 1, 0, true, false"

    def _read(self, text: str) -> Value | None:
        words = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}
        return words.get(text.strip().casefold())

    def _refuse(self, text: str) -> Refusal:
        return Refusal("not_yes_or_no", self.allowed)


@dataclass(frozen=True, slots=True)
class Inferred(Kind):
    """Numbers where every cell of the column is one, and otherwise categories as they are spelt."""

    package_type: ClassVar[str] = "any"

    @property
    def allowed(self) -> str:
        """What a cell may hold, in words."""
        return f"numbers, or words of up to {LONGEST_TEXT} characters"

    @property
    def dtype(self) -> Any:
        """The pandas type of a column of words."""
        return TEXT

    def array(self, values: Sequence[Any]) -> ExtensionArray:
        """The typed array of parsed values, None for missing ones."""
        known = [value for value in values if value is not None]
        if known and all(_DECIMAL.fullmatch(value) for value in known):
            return pd.array([None if v is None else float(v) for v in values], dtype="Float64")
        return pd.array(list(values), dtype=TEXT)

    def _read(self, text: str) -> Value | None:
        plain = text == text.strip() and 0 < len(text) <= LONGEST_TEXT
        return text if plain and self._foreign(text) is None else None

    def _refuse(self, text: str) -> Refusal:
        return Refusal("not_text", self.allowed)


@dataclass(frozen=True, slots=True)
class Text(Kind):
    """Words; short ones. What a spreadsheet would run carries an apostrophe in the file."""

    @property
    def allowed(self) -> str:
        """What a cell may hold, in words."""
        return f"text of up to {LONGEST_TEXT} characters"

    @property
    def dtype(self) -> Any:
        """The pandas type of the parsed column."""
        return TEXT

    @property
    def constraints(self) -> Mapping[str, object]:
        """The same as `allowed`, as constraints of a Tabular Data Package."""
        return {"maxLength": LONGEST_TEXT}

    def write(self, value: Any) -> str:
        """The text of one value; `parse` gives the value back."""
        return spreadsheet_safe(str(value))

    def _read(self, text: str) -> Value | None:
        bare = text[1:] if spreadsheet_safe(text[1:]) == text else text
        plain = bare == bare.strip() and len(bare) <= LONGEST_TEXT
        foreign = self._foreign(text) if bare == text else None
        return bare if bare and plain and not foreign else None

    def _refuse(self, text: str) -> Refusal:
        return Refusal("not_text", self.allowed)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file, declared once for parsing, checking and documentation.

    Parameters
    ----------
    name
        Header of the column.
    title, description
        What it is, in a few words and in a sentence.
    kind
        What its cells may hold.
    required
        Whether every row must have a value; a blank means missing.
    unit
        Unit of a number; blank where it has none.
    blank
        What a blank means, where it is more than "not known".
    """

    name: str
    title: str
    description: str
    kind: Kind
    required: bool = True
    unit: str = ""
    blank: str = ""


@dataclass(frozen=True)
class Table:
    """One CSV file.

    Parameters
    ----------
    name
        Name of the file without ``.csv``; attribute of the trial.
    title, row
        What it holds, and what one of its rows stands for.
    columns
        Its columns, in the order in which they are written.
    key
        Columns that together name a row; no two rows have the same.
    """

    name: str
    title: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def file(self) -> str:
        """Name of the file."""
        return f"{self.name}.csv"

    @cached_property
    def header(self) -> tuple[str, ...]:
        """Names of its columns."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """One of its columns."""
        return self.columns[self.header.index(name)]
