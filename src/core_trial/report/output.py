"""Write a folder whole or not at all, and never over somebody else's.

Everything goes to a sibling folder first, which takes the place of the old one when it is complete.
A manifest in the folder says which files this program made; only a folder that holds nothing else
is ever replaced.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from core_trial.errors import OutputError

#: The manifest: a line ``sha256  name`` for every other file, as ``sha256sum --check`` reads it.
MANIFEST = ".core-trial"


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files as one folder, which replaces what this program wrote there before.

    Parameters
    ----------
    folder
        Where to; its parents are made when they are not there.
    files
        Content by name relative to the folder, with ``/`` between folders; text becomes UTF-8.

    Raises
    ------
    OutputError
        If `folder` holds something that this program did not make, or cannot be written. What
        stood there before is untouched then.
    """
    content = {_checked(name): _bytes(text) for name, text in files.items()}
    target = folder.resolve()
    refuse_foreign(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _sibling(target) as fresh:
            _fill(fresh, {**content, MANIFEST: _manifest(content)})
            _swap(fresh, target)
    except OSError as problem:
        raise OutputError(f"could not write {target.name}: {problem.strerror}") from None


def refuse_foreign(folder: Path) -> None:
    """Refuse a place that holds anything this program did not make.

    Raises
    ------
    OutputError
        If `folder` is a file, or holds files that no manifest of ours lists.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder.name} is a file; name a folder to write to")
    foreign = sorted(_present(folder) - _ours(folder))
    if foreign:
        listed = ", ".join(foreign[:5]) + (" and more" if len(foreign) > 5 else "")
        raise OutputError(
            f"{folder.name} holds files that this program did not make ({listed}); "
            "name another folder, or move them away"
        )


def _present(folder: Path) -> set[str]:
    """Everything in a folder but the folders that files are in."""
    paths = [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]
    return {path.relative_to(folder).as_posix() for path in paths}


def _ours(folder: Path) -> set[str]:
    """The names that the folder's manifest lists, and the manifest itself."""
    try:
        lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return set()
    return {MANIFEST} | {name for _, _, name in (line.partition("  ") for line in lines)}


def _checked(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or name in ("", MANIFEST) or "\n" in name:
        raise ValueError(f"{name!r} is no name for a file of the output")
    return str(path)


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _manifest(content: Mapping[str, bytes]) -> bytes:
    lines = [f"{hashlib.sha256(content[name]).hexdigest()}  {name}\n" for name in sorted(content)]
    return "".join(lines).encode()


@contextmanager
def _sibling(target: Path) -> Iterator[Path]:
    """A new folder beside the target, gone afterwards unless it was moved away."""
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    fresh.mkdir()
    try:
        yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _fill(folder: Path, content: Mapping[str, bytes]) -> None:
    for name, data in content.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _swap(fresh: Path, target: Path) -> None:
    """Put the new folder in the place of the old one; the old one comes back if that fails."""
    if not target.exists():
        fresh.rename(target)
        return
    old = target.with_name(f".{target.name}.{secrets.token_hex(4)}.old")
    target.rename(old)
    try:
        os.rename(fresh, target)
    except BaseException:
        with suppress(OSError):
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
