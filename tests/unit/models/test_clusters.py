"""Blank clusters, mixed labels, and the arm that carries the random effect."""

import numpy as np
import pandas as pd
import pytest

from core_trial import models
from core_trial.errors import DesignError
from core_trial.models.clusters import clusters, groups, nesting

RNG = np.random.default_rng(5)
N = 60
IN = np.arange(N) < 30
FRAME = pd.DataFrame(
    {
        "y": RNG.normal(size=N),
        "arm": np.where(IN, "CBT", "Waitlist"),
        "treated": IN.astype(int),
        "who": [f"t{k % 6}" if k < 30 else f"w{k}" for k in range(N)],
        "event": RNG.integers(0, 2, N),
        "days": RNG.integers(1, 90, N),
    }
)
BLANK = FRAME.assign(who=FRAME["who"].where(IN))


def linear(frame=FRAME, **settings):
    return models.mixed_linear("y ~ arm", frame, cluster="who", method="reml", **settings)


def test_the_level_with_the_random_effect_is_told_and_may_be_chosen():
    named = linear(random="arm[CBT]")
    assert "random intercept in the clusters of arm[CBT]" in named.method
    numbered = linear(random="treated")
    assert "random intercept in the clusters with treated = 1" in numbered.method
    np.testing.assert_array_equal(named.beta, numbered.beta)
    turned = FRAME.assign(arm=pd.Categorical(FRAME["arm"], ["Waitlist", "CBT"]))
    assert "clusters of arm[CBT]" in linear(turned, random="arm").method


@pytest.mark.parametrize("random", ["arm", "arm[Waitlist]"])
def test_the_arm_whose_clusters_are_all_of_one_is_refused(random):
    with pytest.raises(DesignError, match=r"write random='arm\[CBT\]'"):
        linear(random=random)


def test_one_pair_outside_clusters_of_one_is_enough_to_take_the_arm():
    paired = FRAME.assign(who=FRAME["who"].where(FRAME.index != 40, "w41"))
    assert "arm[Waitlist]" in linear(paired, random="arm").method


def test_a_level_of_three_arms():
    three = FRAME.assign(arm=np.where(FRAME.index % 30 < 10, "Drug", FRAME["arm"]))
    three["who"] = np.where(three["arm"] == "CBT", three["who"], [f"s{k}" for k in range(N)])
    assert "arm[CBT]" in linear(three, random="arm[CBT]").method
    with pytest.raises(DesignError, match=r"random='arm\[Waitlist\]'"):
        linear(three, random="arm")


@pytest.mark.parametrize(
    ("random", "message"),
    [
        ("arm[cbt]", "did you mean 'CBT'"),
        ("days", "random slopes are not fitted"),
        ("Arm[CBT]", "did you mean 'arm'"),
        (1, "random= takes text"),
        (None, "random= takes text"),
        (True, "random= takes text"),
    ],
)
def test_what_random_cannot_be(random, message):
    with pytest.raises(DesignError, match=message):
        linear(random=random)


@pytest.mark.parametrize("blank", [None, "", "  ", np.nan])
def test_a_blank_where_no_random_effect_enters_is_a_cluster_of_one(blank):
    frame = FRAME.assign(who=FRAME["who"].where(IN, blank))
    fit, labelled = linear(frame, random="arm[CBT]"), linear(random="arm[CBT]")
    np.testing.assert_allclose(fit.beta, labelled.beta, rtol=1e-9)
    np.testing.assert_allclose(fit.std_error, labelled.std_error, rtol=1e-9)
    assert fit.n_clusters == labelled.n_clusters
    assert "30 rows without a cluster taken as clusters of one" in fit.method
    assert set(fit.random_effects.index) == set(labelled.random_effects.index)


def test_a_blank_elsewhere_is_refused_with_advice_that_keeps_the_arm():
    with pytest.raises(DesignError, match="do not leave them out"):
        linear(BLANK)
    with pytest.raises(DesignError, match=r"the random effect enters there .*random='arm\[CBT\]'"):
        linear(BLANK, random="arm")
    inside = FRAME.assign(who=FRAME["who"].where(FRAME.index != 3))
    with pytest.raises(DesignError, match="1 row has"):
        linear(inside, random="arm[CBT]")
    assert linear(inside, random="arm[CBT]", blank_cluster="own").n_clusters == 37


def test_models_with_clustered_errors_take_blanks_as_clusters_of_one_when_told_to():
    def all_models(frame, **settings):
        follow = {"time": "days", "event": "event"}
        return [
            models.cox("arm", frame, **follow, cluster="who", **settings),
            models.cox("arm", frame, **follow, cluster="who", frailty="gamma", **settings),
            models.modified_poisson("event ~ arm", frame, cluster="who", **settings),
            models.zero_inflated_nb("days ~ arm", frame, cluster="who", **settings),
            models.mixed_logistic("event ~ arm", frame, cluster="who", **settings),
            models.standardised("event ~ arm", frame, cluster="who", **settings),
        ]

    own, labelled = all_models(BLANK, blank_cluster="own"), all_models(FRAME)
    for ours, theirs in zip(own, labelled, strict=True):
        np.testing.assert_allclose(ours.std_error, theirs.std_error, rtol=1e-8)
        assert "30 rows without a cluster taken as clusters of one" in ours.method
        assert "without a cluster" not in theirs.method
    with pytest.raises(DesignError, match="blank_cluster='own'"):
        models.modified_poisson("event ~ arm", BLANK, cluster="who")
    with pytest.raises(DesignError, match="blank_cluster must be"):
        models.modified_poisson("event ~ arm", BLANK, cluster="who", blank_cluster="drop")


def test_labels_of_mixed_type_are_refused():
    mixed = FRAME.assign(who=pd.Series([1, "1", 2, "2", 3, 3] * 10, dtype=object))
    for read in (clusters, groups):
        with pytest.raises(DesignError, match="mixes text and other labels"):
            read(mixed, "who")


def test_labels_of_any_one_type_are_taken_in_order():
    for labels in (
        [3, 1, 2],
        [2.5, 1.0, 3.0],
        ["b", "a", "c"],
        list(pd.date_range("2020", periods=3)),
    ):
        frame = pd.DataFrame({"who": labels * 2})
        found = clusters(frame, "who")
        assert list(found.labels) == sorted(labels)
        assert [found.labels[k] for k in found.codes] == list(frame["who"])


def test_dropped_rows_are_counted_by_every_model():
    holes = FRAME.assign(x=pd.Series(RNG.normal(size=N)).mask(FRAME.index % 20 == 0))
    follow = {"time": "days", "event": "event", "missing": "drop"}
    fits = [
        models.mixed_linear("y ~ x", holes, cluster="who", missing="drop"),
        models.mixed_logistic("event ~ x", holes, cluster="who", missing="drop"),
        models.mixed_poisson("days ~ x", holes, cluster="who", missing="drop"),
        models.modified_poisson("event ~ x", holes, cluster="who", missing="drop"),
        models.zero_inflated_nb("days ~ 1", holes, inflation="x", missing="drop"),
        models.cox("x", holes, **follow),
        models.cox("x", holes, **follow, cluster="who", frailty="gamma"),
    ]
    for fit in fits:
        assert (fit.n, fit.n_dropped) == (N - 3, 3)
        assert "3 rows with missing values left out" in fit.method
    assert models.kaplan_meier(holes, **follow, by="x").n_dropped == 3
    assert "x" in models.proportional_hazards("x", holes, **follow).tests
    mean = models.restricted_mean(holes, **follow, limit=5, by=None)
    assert mean.n_dropped == 0
    with pytest.raises(DesignError, match="missing='drop'"):
        models.mixed_linear("y ~ x", holes, cluster="who")


def test_nesting_tells_column_level_and_the_other():
    found = nesting(FRAME, "arm[CBT]")
    assert (found.column, found.level, found.other) == ("arm", "CBT", "arm[Waitlist]")
    np.testing.assert_array_equal(found.inside, IN)
    assert nesting(FRAME, "1") is None
