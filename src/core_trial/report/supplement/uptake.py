"""How much of the intervention was taken up: sessions, and the workbook in both arms."""

from __future__ import annotations

from collections.abc import Iterator

from core_trial.declaration.arms import PRINTED_ARMS, Group
from core_trial.report import cells
from core_trial.report.cells import Place
from core_trial.report.number import LANCET, Style
from core_trial.report.table import Kind, Row, Table
from core_trial.results import Key, Results
from core_trial.trials.core.words import ARM_LABELS, WORKBOOK_SECTIONS

SESSIONS = Place("sessions", Group.INTERVENTION)
NOTE = (
    "Data are median (IQR), mean (SD), or n/N (%). All ten sessions: among those who were offered "
    "ten. Workbook: among those who answered the question at the 4-month interview. Protocol "
    "breaches are kept by the trial office and are in no participant’s file."
)


def uptake(results: Results, style: Style = LANCET) -> Table:
    """Sessions attended, workbook read, and written plans section by section."""
    rows = (*_sessions(results, style), *_workbook(results, style))
    return Table(
        name="uptake",
        title="Uptake of the intervention",
        head=("", *(ARM_LABELS[arm] for arm in PRINTED_ARMS)),
        rows=rows,
        footnotes=(NOTE, *cells.confidential_notes(rows)),
    )


def _sessions(results: Results, style: Style) -> Iterator[Row]:
    if Key("sessions", "median", SESSIONS.arm) not in results.numbers:
        return
    at_least, everything = (
        cells.fraction(results, Place("sessions", SESSIONS.arm, level), style)
        for level in ("at_least_3", "all_10")
    )
    yield Row("Sessions with a peer support worker", kind=Kind.GROUP)
    for label, text in (
        ("Attended, median (IQR)", cells.median_iqr(results, SESSIONS, style)),
        ("Attended, mean (SD)", cells.mean_sd(results, SESSIONS, style, (1, 1))),
        ("At least three: treated according to the protocol", at_least),
        ("All ten", everything),
    ):
        yield Row(label, (text, "not offered"), Kind.MEMBER)


def _workbook(results: Results, style: Style) -> Iterator[Row]:
    if Key("workbook_read", "n", PRINTED_ARMS[0]) not in results.numbers:
        return
    lines = {"workbook_read": "Read"}
    lines |= {name: f"Plans written: {label}" for name, label in WORKBOOK_SECTIONS.items()}
    yield Row("Recovery workbook", kind=Kind.GROUP)
    for name, label in lines.items():
        texts = [cells.fraction(results, Place(name, arm), style) for arm in PRINTED_ARMS]
        yield Row(label, tuple(texts), Kind.MEMBER)
