"""What a stopped run leaves behind: a folder with one file per finished chunk of tasks."""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from core_trial.errors import DesignError, OutputError
from core_trial.models.many.fingerprint import fingerprint

#: Holds the fingerprint of the call that the folder belongs to.
OWNER = "call.txt"


class Kept(Protocol):
    """Where finished chunks are kept."""

    def read(self, chunks: int) -> dict[int, list[Any]]:
        """The results of the chunks that are done, by their number."""

    def write(self, k: int, part: list[Any]) -> None:
        """Keep one chunk's results."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Keeps nothing."""

    def read(self, chunks: int) -> dict[int, list[Any]]:
        """No chunk is done."""
        return {}

    def write(self, k: int, part: list[Any]) -> None:
        """Forget it."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Keeps chunks as files, each written under another name first and then renamed.

    Parameters
    ----------
    path
        The folder. Its files are pickles: read only what you wrote yourself.
    """

    path: Path

    def read(self, chunks: int) -> dict[int, list[Any]]:
        """The results of the chunks whose files are whole."""
        found = {}
        for k in range(chunks):
            try:
                found[k] = pickle.loads(self._file(k).read_bytes())
            except FileNotFoundError:
                continue
            except (pickle.UnpicklingError, EOFError, OSError) as error:
                raise DesignError(f"{self._file(k)} cannot be read ({error}): delete it") from None
        return found

    def write(self, k: int, part: list[Any]) -> None:
        """Keep one chunk's results; a stop in mid-write leaves no half a file."""
        write_whole(self._file(k), pickle.dumps(part))

    def _file(self, k: int) -> Path:
        return self.path / f"chunk-{k:06d}.pickle"


def keep_in(
    folder: str | Path | None, function: Callable[..., Any], tasks: Sequence[Any], size: int
) -> Kept:
    """Where the chunks of a call are kept.

    Raises
    ------
    DesignError
        If the folder holds the chunks of another call.
    OutputError
        If it cannot be made.
    """
    if folder is None:
        return Nothing()
    path, own = Path(folder), fingerprint(function, list(tasks), size)
    try:
        path.mkdir(parents=True, exist_ok=True)
        known = (path / OWNER).read_text("ascii") if (path / OWNER).exists() else None
        if known is None:
            write_whole(path / OWNER, own.encode("ascii"))
    except OSError as error:
        raise OutputError(f"resume={str(folder)!r} cannot be written: {error.strerror}") from None
    if known not in (None, own):
        raise DesignError(
            f"resume={str(folder)!r} holds the results of another call (other data, model, seed or "
            "number of data sets): take an empty folder, or repeat that call as it was"
        )
    return Folder(path)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there as a whole or not at all."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(content)
        os.replace(file.name, path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from None
