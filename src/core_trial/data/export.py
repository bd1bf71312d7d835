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

from core_trial.data.load import conform
from core_trial.data.package import PACKAGE_FILE, data_package
from core_trial.data.trial import TrialData
from core_trial.declaration.columns import Column, Table
from core_trial.declaration.files import Files
from core_trial.errors import OutputError

#: Rows that are turned into text at a time.
ROWS = 100_000


def write(data: TrialData, folder: str | os.PathLike[str], *, synthetic: bool = False) -> None:
    """Write the files of a trial, with their description.

    A file that is there already is replaced only when it is byte for byte one that this function
    wrote, as the folder's description says by its hash; anything else may be somebody's data.

    Parameters
    ----------
    data
        Its frames.
    folder
        Where to; made if need be.
    synthetic
        Whether the people in the frames do not exist; the description then says so.

    Raises
    ------
    DataError
        When a frame does not meet the declaration; nothing is written then.
    OutputError
        When the folder holds a file that this function did not write.
    """
    files, path = data.files, Path(folder)
    frames = conform(data.tables, files)
    _refuse_to_replace(path, files)
    rows = {t.name: _rows(t, frames[t.name]) for t in files.tables}
    synthetic = synthetic or data.report.synthetic
    _write_all(path, files, rows, synthetic=synthetic, masked=data.report.masked)


def _refuse_to_replace(folder: Path, files: Files) -> None:
    """Refuse a folder in which a file of these names is not one of ours, byte for byte."""
    hashes = _described(folder / PACKAGE_FILE)
    foreign = [
        table.file
        for table in files.tables
        if (folder / table.file).exists() and hashes.get(table.file) != _sha256(folder / table.file)
    ]
    if foreign:
        raise OutputError(
            f"{folder.name} has {', '.join(foreign)}, which this program did not write as they "
            "are: choose another folder, or move them away"
        )


def _described(path: Path) -> Mapping[str, str]:
    try:
        resources = json.loads(path.read_text(encoding="utf-8"))["resources"]
        return {str(r["path"]): str(r["hash"]).removeprefix("sha256:") for r in resources}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def _sha256(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write_all(
    folder: Path,
    files: Files,
    rows: Mapping[str, Iterator[list[str]]],
    *,
    synthetic: bool,
    masked: bool,
) -> None:
    """Write all files beside their places, and move them there when all are whole."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".writing-", dir=folder) as name:
            aside = Path(name)
            contents = {
                t.file: _write(aside / t.file, rows[t.name], t.header) for t in files.tables
            }
            package = data_package(files, contents, synthetic=synthetic, masked=masked)
            text = json.dumps(package, indent=1, ensure_ascii=False) + "\n"
            (aside / PACKAGE_FILE).write_text(text, encoding="utf-8", newline="\n")
            for path in sorted(aside.iterdir()):
                path.replace(folder / path.name)
    except OSError as error:
        raise OutputError(f"{folder.name}: {error.strerror or error}") from None


def text_of_frame(frame: pd.DataFrame, table: Table) -> str:
    """A frame as the text of a CSV file, in the declared order of columns."""
    return "".join(_text_blocks(_rows(table, frame), table.header))


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
