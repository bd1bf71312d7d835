"""Linear and logistic regression of independent rows against statsmodels, and at their limits."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from core_trial import models
from core_trial.errors import DesignError

#: Both sides solve to convergence; what is left is rounding.
NUMERICAL = 1e-7


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(4)
    n = 120
    people = pd.DataFrame(
        {
            "arm": np.resize(["a", "b"], n),
            "age": rng.normal(40, 9, n),
            "site": rng.integers(0, 3, n),
        }
    )
    people["site"] = people["site"].map({0: "x", 1: "y", 2: "z"})
    people["score"] = 20 + 0.3 * people["age"] + rng.normal(0, 4, n)
    people["well"] = (rng.random(n) < 0.4).astype(float)
    return people


def held(ours, theirs):
    np.testing.assert_allclose(ours.beta, theirs.params.to_numpy(), rtol=NUMERICAL, atol=1e-10)
    np.testing.assert_allclose(ours.std_error, theirs.bse.to_numpy(), rtol=NUMERICAL)
    np.testing.assert_allclose(ours.inference.p_value, theirs.pvalues.to_numpy(), rtol=1e-5)
    assert ours.loglik == pytest.approx(theirs.llf, rel=NUMERICAL)


def test_linear_regression(frame):
    ours = models.linear_regression("score ~ arm + site + age", frame)
    theirs = smf.ols("score ~ arm + site + age", frame).fit()
    held(ours, theirs)
    assert ours.df.tolist() == [115.0] * 5
    assert ours.variance["residual"] == pytest.approx(theirs.mse_resid, rel=NUMERICAL)
    np.testing.assert_allclose(ours.fitted, theirs.fittedvalues, rtol=NUMERICAL)


def test_logistic_regression(frame):
    ours = models.logistic_regression("well ~ arm + site + age", frame)
    theirs = smf.logit("well ~ arm + site + age", frame).fit(disp=0, tol=1e-12)
    held(ours, theirs)
    np.testing.assert_allclose(ours.fitted, theirs.predict(frame), rtol=1e-6)
    assert ours.n_events == int(frame["well"].sum())


def test_a_group_without_events_leaves_the_others_as_they_are(frame):
    spoilt = frame.assign(well=frame["well"].where(frame["site"] != "z", 0.0))
    ours = models.logistic_regression("well ~ arm + site", spoilt)
    others = models.logistic_regression("well ~ arm + site", spoilt[spoilt["site"] != "z"])
    assert np.isnan(ours.beta[ours.position("site[z]")])
    assert ours.effect("arm").estimate == pytest.approx(others.effect("arm").estimate, rel=1e-6)
    assert ours.loglik == pytest.approx(others.loglik, rel=NUMERICAL)
    assert any("site[z]" in text for text in ours.warnings)


def test_an_exact_fit_has_no_error(frame):
    exact = frame.assign(score=2.0 * frame["age"])
    with pytest.raises(DesignError, match="exactly"):
        models.linear_regression("score ~ age", exact)


@pytest.mark.parametrize("rows", [2, 3])
def test_as_many_rows_as_coefficients_are_too_few(frame, rows):
    few = frame.iloc[:rows]
    if rows == 2:
        with pytest.raises(DesignError, match="cannot carry"):
            models.linear_regression("score ~ arm", few)
    else:
        assert models.linear_regression("score ~ arm", few).df[0] == 1


def test_an_outcome_of_other_numbers_is_no_event(frame):
    with pytest.raises(DesignError, match="0 or 1"):
        models.logistic_regression("score ~ arm", frame)
