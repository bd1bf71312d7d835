"""Pages parse, figures can be read aloud, and equal records give equal bytes."""

from __future__ import annotations

import getpass
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from core_paper import load

from core_trial.published.compare import compare
from core_trial.report import document, verification
from core_trial.report.at_risk import at_risk
from core_trial.report.curves import by_arm, curve_table, curves, times
from core_trial.report.flow import flow_table
from core_trial.report.flow_diagram import flow_figure, lay_out
from core_trial.report.forest import forest, pooled_sd
from core_trial.report.styles import LANCET, PLAIN
from core_trial.results import Comparison, Estimate, FlowCount, Results
from core_trial.trials.core import CORE

#: CORE's time to readmission.
(TIME,) = times(CORE)

SENTENCES = ("A sentence with <b>markup</b> & more.",)


@pytest.fixture(scope="module")
def comparisons(printed):
    return compare(printed, load()).comparisons


@pytest.fixture(scope="module")
def files(printed, comparisons):
    return document.files(printed, CORE, comparisons, SENTENCES)


def parsed(page: str) -> ET.Element:
    return ET.fromstring(page.removeprefix("<!DOCTYPE html>"))


class Outline(HTMLParser):
    """Identifiers, links within the page, and anything it would load from elsewhere."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.alternatives: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if tag == "a" else []
        self.loaded += [given["src"]] if "src" in given else []
        self.loaded += [given["href"]] if tag == "link" else []
        self.alternatives += [given.get("alt", "")] if tag == "img" else []


def test_every_page_is_well_formed(files):
    pages = [text for name, text in files.items() if name.endswith(".html")]
    assert len(pages) > 5
    for page in pages:
        assert parsed(page).find("head/title").text


def test_the_document_is_whole_and_loads_nothing(files):
    outline = Outline(files["report.html"])
    assert len(set(outline.ids)) == len(outline.ids)
    assert {link.removeprefix("#") for link in outline.links} <= set(outline.ids)
    assert {"table1", "table2", "flow_diagram", "verification"} <= set(outline.ids)
    assert all(source.startswith("data:image/svg+xml;base64,") for source in outline.loaded)
    assert outline.alternatives
    assert all(len(text) > 40 for text in outline.alternatives)


def test_sentences_are_text_and_not_markup(files):
    assert "&lt;b&gt;markup&lt;/b&gt; &amp; more" in files["report.html"]


def test_equal_records_give_equal_bytes_in_another_process(files, tmp_path):
    """A process of its own has its own hash seed and its own addresses."""
    figure = files["figures/flow_diagram.svg"]
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import conftest\n"
        "from core_trial.results import Results\n"
        "from core_trial.trials.core import CORE\n"
        "from core_trial.report.flow_diagram import flow_figure\n"
        "sys.stdout.buffer.write(flow_figure(Results(tuple(conftest.flow())), CORE).svg)"
    )
    command = [sys.executable, "-c", code, str(Path(__file__).parent)]
    assert subprocess.run(command, capture_output=True, check=True).stdout == figure


def test_equal_records_give_equal_files(printed, comparisons, files):
    assert document.files(printed, CORE, comparisons, SENTENCES) == files


def test_no_file_tells_of_this_machine(files):
    telling = [str(Path.home()), str(Path(__file__).parents[2]), f"/{getpass.getuser()}/"]
    for name, text in files.items():
        data = text if isinstance(text, bytes) else text.encode()
        assert not any(word.encode() in data for word in telling), name


def test_tables_for_spreadsheets_begin_with_a_mark_of_their_encoding(files):
    tables = [text for name, text in files.items() if name.endswith(".csv")]
    assert tables
    assert all(text.startswith("\ufeff") for text in tables)


def test_a_document_without_records_says_what_there_is():
    page = document.document(Results(), CORE)
    assert parsed(page).find("body/main/h1").text == "The CORE trial: results"
    assert "erification" not in page


# The flow.


def test_the_diagram_says_every_count(printed):
    text = flow_figure(printed, CORE).alt
    for words in (
        "Screened (n=3288)",
        "Not eligible (n=1440)",
        "702 caseload of the team",
        "Eligible but not randomised (n=1407)",
        "Randomised (n=441); 40 in the internal pilot; 401 in the main trial",
        "Intervention group (n=221)",
        "Primary outcome known: 216/220 (98%)",
    ):
        assert words in text


def test_boxes_do_not_overlap_and_stay_on_the_page(printed):
    diagram = lay_out(printed, CORE, LANCET)
    for box in diagram.boxes:
        assert 0 <= box.left < box.left + box.width <= 170
        assert 0 <= box.top < box.bottom <= diagram.height
    for i, a in enumerate(diagram.boxes):
        for b in diagram.boxes[:i]:
            apart = a.left >= b.left + b.width or b.left >= a.left + a.width
            assert apart or a.top >= b.bottom or b.top >= a.bottom


def test_reasons_stand_under_their_step_the_largest_first(printed):
    rows = [(row.label, row.cells[:1]) for row in flow_table(printed, CORE).rows]
    at = rows.index(("Not eligible", ("1440",)))
    assert [cells for _, cells in rows[at + 1 : at + 5]] == [("702",), ("488",), ("160",), ("90",)]


def test_dollar_signs_in_a_reason_are_no_mathematics():
    odd = FlowCount(step="not_eligible", reason=r"costs $5 or $6_x$ \frac", n=7)
    figure = flow_figure(Results((odd,)), CORE)
    assert b"<svg" in figure.svg
    assert r"7 costs $5 or $6_x$ \frac" in figure.alt


# The curves.


def test_numbers_at_risk_are_counted_just_before_the_day(printed):
    points = by_arm(printed, TIME)["control"]
    for day in TIME.ticks:
        gone = sum(p.events + p.censored for p in points if p.time < day)
        assert at_risk(points, day) == 216 - gone
    assert at_risk(points, 366) == 0


def test_the_curves_end_where_the_counts_say(printed):
    table = curve_table(printed, CORE, TIME)
    assert table.rows[5].cells == ("154", "29% (23 to 35)")
    assert table.rows[11].cells[1].startswith("38% (")
    assert "Intervention group: 29% (23 to 35) by day 365" in curves(printed, CORE, TIME).alt


def test_the_curves_carry_the_hazard_ratio_only_when_it_can_be_believed(printed):
    assert "HR 0·71 (95% CI 0·52–0·97), p=0·0291" in curves(printed, CORE, TIME).alt
    assert "HR 0.71 (95% CI 0.52 to 0.97), p=0.0291" in curves(printed, CORE, TIME, PLAIN).alt
    failed = Results(
        tuple(replace(r, converged=False) if isinstance(r, Estimate) else r for r in printed)
    )
    assert "HR" not in curves(failed, CORE, TIME).alt


# The forest plot.


def test_differences_are_drawn_in_standard_deviations(printed):
    assert pooled_sd(printed, "satisfaction_month_4") == pytest.approx((61 / 2) ** 0.5)


def test_the_forest_plot_reads_as_table_2(printed):
    text = forest(printed, CORE).alt
    assert "Readmission to acute care over 1 year, OR 0·66 (0·43 to 0·99)" in text
    assert text.count("DiM") == 13


def test_an_effect_out_of_bounds_is_drawn_as_an_arrow_and_a_failure_not_at_all(printed):
    wild = Results(
        tuple(
            replace(r, estimate=0.01, low=1e-5, high=40.0)
            if isinstance(r, Estimate) and r.analysis == "readmission"
            else replace(r, converged=False)
            if isinstance(r, Estimate) and r.analysis == "loneliness_month_4"
            else r
            for r in printed
        )
    )
    figure = forest(wild, CORE)
    assert figure.svg != forest(printed, CORE).svg
    assert "Loneliness at 4 months, not estimable" in figure.alt


# The verdict.


def line(**changes: object) -> Comparison:
    given = {"id": "table2.x", "place": "table2", "printed": "0·66", "computed": 0.6553}
    return Comparison(**{**given, "status": "matched", "decimals": 2, **changes})


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "0·66"),
        ({"statistic": "p_value", "computed": 3e-6, "decimals": 4}, "<0·0001"),
        ({"statistic": "last_date", "computed": 736383.0}, "Feb 23, 2017"),
        ({"computed": 78.004, "decimals": 1, "claim": "seen (%)"}, "78·0, seen (%)"),
        ({"computed": float("nan")}, ""),
        ({"computed": -0.7249, "printed": "–0·72"}, "–0·72"),
    ],
)
def test_a_computed_number_is_shown_as_it_would_be_printed(changes, text):
    assert verification.as_printed(line(**changes), LANCET) == text


def test_the_verdict_counts_every_entry(comparisons):
    verdict = Results(comparisons)
    table = verification.summary_table(verdict, CORE)
    *places, total = [[int(cell) for cell in row.cells] for row in table.rows]
    assert [sum(column) for column in zip(*places, strict=True)] == total
    assert total[-1] == len(load()) == sum(total[:-1])
    assert verification.sentence(verdict).startswith(f"{total[-1]} printed numbers: {total[0]} ")


def test_what_is_not_matched_comes_first(comparisons):
    lines = Results((line(), line(id="table2.y", status="differing", reason="prints otherwise")))
    page = verification.verdict_page(lines, CORE)
    assert page.index('id="unmatched"') < page.index('id="verification"')
    assert 'id="unmatched"' not in verification.verdict_page(Results((line(),)), CORE)


def test_the_csv_has_a_line_for_every_entry_and_computed_numbers_in_full(comparisons):
    text = verification.to_csv(Results(comparisons))
    assert text.count("\n") == len(comparisons) + 1
    assert "0·66,0·66,0.6553,matched," in text
