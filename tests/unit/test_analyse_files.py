"""The third trial by the way of files: what comes out is what comes out of its frame."""

import csv
import math

import pytest
import third_trial

import core_trial as ct
from core_trial import cli
from core_trial.published.registry import COLUMNS

#: Name of the registry, beside the declaration.
PUBLISHED = "published.csv"


@pytest.fixture(scope="module")
def people():
    return third_trial.frame()


def printed(people, wrong: bool = False) -> list[list[str]]:
    """A registry of what a paper on this trial would have printed, one number a row."""
    treated = people[people["offer"] == "Housing support"]
    rows = [
        ("flow", "n", "intervention", "randomised", str(len(treated) + wrong), 0),
        ("flow", "n", "control", "randomised", str(len(people) - len(treated)), 0),
        ("age", "mean", "intervention", "", f"{treated['age'].mean():.1f}", 1),
        ("lost", "n", "intervention", "", str(treated["lost"].sum()), 0),
        ("lost", "N", "intervention", "", str(len(treated)), 0),
        ("lost", "percent", "intervention", "", f"{100 * treated['lost'].mean():.0f}", 0),
    ]
    return [
        [f"table2.{a}.{s}.{arm}", "table2", a, text, str(d), a, s, arm, level, "", "data", "", ""]
        for a, s, arm, level, text, d in rows
    ]


def write(folder, people, wrong=False):
    third_trial.write(folder, people)
    with (folder / PUBLISHED).open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows([COLUMNS, *printed(people, wrong)])
    return folder


@pytest.fixture(scope="module")
def folder(people, tmp_path_factory):
    return write(tmp_path_factory.mktemp("files") / "home", people)


@pytest.fixture(scope="module")
def out(folder):
    """What the command writes."""
    results = folder.parent / "results"
    assert cli.main(["analyse", str(folder), "--out", str(results), "--quiet"]) == 0
    return results


def test_files_give_the_records_that_the_frame_gives(folder, people):
    by_files = ct.reproduce(ct.load(folder)).results
    by_frame = ct.analyse(third_trial.TRIAL, people).results
    assert by_files.numbers.keys() - by_frame.numbers.keys() == set()
    for key, value in by_frame.numbers.items():
        other = by_files.get(key.analysis, key.statistic, key.arm, key.level)
        assert other == value or (math.isnan(other) and math.isnan(value)), key


def test_follow_up_begins_at_the_declared_origin(folder, people):
    data = ct.load(folder)
    derived = ct.derive(data).participants.set_index("record")["days_housed"]
    assert derived.to_dict() == people.set_index("record")["days_housed"].to_dict()
    early = data.losses.assign(lost_on=data.participants["discharged_on"].min())
    with pytest.raises(ct.DataError, match="lost_before_discharge"):
        ct.derive(data.with_frames(losses=early.drop_duplicates("record")))


def test_codes_of_missing_values_and_of_arms_are_read_as_declared(folder, people):
    data = ct.load(folder)
    assert data.participants["offer"].cat.categories.tolist() == ["leaflet", "Housing support"]
    assert data.participants["debt"].isna().sum() == people["debt"].isna().sum()
    by_visit = data.interviews.groupby("visit", observed=True)["wellbeing"]
    lost = by_visit.apply(lambda totals: totals.isna().sum())
    assert lost["week_6"] == people["wellbeing_week_6"].isna().sum()
    assert lost["month_6"] == people["wellbeing_month_6"].isna().sum()


def test_the_page_has_a_verdict_and_no_word_of_another_trial(out):
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Housing support after discharge: results" in page
    assert third_trial.CORES_WORDS.search(page) is None
    assert "Verification" in page
    assert "6 printed numbers" in page
    assert (
        third_trial.CORES_WORDS.search((out / "results.json").read_text(encoding="utf-8")) is None
    )


def test_a_number_that_is_not_as_printed_has_an_exit_code_of_its_own(people, tmp_path):
    study = ct.reproduce(ct.load(write(tmp_path / "home", people, wrong=True)))
    assert study.exit_code == ct.VerificationError.exit_code
    (differing,) = study.verdict.having("differing")
    assert differing.id == "table2.flow.n.intervention"


def test_the_folder_is_checked_by_the_command(folder, capsys):
    assert cli.main(["check", str(folder)]) == 0
    assert "no faults" in capsys.readouterr().out
