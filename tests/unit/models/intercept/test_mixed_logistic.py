import pickle

import numpy as np
import pandas as pd
import pytest
from clustered import trial
from scipy import special, stats

from core_trial.errors import DesignError
from core_trial.models.clusters import clusters
from core_trial.models.design import build
from core_trial.models.intercept.mixed_logistic import (
    fit_mixed_logistic,
    mixed_logistic,
    prepare_mixed_logistic,
)

FORMULA = "event ~ arm + centre"


def fit_of(frame, formula=FORMULA, **settings):
    return mixed_logistic(formula, frame, cluster="cluster", **{"inference": "normal"} | settings)


def logistic(X, y):
    """Plain logistic regression by Newton's method: coefficients, covariance, log-likelihood."""
    beta = np.zeros(X.shape[1])
    for _ in range(50):
        p = special.expit(X @ beta)
        information = (X * (p * (1 - p))[:, None]).T @ X
        beta = beta + np.linalg.solve(information, X.T @ (y - p))
    log = special.log_expit(np.where(y == 1, 1, -1) * (X @ beta)).sum()
    return beta, np.linalg.inv(information), log


@pytest.fixture(scope="module")
def frame():
    return trial(5, n=120, workers=8, sd=1.0)


@pytest.fixture(scope="module")
def fit(frame):
    return fit_of(frame)


def test_what_a_fit_holds(fit, frame):
    assert fit.converged
    assert [text[:40] for text in fit.warnings] == ["8 clusters with more than one member at "]
    assert fit.terms == ("Intercept", "arm", "centre[B]", "centre[C]")
    assert (fit.n, fit.n_events) == (120, int(frame["event"].sum()))
    assert fit.n_clusters == frame["cluster"].nunique()
    assert fit.scale == "logit"
    assert np.isinf(fit.df).all()
    assert "7-point adaptive Gauss-Hermite" in fit.method
    assert fit.formula == FORMULA


def test_random_effects_are_modes(fit, frame):
    residual = pd.Series(frame["event"].to_numpy() - fit.fitted).groupby(frame["cluster"]).sum()
    # the mode u of a cluster solves: variance * sum of its residuals = u
    expected = fit.variance["cluster"] * residual
    pd.testing.assert_series_equal(
        fit.random_effects, expected, check_names=False, check_index_type=False, rtol=1e-8
    )


def test_test_of_the_variance_uses_half_a_chi_square(fit, frame):
    design = build(FORMULA, frame)
    null = logistic(design.X, design.y)[2]
    test = fit.tests["variance"]
    assert test.statistic == pytest.approx(2 * (fit.loglik - null), rel=1e-9)
    assert test.p_value == pytest.approx(0.5 * stats.chi2.sf(test.statistic, 1), rel=1e-9)


def test_icc_is_the_share_on_the_latent_scale(fit):
    sd, icc = fit.quantities["sd"], fit.quantities["icc"]
    assert sd.estimate**2 == pytest.approx(fit.variance["cluster"])
    for side in ("estimate", "low", "high"):
        value = getattr(sd, side)
        share = value**2 / (value**2 + np.pi**2 / 3)
        assert getattr(icc, side) == pytest.approx(share, rel=1e-12)
    assert 0 < icc.low < icc.estimate < icc.high < 1


def test_every_fit_knows_its_25_node_answer(fit, frame):
    more = fit_of(frame, points=25)
    for k, term in enumerate(fit.terms):
        quantity = fit.quantities[f"{term} (25 nodes)"]
        assert quantity.estimate == pytest.approx(more.beta[k], abs=1e-5 * more.std_error[k])
        assert quantity.std_error == pytest.approx(more.std_error[k], rel=1e-4)
    assert fit.quantities["sd (25 nodes)"].estimate == pytest.approx(
        more.quantities["sd"].estimate, rel=1e-5
    )
    assert "arm (51 nodes)" in more.quantities


def test_too_few_nodes_are_said():
    frame = trial(14, n=150, workers=15, sd=3.0)
    few, many = fit_of(frame, points=1), fit_of(frame, points=51)
    assert any("25 nodes instead of 1, " in text for text in few.warnings)
    assert few.quantities["sd (25 nodes)"].estimate == pytest.approx(
        many.quantities["sd"].estimate, rel=0.01
    )


def test_two_layers_give_the_same(fit, frame):
    lower = fit_mixed_logistic(build(FORMULA, frame), clusters(frame, "cluster"))
    again = prepare_mixed_logistic(FORMULA, frame, cluster="cluster").fit()
    for other in (lower, again):
        np.testing.assert_array_equal(other.beta, fit.beta)
        np.testing.assert_array_equal(other.cov, fit.cov)


def test_a_prepared_model_takes_other_responses(frame):
    other = frame.assign(event=1 - frame["event"])
    model = prepare_mixed_logistic(FORMULA, frame, cluster="cluster")
    flipped = model.fit(other["event"].to_numpy(dtype=float))
    np.testing.assert_allclose(flipped.beta, -model.fit().beta, rtol=1e-8)


def test_a_prepared_model_can_be_sent_elsewhere(frame, fit):
    model = prepare_mixed_logistic(FORMULA, frame, cluster="cluster")
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).fit().beta, fit.beta)


def test_partial_nesting_by_number_and_by_factor(frame):
    named = frame.assign(group=pd.Categorical.from_codes(frame["arm"], ["control", "intervention"]))
    by_number = fit_of(named, random="arm")
    by_factor = fit_of(named, random="group")
    np.testing.assert_array_equal(by_number.beta, by_factor.beta)
    assert "in the clusters with arm = 1" in by_number.method
    assert by_number.variance["cluster"] != fit_of(named).variance["cluster"]
    inside = set(frame.loc[frame["arm"] == 1, "cluster"])
    assert set(by_number.random_effects.index) == inside


def test_confidence(frame, fit):
    narrow = fit_of(frame, confidence=0.5)
    ratio = (narrow.inference.high - narrow.beta) / (fit.inference.high - fit.beta)
    np.testing.assert_allclose(ratio, stats.norm.ppf(0.75) / stats.norm.ppf(0.975))
    assert narrow.quantities["icc"].low > fit.quantities["icc"].low


@pytest.mark.parametrize(
    ("change", "settings", "message"),
    [
        ({"event": 2}, {}, "must be 0 or 1"),
        ({"event": 0.5}, {}, "must be 0 or 1"),
        ({}, {"points": 0}, "points must be"),
        ({}, {"points": 52}, "points must be"),
        ({}, {"confidence": 1.0}, "confidence"),
        ({}, {"random": "centre"}, "two levels"),
        ({}, {"random": "nowhere"}, "no column 'nowhere'"),
        ({"cluster": "all"}, {"random": "arm"}, "rows with the random effect and rows without"),
        ({"cluster": None}, {}, "missing"),
    ],
)
def test_refusals(frame, change, settings, message):
    with pytest.raises(DesignError, match=message):
        fit_of(frame.assign(**change), **settings)


def test_no_outcome_and_no_column(frame):
    with pytest.raises(DesignError, match="names no outcome"):
        fit_of(frame, "arm + centre")
    with pytest.raises(DesignError, match="neither covariate nor intercept"):
        fit_of(frame, "event ~ 0")


def test_zero_variance_is_plain_logistic_regression():
    frame = trial(6, n=120, workers=10, sd=0.0)
    fit, design = fit_of(frame), build(FORMULA, frame)
    beta, cov, log = logistic(design.X, design.y)
    assert fit.variance["cluster"] == 0
    np.testing.assert_allclose(fit.beta, beta, rtol=1e-9)
    np.testing.assert_allclose(fit.cov, cov, rtol=1e-8)
    assert fit.loglik == pytest.approx(log, rel=1e-12)
    assert fit.converged
    assert any("bound, zero" in text for text in fit.warnings)
    assert fit.tests["variance"].p_value == 1
    assert fit.quantities["icc"].estimate == 0
    assert (fit.random_effects == 0).all()
    assert fit.quantities["arm (25 nodes)"].estimate == fit.beta[1]


@pytest.mark.parametrize("random", ["1", "arm"])
def test_only_singletons_do_not_identify_the_variance(frame, random):
    alone = frame.assign(cluster=np.arange(len(frame)))
    fit, design = fit_of(alone, random=random), build(FORMULA, alone)
    np.testing.assert_allclose(fit.beta, logistic(design.X, design.y)[0], rtol=1e-9)
    assert np.isnan(fit.variance["cluster"])
    assert np.isnan(fit.tests["variance"].p_value)
    assert any("not identified" in text for text in fit.warnings)


def test_one_cluster_does_not_identify_the_variance(frame):
    fit = fit_of(frame.assign(cluster="all"))
    assert np.isnan(fit.variance["cluster"])
    assert any("not identified" in text for text in fit.warnings)


@pytest.mark.parametrize("value", [0, 1])
def test_constant_outcome(frame, value):
    fit = fit_of(frame.assign(event=value))
    assert not fit.converged
    assert np.isnan(fit.beta).all()
    assert np.isnan(fit.std_error).all()
    assert fit.loglik == 0
    assert (fit.fitted == value).all()
    assert "no coefficient has a finite estimate" in fit.warnings[0]


def test_arm_without_events(frame):
    fit = fit_of(frame.assign(event=frame["event"] * (1 - frame["arm"])))
    assert fit.converged
    assert not fit.estimable[fit.position("arm")]
    assert np.isnan(fit.effect("arm").estimate)
    assert np.isnan(fit.effect("arm").std_error)
    assert np.isfinite(fit.beta[fit.position("centre[B]")])
    assert "arm (diverges to -infinity)" in fit.warnings[0]


def test_centre_without_events_leaves_the_arm_right(frame):
    none = frame.assign(event=frame["event"].where(frame["centre"] != "B", 0))
    fit = fit_of(none)
    rest = fit_of(none[none["centre"] != "B"])
    for term in ("Intercept", "arm", "centre[C]"):
        i, j = fit.position(term), rest.position(term)
        assert fit.beta[i] == pytest.approx(rest.beta[j], rel=1e-8)
        assert fit.std_error[i] == pytest.approx(rest.std_error[j], rel=1e-8)
    assert fit.converged
    assert np.isnan(fit.std_error[fit.position("centre[B]")])
    assert "centre[B] (diverges to -infinity)" in fit.warnings[0]
    assert fit.loglik == pytest.approx(rest.loglik, rel=1e-12)
    assert (fit.fitted[none["centre"] == "B"] == 0).all()
    assert len(fit.random_effects) == fit.n_clusters


def test_clusters_of_one_mind_have_no_finite_variance():
    frame = pd.DataFrame({"cluster": np.repeat(np.arange(30), 8)})
    frame["event"] = frame["cluster"] % 2
    fit = fit_of(frame, "event ~ 1")
    assert not fit.converged
    assert any("without bound" in text for text in fit.warnings)


def test_six_rows():
    frame = pd.DataFrame(
        {
            "event": [1, 0, 0, 1, 0, 1],
            "arm": [0, 0, 0, 1, 1, 1],
            "cluster": ["a", "b", "c", "d", "d", "e"],
        }
    )
    fit = fit_of(frame, "event ~ arm")
    assert fit.effect("arm").estimate == pytest.approx(4, rel=1e-6)  # (2 / 1) / (1 / 2)
    assert fit.warnings


def test_collinear_columns_are_refused(frame):
    with pytest.raises(DesignError, match="follows from"):
        fit_of(frame.assign(twice=2 * frame["arm"]), "event ~ arm + twice")


def test_covariates_in_any_units(fit, frame):
    years = frame.assign(age=1e6 + 1e3 * frame["age"])
    plain, shifted = (fit_of(f, "event ~ arm + age") for f in (frame, years))
    assert shifted.effect("arm").estimate == pytest.approx(plain.effect("arm").estimate, rel=1e-7)
    assert shifted.beta[2] == pytest.approx(plain.beta[2] / 1e3, rel=1e-6)


def test_hardly_any_variance_has_a_wide_but_finite_interval():
    # found by search: a standard deviation of 0.01 with an error of 1.8, so that the upper limit
    # of the standard deviation is beyond what can be squared
    frame = trial(1_439_339_003, n=60, both=True)
    twice = pd.concat([frame, frame.assign(cluster=frame["cluster"] + "copy")])
    fits = [fit_of(f, "event ~ arm + age") for f in (frame, twice)]
    assert all(0 <= fit.quantities["icc"].high <= 1 for fit in fits)


def test_clusters_that_all_but_separate_the_outcomes_are_not_believed():
    """Ten clusters of thirty, each of one mind but for two dissenters in all."""
    cluster = np.repeat(np.arange(10), 30)
    readmitted = (cluster % 3 == 0).astype(float)
    readmitted[[40, 200]] = 1 - readmitted[[40, 200]]
    frame = pd.DataFrame({"readmitted": readmitted, "arm": cluster % 2, "worker": cluster})
    fit = mixed_logistic("readmitted ~ arm", frame, cluster="worker")
    assert not fit.converged
    assert any("all but separate" in warning for warning in fit.warnings)
