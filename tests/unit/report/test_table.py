"""Tables as values and in every rendering."""

import csv
import io
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_trial.report.table import Kind, Row, Table, spreadsheet_safe

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


def table(*rows: Row, title: str = "Title", footnotes: tuple[str, ...] = ()) -> Table:
    return Table(name="t", title=title, head=("What", "n"), rows=rows, footnotes=footnotes)


LONG = "one two three four five six seven eight nine ten eleven"


def body(page: str) -> ET.Element:
    return ET.fromstring(page.removeprefix("<!DOCTYPE html>"))


GROUPED = table(
    Row("Sex", kind=Kind.GROUP),
    Row("Male", ("88",), Kind.MEMBER),
    Row("Female", ("132",), Kind.MEMBER),
    Row("Age", ("40 (13)",)),
    footnotes=("Note *.",),
)


def test_a_row_has_a_cell_for_every_column():
    with pytest.raises(ValueError, match="'Male' has 2 cells"):
        table(Row("Male", ("1", "2")))
    with pytest.raises(ValueError, match="'Sex' has 1 cells"):
        table(Row("Sex", ("1",), Kind.GROUP))


def test_csv():
    assert GROUPED.to_csv() == "What,n\nSex,\nMale,88\nFemale,132\nAge,40 (13)\n"


def test_markdown():
    assert GROUPED.to_markdown() == (
        "**Title**\n\n| What | n |\n| --- | --- |\n| **Sex** |  |\n| Male | 88 |\n"
        "| Female | 132 |\n| Age | 40 (13) |\n\nNote \\*.\n"
    )


def test_text():
    rule = "─" * 17
    lines = ["Title", rule, "What      n", rule, "Sex", "  Male    88", "  Female  132"]
    lines += ["Age       40 (13)", rule, "Note *."]
    assert GROUPED.to_text() == "\n".join(lines) + "\n"


def test_text_keeps_within_the_width_by_wrapping_labels():
    long = table(Row(LONG, ("12",)))
    lines = long.to_text(width=36).splitlines()
    assert max(map(len, lines)) <= 36
    assert lines[4].endswith("12")
    assert lines[5].startswith("  ")
    assert lines[4].removesuffix("12").split() + lines[5].split() == LONG.split()


def test_columns_of_counts_are_flush_right_and_others_are_not():
    counts = table(Row("a", ("8",)), Row("b", ("120",)))
    assert "| --- | ---: |" in counts.to_markdown()
    assert "a       8\nb     120" in counts.to_text()
    assert counts.to_html().count('class="right"') == 3
    assert 'class="right"' not in GROUPED.to_html()


def test_html_says_what_heads_what():
    page = body(GROUPED.to_html())
    assert [th.get("scope") for th in page.iter("th")] == ["col", "col", "rowgroup"] + ["row"] * 3
    assert [len(list(part)) for part in page.iter("tbody")] == [3, 1]
    assert page.find(".//caption").text == "Title"
    described = page.find(".//table").get("aria-describedby")
    assert page.find(f".//*[@id='{described}']").text == "Note *."
    assert page.get("lang") == "en-GB"


def test_a_notebook_shows_the_fragment_with_its_style():
    shown = GROUPED._repr_html_()
    assert shown.startswith("<style>")
    assert GROUPED.fragment() in shown
    assert "<html" not in shown


@given(label=TEXT, cell=TEXT, title=TEXT, note=TEXT)
def test_html_is_well_formed_and_gives_every_text_back(label, cell, title, note):
    page = body(table(Row(label, (cell,)), title=title, footnotes=(note,)).to_html())
    assert (page.find(".//tbody/tr/th").text or "") == label
    assert (page.find(".//tbody/tr/td").text or "") == cell
    assert (page.find(".//caption").text or "") == title
    assert (page.find(".//p[@class='notes']").text or "") == note


def test_markup_in_a_cell_stays_text():
    evil = table(Row("<script>alert(1)</script>", ('a & "b" | c',)))
    assert "<script>" not in evil.to_html()
    assert "\\<script\\>alert(1)\\</script\\>" in evil.to_markdown()
    assert 'a & "b" \\| c' in evil.to_markdown()


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=4))
def test_csv_gives_every_cell_back_or_marks_it(cells):
    made = table(*(Row(label, (cell,)) for label, cell in cells))
    rows = list(csv.reader(io.StringIO(made.to_csv(), newline="")))
    assert rows[1:] == [[spreadsheet_safe(a), spreadsheet_safe(b)] for a, b in cells]


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "=cmd|' /C calc'!A0",
        "\t=1",
        "＝1+1",
        " =1+1",
        "-A1",
        "--1",
    ],
)
def test_what_a_spreadsheet_would_run_is_disarmed(cell):
    assert spreadsheet_safe(cell) == "'" + cell


@pytest.mark.parametrize(
    "cell",
    ["-1.08", "+2", "-1.08 to 2.00", "-1.08 (-3.17 to 1.01)", "-5%", "–1·08", "DiM -1", "<0.0001"],
)
def test_negative_numbers_stay_readable(cell):
    assert spreadsheet_safe(cell) == cell
