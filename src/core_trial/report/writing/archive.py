"""Zip files without a clock: equal contents give equal bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

#: The earliest time that a zip file can hold.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def zipped(parts: Mapping[str, bytes]) -> bytes:
    """The parts as a zip file, in their order, each with the earliest time there is.

    Examples
    --------
    >>> with zipfile.ZipFile(io.BytesIO(zipped({"a.txt": b"text"}))) as found:
    ...     found.infolist()[0].date_time, found.read("a.txt")
    ((1980, 1, 1, 0, 0, 0), b'text')
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name, data in parts.items():
            entry = zipfile.ZipInfo(name, _NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(entry, data)
    return stream.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    """The parts of a zip file, in their order."""
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        return {name: found.read(name) for name in found.namelist()}
