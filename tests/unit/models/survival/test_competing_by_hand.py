"""Events that compete or recur: fractions, and cases in which a simpler model says the same."""

import numpy as np
import pandas as pd
import pytest

from core_trial import models
from core_trial.errors import DesignError


def six() -> pd.DataFrame:
    """Home at 1, died at 2, censored at 3, home twice at 4, censored at 5."""
    return pd.DataFrame(
        {
            "days": [1, 2, 3, 4, 4, 5],
            "what": ["home", "died", "none", "home", "home", "none"],
            "arm": [0, 1, 0, 1, 0, 1],
            "x": [0.5, -1.0, 0.0, 2.0, 1.0, -0.5],
        }
    )


def many(seed: int = 0, n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    time = np.ceil(rng.exponential(10, n))
    return pd.DataFrame(
        {
            "id": np.arange(n),
            "g": rng.integers(0, 30, n),
            "time": np.minimum(time, 20),
            "what": np.where(time > 20, 0, rng.integers(0, 3, n)),
            "arm": rng.integers(0, 2, n),
            "x": rng.normal(size=n),
            "s": rng.integers(0, 2, n),
        }
    )


COMPETING = {"time": "time", "event": "what"}


def test_incidence_by_hand():
    """Survival before 1, 2, 4 is 1, 5/6, 4/6; at risk are 6, 5, 3."""
    found = models.cumulative_incidence(six(), time="days", event="what", censored="none")[""]
    assert found["home"].time.tolist() == [1, 2, 4]
    assert found["home"].at_risk.tolist() == [6, 5, 3]
    assert found["home"].incidence == pytest.approx([1 / 6, 1 / 6, 1 / 6 + 4 / 6 * 2 / 3])
    assert found["died"].incidence == pytest.approx([0, 1 / 6, 1 / 6])
    at = found["died"].at([0, 2.5])
    assert at["incidence"].tolist() == pytest.approx([0, 1 / 6])
    assert at["std_error"].tolist() == pytest.approx([0, np.sqrt(1 / 6 * 5 / 6 / 6)])


def test_incidences_and_survival_add_up_to_one():
    frame = many()
    found = models.cumulative_incidence(frame, **COMPETING)[""]
    any_event = frame.assign(any=(frame["what"] > 0).astype(int))
    km = models.kaplan_meier(any_event, time="time", event="any")[""]
    total = found["1"].incidence + found["2"].incidence
    np.testing.assert_allclose(total, 1 - km.survival_at(found["1"].time), atol=1e-12)


@pytest.mark.parametrize("interval", ["log-log", "plain"])
def test_one_event_is_one_minus_kaplan_meier(interval):
    frame = many().assign(event=lambda f: (f["what"] > 0).astype(int))
    found = models.cumulative_incidence(frame, time="time", event="event", interval=interval)
    curve, km = found[""]["1"], models.kaplan_meier(frame, time="time", event="event")[""]
    at = km.events > 0
    np.testing.assert_allclose(curve.incidence, 1 - km.survival[at], atol=1e-12)
    np.testing.assert_allclose(curve.std_error, km.std_error[at], rtol=1e-9)
    assert ((curve.low <= curve.incidence) & (curve.incidence <= curve.high)).all()
    assert (curve.low >= 0).all()
    assert (curve.high <= 1).all()


def test_clusters_of_one_are_independent_rows_and_few_clusters_are_said():
    frame = many()
    alone = models.cumulative_incidence(frame, **COMPETING)[""]["1"]
    named = models.cumulative_incidence(frame, **COMPETING, cluster="id")
    np.testing.assert_allclose(named[""]["1"].std_error, alone.std_error, rtol=1e-12)
    assert named.warnings == ()
    few = models.cumulative_incidence(frame.assign(g=frame["id"] % 4), **COMPETING, cluster="g")
    assert "4 clusters with more than one member" in few.warnings[0]


def test_incidence_draws_and_lists_every_curve():
    found = models.cumulative_incidence(many(), **COMPETING, by="arm")
    assert set(found) == {"0", "1"}
    table = found.to_frame()
    assert set(zip(table["group"], table["event"], strict=True)) == {
        (group, event) for group in "01" for event in "12"
    }
    axes = found.plot()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "0: 1", "0: 2", "1: 1", "1: 2",
    ]  # fmt: skip
    assert found.plot(axes) is axes


def test_a_group_without_events_is_told():
    frame = many()
    frame.loc[frame["arm"] == 1, "what"] = 0
    found = models.cumulative_incidence(frame, **COMPETING, by="arm")
    assert found["1"] == {}
    assert found.warnings == ("arm 1: there is no event",)


def test_gray_does_not_mind_the_order_of_groups():
    frame = many()
    one = models.gray_test(frame, **COMPETING, cause=1, by="arm", strata="s")
    turned = frame.assign(arm=1 - frame["arm"])
    assert models.gray_test(
        turned, **COMPETING, cause=1, by="arm", strata="s"
    ).statistic == pytest.approx(one.statistic)


def test_gray_rejects_as_often_as_it_should_where_incidences_are_equal():
    rejected = [
        models.gray_test(many(seed), **COMPETING, cause=1, by="arm").p_value < 0.05
        for seed in range(300)
    ]
    assert 0.02 < np.mean(rejected) < 0.08  # 2.4 standard errors of 300 tests


def test_without_other_events_fine_gray_is_cox():
    frame = many().assign(event=lambda f: (f["what"] > 0).astype(int))
    one = models.cox("arm + x", frame, time="time", event="event", cluster="id",
                     inference="sandwich", small_sample=False)  # fmt: skip
    other = models.fine_gray("arm + x", frame, time="time", event="event", cause=1)
    np.testing.assert_allclose(other.beta, one.beta, rtol=1e-7)
    np.testing.assert_allclose(other.cov, one.cov, rtol=1e-7)
    assert other.loglik == pytest.approx(one.loglik)


def test_without_censoring_fine_gray_keeps_others_at_risk_for_ever():
    frame = many()
    frame = frame[frame["what"] > 0]
    last = frame["time"].max() + 1
    waiting = frame.assign(
        event=(frame["what"] == 1).astype(int),
        time=np.where(frame["what"] == 1, frame["time"], last),
    )
    one = models.cox("arm + x", waiting, time="time", event="event", cluster="id",
                     inference="sandwich", small_sample=False)  # fmt: skip
    other = models.fine_gray("arm + x", frame, **COMPETING, cause=1)
    np.testing.assert_allclose(other.beta, one.beta, rtol=1e-7)
    np.testing.assert_allclose(other.cov, one.cov, rtol=1e-7)


def test_clusters_of_one_are_rows_to_fine_gray():
    frame = many()
    rows = models.fine_gray("arm + x", frame, **COMPETING, cause=1)
    named = models.fine_gray("arm + x", frame, **COMPETING, cause=1, cluster="id")
    n = len(frame)
    np.testing.assert_allclose(named.cov, rows.cov * n / (n - 1), rtol=1e-10)
    assert "times G/(G-1)" in named.method
    plain = models.fine_gray(
        "arm + x", frame, **COMPETING, cause=1, cluster="id", small_sample=False
    )
    np.testing.assert_allclose(plain.cov, rows.cov, rtol=1e-10)


def test_an_arm_without_the_event_diverges():
    frame = many()
    frame.loc[(frame["arm"] == 1) & (frame["what"] == 1), "what"] = 2
    fit = models.fine_gray("arm + x", frame, **COMPETING, cause=1)
    assert fit.converged  # the other coefficient stands
    assert "arm (diverges to -infinity)" in fit.warnings[0]
    assert np.isfinite(fit.effect("x").std_error)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cause": 3}, "no event 3; the events are 1, 2"),
        ({"inference": "model"}, "no model-based errors"),
        ({"inference": "wild"}, "must be one of 'sandwich'"),
        ({"censored": 9}, None),
    ],
)
def test_impossible_choices_are_refused(options, message):
    settings = {**COMPETING, "cause": 1, **options}
    if message is None:  # without the right code for censoring it is an event of its own
        assert models.fine_gray("arm", many(), **settings).n == 120
        return
    with pytest.raises(DesignError, match=message):
        models.fine_gray("arm", many(), **settings)


def test_words_need_the_one_for_no_event():
    with pytest.raises(DesignError, match="say which of them stands for no event"):
        models.cumulative_incidence(six(), time="days", event="what")
    frame = many()
    one = models.fine_gray("arm", frame, **COMPETING, cause=1)
    other = models.fine_gray("arm", frame.assign(what=frame["what"] * 1.0), **COMPETING, cause=1)
    assert one.beta[0] == other.beta[0]


def test_no_events_and_one_group_are_refused():
    none = many().assign(what=0)
    with pytest.raises(DesignError, match="there is no event"):
        models.cumulative_incidence(none, **COMPETING)
    with pytest.raises(DesignError, match="one group"):
        models.gray_test(many().assign(arm=1), **COMPETING, cause=1, by="arm")
    with pytest.raises(DesignError, match="one group"):
        models.log_rank(many().assign(arm=1, what=1), **COMPETING, by="arm")
    with pytest.raises(DesignError, match="no event"):
        models.log_rank(none, **COMPETING, by="arm")
    with pytest.raises(DesignError, match="must be one of 'log-log', 'plain'"):
        models.cumulative_incidence(many(), **COMPETING, interval="log")
    with pytest.raises(DesignError, match="there is no event"):
        models.mean_cumulative(none, **COMPETING, cluster="id")


def test_mean_number_of_events_by_hand():
    """Two people at risk to 7, one to 9: 1/2 at 3, another 1/2 at 7, 1 at 8.

    Leaving person 1 (events at 3 and 8) in with more weight moves the mean at 9 by
    (1 - 1/2)/2 at 3, -1/4 at 7 and nothing at 8; the other by the opposite.
    """
    frame = pd.DataFrame(
        {
            "id": [1, 1, 1, 2],
            "start": [0, 3, 8, 0],
            "stop": [3, 8, 9, 7],
            "event": [1, 1, 0, 1],
        }
    )
    found = models.mean_cumulative(frame, time="stop", event="event", entry="start", cluster="id")[
        ""
    ]
    assert found.mean.tolist() == [0.5, 1.0, 2.0]
    assert found.at_risk.tolist() == [2, 2, 1]
    assert found.std_error == pytest.approx([np.sqrt(2) / 4, 0, 0])
    assert found.at([2, 7])["mean"].tolist() == [0, 1]
    assert found.to_frame()["events"].sum() == 3


def test_a_group_without_recurrent_events_is_told():
    frame = many().assign(event=lambda f: ((f["what"] > 0) & (f["arm"] == 0)).astype(int))
    found = models.mean_cumulative(frame, time="time", event="event", cluster="id", by="arm")
    assert set(found) == {"0"}
    assert found.warnings == ("arm 1: there is no event",)
