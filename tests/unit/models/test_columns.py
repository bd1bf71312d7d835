"""What a column may hold, and what is refused with the way out."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from core_trial.errors import DesignError
from core_trial.models.columns import as_frame, numeric, sample
from core_trial.models.design import build
from core_trial.models.reading.levels import MOST_LEVELS_OF_NUMERALS

N = 26
DAYS = pd.date_range("2020-01-01", periods=N)
FRAME = pd.DataFrame({"y": np.arange(N) % 7 + 0.5, "x": np.arange(N) % 5 + 1.0})


def built(values, formula="y ~ v"):
    return build(formula, FRAME.assign(v=values))


def objects(values):
    return pd.Series(list(values), dtype=object)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (objects(range(N)), r"pd.to_numeric\(frame\['v'\]\)"),
        (objects(float(k) for k in range(N)), r"pd.to_numeric\(frame\['v'\]\)"),
        (objects(Decimal(k) for k in range(N)), r"pd.to_numeric\(frame\['v'\].astype\(str\)\)"),
        (DAYS, "dates .* such as days"),
        (objects(datetime.date(2020, 1, k + 1) for k in range(N)), "dates .* such as days"),
        (pd.Series(DAYS - DAYS[0]), r"frame\['v'\].dt.days"),
        (pd.Series(DAYS.to_period("D")), "dates .* such as days"),
        (np.arange(N) + 1j, "complex numbers"),
        (objects(complex(k) for k in range(N)), "complex numbers"),
        (objects([k] for k in range(N)), "cannot be told apart as labels"),
        ([1, "1"] * (N // 2), "mixes text and other labels"),
        (objects(["a", 2] * (N // 2)), "mixes text and other labels"),
    ],
)
def test_numbers_and_dates_never_become_dummies(values, message):
    with pytest.raises(DesignError, match=message):
        built(values)


def test_numerals_as_text_are_codes_up_to_a_number_of_levels():
    few = [str(k % MOST_LEVELS_OF_NUMERALS) for k in range(N)]
    assert built(few).X.shape[1] == MOST_LEVELS_OF_NUMERALS
    many = [str(k % (MOST_LEVELS_OF_NUMERALS + 1)) for k in range(N)]
    with pytest.raises(DesignError, match=r"pd.to_numeric\(frame\['v'\]\).* or C\(v\)"):
        built(many)
    assert built(many, "y ~ C(v)").X.shape[1] == MOST_LEVELS_OF_NUMERALS + 1
    assert built(pd.Categorical(many)).X.shape[1] == MOST_LEVELS_OF_NUMERALS + 1


@pytest.mark.parametrize(
    "values",
    [
        np.arange(N) % 2 == 0,
        pd.array(np.arange(N) % 2 == 0, dtype="boolean"),
        objects(np.arange(N) % 2 == 0),
        pd.array(np.arange(N) % 2, dtype="Int64"),
        pd.arrays.SparseArray(np.arange(N) % 2),
        np.arange(N, dtype="float32"),
    ],
)
def test_numbers_of_any_kind_enter_as_they_are(values):
    found = built(values)
    assert found.columns == ("Intercept", "v")
    np.testing.assert_array_equal(found.X[:, 1], np.asarray(values, dtype=float))


def test_levels_with_brackets_and_intervals_keep_their_names():
    found = built(["Other [x]", "a(b]"] * (N // 2), "y ~ v*x")
    assert found.columns[1] == "v[a(b]]"
    assert found.term_columns == {"Intercept": (0,), "v": (1,), "x": (2,), "v:x": (3,)}
    assert built(pd.cut(FRAME["y"], 2)).term_columns["v"] == (1,)


def test_an_outcome_of_text_says_what_to_write():
    with pytest.raises(DesignError, match="write 1 for one of 'yes' and 'no' and 0 for the other"):
        numeric(FRAME.assign(v=["yes", "no"] * (N // 2)), "v")


def test_a_name_that_is_off_brings_the_nearest():
    with pytest.raises(DesignError, match=r"no column 'X'; did you mean 'x'\?"):
        build("y ~ X", FRAME)
    wide = FRAME.assign(**{f"other{k}": 0.0 for k in range(40)})
    with pytest.raises(DesignError, match=r"no column 'nothing'$"):
        build("y ~ nothing", wide)


@pytest.mark.parametrize("data", [{"y": [1]}, [1], np.zeros(3), FRAME["y"], None, 3, "frame"])
def test_what_is_no_frame_is_refused(data):
    with pytest.raises(DesignError, match="DataFrame"):
        as_frame(data)


def test_frames_of_other_libraries_are_converted():
    class Other:
        columns = ("y", "x")

        def to_pandas(self):
            return FRAME

    np.testing.assert_array_equal(build("y ~ x", Other()).X, build("y ~ x", FRAME).X)


def test_the_frame_in_place_of_the_formula_is_said():
    with pytest.raises(DesignError, match="the formula comes first and the frame second"):
        build(FRAME, "y ~ x")


def test_incomplete_rows_are_left_out_and_counted_on_request():
    holes = FRAME.assign(
        x=FRAME["x"].mask(FRAME.index < 2), w=None, z=np.where(FRAME.index == 5, np.nan, 1.0)
    )
    chosen = sample(holes, "y ~ x", missing="drop", by="z", cluster="w")
    assert chosen.dropped == 3  # a blank cluster is no missing value
    assert list(chosen.frame.index) == [k for k in range(N) if k not in (0, 1, 5)]
    found = build("y ~ x", chosen)
    assert (found.n, found.dropped) == (N - 3, 3)
    assert "3 rows with missing values left out" in found.note
    assert sample(holes, "y ~ x").dropped == 0
    with pytest.raises(DesignError, match="missing must be"):
        sample(holes, "y ~ x", missing="ignore")
    with pytest.raises(DesignError, match="no row is complete"):
        sample(holes.assign(x=np.nan), "y ~ x", missing="drop")


@pytest.mark.parametrize("name", [["x"], 3, FRAME["x"]])
def test_arguments_take_the_name_of_one_column(name):
    with pytest.raises(DesignError, match="by= takes the name of one column"):
        sample(FRAME, "y ~ x", by=name)
