"""The verdict: every printed number beside the one computed, as a table, a page and CSV."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from core_trial.declaration.paper import SECTIONS
from core_trial.declaration.trial import Trial
from core_trial.report import cells, number
from core_trial.report.markup import page, paragraph
from core_trial.report.styles import LANCET, Style
from core_trial.report.table import Kind, Row, Table, spreadsheet_safe
from core_trial.results import Comparison, Results, Status


@dataclass(frozen=True, slots=True)
class Word:
    """What a status is called, and its sign for those who skim."""

    label: str
    sign: str


STATUSES: Mapping[Status, Word] = MappingProxyType(
    {
        "matched": Word("Matched", "✓"),
        "given": Word("Given", "="),
        "differing": Word("Differing", "✗"),
        "not_computed": Word("Not computed", "?"),
        "not_reproducible": Word("Not reproducible", "–"),
    }
)
NOTE = (
    "Matched: the computed number prints with the same digits. Given: an input of the design, "
    "which the analysis was told, so that nothing is verified. Not reproducible: the "
    "participants’ files cannot give the printed number, for the reason stated."
)
CALIBRATED = (
    "The synthetic data were made to give the printed numbers, so that a match shows that the "
    "analysis can give them, and not that no other analysis can."
)
#: Columns of the CSV file: those of the record, and the computed number as it would be printed.
COLUMNS = (
    *("id", "place", "analysis", "statistic", "arm", "level"),
    *("printed", "computed_as_printed", "computed", "status", "reason", "claim"),
)


def comparisons(results: Results) -> tuple[Comparison, ...]:
    """The lines of the verdict."""
    return tuple(record for record in results if isinstance(record, Comparison))


def sentence(results: Results) -> str:
    """The verdict in a sentence.

    Examples
    --------
    >>> line = Comparison(id="a", place="table1", printed="1", computed=1.0, status="matched")
    >>> sentence(Results((line,)))
    '1 printed number: 1 matched, 0 given, 0 differing, 0 not computed, 0 not reproducible.'
    """
    lines = comparisons(results)
    found = Counter(line.status for line in lines)
    counts = ", ".join(f"{found[s]} {word.label.lower()}" for s, word in STATUSES.items())
    return f"{len(lines)} printed number{'' if len(lines) == 1 else 's'}: {counts}."


def as_printed(line: Comparison, style: Style) -> str:
    """The computed number as it would stand in the paper; blank where there is none."""
    if math.isnan(line.computed):
        return ""
    if line.statistic == "p_value":
        return number.p_value(line.computed, style)
    if line.statistic.endswith("_date"):
        return number.date(line.computed)
    if line.claim:
        return f"{number.fixed(line.computed, line.decimals, style)}, {line.claim}"
    return number.fixed(line.computed, line.decimals, style)


def summary_table(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """How many numbers came out in which way, by place in the paper."""
    lines = comparisons(results)
    named = _places(lines, trial)
    places = [(label, [x for x in lines if x.place == place]) for place, label in named]
    return Table(
        name="verdict",
        title="The paper’s numbers, by what came of them",
        head=("Place", *(word.label for word in STATUSES.values()), "All"),
        rows=tuple(_summary(label, found, style) for label, found in [*places, ("All", lines)]),
        footnotes=(NOTE, *((CALIBRATED,) if results.provenance.synthetic else ())),
        remark=cells.remark(results),
    )


def verdict_table(
    results: Results,
    trial: Trial,
    style: Style = LANCET,
    statuses: Sequence[Status] = tuple(STATUSES),
    name: str = "verification",
    title: str = "Every printed number beside the one computed",
) -> Table:
    """The lines of the verdict by place in the paper, in its order.

    Parameters
    ----------
    results
        Holds the comparisons.
    trial
        The declaration, for the sections of its paper.
    style
        How computed numbers are spelt.
    statuses
        Which lines to show.
    name, title
        Of the table.
    """
    lines = [line for line in comparisons(results) if line.status in statuses]
    rows: list[Row] = []
    for place, label in _places(lines, trial):
        rows.append(Row(label, kind=Kind.GROUP))
        rows += [_row(line, style) for line in lines if line.place == place]
    return Table(
        name=name,
        title=title,
        head=("Entry", "Printed", "Computed", "Verdict", "Reason"),
        rows=tuple(rows),
        remark=cells.remark(results),
    )


def to_csv(results: Results, style: Style = LANCET) -> str:
    """The whole verdict for programs and spreadsheets; computed numbers to their last digit."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in comparisons(results):
        computed = "" if math.isnan(line.computed) else repr(float(line.computed))
        given = {"computed_as_printed": as_printed(line, style), "computed": computed}
        texts = [given.get(name, getattr(line, name, "")) for name in COLUMNS]
        writer.writerow([spreadsheet_safe(text) for text in texts])
    if remark := cells.remark(results):
        writer.writerow([remark, *("",) * (len(COLUMNS) - 1)])
    return text.getvalue()


def verdict_page(results: Results, trial: Trial, style: Style = LANCET) -> str:
    """A page: the verdict in a sentence and by place, what is not matched, and every line."""
    parts = ["<h1>Verification</h1>", *fragments(results, trial, style)]
    return page("Verification", "\n".join(parts))


def fragments(results: Results, trial: Trial, style: Style) -> Iterable[str]:
    """The parts of the verdict as HTML; what is not matched comes before the full list."""
    yield paragraph(sentence(results))
    yield summary_table(results, trial, style).fragment()
    others: tuple[Status, ...] = ("differing", "not_computed", "not_reproducible")
    title = "Numbers that are not matched"
    unmatched = verdict_table(results, trial, style, others, "unmatched", title)
    if unmatched.rows:
        yield unmatched.fragment()
    yield verdict_table(results, trial, style).fragment()


def _places(lines: Iterable[Comparison], trial: Trial) -> list[tuple[str, str]]:
    """The places that occur, the paper's order first, with their labels."""
    names = trial.paper.sections if trial.paper else SECTIONS
    occurring = {line.place for line in lines}
    ordered = [*names, *sorted(occurring - set(names))]
    return [(place, names.get(place, place)) for place in ordered if place in occurring]


def _summary(label: str, lines: Sequence[Comparison], style: Style) -> Row:
    found = Counter(line.status for line in lines)
    counts = (*(found[status] for status in STATUSES), len(lines))
    return Row(label, tuple(number.count(n, style) for n in counts))


def _row(line: Comparison, style: Style) -> Row:
    word = STATUSES[line.status]
    texts = (line.printed, as_printed(line, style), f"{word.sign} {word.label}", line.reason)
    return Row(line.id.removeprefix(f"{line.place}."), texts, Kind.MEMBER)
