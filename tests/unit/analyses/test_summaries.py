"""Counts, means and Stata's quartiles, worked by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_trial.analyses import summaries
from core_trial.trials.core import CORE


def values_of(records):
    return {r.statistic: r.value for r in records}


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([4, 1, 3, 2], 25, 1.5),  # 4 x 0.25 = 1 is whole: mean of the first and the second
        ([4, 1, 3, 2], 50, 2.5),
        ([4, 1, 3, 2], 75, 3.5),
        ([5, 1, 2, 4, 3], 25, 2.0),  # 1.25: the next one up, the second
        ([5, 1, 2, 4, 3], 50, 3.0),
        ([5, 1, 2, 4, 3], 75, 4.0),  # 3.75: the fourth
        ([7], 25, 7.0),
    ],
)
def test_stata_percentiles_by_hand(values, percent, expected):
    assert summaries.stata_percentile(np.array(values, dtype=float), percent) == expected


def test_a_percentile_of_nobody_is_not_a_number():
    assert math.isnan(summaries.stata_percentile(np.array([]), 50))


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40), st.sampled_from([25, 50, 75]))
def test_a_percentile_splits_the_values(values, percent):
    """At least the stated share lies at or below it, and at least the rest at or above."""
    q = summaries.stata_percentile(np.array(values, dtype=float), percent)
    array = np.array(values)
    assert 100 * (array <= q).sum() >= percent * len(values)
    assert 100 * (array >= q).sum() >= (100 - percent) * len(values)


def test_a_proportion_is_three_numbers():
    found = values_of(summaries.proportion("a", [True, False, True, True]))
    assert found == {"n": 3.0, "N": 4.0, "percent": 75.0}


def test_the_percentage_of_nobody_is_not_a_number():
    assert math.isnan(values_of(summaries.proportion("a", []))["percent"])


def test_mean_and_sd_of_the_known():
    found = values_of(summaries.mean_sd("a", pd.Series([1.0, 2.0, 3.0, np.nan])))
    assert found == {"n": 3.0, "mean": 2.0, "sd": 1.0}


def test_one_value_has_no_sd():
    assert math.isnan(values_of(summaries.mean_sd("a", pd.Series([1.0])))["sd"])


def test_arms_come_in_print_order_then_the_whole_trial():
    frame = pd.DataFrame({"arm": ["control", "intervention", "control"], "x": [1, 2, 3]})
    parts = [(arm, list(rows["x"])) for arm, rows in summaries.arms(CORE.arm, frame, total=True)]
    assert parts == [("intervention", [2]), ("control", [1, 3]), ("", [1, 2, 3])]
