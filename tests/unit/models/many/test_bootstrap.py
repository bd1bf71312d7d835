import numpy as np
import pandas as pd
import pytest
from scipy import stats

from core_trial.errors import DesignError, FitError
from core_trial.models.many.bootstrap import (
    FEWEST_DRAWS,
    _corrected,
    _quantile,
    bootstrap,
    summarise,
    units_of,
)


def mean(frame):
    return frame["y"].mean()


def made():
    """A function that other processes get by value, since they cannot import this file."""

    def difference(frame):
        by = frame.groupby("arm")["y"].mean()
        return by[1] - by[0]

    return difference


difference = made()


def trial(n=120, workers=8):
    rng = np.random.default_rng(3)
    arm = np.arange(n) % 2
    worker = rng.integers(0, workers, n)
    y = rng.normal(size=n) + arm * rng.normal(size=workers)[worker]
    labels = [f"w{k}" if a else None for a, k in zip(arm, worker, strict=True)]
    return pd.DataFrame({"arm": arm, "worker": labels, "y": y})


def test_workers_are_drawn_in_their_arm_and_participants_in_the_other():
    frame = trial()
    draw = units_of(frame, "arm", "worker")
    sample = draw(np.random.default_rng(1))
    assert (sample["arm"] == 0).sum() == 60
    inside = sample[sample["arm"] == 1]
    assert inside["worker"].nunique() == 8
    sizes = set(frame[frame["arm"] == 1].groupby("worker").size())
    assert set(inside.groupby("worker").size()) <= sizes


def test_standard_error_of_a_mean():
    frame = trial()
    found = bootstrap(mean, frame, times=999, seed=1, progress=False)
    # 999 draws know a standard deviation to 2.2 %
    assert found.std_error[0] == pytest.approx(frame["y"].std(ddof=0) / np.sqrt(120), rel=0.08)
    assert found.low[0] < found.estimate[0] < found.high[0]


def test_number_of_processes_does_not_matter():
    frame = trial()
    one, two = (
        bootstrap(
            difference, frame, arm="arm", cluster="worker", times=200, workers=w, progress=False
        )
        for w in (1, 2)
    )
    np.testing.assert_array_equal(one.draws, two.draws)


def test_quantile_is_an_order_statistic():
    draws = np.random.default_rng(0).permutation(999.0 + np.arange(999))
    assert _quantile(draws, 0.025) == 999 + 24
    assert _quantile(draws, 0.975) == 999 + 974
    assert _quantile(np.array([1.0, 2.0]), 0.5) == 1.5
    assert (_quantile(np.array([1.0, 2.0]), 0.01), _quantile(np.array([1.0, 2.0]), 0.99)) == (1, 2)
    assert _quantile(np.array([0.0, 1.0, np.inf]), 0.99) == np.inf


def test_bca_against_scipy():
    y = np.random.default_rng(0).exponential(size=60)
    theirs = stats.bootstrap((y,), np.std, n_resamples=4000, method="BCa", rng=2)
    left = np.array([[np.delete(y, i).std()] for i in range(60)])
    draws = theirs.bootstrap_distribution[:, None]
    ours = summarise(np.array([y.std()]), draws, [left], "bca", 0.95)
    # they interpolate order statistics in another way: one or two of 4000 apart
    expected = tuple(theirs.confidence_interval)
    assert (ours.low[0], ours.high[0]) == pytest.approx(expected, abs=0.01)


def test_acceleration_of_one_sample_by_hand():
    left = np.array([1.0, 2.0, 3.0, 10.0])
    influence = (4 - left) * 3 / 4
    a = (influence**3).sum() / (6 * (influence**2).sum() ** 1.5)
    draws = np.concatenate([np.full(50, -1.0), np.full(50, 1.0)])  # no bias
    ends = _corrected(0.0, draws, [left], np.array([0.025, 0.975]))
    z = stats.norm.ppf([0.025, 0.975])
    np.testing.assert_allclose(ends, stats.norm.cdf(z / (1 - a * z)))


def test_draws_that_fail_are_counted():
    def sometimes(frame):
        if frame["y"].iloc[0] < 0:
            raise FitError("no")
        return frame["y"].mean()

    found = bootstrap(
        sometimes, trial().assign(y=lambda f: f["y"].abs() - 0.1), times=400, progress=False
    )
    assert 0 < found.failed < 200
    assert np.isnan(found.draws).sum() == found.failed


def test_fewest_draws_just_enough_and_just_too_few():
    draws = np.random.default_rng(0).normal(size=(FEWEST_DRAWS, 1))
    assert summarise(np.zeros(1), draws, [], "percentile", 0.95).failed == 0
    draws[0] = np.nan
    with pytest.raises(FitError, match="only 199 of 200"):
        summarise(np.zeros(1), draws, [], "percentile", 0.95)


def test_settings():
    frame = trial()
    with pytest.raises(DesignError, match="interval 'normal'"):
        bootstrap(mean, frame, interval="normal")
    with pytest.raises(DesignError, match="at least 200 draws"):
        bootstrap(mean, frame, times=199)
    with pytest.raises(DesignError, match="confidence"):
        bootstrap(mean, frame, confidence=1.0)
    with pytest.raises(DesignError, match="no column 'team'"):
        bootstrap(mean, frame, cluster="team")
