import numpy as np
import pandas as pd
import pytest
from clustered import trial
from scipy import integrate, special, stats

from core_trial.errors import DesignError
from core_trial.models.intercept.logistic import logistic_regression
from core_trial.models.intercept.mixed_logistic import mixed_logistic
from core_trial.models.marginal.standardised import standardised

FORMULA = "event ~ arm + centre + age"


def fit_of(frame, formula=FORMULA, **settings):
    return standardised(formula, frame, cluster="cluster", **settings)


@pytest.fixture(scope="module")
def frame():
    return trial(5, n=120, workers=8, sd=1.0)


def test_saturated_model_without_clustering_gives_the_raw_risks():
    arm = np.repeat([0, 1], [100, 80])
    event = np.concatenate([np.arange(100) < 30, np.arange(80) < 20]).astype(int)
    frame = pd.DataFrame({"event": event, "arm": arm, "cluster": np.arange(180)})
    fit = fit_of(frame, "event ~ arm")
    variance = 0.25 * 0.75 / 80 + 0.3 * 0.7 / 100
    assert fit.effect("arm").estimate == pytest.approx(-0.05, rel=1e-10)
    assert fit.effect("arm").std_error == pytest.approx(np.sqrt(variance), rel=1e-8)
    ratio = fit_of(frame, "event ~ arm", measure="risk_ratio").effect("arm")
    assert ratio.estimate == pytest.approx(0.25 / 0.30, rel=1e-10)
    assert ratio.std_error == pytest.approx(np.sqrt(0.75 / 20 + 0.70 / 30), rel=1e-8)


@pytest.mark.parametrize("random", ["1", "arm"])
def test_risks_are_integrated_and_averaged(frame, random):
    mixed = mixed_logistic(FORMULA, frame, cluster="cluster", random=random)
    fit = fit_of(frame, random=random)
    sd = np.sqrt(mixed.variance["cluster"])
    rest = (
        mixed.beta[0]
        + mixed.beta[2] * (frame["centre"] == "B")
        + mixed.beta[3] * (frame["centre"] == "C")
        + mixed.beta[4] * frame["age"]
    )
    for arm in (0, 1):
        spread = sd if random == "1" or arm == 1 else 0.0

        def risk(eta, s=spread):
            density = stats.norm.pdf
            return integrate.quad(lambda b: special.expit(eta + s * b) * density(b), -12, 12)[0]

        expected = np.mean([risk(eta + arm * mixed.beta[1]) for eta in rest])
        assert fit.quantities[f"risk[{arm}]"].estimate == pytest.approx(expected, rel=1e-7)


def test_an_origin_far_away_changes_nothing(frame):
    """The arm's own coefficient is then so large that its odds ratio is no number."""
    far = frame.assign(age=frame["age"] + 5000)
    near, moved = (fit_of(f, "event ~ arm*age") for f in (frame, far))
    assert moved.beta == pytest.approx(near.beta, rel=1e-4)
    assert moved.std_error == pytest.approx(near.std_error, rel=1e-4)


def test_a_large_coefficient_is_a_coefficient(frame):
    """The fit's odds ratio for the arm overflows; the risks are what they are."""
    rng = np.random.default_rng(3)
    frame = frame.assign(x=1000 + 0.05 * rng.standard_normal(len(frame)))
    fit = fit_of(frame, "event ~ arm + arm:x")
    assert np.isfinite([*fit.beta, *fit.std_error]).all()


def test_measures_agree_with_one_another(frame):
    difference, ratio = fit_of(frame), fit_of(frame, measure="risk_ratio")
    reference, other = (difference.quantities[f"risk[{a}]"].estimate for a in (0, 1))
    assert difference.effect("arm").estimate == pytest.approx(other - reference)
    assert ratio.effect("arm").estimate == pytest.approx(other / reference)
    assert difference.quantities.keys() == ratio.quantities.keys()
    for fit, name in ((difference, "risk_difference"), (ratio, "risk_ratio")):
        effect, quantity = fit.effect("arm"), fit.quantities[name]
        assert (effect.low, effect.high) == pytest.approx((quantity.low, quantity.high))
        assert effect.p_value == pytest.approx(quantity.p_value)
    assert (difference.scale, ratio.scale) == ("identity", "log")


def test_factors_and_interactions(frame):
    named = frame.assign(arm=pd.Categorical.from_codes(frame["arm"], ["control", "intervention"]))
    fit = fit_of(named, "event ~ arm*age + centre")
    assert fit.terms == ("arm[intervention]",)
    number = fit_of(frame, "event ~ arm*age + centre")
    assert fit.effect("arm").estimate == pytest.approx(number.effect("arm").estimate, rel=1e-9)
    assert "risk[intervention]" in fit.quantities


def test_covariates_add_to_the_uncertainty(frame):
    # with a strong covariate the risks vary between participants, and their average is uncertain
    fit = fit_of(frame)
    risk = fit.quantities["risk[1]"]
    assert risk.std_error > 0
    narrow = fit_of(
        pd.concat([frame] * 4, ignore_index=True).assign(
            cluster=lambda f: f["cluster"] + np.repeat(list("abcd"), len(frame))
        )
    )
    assert narrow.quantities["risk[1]"].std_error == pytest.approx(risk.std_error / 2, rel=0.1)


def test_arm_that_separates_is_not_estimable(frame):
    fit = fit_of(frame.assign(event=frame["event"] * frame["arm"]))
    assert not fit.converged
    assert np.isnan(fit.effect("arm").estimate)
    assert all(np.isnan(q.estimate) for q in fit.quantities.values())


def test_centre_without_events_has_no_risk_in_either_arm(frame):
    none = frame.assign(event=frame["event"].where(frame["centre"] != "B", 0))
    fit, rest = fit_of(none), fit_of(none[none["centre"] != "B"])
    share = (none["centre"] != "B").mean()
    assert fit.effect("arm").estimate == pytest.approx(
        share * rest.effect("arm").estimate, rel=1e-7
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"measure": "odds_ratio"}, "measure must be one of .risk_difference., .risk_ratio."),
        ({"random": "half"}, "needs every cluster on one side"),
        ({"random": "half", "cluster": "alone"}, "the risks need"),
        ({"arm": "age"}, "different numbers"),
        ({"reference": 2}, "no level of 'arm', which has 0, 1"),
        ({"inference": "bootstrap"}, "for the odds ratio"),
        ({"arm": "count"}, "not in the formula"),
    ],
)
def test_refusals(frame, settings, message):
    rows = frame.assign(half=np.arange(len(frame)) % 3 == 0, alone=np.arange(len(frame)))
    with pytest.raises(DesignError, match=message):
        standardised(FORMULA, rows, **{"cluster": "cluster"} | settings)


def test_three_arms_are_compared_with_the_first_or_the_one_named(frame):
    three = frame.assign(arm=frame["arm"].map({0: "usual", 1: "peer"}).astype(object))
    three.loc[(three["arm"] == "usual") & (np.arange(len(three)) % 3 == 0), "arm"] = "leaflet"
    fit = fit_of(three, "event ~ arm")
    assert fit.terms == ("arm[peer]", "arm[usual]")
    named = fit_of(three, "event ~ arm", reference="usual", measure="risk_ratio")
    assert named.terms == ("arm[leaflet]", "arm[peer]")
    risks = {a: fit.quantities[f"risk[{a}]"].estimate for a in ("leaflet", "peer", "usual")}
    assert fit.beta[1] == pytest.approx(risks["usual"] - risks["leaflet"], rel=1e-12)
    assert named.effect("arm[peer]").estimate == pytest.approx(
        risks["peer"] / risks["usual"], rel=1e-12
    )
    back, there = fit.quantities["risk_ratio[usual]"], named.quantities["risk_ratio[leaflet]"]
    assert back.estimate == pytest.approx(1 / there.estimate, rel=1e-12)
    assert back.p_value == pytest.approx(there.p_value, rel=1e-10)


def test_a_random_effect_in_some_of_several_arms(frame):
    three = frame.assign(arm=frame["arm"].map({0: "usual", 1: "peer"}).astype(object))
    three.loc[(three["arm"] == "usual") & (np.arange(len(three)) % 3 == 0), "arm"] = "leaflet"
    three["worked"] = (three["arm"] == "peer").astype(int)
    fit = fit_of(three, "event ~ arm", random="worked")
    raw = three.groupby("arm")["event"].mean()
    assert fit.quantities["risk[usual]"].estimate == pytest.approx(raw["usual"], rel=1e-8)
    assert fit.quantities["risk[leaflet]"].estimate == pytest.approx(raw["leaflet"], rel=1e-8)


def test_few_clusters_are_judged_by_t(frame):
    fit, normal = fit_of(frame), fit_of(frame, inference="normal")
    assert fit.df[0] == 7  # eight workers in one arm
    assert np.isinf(normal.df[0])
    assert fit.std_error == pytest.approx(normal.std_error)
    assert fit.quantities["risk_difference"].p_value > normal.quantities["risk_difference"].p_value


def test_rows_of_many_people_are_the_people(frame):
    """Events of trials, frequencies and words for an outcome: the same people each time."""
    plain = fit_of(frame, "event ~ arm")
    words = frame.assign(event=np.where(frame["event"] == 1, "yes", "no"))
    assert fit_of(words, "event ~ arm", success="yes").beta == pytest.approx(plain.beta, rel=1e-10)
    cells = frame.groupby(["cluster", "arm"])["event"].agg(event="sum", people="size").reset_index()
    many = fit_of(cells, "event ~ arm", trials="people")
    assert many.beta == pytest.approx(plain.beta, rel=1e-8)
    assert many.std_error == pytest.approx(plain.std_error, rel=1e-7)
    often = frame.groupby(["cluster", "arm", "event"]).size().rename("often").reset_index()
    counted = fit_of(often, "event ~ arm", weights="often")
    assert counted.std_error == pytest.approx(plain.std_error, rel=1e-7)


# Nobody clustered.


def test_without_clusters_it_is_a_logistic_regression_with_everybody_alone():
    rng = np.random.default_rng(4)
    n = 300
    frame = pd.DataFrame({"arm": np.arange(n) % 2, "age": rng.normal(size=n), "row": range(n)})
    chance = 1 / (1 + np.exp(-0.3 * frame["age"] + 0.6 * frame["arm"]))
    frame["event"] = (rng.random(n) < chance).astype(float)
    fit = standardised("event ~ arm + age", frame, cluster=None)
    plain = logistic_regression("event ~ arm + age", frame)
    own = [plain.predict(frame.assign(arm=arm)).mean() for arm in (0, 1)]
    assert fit.effect("arm").estimate == pytest.approx(own[1] - own[0], rel=1e-10)
    rows = standardised("event ~ arm + age", frame, cluster="row")
    assert fit.effect("arm").std_error == pytest.approx(rows.effect("arm").std_error, rel=1e-6)
    assert fit.warnings == ()
    assert "mixed" not in fit.method
    assert "random intercept" not in fit.method


@pytest.mark.parametrize("given", [{"random": "arm"}, {"inference": "t"}])
def test_what_needs_clusters_is_refused_without_them(given):
    frame = pd.DataFrame({"arm": [0, 1] * 4, "age": 1.0, "event": [0, 1, 1, 0] * 2})
    with pytest.raises(DesignError, match=f"{next(iter(given))}= with cluster=None"):
        standardised("event ~ arm", frame, cluster=None, **given)
