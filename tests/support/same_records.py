"""Two ``results.json`` held against one another as sets of records.

``python tests/support/same_records.py before.json after.json`` prints every record of the first
that the second does not have with every number the same. Records and fields that the second has
besides do not count, nor does the order.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

#: Fields that name what a record is about; the others are what it says.
NAMES = ("kind", "analysis", "level", "arm", "statistic", "step", "reason", "time", "id", "rule")
Record = dict[str, object]


def read(path: Path) -> list[Record]:
    """The records of a file."""
    return json.loads(path.read_text(encoding="utf-8"))["records"]


def name(record: Record) -> tuple[tuple[str, object], ...]:
    """What a record is about."""
    return tuple((field, record[field]) for field in NAMES if field in record)


def differences(before: list[Record], after: list[Record]) -> Iterator[tuple[Record, list[Record]]]:
    """Each record of `before` that `after` lacks, with those there that are about the same."""
    fields = {kind: set(record) for record in before for kind in [record["kind"]]}
    there: dict[object, list[Record]] = {}
    for record in after:
        known = fields.get(str(record["kind"]), set(record))
        there.setdefault(name(record), []).append({k: v for k, v in record.items() if k in known})
    for record in before:
        like = there.get(name(record), [])
        if record not in like:
            yield record, like


def said(record: Record, like: list[Record]) -> str:
    """One line: what differs."""
    about = " ".join(str(value) for _, value in name(record) if value)
    if not like:
        return f"{about}: gone"
    changed = {k: (v, like[0].get(k)) for k, v in record.items() if like[0].get(k) != v}
    return f"{about}: " + "; ".join(f"{k} {old!r} -> {new!r}" for k, (old, new) in changed.items())


def main(before: str, after: str) -> int:
    """Print the differences; 1 if there are any."""
    old, new = read(Path(before)), read(Path(after))
    found = list(differences(old, new))
    for record, like in found:
        print(said(record, like))
    kinds = Counter(str(record["kind"]) for record, _ in found)
    print(f"{len(old)} records before, {len(new)} after, {len(found)} not the same: {dict(kinds)}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
