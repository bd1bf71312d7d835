"""One CSV file to its text cells, strictly; every fault with file, line and column."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import numpy as np

from core_trial.data.header import declared_name, other_delimiter, place_columns
from core_trial.data.lines import header_names, refuse_line
from core_trial.data.reading import MOST_FAULTS, Cells, Coded, Reading
from core_trial.data.tokens import Block, Coder, Ints, tokenise

#: Bytes that are read at a time: few enough for the arrays made of them to stay in the cache.
BLOCK = 1 << 20
#: A line longer than this is not a row of a table.
LONGEST_LINE = 1 << 20

BOM = b"\xef\xbb\xbf"
#: First bytes of what people rename to .csv, and what it is.
FORMATS = (
    (b"PK\x03\x04", "a zip archive or an Excel file (.xlsx)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "a rich text document"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"<!", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML document"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
)
TOTAL_WORDS = frozenset({"total", "totals", "sum", "grand total", "subtotal", "mean", "count"})


def read_table(folder: Path, reading: Reading, allow: Collection[str] = ()) -> Reading:
    """Read one file of a trial's folder.

    Parameters
    ----------
    folder
        Where the file is.
    reading
        The file's declaration, and how its columns are spelt; takes cells, hash, notes and faults.
    allow
        Names of undeclared columns that may be there; they are not read.

    Returns
    -------
    Reading
        The same.
    """
    path = folder / reading.table.file
    try:
        if path.is_file():
            with path.open("rb") as stream:
                _read(reading, stream, allow)
        else:
            _refuse_path(reading, path)
    except OSError as error:
        reading.refuse(0, "", "unreadable", hint=error.strerror or "the file cannot be opened")
    return reading


def _refuse_path(reading: Reading, path: Path) -> None:
    """Say what stands in the place of the file."""
    allowed = "a CSV file"
    if path.is_dir():
        reading.refuse(0, "", "not_csv", "a folder", allowed)
    elif path.exists():
        reading.refuse(0, "", "not_csv", "not a regular file", allowed)
    else:
        names = sorted(p.name for p in path.parent.iterdir())
        alike = [n for n in names if n.casefold().split(".")[0] == reading.table.name]
        hint = f"there is {alike[0]!r}" if alike else ""
        reading.refuse(0, "", "file_missing", "", allowed, hint)


def _read(reading: Reading, stream: BinaryIO, allow: Collection[str]) -> None:
    """Read header and rows; leave cells, hash, notes and faults in `reading`."""
    digest = hashlib.sha256()
    blocks = _blocks(reading, stream, digest)
    first = next(blocks, b"")
    if _is_text(reading, first):
        line, _, rest = first.removeprefix(BOM).partition(b"\n")
        names = _names(reading, line.removesuffix(b"\r"))
        places = place_columns(reading, names, allow)
        if places:
            crlf = _rows(reading, places, names, chain([rest], blocks))
            if crlf or line.endswith(b"\r"):
                text = "lines end in carriage return and line feed"
                reading.note("", "carriage_returns", 1, text)
    for _ in blocks:
        pass
    reading.sha256 = digest.hexdigest()


def _blocks(reading: Reading, stream: BinaryIO, digest: hashlib._Hash) -> Iterator[bytes]:
    """The file in blocks of whole lines, each ending in a line feed."""
    left = b""
    while block := stream.read(BLOCK):
        digest.update(block)
        if len(left) > LONGEST_LINE:
            continue
        head, cut, tail = block.rpartition(b"\n")
        if cut:
            yield left + head + cut
        left = tail if cut else left + block
    if len(left) > LONGEST_LINE:
        reading.refuse(0, "", "line_too_long", "", f"lines of up to {LONGEST_LINE} bytes")
    elif left:
        reading.note("", "no_final_newline", 1, "the last line has no line end: is it cut off?")
        yield left + b"\n"


def _is_text(reading: Reading, first: bytes) -> bool:
    """Whether the file begins like text; says what it is otherwise."""
    if first.startswith(BOM):
        reading.note("", "byte_order_mark", 1, "the file begins with a byte order mark")
    if not first.removeprefix(BOM).strip():
        if not reading.faults:
            reading.refuse(0, "", "file_empty", "", "a header and at least one row")
        return False
    for magic, name in FORMATS:
        if first.removeprefix(BOM).startswith(magic):
            reading.refuse(0, "", "not_csv", name, "CSV in UTF-8", "export it as CSV in UTF-8")
            return False
    if first[:8].count(b"\x00") > 1:
        reading.refuse(0, "", "not_csv", "text in UTF-16 or UTF-32", "CSV in UTF-8")
        return False
    return True


def _names(reading: Reading, line: bytes) -> list[str]:
    """The names in the header; none when it cannot be told apart."""
    if found := other_delimiter(line):
        reading.refuse(1, "", "delimiter", found, "commas between the columns")
        return []
    return header_names(reading, line)


def _rows(
    reading: Reading, places: dict[str, int], names: Sequence[str], blocks: Iterator[bytes]
) -> bool:
    """Gather the cells of all blocks; whether a line had a carriage return at its end."""
    coders = {name: Coder() for name in places}
    plain = [declared_name(reading, name) for name in names]
    numbers: list[Ints] = []
    aside: list[tuple[int, bytes]] = []
    line, crlf = 2, False
    for text in blocks:
        if not text or len(aside) > MOST_FAULTS:
            continue
        block = tokenise(np.frombuffer(text, dtype=np.uint8), len(names))
        for name, coder in coders.items():
            at = places[name]
            coder.add(text, block.data, block.starts[at], block.lengths[at])
        numbers.append(block.rows + line)
        aside += _aside(block, text, line)
        line += len(block.rows) + len(block.irregular)
        crlf |= block.crlf
    _refuse_lines(reading, aside, line, plain)
    lines = np.concatenate(numbers) if numbers else np.zeros(0, dtype=np.int64)
    _take(reading, coders, lines)
    return crlf


def _aside(block: Block, text: bytes, first: int) -> Iterator[tuple[int, bytes]]:
    """The irregular lines of a block, with their numbers."""
    if block.irregular.size:
        lines = text.split(b"\n")
        for number in block.irregular:
            yield int(number) + first, lines[number].removesuffix(b"\r")


def _refuse_lines(
    reading: Reading, aside: list[tuple[int, bytes]], end: int, names: Sequence[str]
) -> None:
    """Add the faults of the lines set aside; blank lines at the end of the file are a note."""
    trailing = 0
    while aside and aside[-1] == (end - 1 - trailing, b""):
        aside.pop()
        trailing += 1
    if trailing:
        reading.note("", "blank_lines_at_end", trailing, "blank lines after the last row")
    for number, line in aside:
        refuse_line(reading, number, line, names)
    reading.whole = not aside


def _take(reading: Reading, coders: dict[str, Coder], lines: Ints) -> None:
    """Keep the cells, but for rows that are none: another header, a line of totals."""
    columns = {name: _coded(reading, name, coder) for name, coder in coders.items()}
    reading.cells = Cells(columns, lines)
    if not len(lines) and reading.whole:
        reading.refuse(0, "", "header_only", "", "at least one row")
    rows = _repeated_headers(reading, reading.cells) | _totals(reading, reading.cells)
    reading.cells = reading.cells.without(rows)


def _coded(reading: Reading, name: str, coder: Coder) -> Coded:
    """The text of one column, as declared where it is spelt otherwise in the file."""
    column = Coded(tuple(coder.known), coder.codes(), frozenset(coder.stray))
    if name not in reading.columns.changed:
        return column
    return column.mapped(partial(reading.columns.text, name))


def _repeated_headers(reading: Reading, cells: Cells) -> set[int]:
    """Rows that say the header again."""
    found = None
    for name, column in cells.columns.items():
        rows = set(column.rows_with(name).tolist())
        found = rows if found is None else found & rows
    for row in sorted(found or ()):
        reading.refuse(int(cells.lines[row]), "", "repeated_header", "", "one header row")
    return found or set()


def _totals(reading: Reading, cells: Cells) -> set[int]:
    """The last row, when it is a line of totals."""
    last = len(cells) - 1
    for name, column in cells.columns.items():
        if last >= 0 and column.at(last).strip().casefold() in TOTAL_WORDS:
            found = column.at(last)
            reading.refuse(int(cells.lines[last]), name, "total_row", found, "a row of the table")
            return {last}
    return set()
