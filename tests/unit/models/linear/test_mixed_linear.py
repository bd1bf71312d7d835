"""What the linear model refuses, what it warns of, and what it hands over."""

import numpy as np
import pandas as pd
import pytest

from core_trial.errors import DesignError
from core_trial.models.clusters import clusters, indicator
from core_trial.models.design import build
from core_trial.models.linear.likelihood import likelihood
from core_trial.models.linear.mixed_linear import (
    fit_mixed_linear,
    mixed_linear,
    prepare_mixed_linear,
)
from core_trial.models.linear.search import maximise
from core_trial.models.linear.sufficient import summarise


@pytest.fixture
def trial() -> pd.DataFrame:
    """Forty participants, four workers in one arm."""
    rng = np.random.default_rng(11)
    arm = np.repeat([0, 1], 20)
    g = np.append(np.arange(20), 100 + np.repeat(np.arange(4), 5))
    y = arm + np.append(np.zeros(20), np.repeat(rng.normal(size=4), 5)) + rng.normal(size=40)
    frame = pd.DataFrame({"y": y, "arm": arm, "g": g})
    frame["group"] = pd.Categorical(np.where(arm == 1, "treated", "usual"), ["usual", "treated"])
    return frame


def fit(frame, formula="y ~ arm", **settings):
    return mixed_linear(formula, frame, cluster="g", **settings)


def test_everything_is_filled_in(trial):
    found = fit(trial, method="reml", df="kenward_roger", random="arm", residual_by="group")
    assert found.model == "mixed_linear"
    assert found.formula == "y ~ arm"
    assert "restricted" in found.method
    assert "Kenward-Roger" in found.method
    assert set(found.variance) == {"cluster", "residual[usual]", "residual[treated]"}
    assert set(found.quantities) == {"icc[treated]"}
    assert found.n == 40
    assert found.n_clusters == 24
    assert found.n_events is None
    assert list(found.random_effects.index) == [100, 101, 102, 103]
    assert found.fitted.shape == (40,)
    assert found.converged
    assert found.warnings == ()
    assert found.effect("arm").low < found.effect("arm").estimate < found.effect("arm").high


def test_fitted_means_hold_the_random_effects_where_they_enter(trial):
    found = fit(trial, random="arm")
    marginal = found.beta[0] + found.beta[1] * trial["arm"].to_numpy()
    effects = trial["g"].map(found.random_effects).fillna(0).to_numpy()
    np.testing.assert_allclose(found.fitted, marginal + effects, rtol=1e-10)


def test_a_factor_may_say_where_the_random_effect_is(trial):
    by_factor = fit(trial, "y ~ group", random="group", residual_by="group")
    by_number = fit(trial, random="arm", residual_by="arm")
    assert by_factor.effect("group").std_error == by_number.effect("arm").std_error
    assert by_factor.terms == ("Intercept", "group[treated]")


def test_prepared_designs_fit_as_the_formula_does(trial):
    settings = {"method": "reml", "df": "satterthwaite"}
    direct = fit(trial, random="arm", residual_by="group", **settings)
    model = prepare_mixed_linear(
        "y ~ arm", trial, cluster="g", random="arm", residual_by="group", **settings
    )
    arrays = fit_mixed_linear(
        build("y ~ arm", trial),
        clusters(trial, "g"),
        random=indicator(trial, "arm"),
        residual=clusters(trial, "group"),
        **settings,
    )
    doubled = model.fit(2 * trial["y"].to_numpy())
    for other, factor in ((model.fit(), 1), (arrays, 1), (doubled, 2)):
        np.testing.assert_allclose(other.beta, factor * direct.beta, rtol=1e-12)
        np.testing.assert_allclose(other.std_error, factor * direct.std_error, rtol=1e-9)
        np.testing.assert_allclose(other.df, direct.df, rtol=1e-8)


def test_confidence_sets_the_width_of_every_interval(trial):
    wide, narrow = fit(trial, confidence=0.99), fit(trial, confidence=0.5)
    for of in (lambda f: f.effect("arm"), lambda f: f.quantities["icc"]):
        assert of(wide).low <= of(narrow).low <= of(narrow).estimate
        assert of(wide).high > of(narrow).high > of(narrow).estimate


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "MLE"}, "method must be one of .ml., .reml., not .MLE."),
        ({"df": "t"}, "df must be one of .normal., .satterthwaite., .kenward_roger., not .t."),
        ({"df": "kenward_roger", "method": "ml"}, "method='reml'"),
        ({"confidence": 95}, "between 0 and 1"),
        ({"random": "nobody"}, "no column 'nobody'"),
        ({"random": "y"}, "must hold 0 and 1"),
        ({"random": "none"}, "0 everywhere"),
        ({"residual_by": "one"}, "one level"),
        ({"residual_by": "y"}, "40 residual variances are too many"),
        ({"residual_by": "alone"}, "residual level 1 has one row"),
        ({"formula": "arm"}, "names no outcome"),
        ({"formula": "flat ~ arm"}, "the same in every row"),
        ({"formula": "exact ~ arm"}, "explain the outcome exactly"),
        ({"formula": "tied ~ arm"}, "no residual spread within clusters"),
        ({"formula": "vast ~ arm"}, "too large to be squared"),
        ({"formula": "tiny ~ arm"}, "varies too little"),
        ({"formula": "y ~ 0"}, "no coefficients"),
    ],
)
def test_refusals_say_what_to_change(trial, settings, message):
    frame = trial.assign(
        one="only",
        none=0,
        alone=(np.arange(40) == 7).astype(int),
        flat=3.0,
        exact=2.0 * trial["arm"] + 1,
        tied=trial["g"] * 1.1,
        vast=trial["y"] * 1e200,
        tiny=trial["y"] * 1e-150,
    )
    with pytest.raises(DesignError, match=message):
        fit(frame, **settings)


def test_as_many_coefficients_as_rows(trial):
    with pytest.raises(DesignError, match="cannot carry"):
        fit(trial.iloc[[0, 20]])


def test_a_likelihood_without_maximum(trial):
    """Three pairs with a covariate that fits each pair's difference: only REML is bounded."""
    frame = pd.DataFrame(
        {
            "g": [1, 1, 2, 2, 3, 3],
            "y": [1.0, 2, 4, 3, 5, 9],
            "a": [0, 1, 0, 0, 0, 0],
            "b": [0, 0, 0, 1, 0, 0],
            "c": [0, 0, 0, 0, 0, 1],
        }
    )
    with pytest.raises(DesignError, match="no maximum"):
        fit(frame, "y ~ a + b + c", method="ml")


def test_singletons_leave_right_errors_and_no_cluster_variance(trial):
    found = fit(trial.assign(g=range(40)), method="reml", df="kenward_roger")
    assert np.isnan(found.variance["cluster"])
    assert np.isnan(found.quantities["icc"].estimate)
    assert np.isnan(found.tests["variance"].p_value)
    assert found.random_effects.isna().all()
    assert found.effect("arm").df == pytest.approx(38)
    pooled = trial.groupby("arm")["y"].var().mean()
    assert found.effect("arm").std_error == pytest.approx(np.sqrt(pooled / 10))
    assert "cannot be told apart" in found.warnings[0]


def test_one_cluster_leaves_the_contrasts_within_it(trial):
    found = fit(trial.assign(g=1), method="reml", df="kenward_roger")
    assert np.isnan(found.coefficients.loc["Intercept", "std_error"])
    assert np.isnan(found.coefficients.loc["Intercept", "df"])
    pooled = trial.groupby("arm")["y"].var().mean()
    assert found.effect("arm").std_error == pytest.approx(np.sqrt(pooled / 10))
    assert any("Intercept" in warning for warning in found.warnings)


def test_an_arm_that_is_one_cluster_has_no_error(trial):
    frame = trial.assign(g=np.where(trial["arm"] == 1, 100, trial["g"]))
    found = fit(frame, method="reml", random="arm")
    assert np.isnan(found.effect("arm").p_value)
    assert np.isfinite(found.coefficients.loc["Intercept", "std_error"])
    assert any("arm" in warning for warning in found.warnings)


def test_single_rows_in_the_clustered_arm_are_no_evidence_of_clustering(trial):
    rng = np.random.default_rng(1)
    y = rng.normal(size=40) * np.where(trial["arm"] == 1, 3, 1)
    found = fit(trial.assign(g=range(40), y=y), method="reml", random="arm")
    assert found.variance["cluster"] > 0
    assert np.isnan(found.quantities["icc"].estimate)
    assert len(found.warnings) == 1
    assert "not evidence of clustering" in found.warnings[0]


def test_a_maximum_away_from_zero_is_found_though_zero_is_one_too():
    """Five large clusters that do not differ and two pairs that do: the profile has two maxima."""
    frame = pd.DataFrame(
        {
            "g": np.concatenate([np.repeat(np.arange(5), 40), [5, 5, 6, 6]]),
            "y": np.concatenate([np.tile([-1.0, 1.0], 100), [3.5, 4.5, -4.5, -3.5]]),
        }
    )
    model = prepare_mixed_linear("y ~ 1", frame, cluster="g", method="reml")
    stats = summarise(model.layout, frame["y"].to_numpy())
    maximum = maximise(likelihood(model.layout, stats, "reml"))
    assert maximum.null.score[0] < -30  # from zero it goes downhill
    found = model.fit()
    assert found.variance["cluster"] > 3
    assert found.tests["variance"].statistic > 20


def test_wide_gaps_between_the_variances_keep_their_digits(trial):
    """Within clusters a millionth of what is between them: least squares alone loses all digits."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=40)
    g = np.repeat(np.arange(8), 5)
    small = rng.normal(size=40)
    frame = pd.DataFrame({"g": g, "x": x, "y": 1e5 * rng.normal(size=8)[g] + 2 * x + 0.1 * small})
    found = mixed_linear("y ~ x", frame, cluster="g", method="reml", df="satterthwaite")
    inside = pd.DataFrame({"x": x, "y": 2 * x + 0.1 * small})
    inside -= inside.groupby(g).transform("mean")
    slope = inside.x @ inside.y / (inside.x @ inside.x)
    assert found.effect("x").estimate == pytest.approx(slope, rel=1e-6)
    assert found.variance["residual"] == pytest.approx(
        ((inside.y - slope * inside.x) ** 2).sum() / 31, rel=1e-5
    )
    assert found.converged


def test_frequency_weights_are_rows_written_out(trial):
    often = trial.assign(often=np.random.default_rng(0).integers(0, 4, 40))
    settings = {"method": "reml", "df": "kenward_roger", "random": "arm"}
    weighted = fit(often, weights="often", **settings)
    written = fit(often.loc[often.index.repeat(often["often"])], **settings)
    np.testing.assert_array_equal(weighted.cov, written.cov)
    np.testing.assert_array_equal(weighted.df, written.df)
    assert weighted.n == often["often"].sum()


def test_an_offset_is_taken_from_the_outcome(trial):
    moved = trial.assign(before=np.linspace(0, 9, 40), gain=trial["y"] - np.linspace(0, 9, 40))
    settings = {"method": "reml", "df": "kenward_roger"}
    offset, gain = fit(moved, offset="before", **settings), fit(moved, "gain ~ arm", **settings)
    np.testing.assert_array_equal(offset.beta, gain.beta)
    np.testing.assert_array_equal(offset.cov, gain.cov)
    np.testing.assert_allclose(offset.fitted, gain.fitted + moved["before"])


def test_sampling_weights_are_refused_with_the_way_out(trial):
    with pytest.raises(DesignError, match="use linear_regression"):
        fit(trial.assign(w=1.5), weights="w", weight_type="sampling")
    with pytest.raises(DesignError, match="whole numbers"):
        fit(trial.assign(w=1.5), weights="w")
