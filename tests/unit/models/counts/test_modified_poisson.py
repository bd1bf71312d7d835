import numpy as np
import pandas as pd
import pytest
from clustered import trial

from core_trial.errors import DesignError
from core_trial.models.clusters import clusters
from core_trial.models.counts.modified_poisson import fit_modified_poisson, modified_poisson
from core_trial.models.design import build


def two_by_two(events=(30, 20), sizes=(100, 80)):
    arm = np.repeat([0, 1], sizes)
    event = np.concatenate([np.arange(n) < e for e, n in zip(events, sizes, strict=True)])
    return pd.DataFrame({"event": event.astype(int), "arm": arm})


def test_risk_ratio_and_its_error_by_hand():
    fit = modified_poisson("event ~ arm", two_by_two(), small_sample=False)
    ratio = (20 / 80) / (30 / 100)
    error = np.sqrt((1 - 0.25) / 20 + (1 - 0.30) / 30)  # delta method for two binomials
    assert fit.effect("arm").estimate == pytest.approx(ratio, rel=1e-12)
    assert fit.effect("arm").std_error == pytest.approx(error, rel=1e-10)
    assert fit.scale == "log"
    np.testing.assert_allclose(np.unique(fit.fitted), [0.25, 0.30])


def test_clusters_by_hand():
    frame = two_by_two((4, 2), (8, 6)).assign(cluster=[0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 4, 5, 5, 5])
    fit = modified_poisson("event ~ arm", frame, cluster="cluster", inference="sandwich")
    residual = frame["event"] - np.where(frame["arm"] == 1, 2 / 6, 4 / 8)
    sums = residual.groupby([frame["arm"], frame["cluster"]]).sum()
    variance = (sums[1] ** 2).sum() / 2**2 + (sums[0] ** 2).sum() / 4**2
    assert fit.std_error[1] == pytest.approx(np.sqrt(variance * 6 / 5), rel=1e-10)


def test_layers_agree():
    frame = trial(9)
    fit = modified_poisson("event ~ arm + age", frame, cluster="cluster")
    design, members = build("event ~ arm + age", frame), clusters(frame, "cluster")
    np.testing.assert_array_equal(fit_modified_poisson(design, members).cov, fit.cov)


def test_arm_without_events():
    fit = modified_poisson("event ~ arm", two_by_two((30, 0)))
    assert fit.converged
    assert not fit.estimable[fit.position("arm")]
    assert np.isnan(fit.effect("arm").estimate)
    assert np.isfinite(fit.beta[0])
    assert "arm (diverges to -infinity)" in fit.warnings[0]


def test_centre_without_events_leaves_the_arm_right():
    frame = trial(9, n=120)
    none = frame.assign(event=frame["event"].where(frame["centre"] != "B", 0))
    whole = modified_poisson("event ~ arm + centre", none, cluster="cluster", small_sample=False)
    part = modified_poisson(
        "event ~ arm + centre", none[none["centre"] != "B"], cluster="cluster", small_sample=False
    )
    assert whole.converged
    assert whole.effect("arm").estimate == pytest.approx(part.effect("arm").estimate, rel=1e-8)
    assert whole.effect("arm").std_error == pytest.approx(part.effect("arm").std_error, rel=1e-8)


def test_no_events():
    fit = modified_poisson("event ~ arm", two_by_two((0, 0)))
    assert not fit.converged
    assert np.isnan(fit.cov).all()


def test_one_cluster_is_refused_with_the_reason():
    with pytest.raises(DesignError, match="cannot be learnt from one"):
        modified_poisson("event ~ arm", two_by_two().assign(cluster=1), cluster="cluster")


def test_risks_above_one_are_said():
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    frame = pd.DataFrame({"event": (rng.random(200) < 1 / (1 + np.exp(-3 * x))) * 1, "x": x})
    fit = modified_poisson("event ~ x", frame)
    assert any("exceeds 1" in text for text in fit.warnings)


@pytest.mark.parametrize(
    ("formula", "change", "message"),
    [
        ("event ~ arm", {"event": 2}, "must be 0 or 1"),
        ("arm", {}, "names no outcome"),
        ("event ~ 0", {}, "neither"),
    ],
)
def test_refusals(formula, change, message):
    with pytest.raises(DesignError, match=message):
        modified_poisson(formula, two_by_two().assign(**change))
    with pytest.raises(DesignError, match="confidence"):
        modified_poisson("event ~ arm", two_by_two(), confidence=95)
