"""The linear model by algebra that fits on a page."""

import numpy as np
import pandas as pd
import pytest

from core_trial.models.inference import boundary_p
from core_trial.models.linear.mixed_linear import mixed_linear

EXACT = {"rel": 1e-9}


def balanced() -> pd.DataFrame:
    """Three clusters of three: means 2, 5 and 8, and 1 either side of them."""
    return pd.DataFrame({"g": list("aaabbbccc"), "y": [1.0, 2, 3, 4, 5, 6, 7, 8, 9]})


def test_balanced_one_way_by_restricted_likelihood():
    """MS(between) = 27, MS(within) = 1: tau = (27 - 1) / 3; the mean 5 has variance 27 / 9."""
    fit = mixed_linear("y ~ 1", balanced(), cluster="g", method="reml", df="kenward_roger")
    assert fit.variance["residual"] == pytest.approx(1, **EXACT)
    assert fit.variance["cluster"] == pytest.approx(26 / 3, **EXACT)
    mean = fit.effect("Intercept")
    assert mean.estimate == pytest.approx(5, **EXACT)
    assert mean.std_error == pytest.approx(np.sqrt(3), **EXACT)
    assert mean.df == pytest.approx(2, **EXACT)
    assert fit.quantities["icc"].estimate == pytest.approx(26 / 29, **EXACT)


def test_balanced_one_way_by_likelihood():
    """Maximum likelihood divides SS(between) = 54 by the 3 clusters: tau = (18 - 1) / 3."""
    fit = mixed_linear("y ~ 1", balanced(), cluster="g", method="ml")
    assert fit.variance["residual"] == pytest.approx(1, **EXACT)
    assert fit.variance["cluster"] == pytest.approx(17 / 3, **EXACT)
    assert fit.effect("Intercept").std_error == pytest.approx(np.sqrt(18 / 9), **EXACT)
    # Eigenvalues of V: 18 once and 1 twice in each of the 3 clusters; the quadratic form is 9.
    assert fit.loglik == pytest.approx(-0.5 * (9 * np.log(2 * np.pi) + 3 * np.log(18) + 9), **EXACT)
    # At zero the variance is 60 / 9.
    null = -4.5 * (np.log(2 * np.pi * 60 / 9) + 1)
    test = fit.tests["variance"]
    assert test.statistic == pytest.approx(2 * (fit.loglik - null), **EXACT)
    assert test.p_value == pytest.approx(boundary_p(test.statistic), **EXACT)


def test_predicted_effects_shrink_the_cluster_means():
    """u = tau / (tau + sigma^2 / n) times the mean's distance from 5: 26/27 of -3, 0 and 3."""
    fit = mixed_linear("y ~ 1", balanced(), cluster="g", method="reml")
    np.testing.assert_allclose(fit.random_effects, [-3 * 26 / 27, 0, 3 * 26 / 27], atol=1e-9)
    np.testing.assert_allclose(fit.fitted, 5 + np.repeat(fit.random_effects, 3), rtol=1e-9)
    assert list(fit.random_effects.index) == ["a", "b", "c"]


def test_six_rows_of_a_partially_nested_trial():
    """Two clusters of two against two controls; the arms share no row, so each is its own problem.

    Intervention: cluster means 2 and 6, 1 either side; the arm's mean is 4, with variance
    MS(between) / 4 = 16 / 4. Control: 1 and 3, mean 2, variance 2, error 2 / 2.
    """
    frame = pd.DataFrame(
        {"g": list("aabbcd"), "arm": [1, 1, 1, 1, 0, 0], "y": [1.0, 3, 5, 7, 1, 3]}
    )
    settings = {"cluster": "g", "method": "reml", "random": "arm", "residual_by": "arm"}
    fit = mixed_linear("y ~ arm", frame, df="kenward_roger", **settings)
    assert fit.variance["residual[0]"] == pytest.approx(2, **EXACT)
    assert fit.variance["residual[1]"] == pytest.approx(2, **EXACT)
    assert fit.variance["cluster"] == pytest.approx((16 - 2) / 2, **EXACT)
    arm = fit.effect("arm")
    assert arm.estimate == pytest.approx(2, **EXACT)
    # A mean's variance is the same sum of independent mean squares at any variances, so that
    # Kenward and Roger have nothing to add, and the degrees of freedom are Welch's:
    # (4 + 1)^2 / (4^2 / 1 + 1^2 / 1).
    assert arm.std_error == pytest.approx(np.sqrt(4 + 1), **EXACT)
    assert arm.df == pytest.approx(25 / 17, **EXACT)
    assert set(fit.quantities) == {"icc[1]"}
    assert fit.quantities["icc[1]"].estimate == pytest.approx(7 / 9, **EXACT)


def test_welch_when_nobody_is_clustered():
    """Every participant a cluster: two residual variances are Welch's t, to the last digit."""
    y = np.array([3.0, 5, 4, 8, 1, 2, 2, 7, 9, 4])
    arm = np.repeat([0, 1], [4, 6])
    frame = pd.DataFrame({"y": y, "arm": arm, "g": range(10)})
    fit = mixed_linear(
        "y ~ arm",
        frame,
        cluster="g",
        method="reml",
        random="arm",
        residual_by="arm",
        df="satterthwaite",
    )
    a, b = y[:4].var(ddof=1) / 4, y[4:].var(ddof=1) / 6
    arm_effect = fit.effect("arm")
    assert arm_effect.std_error == pytest.approx(np.sqrt(a + b), **EXACT)
    assert arm_effect.df == pytest.approx((a + b) ** 2 / (a**2 / 3 + b**2 / 5), **EXACT)
    assert np.isnan(fit.variance["cluster"])


def test_paired_rows_give_the_paired_t():
    """Clusters of one intervention and one control: the effect is the mean difference."""
    control = np.array([3.0, 6, 8, 5, 9])
    treated = control + np.array([1.0, 2, 0, 3, 1])
    frame = pd.DataFrame(
        {"y": np.append(control, treated), "arm": np.repeat([0, 1], 5), "g": [*"abcde"] * 2}
    )
    fit = mixed_linear("y ~ arm", frame, cluster="g", method="reml", df="kenward_roger")
    difference = treated - control
    assert fit.effect("arm").estimate == pytest.approx(difference.mean(), **EXACT)
    assert fit.effect("arm").std_error == pytest.approx(
        np.sqrt(difference.var(ddof=1) / 5), **EXACT
    )
    assert fit.effect("arm").df == pytest.approx(4, **EXACT)


def test_zero_variance_is_least_squares():
    """Cluster means closer than chance: 1, 2, 3 in every cluster."""
    frame = pd.DataFrame({"g": [*"aaabbbccc"], "y": [1.0, 2, 3, 3, 2, 1, 2, 1, 3]})
    fit = mixed_linear("y ~ 1", frame, cluster="g", method="reml", df="satterthwaite")
    assert fit.variance["cluster"] == 0
    assert fit.variance["residual"] == pytest.approx(6 / 8, **EXACT)
    assert fit.std_error[0] == pytest.approx(np.sqrt(6 / 8 / 9), **EXACT)
    assert fit.df[0] == pytest.approx(8, **EXACT)
    assert any("take a variance at its bound as known" in warning for warning in fit.warnings)
    assert fit.tests["variance"].statistic == 0
    assert fit.tests["variance"].p_value == 1
    # Kenward and Roger's are there: the between mean square's share, 2 clusters' worth.
    adjusted = mixed_linear("y ~ 1", frame, cluster="g", method="reml", df="kenward_roger")
    assert adjusted.df[0] == pytest.approx(2, **EXACT)
