"""The forms foretell what a refit finds, and a row of scores comes out as printed."""

import numpy as np
import pandas as pd
import pytest

from core_trial.synthesis.approach import approach
from core_trial.synthesis.forms import Local, Row
from core_trial.synthesis.linear import Scores, calibrate
from core_trial.synthesis.regions import Bounds, Line, Region
from core_trial.synthesis.rows import Plan, balance

LINE = Line("2·00", "0·30", "3·70", "0·0211")
LIMITS = (0, 40)
#: A change of a few points is foretold to second order of what it does to the variance ratio.
FORETOLD = 2e-4


def frame(n=160, workers=14, seed=3):
    rng = np.random.default_rng(seed)
    arm = rng.permutation(np.repeat(["control", "intervention"], n // 2))
    worker = [f"W{k}" for k in rng.integers(0, workers, n)]
    return pd.DataFrame(
        {
            "arm": pd.Categorical(arm, ["control", "intervention"]),
            "severe": (rng.random(n) < 0.3).astype(float),
            "before": np.tile(np.round(rng.normal(20, 6, n // 2)), 2)[np.argsort(np.argsort(arm))],
            "cluster_id": np.where(arm == "intervention", worker, [f"P{i}" for i in range(n)]),
        }
    )


def outcome(data, between, seed=4):
    rng = np.random.default_rng(seed)
    effect = dict(zip(data["cluster_id"].unique(), rng.standard_normal(len(data)), strict=False))
    clustered = between * data["cluster_id"].map(effect)
    y = 10 + 0.5 * data["before"] + clustered + rng.normal(0, 5, len(data))
    return np.clip(np.round(y), *LIMITS).to_numpy()


@pytest.fixture(params=[0.0, 3.0], ids=["no variance", "variance"])
def row_and_outcome(request):
    data = frame()
    return Row("arm + severe + before", data, Region.of(LINE)), outcome(data, request.param)


def test_own_fit_is_that_of_the_models(row_and_outcome):
    row, y = row_and_outcome
    b, s, ratio = row.fit(y)
    assert (b, s) == pytest.approx(row.confirm(y), rel=1e-6)
    assert ratio >= 0


def test_forms_give_the_fit_and_foretell_changes(row_and_outcome):
    row, y = row_and_outcome
    b, s, ratio = row.fit(y)
    local = Local.of(row, ratio, y)
    rng = np.random.default_rng(1)
    who = np.array([rng.choice(len(y), 4, replace=False) for _ in range(30)])
    step = rng.integers(-1, 2, who.shape).astype(float)
    foretold = local.predict(y, who, step)
    for k in range(len(who)):
        changed = y.copy()
        changed[who[k]] += step[k]
        happened = row.fit(changed)
        assert foretold[0][k] - b == pytest.approx(happened[0] - b, abs=FORETOLD)
        assert foretold[1][k] - s == pytest.approx(happened[1] - s, abs=FORETOLD)


def test_the_forms_leave_out_who_is_not_in_the_model():
    data = frame()
    part = data[data["before"] > 15]
    y = outcome(data, 2.0)
    row = Row("arm + severe + before", part, Region.of(LINE))
    other = y.copy()
    other[data["before"] <= 15] = 0
    assert row.fit(y) == row.fit(other)


def scores(between, sd=("6", "6")):
    data = frame()
    arms = [(data["arm"] == arm).to_numpy(dtype=float) for arm in data["arm"].cat.categories]
    moments = [(Bounds.of(m), Bounds.of(d)) for m, d in zip(("20", "22"), sd, strict=True)]
    row = Row("arm + severe + before", data, Region.of(LINE))
    return Scores(outcome(data, between), LIMITS, [row], arms, moments)


@pytest.mark.parametrize("between", [0.0, 3.0])
def test_scores_come_out_as_printed_in_whole_numbers_inside_their_range(between):
    found = scores(between)
    approach(found)
    begun = found.y.copy()
    assert calibrate(found, np.random.default_rng(1)) < 1
    assert tuple(found.rows[0].confirm(found.y)) in found.rows[0].region
    for members, (mean, sd) in zip(found.arms, found.moments, strict=True):
        own = found.y[members > 0]
        assert mean.gauge(own.mean()) < 1
        assert sd.gauge(own.std(ddof=1)) < 1
    assert (found.y == np.round(found.y)).all()
    assert LIMITS[0] <= found.y.min() <= found.y.max() <= LIMITS[1]
    assert np.abs(found.y - begun).max() <= 6


def test_scores_that_cannot_be_say_how_far_off_they_are():
    found = scores(0.0, sd=("6", "30"))  # no 80 numbers from 0 to 40 spread like this
    approach(found)
    assert calibrate(found, np.random.default_rng(1)) > 10


def test_a_plan_leaves_room_for_means_and_error():
    moments = ((Bounds.of("24"), Bounds.of("6")), (Bounds.of("26"), Bounds.of("5")))
    region = Region.of(Line("1·96", "1·03", "2·89"))
    plan = Plan.of(moments, region, (170, 168), 5.5)
    residual = region.aim[1] / np.sqrt(1 / 170 + 1 / 168)
    total = np.sqrt(np.mean(np.square(plan.sds)))
    by_chance = 6 / (170 + 168)
    assert plan.carried == pytest.approx(np.sqrt(1 - (residual / total) ** 2 - by_chance))
    assert plan.imbalance[0] < 0 < plan.imbalance[1]
    assert plan.means[1] - plan.means[0] == pytest.approx(1.96, abs=0.01)


def test_balance_is_the_least_change_that_does_it():
    rng = np.random.default_rng(1)
    y, one, other = rng.standard_normal((3, 50))
    moved = balance(y, [one, other], [(2.0, 3.0), (-100.0, 100.0)])
    assert one @ moved == pytest.approx(np.clip(one @ y, 2.0, 3.0))
    assert other @ moved == pytest.approx(other @ y)
    untouched = balance(y, [one], [(-100.0, 100.0)])
    assert untouched == pytest.approx(y)
