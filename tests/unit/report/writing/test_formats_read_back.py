"""Every format, read back by a reader of its own, has the same texts in the same places."""

import csv
import io
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
import zipfile

import docx
import openpyxl
import pytest

from core_trial.report.table import Kind, Row, Table
from core_trial.report.writing.spreadsheet import spreadsheet

#: What each format has to escape, letters of other scripts, and every sign of the styles.
NASTY = r"=1+1 <b>&amp;</b> {50%} $x_1$ \alpha ~ ^ # [c] * | `a` “é” 日本 –1·08 ‖ ≥ ∞ " + '"quoted"'
TABLE = Table(
    name="nasty",
    title="Table 2: Outcomes & <others>",
    head=("Outcome", "Group A_1 (n=221)", "Association (95% CI)", "p value"),
    rows=(
        Row("Primary", kind=Kind.GROUP),
        Row("Readmission", ("64/218 (29%)", "OR 0·66 (0·43 to 0·99)*‡", "0·0438"), Kind.MEMBER),
        Row("Score", ("26 (5)", "DiM –1·08 (–3·17 to 1·01)†", "<0·0001"), Kind.MEMBER),
        Row(NASTY, ("12\u2009345", "not estimable", ""), Kind.ROW),
    ),
    footnotes=("*Adjusted for centre & condition.", "‡100% of {all}."),
    remark="The data are synthetic.",
)
LINES = [TABLE.head, *((row.label, *(row.cells or ("",) * 3)) for row in TABLE.rows)]


def from_docx(data):
    table = docx.Document(io.BytesIO(data)).tables[0]
    lines = []
    for row in table.rows:
        texts = [docx.table._Cell(tc, table).text for tc in row._tr.tc_lst]
        lines.append(tuple(texts + [""] * (len(TABLE.head) - len(texts))))
    return lines


def from_xlsx(data):
    sheet = openpyxl.load_workbook(io.BytesIO(data))["nasty"]
    found = [tuple(cell or "" for cell in row) for row in sheet.iter_rows(values_only=True)]
    start = found.index(TABLE.head)
    return found[start : start + len(LINES)]


def from_html(text):
    root = ET.fromstring(text.partition("<main>")[2].partition("</main>")[0])
    lines = [tuple("".join(cell.itertext()) for cell in row) for row in root.iter("tr")]
    return [line + ("",) * (len(TABLE.head) - len(line)) for line in lines]


def from_markdown(text):
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines if not line.startswith("|:")]
    found = [tuple(re.sub(r"\\(.)", r"\1", cell.strip()) for cell in line) for line in cells]
    return [tuple(re.sub(r"^\*\*(.*)\*\*$", r"\1", t) for t in found[i]) for i in (0, *range(2, 6))]


def from_csv(text):
    return [
        tuple(cell.removeprefix("'") for cell in line) for line in csv.reader(text.splitlines())
    ]


#: The inverse of what LaTeX needs, written down anew.
SPELT = {
    r"\textbackslash{}": "\\",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textquotedbl{}": '"',
    r"\textbardbl{}": "‖",
    r"\ensuremath{\geq}": "≥",
    r"\ensuremath{\infty}": "∞",
    r"\,": "\u2009",
    "{[}": "[",
    "{]}": "]",
    "{*}": "*",
    **{rf"\{sign}": sign for sign in "{}$&#%_"},
}
SIGNS = re.compile("|".join(map(re.escape, SPELT)))


def from_latex(text):
    inner = text.partition(r"\toprule")[2].partition(r"\bottomrule")[0]
    lines = []
    for line in re.findall(r"^(.*?) \\\\\*?$", inner, re.MULTILINE):
        bare = re.sub(r"\\multicolumn\{4\}\{[^}]*\{\}[^}]*\{\}\}\{(.*)\}$", r"\1", line)
        bare = re.sub(r"\\textbf\{((?:[^{}]|\{[^{}]*\}|\\.)*)\}", r"\1", bare)
        bare = bare.replace(r"\quad ", "")
        cells = [SIGNS.sub(lambda m: SPELT[m[0]], c) for c in re.split(r" (?<!\\)& ", bare)]
        lines.append(tuple(cells + [""] * (4 - len(cells))))
    return lines


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (TABLE.to_docx, from_docx),
        (lambda: spreadsheet([TABLE], []), from_xlsx),
        (TABLE.to_html, from_html),
        (TABLE.to_markdown, from_markdown),
        (lambda: TABLE.to_csv().rpartition(TABLE.remark)[0], from_csv),
        (TABLE.to_latex, from_latex),
    ],
    ids=["docx", "xlsx", "html", "md", "csv", "tex"],
)
def test_texts_come_back(written, read):
    expected = [tuple(cell.strip() for cell in line) for line in LINES]
    assert [tuple(cell.strip() for cell in line) for line in read(written())] == expected


def test_word_has_what_a_manuscript_table_needs():
    document = docx.Document(io.BytesIO(TABLE.to_docx()))
    body = zipfile.ZipFile(io.BytesIO(TABLE.to_docx())).read("word/document.xml").decode()
    assert document.core_properties.title == TABLE.title
    assert document.paragraphs[0].text == "Table 2: Outcomes & <others>"
    assert document.paragraphs[0].style.name == "Caption"
    assert "SEQ Table" in body
    assert body.count("<w:tblHeader/>") == 1
    assert body.count("<w:cantSplit/>") == len(LINES)
    assert 'w:tblCaption w:val="Table 2: Outcomes &amp; &lt;others&gt;"' in body
    assert [p.text for p in document.paragraphs][1:] == [TABLE.remark, *TABLE.footnotes]


@pytest.mark.parametrize(
    "made", [TABLE.to_docx, lambda: spreadsheet([TABLE], [])], ids=["docx", "xlsx"]
)
def test_equal_tables_give_equal_bytes(made):
    assert made() == made()
    with zipfile.ZipFile(io.BytesIO(made())) as found:
        assert {entry.date_time for entry in found.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_cell_of_the_workbook_is_never_a_formula():
    sheet = openpyxl.load_workbook(io.BytesIO(spreadsheet([TABLE], [])))["nasty"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} == {"s"}


LONG = Table(
    name="long",
    title="A long table",
    head=("", *"ABCDEFGHIJ"),
    rows=tuple(Row(f"Line {i}", ("123·45 (1·2 to 3·4)",) * 10) for i in range(60)),
    footnotes=("A note.",),
)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs a TeX")
@pytest.mark.parametrize("table", [TABLE, LONG], ids=["short", "long"])
def test_a_complete_file_can_be_set(table, tmp_path):
    text = table.to_latex(complete=True).replace("日本", "")  # needs a font that pdfTeX lacks
    (tmp_path / "t.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:].decode(errors="replace")
    assert (tmp_path / "t.pdf").stat().st_size > 10_000
