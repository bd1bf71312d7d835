"""Adjusted means, predictions and residuals, worked out row by row."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special, stats
from tests.support.questions import fits, trial

from core_trial import models
from core_trial.errors import DesignError

#: Of the numerical integration and of differences.
CLOSE = 1e-7
SLOPE = 1e-5


def rows(**columns):
    return pd.DataFrame(columns)


def test_means_are_averages_of_predictions():
    fit = fits()["linear"]
    found = fit.means("arm").to_frame()
    age = trial()["age"].mean()
    for arm, mean in zip(found["arm"], found["estimate"], strict=True):
        cells = [(s, c) for s, c in product("FM", "ABC")]
        grid = rows(arm=arm, sex=[s for s, _ in cells], centre=[c for _, c in cells], age=age)
        assert mean == pytest.approx(fit.predict(grid)["estimate"].mean())


def test_weights_of_the_sample():
    fit = fits()["linear"]
    d = trial()
    found = fit.means("arm", weights="sample").estimate
    for arm, mean in zip(("control", "peer"), found, strict=True):
        everybody = d.assign(arm=arm, age=d["age"].mean())
        assert mean == pytest.approx(fit.predict(everybody)["estimate"].mean())


def test_averages_over_the_random_effect():
    fit = fits()["logistic"]
    sd = np.sqrt(fit.variance["cluster"])
    one = trial().iloc[[1]]  # in the arm with workers
    assert one["arm"].iloc[0] == "peer"
    eta = float(fit.predict(one, scale="link")["estimate"].iloc[0])
    mean, _ = integrate.quad(
        lambda b: special.expit(eta + sd * b) * stats.norm.pdf(b), -9, 9, epsabs=1e-12
    )
    found = fit.predict(one, over="marginal")["estimate"].iloc[0]
    assert found == pytest.approx(mean, rel=CLOSE)
    other = trial().iloc[[0]]  # where there are none, both are the same
    both = [
        fit.predict(other, over=over)["estimate"].iloc[0] for over in ("conditional", "marginal")
    ]
    assert both[0] == pytest.approx(both[1], rel=CLOSE)


def test_averages_of_counts_have_a_closed_form():
    fit = fits()["poisson"]
    one = trial().iloc[[1]]
    both = [fit.predict(one, over=over)["estimate"].iloc[0] for over in ("conditional", "marginal")]
    assert both[1] == pytest.approx(both[0] * np.exp(fit.variance["cluster"] / 2), rel=CLOSE)


@pytest.mark.parametrize("name", ["logistic", "poisson"])
def test_the_error_of_an_average_is_the_delta_methods(name):
    from core_trial.models.questions import averages

    fit = fits()[name]
    frame = trial().iloc[[1]]
    X, inside = averages.matrix(fit, frame), np.ones(1)
    theta, cov = averages.parameters(fit)
    _, gradient = averages.row_means(fit, X, None, inside)

    def mean(at):
        sd = at[-1]
        eta = float((X @ at[:-1])[0])
        link = special.expit if name == "logistic" else np.exp
        weight = lambda b: link(eta + sd * b) * stats.norm.pdf(b)  # noqa: E731
        return integrate.quad(weight, -12, 12, epsabs=1e-13)[0]

    step = 1e-4 * np.eye(len(theta))
    numeric = [(mean(theta + h) - mean(theta - h)) / 2e-4 for h in step]
    np.testing.assert_allclose(gradient[0], numeric, rtol=SLOPE, atol=1e-7)
    shown = fit.predict(frame, over="marginal", interval="confidence").iloc[0]
    assert shown["std_error"] == pytest.approx(np.sqrt(numeric @ cov @ numeric), rel=SLOPE)
    assert shown["low"] < shown["estimate"] < shown["high"]


def test_means_with_excess_zeros():
    fit = fits()["zeros"]
    d = trial()
    np.testing.assert_allclose(fit.predict(d)["estimate"], fit.fitted, rtol=1e-10)
    found = fit.means("arm").estimate
    grid = [
        fit.predict(rows(arm=[arm] * 2, sex=["F", "M"]))["estimate"].mean()
        for arm in ("control", "peer")
    ]
    np.testing.assert_allclose(found, grid)


def test_a_hazard_is_relative_to_the_reference_levels_and_zero():
    fit = fits()["cox"]
    zero = rows(arm=["control", "peer"], sex="F", centre="A", age=0.0)
    found = fit.predict(zero)["estimate"]
    np.testing.assert_allclose(found, [1.0, np.exp(fit.beta[fit.position("arm[peer]")])])
    effects = fit.means("arm", by="sex").differences()
    by_hand = fit.contrast(["arm[peer]", "arm[peer] + arm[peer]:sex[M]"])
    np.testing.assert_allclose(effects.estimate, by_hand.estimate)
    assert "relative hazard" in repr(fit.means("arm"))


def test_fitted_means_are_predictions_of_their_own_rows():
    for name in ("risk", "least", "plain"):
        fit = fits()[name]
        np.testing.assert_allclose(fit.predict(trial())["estimate"], fit.fitted, rtol=1e-8)
    assert list(fit.predict(trial().iloc[5:8]).index) == [5, 6, 7]


def test_subgroups_are_contrasts_and_one_test():
    fit = fits()["logistic"]
    found = fit.subgroups("arm", "sex")
    by_hand = fit.contrast(["arm[peer]", "arm[peer] + arm[peer]:sex[M]"])
    np.testing.assert_allclose(found.effects.estimate, by_hand.estimate)
    np.testing.assert_allclose(found.effects.low, by_hand.low)
    assert str(found.interaction) == str(fit.test("arm:sex")).replace(
        "arm:sex: no effect", "no interaction"
    )
    assert found.interaction.p_value == fit.test("arm:sex").p_value
    assert found.effects.names == ("peer / control | F", "peer / control | M")
    assert set(found.to_frame()["p_interaction"]) == {found.interaction.p_value}
    with pytest.raises(DesignError, match=r"fit it with arm\*centre"):
        fit.subgroups("arm", "centre")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"variable": "arms"}, "did you mean 'arm'"),
        ({"variable": "age"}, "is a number with many values"),
        ({"variable": "arm", "by": "arm"}, "stands twice"),
        ({"variable": "arm", "weights": "n"}, "weights must be"),
        ({"variable": "arm", "over": "all"}, "over must be"),
        ({"variable": "arm", "at": {"sex": "X"}}, "has no level 'X'"),
        ({"variable": "arm", "at": {"sexx": "X"}}, "did you mean 'sex'"),
    ],
)
def test_what_means_refuse(asked, said):
    asked = dict(asked)
    with pytest.raises(DesignError, match=said):
        fits()["logistic"].means(asked.pop("variable"), **asked)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"scale": "log"}, "scale must be"), ({"interval": "prediction"}, "new observation")],
)
def test_what_predictions_refuse(options, said):
    with pytest.raises(DesignError, match=said):
        fits()["logistic"].predict(trial(), **options)


def test_what_separates_cannot_be_predicted_but_differences_stand():
    d = trial()
    d = d.assign(event=np.where(d["centre"] == "C", 0, d["event"]))
    fit = models.mixed_logistic("event ~ arm + centre", d, cluster="worker", random="arm")
    with pytest.raises(DesignError, match=r"centre\[C\]: no finite estimate"):
        fit.predict(d)
    assert len(fit.predict(d[d["centre"] != "C"])) == (d["centre"] != "C").sum()
    means = fit.means("arm")
    assert np.isnan(means.estimate).all()
    assert "no finite estimate for control; peer" in means.warnings[-1]
    assert means.differences().estimate[0] == pytest.approx(fit.effect("arm").estimate)
    with pytest.raises(DesignError, match="no finite estimate"):
        fit.means("arm", over="marginal")


def test_the_random_effect_in_an_arm_that_the_formula_does_not_name():
    d = trial().assign(treated=(trial()["arm"] == "peer").astype(int))
    fit = models.mixed_logistic("event ~ treated", d, cluster="worker", random="arm")
    with pytest.raises(DesignError, match="name the arm alike"):
        fit.means("treated", over="marginal")
    both = models.mixed_logistic("event ~ treated", d, cluster="worker", random="treated")
    assert len(both.means("treated", over="marginal").estimate) == 2


def test_residuals_by_hand():
    fit, y = fits()["logistic"], trial()["event"]
    p = fit.fitted
    np.testing.assert_allclose(fit.residuals(), y - p)
    np.testing.assert_allclose(fit.residuals("pearson"), (y - p) / np.sqrt(p * (1 - p)))
    deviance = np.where(y == 1, np.sqrt(-2 * np.log(p)), -np.sqrt(-2 * np.log(1 - p)))
    np.testing.assert_allclose(fit.residuals("deviance"), deviance)
    fit, y = fits()["poisson"], trial()["count"]
    m = fit.fitted
    np.testing.assert_allclose(fit.residuals("pearson"), (y - m) / np.sqrt(m))
    square = 2 * (special.xlogy(y, y / m) - (y - m))
    np.testing.assert_allclose(fit.residuals("deviance"), np.sign(y - m) * np.sqrt(square))
    fit = fits()["reml"]
    peer = (trial()["arm"] == "peer").to_numpy()
    scale = np.where(peer, fit.variance["residual[peer]"], fit.variance["residual[control]"])
    np.testing.assert_allclose(fit.residuals("pearson"), fit.residuals() / np.sqrt(scale))


def test_residuals_that_there_are_not():
    with pytest.raises(DesignError, match="did you mean 'pearson'"):
        fits()["logistic"].residuals("person")
    with pytest.raises(DesignError, match="has no residuals of its rows"):
        fits()["standardised"].residuals()
