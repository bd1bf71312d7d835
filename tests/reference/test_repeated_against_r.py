"""Repeated visits against R: nlme, lme4 with lmerTest and pbkrtest, and a polished likelihood.

``make_repeated.R`` made the references. nlme's fit is the start of Newton steps on the likelihood
written out in R, which give what is compared to many digits; nlme's own numbers are compared too.
"""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core_trial.models.repeated.repeated_measures import repeated_measures

DATA = Path(__file__).parent / "data"
#: In standard errors of the coefficient: gradients by differences leave R's covariances (chickens'
#: weights vary thirtyfold between visits) with five digits.
COEFFICIENT = 5e-6
#: Relative, for the same reason.
STD_ERROR = 1e-5
#: In units of the standard deviations: a covariance moves to first order where the likelihood
#: moves to second.
COVARIANCE = 2e-5
#: Relative: R's are from numeric second derivatives.
DF = 1e-4
#: Absolute: our likelihood may be higher than R's, never lower.
LOGLIK = 1e-7
#: Relative: nlme stops at a coarser point.
NLME = 2e-3


def cases():
    for path in sorted(DATA.glob("repeated_*.json")):
        for name in json.loads(path.read_text()):
            if name not in ("formula", "random"):
                yield pytest.param(path, name, id=f"{path.stem[9:]}-{name}")


def fit_as(path, name, df):
    fits = json.loads(path.read_text())
    frame = pd.read_csv(path.with_suffix(".csv"), keep_default_na=False)
    covariance, _, method = name.rpartition("_")
    cluster = "cluster" if "cluster" in frame else None
    fit = repeated_measures(
        fits["formula"], frame, participant="id", visit="visit", covariance=covariance,
        method=method, df=df, cluster=cluster, random=fits["random"],
    )  # fmt: skip
    order = {parts(term): k for k, term in enumerate(fits[name]["terms"])}
    place = [order[parts(term)] for term in fit.terms]
    return fit, fits[name], place


def parts(term):
    """A term's factors with their levels, however they are spelt and ordered."""
    bare = re.sub(r"factor\(|C\(|[\]\[)(]", "", term)
    return frozenset(bare.split(":"))


@pytest.mark.parametrize(("path", "name"), list(cases()))
def test_fits_of_public_data(path, name):
    fit, r, place = fit_as(path, name, "satterthwaite")
    assert fit.converged
    coefficients, errors = np.array(r["coef"])[place], np.array(r["se"])[place]
    np.testing.assert_allclose((fit.beta - coefficients) / errors, 0, atol=COEFFICIENT)
    np.testing.assert_allclose(fit.std_error, errors, rtol=STD_ERROR)
    assert fit.loglik == pytest.approx(r["loglik"], abs=LOGLIK)
    assert fit.loglik > r["nlme"]["loglik"] - LOGLIK
    # with maximum likelihood gls prints errors that are larger by a factor of its own
    by_gls = name.endswith("_ml") and "cluster" not in fit.variance
    factor = np.sqrt(fit.n / (fit.n - len(fit.beta))) if by_gls else 1.0
    np.testing.assert_allclose(fit.std_error * factor, np.array(r["nlme"]["se"])[place], rtol=NLME)
    np.testing.assert_allclose(fit.df, np.array(r["satt_df"])[place], rtol=DF)
    entries = np.array([v for k, v in fit.variance.items() if k != "cluster"])
    sigma = np.array(r["sigma"])
    scale = np.sqrt(np.outer(np.diagonal(sigma), np.diagonal(sigma)))
    upper = np.triu_indices(len(sigma))
    np.testing.assert_allclose((entries - sigma[upper]) / scale[upper], 0, atol=COVARIANCE)
    if "cluster" in fit.variance:
        assert fit.variance["cluster"] == pytest.approx(r["tau"], rel=COVARIANCE, abs=0)


@pytest.mark.parametrize(
    ("path", "name"), [case for case in cases() if case.values[1] == "compound_symmetry_reml"]
)
def test_compound_symmetry_is_a_random_intercept(path, name):
    """Kenward-Roger by pbkrtest; where lmer's variance is at zero, correlations are negative."""
    fit, r, place = fit_as(path, name, "kenward_roger")
    if r["lmer"]["singular"]:
        pytest.skip("lmer stops at a variance of zero")
    np.testing.assert_allclose(fit.std_error, np.array(r["lmer"]["kr_se"])[place], rtol=STD_ERROR)
    np.testing.assert_allclose(fit.df, np.array(r["lmer"]["kr_df"])[place], rtol=DF)
    other, *_ = fit_as(path, name, "satterthwaite")
    np.testing.assert_allclose(other.df, np.array(r["lmer"]["lmer_satt_df"])[place], rtol=DF)
