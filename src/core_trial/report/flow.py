"""The flow of participants: a table of every count, before and after randomisation."""

from __future__ import annotations

import math
from collections.abc import Iterator

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.report import cells, number
from core_trial.report.cells import Place
from core_trial.report.number import LANCET, Style
from core_trial.report.table import Kind, Row, Table
from core_trial.report.table2 import OUTCOMES, Outcome
from core_trial.results import FlowCount, Key, Results
from core_trial.trials.core.words import ARM_LABELS, SCREENING_STEPS

TITLE = "Recruitment, follow-up, and analysis"
#: Headings of the table, and the steps under each with their labels.
SECTIONS: dict[str, dict[str, str]] = {
    "Before randomisation": SCREENING_STEPS,
    "Randomised": {
        "randomised": "Randomised",
        "pilot": "In the internal pilot",
        "main_trial": "In the main trial",
    },
    "Followed up": {
        "interviewed_month_4": "Interviewed at 4 months",
        "not_interviewed_month_4": "Not interviewed at 4 months",
        "interviewed_month_18": "Interviewed at 18 months",
        "not_interviewed_month_18": "Not interviewed at 18 months",
        "not_expected_month_18": "No interview planned at 18 months (internal pilot)",
        "primary_outcome_known": "Primary outcome known",
        "acute_records_not_obtained": "Acute care records not obtained",
    },
    "Analysed": {f"analysed_{o.analysis}": o.label for o in OUTCOMES if isinstance(o, Outcome)},
}
COLUMNS = ("", *PRINTED_ARMS)


def flow_table(results: Results, style: Style = LANCET) -> Table:
    """Every count of the flow, in the whole trial and by arm; reasons follow their step.

    Parameters
    ----------
    results
        Holds the flow counts.
    style
        How numbers are spelt.
    """
    rows = [
        row for title, steps in SECTIONS.items() for row in _section(title, steps, results, style)
    ]
    return Table(
        name="flow",
        title=TITLE,
        head=("Step", "All", *(ARM_LABELS[arm] for arm in PRINTED_ARMS)),
        rows=tuple(rows),
        footnotes=("Data are n, or n/N (%).", *cells.confidential_notes(rows)),
    )


def _section(title: str, steps: dict[str, str], results: Results, style: Style) -> Iterator[Row]:
    """The heading and its rows; nothing when no step of it was counted."""
    rows = [row for step, label in steps.items() for row in _step_rows(step, label, results, style)]
    if rows:
        yield Row(title, kind=Kind.GROUP)
        yield from rows


def _step_rows(step: str, label: str, results: Results, style: Style) -> Iterator[Row]:
    found = {step: label} | {f"{step}: {why}": f"– {why}" for why in reasons(results, step)}
    for level, text in found.items():
        texts = tuple(cell(results, Place("flow", arm, level), style) for arm in COLUMNS)
        if any(texts):
            yield Row(text, texts, Kind.MEMBER)


def reasons(results: Results, step: str) -> list[str]:
    """Why people left at a step: the most frequent reason first, those withheld at the end."""
    told = [r for r in results if isinstance(r, FlowCount) and r.step == step and r.reason]
    begin = f"{step}: "
    hidden = sorted(key.level for key in results.withheld if key.level.startswith(begin))
    ordered = [record.reason for record in sorted(told, key=lambda record: -record.n)]
    return list(dict.fromkeys([*ordered, *(level.removeprefix(begin) for level in hidden)]))


def cell(results: Results, where: Place, style: Style) -> str:
    """``n/N (%)`` where the count has a denominator, else ``n``; blank where there is none.

    A step at which people left only for reasons counts them all.
    """
    _, of = cells.values(results, where, "n", "N")
    if of > 0 or Key("flow", "N", where.arm, where.level) in results.withheld:
        return cells.fraction(results, where, style)
    return cells.count(results, where, style) or _left(results, where, style)


def _left(results: Results, where: Place, style: Style) -> str:
    """How many left at a step for any reason; blank where there is no reason."""
    why = [Place("flow", where.arm, f"{where.level}: {r}") for r in reasons(results, where.level)]
    texts = [cells.count(results, reason, style) for reason in why]
    if cells.CONFIDENTIAL in texts:
        return cells.CONFIDENTIAL
    counts = [cells.values(results, reason, "n")[0] for reason in why]
    known = [n for n in counts if not math.isnan(n)]
    return number.count(sum(known), style) if known else ""
