"""The registry: every number that a paper prints about participants or estimates, as printed.

One row per number and place, in the order in which one reads the paper: abstract, Methods, Results,
tables, Discussion. Not in it: time points and durations of the protocol ("4 months", "ten sessions
of 1 h"), thresholds that define a category ("at least three"), numbers of items, the 95 of the
confidence intervals, and references.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from core_trial.declaration.arms import Group
from core_trial.declaration.covariates import Categories
from core_trial.declaration.paper import Paper
from core_trial.declaration.trial import Trial
from core_trial.errors import VerificationError
from core_trial.published import window
from core_trial.published.window import Window
from core_trial.results import Key
from core_trial.results.measures import Measure

#: Statistics that a number can be.
STATISTICS = (
    {"n", "N", "percent", "mean", "sd", "median", "q1", "q3", "estimate", "low", "high", "p_value"}
    | {"claim", "first_date", "last_date"}
    | {"power_percent", "significance_percent", "allocation", "icc"}
)


class Source(StrEnum):
    """What kind of thing a printed number is."""

    DATA = "data"
    DESIGN = "design"
    CLAIM = "claim"
    LITERATURE = "literature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One printed number.

    Parameters
    ----------
    id
        Unique and readable: ``table2.deaths.intervention.n``.
    place, where
        Section of the paper; row of the table, or the words with which the paragraph begins.
    printed
        The text as printed, so that ``0·0438`` keeps its digits.
    decimals
        Digits after the decimal point in it.
    key
        The name under which the results answer for it.
    measure
        Effect measure that the paper prints beside an estimate; None elsewhere.
    source
        Derivable from participants' files, an input of the design, a claim in words, or another
        study's number.
    reason
        Why the number cannot be reproduced, a key of `Paper.reasons`; else blank.
    note
        For the reader.
    window
        The values that would have been printed the same way.
    """

    id: str
    place: str
    where: str
    printed: str
    decimals: int
    key: Key
    measure: Measure | None
    source: Source
    reason: str
    note: str
    window: Window

    @property
    def value(self) -> Decimal | None:
        """The number as printed; None for a bound or a phrase, which name no single number."""
        return window.printed_value(self.printed)


@dataclass(frozen=True, slots=True)
class Row:
    """The numbers that belong together in one place: ``64/218 (29%)``, or an estimate's four.

    Parameters
    ----------
    analysis, arm, level
        What they are about.
    cells
        The entries by statistic.
    """

    analysis: str
    arm: str
    level: str
    cells: Mapping[str, Entry]

    def has(self, *statistics: str) -> bool:
        """Whether all of these are printed."""
        return self.cells.keys() >= set(statistics)

    def windows(self, *statistics: str) -> tuple[Window, ...]:
        """What the printed texts of some statistics leave open."""
        return tuple(self.cells[name].window for name in statistics)

    def number(self, statistic: str) -> Decimal | None:
        """A number as printed; None where it is not printed, or is a bound or a phrase."""
        entry = self.cells.get(statistic)
        return None if entry is None else entry.value


@dataclass(frozen=True)
class Registry:
    """All entries, in the paper's order.

    Parameters
    ----------
    entries
        The printed numbers.
    paper
        What their arithmetic needs to know.
    partitions
        Categories of each characteristic, which add up to its denominator.
    """

    entries: tuple[Entry, ...]
    paper: Paper = field(default_factory=Paper)
    partitions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def by_id(self) -> Mapping[str, Entry]:
        """Each entry by its name."""
        return MappingProxyType({entry.id: entry for entry in self.entries})

    @cached_property
    def by_key(self) -> Mapping[Key, tuple[Entry, ...]]:
        """The entries that print one number; the same number stands in several places."""
        found: dict[Key, tuple[Entry, ...]] = {}
        for entry in self.entries:
            found[entry.key] = (*found.get(entry.key, ()), entry)
        return MappingProxyType(found)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The entries in groups: same place, same paragraph or table row, same subject."""
        found: dict[tuple[str, ...], dict[str, Entry]] = {}
        for e in self.entries:
            group = (e.place, e.where, e.key.analysis, e.key.arm, e.key.level)
            found.setdefault(group, {})[e.key.statistic] = e
        return tuple(
            Row(analysis, arm, level, cells)
            for (_, _, analysis, arm, level), cells in found.items()
        )

    def find(self, **where: object) -> tuple[Entry, ...]:
        r"""The entries whose fields, or whose key's fields, have the values given.

        Examples
        --------
        >>> text = ",".join(COLUMNS) + "\nn,table2,Deaths,4,0,deaths,n,,,,data,,"
        >>> [entry.printed for entry in read(text).find(place="table2", analysis="deaths")]
        ['4']
        """
        return tuple(e for e in self.entries if all(_field(e, k) == v for k, v in where.items()))

    def first(
        self, analysis: str, statistic: str, arm: str = "", level: str = "", /
    ) -> Entry | None:
        """The first place where a number is printed."""
        entries = self.by_key.get(Key(analysis, statistic, arm, level), ())
        return entries[0] if entries else None

    def get(self, analysis: str, statistic: str, arm: str = "", level: str = "", /) -> float:
        """A number as printed; ``nan`` where the paper prints none. As `Results.value`."""
        entry = self.first(analysis, statistic, arm, level)
        number = entry.value if entry else None
        return float("nan") if number is None else float(number)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


COLUMNS = ["id", "place", "where", "printed", "decimals"]
COLUMNS += ["analysis", "statistic", "arm", "level", "measure", "source", "reason", "note"]
_KEY_FIELDS = frozenset(f.name for f in fields(Key))


def of(trial: Trial) -> Registry:
    """The registry that a trial declares.

    Raises
    ------
    VerificationError
        If the trial declares none, the file cannot be read, or it is broken; see `read`.
    """
    paper = trial.paper
    if paper is None:
        raise VerificationError("the trial declares no registry= of printed numbers")
    file = paper.file
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise VerificationError(f"the registry {file.name} cannot be read: {problem}") from None
    partitions = {
        item.column: tuple(map(str, item.levels))
        for item in trial.baseline
        if isinstance(item, Categories) and item.levels
    }
    return read(text, paper, partitions)


def read(
    text: str,
    paper: Paper | None = None,
    partitions: Mapping[str, tuple[str, ...]] | None = None,
) -> Registry:
    """Parse a registry.

    Parameters
    ----------
    text
        CSV with the columns `COLUMNS`.
    paper
        Its sections, reasons and phrases, and what its arithmetic needs to know.
    partitions
        Categories of each characteristic that add up to its denominator.

    Raises
    ------
    VerificationError
        With every fault at once: wrong columns, a blank or repeated id, an unknown place, arm,
        statistic, measure, source or reason, a printed text that is no number, decimals that are
        not the text's, one number of one place entered twice.
    """
    rows = list(csv.reader(text.splitlines()))
    if not rows or rows[0] != COLUMNS:
        raise VerificationError(f"the registry's columns must be {', '.join(COLUMNS)}")
    faults = [f"line {i}: {len(r)} fields" for i, r in enumerate(rows, 1) if len(r) != len(COLUMNS)]
    if faults:
        raise VerificationError(_report(faults))
    cells = [dict(zip(COLUMNS, row, strict=True)) for row in rows[1:]]
    paper = paper or Paper()
    faults = [f"{c['id'] or '?'}: {fault}" for c in cells for fault in _faults(c, paper)]
    faults += [f"{name}: entered twice" for name in _repeated((c["id"],) for c in cells)]
    faults += [f"{name}: one number twice" for name in _repeated(map(_spot, cells))]
    if faults:
        raise VerificationError(_report(faults))
    return Registry(tuple(_entry(c, paper) for c in cells), paper, dict(partitions or {}))


def _faults(cell: Mapping[str, str], paper: Paper) -> Iterator[str]:
    """What is wrong with one row."""
    allowed: Mapping[str, Iterable[str]] = {
        "place": paper.sections,
        "arm": ("", *Group),
        "statistic": STATISTICS,
        "measure": ("", *Measure),
        "source": tuple(Source),
        "reason": ("", *paper.reasons),
    }
    for name in ("id", "where", "printed", "analysis"):
        if not cell[name].strip():
            yield f"{name} is blank"
    for name, words in allowed.items():
        if cell[name] not in words:
            yield f"unknown {name} {cell[name]!r}"
    if cell["source"] == Source.LITERATURE and not cell["reason"]:
        yield "another study's number needs a reason"
    if (cell["source"] == Source.CLAIM) != (cell["statistic"] == "claim"):
        yield "a claim has the statistic 'claim', and nothing else has"
    try:
        window.read(cell["printed"], paper.phrases)
    except ValueError as problem:
        yield str(problem)
    if cell["decimals"] != str(window.decimals(cell["printed"])):
        yield f"decimals {cell['decimals']!r} are not those of {cell['printed']!r}"


def _entry(cell: Mapping[str, str], paper: Paper) -> Entry:
    return Entry(
        id=cell["id"],
        place=cell["place"],
        where=cell["where"],
        printed=cell["printed"],
        decimals=int(cell["decimals"]),
        key=Key(cell["analysis"], cell["statistic"], cell["arm"], cell["level"]),
        measure=Measure(cell["measure"]) if cell["measure"] else None,
        source=Source(cell["source"]),
        reason=cell["reason"],
        note=cell["note"],
        window=window.read(cell["printed"], paper.phrases),
    )


def _field(entry: Entry, name: str) -> object:
    return getattr(entry.key if name in _KEY_FIELDS else entry, name)


def _spot(cell: Mapping[str, str]) -> tuple[str, ...]:
    """One number in one paragraph or table row."""
    return tuple(cell[name] for name in ("place", "where", "analysis", "statistic", "arm", "level"))


def _repeated(items: Iterable[tuple[str, ...]]) -> list[str]:
    return [" ".join(item).strip() for item, times in Counter(items).items() if times > 1]


def _report(faults: list[str]) -> str:
    return "the registry is broken:\n  " + "\n  ".join(faults)
