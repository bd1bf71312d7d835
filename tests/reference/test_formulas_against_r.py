"""Formulas as R reads them: linear predictors, their errors and the likelihood of each fit.

``make_formulas.R`` fitted them. What is compared does not depend on how columns are named or chosen
among those that span the same.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core_trial import models
from core_trial.models.design import build

DATA = Path(__file__).parent / "data"
ANSWERS = json.loads((DATA / "formulas.json").read_text())
FRAME = pd.read_csv(DATA / "formulas.csv")
#: Of standard errors: lme4's optimiser stops when theta is right to about 1e-6.
PREDICTOR = {"mixed_linear": 1e-5, "mixed_logistic": 1e-3, "cox": 1e-6}
#: Relative; glmer takes the errors from finite differences.
STD_ERROR = {"mixed_linear": 1e-5, "mixed_logistic": 2e-3, "cox": 1e-6}
#: Absolute; ours may be higher than R's, not lower.
LOGLIK = {"mixed_linear": 1e-7, "mixed_logistic": 1e-5, "cox": 1e-7}


def linear(right):
    return models.mixed_linear(f"y ~ {right}", FRAME, cluster="c")


def logistic(right):
    return models.mixed_logistic(f"e ~ {right}", FRAME, cluster="c")


def hazards(right):
    return models.cox(right, FRAME, time="time", event="event")


FITS = {"mixed_linear": linear, "mixed_logistic": logistic, "cox": hazards}
CASES = [pytest.param(model, right) for model, found in ANSWERS.items() for right in found]


@pytest.mark.parametrize(("model", "right"), CASES)
def test_the_model_is_rs(model, right):
    expected, fit = ANSWERS[model][right], FITS[model](right)
    X = build(right, FRAME, baseline=model == "cox").X
    if model == "cox":
        X = X - X.mean(axis=0)
    X = X[::4]
    eta, error = X @ fit.beta, np.sqrt(np.einsum("ij,jk,ik->i", X, fit.cov, X))
    their_error = np.array(expected["se"])
    np.testing.assert_allclose(error, their_error, rtol=STD_ERROR[model])
    shift = (eta - expected["eta"]) / their_error
    np.testing.assert_allclose(shift, 0, atol=PREDICTOR[model])
    assert fit.loglik > expected["loglik"] - LOGLIK[model]
    assert fit.loglik == pytest.approx(expected["loglik"], abs=1e-4)
    assert fit.converged


def test_cells_of_sixteen_rows_as_lme4_has_them():
    """Printed by lme4 for the same sixteen rows, to the digits printed."""
    frame = pd.DataFrame(
        {
            "y": [3.0, 5, 4, 6, 9, 8, 7, 11, 2, 4, 3, 6, 8, 10, 9, 12],
            "g": list("AAAABBBB") * 2,
            "t": list("0101") * 4,
            "x": [1.0, 2, 3, 4] * 4,
            "c": [1] * 4 + [2] * 4 + [3] * 4 + [4] * 4,
        }
    )

    def fit(right):
        return models.mixed_linear(f"y ~ {right}", frame, cluster="c")

    for right in ("0 + g", "g - 1"):
        means = fit(right)
        assert means.terms == ("g[A]", "g[B]")
        np.testing.assert_allclose(means.beta, [4.125, 9.25])
        assert means.loglik == pytest.approx(-28.8209, abs=5e-5)
    assert fit("g:t").loglik == pytest.approx(-22.8271, abs=5e-5)
    nested = fit("g + g:t")
    assert nested.terms == ("Intercept", "g[B]", "g[A]:t[1]", "g[B]:t[1]")
    np.testing.assert_allclose(nested.beta, [3.0, 5.25, 2.25, 2.0])
    assert nested.loglik == pytest.approx(-22.8271, abs=5e-5)
    slopes = fit("g:x")
    assert slopes.terms == ("Intercept", "g[A]:x", "g[B]:x")
    np.testing.assert_allclose(slopes.beta[1:], [0.0333, 1.7167], atol=5e-5)
    assert slopes.loglik == pytest.approx(-29.8547, abs=5e-5)
