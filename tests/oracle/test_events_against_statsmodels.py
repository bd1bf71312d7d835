"""Where statsmodels is right: Cox with Breslow ties, clusters and strata; the count likelihood."""

import numpy as np
import pandas as pd
import pytest

from core_trial.models.counts.zero_inflated_nb import zero_inflated_nb
from core_trial.models.survival.cox import cox

sm = pytest.importorskip("statsmodels.api", exc_type=ImportError)
count_model = pytest.importorskip("statsmodels.discrete.count_model", exc_type=ImportError)


def made_up(n=200) -> pd.DataFrame:
    rng = np.random.default_rng(12)
    arm, g = np.arange(n) % 2, rng.integers(0, 30, n)
    time = np.ceil(rng.exponential(20 * np.exp(0.4 * arm)))
    days = rng.negative_binomial(1.2, 0.1, n) * (rng.random(n) < 0.6)
    return pd.DataFrame(
        {
            "arm": arm,
            "x": rng.normal(size=n),
            "s": rng.integers(0, 3, n),
            "g": g,
            "time": np.minimum(time, 40),
            "event": (time <= 40).astype(int),
            "days": days,
        }
    )


@pytest.mark.parametrize("strata", [None, "s"])
def test_breslow(strata):
    frame = made_up()
    other = sm.PHReg(
        frame["time"],
        frame[["arm", "x"]],
        frame["event"],
        ties="breslow",
        strata=None if strata is None else frame[strata],
    )
    settings = {"time": "time", "event": "event", "strata": strata}
    plain, clustered = other.fit(), other.fit(groups=frame["g"].to_numpy())
    fit = cox("arm + x", frame, **settings)
    np.testing.assert_allclose(fit.beta, plain.params, rtol=1e-6)
    np.testing.assert_allclose(fit.std_error, plain.bse, rtol=1e-6)
    assert fit.loglik == pytest.approx(plain.llf, rel=1e-9)
    robust = cox("arm + x", frame, cluster="g", small_sample=False, **settings)
    np.testing.assert_allclose(robust.std_error, clustered.bse, rtol=1e-5)


def test_likelihood_and_score_of_the_counts():
    """At our maximum its log-likelihood is ours and its score is zero."""
    frame = made_up()
    fit = zero_inflated_nb("days ~ arm + x", frame, inflation="arm")
    X, Z = (sm.add_constant(frame[columns]) for columns in (["arm", "x"], ["arm"]))
    other = count_model.ZeroInflatedNegativeBinomialP(frame["days"], X, exog_infl=Z)
    at = np.concatenate([fit.beta[3:5], fit.beta[:3], [fit.dispersion]])
    assert other.loglike(at) == pytest.approx(fit.loglik, rel=1e-10)
    np.testing.assert_allclose(other.score(at), 0, atol=1e-4)
