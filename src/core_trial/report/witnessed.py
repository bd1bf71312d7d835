"""The difference log: what came of making every number twice, in a sentence, tables and CSV."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING

from core_trial.declaration.trial import Trial
from core_trial.report import number
from core_trial.report.section import Section
from core_trial.report.styles import Style
from core_trial.report.table import Row, Table, spreadsheet_safe
from core_trial.results import Agreement, Witnessed

if TYPE_CHECKING:
    import pandas as pd

#: What each outcome of making a number twice is called.
WORDS: Mapping[Agreement, str] = MappingProxyType(
    {
        "equal": "Equal",
        "explained": "Known difference",
        "unexplained": "Unexplained",
        "once": "Made once",
    }
)
COLUMNS = (
    *("analysis", "statistic", "arm", "level", "ours", "theirs", "absolute", "relative"),
    *("as_printed", "status", "means", "reason"),
)
#: What the folded table shows of each effect.
SHOWN = ("estimate", "low", "high", "std_error", "df", "p_value", "n")
#: Lines that a terminal shows.
TOLD = 20
NOTE = (
    "Equal: within the numerical tolerance of the means by which it was made again. Known "
    "difference: another definition or a search that stops earlier, within the bound that this "
    "explains. docs/second-programme.md has tolerances and reasons; witness.csv has every number."
)


def unexplained(lines: Iterable[Witnessed]) -> tuple[Witnessed, ...]:
    """Differences that nobody can explain."""
    return tuple(line for line in lines if line.status == "unexplained")


def differing(lines: Iterable[Witnessed]) -> tuple[Witnessed, ...]:
    """Differences of either kind."""
    return tuple(line for line in lines if line.status in ("explained", "unexplained"))


def sentence(lines: Sequence[Witnessed]) -> str:
    """What came of it, in a sentence.

    Examples
    --------
    >>> line = Witnessed(analysis="a", statistic="n", ours=1.0, theirs=1.0, status="equal")
    >>> sentence([line])
    '1 number: 1 made twice (1 equal, 0 known differences, 0 unexplained), 0 made once.'
    """
    found = Counter(line.status for line in lines)
    twice = len(lines) - found["once"]
    return (
        f"{len(lines)} number{'' if len(lines) == 1 else 's'}: {twice} made twice "
        f"({found['equal']} equal, {found['explained']} known differences, "
        f"{found['unexplained']} unexplained), {found['once']} made once."
    )


def told(lines: Sequence[Witnessed]) -> list[str]:
    """The sentence, and the first unexplained differences, for a terminal."""
    bad = unexplained(lines)
    rows = [
        f"  {_name(line)}: {line.ours!r} here, {line.theirs!r} by {line.means or 'nothing'}"
        for line in bad[:TOLD]
    ]
    rest = len(bad) - len(rows)
    return [sentence(lines), *rows, *([f"  and {rest} more"] if rest else [])]


def section(lines: Sequence[Witnessed], trial: Trial, style: Style) -> Section:
    """The part of the document: counts by means, what differs, and the main effects folded."""
    if not lines:
        return Section("Made twice")
    bad = differing(lines)
    parts = [_by_means(lines, style)]
    if bad:
        title = "Numbers that differ"
        parts.append(_table("made_twice_differing", title, bad, style))
    keys = {outcome.key for outcome in trial.outcomes}
    effects = [x for x in lines if x.analysis in keys and not x.level and x.statistic in SHOWN]
    title = "The outcomes’ numbers beside those of the second programme"
    folded = (_table("made_twice", title, effects, style),) if effects else ()
    return Section("Made twice", tuple(parts), (sentence(lines), *_reasons(lines)), folded)


def to_csv(lines: Iterable[Witnessed]) -> str:
    """The whole log, numbers to their last digit."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in lines:
        cells = [getattr(line, name) for name in COLUMNS]
        writer.writerow([spreadsheet_safe(_cell(cell)) for cell in cells])
    return text.getvalue()


def to_frame(lines: Iterable[Witnessed]) -> pd.DataFrame:
    """The whole log as a frame, a row per number."""
    import pandas as pd

    rows = [[getattr(line, name) for name in COLUMNS] for line in lines]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    return str(value)


def _by_means(lines: Iterable[Witnessed], style: Style) -> Table:
    counts: Counter[tuple[str, Agreement]] = Counter(
        (line.means, line.status) for line in lines if line.status != "once"
    )
    means = dict.fromkeys(name for name, _ in counts)
    statuses: tuple[Agreement, ...] = ("equal", "explained", "unexplained")
    rows = [
        Row(name or "nothing", tuple(number.count(counts[name, s], style) for s in statuses))
        for name in sorted(means)
    ]
    head = ("Made again by", *(WORDS[status] for status in statuses))
    return Table(
        name="made_twice_by_means", title="Every number made twice, by the means of the second "
        "programme", head=head, rows=tuple(rows), footnotes=(NOTE,),
    )  # fmt: skip


def _reasons(lines: Iterable[Witnessed]) -> tuple[str, ...]:
    """Why some were made once, each reason with how many."""
    counts = Counter(line.reason for line in lines if line.status == "once")
    return tuple(f"{n} made once: {reason}." for reason, n in counts.most_common())


def _table(name: str, title: str, lines: Iterable[Witnessed], style: Style) -> Table:
    rows = [
        Row(
            _name(line),
            (
                _spelt(line.ours, style),
                _spelt(line.theirs, style),
                f"{line.relative:.0e}" if math.isfinite(line.relative) else "",
                "yes" if line.as_printed else "no",
                WORDS[line.status],
                line.reason or line.means,
            ),
        )
        for line in lines
    ]
    head = ("Number", "First", "Second", "Relative", "Prints alike", "", "Means, or reason")
    return Table(name=name, title=title, head=head, rows=tuple(rows))


def _name(line: Witnessed) -> str:
    parts = [getattr(line, f.name) for f in fields(Witnessed)[:4]]
    return " ".join(part for part in parts if part)


def _spelt(value: float, style: Style) -> str:
    """Six significant digits."""
    if not math.isfinite(value):
        return str(value)
    digits = 6 if value == 0 else 5 - math.floor(math.log10(abs(value)))
    return number.fixed(value, min(max(digits, 0), 12), style)
