"""Tables of the post hoc analysis, uptake, harms and the sample size from records made by hand."""

import math

from records import counts, estimate, number

from core_trial.report.labels import listed, outcomes, term, wrapped
from core_trial.report.section import Section, present
from core_trial.report.styles import LANCET, PLAIN
from core_trial.report.supplement.further import further_table
from core_trial.report.supplement.panels import Grid
from core_trial.report.supplement.sample_size import sample_size_inputs, sample_size_varied
from core_trial.report.table import Row, Table
from core_trial.results import Results, SizeNeeded, Withheld
from core_trial.trials.core import CORE
from core_trial.trials.core.layout import POST_HOC, SAFETY, UPTAKE

ARMS = ("intervention", "control")


def described(analysis, arm, **statistics):
    return [number(analysis, statistic, value, arm) for statistic, value in statistics.items()]


def test_the_post_hoc_table_reads_as_the_paper():
    records = [estimate("readmission_days", 0.9, 0.66, 1.23, measure="rate_ratio", p_value=0.5158)]
    for arm, index, days, none, of in (
        ("intervention", (8.6, 34.4), (0, 0, 10, 13, 31), 154, 218),
        ("control", (2.9, 9.2), (0, 0, 22, 19, 40), 133, 216),
    ):
        records += described("index_days", arm, mean=index[0], sd=index[1])
        names = ("median", "q1", "q3", "mean", "sd")
        records += described("readmission_days", arm, n=of, **dict(zip(names, days, strict=True)))
        records += counts("readmission_days", none, of, arm, "none")
    rows = [
        (row.label, *row.cells)
        for row in further_table(POST_HOC, Results(tuple(records)), CORE, LANCET).rows
    ]
    assert rows == [
        ("Days from randomisation to the end of the index episode",),
        ("Mean (SD)", "8·6 (34·4)", "2·9 (9·2)", "", ""),
        ("Days spent in acute care without the index episode",),
        ("Median (IQR)", "0 (0 to 10)", "0 (0 to 22)", "IRR 0·90 (0·66 to 1·23)", "0·5158"),
        ("Mean (SD)", "13 (31)", "19 (40)", "", ""),
        ("No days, n/N (%)", "154/218 (71%)", "133/216 (62%)", "", ""),
    ]


def test_uptake_tells_sessions_of_one_arm_and_the_workbook_of_both():
    records = described("sessions", "intervention", median=7, q1=2, q3=10, mean=5.8, sd=3.8)
    records += counts("sessions", 160, 221, "intervention", "at_least_3")
    records += counts("sessions", 65, 198, "intervention", "all_10")
    for arm, n, of in (("intervention", 142, 162), ("control", 133, 158)):
        records += counts("workbook_read", n, of, arm)
    rows = {
        row.label: row.cells
        for row in further_table(UPTAKE, Results(tuple(records)), CORE, PLAIN).rows
    }
    assert rows["Attended, median (IQR)"] == ("7 (2 to 10)", "not offered")
    assert rows["All ten"] == ("65/198 (33%)", "not offered")
    assert rows["Read"] == ("142/162 (88%)", "133/158 (84%)")
    assert "Plans written: Keeping well" not in rows


def test_protocol_breaches_are_said_to_be_in_no_file():
    assert any(
        "Protocol breaches" in note for note in further_table(UPTAKE, Results(), CORE).footnotes
    )


def test_events_are_counted_by_kind_and_arm():
    records = [number("adverse_events", "n", 71), number("adverse_events", "n", 29, ARMS[0])]
    records += [number("adverse_events", "n", 2, "control", "death_suicide")]
    gone = Withheld(analysis="adverse_events", statistic="n", arm="control", level="deaths")
    rows = {
        row.label: row.cells
        for row in further_table(SAFETY, Results((*records, gone)), CORE, PLAIN).rows
    }
    assert list(rows) == ["All serious adverse events", "Death by suicide", "Deaths"]
    assert rows["All serious adverse events"] == ("29", "", "71")
    assert rows["Death by suicide"] == ("", "2", "")
    assert rows["Deaths"] == ("", "[c]", "")


def test_sample_size_inputs_say_what_the_paper_prints():
    records = [
        number("sample_size", "n", 440),
        number("sample_size", "percent", 50, "control"),
        number("sample_size", "cluster_size", 21),
        number("sample_size", "lost_percent", 0),
    ]
    rows = [
        (row.label, *row.cells) for row in sample_size_inputs(Results(tuple(records)), CORE).rows
    ]
    assert rows == [
        ("Readmission to acute care over 1 year, control group", "50%", "printed"),
        ("Participants per peer support worker", "21", "not printed"),
        ("Lost to follow-up", "0%", "not printed"),
        ("Participants to be recruited", "440", "printed"),
    ]


def test_sample_sizes_vary_with_what_is_not_printed():
    records = [number("sample_size", "n", 440)]
    for size, lost, continuity, n in (
        (10, 0, False, 384),
        (5, 0, False, 360),
        (5, 10, True, 428),
        (10, 10, True, 456),
    ):
        records.append(
            SizeNeeded(cluster_size=size, lost_percent=lost, continuity=continuity, recruited=n)
        )
    for size, lost, continuity in ((21.24, 0, False), (math.nan, 10, True)):
        records.append(
            SizeNeeded(
                cluster_size=size,
                lost_percent=lost,
                continuity=continuity,
                recruited=440,
                solved_for="cluster_size",
            )
        )
    table = sample_size_varied(Results(tuple(records)), CORE, PLAIN)
    assert table.head[1:] == ("0% lost", "10% lost, corrected")
    assert [(row.label, *row.cells) for row in table.rows] == [
        ("5", "360", "428"),
        ("10", "384", "456"),
        ("Size that gives 440", "21.2", "–"),
    ]


def test_without_records_the_tables_have_no_lines():
    for declared in (POST_HOC, UPTAKE, SAFETY):
        assert further_table(declared, Results(), CORE).rows == ()
    for table in (sample_size_inputs, sample_size_varied):
        assert table(Results(), CORE).rows == ()


# What they share.


def test_the_post_hoc_outcome_stands_after_the_planned_one():
    names = list(outcomes(CORE))
    assert len(names) == 17
    assert names.index("readmission_days") == names.index("acute_days") + 1


def test_terms_are_compared_with_the_reference():
    assert term(CORE, "uk_born[no]") == "UK born: No v Yes"
    assert term(CORE, "psychosis") == "Condition (psychosis)"
    assert term(CORE, "shoe_size[large]") == "Shoe size: Large"
    assert listed(CORE, ["psychosis", "uk_born", "crt_periods"]) == (
        "condition, UK born, crisis team periods"
    )


def test_lines_are_not_broken_between_a_number_and_its_unit():
    label = "Community mental health team contacts at 12 months"
    lines = wrapped(label, 44).splitlines()
    assert lines == ["Community mental health team contacts", "at 12 months"]
    assert " ".join(wrapped(label, 20).splitlines()) == label


def test_a_grid_is_filled_row_by_row():
    layout = Grid(columns=3, left=10, top=5, width=20, height=10, across=2, down=4, below=7)
    assert [layout.corner(i) for i in (0, 2, 3)] == [(10, 5), (54, 5), (10, 19)]
    assert [layout.full_height(n) for n in (1, 3, 4)] == [22, 22, 36]


def test_what_is_empty_is_not_shown():
    empty = Table(name="a", title="A", head=("", "x"), rows=())
    full = Table(name="b", title="B", head=("", "x"), rows=(Row("r", ("1",)),))
    assert present(empty, None, full) == (full,)
    assert Section("Two words").anchor == "section-two-words"
