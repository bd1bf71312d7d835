"""The effect on the primary outcome in each subgroup, with one test of whether it differs."""

from __future__ import annotations

import math
from collections.abc import Iterator

from core_trial.declaration.trial import Trial
from core_trial.report import cells, labels, number
from core_trial.report.cells import CONFIDENTIAL
from core_trial.report.number import confidence
from core_trial.report.styles import LANCET, Style
from core_trial.report.table import Kind, Row, Table
from core_trial.results import Estimate, Results, Withheld

NOTE = (
    "From one model with the product of arm and characteristic. p value: joint Wald test that the "
    "effect is the same in all; a large one does not show that it is."
)


def subgroups(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """Every declared characteristic with its categories.

    Parameters
    ----------
    results
        Holds the estimates ``subgroup.`` and the primary outcome's name by category, and
        ``interaction_p`` by characteristic.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    rows: list[Row] = []
    primary = trial.primary
    for column in trial.subgroups if primary else ():
        analysis = f"subgroup.{primary.key}" if primary else ""
        found = list(_rows(results, trial, analysis, column, style))
        p = results.get(analysis, "interaction_p", "", column)
        told = "" if math.isnan(p) else number.p_value(p, style)
        rows += [Row(labels.label(trial, column), ("", told)), *found] if found else []
    shown = [r for r in results if isinstance(r, Estimate) and r.analysis.startswith("subgroup.")]
    return Table(
        name="subgroups",
        title=f"{primary.title if primary else 'Primary outcome'}: subgroups",
        head=("", f"Association ({confidence(trial.confidence, style)} CI)", "p of interaction"),
        rows=tuple(rows),
        footnotes=cells.footnotes(
            results, trial, "subgroups", rows, f"{cells.abbreviations(shown)} {NOTE}".strip()
        ),
        remark=cells.remark(results),
    )


def _rows(
    results: Results, trial: Trial, analysis: str, column: str, style: Style
) -> Iterator[Row]:
    known = labels.levels(trial, column)
    for record in results:
        if not isinstance(record, Estimate | Withheld) or record.analysis != analysis:
            continue
        if labels.characteristic(record.level) != column:
            continue
        if isinstance(record, Withheld) and record.statistic != "estimate":
            continue
        text = cells.association(record, style) if isinstance(record, Estimate) else CONFIDENTIAL
        level = labels.level(record.level)
        yield Row(known.get(level, level.replace("_", " ")), (text, ""), Kind.MEMBER)
