import numpy as np
import pytest
from clustered import trial

from core_trial.errors import DesignError
from core_trial.models.clusters import clusters
from core_trial.models.design import build
from core_trial.models.intercept.mixed_poisson import (
    fit_mixed_poisson,
    mixed_poisson,
    prepare_mixed_poisson,
)


def fit_of(frame, formula="count ~ arm + centre", **settings):
    return mixed_poisson(formula, frame, cluster="cluster", **settings)


@pytest.fixture(scope="module")
def frame():
    return trial(7, n=120, workers=8, sd=0.7)


def test_what_a_fit_holds(frame):
    fit = fit_of(frame)
    assert fit.converged
    assert fit.scale == "log"
    assert fit.n_events == frame["count"].sum()
    assert fit.variance["cluster"] > 0
    assert "arm (25 nodes)" in fit.quantities
    mean = frame["count"].mean()
    variance = fit.variance["cluster"]
    icc = variance / (variance + np.log1p(1 / mean))
    assert fit.quantities["icc"].estimate == pytest.approx(icc, rel=1e-12)


def test_layers_agree(frame):
    fit = fit_of(frame, random="arm")
    arm = frame["arm"].to_numpy(dtype=float)
    design, members = build("count ~ arm + centre", frame), clusters(frame, "cluster")
    np.testing.assert_array_equal(fit_mixed_poisson(design, members, random=arm).beta, fit.beta)
    model = prepare_mixed_poisson("count ~ arm + centre", frame, cluster="cluster", random="arm")
    np.testing.assert_array_equal(model.fit().cov, fit.cov)


@pytest.mark.parametrize("value", [-1, 0.5])
def test_only_counts(frame, value):
    with pytest.raises(DesignError, match="must be a count"):
        fit_of(frame.assign(count=value))


def test_singletons_identify_an_excess_of_variance():
    rng = np.random.default_rng(3)
    frame = trial(7, n=200).assign(cluster=np.arange(200))
    frame["count"] = rng.poisson(np.exp(1 + rng.normal(size=200)))
    fit = fit_of(frame, "count ~ arm")
    assert fit.converged
    assert 0.6 < fit.variance["cluster"] < 1.5


def test_an_arm_without_events(frame):
    fit = fit_of(frame.assign(count=frame["count"] * (1 - frame["arm"])))
    assert fit.converged
    assert not fit.estimable[fit.position("arm")]
    assert np.isnan(fit.effect("arm").std_error)
    assert "arm (diverges to -infinity)" in fit.warnings[0]


def test_no_events(frame):
    fit = fit_of(frame.assign(count=0))
    assert not fit.converged
    assert np.isnan(fit.beta).all()
    assert np.isnan(fit.quantities["icc"].estimate)


def test_huge_counts_and_a_huge_variance():
    frame = trial(8, n=80, workers=6)
    rng = np.random.default_rng(1)
    effect = dict(zip(frame["cluster"].unique(), 3 * rng.normal(size=80), strict=False))
    frame["count"] = rng.poisson(np.exp(5 + frame["cluster"].map(effect)))
    fit = fit_of(frame, "count ~ arm", points=25)
    assert 1.5 < np.sqrt(fit.variance["cluster"]) < 6
    assert np.isfinite(fit.std_error).all()
