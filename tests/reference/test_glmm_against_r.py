"""Mixed logistic and Poisson models against R: lme4's glmer, and the likelihood written out in R.

``make_glmm.R`` made the sets ``glmm_*``; the sets ``d*`` are simulated trials of the CORE kind, of
which ``agq_*`` is likewise a likelihood written out in R.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import special

from core_trial.models.counts.modified_poisson import modified_poisson
from core_trial.models.intercept.cautions import LARGEST_SD
from core_trial.models.intercept.mixed_logistic import mixed_logistic
from core_trial.models.intercept.mixed_poisson import mixed_poisson
from core_trial.models.marginal.standardised import standardised

DATA = Path(__file__).parent / "data"

#: Relative to the coefficient, or to its standard error where that is larger: R's numeric gradient
#: leaves slopes of 1e-9 to 4e-7.
COEFFICIENT = 1e-6
#: Relative: second derivatives by Richardson extrapolation.
STD_ERROR = 1e-6
#: Absolute: our likelihood may be higher than R's, never lower.
LOGLIK = 1e-8
#: Relative: glmer's optimiser stops at this distance, and its Hessian is a finite difference.
GLMER = 5e-5
#: Absolute: glmer's nodes sit not exactly at the modes, which moves its likelihood either way.
GLMER_LOGLIK = 1e-6
#: Where R's own search stopped on a slope, it has no answer to compare with.
STOPPED = 1e-5

OWN = sorted(DATA.glob("glmm_*.json"))
CORE = sorted(DATA.glob("d[0-9]*.json"))
MODELS = {"logistic": (mixed_logistic, "event"), "poisson": (mixed_poisson, "count")}


def read(path):
    return pd.read_csv(path.with_suffix(".csv")), json.loads(path.read_text())


def by_points():
    for path in OWN:
        fits = json.loads(path.read_text())
        for kind, model in MODELS.items():
            for random, answers in fits[kind].items():
                for name, r in answers.items():
                    if name != "glmer_q7" and r.get("largest_slope", 0) < STOPPED:
                        case = (path, model, random, int(name[1:]), r)
                        yield pytest.param(*case, id=f"{path.stem[5:]}-{kind}-{random}-{name}")


def check(fit, coef, se, loglik, coefficient=COEFFICIENT, error=STD_ERROR):
    coef, se = (np.array(list(x.values()))[: len(fit.beta)] for x in (coef, se))
    distance = np.abs(fit.beta - coef) / np.maximum(np.abs(coef), se)
    assert distance.max() < coefficient
    np.testing.assert_allclose(fit.std_error, se, rtol=error)
    assert fit.loglik > loglik - LOGLIK


@pytest.mark.parametrize(("path", "model", "random", "points", "r"), list(by_points()))
def test_every_number_of_nodes(path, model, random, points, r):
    function, outcome = model
    frame = pd.read_csv(path.with_suffix(".csv"))
    formula = f"{outcome} ~ arm + psychosis + age"
    fit = function(formula, frame, cluster="cluster", random=random, points=points)
    check(fit, r["coef"], r["se"], r["loglik"])
    assert fit.converged == (r["sd"] < LARGEST_SD)
    sd = fit.quantities["sd"]
    assert (sd.estimate == 0) == r["boundary"]
    if not r["boundary"]:
        assert sd.estimate == pytest.approx(r["sd"], abs=COEFFICIENT * r["sd_se"])
        assert sd.std_error == pytest.approx(r["sd_se"], rel=10 * STD_ERROR)
        ratio = fit.tests["variance"].statistic
        assert ratio == pytest.approx(2 * (r["loglik"] - r["null"]), abs=1e-7)


def saturated(y):
    """What glmer takes off a Poisson log-likelihood when it has more than one node."""
    return float((special.xlogy(y, y) - y - special.gammaln(y + 1)).sum())


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem[5:])
@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("random", ["1", "arm"])
def test_glmer(path, kind, random):
    frame, fits = read(path)
    function, outcome = MODELS[kind]
    formula = f"{outcome} ~ arm + psychosis + age"
    fit = function(formula, frame, cluster="cluster", random=random)
    r = fits[kind][random]["glmer_q7"]
    loglik = r["loglik"] - GLMER_LOGLIK + (saturated(frame[outcome]) if kind == "poisson" else 0)
    check(fit, r["coef"], r["se"], loglik, GLMER, GLMER)
    assert fit.converged


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem[5:])
def test_risk_ratio_by_modified_poisson(path):
    frame, fits = read(path)
    r = fits["modified_poisson"]
    for small_sample, se in ((True, "se_G1"), (False, "se")):
        fit = modified_poisson(
            "event ~ arm + psychosis + age",
            frame,
            cluster="cluster",
            inference="sandwich",
            small_sample=small_sample,
        )
        check(fit, r["coef"], r[se], -np.inf, COEFFICIENT, STD_ERROR)
        assert fit.converged


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem[5:])
@pytest.mark.parametrize("random", ["1", "arm"])
def test_standardised_risks(path, random):
    frame, fits = read(path)
    r = fits["standardised"][random]
    if not r:
        pytest.skip("a zero variance: R has none to integrate over")
    fit = standardised("event ~ arm + psychosis + age", frame, cluster="cluster", random=random)
    for arm in (0, 1):
        assert fit.quantities[f"risk[{arm}]"].estimate == pytest.approx(r["risk"][arm], rel=1e-6)
    effect = fit.effect("arm")
    assert effect.estimate == pytest.approx(r["difference"], abs=1e-6 * r["difference_se"])
    assert effect.std_error == pytest.approx(r["difference_se"], rel=1e-5)
    log_ratio = standardised(
        "event ~ arm + psychosis + age",
        frame,
        cluster="cluster",
        random=random,
        measure="risk_ratio",
    )
    assert log_ratio.beta[0] == pytest.approx(r["log_ratio"], abs=1e-6 * r["log_ratio_se"])
    assert log_ratio.std_error[0] == pytest.approx(r["log_ratio_se"], rel=1e-5)


def core(path, outcome):
    frame, r = read(path)
    return frame.dropna(subset=[outcome]), r


REGULAR = [p for p in CORE if not any(w in p.stem for w in ("fullsep", "noevents", "allsingle"))]


@pytest.mark.parametrize("path", REGULAR, ids=lambda path: path.stem)
@pytest.mark.parametrize("points", [7, 25])
def test_primary_model_of_trials_like_core(path, points):
    frame, fits = core(path, "y_bin")
    formula = "y_bin ~ arm + psychosis + centre"
    fit = mixed_logistic(formula, frame, cluster="psw", points=points)
    r = fits[f"agq_q{points}"]
    if r["boundary"]:
        r = {**fits["glm_logit"], "se_full": fits["glm_logit"]["se"], "loglik": r["loglik"]}
        assert fit.variance["cluster"] == 0
    check(fit, r["coef"], r["se_full"], r["loglik"])
    glmer = fits[f"glmer_q{points}"]
    loglik = glmer["loglik"] - GLMER_LOGLIK
    check(fit, glmer["coef"], glmer["se_hess"], loglik, GLMER, GLMER)


@pytest.mark.parametrize("path", REGULAR, ids=lambda path: path.stem)
@pytest.mark.parametrize("points", [1, 7])
def test_counts_of_trials_like_core(path, points):
    frame, fits = core(path, "adm")
    fit = mixed_poisson("adm ~ arm + psychosis + centre", frame, cluster="psw", points=points)
    r = fits[f"glmer_pois_q{points}"]
    loglik = r["loglik"] - GLMER_LOGLIK + (saturated(frame["adm"]) if points > 1 else 0)
    # one node: glmer's search stops earlier, by 1e-4 in the standard errors of the smallest trial
    close = GLMER if points > 1 else 2e-4
    check(fit, r["coef"], r["se_hess"], loglik, close, close)


def test_centre_without_events_leaves_the_rest_as_in_r():
    frame, fits = core(DATA / "d16_centre_noevents.json", "y_bin")
    fit = mixed_logistic("y_bin ~ arm + psychosis + centre", frame, cluster="psw")
    r = fits["agq_q7"]  # its coefficient of c3 has diverged to -19
    coef, se = (np.array(list(r[name].values()))[:8] for name in ("coef", "se_full"))
    finite = np.array([term != "centre[c3]" for term in fit.terms])
    np.testing.assert_allclose(fit.beta[finite], coef[finite], rtol=COEFFICIENT)
    np.testing.assert_allclose(fit.std_error[finite], se[finite], rtol=STD_ERROR)
    assert np.isnan(fit.std_error[~finite])
    assert fit.loglik > r["loglik"] - LOGLIK


def test_separation_by_arm_is_named():
    frame, _ = core(DATA / "d15_fullsep.json", "y_bin")
    fit = mixed_logistic("y_bin ~ arm + psychosis + centre", frame, cluster="psw")
    assert fit.converged
    assert not fit.estimable[fit.position("arm")]
    assert np.isnan(fit.effect("arm").std_error)
    assert "arm (diverges to +infinity)" in fit.warnings[0]


def test_all_singletons_are_said_not_to_identify_the_variance():
    frame, fits = core(DATA / "d28_allsingletons.json", "y_bin")
    fit = mixed_logistic("y_bin ~ arm + psychosis + centre", frame, cluster="psw")
    assert fit.effect("arm").estimate == pytest.approx(
        np.exp(fits["glm_logit"]["coef"]["arm"]), rel=1e-9
    )
    assert np.isnan(fit.variance["cluster"])
    assert any("not identified" in text for text in fit.warnings)
