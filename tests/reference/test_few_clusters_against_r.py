"""Robust errors for few clusters against R: clubSandwich, sandwich, and own negative binomials.

``make_few_clusters.R`` made the sets ``few_*``.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core_trial.models import clusters as who
from core_trial.models import design as designs
from core_trial.models import modified_poisson, negative_binomial, poisson
from core_trial.models.intercept.layout import Rows
from core_trial.models.numerics.canonical import LOGISTIC
from core_trial.models.numerics.glm import examine, orthonormal
from core_trial.models.numerics.sandwich import (
    bias_reduced,
    cluster_informations,
    cluster_sums,
    left_out,
)

DATA = Path(__file__).parent / "data"
SETS = sorted(DATA.glob("few_*.json"))
RIGHT = "arm + psychosis + age"

#: Relative: both solve the same equations; glm stops when the deviance changes by 1e-15.
COEFFICIENT, STD_ERROR, DF = 1e-8, 1e-7, 1e-6
#: In standard errors, and relative: scores and Hessians of the negative binomial are R's numeric
#: ones.
NUMERIC, NUMERIC_ERROR = 1e-6, 1e-5
LOGLIK = 1e-9


@pytest.fixture(scope="module", params=SETS, ids=lambda path: path.stem[4:])
def reference(request):
    return pd.read_csv(request.param.with_suffix(".csv")), json.loads(request.param.read_text())


def jackknife_errors(X, residual, variance, members):
    """Square roots of the diagonal of CR3 times (G - 1)/G."""
    G = members.count
    information = (X.T * variance) @ X
    own = cluster_informations(X, variance, members.codes, G)
    sums = cluster_sums(X * residual[:, None], members.codes, G)
    changes = left_out(information, own, sums, np.eye(X.shape[1]))
    return np.sqrt((changes**2).sum(axis=0) * (G - 1) / G)


def test_linear_regression(reference):
    frame, fits = reference
    design, members = designs.build(f"count ~ {RIGHT}", frame), who.clusters(frame, "cluster")
    X, residual = design.X, design.y - design.X @ fits["linear"]["coef"]
    one = np.ones(len(X))
    found = bias_reduced(X, residual, one, members.codes)
    np.testing.assert_allclose(
        np.sqrt(np.diagonal(found.cov)), fits["linear"]["se_cr2"], rtol=STD_ERROR
    )
    np.testing.assert_allclose(found.df, fits["linear"]["df_cr2"], rtol=DF)
    errors = jackknife_errors(X, residual, one, members)
    np.testing.assert_allclose(errors, fits["linear"]["se_cr3"], rtol=STD_ERROR)


def test_logistic_regression(reference):
    frame, fits = reference
    design, members = designs.build(f"event ~ {RIGHT}", frame), who.clusters(frame, "cluster")
    one = np.ones(design.n)
    basis = orthonormal(design.X, one)
    best, _ = examine(design.X, Rows(basis.columns, one, design.y, 0 * one), LOGISTIC)
    _, mean, variance = LOGISTIC.cumulant(best.point @ basis.columns)
    np.testing.assert_allclose(
        basis.back @ best.point, fits["logistic"]["coef"], rtol=COEFFICIENT, atol=COEFFICIENT
    )
    found = bias_reduced(design.X, design.y - mean, variance, members.codes)
    error = np.sqrt(np.diagonal(found.cov))
    np.testing.assert_allclose(error, fits["logistic"]["se_cr2"], rtol=STD_ERROR)
    np.testing.assert_allclose(found.df, fits["logistic"]["df_cr2"], rtol=DF)
    errors = jackknife_errors(design.X, design.y - mean, variance, members)
    np.testing.assert_allclose(errors, fits["logistic"]["se_cr3"], rtol=STD_ERROR)


@pytest.mark.parametrize(
    ("name", "model", "response", "settings"),
    [
        ("risk", modified_poisson, "event", {}),
        ("poisson", poisson, "count", {}),
        ("rate", poisson, "days", {"exposure": "years"}),
    ],
)
def test_poisson_regression(reference, name, model, response, settings):
    frame, fits = reference
    r = fits[name]
    for inference, se in (("cr2", "se_cr2"), ("jackknife", "se_cr3"), ("sandwich", "se_cr1")):
        fit = model(
            f"{response} ~ {RIGHT}", frame, cluster="cluster", inference=inference, **settings
        )
        np.testing.assert_allclose(fit.beta, r["coef"], rtol=COEFFICIENT, atol=COEFFICIENT)
        np.testing.assert_allclose(fit.std_error, r[se], rtol=STD_ERROR)
        if inference == "cr2":
            np.testing.assert_allclose(fit.df, r["df_cr2"], rtol=DF)
        if "loglik" in r:
            assert fit.loglik == pytest.approx(r["loglik"], abs=LOGLIK)


def test_frequency_weights_are_rows_that_occur_so_often(reference):
    frame, fits = reference
    r = fits["frequency"]
    fit = poisson(
        f"days ~ {RIGHT}", frame, cluster="cluster", weights="often", inference="sandwich"
    )
    np.testing.assert_allclose(fit.beta, r["coef"], rtol=COEFFICIENT, atol=COEFFICIENT)
    np.testing.assert_allclose(fit.std_error, r["se_cr1"], rtol=STD_ERROR)
    assert fit.loglik == pytest.approx(r["loglik"], abs=LOGLIK)
    assert fit.n == r["n"]


def test_sampling_weights(reference):
    frame, fits = reference
    settings = {"weights": "chance", "weight_type": "sampling", "inference": "sandwich"}
    fit = poisson(f"days ~ {RIGHT}", frame, cluster="cluster", **settings)
    np.testing.assert_allclose(fit.beta, fits["sampling"]["coef"], rtol=COEFFICIENT)
    np.testing.assert_allclose(fit.std_error, fits["sampling"]["se_cr1"], rtol=STD_ERROR)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("negative_binomial", {}),
        ("negative_binomial_rate", {"exposure": "years"}),
        ("negative_binomial_sampling", {"weights": "chance", "weight_type": "sampling"}),
    ],
)
def test_negative_binomial(reference, name, settings):
    frame, fits = reference
    r = fits[name]
    for inference, se in (("jackknife", "se_cr3"), ("sandwich", "se_cr1")):
        fit = negative_binomial(
            f"days ~ {RIGHT}", frame, cluster="cluster", inference=inference, **settings
        )
        shift = (fit.beta - r["coef"]) / r["se_model"]
        np.testing.assert_allclose(shift, 0, atol=NUMERIC)
        np.testing.assert_allclose(fit.std_error, r[se], rtol=NUMERIC_ERROR)
        assert fit.loglik == pytest.approx(r["loglik"], abs=LOGLIK)
    if "weights" not in settings:
        model = negative_binomial(f"days ~ {RIGHT}", frame, inference="model", **settings)
        np.testing.assert_allclose(model.std_error, r["se_model"], rtol=NUMERIC_ERROR)
    assert 1 / fit.dispersion == pytest.approx(r["theta"], rel=1e-3)  # glm.nb stops early
