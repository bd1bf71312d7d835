"""A frame whose columns and values are spelt otherwise than declared."""

import pandas as pd
import pytest

import core_trial as ct
from core_trial.errors import DesignError

FRAME = pd.DataFrame(
    {
        "record_id": [f"R{i}" for i in range(40)],
        "group": [0, 1] * 20,
        "hope": [10 + (7 * i) % 11 for i in range(36)] + [-9] * 4,
    }
)
COLUMNS = ct.ColumnMap(
    names={"id": "record_id", "allocation": "group"},
    values={"allocation": {0: "usual", 1: "new"}},
    missing={"hope": (-9,)},
)


def trial(columns=COLUMNS):
    return ct.Trial(
        title="A map",
        participant="id",
        arm=ct.Arm("allocation", control="usual", intervention="new"),
        outcomes=(ct.Score("hope"),),
        columns=columns,
    )


def test_analyse_reads_a_frame_by_the_trials_map():
    found = ct.analyse(trial(), FRAME).results
    assert found.value("hope", "n", "intervention") == 18
    known = FRAME[FRAME["hope"] >= 0]
    for arm, code in (("control", 0), ("intervention", 1)):
        expected = known.loc[known["group"] == code, "hope"].mean()
        assert found.value("hope", "mean", arm) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (ct.ColumnMap(names={"id": "recordid"}), "did you mean 'record_id'"),
        (ct.ColumnMap(missing={"hopee": (-9,)}), "did you mean 'hope'"),
    ],
)
def test_a_map_that_the_frame_contradicts_is_refused_with_the_nearest_name(columns, told):
    with pytest.raises(DesignError, match=told):
        ct.analyse(trial(columns), FRAME)


def test_the_frame_stays_as_it_is():
    before = FRAME.copy()
    ct.analyse(trial(), FRAME)
    pd.testing.assert_frame_equal(FRAME, before)
