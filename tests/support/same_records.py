"""Two ``results.json`` held against one another as sets of records.

``python tests/support/same_records.py before.json after.json`` prints every record of the first
that the second does not have with every number the same; a third argument, such as ``1e-6``, says
how near numbers have to be, and texts then do not count. Records and fields that the second has
besides do not count, nor does the order.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

#: Fields that name what a record is about; the others are what it says.
NAMES = ("kind", "analysis", "level", "arm", "cluster", "step", "reason", "time", "id", "rule")
Record = dict[str, object]


def read(path: Path) -> list[Record]:
    """The records of a file; those that once had a name inside `level`, as they are now."""
    records = json.loads(path.read_text(encoding="utf-8"))["records"]
    pairs: dict[tuple[str, str], Record] = {}
    others = []
    for record in records:
        check, _, analysis = str(record.get("analysis", "")).partition(".")
        if check != "influence":
            others.append(record)
            continue
        cluster = str(record["level"]).removeprefix("without ")
        made = pairs.setdefault(
            (analysis, cluster),
            {"kind": "leave_one_out", "analysis": analysis, "cluster": cluster, "exact": True},
        )
        made[str(record["statistic"])] = record["value"]
    return [*others, *pairs.values()]


def name(record: Record) -> tuple[tuple[str, object], ...]:
    """What a record is about."""
    if record["kind"] in {"descriptive", "comparison"}:
        return tuple((field, record.get(field)) for field in (*NAMES, "statistic"))
    return tuple((field, record[field]) for field in NAMES if field in record)


def differences(
    before: list[Record], after: list[Record], within: float = 0.0
) -> Iterator[tuple[Record, list[Record]]]:
    """Each record of `before` that `after` lacks, with those there that are about the same.

    With `within` numbers may differ by that share, and texts (methods, warnings) do not count.
    """
    fields = {record["kind"]: set(record) for record in before}
    there: dict[object, list[Record]] = {}
    for record in after:
        known = fields.get(record["kind"], set(record))
        there.setdefault(name(record), []).append({k: v for k, v in record.items() if k in known})
    for record in before:
        like = there.get(name(record), [])
        if not any(same(record, other, within) for other in like):
            yield record, like


def same(one: object, other: object, within: float) -> bool:
    """Whether two values are the same, numbers as near as asked."""
    if not within or isinstance(one, bool):
        return one == other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k], within) for k in one)
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=within, abs_tol=within)
    return isinstance(one, str | list) or one == other


def said(record: Record, like: list[Record]) -> str:
    """One line: what differs."""
    about = " ".join(str(value) for _, value in name(record) if value)
    if not like:
        return f"{about}: gone"
    changed = {k: (v, like[0].get(k)) for k, v in record.items() if like[0].get(k) != v}
    return f"{about}: " + "; ".join(f"{k} {old!r} -> {new!r}" for k, (old, new) in changed.items())


def main(before: str, after: str, within: str = "0") -> int:
    """Print the differences; 1 if there are any."""
    old, new = read(Path(before)), read(Path(after))
    found = list(differences(old, new, float(within)))
    for record, like in found:
        print(said(record, like))
    kinds = Counter(str(record["kind"]) for record, _ in found)
    print(f"{len(old)} records before, {len(new)} after, {len(found)} not the same: {dict(kinds)}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
