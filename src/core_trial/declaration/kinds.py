"""What every kind of cell has in common: parse it strictly, write it, say what is allowed.

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
from typing import Any, ClassVar

import pandas as pd
from pandas.api.extensions import ExtensionArray

Value = str | float | int | bool | date

#: Words and numbers that stand for a missing value elsewhere; here only a blank does.
MISSING_WORDS = frozenset(
    {"na", "n/a", "n.a.", "n.a", "<na>", "nan", "nat", "null", "none", "nil", "missing"}
    | {"unknown", "not known", ".", "..", "-", "--", "?"}
)
MISSING_CODES = frozenset(
    {"-1", "-8", "-9", "-88", "-98", "-99", "-999", "-9999", "88", "99", "888", "999", "9999"}
)

_SPREADSHEET = re.compile(r"=|#(REF|N/A|VALUE|DIV/0|NAME|NUM|NULL|SPILL|CALC|#+)", re.IGNORECASE)
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


def spreadsheet_safe(text: str) -> str:
    """The text with an apostrophe before it when a spreadsheet would run it as a formula.

    Examples
    --------
    >>> spreadsheet_safe("=1+1"), spreadsheet_safe("declined")
    ("'=1+1", 'declined')
    """
    return "'" + text if text[:1] in {"=", "+", "-", "@", "\t", "\r"} and text else text
