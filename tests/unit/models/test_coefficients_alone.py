"""What a prepared model says of its coefficients alone is what its fit says of them, to the bit."""

import numpy as np
import pandas as pd
import pytest

from core_trial import models


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(7)
    n = 200
    arm = np.arange(n) % 2
    worker = np.where(arm == 1, rng.integers(0, 12, n), 100 + np.arange(n))
    effect = 0.8 * rng.standard_normal(400)
    score = 50 + 3 * arm + 4 * effect[worker] * arm + rng.normal(0, 5, n)
    event = rng.random(n) < 1 / (1 + np.exp(0.4 - 0.5 * arm - effect[worker] * arm))
    return pd.DataFrame(
        {"arm": arm, "score": score, "event": event.astype(float), "worker": worker.astype(str)}
    )


@pytest.mark.parametrize("df", ["normal", "satterthwaite", "kenward_roger"])
def test_of_a_linear_model(frame, df):
    model = models.prepare_mixed_linear(
        "score ~ arm", frame, cluster="worker", random="arm", method="reml", df=df
    )
    same(model.fit(), model.coefficients())


@pytest.mark.parametrize("points", [1, 7, 25])
def test_of_a_logistic_model(frame, points):
    model = models.prepare_mixed_logistic(
        "event ~ arm", frame, cluster="worker", random="arm", points=points
    )
    same(model.fit(), model.coefficients())
    assert model.loglik() == model.fit().loglik


def test_of_data_that_separate(frame):
    apart = frame.assign(event=np.where(frame["arm"] == 1, frame["event"], 0.0))
    model = models.prepare_mixed_logistic("event ~ arm", apart, cluster="worker", random="arm")
    same(model.fit(), model.coefficients())


def same(fit, alone):
    np.testing.assert_array_equal(alone.beta, fit.beta)
    np.testing.assert_array_equal(alone.std_error, fit.std_error)
    np.testing.assert_array_equal(alone.df, fit.df)
    p = [alone.p_value(k) for k in range(len(alone.beta))]
    np.testing.assert_array_equal(p, fit.inference.p_value)
