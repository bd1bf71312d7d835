"""The report of a trial that is not CORE: laid out from its declaration, and of nothing else."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace

import made_up
import pytest
from made_up import TRIAL, changed
from records import counts, estimate, number

from core_trial.declaration.arms import Arm
from core_trial.declaration.covariates import Categories
from core_trial.declaration.layout import FurtherTable, Layout, Line, Show
from core_trial.declaration.wording import Sentence, Wording
from core_trial.report import document
from core_trial.report.cells import SYNTHETIC
from core_trial.report.curves import curve_table, curves, times
from core_trial.report.flow import flow_table
from core_trial.report.flow_diagram import flow_figure
from core_trial.report.forest import forest
from core_trial.report.sentences import sentences
from core_trial.report.styles import PLAIN
from core_trial.report.supplement.clusters import clusters, intraclass
from core_trial.report.supplement.sections import supplement
from core_trial.report.supplement.subgroups import subgroups
from core_trial.report.table import Table
from core_trial.report.table1 import table1
from core_trial.report.table2 import table2
from core_trial.results import Results

#: What nobody declared here and so nobody may read.
NOT_SAID = re.compile(
    r"(?-i:CORE)|the paper|planned|verif|matched|readmi|peer support|crisis|workbook|psychosis|"
    r"pilot|18 months|sample size|synthetic|adverse|caseload|nan\b",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def results():
    return made_up.results()


@pytest.fixture(scope="module")
def files(results):
    return document.files(results, TRIAL, sentences=sentences(results, TRIAL))


def rows(table: Table) -> list[tuple[str, ...]]:
    return [(row.label, *row.cells) for row in table.rows]


def inside(data: bytes) -> str:
    """The texts of a Word document or a workbook."""
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        names = [name for name in parts.namelist() if "sheet" in name or "document" in name]
        return " ".join(re.sub(r"<[^>]+>", " ", parts.read(name).decode()) for name in names)


def test_no_file_says_anything_that_was_not_declared(files):
    for name, text in files.items():
        if not name.endswith((".svg", ".json")):
            whole = text if isinstance(text, str) else inside(text)
            said = re.sub(r"base64,[^\"]*|<style>.*?</style>", "", whole, flags=re.DOTALL)
            assert not NOT_SAID.search(said), (name, NOT_SAID.search(said))


def test_the_title_is_the_trials_own(files):
    assert "<h1>Group therapy for insomnia: results</h1>" in files["report.html"]


def test_without_a_registry_there_is_no_verdict(files):
    assert not any("verification" in name for name in files)


def test_a_section_without_records_is_left_out(results, files):
    titles = [section.title for section in supplement(results, TRIAL)]
    assert titles == ["Crude and absolute effects", "Models", "Assumptions"]
    assert "Missing data" not in files["report.html"]
    assert document.sections(Results(), TRIAL) == [
        section for section in document.sections(Results(), TRIAL) if section.parts
    ]


def test_characteristics_by_bare_name_are_laid_out_as_recorded(results):
    assert rows(table1(results, TRIAL, PLAIN)) == [
        ("Sex",),
        ("Male", "12/30 (40%)", "10/29 (34%)"),
        ("Female", "18/30 (60%)", "19/29 (66%)"),
        ("Age (years)", "44 (35 to 52)", "44 (35 to 52)"),
        ("Shift work", "7/30 (23%)", "1/30 (3%)"),
        ("Bmi", "26.3 (3.5)", "26.3 (3.5)"),
    ]


def test_one_printed_category_needs_no_heading(results):
    sex = Categories("sex", "Female sex", {"male": "Male", "female": "Female"}, printed=("female",))
    table = table1(results, changed(baseline=(sex,)), PLAIN)
    assert rows(table) == [("Female sex", "18/30 (60%)", "19/29 (66%)")]


def test_heads_tell_how_many_were_randomised(results):
    assert table1(results, TRIAL).head == ("Characteristic", "CBT-I (n=31)", "TAU (n=30)")
    without = Results(tuple(made_up.baseline()))
    assert table1(without, TRIAL).head == ("Characteristic", "CBT-I", "TAU")


def test_a_column_for_the_whole_trial_is_an_option(results):
    table = table1(results, changed(layout=Layout(total=True)), PLAIN)
    assert table.head[-1] == "All (n=61)"
    assert rows(table)[1] == ("Male", "12/30 (40%)", "10/29 (34%)", "22/59 (37%)")


def test_outcomes_stand_in_order_under_their_headings(results):
    table = table2(results, TRIAL, PLAIN)
    assert rows(table) == [
        ("Primary outcome",),
        (
            "Asleep within 30 minutes",
            *("20/30 (67%)", "29", "12/30 (40%)", "29"),
            *("OR 3.00 (1.05 to 8.60)*", "0.5000"),
        ),
        ("– risk difference", "", "", "", "", "RD 27.0 (2.0 to 51.0)", "0.5000"),
        ("– number needed to treat", "", "", "", "", "4 (2 to 50)", ""),
        ("Secondary outcomes",),
        (
            "Insomnia severity",
            *("9.5 (4.3)", "", "12.5 (4.3)", ""),
            *("DiM -3.00 (-5.10 to -0.90)†‡", "0.5000"),
        ),
        (
            "Weeks to relapse",
            *("30 (10 to 40)", "", "22 (10 to 40)", ""),
            *("HR 0.60 (0.30 to 1.20)*§", "0.5000"),
        ),
        ("Naps", "1 (2)", "", "2 (2)", "", "RoM 0.50 (0.20 to 1.10)*", "0.5000"),
    ]
    assert table.footnotes[1:] == (
        "*Adjusted for site.",
        "†Adjusted for site and baseline score.",
        "‡Few clusters: 4 in an arm.",
        "§Median of those with the event; the effect is that on all participants.",
    )


def test_covariates_are_named_as_declared(results):
    labelled = changed(layout=Layout(characteristics=(made_up.SITES,), analysed=False))
    table = table2(results, labelled, PLAIN)
    assert "*Adjusted for hospital." in table.footnotes
    assert len(table.head) == 5


def test_marks_mean_one_thing_in_all_tables(results):
    meanings: dict[str, set[str]] = {}
    for section in document.sections(results, TRIAL):
        for part in (*section.parts, *section.folded):
            for note in part.footnotes if isinstance(part, Table) else ():
                if found := re.match(r"([*†‡§¶‖#]+)(.*)", note):
                    meanings.setdefault(found[1], set()).add(found[2])
    assert len(meanings) == 4
    assert all(len(texts) == 1 for texts in meanings.values())


def test_the_flow_is_made_of_the_steps_that_were_counted(results):
    assert rows(flow_table(results, TRIAL, PLAIN)) == [
        ("Before randomisation",),
        ("Screened", "100", "", ""),
        ("Not eligible", "25", "", ""),
        ("– shift work at night", "25", "", ""),
        ("Randomised",),
        ("Randomised", "61", "31", "30"),
        ("Followed up",),
        ("Asleep within 30 minutes: known", "", "30/31 (97%)", "30/30 (100%)"),
        ("Analysed",),
        ("Asleep within 30 minutes", "", "29", "29"),
    ]
    alt = flow_figure(results, TRIAL, PLAIN).alt
    assert "Not eligible (n=25); 25 shift work at night" in alt
    assert "CBT-I (n=31)" in alt


def test_curves_have_the_outcomes_axis(results):
    (outcome,) = times(TRIAL)
    table = curve_table(results, TRIAL, outcome, PLAIN)
    assert table.head == ("Week", "At risk", "Relapsed (95% CI)")
    assert [row.label for row in table.rows[1:6]] == ["0", "13", "26", "39", "52"]
    figure = curves(results, TRIAL, outcome, PLAIN)
    assert (figure.name, figure.title) == ("curves", "Weeks to relapse")
    assert "CBT-I: 50% (45 to 60) by week 52." in figure.alt
    assert figure.svg


def test_two_times_have_figures_of_their_own(results):
    more = replace(times(TRIAL)[0], column="months", name="months", label="Months to relapse")
    both = changed(outcomes=(*TRIAL.outcomes, more))
    names = {curves(results, both, outcome).name for outcome in times(both)}
    assert names == {"curves_weeks", "curves_months"}
    alike = replace(more, name="weeks/", label="Findings"), replace(more, name="weeks ", label="x")
    three = changed(outcomes=(*TRIAL.outcomes, *alike))
    names = {curves(results, three, outcome).name for outcome in times(three)}
    assert names == {"curves_weeks", "curves_2", "curves_3"}


def test_the_forest_says_which_way_is_better(results):
    figure = forest(results, TRIAL)
    assert "Asleep within 30 minutes, OR 3·00" in figure.alt
    assert "Weeks to relapse: hazard, HR 0·60" in figure.alt
    assert "lower with the intervention" not in figure.alt + figure.note
    assert forest(Results(), TRIAL) is None


def test_every_outcome_has_a_general_sentence(results):
    assert sentences(results, TRIAL, PLAIN) == (
        "31 participants were assigned to the CBT-I group and 30 to the TAU group.",
        "Asleep within 30 minutes: 20 (67%) of 30 participants in the CBT-I group versus 12 (40%) "
        "of 30 in the TAU group (OR 3.00, 95% CI 1.05 to 8.60; p=0.5000).",
        "Asleep within 30 minutes, in absolute terms: risk difference 27.0 percentage points, "
        "95% CI 2.0 to 51.0; p=0.5000; number needed to treat 4 (95% CI 2 to 50).",
        "Insomnia severity: mean 9.5 (SD 4.3) in the CBT-I group versus 12.5 (SD 4.3) in the TAU "
        "group (difference in means -3.00, 95% CI -5.10 to -0.90; p=0.5000).",
        "Weeks to relapse: median of those with the event, 30 weeks (IQR 10 to 40) in the CBT-I "
        "group versus 22 weeks (IQR 10 to 40) in the TAU group; over all participants, HR 0.60, "
        "95% CI 0.30 to 1.20; p=0.5000.",
        "Naps: mean 1 naps (SD 2) in the CBT-I group versus 2 naps (SD 2) in the TAU group (ratio "
        "of means 0.50, 95% CI 0.20 to 1.10; p=0.5000).",
    )


ODD = ["a <b> & {x} = y|*`", "{share a}", "ünï", "a/b  c", "=1+1", "100% $\\foo$"]


@pytest.mark.parametrize("odd", ODD)
def test_names_of_any_kind_are_text(odd):
    named = tuple(
        replace(o, label=f"{odd}{i}", name=f"{odd}{i}", **({"unit": odd} if i else {}))
        for i, o in enumerate(TRIAL.outcomes)
    )
    trial = changed(title=odd, outcomes=named, arm=Arm("x", control=odd, intervention=f"{odd}2"))
    keys = {o.key: new.key for o, new in zip(TRIAL.outcomes, named, strict=True)}
    renamed = (
        replace(r, analysis=keys.get(r.analysis, r.analysis)) if hasattr(r, "analysis") else r
        for r in made_up.results()
    )
    results = Results(tuple(renamed))
    told = sentences(results, trial)
    assert len(told) == len(sentences(made_up.results(), TRIAL))
    assert f"{odd}0: 20 (67%) of 30 participants" in told[1]
    for name, text in document.files(results, trial, sentences=told).items():
        if name.endswith(".html"):
            ET.fromstring(text.removeprefix("<!DOCTYPE html>"))


def test_a_trial_may_word_its_own(results):
    own = Wording(sentences=(Sentence("{count flow level=screened} were seen."),))
    assert sentences(results, changed(wording=own)) == ("100 were seen.",)


def test_nothing_out_of_nobody_is_told(results):
    nobody = Results(tuple(made_up.counts("asleep", 0, 1, "control")))
    emptied = Results(tuple(replace(r, value=0.0) for r in nobody))
    own = Wording(sentences=(Sentence("{share asleep arm=control} slept."),))
    assert sentences(emptied, changed(wording=own)) == ()
    assert "not estimable" not in table2(emptied, TRIAL).to_text()


def test_further_tables_have_their_own_section(results):
    table = FurtherTable(
        name="harms",
        title="Harms",
        section="Harms",
        lines=(
            "In the groups",
            Line("Naps", "naps", show=Show.MEAN, decimals=(1, 0), effect=True),
            "Of nobody",
            Line("Nothing", "nothing"),
        ),
    )
    (found,) = [
        part
        for section in supplement(results, changed(layout=Layout(tables=(table,))), PLAIN)
        for part in section.parts
        if section.title == "Harms"
    ]
    assert rows(found) == [
        ("In the groups",),
        ("Naps", "1.2 (2)", "2.4 (2)", "RoM 0.50 (0.20 to 1.10)", "0.5000"),
    ]


def test_clusters_are_counted_under_their_own_name(results):
    sizes = made_up.described(
        "clusters", "control", n=4, median=7, q1=5, q3=8, least=2, most=11, mean=7, sd=3
    )
    nobody = counts("no_cluster", 2, 30, "control")
    table = clusters(Results((*sizes, *nobody)), TRIAL, PLAIN)
    assert table.head == ("", "TAU")
    assert rows(table) == [
        ("Therapists", "4"),
        ("Participants in each, median (IQR)", "7 (5 to 8)"),
        ("Fewest to most", "2 to 11"),
        ("Participants without one", "2/30 (7%)"),
    ]
    assert clusters(results, TRIAL).rows == ()


def test_intraclass_correlations_say_of_which_arm(results):
    icc = [number("icc.isi", s, v, "control") for s, v in (("estimate", 0.05), ("low", 0.0))]
    icc += [number("icc.isi", "high", math.nan, "control")]
    table = intraclass(Results(tuple(icc)), TRIAL, PLAIN)
    assert rows(table) == [("Insomnia severity, TAU group", "0.050 (0.000 to –)")]
    assert intraclass(results, TRIAL).rows == ()


def test_subgroups_have_one_test_for_all_their_categories():
    effects = [
        estimate("subgroup.asleep", v, 0.5, 4, measure="odds_ratio", level=f"site[{x}]")
        for x, v in (("a", 1.5), ("b", 2.0))
    ]
    test = number("subgroup.asleep", "interaction_p", 0.25, level="site")
    by_site = changed(subgroups=("site",), layout=Layout(characteristics=(made_up.SITES,)))
    table = subgroups(Results((*effects, test)), by_site, PLAIN)
    assert rows(table) == [
        ("Hospital", "", "0.2500"),
        ("North", "OR 1.50 (0.50 to 4.00)", ""),
        ("South", "OR 2.00 (0.50 to 4.00)", ""),
    ]
    assert subgroups(Results(tuple(effects)), TRIAL).rows == ()


def test_notes_on_the_data_stand_in_the_report(results):
    page = document.document(results, TRIAL, notes=("sex: taken as <categories>",))
    assert "<p>sex: taken as &lt;categories&gt;</p>" in page


# Synthetic data.


@pytest.fixture(scope="module")
def synthetic():
    wording = Wording(invented={"flow": "Who was screened was invented."})
    return document.files(made_up.results(synthetic=True), changed(wording=wording))


def test_every_file_says_that_the_data_are_synthetic(synthetic):
    for name, text in synthetic.items():
        if name.endswith((".md", ".html", ".csv")):
            assert "synthetic" in text, name
        if name.endswith((".docx", ".xlsx")):
            assert "synthetic" in inside(text), name
    assert json.loads(synthetic["results.json"])["provenance"]["synthetic"] is True


def test_the_page_says_it_in_title_and_first_line(synthetic):
    page = synthetic["report.html"]
    assert "<title>Group therapy for insomnia: results from synthetic data</title>" in page
    assert page.index(SYNTHETIC) < page.index("<nav")


def test_the_csv_stays_a_table(synthetic):
    lines = list(csv.reader(synthetic["table2.csv"].splitlines()))
    assert {len(line) for line in lines} == {7}
    assert lines[-1] == [SYNTHETIC, *[""] * 6]


def test_what_was_invented_is_named_where_it_stands(synthetic, files):
    assert "Who was screened was invented." in synthetic["flow.md"]
    assert "invented" not in synthetic["table1.md"] + files["flow.md"]
