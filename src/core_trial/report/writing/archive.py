"""Zip files without a clock: equal contents give equal bytes."""

from __future__ import annotations

import io
import zipfile

#: The earliest time that a zip file can hold.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def without_times(data: bytes) -> bytes:
    """The same zip file, each entry with the earliest time there is.

    Examples
    --------
    >>> stream = io.BytesIO()
    >>> with zipfile.ZipFile(stream, "w") as made:
    ...     made.writestr("a.txt", "text")
    >>> with zipfile.ZipFile(io.BytesIO(without_times(stream.getvalue()))) as found:
    ...     found.infolist()[0].date_time, found.read("a.txt")
    ((1980, 1, 1, 0, 0, 0), b'text')
    """
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as found,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for entry in found.infolist():
            kept = zipfile.ZipInfo(entry.filename, _NO_TIME)
            kept.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(kept, found.read(entry.filename))
    return stream.getvalue()
