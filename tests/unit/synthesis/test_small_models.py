"""The generator's own small models give what the models of the analyses give."""

import numpy as np
import pandas as pd
import pytest

from core_trial.models.counts.modified_poisson import modified_poisson
from core_trial.models.counts.zero_inflated_nb import zero_inflated_nb
from core_trial.models.intercept.mixed_logistic import mixed_logistic
from core_trial.models.survival.cox import cox
from core_trial.synthesis.cells import grouped_fit
from core_trial.synthesis.counts import rate_ratio
from core_trial.synthesis.exchange import Exchange
from core_trial.synthesis.regions import Line, Region
from core_trial.synthesis.times import hazard_ratio

#: Two searches for one maximum agree to about this, relative to a standard error of 0.2.
AGREE = 1e-7


@pytest.fixture(scope="module")
def trial():
    rng = np.random.default_rng(5)
    arm = np.repeat([1.0, 0.0], (110, 105))
    days = np.where(rng.random(215) < 0.4, np.round(rng.gamma(0.9, 40, 215)).clip(1, 365), 0)
    frame = pd.DataFrame(
        {
            "arm": arm,
            "days": days,
            "time": rng.integers(1, 366, 215).astype(float),
            "event": (rng.random(215) < 0.35).astype(float),
            "severe": (rng.random(215) < 0.3).astype(float),
            "worker": np.where(arm == 1, rng.integers(0, 20, 215), np.arange(215) + 100),
        }
    )
    return frame, np.unique(frame["worker"], return_inverse=True)[1]


def clustered_error(influence, clusters):
    sums = np.bincount(clusters, influence)
    return np.sqrt(len(sums) / (len(sums) - 1) * (sums**2).sum())


def test_hazard_ratio(trial):
    frame, clusters = trial
    settings = {"cluster": "worker", "inference": "sandwich"}
    wanted = cox("arm", frame, time="time", event="event", **settings).effect("arm")
    b, influence = hazard_ratio(*(frame[c].to_numpy() for c in ("arm", "time", "event")))
    assert b == pytest.approx(np.log(wanted.estimate), abs=AGREE)
    assert clustered_error(influence, clusters) == pytest.approx(wanted.std_error, rel=AGREE)


def test_rate_ratio(trial):
    frame, clusters = trial
    model = zero_inflated_nb("days ~ arm", frame, cluster="worker", inference="sandwich")
    wanted = model.effect("arm")
    arm, days = frame["arm"].to_numpy(), frame["days"].to_numpy()
    fit = rate_ratio(arm, days)
    assert fit.estimate == pytest.approx(np.log(wanted.estimate), abs=AGREE)
    error = clustered_error(fit.influence(arm, days), clusters)
    assert error == pytest.approx(wanted.std_error, rel=1e-6)


def test_the_parts_of_the_rate_ratio_foretell_what_a_change_does(trial):
    frame, _ = trial
    arm, days = frame["arm"].to_numpy(), frame["days"].to_numpy()
    fit = rate_ratio(arm, days)
    for row in np.flatnonzero(days > 10)[:8]:
        changed = days.copy()
        changed[row] += 1
        foretold = fit.influence(arm, changed)[row] - fit.influence(arm, days)[row]
        happened = rate_ratio(arm, changed, fit.at).estimate - fit.estimate
        assert foretold == pytest.approx(happened, rel=0.05, abs=1e-6)


def test_the_fit_of_cells_is_the_regression_without_random_effects(trial):
    frame, _ = trial
    single = frame.assign(worker=0)
    single["worker"] = np.arange(len(frame)) // 2  # pairs, without any clustering to speak of
    wanted = mixed_logistic("event ~ arm + severe", single, cluster="worker")
    design = np.array([[1, a, c] for a in (0, 1) for c in (0, 1)], dtype=float)
    cell = (2 * frame["arm"] + frame["severe"]).to_numpy(dtype=int)
    beta, cov = grouped_fit(design, np.bincount(cell), np.bincount(cell, frame["event"]))
    b, s = beta[1], np.sqrt(cov[1, 1])
    if wanted.variance["cluster"] == 0:
        effect = wanted.effect("arm")
        assert (b, s) == pytest.approx((np.log(effect.estimate), effect.std_error), abs=1e-6)
    assert np.isfinite([b, s]).all()


def test_an_exchange_moves_the_error_as_foretold_and_nothing_else(trial):
    frame, clusters = trial
    b, influence = hazard_ratio(*(frame[c].to_numpy() for c in ("arm", "time", "event")))
    region = Region.of(Line("1·00", "0·70", "1·43", ratio=True))
    allowed = np.equal.outer(frame["arm"].to_numpy(), frame["arm"].to_numpy())
    exchange = Exchange(influence, clusters, allowed, region, b)
    rng = np.random.default_rng(2)
    for _ in range(5):
        moves, gauges = exchange.moves(rng)
        k = int(rng.integers(len(moves)))
        exchange.make(moves[k])
        assert exchange.gauge() == pytest.approx(gauges[k], abs=1e-9)
        error = clustered_error(influence[exchange.at], clusters)
        assert exchange.std_error == pytest.approx(error, rel=1e-12)
    assert sorted(exchange.at) == list(range(len(frame)))
    assert (frame["arm"].to_numpy()[exchange.at] == frame["arm"]).all()


def test_the_risk_ratio_of_cells_is_that_of_poisson_regression_with_robust_errors(trial):
    frame, _ = trial
    wanted = modified_poisson("event ~ arm + severe", frame, small_sample=False)
    design = np.array([[1, a, c] for a in (0, 1) for c in (0, 1)], dtype=float)
    cell = (2 * frame["arm"] + frame["severe"]).to_numpy(dtype=int)
    events = np.bincount(cell, frame["event"])
    beta, cov = grouped_fit(design, np.bincount(cell), events, risk=True)
    assert beta == pytest.approx(wanted.beta, abs=AGREE)
    assert np.sqrt(np.diag(cov)) == pytest.approx(wanted.std_error, rel=AGREE)
    several, _ = grouped_fit(design, np.bincount(cell), np.array([events, events]), risk=True)
    assert several == pytest.approx(np.array([beta, beta]), abs=AGREE)
