"""Scale scores and Cronbach's alpha, worked out by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from core_trial.data.scoring import cronbach_alpha, items, reliability, score
from core_trial.errors import DesignError
from core_trial.trials.core.words import INSTRUMENTS

SCALES = {scale.name: scale for scale in INSTRUMENTS}


def frame(scale, *answers):
    return pd.DataFrame(list(answers), columns=list(scale.columns)).astype("Int16")


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("csq", 8, 32),
        ("imr", 15, 75),
        ("qpr", 0, 88),
        ("bprs", 24, 168),
        ("uls", 8, 32),
        ("lsns", 0, 30),
    ],
)
def test_totals_span_the_range_of_the_instrument(name, low, high):
    scale = SCALES[name]
    turned = [i + 1 in scale.reversed_items for i in range(scale.items)]
    worst = [scale.high if t else scale.low for t in turned]
    best = [scale.low if t else scale.high for t in turned]
    assert score(frame(scale, worst, best), scale).tolist() == [low, high]
    assert scale.range == (low, high)


def test_two_items_of_the_loneliness_scale_are_reversed():
    scale = SCALES["uls"]
    answers = frame(scale, [1, 2, 3, 4, 1, 2, 3, 4])
    assert items(answers, scale)[0].tolist() == [1, 2, 2, 4, 1, 3, 3, 4]
    assert score(answers, scale).tolist() == [20]


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (1.0, [16, math.nan, math.nan, math.nan]),
        (0.75, [16, 16, math.nan, math.nan]),
        (0.5, [16, 16, 20, math.nan]),
        (0.01, [16, 16, 20, math.nan]),
    ],
)
def test_missing_items_leave_no_total_unless_prorating_is_asked_for(share, expected):
    scale = SCALES["csq"]
    none = [None] * 8
    answers = frame(
        scale, [2] * 8, [2] * 6 + [None] * 2, [1, 2, 3, 4, None, None, None, None], none
    )
    np.testing.assert_array_equal(score(answers, scale, share=share), expected)


def test_prorating_reverses_items_before_it_fills_missing_ones():
    scale = SCALES["uls"]
    answers = frame(scale, [None, 1, 4, 1, 1, 4, 1, 1])
    assert score(answers, scale, share=0.8).tolist() == [8]


@pytest.mark.parametrize("share", [0, -1, 1.1, math.nan])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(DesignError, match="share"):
        score(frame(SCALES["csq"], [2] * 8), SCALES["csq"], share=share)


def test_alpha_of_three_items_and_four_people():
    # Items' variances 5/3, 5/3, 5/3; totals 3, 7, 8, 12 with variance 41/3.
    answers = np.array([[1, 1, 1], [2, 2, 3], [3, 3, 2], [4, 4, 4]], dtype=float)
    assert cronbach_alpha(answers) == pytest.approx(3 / 2 * (1 - 5 / (41 / 3)), rel=1e-12)


def test_alpha_is_one_for_equal_items_and_leaves_incomplete_rows_out():
    answers = np.array([[1, 1], [2, 2], [4, 4], [np.nan, 1]])
    assert cronbach_alpha(answers) == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize(
    "answers", [np.ones((5, 3)), np.ones((1, 3)), np.full((4, 3), np.nan), np.ones((4, 1))]
)
def test_alpha_is_not_defined_without_variation_people_or_items(answers):
    assert math.isnan(cronbach_alpha(answers))


def test_reliability_has_a_row_for_each_instrument_and_visit():
    scale = SCALES["lsns"]
    answers = frame(scale, [0] * 6, [5] * 6, [3] * 6)
    others = {name: [pd.NA] * 3 for s in INSTRUMENTS for name in s.columns if s is not scale}
    table = reliability(
        pd.concat([answers, pd.DataFrame(others, dtype="Int16")], axis=1).assign(visit="month_4"),
        INSTRUMENTS,
    )
    assert len(table) == 6
    row = table[(table["instrument"] == "lsns") & (table["visit"] == "month_4")].iloc[0]
    assert (row["n"], row["outcome"]) == (3, "social_network")
    assert row["alpha"] == pytest.approx(1, rel=1e-12)
    assert table["alpha"].notna().sum() == 1
