"""Survival curves, medians and restricted means by fractions."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import special

from core_trial.errors import DesignError
from core_trial.models.survival.follow_up import FollowUp
from core_trial.models.survival.kaplan_meier import curve, kaplan_meier
from core_trial.models.survival.restricted_mean import area, restricted_mean

EXACT = {"rel": 1e-12}
COLUMNS = {"time": "time", "event": "event"}


def eight() -> pd.DataFrame:
    """At 4 one event and one censoring, at 9 two events; censored at 12 and 15."""
    return pd.DataFrame(
        {
            "time": [2, 4, 4, 7, 9, 9, 12, 15],
            "event": [1, 1, 0, 1, 1, 1, 0, 0],
            "arm": list("ababbaab"),
        }
    )


def only(frame, **options):
    return kaplan_meier(frame, **COLUMNS, **options)[""]


def test_steps_by_hand():
    km = only(eight())
    np.testing.assert_array_equal(km.time, [2, 4, 7, 9, 12, 15])
    np.testing.assert_array_equal(km.at_risk, [8, 7, 5, 4, 2, 1])
    np.testing.assert_array_equal(km.events, [1, 1, 1, 2, 0, 0])
    np.testing.assert_array_equal(km.censored, [0, 1, 0, 0, 1, 1])
    exact = np.cumprod([Fraction(7, 8), Fraction(6, 7), Fraction(4, 5), Fraction(1, 2), 1, 1])
    np.testing.assert_allclose(km.survival, exact.astype(float), rtol=1e-14)
    assert (km.n, km.n_events) == (8, 5)


def test_greenwood_by_hand():
    """Without censoring up to then, S(1 - S)/n; at 9: S^2 (1/56 + 1/42 + 1/20 + 2/8)."""
    km = only(eight())
    assert km.std_error[1] == pytest.approx(np.sqrt(0.75 * 0.25 / 8), **EXACT)
    total = Fraction(1, 56) + Fraction(1, 42) + Fraction(1, 20) + Fraction(2, 8)
    assert km.std_error[3] == pytest.approx(0.3 * np.sqrt(float(total)), **EXACT)


def test_limits_by_hand():
    z = special.ndtri(0.975)
    error = np.sqrt(1 / 56 + 1 / 42) / -np.log(0.75)
    km = only(eight())
    assert km.low[1] == pytest.approx(0.75 ** np.exp(z * error), **EXACT)
    assert km.high[1] == pytest.approx(0.75 ** np.exp(-z * error), **EXACT)
    log = only(eight(), interval="log")
    assert log.low[1] == pytest.approx(0.75 * np.exp(-z * np.sqrt(1 / 56 + 1 / 42)), **EXACT)
    assert log.high[1] == 1
    plain = only(eight(), interval="plain", confidence=0.8)
    half = special.ndtri(0.9) * np.sqrt(0.75 * 0.25 / 8)
    assert plain.low[1] == pytest.approx(0.75 - half, **EXACT)
    assert plain.high[1] == pytest.approx(0.75 + half, **EXACT)
    assert only(eight(), interval="plain").high[1] == 1


def test_nobody_left_has_no_limits():
    km = only(pd.DataFrame({"time": [1, 2], "event": [1, 1]}))
    assert km.survival[-1] == 0
    assert np.isnan([km.std_error[-1], km.low[-1], km.high[-1]]).all()


@pytest.mark.parametrize(
    ("time", "event", "median"),
    [
        ([1, 2, 3, 4], [1, 1, 1, 1], 2.5),  # level with one half from 2 to 3
        ([1, 2, 3, 4], [1, 1, 0, 0], 3.0),  # level with it from 2 to the end at 4
        ([1, 2, 3], [1, 1, 1], 2.0),  # falls through it at 2
        ([1, 2, 3], [1, 0, 0], np.nan),  # never gets there
        ([5], [1], 5.0),
    ],
)
def test_median_by_the_midpoint_rule(time, event, median):
    km = only(pd.DataFrame({"time": time, "event": event}))
    np.testing.assert_equal(km.median, median)


def test_products_of_fractions_are_level_with_one_half():
    """5/6 * 4/5 * 3/4 is one half on paper and not in floating point."""
    km = only(pd.DataFrame({"time": [1, 2, 3, 8, 8, 8], "event": [1, 1, 1, 1, 1, 1]}))
    assert km.median == 5.5


def test_table_under_a_plot():
    km = only(eight())
    times = [0, 2, 3, 4, 4.5, 9, 15, 16]
    np.testing.assert_array_equal(km.at_risk_at(times), [8, 8, 7, 7, 5, 4, 1, 0])
    np.testing.assert_array_equal(km.events_by(times), [0, 1, 1, 2, 2, 5, 5, 5])
    np.testing.assert_array_equal(km.censored_by(times), [0, 0, 0, 1, 1, 1, 3, 3])
    np.testing.assert_allclose(km.survival_at([0, 2, 8.9, 9, 15]), [1, 0.875, 0.6, 0.3, 0.3])
    assert np.isnan(km.survival_at(15.5))
    ended = only(pd.DataFrame({"time": [1, 2], "event": [1, 1]}))
    assert ended.survival_at(9) == 0


def test_groups_and_frames():
    curves = kaplan_meier(eight(), **COLUMNS, by="arm")
    assert list(curves) == ["a", "b"]
    assert curves["a"].n + curves["b"].n == 8
    table = curves.to_frame()
    assert list(table["group"].unique()) == ["a", "b"]
    assert table["at_risk"].max() == 4
    quiet = kaplan_meier(eight().assign(event=[1, 0, 0, 0, 0, 1, 1, 0]), **COLUMNS, by="arm")
    assert quiet.warnings == ("arm b: there is no event",)
    np.testing.assert_array_equal(quiet["b"].survival, 1)
    np.testing.assert_array_equal(quiet["b"].low, 1)


def test_restricted_mean_by_hand():
    """Heights 1, 7/8, 3/4, 3/5, 3/10 over 2, 2, 3, 2 and 1 days; areas left 33/4 - ..., by hand."""
    pieces = [2, 2 * 7 / 8, 3 * 3 / 4, 2 * 3 / 5, 1 * 3 / 10]
    left = sum(pieces) - np.cumsum(pieces)[:-1]  # after the events at 2, 4, 7 and 9
    variance = (left**2 * [1 / 56, 1 / 42, 1 / 20, 2 / 8]).sum()
    found = restricted_mean(eight(), **COLUMNS, limit=10).means[""]
    assert found.estimate == pytest.approx(sum(pieces), **EXACT)
    assert found.std_error == pytest.approx(np.sqrt(variance), **EXACT)


def test_influence_is_the_derivative_by_case_weight():
    """Counting a row a little more often moves the area by its influence."""
    frame = eight()
    observed = FollowUp(frame["time"].to_numpy(float), frame["event"].to_numpy(float))
    value, influence = area(observed, 10.0)
    many = 100_000
    for i in range(8):
        often = np.repeat(np.arange(8), many + (np.arange(8) == i) * (many // 1000))
        again = FollowUp(observed.time[often], observed.event[often])
        assert (area(again, 10.0)[0] - value) * 1000 == pytest.approx(influence[i], abs=2e-3)
    assert influence.sum() == pytest.approx(0, abs=1e-12)


def test_clusters_of_one_are_greenwoods_variance():
    frame = eight().assign(g=range(8))
    plain = restricted_mean(frame, **COLUMNS, limit=10, by="arm")
    single = restricted_mean(frame, **COLUMNS, limit=10, by="arm", cluster="g", small_sample=False)
    assert single.differences["b"].std_error == pytest.approx(
        plain.differences["b"].std_error, rel=1e-12
    )
    one = plain.means["a"].std_error ** 2 + plain.means["b"].std_error ** 2
    assert plain.differences["b"].std_error == pytest.approx(np.sqrt(one), rel=1e-12)
    scaled = restricted_mean(frame, **COLUMNS, limit=10, by="arm", cluster="g")
    assert scaled.means["a"].std_error == pytest.approx(
        single.means["a"].std_error * np.sqrt(8 / 7), rel=1e-12
    )


def test_a_limit_beyond_follow_up_is_refused():
    with pytest.raises(DesignError, match="arm a: nobody is followed up to 14"):
        restricted_mean(eight(), **COLUMNS, limit=14, by="arm")
    with pytest.raises(DesignError, match="positive"):
        restricted_mean(eight(), **COLUMNS, limit=0)
    ended = pd.DataFrame({"time": [1, 2], "event": [1, 1]})
    assert restricted_mean(ended, **COLUMNS, limit=50).means[""].estimate == 1.5


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"time": [-1.0] * 8}, "8 negative times"),
        ({"event": [2] * 8}, "1 for an event"),
        ({"time": [np.nan] * 8}, "8 missing"),
        ({"time": [np.inf] * 8}, "infinite"),
    ],
)
def test_impossible_follow_up_is_refused(columns, message):
    with pytest.raises(DesignError, match=message):
        kaplan_meier(eight().assign(**columns), **COLUMNS)


def test_an_unknown_scale_is_refused():
    with pytest.raises(DesignError, match="log-log"):
        only(eight(), interval="logit")


def test_time_zero_counts():
    km = curve(np.array([0.0, 0.0, 3.0]), np.array([1.0, 0.0, 1.0]))
    np.testing.assert_array_equal(km.at_risk, [3, 1])
    assert km.survival[0] == pytest.approx(2 / 3)
