"""Write a folder whole or not at all, and never over what this program did not write.

Everything goes to a sibling folder first, which takes the place of the old one when it is complete.
A manifest in the folder says byte for byte which files this program made, and for which command;
only a folder that holds these files as they were written, and nothing else, is ever replaced.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from core_trial.errors import OutputError

#: The manifest: a line ``sha256  name`` for every other file, as ``sha256sum --check`` reads it,
#: under a comment that names the kind of output.
MANIFEST = ".core-trial"
#: Marks a folder that is being written; one that a killed program left behind is known by it.
UNFINISHED = ".core-trial-unfinished"
_KIND = "# kind: "
#: Files that a message lists.
LISTED = 5


def write(folder: Path, files: Mapping[str, str | bytes], kind: str = "analysis") -> None:
    """Write files as one folder, which replaces what this program wrote there before.

    Parameters
    ----------
    folder
        Where to; its parents are made when they are not there.
    files
        Content by name relative to the folder, with ``/`` between folders; text becomes UTF-8.
    kind
        What is written; only an output of the same kind is replaced.

    Raises
    ------
    OutputError
        If `folder` holds something that this program did not make, or cannot be written. What
        stood there before is untouched then.
    """
    content = {_checked(name): _bytes(text) for name, text in files.items()}
    with _claimed(folder, kind) as target, _sibling(target) as fresh:
        _fill(fresh, {**content, MANIFEST: _manifest(content, kind)})
        (fresh / UNFINISHED).unlink()
        _swap(fresh, target)


def prepare(folder: Path, kind: str = "analysis") -> None:
    """Refuse, before any work is done, a place that could not be written to at the end.

    Raises
    ------
    OutputError
        As `write` would.
    """
    with _claimed(folder, kind) as target, _sibling(target):
        pass


@contextmanager
def _claimed(folder: Path, kind: str) -> Iterator[Path]:
    """The folder's resolved path, for as long as no other program may write there."""
    name = folder.name or str(folder)
    try:
        target = folder.resolve()
        _refuse_place(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        with _lock(target):
            _recover(target)
            _refuse_foreign(target, kind)
            yield target
    except (OSError, RuntimeError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise OutputError(f"could not write {name}: {reason}") from None


def _refuse_place(target: Path) -> None:
    """Refuse places whose replacement would take more with it than an output."""
    if target == target.parent or os.path.ismount(target):
        raise OutputError(f"{target} is a whole file system; name a folder inside it")
    if target == Path.cwd() or target in Path.cwd().parents:
        raise OutputError("the output would replace the working folder; name a folder inside it")
    if target.exists() and not target.is_dir():
        raise OutputError(f"{target.name} is a file; name a folder to write to")


def _refuse_foreign(folder: Path, kind: str) -> None:
    """Refuse a folder with anything in it that is not, byte for byte, an output of this kind."""
    if not folder.exists():
        return
    found, hashes = _read_manifest(folder)
    foreign = []
    for name in _present(folder):
        if name != MANIFEST and hashes.get(name) != _sha256(folder / name):
            foreign.append(name)
        if len(foreign) > LISTED:
            break
    if foreign:
        listed = ", ".join(sorted(foreign)[:LISTED]) + (
            " and more" if len(foreign) > LISTED else ""
        )
        raise OutputError(
            f"{folder.name} holds files that this program did not make as they are ({listed}); "
            "name another folder, or move them away"
        )
    if hashes and found != kind:
        raise OutputError(f"{folder.name} holds the output of another command ({found or 'old'})")


def _present(folder: Path) -> Iterator[str]:
    """Every file in a folder, and every folder without one."""
    for path, folders, names in os.walk(folder):
        here = Path(path)
        links = [name for name in folders if (here / name).is_symlink()]
        for name in (*names, *links):
            yield (here / name).relative_to(folder).as_posix()
        if not folders and not names and here != folder:
            yield here.relative_to(folder).as_posix()


def _sha256(path: Path) -> str:
    if path.is_symlink() or not path.is_file():
        return ""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read_manifest(folder: Path) -> tuple[str, Mapping[str, str]]:
    """Kind of output, and hash of each file by name; nothing where there is no manifest."""
    try:
        lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return "", {}
    kinds = [line.removeprefix(_KIND) for line in lines if line.startswith(_KIND)]
    entries = [line.partition("  ") for line in lines if not line.startswith("#")]
    return "".join(kinds[:1]), {name: digest for digest, _, name in entries}


def _manifest(content: Mapping[str, bytes], kind: str) -> bytes:
    lines = [f"{hashlib.sha256(content[name]).hexdigest()}  {name}\n" for name in sorted(content)]
    return "".join([f"{_KIND}{kind}\n", *lines]).encode()


def _checked(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or name in ("", MANIFEST) or "\n" in name:
        raise ValueError(f"{name!r} is no name for a file of the output")
    return str(path)


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


@contextmanager
def _lock(target: Path) -> Iterator[None]:
    """Keep other writers of the same folder out; a killed program's lock is free again."""
    try:
        import fcntl
    except ImportError:  # where there is no such lock, the last of two writers wins
        yield
        return
    path = target.with_name(f".{target.name}.lock")
    while True:
        with path.open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            if not _is_at(stream.fileno(), path):
                continue  # the writer before us has taken the lock away with it
            try:
                yield
            finally:
                path.unlink(missing_ok=True)
            return


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether an open file is still the one of this name."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _recover(target: Path) -> None:
    """Bring back, or clear away, what a killed program left beside the folder."""
    pattern = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}(\.old)?")
    left = [path for path in target.parent.iterdir() if pattern.fullmatch(path.name)]
    for path in sorted(left):
        if path.suffix == ".old" and (path / MANIFEST).is_file() and not target.exists():
            path.rename(target)
        elif (path / UNFINISHED).is_file() or (path / MANIFEST).is_file():
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _sibling(target: Path) -> Iterator[Path]:
    """A new folder beside the target, gone afterwards unless it was moved away."""
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    fresh.mkdir()
    try:
        (fresh / UNFINISHED).touch()
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
        fresh.rename(target)
    except BaseException:
        with suppress(OSError):
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
