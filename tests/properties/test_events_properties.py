"""What must hold for counts and for times on any data, however badly laid out."""

import warnings

import numpy as np
import pandas as pd
import pytest
from effort import examples
from hypothesis import example, given
from hypothesis import strategies as st

from core_trial.errors import CoreTrialError
from core_trial.models.counts.zero_inflated_nb import zero_inflated_nb
from core_trial.models.survival.cox import cox
from core_trial.models.survival.kaplan_meier import kaplan_meier
from core_trial.models.survival.proportional_hazards import proportional_hazards
from core_trial.models.survival.restricted_mean import restricted_mean

TIMES = {"time": "time", "event": "event"}
#: In standard errors: sums in another order differ in their last digits.
ROUNDING = 1e-7

COX = [
    {},
    {"cluster": "g"},
    {"cluster": "g", "ties": "efron"},
    {"cluster": "g", "strata": "centre"},
    {"cluster": "g", "frailty": "gamma"},
    {"cluster": "g", "frailty": "gamma", "strata": "centre", "ties": "efron"},
    {"cluster": "g", "frailty": "lognormal"},
]
ZINB = [
    {},
    {"cluster": "g"},
    {"cluster": "g", "inflation": "arm"},
    {"inference": "model"},
]


@st.composite
def trials(draw: st.DrawFn) -> pd.DataFrame:
    """Well-behaved trials of 60 to 120 participants."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(60, 120))
    arm, centre = np.arange(n) % 2, rng.integers(0, 2, n)
    g = np.where(arm == 1, rng.integers(0, 6, n), 10 + np.arange(n))
    days = rng.negative_binomial(1.5, 0.1, n) * (rng.random(n) < 0.5)
    time = rng.exponential(20 * np.exp(0.3 * arm), n).round(draw(st.sampled_from([-1, 0, 6])))
    return pd.DataFrame(
        {
            "arm": arm,
            "centre": centre,
            "x": rng.normal(size=n).round(2),
            "g": g,
            "days": days,
            "time": np.minimum(time, 40.0),
            "event": (time < 40).astype(int),
        }
    )


def fits(frame, formula, models=(COX, ZINB)):
    for options in models[0]:
        yield cox(formula, frame, **TIMES, **options)
    for options in models[1]:
        yield zero_inflated_nb(f"days ~ {formula}", frame, **options)


def close(one, other):
    assert one.converged == other.converged
    np.testing.assert_array_equal(np.isnan(one.beta), np.isnan(other.beta))
    np.testing.assert_allclose(
        (one.beta - other.beta) / one.std_error, np.zeros(len(one.beta)), atol=ROUNDING * 10
    )
    np.testing.assert_allclose(one.std_error, other.std_error, rtol=ROUNDING * 10)
    assert one.loglik == pytest.approx(other.loglik, abs=1e-7)


@examples(15)
@given(trials(), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(frame, shuffler):
    order = list(range(len(frame)))
    shuffler.shuffle(order)
    shuffled = frame.iloc[order]
    for one, other in zip(fits(frame, "arm + x"), fits(shuffled, "arm + x"), strict=True):
        close(one, other)


@examples(15)
@given(trials())
def test_swapping_the_arms_flips_the_sign(frame):
    swapped = frame.assign(arm=1 - frame.arm)
    for one, other in zip(fits(frame, "arm + x"), fits(swapped, "arm + x"), strict=True):
        a, b = one.effect("arm"), other.effect("arm")
        assert np.log(a.estimate) == pytest.approx(-np.log(b.estimate), abs=1e-5 * a.std_error)
        assert a.std_error == pytest.approx(b.std_error, rel=1e-6)
        assert one.loglik == pytest.approx(other.loglik, abs=1e-7)


@examples(15)
@given(trials(), st.sampled_from([1e-3, 7.0, 1e6]), st.sampled_from([0.0, 0.1, 30.0]))
def test_only_the_order_of_times_matters(frame, scale, shift):
    moved = frame.assign(time=(scale * (frame.time.rank(method="dense") + shift)) ** 2)
    models = ([options for options in COX if options.get("frailty") != "lognormal"], ())
    pairs = zip(fits(frame, "arm + x", models), fits(moved, "arm + x", models), strict=True)
    for one, other in pairs:
        close(one, other)


@examples(15)
@given(trials(), st.sampled_from([-2.0, 1e-6, 1e5]), st.sampled_from([0.0, -3.0, 50.0]))
def test_units_of_a_covariate(frame, scale, shift):
    moved = frame.assign(x=scale * (frame.x + shift))
    for one, other in zip(fits(frame, "x"), fits(moved, "x"), strict=True):
        a, b = one.effect("x"), other.effect("x")
        assert b.statistic * np.sign(scale) == pytest.approx(a.statistic, rel=1e-5, abs=1e-6)
        assert b.std_error * abs(scale) == pytest.approx(a.std_error, rel=1e-6)


@examples(20)
@given(trials())
def test_curves_are_proportions_where_nobody_is_censored_before(frame):
    km = kaplan_meier(frame, **TIMES)[""]
    n = len(frame)
    later = np.array([(frame["time"] > t).sum() / n for t in km.time])
    np.testing.assert_allclose(km.survival[:-1], later[:-1], rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(
        km.at_risk_at(km.time), [(frame["time"] >= t).sum() for t in km.time]
    )
    assert (km.low[1:] <= km.survival[1:] + 1e-12).all() or np.isnan(km.low).any()
    mean = restricted_mean(frame, **TIMES, limit=30.0).means[""].estimate
    assert mean == pytest.approx(np.minimum(frame["time"], 30.0).mean(), rel=1e-12)


@st.composite
def wrecks(draw: st.DrawFn) -> pd.DataFrame:
    """Frames of 1 to 24 rows whose columns are constant, empty of events, tied, or nearly so."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 24))
    choose = {
        "arm": [np.arange(n) % 2, np.zeros(n), (np.arange(n) == 0) * 1.0, rng.normal(size=n)],
        "centre": [np.arange(n) % 3, np.arange(n) % 2, np.arange(n), rng.integers(0, 2, n)],
        "g": [np.zeros(n), np.arange(n), np.arange(n) % 2, rng.integers(0, 4, n)],
        "days": [
            np.zeros(n),
            np.ones(n),
            (np.arange(n) == 0) * 7,
            rng.integers(0, 2, n),
            rng.integers(1, 5, n),
            rng.poisson(3, n),
            rng.negative_binomial(0.3, 0.001, n),
            (np.arange(n) % 2) * rng.integers(1, 9, n),
            rng.integers(0, 2, n) * 10**9,
        ],
        "time": [
            np.zeros(n),
            np.arange(n),
            np.arange(n)[::-1],
            rng.integers(0, 3, n),
            rng.random(n) * 1e-300,
            np.exp(rng.normal(0, 40, n)),
        ],
        "event": [
            np.zeros(n),
            np.ones(n),
            np.arange(n) == 0,
            np.arange(n) % 2,
            rng.integers(0, 2, n),
        ],
        "x": [rng.normal(size=n), rng.normal(size=n) * 1e7, np.arange(n) ** 6, rng.random(n) < 0.1],
    }
    frame = pd.DataFrame({name: draw(st.sampled_from(list_)) for name, list_ in choose.items()})
    return frame.assign(event=frame["event"].astype(int))


FORMULAS = ("arm", "x", "arm + x", "arm + C(centre)", "arm*x")


def believable(fit):
    """No number that a warning does not cover; no standard error without an estimate."""
    assert np.isfinite(fit.loglik) or not fit.converged
    assert not (np.isnan(fit.beta) & ~np.isnan(fit.std_error)).any()
    assert not np.isinf(fit.beta).any()
    assert not np.isinf(fit.std_error).any()
    if np.isnan(fit.std_error).any() or not fit.converged:
        assert fit.warnings
    if np.isnan(fit.beta).all():
        assert not fit.converged


#: An arm that no stratum varies in, one event: the partial likelihood says nothing about it.
CONFOUNDED = pd.DataFrame({"arm": np.arange(9.0) % 2, "time": 0.0, "event": [1] + [0] * 8}).assign(
    g=lambda frame: frame["arm"], centre=lambda frame: frame["arm"]
)
SLOPE = pd.DataFrame({"arm": [0.0, 1], "g": 0.0, "days": 0, "time": 0.0, "event": [0, 1]})


@examples(250)
@given(wrecks(), st.sampled_from(FORMULAS), st.sampled_from(COX))
@example(SLOPE, "arm", COX[1])
@example(CONFOUNDED, "arm", COX[5])
@example(CONFOUNDED, "arm", {**COX[6], "strata": "centre"})
def test_a_wrecked_time_is_refused_or_told(frame, formula, options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            fit = cox(formula, frame, **TIMES, **options)
        except CoreTrialError:
            return
        believable(fit)
        assert len(fit.to_frame()) == len(fit.terms)
        assert repr(fit).count("\n") > len(fit.terms)


@examples(250)
@given(wrecks(), st.sampled_from(FORMULAS), st.sampled_from(ZINB))
def test_a_wrecked_count_is_refused_or_told(frame, formula, options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            fit = zero_inflated_nb(f"days ~ {formula}", frame, **options)
        except CoreTrialError:
            return
        believable(fit)
        for quantity in fit.quantities.values():
            assert not np.isinf(quantity.estimate)


@examples(150)
@given(wrecks(), st.sampled_from(FORMULAS), st.sampled_from(["km", "identity", "log"]))
def test_wrecked_curves_and_tests_are_refused_or_told(frame, formula, transform):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for run in (
            lambda: kaplan_meier(frame, **TIMES, by="centre"),
            lambda: restricted_mean(frame, **TIMES, by="arm", limit=2.0, cluster="g"),
            lambda: proportional_hazards(formula, frame, **TIMES, transform=transform),
        ):
            try:
                run()
            except CoreTrialError:
                continue
