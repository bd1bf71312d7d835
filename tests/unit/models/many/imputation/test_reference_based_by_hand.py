import numpy as np
import pandas as pd
import pytest

from core_trial.errors import DesignError
from core_trial.models.linear.mixed_linear import mixed_linear
from core_trial.models.many.imputation.reference_based import (
    STRATEGIES,
    departed_mean,
    impute_visits,
)
from core_trial.models.many.imputation.visits import arm_visits, conditional, conditional_draw

OWN, REFERENCE = np.array([[10.0, 14.0, 20.0]]), np.array([[10.0, 11.0, 13.0]])
COV = np.array([[4.0, 2.0, 1.0], [2.0, 5.0, 3.0], [1.0, 3.0, 6.0]])


@pytest.mark.parametrize(
    ("strategy", "seen", "expected"),
    [
        ("missing_at_random", 1, [10, 14, 20]),
        ("jump_to_reference", 1, [10, 11, 13]),
        ("jump_to_reference", 2, [10, 14, 13]),
        ("copy_reference", 2, [10, 11, 13]),
        ("copy_increments", 1, [10, 11, 13]),
        ("copy_increments", 2, [10, 14, 14 + 13 - 11]),
        ("jump_to_reference", 0, [10, 11, 13]),
        ("copy_increments", 0, [10, 11, 13]),
        ("missing_at_random", 0, [10, 14, 20]),
    ],
)
def test_means_of_those_who_left(strategy, seen, expected):
    np.testing.assert_allclose(departed_mean(strategy, OWN, REFERENCE, seen), [expected])


def test_conditional_moments_by_hand():
    slope, spread = conditional(COV, np.array([False, False, True]))
    # inverse of [[4, 2], [2, 5]] is [[5, -2], [-2, 4]] / 16
    np.testing.assert_allclose(slope, [[(1 * 5 - 3 * 2) / 16, (-1 * 2 + 3 * 4) / 16]])
    np.testing.assert_allclose(spread, [[6 - (-1 / 16 * 1 + 10 / 16 * 3)]])


def test_composite_covariance_of_carpenter_roger_and_kenward():
    """What is drawn is the conditional of their composite distribution (section 3.2)."""
    own = COV + np.diag([1.0, 2.0, 3.0])
    first, late = slice(0, 1), slice(1, 3)
    R11, R21, R22 = COV[first, first], COV[late, first], COV[late, late]
    A11 = own[first, first]
    inverse = np.linalg.inv(R11)
    whole = np.block(
        [
            [A11, A11 @ inverse @ R21.T],
            [R21 @ inverse @ A11, R22 - R21 @ inverse @ (R11 - A11) @ inverse @ R21.T],
        ]
    )
    gone = np.array([False, True, True])
    for found, expected in zip(conditional(COV, gone), conditional(whole, gone), strict=True):
        np.testing.assert_allclose(found, expected)


def test_draws_have_the_conditional_moments():
    rng = np.random.default_rng(0)
    gone = np.array([False, True, True])
    Y = np.tile([13.0, np.nan, np.nan], (20_000, 1))
    drawn = conditional_draw(rng, Y, np.tile(OWN, (20_000, 1)), COV, gone)
    spread = conditional(COV, gone)[1]
    np.testing.assert_allclose(drawn.mean(axis=0), [14 + 3 * 0.5, 20 + 3 * 0.25], atol=0.08)
    np.testing.assert_allclose(np.cov(drawn.T), spread, atol=0.2)


def test_last_visit_and_patterns():
    Y = np.array([[1, 2, np.nan], [1, np.nan, 3], [np.nan] * 3, [1, 2, 3], [1, 2, np.nan]])
    found = arm_visits("a", np.arange(5), np.ones((5, 1)), Y)
    assert found.seen.tolist() == [2, 3, 0, 3, 2]
    assert sorted(len(rows) for rows, _ in found.patterns) == [1, 1, 2]


def trial(n=200, seed=3):
    """Arms drift apart, and a fifth of the intervention arm leaves after the first visit."""
    rng = np.random.default_rng(seed)
    treated = np.arange(n) % 2 == 1
    start = rng.normal(10, 2, n)
    frame = pd.DataFrame({"arm": np.where(treated, "new", "old"), "start": start})
    for k, gain in enumerate([1.0, 4.0, 8.0], start=1):
        frame[f"v{k}"] = start + gain * treated + rng.normal(0, 1, n)
    left = rng.random(n) < 0.2
    frame.loc[left, ["v2", "v3"]] = np.nan
    frame.loc[~left & (rng.random(n) < 0.1), "v2"] = np.nan
    return frame.assign(person=np.arange(n))


def impute(frame, strategy, **settings):
    settings = {"m": 20, "iterations": 20, "seed": 5, "progress": False, **settings}
    return impute_visits(
        frame,
        visits=["v1", "v2", "v3"],
        arm="arm",
        reference="old",
        covariates=["start"],
        strategy=strategy,
        **settings,
    )


@pytest.fixture(scope="module")
def imputed():
    frame = trial()
    return {strategy: impute(frame, strategy) for strategy in STRATEGIES}


def test_the_imputed_follow_the_strategy(imputed):
    frame = trial()
    left = frame["v3"].isna() & (frame["arm"] == "new")
    mean = {
        strategy: np.mean([f.loc[left, "v3"].mean() for f in found])
        for strategy, found in imputed.items()
    }
    level = frame.loc[left, "start"].mean()
    # own arm: 8 above the start; reference: 0. Sampling error of a mean of 20 is about a quarter.
    assert mean["missing_at_random"] - level == pytest.approx(8, abs=0.7)
    assert mean["jump_to_reference"] - level == pytest.approx(0, abs=0.7)
    assert mean["copy_reference"] - level == pytest.approx(0, abs=0.7)
    assert mean["copy_increments"] - level == pytest.approx(1, abs=0.7)


def test_reference_arm_and_gaps_stay_missing_at_random(imputed):
    random, jump = imputed["missing_at_random"], imputed["jump_to_reference"]
    for a, b in zip(random.cells, jump.cells, strict=True):
        same = a.draws == b.draws
        gaps = trial()["v3"].notna().to_numpy()[a.rows]
        assert same[:, gaps].all() if a.arm == "new" else same.all()


def test_known_values_stay(imputed):
    frame = trial()
    done = imputed["copy_increments"][3]
    known = frame["v2"].notna()
    pd.testing.assert_series_equal(done.loc[known, "v2"], frame.loc[known, "v2"])
    assert done[["v1", "v2", "v3"]].notna().all().all()


def test_pooled_effect_shrinks_under_the_jump(imputed):
    def effect(strategy):
        fit = imputed[strategy].fit(mixed_linear, "v3 ~ arm + start", cluster="person")
        return fit.coefficients.loc["arm[old]"]

    random, jump = effect("missing_at_random"), effect("jump_to_reference")
    assert abs(jump["estimate"]) < 0.9 * abs(random["estimate"])
    assert "jump to reference" in repr(imputed["jump_to_reference"])


def test_settings():
    frame = trial()
    with pytest.raises(DesignError, match="strategy 'J2R'"):
        impute(frame, "J2R")
    with pytest.raises(DesignError, match="no level of 'arm'"):
        impute_visits(frame, visits=["v1", "v2"], arm="arm", reference="placebo")
    with pytest.raises(DesignError, match="nothing to impute"):
        impute_visits(frame, visits=["v1", "start"], arm="arm", reference="old")
    with pytest.raises(DesignError, match="each once"):
        impute_visits(frame, visits=["v1", "v1"], arm="arm", reference="old")
    with pytest.raises(DesignError, match="no column 'v9'"):
        impute_visits(frame, visits=["v1", "v9"], arm="arm", reference="old")
    with pytest.raises(DesignError, match="iterations"):
        impute(frame, "copy_reference", iterations=9)


def test_too_few_people_just_inside_and_just_outside():
    frame = trial(60)
    known = frame[frame["arm"] == "new"].dropna().index
    for kept, enough in ((10, True), (9, False)):  # 2 coefficients, 3 visits, 5 to spare
        few = frame.copy()
        few.loc[few.index.isin(known[kept:]), ["v2", "v3"]] = np.nan
        few.loc[few["v2"].isna(), "v3"] = np.nan
        few.loc[few["v3"].isna(), "v2"] = np.nan
        if enough:
            assert impute(few, "copy_reference", m=2, iterations=10)[0]["v3"].notna().all()
        else:
            with pytest.raises(DesignError, match="9 people in arm 'new'; 10 are needed"):
                impute(few, "copy_reference", m=2, iterations=10)
