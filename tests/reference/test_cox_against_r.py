"""Cox regression, tests of proportional hazards and shared frailty against R's survival.

``make_events.R`` made the sets ``events_*``; the sets ``d*`` are simulated trials of the CORE kind.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core_trial.models.survival.cox import cox
from core_trial.models.survival.proportional_hazards import proportional_hazards

DATA = Path(__file__).parent / "data"
OWN = sorted(DATA.glob("events_*.json"))
TRIALS = sorted(DATA.glob("d*.json"))

#: Relative, in standard errors of the coefficient: both searches end by Newton steps.
COEFFICIENT = 1e-7
STD_ERROR = 1e-7
#: Absolute: our likelihood may be higher than R's, never lower.
LOGLIK = 1e-8
#: Relative: a score test is quadratic in what the coefficients' last digits change.
CHI_SQUARE = 1e-7
#: Relative, residuals per term of R's own arithmetic.
RESIDUAL = 1e-6
#: coxph stops its search for a frailty's variance early; tighter tolerances than its defaults help.
GAMMA_THETA, GAMMA = 3e-4, 5e-4
#: Its sparse matrices leave part of the frailties' information out of the standard errors.
SPARSE = 0.035
#: The variance of normal frailties solves a fixed-point equation, which R iterates to the end.
NORMAL = 1e-6

TIMES = {"time": "time", "event": "event"}


def read(path: Path) -> tuple[pd.DataFrame, dict]:
    return pd.read_csv(path.with_suffix(".csv")), json.loads(path.read_text())


def check(fit, estimates, errors, loglik):
    estimates, errors = np.array(list(estimates)), np.array(list(errors))
    np.testing.assert_allclose((fit.beta - estimates) / errors, 0, atol=COEFFICIENT)
    np.testing.assert_allclose(fit.std_error, errors, rtol=STD_ERROR)
    assert fit.loglik > loglik - LOGLIK
    assert fit.converged


@pytest.mark.parametrize("strata", [None, "centre"])
@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("path", OWN, ids=lambda p: p.stem)
def test_small_trials(path, ties, strata):
    frame, fits = read(path)
    r = fits["cox"][f"{ties}_{'strata' if strata else 'plain'}"]
    formula = "arm + psychosis + age" + ("" if strata else " + centre")
    settings = {**TIMES, "ties": ties, "strata": strata}
    check(cox(formula, frame, **settings), r["coef"], r["se_model"], r["loglik"])
    settings["inference"] = "sandwich"
    clustered = cox(formula, frame, cluster="cluster", small_sample=False, **settings)
    check(clustered, r["coef"], r["se_cluster"], r["loglik"])
    G = frame["cluster"].nunique()
    scaled = cox(formula, frame, cluster="cluster", **settings)
    np.testing.assert_allclose(scaled.std_error / clustered.std_error, np.sqrt(G / (G - 1)))


@pytest.mark.parametrize("transform", ["km", "identity", "log"])
@pytest.mark.parametrize("strata", [None, "centre"])
@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("path", OWN, ids=lambda p: p.stem)
def test_proportional_hazards(path, ties, strata, transform):
    frame, fits = read(path)
    r = fits["cox"][f"{ties}_{'strata' if strata else 'plain'}"]["zph"][transform]
    formula = "arm + psychosis + age" + ("" if strata else " + centre")
    found = proportional_hazards(
        formula, frame, **TIMES, ties=ties, strata=strata, transform=transform
    )
    tests = found.tests.values()
    np.testing.assert_allclose([t.statistic for t in tests], r["chisq"], rtol=CHI_SQUARE)
    np.testing.assert_array_equal([t.df for t in tests], r["df"])
    np.testing.assert_allclose([t.p_value for t in tests], r["p"], rtol=1e-6)
    if strata or frame["time"].duplicated().any():
        return  # the order of events within a tie is each program's own
    residuals = found.residuals[: len(r["x"])]
    np.testing.assert_allclose(residuals["transformed"], r["x"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(residuals.iloc[:, 2:], r["scaled"], rtol=RESIDUAL, atol=RESIDUAL)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("path", TRIALS, ids=lambda p: p.stem)
def test_trials_of_the_core_kind(path, ties):
    frame, fits = read(path)
    frame = frame.dropna(subset=["arm", "psychosis", "centre", "time", "event"])
    r = fits[f"coxph_{ties}"]
    for name, settings in {
        "se_naive": {},
        "se_robust": {"cluster": "psw", "small_sample": False, "inference": "sandwich"},
        "se_robust_G1": {"cluster": "psw", "inference": "sandwich"},
    }.items():
        fit = cox("arm + psychosis + centre", frame, **TIMES, ties=ties, **settings)
        check(fit, r["coef"].values(), r[name].values(), r["loglik"])


@pytest.mark.parametrize("path", [p for p in OWN if "poisson" not in p.stem], ids=lambda p: p.stem)
def test_frailty_of_small_trials(path):
    frame, fits = read(path)
    formula, settings = "arm + psychosis + age", {**TIMES, "cluster": "cluster"}
    for name, options, theta, rest in (
        ("gamma", {"frailty": "gamma"}, GAMMA_THETA, GAMMA),
        ("gaussian_reml", {"frailty": "lognormal"}, NORMAL, NORMAL),
    ):
        r = fits["frailty"][name]
        fit = cox(formula, frame, **settings, **options)
        errors = np.array(r["se"])
        if r["theta"] < 1e-5:
            assert fit.variance["frailty"] == 0
        else:
            assert fit.variance["frailty"] == pytest.approx(r["theta"], rel=theta)
        np.testing.assert_allclose((fit.beta - r["coef"]) / errors, 0, atol=rest)
        np.testing.assert_allclose(fit.std_error, errors, rtol=rest)
        if name == "gamma":
            assert fit.loglik > r["integrated"] - LOGLIK - 1e-6 * (r["theta"] < 1e-5)


@pytest.mark.parametrize("path", OWN, ids=lambda p: p.stem)
def test_laplace_likelihood_against_dense_matrices(path):
    frame, fits = read(path)
    r = fits.get("frailty", {}).get("laplace_ml")
    if r is None:
        pytest.skip("too many clusters for dense matrices in R")
    fit = cox(
        "arm + psychosis + age",
        frame,
        **TIMES,
        cluster="cluster",
        frailty="lognormal",
        frailty_method="ml",
    )
    assert fit.loglik == pytest.approx(r["loglik"], abs=1e-7)
    if r["theta"] > 2e-4:  # the lower end of R's search
        assert fit.variance["frailty"] == pytest.approx(r["theta"], rel=1e-4)
        np.testing.assert_allclose((fit.beta - r["coef"]) / fit.std_error, 0, atol=1e-5)


@pytest.mark.parametrize("path", TRIALS, ids=lambda p: p.stem)
def test_gamma_frailty_of_trials_of_the_core_kind(path):
    frame, fits = read(path)
    frame = frame.dropna(subset=["arm", "psychosis", "centre", "time", "event"])
    settings = {**TIMES, "cluster": "psw", "frailty": "gamma"}
    fit = cox("arm + psychosis + centre", frame, **settings)
    arm = fit.effect("arm")
    for r in (fits["frailty_gamma"], fits.get("frailty_gamma_dense") or {}):
        if r.get("loglik_integrated") is None:
            continue
        # R's integrated likelihood loses digits in gamma functions of 1 / theta.
        digits = 1e-5 if r["theta"] < 1e-5 else LOGLIK
        assert fit.loglik > r["loglik_integrated"] - digits
    dense = fits.get("frailty_gamma_dense") or {}
    r = dense if "theta" in dense else fits["frailty_gamma"]
    if path.stem == "d26_botharms_k40":  # R stops far from the maximum, 5e-4 below it
        assert fit.loglik > r["loglik_integrated"] + 4e-4
        return
    assert fit.variance["frailty"] == pytest.approx(r["theta"], rel=4e-4, abs=1e-6)
    assert arm.std_error == pytest.approx(r["se_arm"], rel=GAMMA if r is dense else SPARSE)
    assert (fit.beta[0] - r["coef_arm"]) / r["se_arm"] == pytest.approx(0, abs=GAMMA)


@pytest.mark.parametrize("path", TRIALS, ids=lambda p: p.stem)
def test_normal_frailty_of_trials_of_the_core_kind(path):
    frame, fits = read(path)
    r = fits.get("frailty_gaussian_dense") or {}
    if r.get("theta") is None:
        pytest.skip("R has no dense fit")
    frame = frame.dropna(subset=["arm", "psychosis", "centre", "time", "event"])
    settings = {**TIMES, "cluster": "psw", "frailty": "lognormal"}
    fit = cox("arm + psychosis + centre", frame, **settings)
    assert fit.variance["frailty"] == pytest.approx(r["theta"], rel=NORMAL, abs=1e-6)
    assert fit.std_error[0] == pytest.approx(r["se_arm"], rel=2 * NORMAL)
    assert (fit.beta[0] - r["coef_arm"]) / r["se_arm"] == pytest.approx(0, abs=2 * NORMAL)
