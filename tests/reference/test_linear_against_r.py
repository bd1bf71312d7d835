"""The linear model against R: lme4, lmerTest, pbkrtest, nlme, and a likelihood written out in R.

``make_lmm.R`` made the sets ``lmm_*``; the sets ``d*`` are simulated trials of the CORE kind.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core_trial.models.linear.mixed_linear import mixed_linear

DATA = Path(__file__).parent / "data"

#: Relative, in standard errors of the coefficient: lmer stops when theta is right to about 1e-6.
COEFFICIENT = 1e-6
STD_ERROR = 1e-6
#: Relative: derivatives of the standard error carry the optimiser's error in theta tenfold.
DF = 1e-5
#: Relative: a variance moves to first order with theta where the likelihood moves to second.
VARIANCE = 1e-5
#: Absolute: our likelihood may be higher than R's, never lower.
LOGLIK = 1e-8
#: nlme prints and stops at a coarser point than the others.
NLME = 1e-5

OWN = [
    pytest.param(path, name, id=f"{path.stem[4:]}-{name}")
    for path in sorted(DATA.glob("lmm_*.json"))
    for name in json.loads(path.read_text())
]
CORE = {
    "lmer_reml": ("reml", "1", None),
    "lmer_ml": ("ml", "1", None),
    "lmerPN_reml": ("reml", "arm", None),
    "lmerPN_ml": ("ml", "arm", None),
    "directPN_het_reml": ("reml", "arm", "arm"),
    "directPN_het_ml": ("ml", "arm", "arm"),
}
TRIALS = sorted(path for path in DATA.glob("d*.json") if "allsingletons" not in path.stem)


def read(path: Path) -> tuple[pd.DataFrame, dict]:
    return pd.read_csv(path.with_suffix(".csv")), json.loads(path.read_text())


def check_fit(fit, r):
    estimates, errors = np.array(list(numbers(r["coef"]))), np.array(list(numbers(r["se"])))
    np.testing.assert_allclose((fit.beta - estimates) / errors, 0, atol=COEFFICIENT)
    np.testing.assert_allclose(fit.std_error, errors, rtol=STD_ERROR)
    assert fit.loglik > r["loglik"] - LOGLIK
    assert fit.converged


def numbers(values):
    return values.values() if isinstance(values, dict) else values


@pytest.mark.parametrize(("path", "name"), OWN)
def test_all_coefficients_of_small_trials(path, name):
    frame, fits = read(path)
    r = fits[name]
    count, method, nested = name.split("_")
    settings = {
        "cluster": "cluster",
        "method": method,
        "random": "arm" if nested == "partial" else "1",
        "residual_by": "arm" if count == "two" else None,
    }
    formula = "score ~ arm + psychosis + baseline"
    fit = mixed_linear(formula, frame, df="satterthwaite", **settings)
    check_fit(fit, r)
    scale = sum(v for v in fit.variance.values())
    assert fit.variance["cluster"] == pytest.approx(
        r["var_cluster"], rel=VARIANCE, abs=1e-9 * scale
    )
    if fit.variance["cluster"] > 0 or count == "one":
        np.testing.assert_allclose(fit.df, r["satt_df"], rtol=DF)
    if "kr_df" in r:
        adjusted = mixed_linear(formula, frame, df="kenward_roger", **settings)
        np.testing.assert_allclose(adjusted.df, r["kr_df"], rtol=DF)
        np.testing.assert_allclose(adjusted.std_error, r["kr_se"], rtol=STD_ERROR)
    if count == "one":
        null = 2 * (r["loglik"] - r["null_loglik"])
        assert fit.tests["variance"].statistic == pytest.approx(null, abs=1e-8)
    else:
        np.testing.assert_allclose(
            [fit.variance["residual[0]"], fit.variance["residual[1]"]],
            [r["var_residual0"], r["var_residual1"]],
            rtol=VARIANCE,
        )


@pytest.mark.parametrize("path", sorted(DATA.glob("lmm_*.json")), ids=lambda p: p.stem[4:])
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_predicted_random_effects(path, method):
    frame, fits = read(path)
    r = fits[f"one_{method}_all"]
    formula = "score ~ arm + psychosis + baseline"
    fit = mixed_linear(formula, frame, cluster="cluster", method=method)
    expected = pd.Series(r["blup"], index=r["blup_cluster"]).sort_index()
    np.testing.assert_array_equal(fit.random_effects.index, expected.index)
    # A predicted effect shrinks by tau / (tau + sigma^2 / n): it has tau's precision.
    np.testing.assert_allclose(fit.random_effects, expected, rtol=VARIANCE, atol=1e-8)


@pytest.mark.parametrize("path", sorted(DATA.glob("lmm_*.json")), ids=lambda p: p.stem[4:])
def test_two_residual_variances_against_nlme(path):
    frame, fits = read(path)
    compared = 0
    for name, r in fits.items():
        if "nlme" not in r or r["var_cluster"] == 0:  # nlme stays off the bound
            continue
        _, method, nested = name.split("_")
        fit = mixed_linear(
            "score ~ arm + psychosis + baseline",
            frame,
            cluster="cluster",
            method=method,
            random="arm" if nested == "partial" else "1",
            residual_by="arm",
        )
        np.testing.assert_allclose(fit.std_error, r["nlme"]["se"], rtol=NLME)
        assert fit.loglik > r["nlme"]["loglik"] - LOGLIK
        compared += 1
    assert compared


@pytest.mark.parametrize("model", CORE)
@pytest.mark.parametrize("path", TRIALS, ids=lambda p: p.stem)
def test_trials_of_the_core_kind(path, model):
    frame, fits = read(path)
    frame = frame.dropna(subset=["y_lin", "baseline"])
    r = fits[model]
    method, random, residual_by = CORE[model]
    settings = {
        "cluster": "psw",
        "method": method,
        "random": random,
        "residual_by": residual_by,
    }
    formula = "y_lin ~ arm + psychosis + centre + baseline"
    fit = mixed_linear(formula, frame, df="satterthwaite", **settings)
    check_fit(fit, r)
    arm = fit.effect("arm")
    assert arm.df == pytest.approx(r["satt_df_arm"], rel=DF)
    if r.get("kr_df_arm") is not None:
        adjusted = mixed_linear(formula, frame, df="kenward_roger", **settings).effect("arm")
        assert adjusted.df == pytest.approx(r["kr_df_arm"], rel=DF)
        assert adjusted.std_error == pytest.approx(r["kr_se_arm"], rel=STD_ERROR)
        assert adjusted.p_value == pytest.approx(r["kr_p_arm"], rel=1e-5)


def test_all_singletons_leave_the_cluster_variance_open():
    """Coefficients and errors as R has them; R's two variances are an arbitrary split."""
    frame, fits = read(DATA / "d28_allsingletons.json")
    formula = "y_lin ~ arm + psychosis + centre + baseline"
    for method in ("reml", "ml"):
        r = fits[f"lmer_{method}"]
        fit = mixed_linear(formula, frame.dropna(), cluster="psw", method=method)
        check_fit(fit, r)
        assert np.isnan(fit.variance["cluster"])
        assert fit.variance["residual"] == pytest.approx(r["var_psw"] + r["var_res"], rel=VARIANCE)
        assert "cannot be told apart" in fit.warnings[0]
