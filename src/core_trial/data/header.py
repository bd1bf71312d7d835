"""The header of a file: which declared column stands where."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

from core_trial.data.reading import Reading

#: Words in a column's name, and parts of it, that suggest personal data.
PERSONAL_WORDS = frozenset(
    {"name", "initials", "nhs", "zip", "dob", "address", "street", "phone", "mobile", "mail"}
    | {"mrn", "passport", "gp", "email", "birthday", "birth"}
)
PERSONAL_PARTS = (
    *("surname", "forename", "firstname", "lastname", "fullname", "nhsn", "postcode", "postal"),
    *("birth", "telephone", "email", "hospitaln", "nationalinsurance"),
)
DELIMITERS = {b";": "semicolons", b"\t": "tabs", b"|": "vertical bars"}


def place_columns(reading: Reading, names: list[str], allow: Collection[str]) -> dict[str, int]:
    """Match the names in a header to the declared columns.

    Parameters
    ----------
    reading
        Takes the faults and notes.
    names
        The header as it stands in the file.
    allow
        Undeclared columns that may be there.

    Returns
    -------
    dict
        Place of every declared column that was found; empty when no name could be told.
    """
    if not names:
        return {}
    header = reading.table.header
    plain = [declared_name(reading, name) for name in names]
    times = Counter(plain)
    allowed = {plain_name(name) for name in allow}
    for name, given in zip(plain, names, strict=True):
        if times[name] > 1:
            reading.refuse(1, name, "duplicate_column", given, "each column once")
        elif name not in header:
            _unknown(reading, name, given, allowed)
        elif name != given and name not in reading.columns.names:
            reading.note(name, "header_normalised", 1, "letter case or spaces in the header")
    for name in header:
        if name not in times:
            reading.refuse(1, name, "missing_column", "", "this column is required")
    places = {name: plain.index(name) for name in header if name in times}
    if list(places.values()) != sorted(places.values()):
        reading.note("", "column_order", 1, "the columns stand in another order")
    return places


def declared_name(reading: Reading, name: str) -> str:
    """A column's declared name, where it has another one in the file."""
    plain = plain_name(name)
    given = {plain_name(found): declared for declared, found in reading.columns.names.items()}
    return given.get(plain, plain)


def plain_name(name: str) -> str:
    """A column's name without letter case, and with spaces of any kind taken off or joined."""
    return "_".join(name.split()).casefold()


def other_delimiter(line: bytes) -> str:
    """What separates the columns of a header without commas; blank when nothing is recognised."""
    if b"," in line:
        return ""
    return next((name for mark, name in DELIMITERS.items() if mark in line), "")


def suggests_personal_data(name: str) -> bool:
    """Whether a column of this name is likely to tell who somebody is."""
    parts = re.split(r"[^a-z]+", name)
    joined = "".join(parts)
    return bool(PERSONAL_WORDS.intersection(parts)) or any(p in joined for p in PERSONAL_PARTS)


def _unknown(reading: Reading, name: str, given: str, allow: set[str]) -> None:
    allowed = "the columns of the data dictionary"
    if name and (name in allow or reading.undeclared == "note"):
        reading.note(name, "column_not_read", 1, "an undeclared column")
    elif not name:
        reading.refuse(1, "", "unnamed_column", "", allowed, "is there a comma too many?")
    elif suggests_personal_data(name):
        hint = "its name suggests personal data: take it out, or allow the column by name"
        reading.refuse(1, name, "personal_data", given, allowed, hint)
    else:
        reading.refuse(1, name, "unknown_column", given, allowed, "or allow the column by name")
