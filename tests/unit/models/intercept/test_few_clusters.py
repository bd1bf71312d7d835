"""Mixed models with few clusters: degrees of freedom, the bootstrap, and implied means."""

import numpy as np
import pandas as pd
import pytest

from core_trial.errors import DesignError
from core_trial.models import mixed_logistic, mixed_poisson
from core_trial.models.intercept.cautions import about_means, leave_the_data


def partly_nested(workers, members, seed=1, sd=0.6):
    rng = np.random.default_rng(seed)
    n = workers * members
    arm = np.repeat([1, 0], n)
    worker = np.r_[np.repeat(np.arange(workers), members), workers + np.arange(n)]
    eta = -0.4 - 0.6 * arm + np.r_[rng.normal(0, sd, workers), np.zeros(n)][worker] * arm
    age = rng.normal(size=2 * n).round(1)
    event = rng.random(2 * n) < 1 / (1 + np.exp(-eta - 0.3 * age))
    return pd.DataFrame({"event": event * 1, "arm": arm, "worker": worker, "age": age})


@pytest.fixture(scope="module")
def frame():
    return partly_nested(8, 12)


def fit_of(frame, formula="event ~ arm", **settings):
    return mixed_logistic(formula, frame, cluster="worker", random="arm", **settings)


def test_between_within_degrees_of_freedom(frame):
    """Eight workers in one arm, one mean among them: seven; age differs within workers."""
    fit = fit_of(frame, "event ~ arm + age", inference="t")
    np.testing.assert_array_equal(fit.df, [7, 7, 192 - 3])
    both = frame.assign(worker=np.r_[np.repeat(np.arange(8), 12), 8 + np.repeat(np.arange(6), 16)])
    two = mixed_logistic("event ~ arm", both, cluster="worker", inference="t")
    np.testing.assert_array_equal(two.df, [12, 12])  # Li and Redden's K - 2


def test_independent_rows_are_judged_by_the_normal(frame):
    alone = frame.assign(worker=np.arange(len(frame)))
    fit = mixed_logistic("event ~ arm", alone, cluster="worker", inference="t")
    assert np.isinf(fit.df).all()


@pytest.mark.parametrize(("workers", "df"), [(19, 18), (20, np.inf)])
def test_t_is_the_default_below_twenty_clusters(workers, df):
    fit = fit_of(partly_nested(workers, 6))
    assert fit.df[1] == df
    told = [text for text in fit.warnings if "judged by t" in text]
    assert len(told) == (workers < 20)


def test_one_worker_leaves_no_degree_of_freedom():
    fit = mixed_logistic("event ~ arm", partly_nested(1, 30), cluster="worker")
    assert np.isnan(fit.effect("arm").p_value)
    assert any("one cluster with more than one member" in text for text in fit.warnings)


def test_bootstrap_p_value_and_interval_agree(frame):
    fit = fit_of(frame, inference="bootstrap", draws=199, seed=3)
    quantity, test = fit.quantities["arm (bootstrap)"], fit.tests["arm (bootstrap)"]
    assert next(iter(fit.quantities)) == "arm (bootstrap)"
    assert quantity.estimate == pytest.approx(fit.effect("arm").estimate)
    assert quantity.low < quantity.estimate < quantity.high
    assert (quantity.low > 1 or quantity.high < 1) == (test.p_value <= 0.05)
    assert quantity.p_value == test.p_value
    assert 0.2 < test.p_value / fit.effect("arm").p_value < 5


def test_the_interval_ends_where_the_likelihood_ratio_passes_the_quantile(frame):
    """At an end of the interval, taken as an offset, the ratio is the same on both sides."""
    fit = fit_of(frame, inference="bootstrap", draws=99, seed=3)
    quantity = fit.quantities["arm (bootstrap)"]

    def ratio(value):
        held = frame.assign(held=value * frame["arm"], one=0.0)
        return 2 * (fit.loglik - fit_of(held, "event ~ 1", offset="held").loglik)

    low, high = ratio(np.log(quantity.low)), ratio(np.log(quantity.high))
    assert low == pytest.approx(high, rel=1e-4)
    assert ratio(0.0) == pytest.approx(fit.tests["arm (bootstrap)"].statistic, rel=1e-6)


def test_the_bootstrap_does_not_depend_on_the_number_of_processes(frame):
    settings = {"inference": "bootstrap", "draws": 99, "seed": 5}
    one, two = (fit_of(frame, workers=workers, **settings) for workers in (1, 2))
    assert one.quantities["arm (bootstrap)"] == two.quantities["arm (bootstrap)"]
    other = fit_of(frame, **settings | {"seed": 6})
    assert other.quantities["arm (bootstrap)"] != one.quantities["arm (bootstrap)"]


def test_a_coefficient_may_be_named(frame):
    fit = fit_of(frame, "event ~ arm + age", inference="bootstrap", draws=99, term="age")
    assert "age (bootstrap)" in fit.tests


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"inference": "z"}, "inference must be one of 'normal', 't', 'bootstrap'"),
        ({"inference": "bootstrap", "draws": 98}, "needs 99 at least"),
        ({"inference": "bootstrap", "term": "sex"}, "is not in the model"),
    ],
)
def test_refusals(frame, settings, message):
    with pytest.raises(DesignError, match=message):
        fit_of(frame, **settings)


def test_a_bootstrap_without_an_estimate_is_refused(frame):
    with pytest.raises(DesignError, match="finite estimate"):
        fit_of(frame.assign(event=frame["event"] * frame["arm"]), inference="bootstrap")


def test_sampling_weights_are_refused_with_the_reason(frame):
    with pytest.raises(DesignError, match="no place in the likelihood of a random effect"):
        fit_of(frame.assign(w=1.0), weights="w", weight_type="sampling")


# Means that a mixed Poisson model implies.


def stays(seed=2, n=120):
    """Days in hospital: most have none, a few stay very long."""
    rng = np.random.default_rng(seed)
    days = np.where(rng.random(n) < 0.6, 0, np.ceil(rng.lognormal(2.5, 1.2, n)))
    arm = np.repeat([1, 0], n // 2)
    worker = np.where(arm == 1, np.arange(n) % 10, 100 + np.arange(n))
    return pd.DataFrame({"days": days, "arm": arm, "worker": worker})


def test_implied_means_by_hand_and_not_believed():
    frame = stays()
    fit = mixed_poisson("days ~ arm", frame, cluster="worker")
    implied = np.exp(fit.beta[0] + fit.variance["cluster"] / 2)
    found = fit.quantities["implied_mean[arm = 0]"].estimate
    assert found == pytest.approx(implied, rel=1e-9)
    seen = frame.groupby("arm")["days"].mean()
    assert fit.quantities["observed_mean[arm = 0]"].estimate == pytest.approx(seen[0])
    assert found > 2 * seen[0]
    assert not fit.converged
    assert any("do not use this fit; negative_binomial" in text for text in fit.warnings)


def test_a_model_that_describes_its_counts_is_believed():
    rng = np.random.default_rng(4)
    frame = stays()
    effect = rng.normal(0, 0.5, 300)[frame["worker"]]
    frame["days"] = rng.poisson(np.exp(1.5 - 0.3 * frame["arm"] + effect))
    fit = mixed_poisson("days ~ arm", frame, cluster="worker")
    assert fit.converged
    for arm in ("arm = 0", "arm = 1"):
        implied, seen = (fit.quantities[f"{k}_mean[{arm}]"] for k in ("implied", "observed"))
        assert implied.estimate == pytest.approx(seen.estimate, rel=0.2)


@pytest.mark.parametrize(("factor", "believed"), [(1.99, True), (2.01, False)])
def test_a_factor_of_two_is_the_limit(factor, believed):
    means = np.array([[5.0 * factor, 5.0], [5.0 / factor, 5.0], [1.0, 0.0]])
    assert leave_the_data(means).tolist() == [not believed, not believed, False]
    assert (about_means(means, ["a", "b", "c"]) == []) == believed
