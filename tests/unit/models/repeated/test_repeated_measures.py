"""What the model for repeated visits refuses, what it warns of, and what it hands over."""

import pickle

import numpy as np
import pandas as pd
import pytest

from core_trial.errors import DesignError
from core_trial.models.linear.mixed_linear import mixed_linear
from core_trial.models.repeated.layout import MOST_VISITS
from core_trial.models.repeated.repeated_measures import repeated_measures
from core_trial.models.repeated.structures import IN_WORDS, structure


@pytest.fixture
def trial() -> pd.DataFrame:
    """Sixty participants at three visits, five workers in one arm, controls without a worker."""
    rng = np.random.default_rng(7)
    who = np.repeat(np.arange(60), 3)
    arm = who % 2
    worker = rng.integers(0, 5, 60)[who]
    shared = 2.0 * rng.normal(size=5)[worker] * arm
    y = 10 + arm + shared + rng.normal(size=60)[who] + rng.normal(size=180)
    labels = pd.Series(np.char.mod("w%d", worker)).where(arm == 1)
    frame = pd.DataFrame({"who": who, "arm": arm, "worker": labels, "y": y})
    frame["visit"] = np.tile([3, 6, 12], 60)
    frame.loc[[1, 5, 8], "y"] = np.nan
    return frame


def fit(frame, formula="y ~ arm * C(visit)", **settings):
    return repeated_measures(formula, frame, participant="who", visit="visit", **settings)


def test_everything_is_filled_in(trial):
    found = fit(trial, cluster="worker", random="arm")
    assert found.model == "repeated_measures"
    for words in (
        "restricted",
        "unstructured covariance of 3 visits",
        "the clusters with arm = 1",
        "60 participants, 3 of 180 visits missing",
        "Kenward-Roger",
    ):
        assert words in found.method
    assert list(found.variance) == [
        "cluster", "variance[3]", "covariance[3,6]", "covariance[3,12]", "variance[6]",
        "covariance[6,12]", "variance[12]",
    ]  # fmt: skip
    assert {"icc[3]", "icc[6]", "icc[12]", "correlation[3,12]"} < set(found.quantities)
    assert found.n == 177
    assert found.n_clusters == 5
    assert list(found.random_effects.index) == ["w0", "w1", "w2", "w3", "w4"]
    assert found.fitted.shape == (177,)
    assert found.converged
    assert found.warnings == ()
    assert found.tests["variance"].p_value < 0.05


def test_intervals_hold_their_estimates(trial):
    found = fit(trial, cluster="worker", random="arm")
    for name, quantity in found.quantities.items():
        assert quantity.low < quantity.estimate < quantity.high, name
    share = found.variance["cluster"] / (found.variance["cluster"] + found.variance["variance[6]"])
    assert found.quantities["icc[6]"].estimate == pytest.approx(share)


def test_a_row_without_outcome_is_a_missed_visit(trial):
    kept = fit(trial)
    dropped = fit(trial.dropna(subset="y"))
    np.testing.assert_array_equal(kept.beta, dropped.beta)
    assert kept.method == dropped.method


def test_the_order_of_the_rows_does_not_matter(trial):
    settings = {"cluster": "worker", "random": "arm", "by": "arm"}
    one, two = fit(trial, **settings), fit(trial.sample(frac=1, random_state=1), **settings)
    np.testing.assert_allclose(one.beta, two.beta, rtol=1e-8)
    np.testing.assert_allclose(one.cov, two.cov, rtol=1e-6, atol=1e-12)


def test_fitted_means_hold_the_random_effects_where_they_enter(trial):
    seen = trial.dropna(subset="y").reset_index(drop=True)
    found = fit(seen, cluster="worker", random="arm")
    effects = seen["worker"].map(found.random_effects).fillna(0.0)
    means = pd.Series(found.fitted - effects).groupby([seen["arm"], seen["visit"]])
    np.testing.assert_allclose(means.std(), 0, atol=1e-10)


def test_units_scale_the_answer(trial):
    one = fit(trial, cluster="worker", random="arm")
    two = fit(trial.assign(y=1e6 * trial["y"]), cluster="worker", random="arm")
    np.testing.assert_allclose(two.beta, 1e6 * one.beta, rtol=1e-8)
    np.testing.assert_allclose(two.df, one.df, rtol=1e-6)
    assert two.variance["cluster"] == pytest.approx(1e12 * one.variance["cluster"], rel=1e-6)


def test_compound_symmetry_is_the_random_intercept_of_participants(trial):
    """With equal variances and a positive correlation the two models are one."""
    seen = trial.dropna(subset="y")
    found = fit(trial, covariance="compound_symmetry")
    other = mixed_linear(
        "y ~ arm * C(visit)", seen, cluster="who", method="reml", df="kenward_roger"
    )
    np.testing.assert_allclose(found.beta, other.beta, rtol=1e-8)
    np.testing.assert_allclose(found.cov, other.cov, rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(found.df, other.df, rtol=1e-6)
    assert found.loglik == pytest.approx(other.loglik, abs=1e-8)
    assert found.variance["covariance[3,6]"] == pytest.approx(other.variance["cluster"], rel=1e-6)


def test_a_negative_correlation_is_fitted():
    rng = np.random.default_rng(1)
    first = rng.normal(size=40)
    second = -0.8 * first + 0.5 * rng.normal(size=40)
    frame = pd.DataFrame({"who": np.repeat(np.arange(40), 2), "visit": ["a", "b"] * 40})
    frame["y"] = np.column_stack([first, second]).ravel()
    found = fit(frame, "y ~ visit", covariance="compound_symmetry")
    assert found.quantities["correlation[a,b]"].estimate < -0.7


def test_a_matrix_for_each_arm(trial):
    found = fit(trial, by="arm")
    assert "one for each level of arm" in found.method
    assert {"variance[3|0]", "variance[3|1]", "covariance[3,6|1]"} < set(found.variance)


def test_two_visits_of_everybody_are_a_paired_t_test():
    rng = np.random.default_rng(2)
    y = rng.normal(size=(12, 2)) + rng.normal(size=(12, 1))
    y[:, 1] += 1.0
    frame = pd.DataFrame({"who": np.repeat(np.arange(12), 2), "visit": ["a", "b"] * 12})
    frame["y"] = y.ravel()
    effect = fit(frame, "y ~ visit").effect("visit")
    gain = y[:, 1] - y[:, 0]
    assert effect.estimate == pytest.approx(gain.mean())
    assert effect.std_error == pytest.approx(gain.std(ddof=1) / np.sqrt(12))
    assert effect.df == pytest.approx(11)


def test_a_cluster_variance_of_zero_is_said():
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(40), 2)
    frame = pd.DataFrame({"who": who, "worker": who % 4, "visit": np.tile(["a", "b"], 40)})
    means = pd.Series(rng.normal(size=80)).groupby(frame["worker"]).transform("mean")
    frame["y"] = pd.Series(rng.normal(size=80)) - means
    frame["y"] -= frame["y"].groupby(frame["worker"]).transform("mean")
    found = fit(frame, "y ~ visit", cluster="worker", df="satterthwaite")
    assert found.variance["cluster"] == 0
    assert "at its bound" in found.warnings[0]
    assert "no interval" in found.warnings[1]
    assert "Kenward and Roger" in found.warnings[2]
    assert np.isfinite(found.df).all()
    alone = fit(frame, "y ~ visit", df="satterthwaite")
    np.testing.assert_allclose(found.df, alone.df, rtol=1e-6)


def test_workers_of_one_participant_are_said(trial):
    frame = trial.assign(worker=trial["who"].where(trial["arm"] == 1))
    frame["y"] += 3 * np.random.default_rng(0).normal(size=60)[frame["who"]] * frame["arm"]
    found = fit(frame, cluster="worker", random="arm")
    assert "not evidence of clustering" in " ".join(found.warnings)


def test_questions_by_visit(trial):
    """The difference at each visit, as subgroups and as differences of adjusted means."""
    frame = trial.assign(visit="m" + trial["visit"].astype(str).str.zfill(2))
    found = fit(frame, "y ~ arm * visit", cluster="worker", random="arm")
    last = found.contrast("arm + arm:visit[m12]")
    subgroups = found.subgroups("arm", "visit").to_frame()
    np.testing.assert_allclose(subgroups["estimate"].iloc[-1], last.estimate[0])
    np.testing.assert_allclose(subgroups["std_error"].iloc[-1], last.std_error[0])
    means = found.means("arm", by="visit").to_frame()["estimate"].to_numpy()
    assert means[-1] - means[2] == pytest.approx(last.estimate[0])
    assert found.test("arm:visit").df == 2
    assert found.residuals("pearson").shape == (177,)


def test_parameters_are_counted_not_entries(trial):
    free = {kind: fit(trial, covariance=kind).n_parameters - 6 for kind in IN_WORDS}
    assert free["unstructured"] == 6
    assert free["toeplitz"] == 3
    assert free["compound_symmetry"] == free["ar1"] == 2
    assert free["heterogeneous_compound_symmetry"] == free["heterogeneous_ar1"] == 4


def test_a_fit_travels(trial):
    found = fit(trial, cluster="worker", random="arm")
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.cov, found.cov)
    assert again.variance == found.variance


def test_who_made_no_visit_is_counted(trial):
    trial.loc[trial["who"].isin([4, 5]), "y"] = np.nan
    found = fit(trial)
    assert found.n_clusters == 58
    assert "2 participants have no outcome at any visit" in found.warnings[0]


def test_refused_with_the_reason(trial):
    twice = pd.concat([trial, trial.iloc[[0]]])
    with pytest.raises(DesignError, match=r"participant 0 has 2 rows at visit 3"):
        fit(twice)
    moved = trial.assign(worker=np.where(trial["visit"] == 12, "w0", trial["worker"]))
    with pytest.raises(DesignError, match="several clusters"):
        fit(moved, cluster="worker", random="arm")
    with pytest.raises(DesignError, match="several covariance matrices"):
        fit(trial, by="visit")
    with pytest.raises(DesignError, match="one visit only"):
        fit(trial[trial["visit"] == 3], "y ~ arm")
    with pytest.raises(DesignError, match="covariance must be one of 'unstructured'"):
        fit(trial, covariance="un")
    with pytest.raises(DesignError, match="method must be one of 'ml', 'reml', not 'REML'"):
        fit(trial, method="REML")
    with pytest.raises(DesignError, match="df must be one of 'normal'"):
        fit(trial, df="kr")
    with pytest.raises(DesignError, match="method='reml'"):
        fit(trial, method="ml")
    with pytest.raises(DesignError, match="name the cluster"):
        fit(trial, random="arm")
    with pytest.raises(DesignError, match="no outcome"):
        fit(trial, "arm")
    with pytest.raises(DesignError, match="missing in every row"):
        fit(trial.assign(y=np.nan))
    with pytest.raises(DesignError, match="one level"):
        fit(trial.assign(country="UK"), by="country")


def test_workers_who_are_the_participants_are_refused(trial):
    with pytest.raises(DesignError, match="cannot be told"):
        fit(trial.assign(worker=trial["who"]), cluster="worker")


def test_visits_never_seen_together_are_refused(trial):
    apart = trial[(trial["visit"] == 3) == (trial["who"] < 30)]
    with pytest.raises(DesignError, match="choose a simpler one"):
        fit(apart, "y ~ arm")


@pytest.mark.parametrize("visits", [MOST_VISITS, MOST_VISITS + 1])
def test_visits_are_limited(visits):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"who": np.repeat(np.arange(12), visits), "y": rng.normal(size=12 * visits)}
    )
    frame["visit"] = np.tile(np.arange(visits), 12)
    if visits > MOST_VISITS:
        with pytest.raises(DesignError, match="too many"):
            fit(frame, "y ~ visit", covariance="ar1")
    else:
        assert fit(frame, "y ~ visit", covariance="ar1").converged


@pytest.mark.parametrize("kind", IN_WORDS)
def test_derivatives_of_the_structures(kind):
    made = structure(kind, 4)
    near = made.nearest(1.5 * 0.6 ** np.abs(np.subtract.outer(range(4), range(4))))
    theta = near * np.linspace(1.0, 1.1, made.size)
    step = 1e-6 * np.eye(made.size)
    slopes = [(made.sigma(theta + h) - made.sigma(theta - h)) / 2e-6 for h in step]
    np.testing.assert_allclose(made.slopes(theta), slopes, atol=1e-8)
    bends = [(made.slopes(theta + h) - made.slopes(theta - h)) / 2e-6 for h in step]
    np.testing.assert_allclose(made.bends(theta), bends, atol=1e-8)


@pytest.mark.parametrize("people", [5, 6])
def test_too_few_participants_for_the_visits_are_refused(people):
    """With a mean for each visit, five visits need six participants."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"who": np.repeat(np.arange(people), 5), "y": rng.normal(size=5 * people)})
    frame["visit"] = np.tile(list("abcde"), people)
    if people == 5:
        with pytest.raises(DesignError, match="no maximum"):
            fit(frame, "y ~ visit")
    else:
        assert fit(frame, "y ~ visit").converged


def test_a_visit_that_repeats_another_is_refused():
    rng = np.random.default_rng(0)
    y = rng.normal(size=(40, 2))[:, [0, 1, 1]]
    frame = pd.DataFrame({"who": np.repeat(np.arange(40), 3), "y": y.ravel()})
    frame["visit"] = np.tile(list("abc"), 40)
    with pytest.raises(DesignError, match="a visit follows from the others"):
        fit(frame, "y ~ visit")


def test_participants_without_a_worker_are_clusters_not_their_visits(trial):
    with pytest.raises(DesignError, match="blank_cluster='own'"):
        fit(trial, cluster="worker")
    found = fit(trial, cluster="worker", blank_cluster="own")
    assert found.n_clusters == 5 + 30
    labelled = trial.assign(worker=trial["worker"].fillna("c" + trial["who"].astype(str)))
    same = fit(labelled, cluster="worker")
    np.testing.assert_allclose(found.cov, same.cov, rtol=1e-8)


def test_missing_covariates_are_refused_or_dropped_and_counted(trial):
    frame = trial.assign(x=np.linspace(0, 1, 180))
    frame.loc[[1, 10, 11], "x"] = np.nan  # the first of these visits was not made
    with pytest.raises(DesignError, match="2 missing values"):
        fit(frame, "y ~ arm + x")
    found = fit(frame, "y ~ arm + x", missing="drop")
    assert found.n == 175
    assert found.n_dropped == 2
