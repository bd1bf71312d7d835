import numpy as np
import pandas as pd
import pytest
from clustered import trial

from core_trial.errors import DesignError
from core_trial.models.intercept.mixed_logistic import mixed_logistic, prepare_mixed_logistic
from core_trial.models.intercept.mixed_poisson import prepare_mixed_poisson
from core_trial.models.linear.mixed_linear import mixed_linear
from core_trial.models.many.draws import cluster_bootstrap, simulation
from core_trial.models.many.replicate import replicate

FORMULA = "event ~ arm"


@pytest.fixture(scope="module")
def model():
    return prepare_mixed_logistic(FORMULA, trial(1, n=80), cluster="cluster")


@pytest.fixture(scope="module")
def trials(model):
    return simulation(model, [-0.2, -0.5], 0.6)


def run(fit, draw, times=None, **settings):
    return replicate(fit, draw, times, **{"progress": False, "seed": 3, **settings})


def test_each_data_set_has_its_own_seed(model, trials):
    many, few = run(model.fit, trials, 12), run(model.fit, trials, 5)
    pd.testing.assert_frame_equal(many.of("arm").iloc[:5], few.of("arm"))
    assert many.of("arm")["estimate"].nunique() > 10
    other = run(model.fit, trials, 5, seed=4)
    assert not other.of("arm").equals(few.of("arm"))


def test_number_of_workers_does_not_matter(model, trials):
    one, two = (run(model.fit, trials, 30, workers=w) for w in (1, 2))
    pd.testing.assert_frame_equal(one.estimates, two.estimates)
    pd.testing.assert_frame_equal(one.fits, two.fits)


def test_a_row_is_the_fit(model, trials):
    rows = run(model.fit, trials, 3)
    seed = np.random.SeedSequence(3).spawn(3)[2]
    fit = model.fit(trials(np.random.default_rng(seed)))
    own = rows.estimates[rows.estimates["replicate"] == 2].set_index("term")
    pd.testing.assert_frame_equal(own[fit.coefficients.columns], fit.coefficients)
    assert rows.fits.loc[2, "loglik"] == fit.loglik
    assert rows.fits.loc[2, "variance[cluster]"] == fit.variance["cluster"]


def test_frames_that_are_given(model):
    frames = [trial(seed, n=80) for seed in range(4)]
    rows = run(lambda f: mixed_logistic(FORMULA, f, cluster="cluster"), frames)
    expected = [mixed_logistic(FORMULA, f, cluster="cluster").beta[1] for f in frames]
    np.testing.assert_array_equal(rows.of("arm")["estimate"], expected)


def test_any_model():
    frames = [trial(seed, n=80) for seed in range(3)]
    rows = run(lambda f: mixed_linear("age ~ arm", f, cluster="cluster"), frames)
    assert "variance[residual]" in rows.fits.columns


def test_a_data_set_that_cannot_be_fitted_is_a_row_that_says_why():
    frames = [trial(0, n=80), trial(1, n=80).assign(arm=1), trial(2, n=80)]
    rows = run(lambda f: mixed_logistic(FORMULA, f, cluster="cluster"), frames)
    assert rows.fits["converged"].tolist() == [True, False, True]
    assert "constant" in rows.fits.loc[1, "warnings"]
    assert rows.of("arm")["estimate"].isna().tolist() == [False, True, False]


def test_other_errors_are_not_hidden(model):
    def broken(data):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(broken, [1, 2])


def test_bootstrap_draws_whole_clusters_within_arms():
    frame = trial(2, n=90)
    draw = cluster_bootstrap(frame, "cluster", within="arm")
    sample = draw(np.random.default_rng(0))
    per_arm = frame.groupby("arm")["cluster"].nunique()
    assert sample.groupby("arm")["cluster"].nunique().equals(per_arm)
    sizes = set(frame.groupby("cluster").size())
    assert set(sample.groupby("cluster").size()) <= sizes
    rows = run(lambda f: mixed_logistic(FORMULA, f, cluster="cluster"), draw, 10)
    assert rows.of("arm")["estimate"].nunique() == 10


def test_bootstrap_without_strata_and_with_wrong_ones():
    frame = trial(2, n=90)
    draw = cluster_bootstrap(frame, "cluster")
    assert draw(np.random.default_rng(0))["cluster"].nunique() == frame["cluster"].nunique()
    with pytest.raises(DesignError, match="two levels of 'centre'"):
        cluster_bootstrap(frame, "cluster", within="centre")


def test_simulated_counts():
    model = prepare_mixed_poisson("count ~ arm", trial(1, n=80), cluster="cluster", random="arm")
    draw = simulation(model, [1.0, -0.5], 0.3)
    y = np.mean([draw(np.random.default_rng(i)) for i in range(300)], axis=0)
    arm = model.design.X[:, 1] == 1
    assert y[~arm].mean() == pytest.approx(np.e, rel=0.05)
    assert y[arm].mean() == pytest.approx(np.exp(0.5 + 0.3**2 / 2), rel=0.08)


@pytest.mark.parametrize(("beta", "sd"), [([0.0], 1.0), ([0.0, np.nan], 1.0), ([0.0, 0.0], -1.0)])
def test_simulation_refusals(model, beta, sd):
    with pytest.raises(DesignError, match="finite coefficients"):
        simulation(model, beta, sd)


def test_refusals(model, trials):
    with pytest.raises(DesignError, match="how many"):
        run(model.fit, trials)
    with pytest.raises(DesignError, match="2 data sets"):
        run(model.fit, [1, 2], 3)
    rows = run(model.fit, trials, 2)
    with pytest.raises(DesignError, match="'dose' is not in the model"):
        rows.of("dose")
    lost = run(lambda f: mixed_logistic("event ~ gone", f, cluster="cluster"), [trial(0)])
    with pytest.raises(DesignError, match=r"no data set could be fitted: .*gone"):
        lost.of("arm")
    with pytest.raises(DesignError, match="there are none"):
        run(model.fit, trials, 0).of("arm")


def test_nothing_to_do(model, trials):
    assert len(run(model.fit, trials, 0).estimates) == 0


def test_progress_bar_counts(model, trials, capsys):
    run(model.fit, trials, 4, progress=True)
    assert capsys.readouterr().out == ""


@pytest.mark.filterwarnings("ignore")  # the cluster's own, from its event loop and its sockets
def test_dask_takes_over(model, trials):
    import joblib
    from distributed import Client, LocalCluster

    expected = run(model.fit, trials, 8)
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        rows = run(model.fit, trials, 8)
    pd.testing.assert_frame_equal(rows.estimates, expected.estimates)
