"""A collection of records: bound, searched, turned into a frame, and into JSON and back."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, get_type_hints

from core_trial.errors import DesignError, nearest
from core_trial.results.earlier import upgraded
from core_trial.results.records import KINDS, Estimate, Key, Kind, Record, Withheld

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where results come from: no path, no user, no clock, so equal inputs give equal files.

    Parameters
    ----------
    inputs
        SHA-256 of every input file, by its name.
    versions
        Version of this library, of Python and of what computes with it.
    synthetic
        Whether the data were made by a program, so that no participant is in them.
    masked
        Whether the allocation is a dummy, so that no comparison says anything.
    plan
        SHA-256 of the declaration and of the lock that it was held against, and the day on which
        that was locked; empty without a lock.
    unmasking
        Who unmasked the allocation, when, why and by which plan; empty where nobody did.
    """

    inputs: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    synthetic: bool = False
    masked: bool = False
    plan: Mapping[str, str] = field(default_factory=dict)
    unmasking: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=True)
class Results:
    """An ordered, immutable collection of records."""

    records: tuple[Record, ...] = ()
    provenance: Provenance = field(default_factory=Provenance)

    @classmethod
    def bind(cls, *parts: Results | Iterable[Record], provenance: Provenance | None = None) -> Self:
        """Join collections of records into one, in the order given."""
        records = (record for part in parts for record in _records(part))
        return cls(tuple(records), provenance or Provenance())

    def find(self, kind: Kind | None = None, **where: object) -> Results:
        """The records of one kind whose fields have the values given.

        Raises
        ------
        DesignError
            For a kind, or a field, that no record has.

        Examples
        --------
        >>> from core_trial.results import FlowCount
        >>> results = Results((FlowCount(step="randomised", n=221, arm="intervention"),))
        >>> len(results.find("flow", arm="control"))
        0
        """
        _refuse_unknown(kind, where)
        chosen = [r for r in self.records if kind in (None, r.kind) and _matches(r, where)]
        return Results(tuple(chosen), self.provenance)

    @cached_property
    def numbers(self) -> Mapping[Key, float]:
        """Every number by its name; two records never claim one name."""
        found: dict[Key, float] = {}
        for record in self.records:
            for key, value in record.numbers():
                if key in found:
                    raise ValueError(f"two records claim {key}")
                found[key] = value
        return found

    @cached_property
    def withheld(self) -> frozenset[Key]:
        """Names of the numbers that are not told."""
        records = (record for record in self.records if isinstance(record, Withheld))
        return frozenset(key for record in records for key, _ in record.numbers())

    def value(self, analysis: str, statistic: str, arm: str = "", level: str = "", /) -> float:
        """One number; ``nan`` where it cannot be had from the data, or is withheld.

        Raises
        ------
        DesignError
            If no record has a number of that name; the nearest that one has is named.

        Examples
        --------
        >>> from core_trial.results import Descriptive
        >>> results = Results((Descriptive(analysis="age", statistic="mean", value=42.0),))
        >>> results.value("aeg", "mean")
        Traceback (most recent call last):
        core_trial.errors.DesignError: no analysis 'aeg'; did you mean 'age'?
        """
        key = Key(analysis, statistic, arm, level)
        if key not in self.numbers:
            raise DesignError(_unknown(key, self.numbers))
        return self.numbers[key]

    def get(self, analysis: str, statistic: str, arm: str = "", level: str = "", /) -> float:
        """One number; ``nan`` when no record holds it: for tables of what there may be."""
        return self.numbers.get(Key(analysis, statistic, arm, level), math.nan)

    def estimate(self, analysis: str, level: str = "") -> Estimate:
        """The fitted comparison of one analysis.

        Raises
        ------
        DesignError
            If there is none of that name, or it is withheld; the nearest is named.
        """
        found = self.get_estimate(analysis, level)
        if found is None:
            raise DesignError(_no_estimate(analysis, level, self))
        return found

    def get_estimate(self, analysis: str, level: str = "") -> Estimate | None:
        """The fitted comparison of one analysis, or None when there is none."""
        return self._estimates.get((analysis, level))

    @cached_property
    def _estimates(self) -> Mapping[tuple[str, str], Estimate]:
        found: dict[tuple[str, str], Estimate] = {}
        for record in self.records:
            if isinstance(record, Estimate):
                found.setdefault((record.analysis, record.level), record)
        return found

    def to_frame(self, kind: Kind) -> pd.DataFrame:
        """The records of one kind as a tidy frame, a row each."""
        import pandas as pd

        names = [f.name for f in fields(KINDS[kind])]
        rows = [[getattr(r, name) for name in names] for r in self.records if r.kind == kind]
        return pd.DataFrame(rows, columns=names)

    def to_json(self) -> str:
        """The whole as JSON text; `from_json` gives it back without loss."""
        body = {
            "provenance": asdict(self.provenance),
            "records": [{"kind": r.kind} | asdict(r) for r in self.records],
        }
        return json.dumps(_encode(body), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote, or wrote in an earlier version."""
        body = json.loads(text)
        records = upgraded(_decode(row) for row in body["records"])
        return cls(records, Provenance(**body["provenance"]))

    def __repr__(self) -> str:
        kinds = Counter(record.kind for record in self.records)
        told = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
        return f"Results({len(self)} records{': ' if told else ''}{told})"

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)


def _records(part: Results | Iterable[Record]) -> Iterable[Record]:
    return part.records if isinstance(part, Results) else part


def _refuse_unknown(kind: Kind | None, where: Mapping[str, object]) -> None:
    if kind is not None and kind not in KINDS:
        raise DesignError(f"no kind of record {kind!r}{nearest(str(kind), KINDS)}")
    kinds = KINDS.values() if kind is None else (KINDS[kind],)
    known = dict.fromkeys(f.name for cls in kinds for f in fields(cls))
    for name in where:
        if name not in known:
            raise DesignError(f"no field {name!r} of records{nearest(name, known)}")


def _unknown(key: Key, known: Mapping[Key, float]) -> str:
    """What is wrong in a number's name, part by part, with the nearest right one."""
    found = list(known)
    for part in ("analysis", "statistic", "level", "arm"):
        value, names = getattr(key, part), dict.fromkeys(getattr(k, part) for k in found)
        if value not in names:
            told = [name or "(blank)" for name in names]
            where = "" if part == "analysis" else f" of {key.analysis!r}"
            return f"no {part} {value!r}{where}{nearest(value, told)}"
        found = [k for k in found if getattr(k, part) == value]
    return f"no record has {key}"


def _no_estimate(analysis: str, level: str, results: Results) -> str:
    if Key(analysis, "estimate", "", level) in results.withheld:
        return f"the estimate of {analysis!r} {level!r} is withheld"
    fitted = dict.fromkeys(r.analysis for r in results if isinstance(r, Estimate))
    if analysis not in fitted:
        return f"no estimate of {analysis!r}{nearest(analysis, fitted)}"
    levels = [r.level for r in results if isinstance(r, Estimate) and r.analysis == analysis]
    told = [name or "(blank)" for name in levels]
    return f"no estimate {level!r} of {analysis!r}{nearest(level, told)}"


def _matches(record: Record, where: Mapping[str, object]) -> bool:
    missing = object()
    return all(getattr(record, name, missing) == value for name, value in where.items())


def _encode(value: Any) -> Any:
    """JSON has no ``nan`` and no infinity: they travel as text."""
    if isinstance(value, Mapping):
        return {key: _encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encode(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return value


def _decode(row: dict[str, Any]) -> Record:
    cls = KINDS[row.pop("kind")]
    types = get_type_hints(cls)
    return cls(**{name: _typed(value, types[name]) for name, value in row.items()})


def _typed(value: Any, kind: Any) -> Any:
    if kind is float:
        return float(value)
    if kind == tuple[str, ...]:
        return tuple(value)
    if kind == Mapping[str, float]:
        return {name: float(item) for name, item in value.items()}
    if kind == Mapping[str, int]:
        return {name: int(item) for name, item in value.items()}
    return value
