"""An arm of one: no comparison holds, and none is printed."""

import numpy as np
import pandas as pd
import pytest

import core_trial as ct


def study(treated):
    rng = np.random.default_rng(2)
    n = 60
    frame = pd.DataFrame(
        {
            "id": [f"P{i}" for i in range(n)],
            "arm": ["new"] * treated + ["usual"] * (n - treated),
            "relapsed": rng.integers(0, 2, n),
            "score": rng.normal(size=n),
            "days": rng.integers(1, 365, n),
        }
    )
    trial = ct.Trial(
        title="One person",
        participant="id",
        arm=ct.Arm("arm", control="usual", intervention="new"),
        outcomes=(ct.Score("score"), ct.Time("days", event="relapsed", limit=365)),
    )
    return ct.analyse(trial, frame)


@pytest.mark.parametrize(("treated", "told"), [(1, False), (2, True)])
def test_one_person_alone_is_compared_with_nobody(treated, told):
    results = study(treated).results
    for analysis, level in (("score", ""), ("days", "restricted_mean")):
        found = results.estimate(analysis, level)
        assert np.isfinite(found.estimate) == told
        if not told:
            assert "one participant alone" in " ".join(found.warnings)
