"""Small made-up trials with clusters in one arm, for the tests of the mixed models."""

import numpy as np
import pandas as pd


def trial(seed=0, n=60, workers=6, sd=0.8, both=False):
    """A frame with event (0/1), count, arm, centre, age and cluster."""
    rng = np.random.default_rng(seed)
    arm = np.arange(n) % 2
    worker = rng.integers(0, workers, n)
    cluster = worker + workers * arm if both else np.where(arm == 1, worker, workers + np.arange(n))
    effect = sd * rng.standard_normal(cluster.max() + 1)
    age = rng.normal(size=n).round(1)
    eta = -0.3 - 0.5 * arm + 0.3 * age + effect[cluster] * (arm | both)
    return pd.DataFrame(
        {
            "event": (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int),
            "count": rng.poisson(np.exp(eta + 0.5)),
            "arm": arm,
            "centre": np.array(list("ABC"))[rng.integers(0, 3, n)],
            "age": age,
            "cluster": [f"w{c:04d}" for c in cluster],
        }
    )
