"""Least squares with robust errors against R's lm and clubSandwich (``make_linear.R``)."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core_trial.models.linear.linear_regression import linear_regression

DATA = Path(__file__).parent / "data"
FORMULA = "count ~ arm + psychosis + age"
#: Relative: both are exact but for rounding.
SAME = 1e-8
SETTINGS = {
    "by_cluster": {"cluster": "cluster"},
    "by_row": {},
    "sampling_by_cluster": {
        "cluster": "cluster", "weights": "chance", "weight_type": "sampling",
    },
    "sampling_by_row": {"weights": "chance", "weight_type": "sampling"},
    "offset": {"cluster": "cluster", "offset": "years"},
    "frequency": {"cluster": "cluster", "weights": "often"},
}  # fmt: skip


@pytest.fixture(params=["few", "trial", "both"])
def data(request):
    frame = pd.read_csv(DATA / f"few_{request.param}.csv")
    return frame, json.loads((DATA / f"linear_{request.param}.json").read_text())


@pytest.mark.parametrize("name", SETTINGS)
def test_robust_errors(data, name):
    frame, r = data
    expected, settings = r[name], SETTINGS[name]
    fit = linear_regression(FORMULA, frame, inference="cr2", **settings)
    np.testing.assert_allclose(fit.beta, expected["coef"], rtol=SAME)
    np.testing.assert_allclose(fit.std_error, expected["se_cr2"], rtol=SAME)
    np.testing.assert_allclose(fit.df, expected["df_cr2"], rtol=1e-6)
    for inference, key in (("sandwich", "se_cr1"), ("jackknife", "se_cr3")):
        other = linear_regression(FORMULA, frame, inference=inference, **settings)
        np.testing.assert_allclose(other.std_error, expected[key], rtol=SAME)


def test_errors_of_the_model(data):
    frame, r = data
    fit = linear_regression(FORMULA, frame)
    np.testing.assert_allclose(fit.beta, r["model"]["coef"], rtol=SAME)
    np.testing.assert_allclose(fit.std_error, r["model"]["se"], rtol=SAME)
    assert fit.loglik == pytest.approx(r["model"]["loglik"], rel=SAME)
    assert fit.variance["residual"] == pytest.approx(r["model"]["sigma2"], rel=SAME)
    assert (fit.df == len(frame) - 4).all()
