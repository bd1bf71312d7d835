"""Numbers of rows expected at each count, from the densities that SciPy has."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from core_trial.errors import DesignError
from core_trial.models import (
    expected_counts,
    mixed_poisson,
    modified_poisson,
    negative_binomial,
    poisson,
    zero_inflated_nb,
)
from core_trial.models.counts.expected import negative_binomial_pmf, poisson_pmf

SUPPORT = np.arange(61)


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(3)
    arm = np.repeat([0, 1], 60)
    mean = np.where(arm == 1, 4.0, 7.0) * rng.gamma(1.5, 1 / 1.5, 120)
    days = np.where(rng.random(120) < 0.3, 0, rng.poisson(mean))
    worker = np.where(arm == 1, np.arange(120) % 10, 100 + np.arange(120))
    year = np.where(np.arange(120) % 3 == 0, 0.5, 1.0)
    return pd.DataFrame({"days": days, "arm": arm, "worker": worker, "year": year})


def test_poisson_probabilities():
    mean = np.array([0.0, 0.3, 12.0, 80.0])
    expected = stats.poisson.pmf(SUPPORT, mean[:, None])
    np.testing.assert_allclose(poisson_pmf(SUPPORT, mean), expected, rtol=1e-10)


@pytest.mark.parametrize("alpha", [1e-3, 0.4, 3.0])
def test_negative_binomial_probabilities(alpha):
    mean = np.array([0.2, 5.0, 40.0])
    expected = stats.nbinom.pmf(SUPPORT, 1 / alpha, 1 / (1 + alpha * mean[:, None]))
    np.testing.assert_allclose(negative_binomial_pmf(SUPPORT, mean, alpha), expected, rtol=1e-9)


@pytest.mark.parametrize("alpha", [0.0, np.nan])
def test_without_dispersion_the_negative_binomial_is_a_poisson(alpha):
    mean = np.array([0.2, 5.0])
    found = negative_binomial_pmf(SUPPORT, mean, alpha)
    np.testing.assert_array_equal(found, poisson_pmf(SUPPORT, mean))


@pytest.mark.parametrize("exposure", [None, "year"])
@pytest.mark.parametrize("model", [poisson, negative_binomial, zero_inflated_nb])
def test_expected_counts_sum_to_the_rows_and_to_the_fitted_means(model, exposure, frame):
    fit, support = model("days ~ arm", frame, exposure=exposure), np.arange(3_000)
    expected = expected_counts(fit, frame, support)
    assert expected.sum() == pytest.approx(len(frame), rel=1e-9)
    assert support @ expected == pytest.approx(fit.fitted.sum(), rel=1e-7)


def test_zeros_of_the_zero_inflated_model_by_hand(frame):
    fit = zero_inflated_nb("days ~ arm", frame, inflation="arm")
    zeros = expected_counts(fit, frame, np.array([0]))[0]
    assert zeros == pytest.approx((frame["days"] == 0).sum(), rel=1e-8)
    assert zeros == pytest.approx(fit.quantities["zeros_expected"].estimate, rel=1e-10)


def test_a_mixed_model_is_averaged_over_its_random_effect(frame):
    fit = mixed_poisson("days ~ arm", frame, cluster="worker", random="arm")
    sd, (base, effect) = np.sqrt(fit.variance["cluster"]), fit.beta
    mean = np.exp(base + effect)
    zero, _ = integrate.quad(
        lambda b: stats.norm.pdf(b) * np.exp(-mean * np.exp(sd * b)), -10, 10, epsabs=1e-12
    )
    found = expected_counts(fit, frame, np.array([0]), random="arm")[0]
    assert found == pytest.approx(60 * np.exp(-np.exp(base)) + 60 * zero, rel=1e-8)


def test_counts_of_some_rows_add_up_to_those_of_all(frame):
    support = np.array([0, 1, 5])
    rows = (frame["arm"] == frame["arm"].iloc[0]).to_numpy(bool)
    mixed = mixed_poisson("days ~ arm", frame, cluster="worker", random="arm")
    plain = poisson("days ~ arm", frame)
    for fit, more in ((mixed, {"random": "arm"}), (plain, {})):
        parts = [expected_counts(fit, frame, support, among=a, **more) for a in (rows, ~rows)]
        assert sum(parts) == pytest.approx(expected_counts(fit, frame, support, **more), rel=1e-12)
    with pytest.raises(DesignError, match="among has 2 entries"):
        expected_counts(plain, frame, support, among=np.array([True, False]))


def test_a_large_random_effect_gives_no_waves(frame):
    """Between the nodes of a Gaussian rule the expected counts would rise and fall again."""
    fit = mixed_poisson("days ~ arm", frame, cluster="worker", random="1")
    wide = dataclasses.replace(fit, variance={"cluster": 10.0})
    found = expected_counts(wide, frame, np.arange(3, 61))
    assert (np.diff(found) < 0).all()


def test_refusals(frame):
    fit = poisson("days ~ arm", frame)
    with pytest.raises(DesignError, match="means of 120 rows and the frame has 20"):
        expected_counts(fit, frame[:20], SUPPORT)
    risk = modified_poisson("event ~ arm", frame.assign(event=frame["days"] > 0))
    with pytest.raises(DesignError, match="no model of counts"):
        expected_counts(risk, frame, SUPPORT)
