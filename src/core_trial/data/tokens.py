"""Bytes to cells: a strict CSV tokeniser that looks at whole blocks of lines at once.

A cell ends at a comma or at the end of its line; a cell in double quotes may hold commas and
doubled quotes, but no line break, so every line is one row. Lines that break a rule are set aside
with the reason and never guessed at. The work is done on arrays of byte positions, and the text of
a column is kept as codes into its distinct texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

LF, CR, COMMA, QUOTE, DELETE = 10, 13, 44, 34, 127
#: Longest cell that is looked into, in bytes; no column here holds anything near it.
LONGEST_CELL = 1000

_QUOTED = re.compile(r'"((?:[^"]|"")*)"')


@dataclass(frozen=True, slots=True)
class Block:
    """The cells of the regular lines of one block.

    Parameters
    ----------
    data
        The bytes, whole lines.
    starts, lengths
        Where each cell begins and how many bytes it has, shape (columns, rows).
    rows
        Number of each regular line within the block, counted from 0.
    irregular
        Numbers of the lines that were set aside.
    crlf
        Whether a line ended with carriage return and line feed.
    """

    data: Bytes
    starts: Ints
    lengths: Ints
    rows: Ints
    irregular: Ints
    crlf: bool


def tokenise(data: Bytes, columns: int) -> Block:
    """Find the cells of a block of lines.

    Parameters
    ----------
    data
        Bytes of whole lines; the last byte is a line feed.
    columns
        Number of cells that every line must have.
    """
    breaks = np.flatnonzero(data == LF)
    marks, unbalanced = _marks(data, breaks)
    counts = np.diff(np.searchsorted(marks, breaks), prepend=-1)
    bad = (counts != columns) | unbalanced | _unreadable(data, breaks)
    starts = np.concatenate(([0], marks[:-1] + 1))
    if bad.any():
        cells = np.repeat(~bad, counts)
        starts, marks = starts[cells], marks[cells]
    starts = np.ascontiguousarray(starts.reshape(-1, columns).T)
    lengths = np.ascontiguousarray(marks.reshape(-1, columns).T) - starts
    crlf = _take_off_returns(data, starts, lengths)
    rows = np.flatnonzero(~bad)
    none = (lengths > LONGEST_CELL).any(axis=0) | (lengths.sum(axis=0) == 0)
    irregular = np.union1d(np.flatnonzero(bad), rows[none])
    return Block(data, starts[:, ~none], lengths[:, ~none], rows[~none], irregular, crlf)


def _marks(data: Bytes, breaks: Ints) -> tuple[Ints, Mask]:
    """Where cells end; and which lines have an odd number of quotes."""
    comma = data == COMMA
    quotes = np.flatnonzero(data == QUOTE)
    unbalanced = np.zeros(len(breaks), dtype=bool)
    if quotes.size:
        per_line = np.bincount(np.searchsorted(breaks, quotes), minlength=len(breaks))
        unbalanced = per_line % 2 == 1
        toggles = np.zeros(len(data), dtype=np.uint8)
        toggles[quotes] = 1
        toggles[breaks[unbalanced]] = 1
        comma &= np.cumsum(toggles, dtype=np.uint8) % 2 == 0
    comma[breaks] = True
    return np.flatnonzero(comma), unbalanced


def _unreadable(data: Bytes, breaks: Ints) -> Mask:
    """Lines with bytes that are not UTF-8, or with control characters."""
    bad = np.zeros(len(breaks), dtype=bool)
    control = ((data < 32) & (data != LF)) | (data == DELETE)
    returns = np.flatnonzero(data[:-1] == CR)
    control[returns[data[returns + 1] == LF]] = False
    bad[np.searchsorted(breaks, np.flatnonzero(control))] = True
    try:
        data.tobytes().decode("utf-8")
    except UnicodeDecodeError:
        lines = data.tobytes().split(b"\n")[:-1]
        bad |= np.fromiter((not _is_utf8(line) for line in lines), bool, len(lines))
    return bad


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _take_off_returns(data: Bytes, starts: Ints, lengths: Ints) -> bool:
    """Shorten the last cell of every line by its carriage return; whether there was one."""
    if not starts.size:
        return False
    ends = starts[-1] + lengths[-1]
    returned = (ends > 0) & (data[ends - 1] == CR)
    lengths[-1] -= returned
    return bool(returned.any())


@dataclass(slots=True)
class Coder:
    """Gathers one column over all blocks, each distinct text once.

    Attributes
    ----------
    known
        Code of every text.
    parts
        Codes of the rows, block by block.
    stray
        Texts in which a quote stands where none may.
    """

    known: dict[str, int] = field(default_factory=dict)
    parts: list[NDArray[np.integer]] = field(default_factory=list)
    stray: set[str] = field(default_factory=set)

    def add(self, text: bytes, data: Bytes, starts: Ints, lengths: Ints) -> None:
        """Take in the cells of one block, given as bytes and as an array of them."""
        codes, example = encode(data, starts, lengths)
        begin = starts[example].tolist()
        end = (starts + lengths)[example].tolist()
        cells = [text[i:j].decode("utf-8") for i, j in zip(begin, end, strict=True)]
        if any('"' in cell for cell in cells):
            cells = [self._unquote(cell) for cell in cells]
        known = self.known
        places = [known.setdefault(cell, len(known)) for cell in cells]
        self.parts.append(np.array(places, dtype=np.min_scalar_type(len(known)))[codes])

    def codes(self) -> NDArray[np.integer]:
        """The code of every row, in the smallest type that holds them."""
        return np.concatenate(self.parts) if self.parts else np.zeros(0, dtype=np.uint8)

    def _unquote(self, text: str) -> str:
        if '"' not in text:
            return text
        if quoted := _QUOTED.fullmatch(text):
            return quoted[1].replace('""', '"')
        self.stray.add(text)
        return text


def encode(data: Bytes, starts: Ints, lengths: Ints) -> tuple[Ints, Ints]:
    """Tell equal cells from different ones.

    Parameters
    ----------
    data
        The bytes, none of them zero.
    starts, lengths
        Where the n cells begin and how many bytes each has, shape (n,).

    Returns
    -------
    codes
        A number for every cell, the same for equal ones, counted from 0, shape (n,).
    example
        Index of a cell with each number.
    """
    width = int(lengths.max(initial=0))
    codes = _single_bytes(data, starts, lengths) if width <= 1 else _words(data, starts, lengths)
    example = np.zeros(int(codes.max(initial=-1)) + 1, dtype=np.int64)
    example[codes] = np.arange(len(codes))
    return codes, example


def _single_bytes(data: Bytes, starts: Ints, lengths: Ints) -> Ints:
    """Codes of cells of at most one byte; an answer on a scale is no longer."""
    byte = data.take(starts, mode="clip") * (lengths > 0)
    seen = np.bincount(byte, minlength=256) > 0
    return (np.cumsum(seen) - 1)[byte]


def _words(data: Bytes, starts: Ints, lengths: Ints) -> Ints:
    """Codes of longer cells: eight bytes at a time, each told apart within those before."""
    codes = np.zeros(len(starts), dtype=np.int64)
    for offset in range(0, int(lengths.max()), 8):
        part, distinct = pd.factorize(_word(data, starts + offset, lengths - offset))
        codes, _ = pd.factorize(codes * len(distinct) + part) if offset else (part, None)
    return codes


def _word(data: Bytes, starts: Ints, lengths: Ints) -> NDArray[np.uint64]:
    """Up to eight bytes of every cell as one number; bytes beyond its end are zero."""
    word = np.zeros(len(starts), dtype=np.uint64)
    for k in range(min(8, int(lengths.max(initial=0)))):
        byte = data.take(starts + k, mode="clip") * (lengths > k)
        word |= byte.astype(np.uint64) << np.uint64(8 * k)
    return word
