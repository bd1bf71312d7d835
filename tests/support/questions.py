"""A small partially nested trial and fits of it by every model, for questions to a fit."""

from functools import cache

import numpy as np
import pandas as pd

from core_trial import models


@cache
def trial(n: int = 160, seed: int = 7) -> pd.DataFrame:
    """Two arms, three centres; twelve workers in the arm that has them."""
    rng = np.random.default_rng(seed)
    arm = np.where(np.arange(n) % 2, "peer", "control")
    worker = rng.integers(0, 12, n)
    sex = rng.choice(["F", "M"], n)
    centre = rng.choice(["A", "B", "C"], n, p=[0.5, 0.3, 0.2])
    age = rng.normal(40, 10, n).round()
    eta = 0.5 * (arm == "peer") + 0.4 * (sex == "M") + 0.02 * (age - 40)
    eta = eta + 0.8 * rng.normal(size=12)[worker] * (arm == "peer")
    return pd.DataFrame(
        {
            "arm": arm,
            "sex": sex,
            "centre": centre,
            "age": age,
            "worker": np.where(arm == "peer", worker, 100 + np.arange(n)),
            "score": 10 + 2 * eta + rng.normal(0, 2, n),
            "event": (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int),
            "days": rng.negative_binomial(2, 0.3, n) * (rng.random(n) > 0.3),
            "count": rng.poisson(np.exp(0.3 + 0.3 * eta)),
            "time": np.ceil(rng.exponential(50, n)),
            "status": (rng.random(n) < 0.7).astype(int),
        }
    )


RIGHT = "arm * sex + centre + age"


@cache
def fits() -> dict[str, models.Fit]:
    """A fit by every model."""
    d, nested = trial(), {"cluster": "worker", "random": "arm"}
    time = {"time": "time", "event": "status"}
    return {
        "linear": models.mixed_linear(f"score ~ {RIGHT}", d, method="ml", **nested),
        "reml": models.mixed_linear(
            f"score ~ {RIGHT}", d, method="reml", df="kenward_roger", residual_by="arm", **nested
        ),
        "logistic": models.mixed_logistic(f"event ~ {RIGHT}", d, inference="normal", **nested),
        "poisson": models.mixed_poisson(f"count ~ {RIGHT}", d, inference="normal", **nested),
        "least": models.linear_regression(f"score ~ {RIGHT}", d),
        "plain": models.logistic_regression(f"event ~ {RIGHT}", d),
        "risk": models.modified_poisson(f"event ~ {RIGHT}", d, cluster="worker"),
        "zeros": models.zero_inflated_nb("days ~ arm + sex", d, inflation="arm", inference="model"),
        "cox": models.cox(RIGHT, d, **time),
        "frailty": models.cox("arm", d, cluster="worker", frailty="gamma", **time),
        "standardised": models.standardised("event ~ arm + age", d, cluster="worker", random="arm"),
    }
