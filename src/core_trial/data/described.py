"""What else is in the folder: the description of its files, and files that are not read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from core_trial.data.package import MASKED, PACKAGE_FILE, SYNTHETIC
from core_trial.data.trial import Note
from core_trial.declaration.files import Files

#: How a Data Package marks this kind of hash.
SHA256 = "sha256:"


def compare_with_description(folder: Path, hashes: Mapping[str, str]) -> Iterator[Note]:
    """Notes on files that are not those whose hashes ``datapackage.json`` gives."""
    path = folder / PACKAGE_FILE
    if not path.is_file():
        return
    described = _described_hashes(path)
    if described is None:
        text = "this is no description of the files"
        yield Note(PACKAGE_FILE, "", "description_unreadable", 1, text)
        return
    for name, sha256 in described.items():
        if name in hashes and hashes[name] != sha256:
            text = "the file is not the one that datapackage.json describes"
            yield Note(name, "", "not_as_described", 1, text)


def _described_hashes(path: Path) -> dict[str, str] | None:
    """SHA-256 of every described file that has one; None when the description cannot be read."""
    try:
        resources = json.loads(path.read_text(encoding="utf-8"))["resources"]
        hashes = {r["path"]: r["hash"] for r in resources if "hash" in r}
        return {p: h.removeprefix(SHA256) for p, h in hashes.items() if h.startswith(SHA256)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def is_synthetic(folder: Path) -> bool:
    """Whether the folder's description says that nobody in its files exists."""
    return _says(folder, SYNTHETIC)


def is_masked(folder: Path) -> bool:
    """Whether the folder's description says that the allocation in it is a dummy."""
    return _says(folder, MASKED)


def _says(folder: Path, name: str) -> bool:
    try:
        text = (folder / PACKAGE_FILE).read_text(encoding="utf-8")
        return json.loads(text).get(name) is True
    except (OSError, ValueError, AttributeError, RecursionError):
        return False


def other_files(folder: Path, files: Files) -> Iterator[Note]:
    """Notes on CSV files in the folder that are not read."""
    known = {table.file for table in files.tables}
    for path in sorted(folder.iterdir()):
        if path.suffix.casefold() == ".csv" and path.name not in known:
            yield Note(path.name, "", "file_not_read", 1, "not a file of the trial")
