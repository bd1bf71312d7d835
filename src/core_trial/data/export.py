"""Frames to CSV files; the same bytes for the same frames, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from core_trial.data.columns import Column, Table
from core_trial.data.package import PACKAGE_FILE, data_package
from core_trial.data.schemas import validate
from core_trial.data.tables import TABLES
from core_trial.data.trial import TrialData
from core_trial.errors import OutputError

#: Rows that are turned into text at a time.
ROWS = 100_000


def write(trial: TrialData, folder: str | os.PathLike[str]) -> None:
    """Write the files of a trial, with their description.

    Parameters
    ----------
    trial
        Its frames.
    folder
        Where to; made if need be. Files of the same names are replaced.

    Raises
    ------
    DataError
        When a frame does not meet its model; nothing is written then.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from core_trial.data.load import load
    >>> with TemporaryDirectory() as one, TemporaryDirectory() as other:
    ...     template(one)
    ...     write(load(one), other)
    ...     (Path(one) / "sessions.csv").read_bytes() == (Path(other) / "sessions.csv").read_bytes()
    True
    """
    validate(trial)
    frames = dict(trial.frames())
    _write_all(Path(folder), {t.name: _rows(t, frames[t.name]) for t in TABLES}, described=True)


def template(folder: str | os.PathLike[str]) -> None:
    """Write files that hold the header and one example row each.

    Parameters
    ----------
    folder
        Where to; made if need be.

    Raises
    ------
    OutputError
        When one of the files is there already; it may hold data.
    """
    path = Path(folder)
    there = [table.file for table in TABLES if (path / table.file).exists()]
    if there:
        raise OutputError(f"{path.name} already has {', '.join(there)}; choose another folder")
    examples = {t.name: iter([[column.example for column in t.columns]]) for t in TABLES}
    _write_all(path, examples, described=False)


def _write_all(folder: Path, rows: Mapping[str, Iterator[list[str]]], *, described: bool) -> None:
    """Write all files beside their places, and move them there when all are whole."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".writing-", dir=folder) as name:
        aside = Path(name)
        contents = {t.file: _write(aside / t.file, rows[t.name], t.header) for t in TABLES}
        package = data_package(contents if described else None)
        text = json.dumps(package, indent=1, ensure_ascii=False) + "\n"
        (aside / PACKAGE_FILE).write_text(text, encoding="utf-8", newline="\n")
        for path in sorted(aside.iterdir()):
            path.replace(folder / path.name)


def _rows(table: Table, frame: pd.DataFrame) -> Iterator[list[str]]:
    """The rows of a frame as text."""
    for start in range(0, len(frame), ROWS):
        part = frame.iloc[start : start + ROWS]
        columns = [_texts(column, part[column.name]) for column in table.columns]
        yield from map(list, zip(*columns, strict=True))


def _texts(column: Column, values: pd.Series) -> list[str]:
    """One column as text, blank for missing; each distinct value is written once."""
    codes, distinct = pd.factorize(values)
    texts = [*(column.kind.write(value) for value in distinct), ""]
    return [texts[code] for code in codes]


def _write(path: Path, rows: Iterator[list[str]], header: tuple[str, ...]) -> tuple[int, str]:
    """Write one file; gives its size and SHA-256."""
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as stream:
        for text in _text_blocks(rows, header):
            data = text.encode("utf-8")
            digest.update(data)
            size += stream.write(data)
    return size, digest.hexdigest()


def _text_blocks(rows: Iterator[list[str]], header: tuple[str, ...]) -> Iterator[str]:
    """Header and rows as CSV, some rows at a time."""
    block: list[list[str]] = [list(header)]
    while block:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(block)
        yield text.getvalue()
        block = list(islice(rows, ROWS))
