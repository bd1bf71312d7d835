"""Rows that enter late: the same people cut into rows, and people seen from some time on."""

import numpy as np
import pandas as pd
import pytest

from core_trial import models
from core_trial.errors import DesignError

SETTINGS = {"time": "stop", "event": "event", "entry": "start"}


def people(seed: int = 0, n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    time = rng.integers(1, 25, n)
    return pd.DataFrame(
        {
            "id": np.arange(n),
            "g": rng.integers(0, 8, n),
            "s": rng.integers(0, 2, n),
            "x": rng.normal(size=n).round(1),
            "arm": np.arange(n) % 2,
            "start": 0,
            "stop": time,
            "event": rng.integers(0, 2, n),
            "what": rng.integers(0, 3, n),
        }
    )


def cut(frame: pd.DataFrame, every: int = 4) -> pd.DataFrame:
    """Each person's time in pieces; only the last one can end in an event."""
    rows = []
    for person in frame.itertuples(index=False):
        for start in range(0, person.stop, every):
            stop = min(start + every, person.stop)
            last = stop == person.stop
            piece = person._replace(
                start=start, stop=stop, event=person.event * last, what=person.what * last
            )
            rows.append(piece)
    return pd.DataFrame(rows)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("options", [{}, {"strata": "s"}, {"cluster": "g", "frailty": "gamma"},
                                     {"cluster": "g", "frailty": "lognormal"}])  # fmt: skip
def test_people_cut_into_rows_are_the_same_people(ties, options):
    whole, pieces = people(), cut(people())
    one = models.cox("arm + x", whole, time="stop", event="event", ties=ties, **options)
    other = models.cox("arm + x", pieces, **SETTINGS, ties=ties, **options)
    np.testing.assert_allclose(other.beta, one.beta, rtol=1e-5)
    np.testing.assert_allclose(other.std_error, one.std_error, rtol=1e-5)
    if options.get("frailty") != "lognormal":  # restricted: its constant is the coordinates'
        assert other.loglik == pytest.approx(one.loglik, rel=1e-9)
    assert dict(other.variance) == pytest.approx(dict(one.variance), rel=1e-4)


@pytest.mark.parametrize("inference", ["sandwich", "jackknife"])
def test_the_cluster_keeps_a_persons_rows_together(inference):
    whole, pieces = people(), cut(people())
    settings = {"cluster": "id", "inference": inference}
    one = models.cox("arm + x", whole, time="stop", event="event", **settings)
    other = models.cox("arm + x", pieces, **SETTINGS, **settings)
    np.testing.assert_allclose(other.cov, one.cov, rtol=1e-7)


def test_people_in_several_rows_are_no_clusters_of_members():
    """The cluster is the person where its rows do not overlap; a single overlap makes it none."""
    pieces = cut(people(n=30))
    fit = models.cox("arm", pieces, **SETTINGS, cluster="id")
    assert "sandwich" in fit.method
    assert fit.warnings == ()
    twice = pd.concat([pieces, pieces.iloc[[0]].assign(x=0.0)])
    assert "jackknife" in models.cox("arm", twice, **SETTINGS, cluster="id").method


def test_curves_of_people_cut_into_rows():
    whole, pieces = people(), cut(people())
    one = models.kaplan_meier(whole, time="stop", event="event")[""]
    other = models.kaplan_meier(pieces, **SETTINGS)[""]
    at = [0, 3, 8, 20, 24]
    np.testing.assert_array_equal(one.at_risk_at(at), other.at_risk_at(at))
    np.testing.assert_allclose(one.survival_at(at), other.survival_at(at))
    test, same = (
        models.log_rank(f, **o, by="arm", strata="s").test.statistic
        for f, o in ((whole, {"time": "stop", "event": "event"}), (pieces, SETTINGS))
    )
    assert test == pytest.approx(same)
    means = [
        models.restricted_mean(f, **o, limit=15, cluster="id", inference="sandwich").means[""]
        for f, o in ((whole, {"time": "stop", "event": "event"}), (pieces, SETTINGS))
    ]
    assert means[0].estimate == pytest.approx(means[1].estimate)
    assert means[0].std_error == pytest.approx(means[1].std_error)
    tables = [
        models.cumulative_incidence(f, **o, cluster="id")[""]["2"].at(at)
        for f, o in (
            (whole, {"time": "stop", "event": "what"}),
            (pieces, {**SETTINGS, "event": "what"}),
        )
    ]
    np.testing.assert_allclose(tables[0], tables[1], atol=1e-12)


def test_kaplan_meier_with_late_entry_by_hand():
    """At 2: one of two; at 5 one of three (a third entered at 2, a fourth at 4, one left at 2)."""
    frame = pd.DataFrame({"start": [0, 0, 2, 4], "stop": [2, 5, 6, 9], "event": [1, 1, 0, 1]})
    curve = models.kaplan_meier(frame, **SETTINGS)[""]
    assert curve.at_risk.tolist() == [2, 3, 2, 1]
    assert curve.survival.tolist() == pytest.approx([1 / 2, 1 / 3, 1 / 3, 0])
    assert curve.at_risk_at([0, 2, 3, 5, 10]).tolist() == [2, 2, 2, 3, 0]
    assert curve.n == 4


def test_a_curve_that_ends_too_early_is_told():
    frame = pd.DataFrame({"start": [0, 3, 3], "stop": [2, 5, 6], "event": [1, 1, 1]})
    found = models.kaplan_meier(frame, **SETTINGS)
    assert found[""].ends_early
    assert "zero from there on" in found.warnings[0]
    assert "zero from there on" in models.restricted_mean(frame, **SETTINGS, limit=5).warnings[0]
    later = models.kaplan_meier(frame.assign(stop=[4, 5, 6]), **SETTINGS)
    assert not later[""].ends_early
    assert later.warnings == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"start": 3}, "1 row with 'start' at or after 'stop'"),
        ({"start": 4}, "leave out rows without time at risk"),
        ({"start": -1}, "negative times"),
    ],
)
def test_impossible_entries_are_refused(change, message):
    frame = pd.DataFrame(
        {"start": [0, 0, 0], "stop": [5, 3, 4], "event": [1, 1, 0], "x": [1, 0, 2]}
    )
    for name, value in change.items():
        frame.loc[1, name] = value
    with pytest.raises(DesignError, match=message):
        models.cox("x", frame, **SETTINGS)
    allowed = frame.assign(start=[0, 2, 0])
    assert models.cox("x", allowed, **SETTINGS).n == 3


def test_a_row_that_spans_no_event_changes_nothing():
    frame = cut(people())
    idle = frame.iloc[[0]].assign(start=24.2, stop=24.7, event=0, x=50.0)
    one = models.cox("arm + x", frame, **SETTINGS)
    other = models.cox("arm + x", pd.concat([frame, idle]), **SETTINGS)
    np.testing.assert_allclose(one.beta, other.beta, rtol=1e-9)


def test_frailty_with_late_entry_says_what_it_supposes():
    fit = models.cox("arm", cut(people()), **SETTINGS, cluster="g", frailty="gamma")
    assert any("rows enter late" in note for note in fit.warnings)
