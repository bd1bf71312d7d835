import pickle

import numpy as np
import pandas as pd
import pytest

from core_trial.errors import DesignError
from core_trial.models.counts.modified_poisson import modified_poisson
from core_trial.models.counts.zero_inflated_nb import zero_inflated_nb
from core_trial.models.intercept.mixed_logistic import mixed_logistic
from core_trial.models.linear.mixed_linear import mixed_linear
from core_trial.models.many.imputation.diagnostics import diagnose, unsettled
from core_trial.models.many.imputation.impute import impute
from core_trial.models.many.imputation.tipping import tipping_point
from core_trial.models.many.replicate import replicate

KINDS = {
    "before": "continuous",
    "after": "continuous",
    "score": "matched",
    "admitted": "binary",
    "stage": "ordinal",
    "days": "count",
}


def trial(n=260, workers=12, missing=0.2, seed=4):
    """Six variables of which all but one are incomplete, workers in one arm."""
    rng = np.random.default_rng(seed)
    treated = np.arange(n) % 2 == 1
    worker = rng.integers(0, workers, n)
    effect = np.where(treated, 0.4 * rng.normal(size=workers)[worker], 0.0)
    before = rng.normal(20, 4, n)
    z = (before - 20) / 4
    after = 20 + 2 * z + 2 * treated + 4 * effect + rng.normal(0, 3, n)
    stage = np.digitize(z + effect + rng.normal(size=n), [-0.8, 0.3])
    frame = pd.DataFrame(
        {
            "arm": np.where(treated, "new", "old"),
            "worker": [f"w{k}" if t else None for t, k in zip(treated, worker, strict=True)],
            "site": np.array(["a", "b", "c"])[rng.integers(0, 3, n)],
            "before": before,
            "after": after,
            "score": np.clip(np.round(30 + 5 * z), 0, 36),
            "admitted": (rng.random(n) < 1 / (1 + np.exp(-z - effect))).astype(float),
            "stage": pd.Categorical.from_codes(stage, ["mild", "some", "severe"], ordered=True),
            "days": rng.poisson(rng.gamma(1, np.exp(1 + 0.3 * z + effect))).astype(float),
            "pilot": np.arange(n) < 30,
        }
    )
    for name in KINDS:
        if name != "before":
            frame.loc[rng.random(n) < missing, name] = np.nan
    own = pd.Series([f"p{i}" for i in range(n)])
    return frame.assign(person=frame["worker"].fillna(own))


def run(frame, variables=KINDS, **settings):
    settings = {"arm": "arm", "cluster": "worker", "m": 4, "iterations": 3, **settings}
    return impute(frame, variables=variables, progress=False, **settings)


@pytest.fixture(scope="module")
def imputed():
    return run(trial(), auxiliary=["site"], seed=1)


def test_frames_are_complete_and_known_values_stay(imputed):
    frame = trial()
    assert len(imputed) == len(imputed.frames) == 4
    for done in imputed:
        for name in KINDS:
            known = frame[name].notna()
            assert done[name].notna().all()
            pd.testing.assert_series_equal(done.loc[known, name], frame.loc[known, name])
    assert not imputed[0]["after"].equals(imputed[1]["after"])
    assert imputed[-1].equals(imputed[3])
    assert len(imputed[1:3]) == 2
    with pytest.raises(IndexError):
        imputed[4]


def test_imputed_values_are_of_their_kind(imputed):
    frame = trial()
    for done in imputed:
        assert done["stage"].dtype == frame["stage"].dtype
        assert done["admitted"].isin([0, 1]).all()
        assert set(done["score"]) <= set(frame["score"].dropna())
        assert ((done["days"] >= 0) & (done["days"] == done["days"].round())).all()


def test_worker_effect_only_in_the_arm_with_workers(imputed):
    table = imputed.describe().set_index(["arm", "variable"])
    assert (table.loc["new", "worker_effect"] == "12 workers").all()
    assert (table.loc["old", "worker_effect"] == "none").all()
    assert table.loc[("old", "after"), "share"] == pytest.approx(
        trial().query("arm == 'old'")["after"].isna().mean()
    )
    assert "12 workers" in repr(imputed)
    assert "before" not in table.index.get_level_values("variable")


def test_number_of_processes_and_more_data_sets_change_nothing(imputed, tmp_path):
    frame = trial()
    two = run(frame, auxiliary=["site"], seed=1, workers=2, resume=tmp_path)
    more = run(frame, auxiliary=["site"], seed=1, m=6)
    other = run(frame, auxiliary=["site"], seed=2)
    for a, b, c, d in zip(imputed.cells, two.cells, more.cells, other.cells, strict=True):
        np.testing.assert_array_equal(a.draws, b.draws)
        np.testing.assert_array_equal(a.draws, c.draws[:4])
        assert not np.array_equal(a.draws, d.draws)


def test_missing_by_design_is_never_imputed():
    frame = trial()
    frame.loc[frame["pilot"], "after"] = np.nan
    found = run(frame, by_design={"after": "pilot"})
    assert found[0].loc[frame["pilot"], "after"].isna().all()
    assert found[0].loc[~frame["pilot"], "after"].notna().all()
    table = found.describe().set_index(["arm", "variable"])
    assert table.loc[("old", "after"), "by_design"] == 15
    again = run(frame, by_design={"after": frame["pilot"].to_numpy()})
    assert again[0].equals(found[0])
    known = trial()
    known.loc[0, "after"] = 20.0
    with pytest.raises(DesignError, match="missing by design in"):
        run(known, by_design={"after": "pilot"})
    with pytest.raises(DesignError, match="not among the variables"):
        run(frame, by_design={"age": "pilot"})
    with pytest.raises(DesignError, match="260 booleans"):
        run(frame, by_design={"after": [True]})


def test_derived_columns_follow():
    frame = trial().assign(change=np.nan)
    done = run(frame, derived={"change": "after - before"})[2]
    pd.testing.assert_series_equal(
        done["change"], done["after"] - done["before"], check_names=False
    )


def test_shift_and_tipping_point(imputed):
    moved = imputed.shift("after", {"new": -2, "old": 0})
    frame = trial()
    gone = frame["after"].isna()
    step = (moved[0]["after"] - imputed[0]["after"]).to_numpy()
    np.testing.assert_allclose(step[gone & (frame["arm"] == "new")], -2)
    np.testing.assert_array_equal(step[~gone | (frame["arm"] == "old")], 0)
    found = tipping_point(
        imputed,
        "after",
        {"new": [0, -4, -20], "old": [0]},
        mixed_linear,
        "after ~ arm + before",
        term="arm",
        cluster="person",
    )
    estimate = found.table["estimate"].to_numpy()
    # to move every imputed value moves a mean by the share imputed, here of the old arm's contrast
    assert np.diff(estimate, n=1)[0] > 0
    assert len(found.tipped) == 1
    assert found.tipped["delta[new]"].tolist() == [-20.0]
    assert "the conclusion changes in 1 of 3 rows" in repr(found)
    with pytest.raises(DesignError, match="delta names new"):
        imputed.shift("after", {"new": 1})
    with pytest.raises(DesignError, match="informative_missingness"):
        imputed.shift("admitted", {"new": 1, "old": 0})
    with pytest.raises(DesignError, match="nothing is imputed in 'before'"):
        imputed.shift("before", {"new": 1, "old": 0})
    with pytest.raises(DesignError, match="finite"):
        imputed.shift("after", {"new": np.nan, "old": 0})
    with pytest.raises(DesignError, match="level"):
        tipping_point(imputed, "after", {}, mixed_linear, "after ~ arm", term="arm", level=2)


def test_fit_is_the_pool_of_its_fits(imputed):
    from core_trial.models.many.pool import pool

    settings = {"cluster": "person", "method": "reml", "df": "kenward_roger"}
    pooled = imputed.fit(mixed_linear, "after ~ arm + before", **settings)
    own = pool([mixed_linear("after ~ arm + before", f, **settings) for f in imputed])
    pd.testing.assert_frame_equal(pooled.coefficients, own.coefficients)
    assert np.isfinite(pooled.complete_df).all()
    rows = replicate(
        lambda f: mixed_linear("after ~ arm + before", f, **settings), imputed, progress=False
    )
    assert rows.of("arm")["estimate"].mean() == pytest.approx(pooled.effect("arm").estimate)


@pytest.mark.parametrize(
    ("model", "formula", "reported"),
    [
        (mixed_logistic, "admitted ~ arm + before", "logit"),
        (modified_poisson, "admitted ~ arm", "log"),
        (zero_inflated_nb, "days ~ arm", "log"),
    ],
)
def test_any_model_is_pooled(imputed, model, formula, reported):
    pooled = imputed.fit(model, formula, cluster="person")
    assert pooled.m == 4
    assert pooled.scale == reported
    estimates = [model(formula, f, cluster="person").beta for f in imputed]
    np.testing.assert_allclose(pooled.beta, np.mean(estimates, axis=0))
    assert pooled.coefficients.loc[pooled.effect("arm").term, "fmi"] > 0


def test_a_fit_that_fails_says_why(imputed):
    found = imputed.analyse(lambda f: mixed_linear("after ~ nothing", f, cluster="person"))
    assert all("nothing" in reason for reason in found)


def test_pickle(imputed):
    again = pickle.loads(pickle.dumps(imputed))
    assert again[1].equals(imputed[1])


def test_trace_and_diagnostics(imputed):
    trace = imputed.trace
    assert len(trace) == 4 * 3 * len(imputed.cells)
    last = trace[(trace["iteration"] == 3) & (trace["imputation"] == 2)]
    cell = next(c for c in imputed.cells if c.name == "after" and c.arm == "new")
    row = last[(last["variable"] == "after") & (last["arm"] == "new")]
    assert row["mean"].item() == pytest.approx(cell.draws[2].mean())
    assert len(imputed.diagnostics) == len(imputed.cells)


def test_diagnostics_tell_settled_chains_from_others():
    rng = np.random.default_rng(0)
    means = rng.normal(size=(50, 20, 3, 2))
    means[:, :, 1] += 3 * rng.normal(size=(50, 1, 2))  # each chain around a mean of its own
    means[:, :, 2] += np.arange(20)[:, None]  # all drift together
    table = diagnose(means, [("a", "x"), ("b", "x"), ("c", "")])
    told = unsettled(table)
    assert table["reduction"][0] < 1.1
    assert [t.split(":")[0] for t in told] == ["b in x", "c"]
    assert "not mixed" in told[0]
    assert "drifts" in told[1]
    assert diagnose(means[:1], [("a", "x")] * 3)["reduction"].isna().all()


def test_one_level_in_an_arm_is_told():
    frame = trial()
    frame.loc[(frame["arm"] == "old") & (frame["admitted"] == 1), "admitted"] = 0.0
    found = run(frame, {"admitted": "binary", "after": "continuous"})
    assert any("admitted in old: one level" in w for w in found.warnings)
    assert (found[0].query("arm == 'old'")["admitted"] == 0).all()


def test_one_group_without_workers():
    found = run(trial(), {"after": "continuous", "before": "continuous"}, arm=None, cluster=None)
    assert found.arms == ("",)
    assert found.describe()["worker_effect"].tolist() == ["none"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"variables": {"nothing": "continuous"}}, "no column 'nothing'"),
        ({"variables": {"after": "normal"}}, "none of continuous"),
        ({"variables": {"site": "ordinal"}}, "numeric or a factor"),
        ({"variables": {"stage": "continuous"}}, "is a factor"),
        ({"variables": {"score": "binary"}}, "not binary"),
        ({"variables": {"after": "count"}}, "no count"),
        ({"variables": {"before": "continuous"}}, "nothing to impute"),
        ({"variables": ["after"]}, "as a dict"),
        ({"auxiliary": ["after"]}, "given twice"),
        ({"auxiliary": "site"}, r"\['site'\]"),
        ({"auxiliary": ["worker"]}, "given twice"),
        ({"auxiliary": ["score"]}, "among the variables, with its kind"),
        ({"auxiliary": ["gone"]}, "no column 'gone'"),
        ({"cluster": "team"}, "no column 'team'"),
        ({"derived": {"after": "before + 1"}}, "cannot be imputed"),
        ({"derived": {"gain": "after - gone"}}, "derived 'gain'"),
        ({"m": 1}, "m must be a whole number of at least 2"),
        ({"iterations": 0}, "iterations must be"),
        ({"arm": "score"}, "missing value"),
    ],
)
def test_refusals(settings, message):
    variables = settings.pop("variables", {"before": "continuous", "after": "continuous"})
    with pytest.raises(DesignError, match=message):
        run(trial(), variables, **settings)


def test_unordered_factor_is_refused():
    frame = trial()
    frame["stage"] = frame["stage"].cat.as_unordered()
    with pytest.raises(DesignError, match="no order"):
        run(frame, {"stage": "ordinal"})


def test_fewest_known_values_just_enough_and_just_too_few():
    # two coefficients and five to spare: seven
    frame = trial()[["arm", "worker", "before", "after"]]
    known = frame.index[(frame["arm"] == "old") & frame["after"].notna()]
    for kept in (7, 6):
        few = frame.copy()
        few.loc[known[kept:], "after"] = np.nan
        if kept == 7:
            assert (
                run(few, {"before": "continuous", "after": "continuous"})[0].notna()["after"].all()
            )
        else:
            with pytest.raises(DesignError, match="known for 6 people in arm 'old'"):
                run(few, {"before": "continuous", "after": "continuous"})


def test_a_known_effect_is_recovered_where_complete_cases_miss_it():
    """Those who fare badly early leave: complete cases are biased, imputation is not."""
    rng = np.random.default_rng(11)
    n = 4000
    treated = np.arange(n) % 2 == 1
    early = 1.0 * treated + rng.normal(size=n)
    late = early + rng.normal(size=n)
    frame = pd.DataFrame({"arm": np.where(treated, "b_new", "a_old"), "early": early, "late": late})
    gone = rng.random(n) < np.where(treated, 0.9, 0.1) * (early < 0.5)
    frame.loc[gone, "late"] = np.nan
    found = impute(
        frame,
        variables={"early": "continuous", "late": "continuous"},
        arm="arm",
        m=10,
        iterations=2,
        progress=False,
    )
    imputed = np.mean([f.groupby("arm")["late"].mean().diff().iloc[-1] for f in found])
    complete = frame.dropna().groupby("arm")["late"].mean().diff().iloc[-1]
    # the difference of two means of 2000 with variance 2 has a standard error of 0.045, about 0.06
    # with what is missing; complete cases are off by 0.3
    assert abs(complete - 1.0) > 0.25
    assert imputed == pytest.approx(1.0, abs=0.18)


def test_one_value_only_is_refused():
    frame = trial()
    frame.loc[(frame["arm"] == "old") & frame["after"].notna(), "after"] = 7.0
    with pytest.raises(DesignError, match="'after' has one value only in arm 'old', 7"):
        run(frame, {"after": "continuous", "before": "continuous"})


def test_counts_of_which_nobody_has_any_stay_low():
    frame = trial()
    frame.loc[(frame["arm"] == "new") & frame["days"].notna(), "days"] = 0.0
    done = run(frame, {"days": "count", "before": "continuous"}, iterations=5)
    drawn = next(c.draws for c in done.cells if c.arm == "new")
    assert drawn.mean() < 0.2  # some 100 zeros: the mean is below 3 / 100 with 95 % probability


def test_arms_may_be_numbers():
    frame = trial().assign(arm=lambda f: (f["arm"] == "new").astype(int))
    done = run(frame, {"after": "continuous", "before": "continuous"})
    assert done.shift("after", {1: -2.0, 0: 0.0}).arms == ("0", "1")


@pytest.mark.parametrize(
    ("reduction", "reduction_p", "drift_p", "told"),
    [
        (1.2, 1e-9, 0.5, 0),
        (1.201, 1e-4, 0.5, 0),
        (1.201, 0.99e-4, 0.5, 1),
        (1.0, 0.5, 1e-4, 0),
        (1.0, 0.5, 0.99e-4, 1),
        (np.nan, np.nan, np.nan, 0),
    ],
)
def test_limits_of_the_diagnostics(reduction, reduction_p, drift_p, told):
    row = {"variable": "a", "arm": "x", "reduction": reduction, "reduction_p": reduction_p}
    assert len(unsettled(pd.DataFrame([{**row, "drift": 5.0, "drift_p": drift_p}]))) == told
