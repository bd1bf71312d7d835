"""Profile limits: where a search over everything else finds the likelihood low enough."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats
from tests.support.questions import fits, trial

from core_trial import models
from core_trial.errors import DesignError

#: Height of the profile at a limit, in units of the deviance (3.84).
HEIGHT = 1e-5
DROP = stats.chi2.ppf(0.95, 1)


@pytest.fixture(scope="module")
def small():
    d = trial()
    return {
        "linear": models.mixed_linear("score ~ arm + age", d, cluster="worker"),
        "logistic": models.mixed_logistic(
            "event ~ arm + age", d, cluster="worker", random="arm", points=15
        ),
        "poisson": models.mixed_poisson("count ~ arm + age", d, cluster="worker"),
        "cox": models.cox("arm + age", d, time="time", event="status"),
        "zeros": models.zero_inflated_nb("days ~ arm + age", d, inference="model"),
    }


def dense_loglik(d, offset, X, tau, sigma2):
    """Maximum likelihood of the coefficients of X with variances given, V written out."""
    same = np.equal.outer(d["worker"].to_numpy(), d["worker"].to_numpy())
    V = tau * same + sigma2 * np.eye(len(d))
    L = np.linalg.cholesky(V)
    A, r = np.linalg.solve(L, X), np.linalg.solve(L, d["score"] - offset)
    r = r - A @ np.linalg.lstsq(A, r)[0]
    return -0.5 * (len(d) * np.log(2 * np.pi) + 2 * np.log(np.diag(L)).sum() + r @ r)


def search(function, start):
    found = optimize.minimize(
        lambda t: -function(np.exp(t)),
        np.log(start),
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-9, "maxiter": 2000},
    )
    return -found.fun


def test_a_linear_coefficient(small):
    fit, d = small["linear"], trial()
    x, others = (d["arm"] == "peer").to_numpy(float), np.column_stack([np.ones(len(d)), d["age"]])
    found = fit.profile("arm")
    for limit in (found.low[0], found.high[0]):
        top = search(
            lambda v, b=limit: dense_loglik(d, b * x, others, *v), list(fit.variance.values())
        )
        assert 2 * (fit.loglik - top) == pytest.approx(DROP, abs=10 * HEIGHT)


def test_linear_variances(small):
    fit, d = small["linear"], trial()
    X = np.column_stack([np.ones(len(d)), d["arm"] == "peer", d["age"]]).astype(float)
    found = fit.profile(["cluster", "residual"])
    tau, sigma2 = fit.variance.values()
    high = search(lambda v: dense_loglik(d, 0.0, X, found.high[0], v[0]), [sigma2])
    assert 2 * (fit.loglik - high) == pytest.approx(DROP, abs=10 * HEIGHT)
    for limit in (found.low[1], found.high[1]):
        top = search(lambda v, s=limit: dense_loglik(d, 0.0, X, v[0], s), [tau])
        assert 2 * (fit.loglik - top) == pytest.approx(DROP, abs=10 * HEIGHT)


@pytest.mark.parametrize("name", ["logistic", "poisson"])
def test_a_coefficient_with_a_random_intercept(small, name):
    """The likelihood of the fit, searched in everything but the coefficient."""
    fit = small[name]
    found, k = fit.profile("arm"), fit.position("arm")
    profiler = fit.profiler
    full = profiler._full
    back = np.eye(len(fit.terms) + 1)
    back[:-1, :-1] = profiler.basis.back
    for limit in np.log([found.low[0], found.high[0]]):

        def lowered(free, b=limit):
            theta = np.append(np.insert(free[:-1], k, b), free[-1])
            value, gradient, _ = full.evaluate(np.linalg.solve(back, theta))
            return -value, -np.delete(np.linalg.solve(back.T, gradient), k)

        start = np.append(np.delete(fit.beta, k), np.sqrt(fit.variance["cluster"]) + 0.1)
        best = optimize.minimize(lowered, start, jac=True, method="BFGS", options={"gtol": 1e-6})
        constant = profiler.family.constant(profiler.y)
        assert 2 * (fit.loglik - constant + best.fun) == pytest.approx(DROP, abs=HEIGHT)


def test_a_hazard_ratio_and_a_count_against_a_search(small):
    for name in ("cox", "zeros"):
        fit = small[name]
        found = fit.profile("arm")
        loading, evaluate = fit.profiler.loadings["arm[peer]"], fit.profiler.evaluate
        null = np.linalg.svd(loading[None])[2][1:].T
        for limit in np.log([found.low[0], found.high[0]]):
            origin = loading * limit / (loading @ loading)

            def lowered(z, at=origin, evaluate=evaluate, null=null):
                value, gradient, _ = evaluate(at + null @ z)
                return -value, -null.T @ gradient

            start = null.T @ (fit.profiler.point - origin)
            best = optimize.minimize(
                lowered, start, jac=True, method="BFGS", options={"gtol": 1e-7}
            )
            assert 2 * (fit.profiler.top + best.fun) == pytest.approx(DROP, abs=HEIGHT)


def test_profiles_agree_with_wald_where_the_likelihood_is_quadratic():
    rng = np.random.default_rng(3)
    n = 6000
    d = pd.DataFrame({"x": rng.normal(size=n), "c": np.arange(n) // 3})
    d["y"] = (rng.random(n) < 1 / (1 + np.exp(-0.2 * d["x"]))).astype(int)
    fit = models.mixed_logistic("y ~ x", d, cluster="c")
    found, wald = fit.profile("x"), fit.effect("x")
    assert found.low[0] == pytest.approx(wald.low, rel=1e-3)
    assert found.high[0] == pytest.approx(wald.high, rel=1e-3)


def test_a_variance_at_its_bound_starts_at_zero():
    d = trial().assign(worker=np.arange(160) % 40)
    fit = models.mixed_linear("score ~ arm", d, cluster="worker", method="reml")
    assert fit.variance["cluster"] == 0
    found = fit.profile("cluster")
    assert found.estimate[0] == found.low[0] == 0
    assert fit.profiler.top - fit.profiler.held("cluster", found.high[0]) == pytest.approx(
        DROP / 2, abs=HEIGHT
    )


def test_the_lower_limit_of_a_variance_is_zero_just_where_its_test_says_so():
    """The likelihood ratio against zero, and the drop of the profile, are one number."""
    fit = fits()["poisson"]
    ratio = fit.tests["variance"].statistic
    below = stats.chi2.cdf(ratio * 0.999, 1)
    above = stats.chi2.cdf(ratio * 1.001, 1)
    assert fit.profile("cluster", confidence=below).low[0] > 0
    assert fit.profile("cluster", confidence=above).low[0] == 0


def test_everything_at_once():
    fit = fits()["linear"]
    found = fit.profile()
    assert found.names == (*fit.terms, "cluster", "residual")
    assert (found.low < found.estimate).all()
    assert (found.high > found.estimate).all()


@pytest.mark.parametrize(
    ("model", "name", "said"),
    [
        ("linear", "residul", "did you mean 'residual'"),
        ("reml", "age", "method='ml'"),
        ("risk", "age", "no likelihood to profile"),
        ("frailty", "arm", "frailty"),
        ("standardised", "arm", "standardised"),
    ],
)
def test_what_has_no_profile(model, name, said):
    with pytest.raises(DesignError, match=said):
        fits()[model].profile(name)


def test_a_sandwich_has_no_profile():
    fit = models.cox("arm", trial(), time="time", event="status", cluster="worker")
    with pytest.raises(DesignError, match="sandwich"):
        fit.profile("arm")
