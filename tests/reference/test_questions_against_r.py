"""Questions to a fit against R: pbkrtest, lmerTest, emmeans, mvtnorm, and profiles by refits in R.

``make_questions.R`` made the data and the answers.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core_trial import models
from core_trial.models.questions.simultaneous import largest_t

DATA = Path(__file__).parent / "data"
R = json.loads((DATA / "questions.json").read_text())

#: Relative: lmer was run to a tight tolerance; measured 1e-8 and less.
STATISTIC = 1e-7
DF = 1e-7
#: In standard errors.
ESTIMATE = 1e-7
STD_ERROR = 1e-7
#: Relative: glmer's own optimiser, and its Hessian by finite differences; measured 7e-7.
GLMER_ESTIMATE = 1e-5
GLMER_STD_ERROR = 1e-5
#: Relative: R's root of a deviance between two searches; measured 1e-9.
PROFILE = 1e-7
#: Relative: lme4 interpolates the profile of a variance by splines; measured 4e-7.
SPLINE = 1e-5
#: emmeans draws its multivariate t at random: relative error of the half width.
RANDOM_QUANTILE = 2e-3
#: Over fixed points; measured 3e-5 at three dimensions.
QUANTILE = 2e-4

FORMULA = "score ~ arm * sex + centre + age"
QUESTIONS = {
    "centre": "centre",
    "arm_any": ["arm", "arm:sex"],
    "all": None,
    "one": "arm[peer] + arm[peer]:sex[M]",
}


@pytest.fixture(scope="module")
def frame():
    return pd.read_csv(DATA / "questions.csv")


@pytest.fixture(scope="module")
def reml(frame):
    return models.mixed_linear(FORMULA, frame, cluster="cluster", method="reml", df="kenward_roger")


@pytest.fixture(scope="module")
def ml(frame):
    return models.mixed_linear(FORMULA, frame, cluster="cluster", method="ml")


@pytest.fixture(scope="module")
def logistic(frame):
    return models.mixed_logistic("event ~ arm * sex + centre + age", frame, cluster="cluster")


def hazards(frame, formula):
    return models.cox(formula, frame, time="time", event="status")


@pytest.mark.parametrize("name", QUESTIONS)
def test_kenward_roger_of_joint_questions(reml, name):
    found, r = reml.test(QUESTIONS[name]), R["kenward_roger"][name]
    assert found.statistic == pytest.approx(r["statistic"], rel=STATISTIC)
    assert found.df == r["df"]
    assert found.denominator_df == pytest.approx(r["ddf"], rel=DF)
    assert found.p_value == pytest.approx(r["p"], rel=10 * DF)


@pytest.mark.parametrize("name", QUESTIONS)
def test_satterthwaite_of_joint_questions(frame, name):
    fit = models.mixed_linear(FORMULA, frame, cluster="cluster", method="reml", df="satterthwaite")
    found, r = fit.test(QUESTIONS[name]), R["satterthwaite"][name]
    assert found.statistic == pytest.approx(r["statistic"], rel=STATISTIC)
    assert found.denominator_df == pytest.approx(r["ddf"], rel=10 * DF)


def test_one_degree_of_freedom_is_the_square_of_t(reml):
    joint, single = reml.test(QUESTIONS["one"]), reml.contrast(QUESTIONS["one"])
    assert joint.statistic == pytest.approx(float(single.statistic[0] ** 2), rel=1e-10)
    assert joint.denominator_df == pytest.approx(float(single.df[0]), rel=1e-8)


ASKED = {
    "by": {"by": "sex"},
    "arm": {},
    "sample": {"weights": "sample"},
    "at": {"at": {"age": 50, "sex": "M"}},
}


@pytest.mark.parametrize("name", ASKED)
def test_adjusted_means_of_a_linear_model(reml, name):
    found, r = reml.means("arm", **ASKED[name]).to_frame(), R["linear"][name]
    if "sex" in found:
        found = found.sort_values(["sex", "arm"])
    error = np.array(r["SE"])
    np.testing.assert_allclose(found["estimate"] / error, r["emmean"] / error, atol=ESTIMATE)
    np.testing.assert_allclose(found["std_error"], r["SE"], rtol=STD_ERROR)
    np.testing.assert_allclose(found["df"], r["df"], rtol=DF)
    np.testing.assert_allclose(found["low"], r["lower.CL"], rtol=STD_ERROR)


def test_differences_of_adjusted_means(reml):
    found, r = reml.subgroups("arm", "sex"), R["linear"]["by_differences"]
    effects = found.effects
    np.testing.assert_allclose(effects.estimate, r["estimate"], rtol=ESTIMATE)
    np.testing.assert_allclose(effects.df, r["df"], rtol=DF)
    np.testing.assert_allclose(effects.p_value, r["p.value"], rtol=10 * DF)
    assert found.interaction.p_value == reml.test("arm:sex").p_value


def test_intervals_that_hold_together(reml):
    found, r = reml.means("centre").differences(), R["linear"]["together"]
    np.testing.assert_allclose(found.estimate, r["estimate"], rtol=ESTIMATE)
    half = (found.simultaneous_high - found.simultaneous_low) / 2
    np.testing.assert_allclose(half, (np.array(r["high"]) - r["low"]) / 2, rtol=RANDOM_QUANTILE)


def test_adjusted_odds(logistic):
    found, r = logistic.means("arm", by="sex").to_frame(), R["logistic"]["response"]
    found = found.sort_values(["sex", "arm"])
    np.testing.assert_allclose(found["estimate"], r["prob"], rtol=GLMER_ESTIMATE)
    np.testing.assert_allclose(found["std_error"], r["SE"], rtol=GLMER_STD_ERROR)
    np.testing.assert_allclose(found["low"], r["asymp.LCL"], rtol=GLMER_STD_ERROR)
    effects, r = logistic.subgroups("arm", "sex").effects, R["logistic"]["ratios"]
    np.testing.assert_allclose(effects.estimate, r["odds.ratio"], rtol=GLMER_ESTIMATE)
    np.testing.assert_allclose(effects.high, r["asymp.UCL"], rtol=10 * GLMER_STD_ERROR)


@pytest.mark.parametrize("name", ["centre", "arm_any"])
def test_chi_square_of_joint_questions(logistic, name):
    found = logistic.test(QUESTIONS[name])
    assert found.statistic == pytest.approx(R["logistic"]["wald"][name], rel=GLMER_STD_ERROR)
    assert np.isposinf(found.denominator_df)


@pytest.mark.parametrize("k", [0, 1])
def test_profiles_of_linear_coefficients(ml, k):
    term = {"armpeer": "arm[peer]", "age": "age", "centreC": "centre[C]"}
    name = term[R["profiles"]["terms"][k]]
    found = ml.profile(name)
    limits = R["profiles"]["linear"][k]
    np.testing.assert_allclose([found.low[0], found.high[0]], limits, rtol=PROFILE)


def test_profiles_of_variances(ml):
    found = ml.profile(["cluster", "residual"]).to_frame()
    for name in ("cluster", "residual"):
        limits = found.loc[name, ["low", "high"]].to_numpy(dtype=float)
        expected = np.square(R["profiles"]["linear_sd"][name])
        np.testing.assert_allclose(limits, expected, rtol=SPLINE)


def test_profile_of_a_hazard_ratio(frame):
    found = hazards(frame, "arm + sex + centre").profile("arm")
    np.testing.assert_allclose(
        np.log([found.low[0], found.high[0]]), R["profiles"]["cox"], rtol=PROFILE
    )


def test_likelihood_ratios(frame, ml):
    less = models.mixed_linear("score ~ arm * sex + age", frame, cluster="cluster", method="ml")
    cox = [hazards(frame, f) for f in ("arm + sex", "arm + sex + centre")]
    for found, r in (
        (models.compare(less, ml), R["comparisons"]["linear"]),
        (models.compare(*cox), R["comparisons"]["cox"]),
    ):
        assert found.test.statistic == pytest.approx(r["statistic"], abs=1e-6)
        assert found.test.df == r["df"]
        np.testing.assert_allclose(found.table["aic"], r["aic"], rtol=1e-8)
        np.testing.assert_allclose(found.table["bic"], r["bic"], rtol=1e-8)


def tukey(k):
    """Correlations of all differences of k independent means with equal variances."""
    rows = [np.eye(k)[i] - np.eye(k)[j] for i in range(k) for j in range(i)]
    return np.array(rows) @ np.array(rows).T / 2


def test_the_largest_t_against_tukey():
    exact = R["quantiles"]
    assert largest_t(tukey(3), 20.0).quantile(0.95) == pytest.approx(exact["tukey3_df20"], rel=1e-6)
    four = largest_t(tukey(4), np.inf).quantile(0.95)
    assert four == pytest.approx(exact["tukey4_inf"], rel=QUANTILE)


def test_the_largest_t_against_mvtnorm():
    equal = np.full((3, 3), 0.5) + 0.5 * np.eye(3)
    falling = np.array([1, 0.6, 0.3, 0.1])[np.abs(np.subtract.outer(range(4), range(4)))]
    r = R["quantiles"]
    assert largest_t(equal, np.inf).cdf(2.35) == pytest.approx(r["dunnett3_at_2.35"], abs=QUANTILE)
    found = largest_t(falling, 10.0).cdf(2.8)
    assert found == pytest.approx(r["toeplitz4_df10_at_2.8"], abs=QUANTILE)
