"""Ratios of means with robust errors: what algebra gives, and what is said or refused."""

import numpy as np
import pandas as pd
import pytest

from core_trial.errors import DesignError
from core_trial.models import modified_poisson, negative_binomial, poisson, zero_inflated_nb


def partly_nested(workers, members, seed=1, mean=4.0, zeros=0.3):
    """Workers of so many members each in arm 1, and as many people on their own in arm 0."""
    rng = np.random.default_rng(seed)
    n = workers * members
    arm = np.repeat([1, 0], n)
    worker = np.r_[np.repeat(np.arange(workers), members), workers + np.arange(n)]
    days = rng.poisson(mean * rng.gamma(1.5, 1 / 1.5, 2 * n))
    days[rng.random(2 * n) < zeros] = 0
    return pd.DataFrame({"days": days, "arm": arm, "worker": worker, "event": days > 3})


def said(fit):
    return " | ".join(fit.warnings)


@pytest.mark.parametrize("model", [poisson, negative_binomial])
def test_the_arms_effect_is_the_ratio_of_means(model):
    frame = partly_nested(6, 8)
    means = frame.groupby("arm")["days"].mean()
    fit = model("days ~ arm", frame, cluster="worker")
    assert fit.effect("arm").estimate == pytest.approx(means[1] / means[0], rel=1e-9)


@pytest.mark.parametrize("model", [poisson, negative_binomial])
def test_with_an_exposure_it_is_the_ratio_of_rates(model):
    """Equal exposures in each arm: the rate is the mean by the exposure."""
    frame = partly_nested(6, 8)
    frame["years"] = np.where(frame["arm"] == 1, 0.5, 2.0)
    means = frame.groupby("arm")["days"].mean()
    fit = model("days ~ arm", frame, cluster="worker", exposure="years")
    expected = (means[1] / 0.5) / (means[0] / 2)
    assert fit.effect("arm").estimate == pytest.approx(expected, rel=1e-9)
    logs = frame.assign(logs=np.log(frame["years"]))
    same = model("days ~ arm", logs, cluster="worker", offset="logs")
    np.testing.assert_allclose(same.beta, fit.beta, rtol=1e-12)
    np.testing.assert_allclose(fit.fitted.sum(), frame["days"].sum(), rtol=1e-7)


def test_jackknife_of_a_mean_by_hand():
    """Leaving out cluster g moves log m by -(n_g/(n - n_g)) (m_g - m)/m in one Newton step."""
    frame = partly_nested(5, 6)
    only = frame[frame["arm"] == 1]
    fit = poisson("days ~ 1", only, cluster="worker", inference="jackknife")
    m, by = only["days"].mean(), only.groupby("worker")["days"].mean()
    change = -(6 / 24) * (by - m) / m
    assert fit.std_error[0] == pytest.approx(np.sqrt(4 / 5 * (change**2).sum()), rel=1e-9)
    assert fit.df[0] == pytest.approx(4)


@pytest.mark.parametrize("alike", [True, False])
def test_welchs_degrees_of_freedom_by_hand(alike):
    """Each arm's part of the variance has its clusters less one: five workers, thirty people.

    Where the workers look more alike than people on their own would, their part counts as theirs.
    """
    frame = partly_nested(5, 6)
    if not alike:
        frame["days"] += np.where(frame["arm"] == 1, 2 * (frame["worker"] % 5), 0)
    fit = poisson("days ~ arm", frame, cluster="worker", inference="jackknife")
    parts, independent = [], []
    for arm in (1, 0):
        own = frame[frame["arm"] == arm]
        m, n = own["days"].mean(), own.groupby("worker")["days"].agg(["mean", "size"])
        change = n["size"] / (30 - n["size"]) * (n["mean"] - m) / m
        parts.append((change**2).sum())
        independent.append((((own["days"] - m) / (30 * m)) ** 2).sum())
    least = parts[1] / independent[1] * independent[0]
    assert (parts[0] < least) == alike
    workers = max(parts[0], least)
    df = (workers + parts[1]) ** 2 / (workers**2 / 4 + parts[1] ** 2 / 29)
    assert fit.df[1] == pytest.approx(df, rel=1e-9)
    assert fit.std_error[1] == pytest.approx(np.sqrt(sum(parts) * 34 / 35), rel=1e-9)


@pytest.mark.parametrize(
    ("model", "response", "better"),
    [
        (modified_poisson, "event", "jackknife"),
        (poisson, "days", "jackknife"),
        (negative_binomial, "days", "jackknife"),
        (zero_inflated_nb, "days", "jackknife"),
    ],
)
def test_few_clusters_get_better_errors_and_enough_get_the_sandwich(model, response, better):
    few, enough = partly_nested(19, 4), partly_nested(20, 4)
    fit = model(f"{response} ~ arm", few, cluster="worker")
    assert better in fit.method
    assert "19 clusters with more than one member" in said(fit)
    assert np.isfinite(fit.df[1])
    old = model(f"{response} ~ arm", few, cluster="worker", inference="sandwich")
    assert "sandwich standard errors are too small" in said(old)
    assert fit.effect("arm").p_value > old.effect("arm").p_value
    plain = model(f"{response} ~ arm", enough, cluster="worker")
    assert "sandwich" in plain.method
    assert "clusters" not in said(plain)
    assert np.isinf(plain.df).all()


@pytest.mark.parametrize("inference", [None, "sandwich", "jackknife"])
@pytest.mark.parametrize("model", [poisson, negative_binomial, zero_inflated_nb])
def test_one_worker_is_refused(model, inference):
    with pytest.raises(DesignError, match="cannot be learnt from one"):
        model("days ~ arm", partly_nested(1, 40), cluster="worker", inference=inference)


def test_counts_without_extra_spread_end_in_the_poisson():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"days": rng.binomial(8, 0.5, 200), "arm": np.arange(200) % 2})
    fit = negative_binomial("days ~ arm", frame)
    same = poisson("days ~ arm", frame)
    assert fit.dispersion == 0
    np.testing.assert_allclose(fit.beta[:2], same.beta, rtol=1e-8)
    np.testing.assert_allclose(fit.std_error[:2], same.std_error, rtol=1e-6)
    assert "the Poisson limit" in said(fit)


def test_dispersion_of_a_poisson_fit_by_hand():
    frame = pd.DataFrame({"days": [0, 4, 1, 5], "arm": [1, 1, 0, 0]})
    fit = poisson("days ~ arm", frame)
    by_hand = ((0 - 2) ** 2 / 2 + (4 - 2) ** 2 / 2 + (1 - 3) ** 2 / 3 + (5 - 3) ** 2 / 3) / 2
    assert fit.quantities["dispersion"].estimate == pytest.approx(by_hand)


# Zero-inflated counts: what the arm's coefficient is not.


def test_overall_means_come_first_and_are_those_of_the_data():
    frame = partly_nested(25, 4)
    fit = zero_inflated_nb("days ~ arm", frame, inflation="arm", cluster="worker")
    assert list(fit.quantities)[:2] == ["mean_ratio:arm", "mean_difference:arm"]
    means = frame.groupby("arm")["days"].mean()
    ratio, difference = fit.quantities["mean_ratio:arm"], fit.quantities["mean_difference:arm"]
    assert ratio.estimate == pytest.approx(means[1] / means[0], rel=1e-3)
    assert difference.estimate == pytest.approx(means[1] - means[0], rel=0.02)
    assert difference.low < difference.estimate < difference.high
    assert "stands in the counts alone" not in said(fit)


def test_an_arm_in_the_counts_alone_is_told_apart_from_the_ratio_of_means():
    frame = partly_nested(25, 4)
    frame.loc[(frame["arm"] == 1) & (frame.index % 3 == 0), "days"] = 0
    fit = zero_inflated_nb("days ~ arm", frame, cluster="worker")
    means = frame.groupby("arm")["days"].mean()
    assert f"the data's {means[1] / means[0]:.2f}" in said(fit)
    model = fit.quantities["mean_ratio:arm"].estimate
    assert f"ratio of overall means is {model:.2f}" in said(fit)
    assert abs(np.log(model / (means[1] / means[0]))) > 0.2


def scarce(positives):
    """Two arms of 44 people, with so many positive counts in each."""
    days = np.zeros(88)
    days[: positives[0]] = np.arange(positives[0]) + 4
    days[44 : 44 + positives[1]] = np.arange(positives[1]) + 9
    return pd.DataFrame({"days": days, "arm": np.repeat([0, 1], 44)})


@pytest.mark.parametrize(
    ("positives", "words"),
    [((1, 1), "2 positive counts for 2 coefficients"), ((1, 6), "one positive count on one side")],
)
def test_one_positive_count_per_arm_is_said_and_has_no_p_value(positives, words):
    fit = zero_inflated_nb("days ~ arm", scarce(positives))
    assert not fit.converged
    assert words in said(fit)
    assert np.isnan(fit.effect("arm").p_value)
    model = zero_inflated_nb("days ~ arm", scarce(positives), inference="model")
    assert model.std_error[1] > 0.05


def test_two_positive_counts_per_arm_have_one():
    fit = zero_inflated_nb("days ~ arm", scarce((2, 2)))
    assert np.isfinite(fit.effect("arm").p_value)


# Weights.


@pytest.mark.parametrize("model", [poisson, negative_binomial, zero_inflated_nb])
def test_frequency_weights_are_rows_that_occur_so_often(model):
    frame = partly_nested(25, 4).assign(often=lambda f: 1 + f.index % 3)
    weighted = model("days ~ arm", frame, cluster="worker", weights="often")
    long = frame.loc[frame.index.repeat(frame["often"])]
    laid_out = model("days ~ arm", long, cluster="worker")
    np.testing.assert_array_equal(weighted.cov, laid_out.cov)
    assert weighted.n == len(long)


@pytest.mark.parametrize("model", [poisson, negative_binomial, zero_inflated_nb])
def test_sampling_weights_have_no_unit(model):
    frame = partly_nested(25, 4).assign(w=lambda f: 1 + f.index % 3, v=lambda f: 10 * f["w"])
    one, ten = (
        model("days ~ arm", frame, cluster="worker", weights=name, weight_type="sampling")
        for name in ("w", "v")
    )
    np.testing.assert_allclose(ten.beta, one.beta, rtol=1e-6)
    np.testing.assert_allclose(ten.std_error, one.std_error, rtol=1e-5)
    long = frame.loc[frame.index.repeat(frame["w"])]
    means = long.groupby("arm")["days"].mean()
    if model is not zero_inflated_nb:
        assert one.effect("arm").estimate == pytest.approx(means[1] / means[0], rel=1e-8)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"inference": "hc3"}, "inference must be one of 'sandwich'"),
        ({"inference": "model"}, "takes rows as independent"),
        ({"exposure": "none"}, "must hold positive numbers"),
        ({"weights": "half"}, "whole numbers from 0"),
        ({"weights": "none", "weight_type": "sampling"}, "must hold positive numbers"),
        ({"weights": "half", "weight_type": "probability"}, "weight_type must be"),
    ],
)
@pytest.mark.parametrize("model", [poisson, negative_binomial])
def test_refusals(model, settings, message):
    frame = partly_nested(25, 4).assign(none=0.0, half=0.5)
    with pytest.raises(DesignError, match=message):
        model("days ~ arm", frame, cluster="worker", **settings)


def test_errors_of_the_model_are_refused_where_they_are_wrong():
    frame = partly_nested(25, 4).assign(w=1.5)
    with pytest.raises(DesignError, match="need robust errors"):
        negative_binomial(
            "days ~ arm", frame, inference="model", weights="w", weight_type="sampling"
        )
    with pytest.raises(DesignError, match="inference must be one of"):
        modified_poisson("event ~ arm", frame, inference="model")


def test_words_and_numbers_of_people_as_an_outcome():
    frame = partly_nested(25, 4)
    plain = modified_poisson("event ~ arm", frame, cluster="worker")
    words = frame.assign(event=np.where(frame["event"], "yes", "no"))
    assert modified_poisson(
        "event ~ arm", words, cluster="worker", success="yes"
    ).beta == pytest.approx(plain.beta)
    cells = frame.groupby(["worker", "arm"])["event"].agg(event="sum", n="size").reset_index()
    many = modified_poisson("event ~ arm", cells, cluster="worker", trials="n")
    np.testing.assert_allclose(many.std_error, plain.std_error, rtol=1e-9)
    with pytest.raises(DesignError, match="success='maybe' is not in column 'event'"):
        modified_poisson("event ~ arm", words, success="maybe")
    with pytest.raises(DesignError, match="to the number of trials"):
        modified_poisson("event ~ arm", cells.assign(n=0), trials="n")
    with pytest.raises(DesignError, match="use one"):
        modified_poisson("event ~ arm", cells, trials="n", success=1)
