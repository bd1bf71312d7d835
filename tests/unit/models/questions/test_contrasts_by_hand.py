"""Contrasts and joint tests, worked out from coefficients and covariance."""

import numpy as np
import pytest
from scipy import stats
from tests.support.questions import fits, trial

from core_trial import models
from core_trial.errors import DesignError
from core_trial.models.questions.contrasts import holm
from core_trial.models.questions.simultaneous import largest_t

IN_PEER = "arm[peer] + arm[peer]:sex[M]"


def row(fit, **weights):
    found = np.zeros(len(fit.terms))
    for name, weight in weights.items():
        found[fit.position(name)] = weight
    return found


def test_one_contrast():
    fit = fits()["logistic"]
    found = fit.contrast(IN_PEER)
    weights = row(fit, **{"arm[peer]": 1, "arm[peer]:sex[M]": 1})
    b, se = weights @ fit.beta, np.sqrt(weights @ fit.cov @ weights)
    assert found.estimate[0] == pytest.approx(np.exp(b))
    assert found.high[0] == pytest.approx(np.exp(b + 1.959963984540054 * se))
    assert found.p_value[0] == pytest.approx(2 * stats.norm.sf(abs(b / se)))
    assert found["arm[peer] + arm[peer]:sex[M]"].std_error == pytest.approx(se)


def test_against_another_value_than_zero():
    fit = fits()["linear"]
    found = fit.contrast("age = 1")
    k = fit.position("age")
    assert found.statistic[0] == pytest.approx((fit.beta[k] - 1) / fit.std_error[k])
    assert found.low[0] == pytest.approx(fit.inference.low[k])


def test_the_coverage_may_be_another():
    fit = fits()["linear"]
    narrow, wide = fit.contrast("age", confidence=0.5), fit.contrast("age")
    ratio = (wide.high - wide.low) / (narrow.high - narrow.low)
    assert ratio[0] == pytest.approx(stats.norm.ppf(0.975) / stats.norm.ppf(0.75))
    with pytest.raises(DesignError, match="confidence"):
        fit.contrast("age", confidence=1)


def test_several_hold_together_and_are_adjusted():
    fit = fits()["linear"]
    found = fit.contrast({"B": "centre[B]", "C": "centre[C]", "C-B": "centre[C] - centre[B]"})
    L = found.weights
    cov = L @ fit.cov @ L.T
    R = cov / np.sqrt(np.outer(np.diag(cov), np.diag(cov)))
    rng = np.random.default_rng(1)
    draws = np.abs(rng.multivariate_normal(np.zeros(3), R, 400_000, check_valid="ignore"))
    c = np.quantile(draws.max(axis=1), 0.95)
    half = (found.simultaneous_high - found.simultaneous_low) / 2 / found.std_error
    np.testing.assert_allclose(half, c, rtol=0.01)  # the simulation's own error
    order = np.argsort(found.p_value)
    expected = np.minimum(np.maximum.accumulate(found.p_value[order] * [3, 2, 1]), 1)
    np.testing.assert_allclose(found.p_adjusted[order], expected)
    assert list(found.to_frame().index) == ["B", "C", "C-B"]
    assert "together" in repr(found)


def test_holm_leaves_out_what_is_not_known():
    np.testing.assert_allclose(
        holm(np.array([0.04, np.nan, 0.01, 0.03])), [0.06, np.nan, 0.03, 0.06]
    )


def test_the_largest_of_one_is_students_t():
    assert largest_t(np.eye(1), 7.0).quantile(0.95) == pytest.approx(stats.t.ppf(0.975, 7))
    copies = largest_t(np.ones((4, 4)), np.inf)
    assert copies.rank == 1
    assert copies.quantile(0.9) == pytest.approx(stats.norm.ppf(0.95))


def test_the_largest_of_independent_ones():
    for k in (2, 3, 8):
        exact = stats.norm.ppf(0.5 + 0.95 ** (1 / k) / 2)
        assert largest_t(np.eye(k), np.inf).quantile(0.95) == pytest.approx(exact, rel=1e-3)


def test_a_joint_chi_square():
    fit = fits()["logistic"]
    k = [fit.position("centre[B]"), fit.position("centre[C]")]
    b, V = fit.beta[k], fit.cov[np.ix_(k, k)]
    found = fit.test("centre")
    square = float(b @ np.linalg.solve(V, b))
    assert (found.statistic, found.df) == (pytest.approx(square), 2)
    assert found.p_value == pytest.approx(stats.chi2.sf(square, 2))
    assert fit.test(["centre[B]", "centre[C]"]).statistic == pytest.approx(square)
    assert fit.test(["centre[B] = centre[C]", "centre[C]"]).statistic == pytest.approx(square)
    assert fit.test(np.eye(len(fit.terms))[k]).statistic == pytest.approx(square)


def test_contrasts_that_follow_from_others_count_once():
    fit = fits()["linear"]
    twice = fit.test(["centre", "centre[B] - centre[C]"])
    assert twice.df == 2
    assert twice.statistic == pytest.approx(fit.test("centre").statistic)
    with pytest.raises(DesignError, match="contradict"):
        fit.test(["centre[B] = 1", "2*centre[B] = 1"])


def test_everything_but_the_intercept():
    fit = fits()["cox"]
    assert fit.test().df == len(fit.terms)
    assert fits()["linear"].test().df == len(fits()["linear"].terms) - 1


def test_a_wrong_term_gets_the_nearest():
    with pytest.raises(DesignError, match="did you mean 'centre'"):
        fits()["linear"].test("center")


def separated():
    d = trial()
    return d.assign(event=np.where(d["centre"] == "C", 0, d["event"]))


def test_what_separates_has_no_wald_test_but_a_likelihood_ratio():
    one = models.mixed_logistic("event ~ arm + centre", separated(), cluster="worker", random="arm")
    with pytest.raises(DesignError, match=r"models\.compare"):
        one.test("centre")
    lost = one.contrast(["centre[C]", "arm"])
    assert np.isnan(lost.estimate[0])
    assert np.isfinite(lost.simultaneous_high[1])
    assert "centre[C]" in lost.warnings[-1]
    none = models.mixed_logistic("event ~ arm", separated(), cluster="worker", random="arm")
    assert models.compare(none, one).test.df == 2
    assert models.compare(none, one).test.p_value < 1e-4
