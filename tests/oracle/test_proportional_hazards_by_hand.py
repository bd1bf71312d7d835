"""Tests of proportional hazards from a likelihood with a covariate that changes over time."""

import numpy as np
import pandas as pd
import pytest

from core_trial.errors import DesignError
from core_trial.models.survival.cox import cox
from core_trial.models.survival.proportional_hazards import proportional_hazards

TIMES = {"time": "time", "event": "event"}


def made_up(seed=0, n=60) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "arm": np.arange(n) % 2,
            "centre": np.array(list("ABC"))[rng.integers(0, 3, n)],
            "time": rng.integers(1, 15, n),
            "event": rng.integers(0, 2, n),
        }
    )


def covariates(frame):
    levels = [(frame["centre"] == c).to_numpy(float) for c in "BC"]
    return np.column_stack([frame["arm"].to_numpy(float), *levels])


def loglik(frame, beta, course, gamma):
    """Breslow's, with coefficients beta + gamma * course(t)."""
    X, t = covariates(frame), frame["time"].to_numpy()
    total = 0.0
    for time in np.unique(t[frame["event"] == 1]):
        eta = X @ (beta + gamma * course(time))
        dead, at_risk = (t == time) & (frame["event"] == 1), t >= time
        total += eta[dead].sum() - dead.sum() * np.log(np.exp(eta[at_risk]).sum())
    return total


def score_test(frame, beta, course, columns):
    """Score test of gamma in some columns, all derivatives by differences."""
    p, h = len(beta), 1e-4

    def at(v):
        gamma = np.zeros(p)
        gamma[columns] = v[p:]
        return loglik(frame, v[:p], course, gamma)

    v = np.concatenate([beta, np.zeros(len(columns))])
    steps = h * np.eye(len(v))
    score = np.array([(at(v + e) - at(v - e)) / (2 * h) for e in steps])
    hessian = [
        [(at(v + e + f) - at(v + e - f) - at(v - e + f) + at(v - e - f)) for e in steps]
        for f in steps
    ]
    return score @ np.linalg.solve(-np.array(hessian) / (4 * h * h), score)


@pytest.mark.parametrize(("transform", "course"), [("identity", lambda t: t / 10), ("log", np.log)])
def test_score_tests_by_differences(transform, course):
    frame = made_up()
    fit = cox("arm + centre", frame, **TIMES)
    found = proportional_hazards("arm + centre", frame, **TIMES, transform=transform).tests
    for term, columns in (("arm", [0]), ("centre", [1, 2]), ("global", [0, 1, 2])):
        expected = score_test(frame, fit.beta, course, columns)
        assert found[term].statistic == pytest.approx(expected, rel=1e-4)
        assert found[term].df == len(columns)


def test_schoenfeld_residuals_by_hand():
    """Two deaths, at 1 (x = 1 of risk set 1, 0, 1) and at 2 (x = 0 of 0, 1): residuals sum to 0."""
    frame = pd.DataFrame({"time": [1, 2, 3], "event": [1, 1, 0], "x": [1, 0, 1]})
    fit = cox("x", frame, **TIMES)
    r = np.exp(fit.beta[0])
    raw = np.array([1 - 2 * r / (2 * r + 1), 0 - r / (r + 1)])
    assert raw.sum() == pytest.approx(0, abs=1e-9)
    found = proportional_hazards("x", frame, **TIMES, transform="identity")
    scaled = fit.beta[0] + 2 * raw * fit.std_error[0] ** 2
    np.testing.assert_allclose(found.residuals["x"], scaled, rtol=1e-9)
    np.testing.assert_array_equal(found.residuals["time"], [1, 2])


def test_time_is_transformed_by_the_curve_just_before():
    frame = pd.DataFrame({"time": [1, 2, 2, 3], "event": [1, 1, 0, 1], "x": [1, 0, 1, 0]})
    found = proportional_hazards("x", frame, **TIMES)
    np.testing.assert_allclose(found.residuals["transformed"], [0, 1 / 4, 1 / 2], rtol=1e-12)


def test_what_cannot_be_tested_is_nan():
    frame = made_up(1)
    one = proportional_hazards("arm", frame.assign(time=3), **TIMES)
    assert np.isnan([test.statistic for test in one.tests.values()]).all()
    frame.loc[frame["centre"] == "C", "event"] = 0
    found = proportional_hazards("arm + centre", frame, **TIMES).tests
    assert np.isnan(found["centre"].statistic)
    assert np.isfinite([found["arm"].statistic, found["global"].statistic]).all()
    assert found["global"].df == 2


def test_refusals():
    frame = made_up()
    with pytest.raises(DesignError, match="no event"):
        proportional_hazards("arm", frame.assign(event=0), **TIMES)
    with pytest.raises(DesignError, match="time zero"):
        proportional_hazards("arm", frame.assign(time=0), **TIMES, transform="log")
    with pytest.raises(DesignError, match="transform must be"):
        proportional_hazards("arm", frame, **TIMES, transform="rank")
    with pytest.raises(DesignError, match="without a left side"):
        proportional_hazards("time ~ arm", frame, **TIMES)
