"""Serious adverse events by arm and kind."""

from __future__ import annotations

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.report import cells
from core_trial.report.cells import Place
from core_trial.report.number import LANCET, Style
from core_trial.report.table import Kind, Row, Table
from core_trial.results import Key, Results
from core_trial.trials.core.words import ADVERSE_EVENTS, ARM_LABELS

ANALYSIS = "adverse_events"
ARMS = (*PRINTED_ARMS, "")


def safety(results: Results, style: Style = LANCET) -> Table:
    """Every kind of event, all of them, the deaths, and those judged related to the study."""
    known = Key(ANALYSIS, "n") in results.numbers
    rows = _rows(results, style) if known else ()
    return Table(
        name="adverse_events",
        title="Serious adverse events by kind",
        head=("", *(ARM_LABELS[arm] for arm in PRINTED_ARMS), "All"),
        rows=rows,
        footnotes=("Events are counted, not participants.", *cells.confidential_notes(rows)),
    )


def _rows(results: Results, style: Style) -> tuple[Row, ...]:
    lines = [
        ("All serious adverse events", "", Kind.ROW),
        *((label, level, Kind.MEMBER) for level, label in ADVERSE_EVENTS.items()),
        ("Deaths", "deaths", Kind.ROW),
        ("Judged related to the study", "related", Kind.ROW),
    ]
    return tuple(
        Row(label, tuple(cells.count(results, Place(ANALYSIS, a, level), style) for a in ARMS), k)
        for label, level, k in lines
    )
