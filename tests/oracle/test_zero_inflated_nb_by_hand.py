"""Zero-inflated counts: what algebra gives, densities by SciPy, derivatives by differences."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special, stats

from core_trial.errors import DesignError
from core_trial.models import design as designs
from core_trial.models.counts.likelihood import (
    NO_DISPERSION,
    dispersion_score,
    evaluate,
    log_likelihood,
    scores,
)
from core_trial.models.counts.search import MANY, prepare
from core_trial.models.counts.zero_inflated_nb import zero_inflated_nb
from core_trial.models.numerics import rising
from core_trial.models.numerics.rising import tally


def made_up(seed=0, n=120, alpha=0.8) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    arm, x = np.arange(n) % 2, rng.normal(size=n).round(2)
    mu = np.exp(1.5 - 0.4 * arm + 0.3 * x)
    counts = rng.poisson(mu * rng.gamma(1 / alpha, alpha, n))
    days = np.where(rng.random(n) < special.expit(0.5 * x - 0.5), 0, counts)
    return pd.DataFrame({"days": days, "arm": arm, "x": x, "g": rng.integers(0, 30, n)})


def by_density(frame, mean, inflated, alpha):
    """Log-likelihood from SciPy's negative binomial."""
    y = frame["days"].to_numpy()
    p = 1 / (1 + alpha * mean)
    density = stats.nbinom.pmf(y, 1 / alpha, p)
    return np.log(np.where(y == 0, inflated, 0) + (1 - inflated) * density).sum()


def parts(frame, formula="days ~ arm + x", inflation="x"):
    count, excess = designs.build(formula, frame), designs.build(inflation, frame)
    return count, excess, prepare(count, excess)


@pytest.mark.parametrize("log_alpha", [-3.0, 0.0, 1.5])
def test_likelihood_is_that_of_the_densities(log_alpha):
    frame = made_up()
    count, excess, model = parts(frame)
    beta, gamma = np.array([1.2, -0.3, 0.2]), np.array([-0.4, 0.7])
    at = np.linalg.solve(model.back, np.concatenate([beta, gamma, [log_alpha]]))
    expected = by_density(
        frame, np.exp(count.X @ beta), special.expit(excess.X @ gamma), np.exp(log_alpha)
    )
    assert log_likelihood(model.data, at) == pytest.approx(expected, rel=1e-12)
    y = frame["days"][frame["days"] > 0].to_numpy(dtype=float)
    left_out = (special.gammaln(y + 1) - y * np.log(y) + y).sum()
    assert evaluate(model.data, at)[0] - left_out == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("highest", [50, 5_000, 500_000])
@pytest.mark.parametrize("alpha", [1.0, 0.5])
def test_likelihood_of_large_counts_keeps_its_digits(highest, alpha):
    """With alpha 1 and 1/2 the negative binomial is (1 - q) q^y and (1 + y) (1 - q)^2 q^y."""
    rng = np.random.default_rng(highest)
    frame = made_up().assign(days=rng.integers(0, highest, len(made_up())))
    count, excess, model = parts(frame)
    beta, gamma = np.array([np.log(highest / 2), -0.3, 0.2]), np.array([-0.4, 0.7])
    at = np.linalg.solve(model.back, np.concatenate([beta, gamma, [np.log(alpha)]]))
    y, mean = frame["days"].to_numpy(), np.exp(count.X @ beta)
    pi = special.expit(excess.X @ gamma)
    lead = -np.log1p(alpha * mean) / alpha
    counts = lead - y * np.log1p(1 / (alpha * mean)) + (alpha < 1) * np.log1p(y)
    row = np.where(y == 0, np.log(pi + (1 - pi) * np.exp(lead)), np.log1p(-pi) + counts)
    assert log_likelihood(model.data, at) == pytest.approx(math.fsum(row), rel=1e-13)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("times", [100, 10_000])
def test_counts_in_a_smaller_unit_are_fitted_as_well(seed, times):
    frame = made_up(seed)
    frame["days"] *= times
    fit = zero_inflated_nb("days ~ arm + x", frame, cluster="g")
    assert fit.converged
    _, _, model = parts(frame, inflation="1")
    _, gradient, _ = evaluate(model.data, np.linalg.solve(model.back, fit.beta))
    assert np.abs(gradient).max() < 1e-4


@pytest.mark.parametrize("log_alpha", [-12.0, -3.0, 0.0, 3.0])
def test_derivatives_by_differences(log_alpha):
    _, _, model = parts(made_up(1))
    at = np.append(np.random.default_rng(2).normal(size=5) * 0.4 + [1, 0, 0, -0.5, 0], log_alpha)
    _, gradient, information = evaluate(model.data, at)
    h = 1e-5
    for k, step in enumerate(h * np.eye(6)):
        ahead, behind = evaluate(model.data, at + step), evaluate(model.data, at - step)
        assert gradient[k] == pytest.approx((ahead[0] - behind[0]) / (2 * h), rel=1e-6, abs=1e-6)
        np.testing.assert_allclose(
            -information[k], (ahead[1] - behind[1]) / (2 * h), rtol=1e-6, atol=1e-6
        )
    by_row = scores(model.data, at)
    np.testing.assert_allclose(model.data.weight @ by_row, gradient, rtol=1e-10)


def test_far_out_nothing_overflows():
    _, _, model = parts(made_up(1))
    for far in (np.full(6, 300.0), np.full(6, -300.0), np.array([900.0, 0, 0, 0, 0, 500])):
        value, gradient, information = evaluate(model.data, far)
        assert not np.isnan(value)
        assert not np.isnan(gradient).any()
        assert not np.isnan(information).any()


def test_slope_at_no_dispersion_by_differences():
    _, _, model = parts(made_up(3))
    at = np.array([1.4, -0.2, 0.1, -0.5, 0.2, NO_DISPERSION])
    alpha = 1e-7
    near = np.append(at[:-1], np.log(alpha))
    rise = evaluate(model.data, near)[0] - evaluate(model.data, at)[0]
    assert dispersion_score(model.data, at) == pytest.approx(rise / alpha, rel=1e-4)


def exact_rising(y, alpha):
    j = range(1, y)
    share = [alpha * k / (1 + alpha * k) for k in j]
    return (
        math.fsum(math.log1p(alpha * k) for k in j),
        math.fsum(share),
        math.fsum(s * (1 - s) for s in share),
    )


@pytest.mark.parametrize("alpha", [1e-290, 1e-12, 1e-6, 5e-5, 2e-4, 1e-2, 1.0, 50.0])
@pytest.mark.parametrize("table", [rising.TABLE, 0])
def test_sums_over_the_counts_by_addition(alpha, table, monkeypatch):
    """One by one, by gamma functions and by Euler-Maclaurin."""
    monkeypatch.setattr(rising, "TABLE", table)
    counts = np.array([1, 2, 2, 7, 365, 5_000])
    found, index = tally(counts, np.array([1.0, 2, 1, 1, 1, 1]))
    single = np.array([exact_rising(int(y), alpha) for y in counts])
    expected = np.array([1.0, 2, 1, 1, 1, 1]) @ single
    # Gamma functions of 1 / alpha lose digits; and Euler-Maclaurin's are those of the counts.
    rtol, atol = (1e-12, 0) if table else (1e-7, 1e-11)
    np.testing.assert_allclose(found.total(alpha), expected, rtol=rtol, atol=atol)
    np.testing.assert_allclose(found.slopes(alpha)[index], single[:, 1], rtol=rtol, atol=atol)
    np.testing.assert_allclose(
        found.values_at(np.array([alpha])), expected[0], rtol=rtol, atol=atol
    )


def test_saturated_inflation_returns_the_zeros_of_each_arm():
    """With a probability of inflation per arm, expected zeros are the observed ones exactly."""
    fit = zero_inflated_nb("days ~ arm", made_up(4), inflation="arm")
    assert fit.quantities["zeros_expected"].estimate == pytest.approx(
        fit.quantities["zeros_observed"].estimate, rel=1e-9
    )
    assert fit.converged


def test_limit_without_dispersion_by_hand():
    """Counts of 2, 3 and 4 spread less than Poisson: alpha is 0, and mu/(1 - e^-mu) their mean 3.

    Half of the rows are zero, so pi + (1 - pi) e^-mu = 1/2.
    """
    frame = pd.DataFrame({"days": [2, 3, 4, 3, 0, 0, 0, 0] * 3})
    fit = zero_inflated_nb("days ~ 1", frame)
    mu = optimize.brentq(lambda m: m / -np.expm1(-m) - 3, 1, 5, xtol=1e-14)
    pi = (0.5 - np.exp(-mu)) / -np.expm1(-mu)
    assert np.exp(fit.effect("Intercept").estimate) == pytest.approx(np.exp(mu), rel=1e-9)
    assert special.expit(fit.beta[1]) == pytest.approx(pi, rel=1e-9)
    assert fit.dispersion == 0
    assert np.isnan(fit.beta[2])
    assert fit.converged
    density = np.log(np.where(frame.days == 0, 0.5, (1 - pi) * stats.poisson.pmf(frame.days, mu)))
    assert fit.loglik == pytest.approx(density.sum(), rel=1e-12)
    assert len(fit.warnings) == 1
    assert "zero-inflated Poisson limit" in fit.warnings[0]


def test_limit_without_inflation_is_the_negative_binomial():
    """No zeros at all: the maximum over mean and dispersion by a general optimiser."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"days": rng.negative_binomial(1.5, 0.1, 200) + 1})
    fit = zero_inflated_nb("days ~ 1", frame)

    def minus(v):
        return -by_density(frame, np.exp(v[0]), 0.0, np.exp(v[1]))

    best = optimize.minimize(minus, [2.5, 0.0], method="BFGS", options={"gtol": 1e-9})
    np.testing.assert_allclose(fit.beta[[0, 2]], best.x, rtol=1e-6)
    assert fit.loglik == pytest.approx(-best.fun, abs=1e-8)
    assert np.isnan(fit.beta[1])
    assert fit.warnings == (
        "no more zeros than the counts account for: the limit without inflation, a plain negative "
        "binomial model",
    )


def test_robust_error_of_every_row_by_numeric_scores():
    frame = made_up(6)
    fit = zero_inflated_nb("days ~ arm", frame, cluster="g", small_sample=False)

    def rows(v):
        y, mean = frame["days"].to_numpy(), np.exp(v[0] + v[1] * frame["arm"].to_numpy())
        alpha, inflated = np.exp(v[3]), special.expit(v[2])
        density = stats.nbinom.pmf(y, 1 / alpha, 1 / (1 + alpha * mean))
        return np.log((y == 0) * inflated + (1 - inflated) * density)

    steps = 1e-4 * np.eye(4)
    slopes = np.array([(rows(fit.beta + e) - rows(fit.beta - e)) / 2e-4 for e in steps]).T
    hessian = np.array(
        [
            [
                (rows(fit.beta + e + f) - rows(fit.beta + e - f)).sum()
                - (rows(fit.beta - e + f) - rows(fit.beta - e - f)).sum()
                for e in steps
            ]
            for f in steps
        ]
    ) / (4 * 1e-8)
    bread = np.linalg.inv(-hessian)
    groups = np.array([slopes[frame["g"] == g].sum(axis=0) for g in frame["g"].unique()])
    expected = np.sqrt(np.diagonal(bread @ groups.T @ groups @ bread))
    np.testing.assert_allclose(fit.std_error, expected, rtol=1e-5)


def test_ratio_of_overall_means_is_the_counts_ratio_when_inflation_is_constant():
    fit = zero_inflated_nb("days ~ arm + x", made_up(7), cluster="g")
    ratio, arm = fit.quantities["mean_ratio:arm"], fit.effect("arm")
    for name in ("estimate", "low", "high", "p_value"):
        assert getattr(ratio, name) == pytest.approx(getattr(arm, name), rel=1e-9)
    assert "mean_ratio:x" not in fit.quantities


def test_ratio_of_overall_means_by_its_definition():
    frame = made_up(8)
    fit = zero_inflated_nb("days ~ arm + x", frame, inflation="arm", cluster="g")
    b = dict(zip(fit.terms, fit.beta, strict=True))

    def mean(arm):
        mu = np.exp(b["Intercept"] + b["arm"] * arm + b["x"] * frame["x"])
        return ((1 - special.expit(b["inflate:Intercept"] + b["inflate:arm"] * arm)) * mu).mean()

    assert fit.quantities["mean_ratio:arm"].estimate == pytest.approx(mean(1) / mean(0), rel=1e-12)
    arm = frame["arm"]
    mu = np.exp(b["Intercept"] + b["arm"] * arm + b["x"] * frame["x"])
    pi = special.expit(b["inflate:Intercept"] + b["inflate:arm"] * arm)
    np.testing.assert_allclose(fit.fitted, (1 - pi) * mu, rtol=1e-12)
    product = zero_inflated_nb("days ~ arm*x", frame)
    assert not any(name.startswith("mean_ratio") for name in product.quantities)


def test_merging_identical_rows_changes_nothing():
    frame = made_up(9, n=MANY // 20)
    many = pd.concat([frame] * 20, ignore_index=True)
    assert len(many) >= MANY
    settings = {"inflation": "arm", "inference": "model"}
    one = zero_inflated_nb("days ~ arm", frame, **settings)
    all_ = zero_inflated_nb("days ~ arm", many, **settings)
    np.testing.assert_allclose((all_.beta - one.beta) / one.std_error, 0, atol=1e-7)
    np.testing.assert_allclose(all_.std_error * np.sqrt(20), one.std_error, rtol=1e-7)
    assert all_.loglik == pytest.approx(20 * one.loglik, rel=1e-11)
    by_row = zero_inflated_nb("days ~ arm", many, small_sample=False)
    again = zero_inflated_nb("days ~ arm", frame, small_sample=False)
    np.testing.assert_allclose(by_row.std_error * np.sqrt(20), again.std_error, rtol=1e-7)


def test_an_arm_with_zeros_only_is_said():
    frame = made_up(10)
    frame.loc[frame.arm == 1, "days"] = 0
    fit = zero_inflated_nb("days ~ arm", frame)
    assert np.isnan(fit.effect("arm").estimate)
    assert fit.converged
    assert not fit.estimable[fit.position("arm")]
    assert any("arm (diverges to -infinity)" in text for text in fit.warnings)
    rest = zero_inflated_nb("days ~ 1", frame[frame.arm == 0])
    assert fit.beta[0] == pytest.approx(rest.beta[0], rel=1e-6)
    assert fit.dispersion == pytest.approx(rest.dispersion, rel=1e-6)


@pytest.mark.parametrize(
    ("days", "message"),
    [
        ([0.5, 1, 2, 3], "whole numbers"),
        ([-1, 1, 2, 3], "whole numbers"),
        ([0, 0, 0, 0], "zeros only"),
        ([1e300, 1, 2, 3], "2\\^53"),
        ([np.nan, 1, 2, 3], "1 missing value"),
    ],
)
def test_impossible_counts_are_refused(days, message):
    with pytest.raises(DesignError, match=message):
        zero_inflated_nb("days ~ 1", pd.DataFrame({"days": days}))


def test_other_refusals():
    with pytest.raises(DesignError, match="names no count"):
        zero_inflated_nb("arm", made_up())
    with pytest.raises(DesignError, match="covariates alone"):
        zero_inflated_nb("days ~ arm", made_up(), inflation="days ~ arm")
    with pytest.raises(DesignError, match="inference must be"):
        zero_inflated_nb("days ~ arm", made_up(), inference="hc3")
    with pytest.raises(DesignError, match="covariate or an intercept"):
        zero_inflated_nb("days ~ 0", made_up())
    with pytest.raises(DesignError, match="between 0 and 1"):
        zero_inflated_nb("days ~ arm", made_up(), confidence=0)
