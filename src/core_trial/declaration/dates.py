"""Dates, in the one way they may be written; every other way is told what it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from core_trial.declaration.kinds import Kind, Refusal, Value

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


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
