"""Frames read as declared; every contradiction at once, each with the nearest right name."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import core_trial as ct
from core_trial.data.frame import analysis_set, checked

ARM = ct.Arm("arm", control="usual", intervention="new")


def trial(*outcomes, **more) -> ct.Trial:
    given = {"outcomes": outcomes or (ct.Score("score"),), "arm": ARM}
    return ct.Trial(title="Made up", participant="id", **(given | more))


def frame(**columns) -> pd.DataFrame:
    """Eight participants, the arms in turn."""
    given = {"id": range(8), "arm": ["usual", "new"] * 4, "score": [1.0, 4, 2, 5, 3, 6, 2, 7]}
    return pd.DataFrame(given | columns)


def refused(declared: ct.Trial, given: object) -> list[str]:
    with pytest.raises(ct.DesignError) as problem:
        analysis_set(declared, given)
    return [line.strip() for line in str(problem.value).splitlines()[1:]]


# What is read.


def test_rows_are_sorted_by_participant_and_the_index_is_new():
    shuffled = frame().iloc[::-1].set_index("score", drop=False)
    people = analysis_set(trial(), shuffled).participants
    assert people["id"].tolist() == list(range(8))
    assert people.index.tolist() == list(range(8))


def test_arms_are_ordered_as_declared_whatever_the_alphabet():
    people = analysis_set(trial(), frame()).participants
    assert people["arm"].cat.categories.tolist() == ["usual", "new"]
    other = ct.Arm("arm", control="new", intervention="usual")
    people = analysis_set(trial(arm=other), frame()).participants
    assert people["arm"].cat.categories.tolist() == ["new", "usual"]


@pytest.mark.parametrize(
    ("control", "intervention", "cells"),
    [
        (0, 1, [0, 1] * 4),
        (0, 1, [0.0, 1.0] * 4),
        (0, 1, [False, True] * 4),
        (False, True, [False, True] * 4),
        ("0", "1", [0, 1] * 4),
        (" usual ", "new", ["usual ", "new"] * 4),
    ],
)
def test_arms_are_recognised_in_any_type(control, intervention, cells):
    declared = trial(arm=ct.Arm("arm", control=control, intervention=intervention))
    people = analysis_set(declared, frame(arm=cells)).participants
    assert people["arm"].cat.codes.tolist() == [0, 1] * 4


@pytest.mark.parametrize(
    "cells",
    [
        [1, 0, None, 1, 0, 1, 0, 1],
        [True, False, None, True, False, True, False, True],
        ["yes", "No", "", "YES", "no", "yes", "no", "yes"],
        pd.array([1, 0, None, 1, 0, 1, 0, 1], dtype="Int64"),
        pd.array([True, False, None, True, False, True, False, True], dtype="boolean"),
        pd.Categorical(["yes", "no", None, "yes", "no", "yes", "no", "yes"]),
    ],
)
def test_what_happened_is_read_in_any_spelling(cells):
    people = analysis_set(trial(ct.Binary("y")), frame(y=cells)).participants
    np.testing.assert_array_equal(people["y"], [1, 0, np.nan, 1, 0, 1, 0, 1])


def test_success_says_how_it_is_spelt():
    cells = ["well", "ill", "well", None, "ill", "well", "well", "ill"]
    people = analysis_set(trial(ct.Binary("y", success="well")), frame(y=cells)).participants
    np.testing.assert_array_equal(people["y"], [1, 0, 1, np.nan, 0, 1, 1, 0])
    (fault,) = refused(trial(ct.Binary("y")), frame(y=cells))
    assert "success=" in fault
    cells[0] = "dead"
    (fault,) = refused(trial(ct.Binary("y", success="well")), frame(y=cells))
    assert "'ill'" in fault


def test_numbers_are_read_from_text_and_decimals():
    cells = ["1", " 2.5", Decimal(3), None, "", np.float32(4), 5, True]
    people = analysis_set(trial(), frame(score=cells)).participants
    np.testing.assert_array_equal(people["score"], [1, 2.5, 3, np.nan, np.nan, 4, 5, 1])


def test_a_mapping_is_a_frame_too():
    assert len(analysis_set(trial(), dict(frame())).participants) == 8
    with pytest.raises(ct.DesignError, match="not list"):
        analysis_set(trial(), [1, 2])


# Clusters.


def worked(labels, **more):
    return trial(cluster=ct.Cluster("worker", **more)), frame(worker=labels)


def test_whoever_is_in_no_cluster_is_one_of_their_own():
    data = analysis_set(*worked([None, "w", "", "w", " ", "v", np.nan, "v"]))
    assert data.trial.cluster.arm == "intervention"
    assert data.participants["worker_or_own"].tolist() == list("0w2w4v6v")
    assert data.participants["worker"].isna().sum() == 4


def test_a_participant_with_the_name_of_a_cluster_is_not_in_it():
    data = analysis_set(*worked([None, "2", None, "2", None, "4", None, "4"]))
    alone = data.participants["worker_or_own"][::2]
    assert not set(alone) & {"2", "4"}
    assert alone.nunique() == 4


def test_clusters_are_found_where_people_share_them():
    both = analysis_set(*worked(["a", "w", "a", "w", "b", "v", "b", "v"]))
    assert both.trial.cluster.arm == "both"
    named = analysis_set(*worked(["a", "w", "b", "w", "c", "v", "d", "v"]))
    assert named.trial.cluster.arm == "intervention"
    control = analysis_set(*worked(["a", "w", "a", None, "b", "v", "b", None]))
    assert control.trial.cluster.arm == "control"


def test_a_blank_cluster_among_clusters_is_told():
    data = analysis_set(*worked([None, "w", None, "w", None, "w", None, None]))
    (note,) = [note for note in data.notes if note.code == "cluster_blank"]
    assert note.count == 1


@pytest.mark.parametrize(
    ("labels", "more", "message"),
    [
        (["w", "w", None, "w", None, "v", None, "v"], {}, "'w' is in both arms"),
        ([None] * 8, {}, "blank in everybody"),
        (["a", "b", "c", "d", "e", "f", "g", "h"], {}, "nobody shares one"),
        (["a", "w", "a", "w", "b", "v", "b", "v"], {"arm": "intervention"}, "in both arms"),
    ],
)
def test_clusters_that_contradict_the_arms_are_refused(labels, more, message):
    assert any(message in fault for fault in refused(*worked(labels, **more)))


# Characteristics.


def test_a_bare_name_has_its_kind_taken_from_the_data_and_told():
    declared = trial(baseline=("age", "sex", "uk", "stage"), strata=("site",))
    given = frame(
        age=[30, 41, 52, None, 34, 45, 56, 67],
        sex=list("fmfmfmfm"),
        uk=["yes", "no"] * 4,
        stage=pd.Categorical(list("bababbaa"), ["b", "a"]),
        site=[2, 10, 2, 10, 1, 1, 2, 10],
    )
    data = analysis_set(declared, given)
    assert [type(item).__name__ for item in data.trial.baseline] == [
        *("Number", "Categories", "YesNo", "Categories"),
    ]
    assert list(data.trial.baseline[3].levels) == ["b", "a"]
    assert data.participants["site"].cat.categories.tolist() == ["1", "2", "10"]
    told = {note.column: note.code for note in data.notes if note.code.startswith("taken")}
    assert told == {
        "age": "taken_as_number",
        "sex": "taken_as_categories",
        "uk": "taken_as_yes_no",
        "stage": "taken_as_categories",
        "site": "taken_as_categories",
    }


def test_text_of_many_kinds_is_no_category():
    given = pd.concat([frame()] * 6).assign(id=range(48), age=[f"{k} years" for k in range(48)])
    (fault,) = refused(trial(baseline=("age",)), given)
    assert "48 different texts" in fault
    few = given.assign(age=[f"{k % 40} years" for k in range(48)])
    assert isinstance(analysis_set(trial(baseline=("age",)), few).trial.baseline[0], ct.Categories)


# Contradictions.


def test_every_contradiction_is_told_at_once_with_the_nearest_name():
    declared = trial(
        ct.Binary("recovered", primary=True),
        ct.Score("hope", baseline="hope_before"),
        ct.Time("days", event="lost"),
        ct.Count("visits"),
        strata=("site",),
        baseline=(ct.Categories("sex", levels={"f": "Women", "m": "Men"}),),
    )
    faults = refused(
        declared,
        frame(
            id=[0, 1, 2, 3, 4, 5, 6, 6],
            arm=["Usual", "new"] * 4,
            recovered=["perhaps", *[0] * 7],
            hope=[datetime.date(2020, 1, 1), *[2] * 7],
            hope_befor=1.0,
            days=[-1, None, 3, 4, 5, 6, 7, 8],
            lost=[1, 1, None, 0, 0, 0, 1, 2],
            visits=[-1, 0.5, 0, 0, 0, 0, 0, 0],
            Site="a",
            sex=["f", "m", "fm", None, "f", "m", "f", "m"],
        ),
    )
    for message in [
        "participant 'id': '6' is there more than once",
        "arm 'arm': nobody has control='usual'; did you mean 'Usual'?",
        "outcome 'recovered': column 'recovered' has 'perhaps'",
        "outcome 'hope': column 'hope' must hold numbers",
        "outcome 'hope' (baseline): no column 'hope_before'; did you mean 'hope_befor'?",
        "outcome 'days': column 'lost' has '2'",
        "outcome 'days': 1 value is before zero",
        "outcome 'days': 1 value is missing where 'lost' is known",
        "outcome 'days': 2 values are known where 'lost' is missing",
        "outcome 'visits': 1 value is negative",
        "outcome 'visits': 1 value is not whole",
        "strata: no column 'site'; did you mean 'Site'?",
        "baseline 'sex': level 'fm' is not declared; did you mean 'm'?",
    ]:
        assert any(fault.startswith(message) for fault in faults), (message, faults)


@pytest.mark.parametrize(
    ("declared", "given", "message"),
    [
        (trial(), frame().iloc[:0], "no rows"),
        (trial(), frame(arm=["usual", "new", None, "new"] * 2), "2 rows have no arm"),
        (trial(), frame(arm=["usual", "new", "other", "new"] * 2), "'other' is neither"),
        (trial(), frame(id=[None, *range(7)]), "1 row has no identifier"),
        (trial(), frame(score=[np.inf, *range(7)]), "'inf' in 1 row"),
        (trial(ct.Score("score[1]")), frame(**{"score[1]": 1.0}), "rename column 'score[1]'"),
        (trial(ct.Score("missing")), frame(missing=1.0), "rename column 'missing'"),
        (trial(ct.Score(" score")), frame(**{" score": 1.0}), "rename column ' score'"),
        (trial(ct.Count("n", exposure="years")), frame(n=1, years=0), "not above zero"),
        (trial(ct.Time("t", event="e", entry="s")), frame(t=1, e=1, s=1), "not before the time"),
        (trial(ct.Score("score", asked="was")), frame(was=[None] + [1] * 7), "0 or 1 in every"),
    ],
)
def test_what_contradicts_the_declaration_is_refused(declared, given, message):
    assert any(message in fault for fault in refused(declared, given))


def test_a_frame_with_a_column_twice_is_refused():
    twice = pd.concat([frame(), frame()[["score"]]], axis=1)
    assert refused(trial(), twice) == ["columns score are there more than once"]


def test_rows_that_were_changed_since_are_read_again():
    data = analysis_set(trial(), frame())
    turned = data.participants["arm"].cat.reorder_categories(["new", "usual"])
    data.participants["arm"] = turned
    assert checked(data).participants["arm"].cat.categories.tolist() == ["usual", "new"]
    data.participants.loc[0, "id"] = 1
    with pytest.raises(ct.DesignError, match="more than once"):
        checked(data)
