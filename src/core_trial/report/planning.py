"""What has changed since the plan was locked, and who unmasked the allocation."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.declaration.trial import Trial
from core_trial.report import cells
from core_trial.report.section import Section, present
from core_trial.report.table import Row, Table
from core_trial.results import PlanChange, Results

#: What every figure and every row of data of a masked report says.
DUMMY = "Masked: dummy allocation"
#: What the entries of an unmasking log are called.
UNMASKING = {
    "when": "When",
    "name": "By whom",
    "reason": "Reason",
    "library": "Version of this library",
    "plan": "SHA-256 of the declaration",
    "lock": "SHA-256 of the locked plan",
    "locked_on": "Plan locked on",
    "changes": "Changes since",
}


def marked_data(files: Mapping[str, str | bytes], trial: Trial) -> dict[str, str | bytes]:
    """Files of which those with data for a program say in every row that the arms are a dummy.

    Tables have said so already, by their remark.
    """
    return {
        name: _marked(text, trial)
        if name.endswith(".csv") and isinstance(text, str) and DUMMY not in text
        else text
        for name, text in files.items()
    }


def _marked(text: str, trial: Trial) -> str:
    """A column more, and the arms called A and B in the names of terms."""
    for arm in PRINTED_ARMS:
        name = trial.arm.column
        text = text.replace(f"{name}[{trial.arm.level(arm)}]", f"{name}[{trial.arm.label(arm)}]")
    mark = text[: len(text) - len(text.lstrip("\ufeff"))]
    head, *rows = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""))
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([[*head, "allocation"], *([*row, DUMMY] for row in rows)])
    return mark + out.getvalue()


def plan_section(results: Results) -> tuple[Section, ...]:
    """The deviations from the locked plan, also when there are none; nothing without a lock."""
    plan = results.provenance.plan
    if not plan:
        return ()
    held = f"The plan was locked on {plan['locked_on']} (SHA-256 {plan['lock']})."
    table = changes_table(results)
    said = f"{held} Nothing has changed since." if not table.rows else held
    return (Section("Changes to the plan", present(table), (said,)),)


def changes_table(results: Results) -> Table:
    """Everything that is not as it was when the plan was locked."""
    rows = tuple(
        Row(f"{record.part}: {record.what}" if record.what else record.part, _cells(record))
        for record in results
        if isinstance(record, PlanChange)
    )
    return Table(
        name="changes_to_the_plan",
        title=f"Changes since the plan was locked on {results.provenance.plan['locked_on']}",
        head=("What", "As locked", "Now"),
        rows=rows,
        remark=cells.remark(results),
    )


def _cells(record: PlanChange) -> tuple[str, str]:
    return record.before, record.after


def unmasking_table(results: Results) -> Table:
    """Who unmasked the allocation, when, why and by which plan."""
    told = results.provenance.unmasking
    rows = (Row(text, (told[name],)) for name, text in UNMASKING.items() if told.get(name))
    return Table(
        name="unmasking",
        title="Unmasking of the allocation",
        head=("", "Recorded"),
        rows=tuple(rows),
        remark=cells.remark(results),
    )
