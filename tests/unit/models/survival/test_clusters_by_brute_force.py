"""Errors with few clusters: refits without each, and which errors are chosen when."""

import numpy as np
import pandas as pd
import pytest

from core_trial import models
from core_trial.errors import DesignError
from core_trial.models.numerics.few_clusters import FEWEST_CLUSTERS_FOR_SANDWICH
from core_trial.models.numerics.jackknife import satterthwaite
from core_trial.models.survival import cox_inference

TIMES = {"time": "time", "event": "event"}
#: Refits end by Newton steps from different starts.
REFIT = 1e-6


def trial(sizes, controls: int, seed: int = 0) -> pd.DataFrame:
    """Workers of these caseloads in one arm, people on their own in the other."""
    rng = np.random.default_rng(seed)
    g = np.concatenate([np.repeat(np.arange(len(sizes)), sizes), len(sizes) + np.arange(controls)])
    n = len(g)
    arm = (g < len(sizes)).astype(int)
    x = rng.normal(size=n).round(1)
    frailty = rng.normal(scale=0.4, size=g.max() + 1)[g]
    time = np.ceil(rng.exponential(20 / np.exp(frailty + 0.3 * x)))
    entry = np.where(rng.random(n) < 0.3, np.floor(time * rng.random(n) * 0.9), 0.0)
    return pd.DataFrame(
        {
            "arm": arm,
            "x": x,
            "g": g,
            "s": rng.integers(0, 2, n),
            "w": rng.uniform(0.5, 2, n),
            "known": rng.normal(scale=0.2, size=n),
            "time": np.minimum(time, 40.0),
            "event": (time <= 40).astype(int),
            "what": np.where(time > 40, 0, rng.integers(1, 3, n)),
            "entry": np.minimum(entry, 20.0),
        }
    )


def left_out(fit, frame):
    """Covariance by refits of whole frames."""
    all_, G = fit(frame), frame["g"].nunique()
    changes = np.array([fit(frame[frame["g"] != g]) - all_ for g in frame["g"].unique()])
    return (G - 1) / G * changes.T @ changes


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"strata": "s", "entry": "entry"},
        {"offset": "known", "weights": "w", "weight_type": "sampling"},
    ],
)
def test_the_jackknife_of_a_cox_model(ties, options):
    frame = trial([6, 4, 3, 2, 1], 20)
    frame = frame[frame["entry"] < frame["time"]]
    settings = {**TIMES, "ties": ties, **options}
    expected = left_out(lambda f: models.cox("arm + x", f, **settings).beta, frame)
    fit = models.cox("arm + x", frame, **settings, cluster="g", inference="jackknife")
    np.testing.assert_allclose(fit.cov, expected, rtol=REFIT)
    quick = models.cox("arm + x", frame, **settings, cluster="g", inference="one-step")
    np.testing.assert_allclose(quick.std_error, fit.std_error, rtol=0.1)


def test_the_jackknife_of_a_fine_gray_model():
    frame = trial([6, 4, 3, 2], 20)
    settings = {"time": "time", "event": "what", "cause": 1}
    expected = left_out(lambda f: models.fine_gray("arm + x", f, **settings).beta, frame)
    fit = models.fine_gray("arm + x", frame, **settings, cluster="g", inference="jackknife")
    np.testing.assert_allclose(fit.cov, expected, rtol=REFIT)


def test_the_jackknife_of_restricted_means():
    frame = trial([6, 4, 3, 2], 20)
    settings = {**TIMES, "by": "arm", "limit": 30}

    def means(f):
        return np.array([m.estimate for m in models.restricted_mean(f, **settings).means.values()])

    expected = left_out(means, frame)
    found = models.restricted_mean(frame, **settings, cluster="g", inference="jackknife")
    errors = [mean.std_error for mean in found.means.values()]
    np.testing.assert_allclose(errors, np.sqrt(np.diagonal(expected)), rtol=1e-9)
    difference = expected[0, 0] + expected[1, 1] - 2 * expected[0, 1]
    assert found.differences["1"].std_error == pytest.approx(np.sqrt(difference), rel=1e-9)
    assert 2 < found.df["1"] < 30


def test_of_very_many_clusters_the_smallest_are_left_out_by_influence(monkeypatch):
    frame = trial([6, 4, 3, 2], 200)
    settings = {"cluster": "g", "inference": "jackknife"}
    exact = models.cox("arm + x", frame, **TIMES, **settings)
    monkeypatch.setattr(cox_inference, "MOST_REFITS", 4)
    nearly = models.cox("arm + x", frame, **TIMES, **settings)
    np.testing.assert_allclose(nearly.std_error, exact.std_error, rtol=0.05)
    assert (nearly.cov != exact.cov).all()


def every_model(frame, **options):
    yield models.cox("arm + x", frame, **TIMES, cluster="g", **options)
    yield models.fine_gray(
        "arm + x", frame, time="time", event="what", cause=1, cluster="g", **options
    )
    yield models.restricted_mean(frame, **TIMES, by="arm", limit=30, cluster="g", **options)


@pytest.mark.parametrize(
    ("workers", "errors"),
    [(FEWEST_CLUSTERS_FOR_SANDWICH - 1, "jackknife"), (FEWEST_CLUSTERS_FOR_SANDWICH, "sandwich")],
)
def test_the_number_of_clusters_decides(workers, errors):
    for fit in every_model(trial([4] * workers, 60)):
        assert errors in fit.method
        assert any("clusters with more than one" in note for note in fit.warnings) == (
            errors == "jackknife"
        )


def test_the_sandwich_can_be_asked_for_and_warns():
    for fit in every_model(trial([4] * 6, 40), inference="sandwich"):
        assert "sandwich" in fit.method
        assert sum("sandwich standard errors are too small" in note for note in fit.warnings) == 1


@pytest.mark.parametrize("inference", [None, "sandwich", "jackknife"])
def test_one_worker_is_refused(inference):
    frame = trial([20, 1, 1], 30)
    with pytest.raises(DesignError, match="cannot be learnt from one"):
        models.cox("arm", frame, **TIMES, cluster="g", inference=inference)
    with pytest.raises(DesignError, match="cannot be learnt from one"):
        models.restricted_mean(frame, **TIMES, by="arm", limit=30, cluster="g", inference=inference)


def test_an_arm_whose_only_events_are_one_workers_has_no_jackknife_error():
    frame = trial([5, 5, 5], 30)
    frame.loc[(frame["arm"] == 1) & (frame["g"] != 1), "event"] = 0
    fit = models.cox("arm + x", frame, **TIMES, cluster="g", inference="jackknife")
    assert np.isnan(fit.effect("arm").std_error)
    assert np.isfinite(fit.effect("arm").estimate)
    assert np.isfinite(fit.effect("x").std_error)
    assert any("without cluster 1 it has no estimate" in note for note in fit.warnings)


def test_degrees_of_freedom_are_welchs():
    """Of a difference of two means: leaving out a member moves its mean by its share."""
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=5), rng.normal(size=9, scale=3)
    changes = np.concatenate([-(one - one.mean()) / 4, (other - other.mean()) / 8])[:, None]
    member = np.array([[1.0] * 5 + [0.0] * 9, [0.0] * 5 + [1.0] * 9])
    parts = np.array([(changes[:5] ** 2).sum(), (changes[5:] ** 2).sum()])
    expected = parts.sum() ** 2 / (parts**2 / [4, 8]).sum()
    df = satterthwaite(changes, [member], [np.array([5.0, 9.0])])
    assert df[0] == pytest.approx(expected)
    # the larger group twice as variable as by its rows, so that the other counts for that, too
    rows = np.concatenate([np.full(5, parts[0]), np.full(9, parts[1] / 18)])[:, None]
    floor = np.array([2 * 5 * parts[0], parts[1]])
    expected = floor.sum() ** 2 / (floor**2 / [4, 8]).sum()
    df = satterthwaite(changes, [member], [np.array([5.0, 9.0])], rows)
    assert df[0] == pytest.approx(expected)


def test_a_group_of_one_cluster_has_no_degrees_of_freedom():
    member = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
    df = satterthwaite(np.array([[1.0], [0.5], [-0.5]]), [member], [np.array([1.0, 2.0])])
    assert np.isnan(df[0])
