"""What a column may hold, as data; and the one parser of each kind.

A parser takes the text of one cell and answers with a value or with a `Refusal`. It never guesses:
whatever is not exactly a value of its kind is refused, but for spaces around a value and letter
case in a category, which the load report then mentions. Cells are parsed once per distinct text,
so the parsers can be plain Python and still keep up with millions of rows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any, ClassVar

import pandas as pd
from pandas.api.extensions import ExtensionArray

Value = str | int | bool | date

#: Words and numbers that stand for a missing value elsewhere; here only a blank does.
MISSING_WORDS = frozenset(
    {"na", "n/a", "n.a.", "n.a", "<na>", "nan", "nat", "null", "none", "nil", "missing"}
    | {"unknown", "not known", ".", "..", "-", "--", "?"}
)
MISSING_CODES = frozenset(
    {"-1", "-8", "-9", "-88", "-98", "-99", "-999", "-9999", "88", "99", "888", "999", "9999"}
)
#: Longest text of a cell, in characters; a longer one is not a value of any column here.
LONGEST_TEXT = 200

_SPREADSHEET = re.compile(r"=|#(REF|N/A|VALUE|DIV/0|NAME|NUM|NULL|SPILL|CALC|#+)", re.IGNORECASE)
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: Unicode categories that a reader cannot see: controls, formats, private use, line separators.
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the text of a cell is not a value of its column."""

    code: str
    allowed: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """What the cells of a column may hold; the base of all kinds."""

    #: Name of the type in a Tabular Data Package.
    package_type: ClassVar[str] = "string"

    @property
    def allowed(self) -> str:
        """What a cell may hold, in words."""
        raise NotImplementedError

    @property
    def dtype(self) -> Any:
        """The pandas type of the parsed column."""
        raise NotImplementedError

    @property
    def constraints(self) -> Mapping[str, object]:
        """The same as `allowed`, as constraints of a Tabular Data Package."""
        return {}

    def parse(self, text: str) -> Value | Refusal:
        """The value of one cell that is not blank.

        Parameters
        ----------
        text
            The cell as it stands in the file.

        Returns
        -------
        Value or Refusal
            What it means, or why it may not stand here.
        """
        value = self._read(text)
        if value is not None:
            return value
        if refusal := self._foreign(text):
            return refusal
        value = self._read(text.strip())
        return self._refuse(text) if value is None else value

    def write(self, value: Any) -> str:
        """The text of one value; `parse` gives the value back."""
        return str(value)

    def holds(self, value: Any) -> bool:
        """Whether a value can be written and read back as it is."""
        return bool(self.parse(self.write(value)) == value)

    def array(self, values: Sequence[Any]) -> ExtensionArray:
        """The typed array of parsed values, None for missing ones."""
        array: ExtensionArray = pd.array(list(values), dtype=self.dtype)
        return array

    def nearest(self, text: str) -> str:
        """A hint at what was probably meant; blank when nothing is near."""
        return ""

    def _read(self, text: str) -> Value | None:
        """The value that the text is, or None."""
        raise NotImplementedError

    def _refuse(self, text: str) -> Refusal:
        """Why the text is not a value of this kind."""
        raise NotImplementedError

    def _foreign(self, text: str) -> Refusal | None:
        """What belongs into no column at all: remains of other programs, codes for missing."""
        bare = text.strip()
        if not bare:
            return Refusal("only_spaces", self.allowed, "leave the cell empty if it is missing")
        if any(map(_is_invisible, text)):
            return Refusal("control_character", self.allowed, "take out what cannot be seen")
        if bare.casefold() in MISSING_WORDS:
            return Refusal("missing_word", self.allowed, "a blank is the only missing value")
        if _SPREADSHEET.match(bare):
            return Refusal("spreadsheet_remains", self.allowed, "a formula or its error, no value")
        return None


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in _INVISIBLE


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
        return "str"

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
        return Refusal("not_a_whole_number", self.allowed, "digits only" if bare[:1] else "")


@dataclass(frozen=True, slots=True)
class Day(Kind):
    """A date of the calendar, as ISO 8601 writes it."""

    low: date
    high: date
    package_type: ClassVar[str] = "date"

    @property
    def allowed(self) -> str:
        """What a cell may hold, in words."""
        return f"a date as YYYY-MM-DD from {self.low} to {self.high}"

    @property
    def dtype(self) -> Any:
        """The pandas type of the parsed column."""
        return "datetime64[s]"

    @property
    def constraints(self) -> Mapping[str, object]:
        """The same as `allowed`, as constraints of a Tabular Data Package."""
        return {"minimum": self.low.isoformat(), "maximum": self.high.isoformat()}

    def write(self, value: Any) -> str:
        """The text of one value; `parse` gives the value back."""
        return str(value)[:10]

    def _read(self, text: str) -> Value | None:
        if not _is_date(text):
            return None
        day = date.fromisoformat(text)
        return day if self.low <= day <= self.high else None

    def _refuse(self, text: str) -> Refusal:
        bare = text.strip()
        if _is_date(bare):
            return Refusal("date_out_of_range", self.allowed, "check the year")
        for pattern, code, hint in _DATE_MISTAKES:
            if re.fullmatch(pattern, bare):
                return Refusal(code, self.allowed, hint)
        return Refusal("not_a_date", self.allowed)


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


#: Dates as other programs write them, and what to say of each; the first that fits is named.
_DATE_MISTAKES = (
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "no_such_date", "no such month or day"),
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].+", "date_with_time", "leave out the time of day"),
    (r"[0-9]{4,5}(\.[0-9]+)?", "date_serial", "a spreadsheet's day number: export dates as text"),
    (r"[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ][0-9]{4}", "date_order", "which is the day?"),
    (r".*\b[0-9]{1,2}[-/. ][0-9A-Za-z]+[-/. ][0-9]{2}", "two_digit_year", "write four digits"),
    (r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}", "date_order", "hyphens and two digits each"),
)


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
        return "str"

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


def spreadsheet_safe(text: str) -> str:
    """The text with an apostrophe before it when a spreadsheet would run it as a formula.

    Examples
    --------
    >>> spreadsheet_safe("=1+1"), spreadsheet_safe("declined")
    ("'=1+1", 'declined')
    """
    return "'" + text if text[:1] in {"=", "+", "-", "@", "\t", "\r"} and text else text


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
    example
        A cell for the template.
    blank
        What a blank means, where it is more than "not known".
    """

    name: str
    title: str
    description: str
    kind: Kind
    required: bool = True
    unit: str = ""
    example: str = ""
    blank: str = ""
