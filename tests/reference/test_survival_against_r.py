"""Late entry, weights, strata, residuals, curves, competing and recurrent events, against R.

``make_survival.R`` took the data from R's survival package and made the fits.
"""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core_trial import models
from core_trial.models.survival.subdistribution import (
    derivatives_at,
    row_scores,
    subdistribution,
    sums_at,
)

DATA = Path(__file__).parent / "data"
TIES = ("breslow", "efron")
#: Relative to a standard error, or to the number: both searches end by Newton steps.
ESTIMATE, STD_ERROR = 1e-7, 1e-7
#: Sums in another order.
ROUNDING = 1e-9


@cache
def read(name: str) -> tuple[pd.DataFrame, dict]:
    path = DATA / f"surv_{name}.csv"
    return pd.read_csv(path), json.loads(path.with_suffix(".json").read_text())


def numbers(values) -> np.ndarray:
    return np.atleast_1d(np.array(values, dtype=float))


def check(fit, r, error="se"):
    coef, se = numbers(r["coef"]), numbers(r[error])
    np.testing.assert_allclose((fit.beta - coef) / se, 0, atol=ESTIMATE)
    np.testing.assert_allclose(fit.std_error, se, rtol=STD_ERROR)


HEART = {"time": "stop", "event": "event", "entry": "start"}
SANDWICH = {"inference": "sandwich", "small_sample": False}


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize(
    ("name", "formula", "options"),
    [
        ("plain", "age + surgery + transplant", {}),
        ("clustered", "age + surgery + transplant", {"cluster": "id", **SANDWICH}),
        ("strata", "age + transplant", {"strata": "surgery"}),
        ("offset", "surgery + transplant", {"offset": "known"}),
        ("sampling", "age + surgery + transplant",
         {"weights": "w", "weight_type": "sampling", "cluster": "id", **SANDWICH}),
        ("frequency", "age + surgery + transplant", {"weights": "often"}),
    ],
)  # fmt: skip
def test_start_stop_rows(ties, name, formula, options):
    frame, fits = read("heart")
    frame = frame.assign(known=0.03 * frame["age"])
    fit = models.cox(formula, frame, **HEART, ties=ties, **options)
    check(fit, fits[name][ties])
    if name != "sampling":  # where weights are scaled to a mean of one
        assert fit.loglik == pytest.approx(fits[name][ties]["loglik"], rel=ROUNDING)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("transform", ["identity", "km"])
def test_proportional_hazards_of_start_stop_rows(ties, transform):
    frame, fits = read("heart")
    formula = "age + surgery + transplant"
    found = models.proportional_hazards(formula, frame, **HEART, ties=ties, transform=transform)
    statistics = [t.statistic for t in found.tests.values()]
    np.testing.assert_allclose(statistics, fits["zph"][ties][transform], rtol=1e-6)


@pytest.mark.parametrize("ties", TIES)
def test_several_strata(ties):
    frame, fits = read("lung")
    times = {"time": "time", "event": "dead", "ties": ties}
    check(models.cox("age + loss", frame, **times, strata=("sex", "ecog")), fits["strata2"][ties])
    frame, fits = read("veteran")
    times = {"time": "time", "event": "status", "ties": ties}
    fit = models.cox("trt + karno", frame, **times, strata=("celltype", "prior"))
    check(fit, fits["strata"][ties])


@pytest.mark.parametrize("ties", TIES)
def test_entry_on_the_scale_of_age(ties):
    frame, fits = read("mgus2")
    fit = models.cox("sex + hgb", frame, time="stop", event="death", entry="start", ties=ties)
    check(fit, fits["entry"][ties])


@pytest.mark.parametrize("ties", TIES)
def test_the_jackknife_over_clusters(ties):
    """R's loop refits without each institution in turn."""
    frame, fits = read("lung")
    formula, times = "age + sex + ecog", {"time": "time", "event": "dead", "ties": ties}
    fit = models.cox(formula, frame, **times, cluster="inst", inference="jackknife")
    np.testing.assert_allclose(fit.cov, fits["jackknife"][ties], rtol=1e-6, atol=1e-12)
    quick = models.cox(formula, frame, **times, cluster="inst", inference="one-step")
    np.testing.assert_allclose(quick.std_error, fit.std_error, rtol=2e-2)


@pytest.mark.parametrize("ties", TIES)
def test_recurrent_events(ties):
    frame, fits = read("cgd")
    times = {"time": "tstop", "event": "status", "entry": "tstart", "ties": ties}
    for cluster, name in (("id", "lwyy"), ("center", "by_center")):
        fit = models.cox("treat + age + steroids", frame, **times, cluster=cluster, **SANDWICH)
        check(fit, fits[name][ties])
    frame, fits = read("bladder")
    times = {"time": "stop", "event": "event", "entry": "start", "ties": ties}
    for strata, name in ((None, "lwyy"), ("enum", "pwp")):
        fit = models.cox(
            "rx + number + size", frame, **times, strata=strata, cluster="id", **SANDWICH
        )
        check(fit, fits[name][ties])


def at_events(r: dict, times) -> np.ndarray:
    """Where R's curve, which has a row for each censoring too, has these times."""
    return np.searchsorted(numbers(r["time"]), times)


def check_curve(curve, r):
    at = at_events(r, curve.time)
    np.testing.assert_allclose(curve.cumulative_hazard, numbers(r["cumhaz"])[at], rtol=ESTIMATE)
    np.testing.assert_allclose(curve.survival, numbers(r["surv"])[at], rtol=ESTIMATE)
    np.testing.assert_allclose(curve.std_error, numbers(r["se"])[at], rtol=STD_ERROR)
    np.testing.assert_allclose(curve.low, numbers(r["low"])[at], rtol=STD_ERROR)
    np.testing.assert_allclose(curve.high, numbers(r["high"])[at], rtol=STD_ERROR)


@pytest.mark.parametrize("interval", ["log", "log-log", "plain"])
@pytest.mark.parametrize("ties", TIES)
def test_predicted_survival(ties, interval):
    frame, fits = read("lung")
    fit = models.cox("age + sex + ecog", frame, time="time", event="dead", ties=ties)
    new = pd.DataFrame({"age": [50, 70], "sex": [1, 2], "ecog": [0, 2]})
    curves = models.survival_curve(fit, new, interval=interval)
    for row in (0, 1):
        check_curve(curves[row], fits["survival"][ties][interval][row])
    base, r = models.baseline_hazard(fit), fits["baseline"][ties]
    at = at_events(r, base["time"])
    np.testing.assert_allclose(
        base["cumulative_hazard"], numbers(r["hazard"])[at], rtol=ESTIMATE * 10
    )


@pytest.mark.parametrize("ties", TIES)
def test_predicted_survival_in_a_stratum(ties):
    frame, fits = read("lung")
    fit = models.cox("age + ecog", frame, time="time", event="dead", ties=ties, strata="sex")
    curves = models.survival_curve(fit, pd.DataFrame({"age": [60], "ecog": [1], "sex": [2]}))
    check_curve(curves[0], fits["stratum_survival"][ties])
    for kind in ("martingale", "deviance", "score"):
        found = models.cox_residuals(fit, kind)
        r = numbers(fits["stratum_residuals"][ties][kind])
        np.testing.assert_allclose(found, r, atol=1e-7)


@pytest.mark.parametrize("ties", TIES)
def test_predicted_survival_of_start_stop_rows(ties):
    frame, fits = read("heart")
    fit = models.cox("age + surgery + transplant", frame, **HEART, ties=ties)
    new = pd.DataFrame({"age": [-5, 10], "surgery": [0, 1], "transplant": [1, 0]})
    curves = models.survival_curve(fit, new)
    for row in (0, 1):
        check_curve(curves[row], fits["survival"][ties][row])
    fit = models.cox(
        "age + surgery + transplant", frame, **HEART, ties=ties, weights="w", weight_type="sampling"
    )
    base, r = models.baseline_hazard(fit), fits["weighted_survival"][ties]
    factor = np.exp(new.iloc[0].to_numpy() @ fit.beta)
    cumulative = base["cumulative_hazard"] * factor
    np.testing.assert_allclose(cumulative, numbers(r["cumhaz"])[at_events(r, base["time"])])


@pytest.mark.parametrize("ties", TIES)
def test_residuals(ties):
    frame, fits = read("heart")
    formula = "age + surgery + transplant"
    shuffled = frame.sample(frac=1, random_state=1)
    fit = models.cox(formula, shuffled, **HEART, ties=ties)
    r = fits["residuals"][ties]
    for kind in ("martingale", "deviance", "score", "dfbeta"):
        found = models.cox_residuals(fit, kind).loc[frame.index]
        np.testing.assert_allclose(found, numbers(r[kind]), rtol=1e-6, atol=1e-8)
    plain = models.cox(formula, frame, **HEART, ties=ties)
    found = models.cox_residuals(plain, "schoenfeld")
    r_rows = numbers(r["schoenfeld"])
    single = ~found["time"].duplicated(keep=False).to_numpy()  # the order within ties is free
    np.testing.assert_allclose(found[list(fit.terms)][single], r_rows[single], atol=1e-8)
    np.testing.assert_allclose(found[list(fit.terms)].sum(), r_rows.sum(axis=0), atol=1e-8)
    weighted = models.cox(formula, frame, **HEART, ties=ties, weights="w", weight_type="sampling")
    score = models.cox_residuals(weighted, "score").mul(frame["w"], axis=0)
    np.testing.assert_allclose(score, numbers(r["weighted_score"]), rtol=1e-6, atol=1e-7)
    found = models.cox_residuals(weighted, "martingale")
    np.testing.assert_allclose(found, numbers(r["weighted_martingale"]), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    ("name", "by", "options", "result"),
    [
        ("lung", "sex", {}, "sex"),
        ("lung", "ecog", {}, "ecog"),
        ("lung", "sex", {"strata": "ecog"}, "stratified"),
        ("lung", "sex", {"rho": 1}, "peto"),
        ("veteran", "celltype", {}, None),
        ("veteran", "trt", {"strata": "celltype"}, "stratified"),
    ],
)
def test_log_rank(name, by, options, result):
    frame, fits = read(name)
    r = fits["log_rank"] if name == "lung" else fits
    r = r[result or "log_rank"]
    event = "dead" if name == "lung" else "status"
    found = models.log_rank(frame, time="time", event=event, by=by, **options)
    assert found.test.statistic == pytest.approx(r["chisq"], rel=ROUNDING)
    np.testing.assert_allclose(list(found.observed.values()), r["observed"], rtol=ROUNDING)
    np.testing.assert_allclose(list(found.expected.values()), r["expected"], rtol=ROUNDING)
    np.testing.assert_allclose(found.covariance, r["var"], rtol=1e-8, atol=1e-10)


def test_log_rank_with_late_entry():
    """R has none for late entry, but a Cox model's score test, which differs under ties only."""
    frame, fits = read("mgus2")
    found = models.log_rank(frame, time="stop", event="death", entry="start", by="sex")
    assert found.test.statistic == pytest.approx(fits["entry_log_rank"], rel=2e-2)


@pytest.mark.parametrize("sex", [0, 1])
def test_kaplan_meier_with_late_entry(sex):
    frame, fits = read("mgus2")
    curves = models.kaplan_meier(frame, time="stop", event="death", entry="start", by="sex")
    curve, r = curves[str(sex)], fits["entry_km"][sex]
    at = at_events(r, curve.time)
    np.testing.assert_array_equal(curve.at_risk, numbers(r["at_risk"])[at])
    np.testing.assert_allclose(curve.survival, numbers(r["surv"])[at], rtol=ROUNDING)
    alive = curve.survival > 0
    relative = curve.std_error[alive] / curve.survival[alive]
    np.testing.assert_allclose(relative, numbers(r["se"])[at][alive], rtol=ROUNDING)
    begun = alive & (curve.survival < 1)
    np.testing.assert_allclose(curve.low[begun], numbers(r["low"])[at][begun], rtol=ROUNDING)
    np.testing.assert_allclose(curve.high[begun], numbers(r["high"])[at][begun], rtol=ROUNDING)


def test_the_jackknife_of_restricted_means():
    frame, fits = read("lung")
    settings = {"time": "time", "event": "dead", "by": "sex", "limit": 400}
    found = models.restricted_mean(frame, **settings, cluster="inst", inference="jackknife")
    cov = numbers(fits["rmean_jackknife"])
    errors = [mean.std_error for mean in found.means.values()]
    np.testing.assert_allclose(errors, np.sqrt(np.diagonal(cov)), rtol=ROUNDING)
    difference = cov[0, 0] + cov[1, 1] - 2 * cov[0, 1]
    assert found.differences["2"].std_error == pytest.approx(np.sqrt(difference), rel=ROUNDING)


@pytest.mark.parametrize("sex", [0, 1])
def test_cumulative_incidence(sex):
    frame, fits = read("mgus2")
    found = models.cumulative_incidence(frame, time="time", event="cause", by="sex")[str(sex)]
    r = fits["aj"][sex]
    at = at_events(r, found["1"].time)
    for k, cause in enumerate(("1", "2")):
        np.testing.assert_allclose(
            found[cause].incidence, numbers(r["pstate"])[at, k], rtol=ROUNDING, atol=1e-14
        )
        np.testing.assert_allclose(
            found[cause].std_error, numbers(r["se"])[at, k], rtol=ROUNDING, atol=1e-14
        )


def test_cumulative_incidence_is_that_of_cmprsk():
    """Its variance is Aalen's, which differs a little where few are left at risk."""
    frame, fits = read("mgus2")
    found = models.cumulative_incidence(frame, time="time", event="cause", by="sex")
    groups = [("0", "1"), ("1", "1"), ("0", "2"), ("1", "2")]
    for (sex, cause), r in zip(groups, fits["cuminc"], strict=True):
        values = found[sex][cause].at(fits["at"])
        np.testing.assert_allclose(values["incidence"], r["est"], rtol=ROUNDING)
        np.testing.assert_allclose(values["std_error"], np.sqrt(r["var"]), rtol=0.04)


@pytest.mark.parametrize(
    ("result", "options"),
    [
        ("gray", {"time": "time", "by": "sex"}),
        ("gray_strata", {"time": "time", "by": "sex", "strata": "quarter"}),
        ("gray_three", {"time": "years", "by": "third"}),
        ("gray_three_strata", {"time": "years", "by": "third", "strata": "sex"}),
    ],
)
def test_gray(result, options):
    frame, fits = read("mgus2")
    frame = frame.assign(quarter=frame["region"] % 4)
    for cause, (statistic, p_value, df) in zip((1, 2), fits[result], strict=True):
        test = models.gray_test(frame, event="cause", cause=cause, **options)
        assert (test.statistic, test.df) == (pytest.approx(statistic, rel=ROUNDING), df)
        assert test.p_value == pytest.approx(p_value, rel=1e-6, abs=1e-15)


FINE_GRAY = {"event": "cause", "cause": 1}


def test_fine_gray():
    frame, fits = read("mgus2")
    formula = "sex + age + hgb"
    check(models.fine_gray(formula, frame, time="untied", **FINE_GRAY), fits["crr_untied"])
    fit = models.fine_gray(formula, frame, time="time", **FINE_GRAY)
    r = fits["finegray"]
    np.testing.assert_allclose(fit.beta, r["coef"], rtol=ESTIMATE)
    assert fit.loglik == pytest.approx(r["loglik"], rel=1e-6)


@pytest.mark.parametrize("result", ["finegray", "finegray_region"])
def test_fine_gray_with_known_censoring(result):
    """Without the part of censoring our scores are those of coxph on finegray's rows."""
    frame, fits = read("mgus2")
    r = fits[result]
    X = frame[["sex", "age", "hgb"]].to_numpy(dtype=float)
    sets = subdistribution(
        frame["time"].to_numpy(dtype=float), frame["cause"].to_numpy(), (X - X.mean(axis=0)).T
    )
    at = sums_at(sets, np.array(r["coef"]) @ sets.x)
    gradient, information = derivatives_at(sets, at)
    np.testing.assert_allclose(gradient, 0, atol=1e-6)
    np.testing.assert_allclose(
        np.sqrt(np.diagonal(np.linalg.inv(information))), r["se_model"], rtol=STD_ERROR
    )
    scores = row_scores(sets, at, censoring=False)
    group = frame["region" if result == "finegray_region" else "id"].to_numpy()[sets.order]
    half = pd.DataFrame(scores).groupby(group).sum().to_numpy() @ np.linalg.inv(information)
    np.testing.assert_allclose(np.sqrt((half**2).sum(axis=0)), r["se"], rtol=STD_ERROR)


@pytest.mark.parametrize("ties", TIES)
def test_cause_specific_hazards_are_a_cox_model_of_one_cause(ties):
    frame, fits = read("mgus2")
    died = frame.assign(died=frame["cause"] == 2)
    fit = models.cox("sex + age + hgb", died.astype({"died": int}), time="time", event="died",
                     ties=ties)  # fmt: skip
    check(fit, fits["cause_specific"][ties])


@pytest.mark.parametrize("treat", [0, 1])
@pytest.mark.parametrize(("cluster", "result"), [("id", "mcf"), ("center", "mcf_by_center")])
def test_mean_number_of_events(treat, cluster, result):
    frame, fits = read("cgd")
    found = models.mean_cumulative(
        frame, time="tstop", event="status", entry="tstart", by="treat", cluster=cluster
    )[str(treat)]
    r = fits[result][treat]
    at = at_events(r, found.time)
    np.testing.assert_allclose(found.mean, numbers(r["mean"])[at], rtol=ROUNDING)
    np.testing.assert_allclose(found.std_error, numbers(r["se"])[at], rtol=ROUNDING)


def test_frailty():
    """coxph stops its search for the variance early; see test_cox_against_r.py."""
    frame, fits = read("kidney")
    times = {"time": "time", "event": "status", "cluster": "id"}
    for name, frailty, tolerance in (
        ("gamma", "gamma", 1e-3),
        ("gaussian", "lognormal", 1e-6),
    ):
        r = fits[name]
        fit = models.cox("age + sex", frame, **times, frailty=frailty)
        assert fit.variance["frailty"] == pytest.approx(r["theta"], rel=tolerance)
        np.testing.assert_allclose(fit.beta, r["coef"], rtol=tolerance)
        np.testing.assert_allclose(fit.std_error, r["se"], rtol=tolerance)
    frame, fits = read("cgd")
    times = {"time": "tstop", "event": "status", "entry": "tstart", "cluster": "id"}
    fit, r = models.cox("treat", frame, **times, frailty="gamma"), fits["frailty"]
    assert fit.variance["frailty"] == pytest.approx(r["theta"], rel=1e-3)
    np.testing.assert_allclose(fit.beta, r["coef"], rtol=1e-3)
    np.testing.assert_allclose(fit.std_error, r["se"], rtol=1e-3)
