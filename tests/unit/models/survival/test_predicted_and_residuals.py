"""Weights, predicted survival, residuals and curves: what must hold, and what is refused."""

import copy
import pickle

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from core_trial import models
from core_trial.errors import DesignError

TIMES = {"time": "time", "event": "event"}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def people(seed: int = 0, n: int = 80) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    time = np.ceil(rng.exponential(10, n))
    return pd.DataFrame(
        {
            "time": np.minimum(time, 20),
            "event": (time <= 20).astype(int),
            "arm": np.where(np.arange(n) % 2, "new", "old"),
            "x": rng.normal(size=n),
            "s": np.array(list("ab"))[rng.integers(0, 2, n)],
            "g": rng.integers(0, 30, n),
            "often": rng.integers(0, 4, n),
            "w": rng.uniform(0.2, 3, n),
        },
        index=[f"P{i}" for i in range(n)],
    )


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_frequency_weights_are_rows_that_occur_several_times(ties):
    frame = people()
    laid_out = frame.loc[frame.index.repeat(frame["often"])]
    settings = {**TIMES, "ties": ties, "strata": "s"}
    one = models.cox("arm + x", frame, **settings, weights="often")
    other = models.cox("arm + x", laid_out, **settings)
    np.testing.assert_array_equal(one.beta, other.beta)
    np.testing.assert_array_equal(one.cov, other.cov)
    assert one.n == frame["often"].sum()
    km, same = (models.kaplan_meier(f, **TIMES, weights=w)[""].survival
                for f, w in ((frame, "often"), (laid_out, None)))  # fmt: skip
    np.testing.assert_array_equal(km, same)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_sampling_weights_have_no_unit_and_equal_ones_are_none(ties):
    frame = people().assign(v=lambda f: 7 * f["w"], one=3.0)
    settings = {**TIMES, "ties": ties, "weight_type": "sampling", "cluster": "g",
                "inference": "sandwich"}  # fmt: skip
    by_w, by_v, equal = (
        models.cox("arm + x", frame, **settings, weights=name) for name in ("w", "v", "one")
    )
    np.testing.assert_allclose(by_w.beta, by_v.beta, rtol=1e-8)
    np.testing.assert_allclose(by_w.cov, by_v.cov, rtol=1e-8)
    plain = models.cox("arm + x", frame, **TIMES, ties=ties, cluster="g", inference="sandwich")
    np.testing.assert_allclose(equal.beta, plain.beta, rtol=1e-9)
    np.testing.assert_allclose(equal.cov, plain.cov, rtol=1e-9)


def test_sampling_weights_come_with_robust_errors():
    fit = models.cox("x", people(), **TIMES, weights="w", weight_type="sampling")
    assert "robust sandwich" in fit.method


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": "w"}, "choose weight_type='sampling'"),
        ({"weights": "often", "weight_type": "sampling"}, "must hold positive numbers"),
        ({"weights": "w", "weight_type": "analytic"}, "one of 'frequency', 'sampling'"),
        ({"weights": "w", "weight_type": "sampling", "inference": "model"}, "not the estimates'"),
        ({"weights": "w", "weight_type": "sampling", "cluster": "g", "frailty": "gamma"},
         "do not carry over"),
        ({"cluster": "g", "frailty": "gamma", "inference": "sandwich"}, "without frailty"),
        ({"frailty": "gamma"}, "needs a cluster"),
        ({"cluster": "g", "inference": "model"}, "rows as independent"),
        ({"inference": "bootstrap"}, "inference must be one of"),
        ({"strata": ["s", 3]}, "column's name"),
        ({"strata": 3}, "column's name"),
        ({"strata": "t"}, "no column 't'"),
        ({"offset": "arm"}, "must be numeric"),
    ],
)  # fmt: skip
def test_what_theory_does_not_carry_is_refused(options, message):
    with pytest.raises(DesignError, match=message):
        models.cox("x", people(), **TIMES, **options)


def test_an_offset_is_a_coefficient_that_is_known():
    frame = people().assign(known=lambda f: 0.7 * f["x"])
    free = models.cox("arm + x", frame, **TIMES)
    held = models.cox("arm", frame, **TIMES, offset="known")
    moved = models.cox("arm + x", frame, **TIMES, offset="known")
    assert moved.effect("x").estimate == pytest.approx(free.effect("x").estimate / np.exp(0.7))
    assert moved.loglik == pytest.approx(free.loglik)
    assert held.loglik < free.loglik
    curve = models.survival_curve(held, frame.loc[["P0", "P1"]])
    base = models.baseline_hazard(held)["cumulative_hazard"].to_numpy()
    eta = 0.7 * frame.loc["P1", "x"]  # in the reference arm
    np.testing.assert_allclose(curve["P1"].cumulative_hazard, base * np.exp(eta))
    with pytest.raises(DesignError, match="no column 'known'"):
        models.survival_curve(held, frame[["arm"]])


@pytest.mark.parametrize("strata", [None, "s"])
@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_expected_events_are_the_baseline_times_the_covariates(ties, strata):
    frame = people()
    fit = models.cox("arm + x", frame, **TIMES, ties=ties, strata=strata)
    residual = models.cox_residuals(fit)
    assert residual.sum() == pytest.approx(0, abs=1e-9)
    np.testing.assert_array_equal(residual.index, frame.index)
    if ties == "efron":
        return  # a tied event counts for less than its time at risk
    curves = models.survival_curve(fit, frame)
    for label, row in frame.iterrows():
        expected = np.append(0, curves[label].cumulative_hazard)[
            np.searchsorted(curves[label].time, row["time"], side="right")
        ]
        assert residual[label] == pytest.approx(row["event"] - expected, abs=1e-9)


def test_score_residuals_add_up_to_the_score_and_dfbetas_to_nothing():
    fit = models.cox("arm + x", people(), **TIMES, ties="efron")
    for kind in ("score", "dfbeta", "schoenfeld"):
        found = models.cox_residuals(fit, kind)
        np.testing.assert_allclose(found[list(fit.terms)].sum(), 0, atol=1e-7)
    scaled = models.cox_residuals(fit, "scaled_schoenfeld")
    np.testing.assert_allclose(scaled[list(fit.terms)].mean(), fit.beta, rtol=1e-6)
    assert (np.diff(scaled["time"]) >= 0).all()
    deviance = models.cox_residuals(fit, "deviance")
    assert np.isfinite(deviance).all()


def test_dfbeta_is_what_leaving_out_a_row_changes_nearly():
    frame = people(n=300)
    fit = models.cox("x", frame, **TIMES)
    dfbeta = models.cox_residuals(fit, "dfbeta")["x"]
    for label in ("P3", "P7", "P20"):
        without = models.cox("x", frame.drop(index=label), **TIMES)
        assert dfbeta[label] == pytest.approx(fit.beta[0] - without.beta[0], abs=2e-3)


def test_predicted_curves_fall_within_their_limits():
    fit = models.cox("x", people(), **TIMES)
    curve = models.survival_curve(fit, pd.DataFrame({"x": [0.0]}), confidence=0.9)[0]
    wider = models.survival_curve(fit, pd.DataFrame({"x": [0.0]}))[0]
    assert curve.survival_at([0]).iloc[0].tolist() == [1, 1, 1]
    assert (np.diff(curve.survival) < 0).all()
    assert ((wider.low < curve.low) & (curve.low < curve.survival)).all()
    assert ((wider.high > curve.high) & (curve.high > curve.survival)).all()


def test_predictions_that_cannot_be_made_are_refused():
    frame = people()
    fit = models.cox("arm + x", frame, **TIMES, strata=("s",))
    new = pd.DataFrame({"arm": ["old"], "x": [0.0], "s": ["a"]})
    assert len(models.survival_curve(fit, new).to_frame()) > 5
    for change, message in (
        ({"arm": "other"}, "did not see; its levels are new, old"),
        ({"s": "c"}, "no such stratum; its strata are a; b"),
    ):
        with pytest.raises(DesignError, match=message):
            models.survival_curve(fit, new.assign(**change))
    with pytest.raises(DesignError, match="labels that differ"):
        models.survival_curve(fit, pd.concat([new, new]))
    with pytest.raises(DesignError, match="no interval with a frailty"):
        models.survival_curve(models.cox("x", frame, **TIMES, cluster="g", frailty="gamma"), new)
    with pytest.raises(DesignError, match="kind must be one of 'martingale'"):
        models.cox_residuals(fit, "pearson")
    with pytest.raises(DesignError, match=r"fit of cox\(...\)"):
        models.cox_residuals(models.mixed_linear("x ~ arm", frame, cluster="g"))
    with pytest.raises(DesignError, match="not for str"):
        models.cox_residuals("cox")
    with pytest.raises(DesignError, match="rho must be a number"):
        models.log_rank(frame, **TIMES, by="arm", rho="peto")
    none = models.cox("x", frame.assign(event=0), **TIMES)
    with pytest.raises(DesignError, match="there is no event"):
        models.baseline_hazard(none)


def test_strata_of_several_columns_are_named_by_them():
    frame = people().assign(t=lambda f: np.where(f["x"] > 0, 1, 0))
    fit = models.cox("arm", frame, **TIMES, strata=("s", "t"))
    assert set(models.baseline_hazard(fit)["stratum"]) == {
        "s = a, t = 0", "s = a, t = 1", "s = b, t = 0", "s = b, t = 1",
    }  # fmt: skip
    one = models.cox("arm", frame.assign(both=frame["s"] + frame["t"].astype(str)), **TIMES,
                     strata="both")  # fmt: skip
    np.testing.assert_array_equal(one.beta, fit.beta)


def test_risk_sets_travel_with_the_fit():
    fit = models.cox("arm + x", people(), **TIMES)
    again = pickle.loads(pickle.dumps(fit))
    pd.testing.assert_series_equal(models.cox_residuals(again), models.cox_residuals(fit))
    np.testing.assert_array_equal(again.residuals("deviance"), fit.residuals("deviance"))
    again = copy.deepcopy(fit)
    pd.testing.assert_frame_equal(models.baseline_hazard(again), models.baseline_hazard(fit))
    with pytest.raises(AttributeError):
        fit.design.X = np.zeros(1)


def test_curves_are_drawn_with_the_numbers_at_risk():
    curves = models.kaplan_meier(people(), **TIMES, by="arm")
    _, given = plt.subplots()
    axes = curves.plot(given, at_risk=[0, 10], censored=True)
    assert axes is given
    texts = [text.get_text() for text in axes.texts]
    expected = [str(n) for c in curves.values() for n in c.at_risk_at([0, 10])]
    assert [t for t in texts if t.isdigit()] == expected
    assert [t for t in texts if not t.isdigit()] == ["new", "old"]
    assert axes.get_legend().get_title().get_text() == "arm"
    single = models.kaplan_meier(people(), **TIMES).plot(limits=False)
    assert single.get_legend() is None
    assert not single.collections
