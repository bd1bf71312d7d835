"""Samples have their printed quartiles, sums and squares; dates fall on working days."""

import numpy as np
import pytest
from scipy import special

from core_trial.analyses.summaries import stata_percentile
from core_trial.synthesis import samples
from core_trial.synthesis.calendar import BANK_HOLIDAYS, on_working_days, working_days
from core_trial.synthesis.search import Impossible


@pytest.mark.parametrize("n", [63, 64, 65, 66, 83, 218, 221])
def test_order_statistics_are_those_of_the_summaries(n):
    values = np.random.default_rng(n).permutation(n).astype(float)
    for percent in (25, 50, 75):
        mine = np.sort(values)[list(samples.order_statistics(n, percent))].mean()
        assert mine == stata_percentile(values, percent)


@pytest.mark.parametrize("n", [16, 17, 18, 19, 64, 83])
def test_a_sample_through_quartiles_has_them(n):
    rng = np.random.default_rng(n)
    pinned = samples.pins(n, {25: 42, 50: 112, 75: 242}, rng)
    values = samples.through_quartiles(n, pinned, (3, 362), rng)
    assert [stata_percentile(values, q) for q in (25, 50, 75)] == [42, 112, 242]
    assert (np.diff(values) >= 0).all()
    assert 3 <= values[0] <= values[-1] <= 362


def test_pins_count_from_the_first_positive_value():
    rng = np.random.default_rng(1)
    pinned = samples.pins(218, {75: 10}, rng, below=154)
    assert pinned == {9: 10}
    values = np.concatenate([np.zeros(154), np.full(9, 2.0), [10.0], np.full(54, 30.0)])
    assert stata_percentile(values, 75) == 10


@pytest.mark.parametrize(("n", "mean", "spread"), [(40, 30.0, 1.2), (54, 50.0, 1.0), (20, 9, 2.5)])
def test_a_long_tail_has_its_sum_and_squares(n, mean, spread):
    squares = n * mean**2 * (1 + spread**2)
    logs = np.random.default_rng(3).standard_normal(n)
    values = samples.long_tail(logs, n * mean, squares, 1.0)
    assert values.sum() == pytest.approx(n * mean)
    assert (values**2).sum() == pytest.approx(squares)
    assert values.min() >= 1.0


def test_a_sum_of_squares_that_no_sample_has_is_impossible():
    with pytest.raises(Impossible, match="sum to 100"):
        samples.long_tail(np.arange(10.0), 100, 900, 0.0)
    with pytest.raises(Impossible):
        samples.long_tail(np.arange(10.0), 100, 20_000, 0.0)


def test_beta_scores_have_mean_and_deviation():
    z = special.ndtri((np.arange(4000) + 0.5) / 4000)
    values = samples.beta_scores(z, 52.0, 15.5, (-0.5, 88.5))
    assert values.mean() == pytest.approx(52.0, abs=0.05)
    assert values.std() == pytest.approx(15.5, abs=0.05)
    assert values.min() > -0.5
    assert values.max() < 88.5


def test_beta_scores_of_an_impossible_deviation_are_as_wide_as_the_range():
    z = special.ndtri((np.arange(1000) + 0.5) / 1000)
    values = samples.beta_scores(z, 58.0, 70.0, (-0.5, 88.5))
    assert 40 < values.std() < 44


def test_moved_dates_are_working_days_nearby_on_any_weekday():
    rng = np.random.default_rng(1)
    days = np.arange("2014-03-12", "2015-07-04", dtype="datetime64[D]")
    moved = on_working_days(np.repeat(days, 5), rng)
    shift = (moved - np.repeat(days, 5)).astype(int)
    assert np.is_busday(moved, holidays=BANK_HOLIDAYS).all()
    assert np.abs(shift).max() <= 5  # at Christmas and Easter it takes more than three
    weekday = (moved.astype(int) + 3) % 7
    assert np.bincount(weekday, minlength=7)[5:].sum() == 0
    assert np.bincount(weekday)[:5].min() > 0.8 * len(moved) / 5


def test_moved_dates_keep_to_the_side_they_may_move_to():
    days = np.repeat(np.datetime64("2014-12-28"), 200)
    moved = on_working_days(days, np.random.default_rng(1), earlier=7, later=0)
    assert (moved <= days).all()


def test_working_days_leave_out_weekends_and_holidays():
    days = working_days(np.datetime64("2014-12-24"), np.datetime64("2014-12-30"))
    assert [str(day) for day in days] == ["2014-12-24", "2014-12-29", "2014-12-30"]
