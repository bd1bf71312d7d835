"""Why a line of a CSV file is no row of its table."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from core_trial.data.reading import Reading
from core_trial.data.tokens import LONGEST_CELL

ENCODING_HINT = "save the file as UTF-8"


def refuse_line(reading: Reading, number: int, line: bytes, names: Sequence[str]) -> None:
    """Add the fault of a line that was set aside.

    Parameters
    ----------
    reading
        Takes the fault.
    number
        Line of the file.
    line
        Its bytes, without the line end.
    names
        The header.
    """
    reading.refuse(number, *(_no_text(line, names) or _no_row(line, names)))


def header_names(reading: Reading, line: bytes) -> list[str]:
    """The names in a header; none, and a fault, when it cannot be split into names."""
    if fault := _no_text(line, ()):
        reading.refuse(1, *fault)
        return []
    try:
        names = next(csv.reader([line.decode("utf-8")], strict=True), [])
    except csv.Error:
        reading.refuse(1, "", "stray_quote", "", "quotes around a whole name, or none")
        return []
    if not names:
        reading.refuse(1, "", "blank_line", "", "a header")
    return names


def _no_text(line: bytes, names: Sequence[str]) -> tuple[str, ...]:
    """What keeps the bytes from being text."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        found = f"byte 0x{line[error.start]:02X} at position {error.start + 1}"
        return _column(names, line, error.start), "not_utf8", found, "UTF-8", ENCODING_HINT
    for place, character in enumerate(text):
        if character < " " or character == "\x7f":
            found = f"{character!r} at position {place + 1}"
            column = _column(names, text[:place].encode(), len(line))
            return column, "control_character", found, "text", "take out what cannot be seen"
    return ()


def _no_row(line: bytes, names: Sequence[str]) -> tuple[str, ...]:
    """What keeps the text from being a row of the table."""
    width = f"{len(names)} cells"
    if line.count(b'"') % 2:
        column = _column(names, line, line.rindex(b'"'))
        hint = "close the quote; a cell cannot hold a line break"
        return column, "unclosed_quote", "", "quotes in pairs", hint
    if not line:
        return "", "blank_line", "", width
    cells = _count(line)
    if cells != len(names):
        hint = "one too many" if cells == len(names) + 1 else ""
        return "", "row_length", f"{cells} cells", width, hint
    if not line.strip(b","):
        return "", "empty_row", "", "a row with values", "take the row out"
    return "", "cell_too_long", "", f"cells of up to {LONGEST_CELL} bytes"


def _count(line: bytes) -> int:
    """Number of cells; commas between quotes do not count."""
    return 1 + sum(part.count(b",") for part in line.split(b'"')[::2])


def _column(names: Sequence[str], line: bytes, end: int) -> str:
    """Name of the column in which a byte stands."""
    place = _count(line[:end]) - 1
    return names[place] if place < len(names) else ""
