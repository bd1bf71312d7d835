"""Tables 1 and 2 hold what the paper prints, cell by cell, and stay as they are laid out."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import pytest
from core_paper import load

from core_trial.report.styles import LANCET, PLAIN
from core_trial.report.table import Kind, Table
from core_trial.report.table1 import table1
from core_trial.report.table2 import TIME_NOTE, adjustment, table2
from core_trial.results import Descriptive, Estimate, Results, Withheld
from core_trial.trials.core import CORE

DATA = Path(__file__).parent / "data"
#: The paper's standard deviation of 70, which no data can have.
IMPOSSIBLE = "table2.recovery_month_18.control.sd"


def cells(table: Table) -> list[str]:
    return [cell for row in table.rows for cell in (row.label, *row.cells)]


def row(table: Table, label: str) -> tuple[str, ...]:
    return next(row.cells for row in table.rows if row.label == label)


def printed_texts(place: str) -> dict[str, list[str]]:
    """What the paper prints in each row of a table, by the row's name in the registry."""
    rows: dict[str, list[str]] = {}
    for entry in load():
        if entry.place == place and entry.id != IMPOSSIBLE:
            rows.setdefault(entry.where, []).append(entry.printed)
    return rows


def rows_by_name(table: Table) -> dict[str, str]:
    """The cells of each row, by ``label`` and by ``heading: label``."""
    rows, heading = {}, ""
    for line in table.rows:
        heading = line.label if line.kind == Kind.GROUP else heading
        rows |= dict.fromkeys((line.label, f"{heading}: {line.label}"), " ".join(line.cells))
    return rows


@pytest.mark.parametrize("style", [LANCET, PLAIN], ids=["lancet", "plain"])
@pytest.mark.parametrize("make", [table1, table2], ids=["table1", "table2"])
def test_the_layout_is_the_one_kept(printed, make, style):
    """Kept files were read against the paper's pages; they change only on purpose."""
    table = make(printed, CORE, style)
    kept = DATA / f"{table.name}_{'lancet' if style is LANCET else 'plain'}.txt"
    assert table.to_text(120) == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize(("place", "make"), [("table1", table1), ("table2", table2)])
def test_every_printed_digit_is_in_its_row(printed, place, make):
    rows = rows_by_name(make(printed, CORE))
    texts = printed_texts(place)
    assert len(texts) > 15
    for where, expected in texts.items():
        for text in expected:
            assert text in rows[where], (where, text)


def test_rows_of_table_2_stand_in_the_papers_order(printed):
    labels = [row.label for row in table2(printed, CORE).rows if row.kind == Kind.MEMBER]
    assert labels == list(printed_texts("table2"))


def test_adjustments_are_marked_as_in_the_paper(printed):
    table = table2(printed, CORE)
    assert row(table, "Readmission to acute care over 1 year")[2].endswith("0·99)*")
    assert row(table, "Loneliness at 4 months")[2].endswith("0·73)†")
    assert row(table, "Days spent in acute care during 1 year follow-up")[2].endswith("1·36)")
    assert table.footnotes[1:] == (
        "*Adjusted for centre and condition.",
        "†Adjusted for centre, condition, and baseline score.",
        f"‡{TIME_NOTE}",
    )


@pytest.mark.parametrize(
    ("formula", "note"),
    [
        ("arm", ""),
        ("acute_days ~ arm", ""),
        ("readmitted ~ arm + centre", "Adjusted for centre."),
        (
            "y ~ arm + recovery_baseline + marital_status",
            "Adjusted for marital status and baseline score.",
        ),
    ],
)
def test_a_footnote_says_what_the_formula_says(formula, note):
    assert adjustment(formula, CORE) == note


def altered(results: Results, analysis: str, **changes: object) -> Results:
    """The results with one estimate changed."""
    records = (
        replace(r, **changes) if isinstance(r, Estimate) and r.analysis == analysis else r
        for r in results
    )
    return Results(tuple(records))


def test_an_effect_that_is_not_estimable_says_why(printed):
    reason = "arm separates the outcome: nobody in the control group was readmitted"
    failed = altered(printed, "readmission", converged=False, warnings=(reason + ".",))
    table = table2(failed, CORE)
    cell, p = row(table, "Readmission to acute care over 1 year")[2:]
    assert (cell, p) == ("not estimable†", "")
    assert f"†Not estimable: {reason}." in table.footnotes
    assert "OR=odds ratio" not in table.footnotes[0]


def test_an_estimate_of_nan_is_not_estimable_whatever_it_says_of_itself(printed):
    failed = altered(printed, "acute_days", estimate=math.nan)
    table = table2(failed, CORE)
    assert row(table, "Days spent in acute care during 1 year follow-up")[2] == "not estimable‡"
    assert "‡Not estimable: the model did not converge." in table.footnotes


def test_failures_of_one_kind_share_a_footnote(printed):
    failed = Results(
        tuple(
            replace(r, converged=False, warnings=("no convergence",))
            if isinstance(r, Estimate)
            else r
            for r in printed
        )
    )
    table = table2(failed, CORE)
    assert table.footnotes[1:] == ("*Not estimable: no convergence.",)
    assert sum("not estimable*" in row.cells for row in table.rows) == 16


def test_nothing_known_is_laid_out_all_the_same():
    for table in (table1(Results(), CORE), table2(Results(), CORE)):
        assert {cell for row in table.rows for cell in row.cells} == {""}
        assert "nan" not in table.to_text()


def test_another_confidence_level_is_in_the_head(printed):
    records = (replace(r, confidence=0.975) if isinstance(r, Estimate) else r for r in printed)
    assert table2(Results(tuple(records)), CORE).head[3] == "Association (97·5% CI)"


def test_what_is_withheld_is_marked_and_explained(printed):
    hidden = Withheld(analysis="sex", statistic="n", arm="control", level="male")
    kept = (
        r
        for r in printed
        if not (
            isinstance(r, Descriptive)
            and (r.analysis, r.statistic, r.arm, r.level) == ("sex", "n", "control", "male")
        )
    )
    table = table1(Results((*kept, hidden)), CORE)
    assert row(table, "Male") == ("88/220 (40%)", "[c]")
    assert table.footnotes[-1].startswith("[c]=")


def test_the_csv_reads_back(printed):
    lines = list(csv.reader(table2(printed, CORE, PLAIN).to_csv().splitlines()))
    assert {len(line) for line in lines} == {5}
    assert ["Symptom severity at 4 months", "39 (12)", "41 (12)"] in [line[:3] for line in lines]
