"""The whole report as Word, Excel and tidy CSV: order, pictures, and every number in full."""

import csv
import io
import math
import zipfile

import docx
import openpyxl
import pytest

from core_trial.errors import DesignError
from core_trial.report import document
from core_trial.report.styles import LANCET
from core_trial.report.table1 import table1
from core_trial.report.table2 import table2
from core_trial.report.writing import files as writing
from core_trial.report.writing.numbering import caption_of
from core_trial.report.writing.spreadsheet import sheet_names
from core_trial.report.writing.tidy import descriptives, estimates
from core_trial.study import Study
from core_trial.trials.core import CORE

#: A spreadsheet keeps 15 significant digits.
SPREADSHEET = 1e-15
FORMATS = ("docx", "xlsx", "csv")


@pytest.fixture(scope="module")
def files(printed):
    told = ("A finding.", "Another finding.")
    return document.files(printed, CORE, sentences=told, formats=FORMATS)


@pytest.fixture(scope="module")
def word(files):
    return docx.Document(io.BytesIO(files["report.docx"]))


def captions(word):
    return [p.text for p in word.paragraphs if p.style.name == "Caption"]


def test_the_document_has_a_manuscripts_order(word):
    headings = [p.text for p in word.paragraphs if p.style.name in ("Title", "Heading 1")]
    assert headings == [
        "The CORE trial: results",
        "Findings",
        "Methods",
        "Tables and figures",
        "Supplement",
    ]
    assert captions(word)[:5] == [
        "Figure 1: Recruitment, follow-up, and analysis",
        "Table 1: Baseline characteristics",
        "Table 2: Outcomes",
        "Figure 2: Effect of the intervention on every outcome",
        "Figure 3: Days to first readmission to acute care during 1 year follow-up",
    ]


def test_numbers_of_captions_run_on_and_are_fields(word, files):
    rest = [caption_of(text) for text in captions(word)[5:]]
    for kind in ("Table", "Figure"):
        numbers = [c.number for c in rest if c.kind == kind]
        assert numbers == list(range(1, len(numbers) + 1))
    assert {c.series for c in rest} == {"S"}
    with zipfile.ZipFile(io.BytesIO(files["report.docx"])) as parts:
        body = parts.read("word/document.xml").decode()
    assert body.count(" SEQ ") == len(captions(word))


def test_pictures_say_what_they_show(word):
    pictures = word.inline_shapes
    assert len(pictures) >= 3
    said = [shape._inline.docPr.get("descr") for shape in pictures]
    assert all(len(text) > 40 for text in said)
    widest = word.sections[0].page_width - 2 * word.sections[0].left_margin
    assert all(shape.width <= widest for shape in pictures)


def test_tables_in_the_document_and_in_files_are_those_of_the_study(printed, word, files):
    for table, made in zip(word.tables[:2], (table1, table2), strict=True):
        wanted = made(printed, CORE, LANCET)
        alone = docx.Document(io.BytesIO(files[f"{wanted.name}.docx"])).tables[0]
        for found in (table, alone):
            texts = [[docx.table._Cell(c, found).text for c in r._tr.tc_lst] for r in found.rows]
            assert texts == [list(wanted.head), *([r.label, *r.cells] for r in wanted.rows)]


def test_nothing_of_the_template_is_left(files):
    for name in ("report.docx", "table1.docx"):
        with zipfile.ZipFile(io.BytesIO(files[name])) as parts:
            assert not [part for part in parts.namelist() if "thumbnail" in part]
            assert b"python-docx" not in parts.read("docProps/core.xml")
            assert b"2013" not in parts.read("docProps/core.xml")


def test_long_tables_are_named_and_stand_in_files_of_their_own(printed, files, word):
    folded = [t for section in document.sections(printed, CORE) for t in section.folded]
    said = "\n".join(p.text for p in word.paragraphs)
    for table in folded:
        assert f"in {table.name}.docx" in said
        assert f"{table.name}.docx" in files


def read(files, name):
    return list(csv.DictReader(files[name].removeprefix("\ufeff").splitlines()))


def test_estimates_are_in_full_beside_what_is_printed(printed, files):
    rows = read(files, "estimates.csv")
    found = printed.to_frame("estimate")
    assert [float(row["estimate"] or "nan") for row in rows] == pytest.approx(
        list(found["estimate"]), rel=0, abs=0, nan_ok=True
    )
    (primary,) = [r for r in rows if (r["analysis"], r["level"]) == ("readmission", "")]
    assert primary["printed"] == "OR 0·66 (0·43 to 0·99)"
    assert primary["p_printed"] == "0·0438"


def test_descriptives_have_one_number_a_cell(printed, files):
    rows = read(files, "descriptives.csv")
    assert len(rows) == len(printed.find("descriptive"))
    for row in rows:
        value = printed.value(row["analysis"], row["statistic"], row["arm"], row["level"])
        assert float(row["value"] or "nan") == value or math.isnan(value)
    (n,) = [
        r
        for r in rows
        if (r["analysis"], r["statistic"], r["arm"]) == ("readmission", "n", "intervention")
    ]
    assert (float(n["value"]), n["printed"]) == (64.0, "64/218 (29%)")


def test_the_workbook_has_numbers_as_numbers(printed, files):
    book = openpyxl.load_workbook(io.BytesIO(files["results.xlsx"]), read_only=True)
    assert {"table1", "table2", "estimates", "descriptives"} <= set(book.sheetnames)
    for tidy in (estimates(printed, CORE, LANCET), descriptives(printed, CORE, LANCET)):
        head, *rows = book[tidy.name].iter_rows(values_only=True)
        assert head == tidy.head
        assert len(rows) == len(tidy.rows)
        place = tidy.head.index("estimate" if tidy.name == "estimates" else "value")
        pairs = zip(rows, tidy.rows, strict=True)
        told = [(a[place], b[place]) for a, b in pairs if not math.isnan(b[place])]
        assert [a for a, _ in told] == pytest.approx([b for _, b in told], rel=SPREADSHEET)


def test_names_of_sheets_are_short_and_differ():
    names = sheet_names(["a" * 40, "A" * 40, "b"])
    assert len({name.lower() for name in names}) == 3
    assert max(map(len, names)) <= 31


def test_only_what_is_asked_for_is_written(printed):
    made = document.files(printed, CORE, formats=("md",))
    ends = {name.rpartition(".")[2] for name in made}
    assert ends == {"json", "md", "txt"}


def test_a_format_that_is_none_is_refused():
    with pytest.raises(DesignError, match="did you mean 'docx'"):
        writing.checked(["doc"])


def test_a_study_has_its_figures_by_name(printed, tmp_path):
    study = Study(printed, CORE)
    assert {"flow_diagram", "forest", "curves"} <= set(study.figures)
    study.figures["curves"].save(tmp_path / "curves.svg")
    assert (tmp_path / "curves.svg").read_bytes() == study.figures["curves"].svg
    assert study.figures["curves"]._repr_svg_().startswith("<?xml")
