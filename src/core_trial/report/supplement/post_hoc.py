"""The post hoc analysis: days in acute care with the index episode told apart."""

from __future__ import annotations

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.report import cells
from core_trial.report.cells import Place
from core_trial.report.number import LANCET, Style
from core_trial.report.supplement import labels
from core_trial.report.table import Kind, Row, Table
from core_trial.results import Results
from core_trial.trials.core.words import ARM_LABELS

NOTE = (
    "Decided on after the data were seen. The index episode is the one during which participants "
    "were recruited."
)


def post_hoc(results: Results, style: Style = LANCET) -> Table:
    """Days of the index episode, days of readmissions, and the effect on the latter."""
    name = labels.POST_HOC
    found = [results.value(name, "n", arm) for arm in PRINTED_ARMS]
    rows = _rows(results, name, style) if any(n == n for n in found) else ()
    return Table(
        name="post_hoc",
        title="Days in acute care, the index episode apart (post hoc)",
        head=(
            "",
            *(ARM_LABELS[arm] for arm in PRINTED_ARMS),
            *("Association (95% CI)", "p value"),
        ),
        rows=rows,
        footnotes=(f"IRR=incident rate ratio. {NOTE}", *cells.confidential_notes(rows)),
    )


def _rows(results: Results, name: str, style: Style) -> tuple[Row, ...]:
    days, index = (
        [Place(name, arm) for arm in PRINTED_ARMS],
        [Place("index_days", arm) for arm in PRINTED_ARMS],
    )
    none = [Place(name, arm, "none") for arm in PRINTED_ARMS]
    effect = _effect(results, name, style)
    return (
        Row("Days from randomisation to the end of the index episode", kind=Kind.GROUP),
        _row("Mean (SD)", [cells.mean_sd(results, p, style, (1, 1)) for p in index]),
        Row("Days spent in acute care without the index episode", kind=Kind.GROUP),
        _row("Median (IQR)", [cells.median_iqr(results, p, style) for p in days], effect),
        _row("Mean (SD)", [cells.mean_sd(results, p, style, (0, 0)) for p in days]),
        _row("No days, n/N (%)", [cells.fraction(results, p, style) for p in none]),
    )


def _row(label: str, arms: list[str], effect: tuple[str, str] = ("", "")) -> Row:
    return Row(label, (*arms, *effect), Kind.MEMBER)


def _effect(results: Results, name: str, style: Style) -> tuple[str, str]:
    if cells.estimate_withheld(results, name):
        return cells.CONFIDENTIAL, cells.CONFIDENTIAL
    estimate = results.estimate(name)
    if estimate is None:
        return "", ""
    return cells.association(estimate, style), cells.p_value(estimate, style)
