"""What least squares refuses, what it warns of, and what it hands over."""

import numpy as np
import pandas as pd
import pytest

from core_trial.errors import DesignError
from core_trial.models.design import build
from core_trial.models.linear.linear_regression import fit_linear_regression, linear_regression


@pytest.fixture
def trial() -> pd.DataFrame:
    """Sixty participants, six workers in one arm."""
    rng = np.random.default_rng(3)
    arm = np.arange(60) % 2
    worker = np.where(arm == 1, rng.integers(0, 6, 60), 100 + np.arange(60))
    frame = pd.DataFrame({"arm": arm, "worker": worker, "x": rng.normal(size=60)})
    frame["y"] = arm + frame["x"] + rng.normal(size=160)[worker] * arm + rng.normal(size=60)
    return frame


def test_clusters_have_bias_reduced_errors_unless_told_otherwise(trial):
    found = linear_regression("y ~ arm + x", trial, cluster="worker")
    asked = linear_regression("y ~ arm + x", trial, cluster="worker", inference="cr2")
    np.testing.assert_array_equal(found.cov, asked.cov)
    assert "CR2" in found.method
    assert found.n_clusters == 36
    assert found.effect("arm").df < 20
    assert "6 clusters with more than one member" in found.warnings[0]


def test_without_clusters_it_is_least_squares(trial):
    found = linear_regression("y ~ arm", trial)
    means = trial.groupby("arm")["y"].agg(["mean", "var"])
    assert found.beta[1] == pytest.approx(means["mean"].diff().iloc[1])
    pooled = means["var"].mean()
    assert found.effect("arm").std_error == pytest.approx(np.sqrt(2 * pooled / 30))
    assert found.effect("arm").df == 58
    assert found.variance["residual"] == pytest.approx(pooled)
    assert found.warnings == ()


def test_errors_by_row_are_welch_in_two_groups(trial):
    """CR2 of singletons in two groups: Welch's variance, and degrees of freedom of Satterthwaite
    under equal variances."""
    found = linear_regression("y ~ arm", trial, inference="cr2")
    parts = trial.groupby("arm")["y"].var() / 30
    assert found.effect("arm").std_error == pytest.approx(np.sqrt(parts.sum()))
    assert found.effect("arm").df == pytest.approx(58)


def test_weights_of_one_change_nothing(trial):
    frame = trial.assign(one=1.0)
    plain = linear_regression("y ~ arm + x", frame, cluster="worker")
    sampled = linear_regression(
        "y ~ arm + x", frame, cluster="worker", weights="one", weight_type="sampling"
    )
    np.testing.assert_allclose(sampled.cov, plain.cov, rtol=1e-10)
    np.testing.assert_allclose(sampled.df, plain.df, rtol=1e-8)
    assert np.isnan(sampled.loglik)
    often = linear_regression("y ~ arm + x", frame, cluster="worker", weights="one")
    np.testing.assert_array_equal(often.cov, plain.cov)


def test_sampling_weights_have_no_unit(trial):
    frame = trial.assign(w=np.linspace(0.5, 2, 60), w1000=1000 * np.linspace(0.5, 2, 60))
    settings = {"cluster": "worker", "weight_type": "sampling"}
    one = linear_regression("y ~ arm + x", frame, weights="w", **settings)
    two = linear_regression("y ~ arm + x", frame, weights="w1000", **settings)
    np.testing.assert_allclose(two.cov, one.cov, rtol=1e-8)
    np.testing.assert_allclose(two.df, one.df, rtol=1e-8)
    assert two.variance["residual"] == pytest.approx(one.variance["residual"])


def test_fitted_means_and_offset(trial):
    found = linear_regression("y ~ arm", trial, offset="x")
    expected = found.beta[0] + found.beta[1] * trial["arm"] + trial["x"]
    np.testing.assert_allclose(found.fitted, expected, rtol=1e-10, atol=1e-12)


def test_a_prepared_design(trial):
    design = build("y ~ arm + x", trial)
    np.testing.assert_array_equal(
        fit_linear_regression(design).cov, linear_regression("y ~ arm + x", trial).cov
    )


def test_refused_with_the_reason(trial):
    with pytest.raises(DesignError, match="leave out cluster"):
        linear_regression("y ~ arm", trial, cluster="worker", inference="model")
    weighted = trial.assign(w=2.0)
    with pytest.raises(DesignError, match="do not hold with sampling weights"):
        linear_regression(
            "y ~ arm", weighted, weights="w", weight_type="sampling", inference="model"
        )
    one_worker = trial.assign(worker=trial["worker"].where(trial["arm"] == 0, -1))
    with pytest.raises(DesignError, match="how much clusters differ cannot be learnt from one"):
        linear_regression("y ~ arm", one_worker, cluster="worker")
    with pytest.raises(DesignError, match="inference must be one of"):
        linear_regression("y ~ arm", trial, inference="hc3")
    with pytest.raises(DesignError, match="names no outcome"):
        linear_regression("arm", trial)
    with pytest.raises(DesignError, match="explain the outcome exactly"):
        linear_regression("y ~ x", trial.assign(y=2 * trial["x"] + 1))
    with pytest.raises(DesignError, match="2 rows cannot carry 2 coefficients"):
        linear_regression("y ~ arm", trial.head(2))
