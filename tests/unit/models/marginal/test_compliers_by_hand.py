"""Complier effects against published counts, hand algebra and brute force."""

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from core_trial.errors import DesignError, FitError
from core_trial.models.marginal.compliers import complier_effects
from core_trial.models.marginal.instrument import structural_mean, two_stage_least_squares
from core_trial.models.marginal.principal_bounds import average_effect, principal_bounds
from core_trial.models.marginal.receipt import receipt_of
from core_trial.models.marginal.recipes import residual_inclusion, two_stage_prediction

PRINTED = json.loads(
    (Path(__file__).parents[3] / "reference" / "data" / "compliers.json").read_text()
)
#: Half a unit of the last digit that is given (eleven or more significant digits).
DIGITS = 1e-11


def people(cells):
    rows = [(z, d, y) for z, d, y, n in cells for _ in range(n)]
    return pd.DataFrame(rows, columns=["arm", "received", "outcome"])


@pytest.fixture(scope="module")
def vitamin():
    return people(PRINTED["vitamin_a"]["cells"])


@pytest.fixture(scope="module")
def eight():
    return people(PRINTED["eight_cells"]["cells"])


def nested(seed=0, n=240, workers=10, share=0.7):
    """A trial with workers in one arm, a continuous outcome, a confounder and one-sided receipt."""
    rng = np.random.default_rng(seed)
    arm = np.arange(n) % 2
    willing = rng.random(n) < share
    worker = np.where(arm == 1, rng.integers(0, workers, n), -1)
    score = 2.0 * willing + 1.5 * (arm & willing) + rng.normal(size=workers)[worker] * arm
    score = score + rng.normal(size=n)
    return pd.DataFrame(
        {
            "arm": arm,
            "received": (arm & willing).astype(int),
            "worker": [f"w{k}" if k >= 0 else None for k in worker],
            "score": score,
            "better": (score > 1).astype(int),
            "age": rng.normal(size=n).round(1),
        }
    )


@pytest.mark.parametrize(
    "name", [k for k in PRINTED["vitamin_a"] if k not in ("cells", "two_stage_least_squares")][:-2]
)
def test_vitamin_a(vitamin, name):
    found = complier_effects("outcome", vitamin, received="received")
    assert found.quantities[name].estimate == pytest.approx(PRINTED["vitamin_a"][name], rel=DIGITS)


@pytest.mark.parametrize("data", ["vitamin_a", "eight_cells"])
@pytest.mark.parametrize("errors", ["iid", "HC0", "HC1"])
def test_two_stage_least_squares(data, errors, request):
    frame = request.getfixturevalue({"vitamin_a": "vitamin", "eight_cells": "eight"}[data])
    printed = PRINTED[data]
    fit = two_stage_least_squares("outcome ~ received", frame, received="received", errors=errors)
    effect = fit.effect("received")
    assert effect.estimate == pytest.approx(printed["difference"], rel=1e-11)
    if errors in printed["two_stage_least_squares"]:
        expected = printed["two_stage_least_squares"][errors]
        assert effect.std_error == pytest.approx(expected, rel=3e-10)  # ten digits are given


def test_structural_mean(eight, vitamin):
    printed = PRINTED["eight_cells"]
    fit = structural_mean("outcome", eight, received="received")
    effect = fit.effect("received")
    assert effect.estimate == pytest.approx(printed["ratio"], rel=1e-10)
    assert fit.quantities["mean_untreated"].estimate == pytest.approx(
        printed["mean_untreated"], rel=1e-11
    )
    assert (round(effect.low, 3), round(effect.high, 2)) == tuple(printed["ratio_interval_printed"])
    one_sided = structural_mean("outcome", vitamin, received="received").effect("received")
    expected = complier_effects("outcome", vitamin, received="received").quantities["ratio"]
    assert one_sided.estimate == pytest.approx(expected.estimate, rel=1e-12)
    assert (one_sided.low, one_sided.high) == pytest.approx((expected.low, expected.high))


def test_recipes_reproduce_and_say_what_they_are(eight, vitamin):
    for frame, name, digits in ((vitamin, "vitamin_a", 1e-6), (eight, "eight_cells", 1e-10)):
        found = two_stage_prediction("outcome", frame, received="received")
        assert found.ratio == pytest.approx(PRINTED[name]["two_stage_prediction"], rel=digits)
        assert "intention-to-treat ratio to the power" in found.what_it_is
        found = residual_inclusion("outcome", frame, received="received")
        assert found.ratio == pytest.approx(PRINTED[name]["residual_inclusion"], rel=2 * digits)


def test_delta_method_against_numeric_derivatives(vitamin):
    frame = nested()
    found = complier_effects("better", frame, received="received", cluster="worker")
    trial = receipt_of(frame, "better", "arm", "received", "worker")
    moments = trial.moments()

    def log_ratio(m):
        return np.log(m[1, 1] / (m[0, 1] + m[0, 2] - m[1, 2]))

    slope = np.empty(6)
    for k in range(6):
        step = np.zeros(6)
        step[k] = 1e-6
        moved = (moments.mean + s * step.reshape(2, 3) for s in (1, -1))
        up, down = map(log_ratio, moved)
        slope[k] = (up - down) / 2e-6
    error = np.sqrt(slope @ moments.cov @ slope)
    ratio = found.quantities["ratio"]
    assert ratio.std_error / ratio.estimate == pytest.approx(error, rel=1e-7)


def test_covariance_of_the_moments_by_hand():
    frame = pd.DataFrame(
        {
            "arm": [0, 0, 0, 1, 1, 1, 1],
            "received": [0, 0, 0, 1, 1, 0, 1],
            "y": [1.0, 2.0, 6.0, 4.0, 5.0, 3.0, 8.0],
            "worker": [None, None, None, "a", "a", "b", "b"],
        }
    )
    found = receipt_of(frame, "y", "arm", "received", "worker").moments()
    np.testing.assert_allclose(found.mean, [[0, 0, 3], [0.75, 17 / 4, 3 / 4]])
    assert found.cov[2, 2] == pytest.approx((4 + 1 + 9) / 9 * 3 / 2)  # controls: three of their own
    # workers: a has 2 of 2 and b 1 of 2, so deviations 0.5 and -0.5; two clusters, factor 2
    assert found.cov[3, 3] == pytest.approx((0.5**2 + 0.5**2) / 16 * 2)


def test_cluster_robust_errors_by_dense_algebra():
    frame = nested()
    fit = two_stage_least_squares(
        "score ~ received + age", frame, received="received", cluster="worker"
    )
    X = np.column_stack([np.ones(240), frame["received"], frame["age"]])
    Z = np.column_stack([np.ones(240), frame["arm"], frame["age"]])
    beta = np.linalg.solve(Z.T @ X, Z.T @ frame["score"].to_numpy())  # exactly identified
    np.testing.assert_allclose(fit.beta, beta, rtol=1e-10)
    e = frame["score"].to_numpy() - X @ beta
    unit = frame["worker"].fillna(pd.Series(frame.index.astype(str))).to_numpy()
    meat = sum(np.outer(s, s) for s in (Z[unit == u].T @ e[unit == u] for u in np.unique(unit)))
    G = len(np.unique(unit))
    inverse = np.linalg.inv(Z.T @ X)
    cov = inverse @ meat @ inverse.T * G / (G - 1) * 239 / 237
    np.testing.assert_allclose(fit.cov, cov, rtol=1e-9)
    assert (fit.df == 9).all()  # ten workers
    t = 0  # first-stage F of one instrument is its t squared
    g, *_ = np.linalg.lstsq(Z, frame["received"].to_numpy(float), rcond=None)
    r = frame["received"].to_numpy() - Z @ g
    t = g[1] / np.sqrt(r @ r / 237 * np.linalg.inv(Z.T @ Z)[1, 1])
    assert fit.quantities["first_stage_F"].estimate == pytest.approx(t**2)


def test_continuous_outcome_has_a_difference_and_no_ratio():
    frame = nested()
    found = complier_effects("score", frame, received="received", cluster="worker")
    assert not set(found.quantities) & {"ratio", "odds_ratio", "intention_to_treat_ratio"}
    plain = two_stage_least_squares("score ~ received", frame, received="received")
    assert found.quantities["difference"].estimate == pytest.approx(plain.beta[1])
    assert "difference" in repr(found)
    assert "compliers" in found.to_frame().index


def test_implied_risk_just_inside_and_just_outside():
    # in the control arm 20 of 40 events; never-takers of the intervention arm have 20 or 21 of 40
    def frame(events):
        cells = [(0, 0, 1, 20), (0, 0, 0, 20), (1, 0, 1, events), (1, 1, 1, 5)]
        cells += [(1, 1, 0, 5), (1, 0, 0, 30 - events)]
        return people(cells)

    inside = complier_effects("outcome", frame(20), received="received")
    assert inside.quantities["mean[control compliers]"].estimate == pytest.approx(0.0)
    with pytest.raises(DesignError, match="which no risk is"):
        complier_effects("outcome", frame(21), received="received")


def test_refusals(eight):
    with pytest.raises(DesignError, match="505 people of the control arm"):
        complier_effects("outcome", eight, received="received")
    frame = nested()
    with pytest.raises(DesignError, match="is in both arms"):
        complier_effects("score", frame.assign(worker="one"), received="received", cluster="worker")
    with pytest.raises(DesignError, match="as frequent in either arm"):
        complier_effects("score", frame.assign(received=1), received="received")
    with pytest.raises(DesignError, match="must hold 0 and 1"):
        complier_effects("score", frame, received="age")
    with pytest.raises(DesignError, match="one arm only"):
        complier_effects("score", frame.assign(arm=1), received="received")
    with pytest.raises(DesignError, match="no column 'team'"):
        complier_effects("score", frame, received="received", cluster="team")
    with pytest.raises(DesignError, match="negative"):
        structural_mean("score", frame, received="received")
    with pytest.raises(DesignError, match="must not"):
        two_stage_least_squares("score ~ received + arm", frame, received="received")
    with pytest.raises(DesignError, match="CR1 needs"):
        two_stage_least_squares("score ~ received", frame, received="received", errors="CR1")
    with pytest.raises(DesignError, match="only a risk"):
        principal_bounds("score", frame, received="received")
    with pytest.raises(FitError, match="needs 200"):
        complier_effects("score", frame, received="received", bootstrap=199)


def test_weak_instrument_is_told_just_below_the_limit():
    def fit(extra):
        rng = np.random.default_rng(1)
        arm = np.arange(200) % 2
        dose = extra * arm + rng.normal(size=200)
        return two_stage_least_squares(
            "y ~ dose",
            pd.DataFrame({"arm": arm, "dose": dose, "y": dose + rng.normal(size=200)}),
            received="dose",
        )

    low, high = 0.0, 2.0
    for _ in range(50):  # the strength at which F is 10
        middle = (low + high) / 2
        below = fit(middle).quantities["first_stage_F"].estimate < 10
        low, high = (middle, high) if below else (low, middle)
    assert any("hardly moves" in w for w in fit(low - 1e-6).warnings)
    assert fit(high + 1e-6).warnings == ()


@pytest.mark.parametrize(("workers", "told"), [(19, True), (20, False)])
def test_few_workers_are_told_just_below_the_limit(workers, told):
    frame = nested(n=400, workers=workers)
    assert frame["worker"].nunique() == workers
    settings = {"received": "received", "cluster": "worker"}
    for fit in (
        complier_effects("score", frame, **settings),
        structural_mean("better", frame, **settings),
        two_stage_least_squares("score ~ received", frame, **settings),
    ):
        assert any(f"{workers} workers in one arm" in w for w in fit.warnings) == told


def test_bounds_against_linear_programming():
    """All joint distributions of sixteen types that give the shares: the smallest and largest."""
    rng = np.random.default_rng(3)
    takes = [(0, 0), (0, 1), (1, 0), (1, 1)]  # receipt by arm
    does = [(0, 0), (0, 1), (1, 0), (1, 1)]  # outcome by receipt
    types = [(t, r) for t in takes for r in does]
    gain = np.array([r[1] - r[0] for _, r in types], dtype=float)
    for _ in range(20):
        share = rng.dirichlet(np.full(16, 0.3))
        rows, p = [], np.empty((2, 2, 2))
        for y, d, z in np.ndindex(2, 2, 2):
            rows.append([float(t[z] == d and r[d] == y) for t, r in types])
            p[y, d, z] = share @ rows[-1]
        equal = {"A_eq": np.array(rows), "b_eq": p.ravel(), "bounds": (0, 1)}
        low, high = linprog(gain, **equal).fun, -linprog(-gain, **equal).fun
        assert average_effect(p) == pytest.approx((low, high), abs=1e-9)


def test_data_that_contradict_the_instrument_have_no_bounds():
    p = np.empty((2, 2, 2))
    p[:, :, 0] = [[0.9, 0.05], [0.03, 0.02]]
    p[:, :, 1] = [[0.1, 0.05], [0.8, 0.05]]  # never-takers' outcome moves with the arm
    assert average_effect(p) is None


def test_bounds_without_exclusion_contain_the_effect(vitamin):
    low, high = principal_bounds("outcome", vitamin, received="received").compliers
    effect = complier_effects("outcome", vitamin, received="received").quantities["difference"]
    assert low < effect.estimate < high
    treated = PRINTED["vitamin_a"]["mean[treated compliers]"]
    assert low == pytest.approx(treated - 74 / 11588 / PRINTED["vitamin_a"]["compliers"], rel=1e-9)
    assert high == pytest.approx(treated, rel=1e-9)


def test_bootstrap_resamples_workers_and_agrees_with_the_delta_method():
    frame = nested(n=600, workers=40)
    plain = complier_effects("score", frame, received="received", cluster="worker")
    again = complier_effects(
        "score", frame, received="received", cluster="worker", bootstrap=1999, seed=2
    )
    a, b = plain.quantities["difference"], again.quantities["difference"]
    assert b.estimate == a.estimate
    # 1999 draws know a standard deviation to 1.6 %, and the delta method is itself an approximation
    assert (b.high - b.low) == pytest.approx(a.high - a.low, rel=0.1)
    without = complier_effects("score", frame, received="received", bootstrap=1999, seed=2)
    shorter = without.quantities["difference"]
    assert (shorter.high - shorter.low) < 0.9 * (b.high - b.low)  # ignoring the workers
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(again)).to_frame(), again.to_frame())


def test_bootstrap_of_few_events_says_what_leaves_the_range():
    cells = [(0, 0, 1, 4), (0, 0, 0, 36), (1, 0, 1, 1), (1, 0, 0, 9), (1, 1, 1, 1), (1, 1, 0, 29)]
    frame = people(cells)
    found = complier_effects("outcome", frame, received="received", bootstrap=499)
    assert "left 0 to 1" in found.warnings[0]
    assert found.quantities["ratio"].low < found.quantities["ratio"].high
    found = complier_effects("outcome", frame, received="received", bootstrap=499, interval="bca")
    assert any("BCa has no interval" in w for w in found.warnings)  # without the one treated event
    assert np.isnan(found.quantities["ratio"].low)
    assert np.isfinite(found.quantities["difference"].low)
