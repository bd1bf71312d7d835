"""Likelihood ratios, and when there is none."""

import numpy as np
import pytest
from scipy import stats
from tests.support.questions import fits, trial

from core_trial import models
from core_trial.errors import DesignError

NESTED = {"cluster": "worker", "random": "arm"}
TIME = {"time": "time", "event": "status"}


def linear(formula, method="ml", frame=None, **options):
    d = trial() if frame is None else frame
    return models.mixed_linear(formula, d, method=method, **{**NESTED, **options})


def test_a_term_by_chi_square_in_any_order():
    small, large = linear("score ~ arm"), linear("score ~ arm + centre")
    found = models.compare(large, small)
    ratio = 2 * (large.loglik - small.loglik)
    assert found.test.statistic == pytest.approx(ratio)
    assert found.test.df == 2
    assert found.test.p_value == pytest.approx(stats.chi2.sf(ratio, 2))
    assert found.mixture == (1.0,)
    assert list(found.table["parameters"]) == [4, 6]
    assert found.to_frame()["p_value"].iloc[1] == found.test.p_value


def test_a_variance_by_a_mixture():
    d = trial()
    plain = models.cox("arm", d, **TIME)
    frail = models.cox("arm", d, cluster="worker", frailty="gamma", **TIME)
    found = models.compare(plain, frail)
    ratio = max(2 * (frail.loglik - plain.loglik), 0)
    assert found.mixture == (0.5, 0.5)
    expected = 0.5 * stats.chi2.sf(ratio, 1) if ratio > 0 else 1.0
    assert found.test.p_value == pytest.approx(expected)
    assert "0.5 chi-square(0) + 0.5 chi-square(1)" in found.reason


def test_a_variance_and_a_term_together():
    d = trial()
    plain = models.cox("arm", d, **TIME)
    frail = models.cox("arm + age", d, cluster="worker", frailty="gamma", **TIME)
    found = models.compare(plain, frail).test
    expected = (stats.chi2.sf(found.statistic, 1) + stats.chi2.sf(found.statistic, 2)) / 2
    assert found.p_value == pytest.approx(expected)


@pytest.mark.parametrize(("plain", "mixed"), [("least", "linear"), ("plain", "logistic")])
def test_clusters_against_none(plain, mixed):
    small, large = fits()[plain], fits()[mixed]
    found = models.compare(small, large)
    assert (found.test.df, found.mixture) == (1, (0.5, 0.5))
    assert found.test.statistic == pytest.approx(large.tests["variance"].statistic, abs=1e-6)
    assert found.test.p_value == pytest.approx(large.tests["variance"].p_value, rel=1e-4)


def test_a_term_of_the_excess_zeros():
    d = trial()
    none = models.zero_inflated_nb("days ~ arm", d, inference="model")
    more = models.zero_inflated_nb("days ~ arm", d, inflation="arm", inference="model")
    assert models.compare(none, more).test.df == 1


def test_residual_variances_are_at_no_bound():
    one, two = linear("score ~ arm", "reml"), linear("score ~ arm", "reml", residual_by="arm")
    found = models.compare(one, two)
    assert (found.test.df, found.mixture) == (1, (1.0,))


def test_models_that_do_not_hold_each_other_are_compared_without_a_test():
    found = models.compare(linear("score ~ arm + age"), linear("score ~ arm + centre"))
    assert found.test is None
    assert "only AIC and BIC" in found.reason
    assert np.isnan(found.to_frame()["p_value"]).all()


def test_a_term_that_separates_has_a_finite_ratio():
    d = trial()
    d = d.assign(event=np.where(d["arm"] == "peer", 1, d["event"]))
    small = models.mixed_logistic("event ~ age", d, cluster="worker")
    large = models.mixed_logistic("event ~ age + arm", d, cluster="worker")
    found = models.compare(small, large)
    assert np.isnan(large.effect("arm").estimate)
    assert np.isfinite(found.test.statistic)
    assert found.test.p_value < 1e-5


def _refused():
    d, full = trial(), linear("score ~ arm")
    yield full, linear("score ~ arm", frame=d.iloc[1:]), "not of the same rows"
    yield full, linear("age ~ arm"), "not of the same rows"
    yield full, linear("score ~ arm", frame=d.iloc[::-1]), "in the same order"
    yield full, linear("score ~ arm", "reml"), "fit both alike"
    yield linear("score ~ arm", "reml"), linear("score ~ arm + age", "reml"), "method='ml'"
    yield fits()["logistic"], fits()["risk"], "sandwich"
    yield models.cox("arm", d, cluster="worker", **TIME), fits()["cox"], "sandwich"
    yield fits()["poisson"], models.mixed_linear("count ~ arm", d, **NESTED), "distributed"
    yield full, 3, "takes two fits, not int"


@pytest.mark.parametrize("k", range(9))
def test_what_is_refused(k):
    first, second, said = list(_refused())[k]
    with pytest.raises(DesignError, match=said):
        models.compare(first, second)
    with pytest.raises(DesignError, match=said):
        models.compare(second, first)
