"""A locked plan, and what has changed since, in words."""

import json
from dataclasses import replace
from datetime import date

import pytest

import core_trial as ct
from core_trial.declaration import lock as locks
from core_trial.errors import DesignError

DAY = date(2026, 11, 2)
TRIAL = ct.Trial(
    title="Support",
    participant="id",
    arm=ct.Arm("arm", control="usual", intervention="support"),
    strata=("site",),
    baseline=(ct.Number("age"), "sex"),
    outcomes=(
        ct.Binary("well", "Well at 1 year", primary=True),
        ct.Score("hope", "Hope", model=ct.Using("linear_regression", inference="sandwich")),
        ct.Count("days", "Days in hospital"),
    ),
)
WELL, HOPE, DAYS = TRIAL.outcomes


@pytest.fixture
def locked():
    return locks.lock(TRIAL, on=DAY, library="1.0")


def told(locked, **changed):
    return [str(change) for change in locked.changes(replace(TRIAL, **changed))]


def test_nothing_changed_says_nothing(locked):
    assert locked.changes(replace(TRIAL)) == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"confidence": 0.99}, "Confidence: was 0.95; is 0.99"),
        ({"strata": ("site", "sex")}, "Strata: was site; is site, sex"),
        ({"strata": ()}, "Strata: was site; is none"),
        ({"subgroups": ("sex",)}, "Subgroups: was none; is sex"),
        (
            {"outcomes": (replace(WELL, label="Well"), HOPE, DAYS)},
            "Outcomes, Well: label: was Well at 1 year; is Well",
        ),
        (
            {"outcomes": (replace(WELL, adjust=("site", "age")), HOPE, DAYS)},
            "Outcomes, Well at 1 year: covariates: was the strata; is site, age",
        ),
        (
            {"outcomes": (replace(WELL, model="modified_poisson"), HOPE, DAYS)},
            "Outcomes, Well at 1 year: model: was the recommended model; is modified_poisson",
        ),
        (
            {"outcomes": (WELL, replace(HOPE, model=None), DAYS)},
            "Outcomes, Hope: model: was linear_regression (inference sandwich); "
            "is the recommended model",
        ),
        ({"outcomes": (WELL, HOPE)}, "Outcomes, Days in hospital: was planned; is taken out"),
        (
            {"outcomes": (*TRIAL.outcomes, ct.Score("mood"))},
            "Outcomes, Mood: was not planned; is added",
        ),
        (
            {"outcomes": (WELL, DAYS, HOPE)},
            "Outcomes, order: was well, hope, days; is well, days, hope",
        ),
        (
            {"cluster": ct.Cluster("worker")},
            "Cluster: was nobody is clustered; is cluster, column worker",
        ),
        (
            {"arm": replace(TRIAL.arm, control="waiting")},
            "Arm, control: was usual; is waiting",
        ),
        ({"baseline": (ct.Number("age", unit="years"), "sex")}, "years"),
    ],
)
def test_each_change_is_one_line_in_words(locked, changed, said):
    lines = told(locked, **changed)
    assert len(lines) == 1, lines
    assert said in lines[0]


def test_primary_that_moves_is_two_changes(locked):
    outcomes = (replace(WELL, primary=False), replace(HOPE, primary=True), DAYS)
    assert told(locked, outcomes=outcomes) == [
        "Outcomes, Well at 1 year: whether it is primary: was yes; is no",
        "Outcomes, Hope: whether it is primary: was no; is yes",
    ]


def test_core_against_itself_and_a_rule_less():
    locked = locks.lock(ct.CORE, on=DAY, library="1.0")
    assert locked.changes(ct.CORE) == ()
    fewer = replace(ct.CORE, files=replace(ct.CORE.files, rules=ct.CORE.files.rules[1:]))
    (change,) = locked.changes(fewer)
    assert str(change) == "Files, rules: Control with psw: was planned; is taken out"


def test_a_function_whose_code_changed_is_told_by_its_hash():
    def derive(tables):
        return tables["participants"]

    first = derive

    def derive(tables):
        return tables["participants"].copy()

    files = replace(ct.CORE.files, derive=first)
    locked = locks.lock(replace(ct.CORE, files=files), on=DAY, library="1.0")
    (change,) = locked.changes(replace(ct.CORE, files=replace(files, derive=derive)))
    assert change.what == "derive"
    assert "(code " in change.before
    assert change.before != change.after


def test_a_lock_is_read_as_it_was_written(locked, tmp_path):
    path = tmp_path / "plan.lock.json"
    path.write_text(locked.to_json(), encoding="utf-8")
    assert locks.read(path) == locked
    assert locks.read(path).sha256 == locked.sha256


def test_a_lock_that_was_changed_by_hand_is_refused(locked, tmp_path):
    path = tmp_path / "plan.lock.json"
    path.write_text(locked.to_json().replace("Well at 1 year", "Well"), encoding="utf-8")
    with pytest.raises(DesignError, match="not the one that was locked"):
        locks.read(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"locked_on": 3}', json.dumps({"plan": {}})])
def test_what_is_no_lock_is_told_how_to_make_one(text, tmp_path):
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DesignError, match=r"x\.json is no lock(.|\n)*core-trial lock"):
        locks.read(path)


def test_a_lock_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DesignError, match="cannot be read"):
        locks.read(tmp_path / "x.json")
