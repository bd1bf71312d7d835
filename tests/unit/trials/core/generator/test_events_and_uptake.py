"""Events, screening, sessions and workbook have their printed counts, whatever the draw."""

import numpy as np
import pandas as pd
import pytest

from core_trial.analyses.summaries import stata_percentile
from core_trial.synthesis.search import Impossible
from core_trial.trials.core.generator.events import _counts_by_arm, draw_events, screening
from core_trial.trials.core.generator.targets import published
from core_trial.trials.core.generator.uptake import (
    _left_by_worker,
    draw_sessions,
    draw_workbook,
    sessions,
)

TARGETS = published()
NO_CARE = pd.DataFrame(columns=["participant_id", "service", "started_on", "ended_on"])


def people(seed=1, early=True):
    rng = np.random.default_rng(seed)
    arm = np.repeat(["intervention", "control"], (221, 220))
    readmitted = rng.random(441) < 0.4
    days = rng.integers(3, 140, 441) if early else np.full(441, 300)
    held = rng.random(441) < 0.78
    return pd.DataFrame(
        {
            "participant_id": [f"A{k:03d}" for k in range(441)],
            "arm": arm,
            "psw_id": np.where((arm == "intervention") & (np.arange(441) > 4), "W1", None),
            "randomised_on": pd.Timestamp("2014-06-02"),
            "readmitted": readmitted.astype(float),
            "days_to_readmission": np.where(readmitted, days, 365).astype(float),
            "index_days": 0.0,
            "interviewed_month_4": held,
            "interviewed_month_18": held,
            "satisfaction_month_4": np.where(held, rng.normal(25, 5, 441), np.nan),
            "sessions_attended": np.where(arm == "intervention", rng.integers(0, 11, 441), np.nan),
        }
    )


@pytest.mark.parametrize("seed", range(5))
def test_events_have_their_counts_by_arm_and_kind(seed):
    frame = people(seed)
    events = draw_events(frame, TARGETS, np.random.default_rng(seed))
    arm = events.merge(frame, on="participant_id")["arm"]
    for name in ("intervention", "control"):
        assert (arm == name).sum() == TARGETS.count("adverse_events", "n", name)
    for kind in ("readmission", "attempted_suicide", "attempted_murder_charge"):
        assert (events["category"] == kind).sum() == TARGETS.count("adverse_events", level=kind)
    died = events["category"].str.startswith("death")
    assert died.sum() == TARGETS.count("adverse_events", level="deaths")
    assert set(arm[died]) == {"control"}
    assert events["event_id"].is_unique
    assert events["occurred_on"].is_monotonic_increasing


def test_kinds_of_events_add_up_in_every_split():
    for seed in range(30):
        counts = _counts_by_arm(TARGETS, 4, np.random.default_rng(seed))
        again = sum(of_kind["readmission"] for of_kind in counts.values())
        assert again == TARGETS.count("adverse_events", level="readmission")


def test_events_that_no_readmission_stands_behind_are_impossible():
    with pytest.raises(Impossible, match="early readmissions"):
        draw_events(people(early=False), TARGETS, np.random.default_rng(1))


def test_screening_adds_up():
    steps = screening(TARGETS).groupby("step")["n"].sum()
    assert steps["screened"] - steps["not_eligible"] == steps["eligible"]
    assert steps["eligible"] - steps["not_randomised"] == 441


@pytest.mark.parametrize("seed", range(4))
def test_sessions_have_their_quartiles_and_counts(seed):
    frame = people(seed).drop(columns="sessions_attended")
    drawn = draw_sessions(frame, TARGETS, np.random.default_rng(seed))
    offered, attended = (drawn[c].dropna().to_numpy() for c in drawn)
    assert len(offered) == 221
    assert (attended <= offered).all()
    assert [stata_percentile(attended, q) for q in (25, 50, 75)] == [2, 7, 10]
    assert (attended >= 3).sum() == 160
    assert (offered == 10).sum() == 198
    assert (attended[offered == 10] == 10).sum() == 65
    assert offered[frame["psw_id"].isna()[:221]].tolist() == [0] * 5

    held = sessions(frame.join(drawn), NO_CARE, np.random.default_rng(seed))
    assert len(held) == offered.sum()
    assert held["attended"].sum() == attended.sum()
    in_order = held.groupby("participant_id")["offered_on"].agg(lambda d: d.is_monotonic_increasing)
    assert in_order.all()


def test_few_come_from_a_ward():
    frame = people().drop(columns="sessions_attended")
    drawn = draw_sessions(frame, TARGETS, np.random.default_rng(1))
    stay = pd.DataFrame(
        {
            "participant_id": frame["participant_id"],
            "service": "inpatient_ward",
            "started_on": frame["randomised_on"] + pd.Timedelta(days=30),
            "ended_on": frame["randomised_on"] + pd.Timedelta(days=60),
        }
    )
    held = sessions(frame.join(drawn), stay, np.random.default_rng(1))
    day = (held["offered_on"] - frame["randomised_on"].iloc[0]).dt.days
    on_ward = day.between(30, 60)
    assert held["attended"][on_ward].mean() < held["attended"][~on_ward].mean() - 0.1


def test_those_whose_worker_left_were_the_workers_last():
    frame = people().drop(columns="sessions_attended")
    rng = np.random.default_rng(3)
    frame["randomised_on"] += pd.to_timedelta(rng.integers(0, 300, 441), unit="D")
    treated = frame["psw_id"].notna()
    frame.loc[treated, "psw_id"] = [f"W{k}" for k in rng.integers(0, 30, treated.sum())]
    offered = draw_sessions(frame, TARGETS, rng)["sessions_offered"]
    left = _left_by_worker(frame[frame["arm"] == "intervention"])
    few = frame[frame["arm"] == "intervention"].iloc[left]
    assert len(few) == 3
    assert (offered[few.index] == 2).all()
    assert len(set(few["psw_id"])) == 1
    colleagues = frame[frame["psw_id"] == few["psw_id"].iloc[0]].drop(few.index)
    assert (colleagues["randomised_on"] <= few["randomised_on"].min()).all()


@pytest.mark.parametrize("seed", range(4))
def test_the_workbook_has_its_counts_and_plans_only_of_readers(seed):
    frame = people(seed)
    drawn = draw_workbook(frame, TARGETS, np.random.default_rng(seed))
    for arm in ("intervention", "control"):
        own = drawn[frame["arm"] == arm]
        for name in drawn:
            for statistic, found in (("n", own[name].sum()), ("N", own[name].notna().sum())):
                printed = TARGETS.find_count(name, statistic, arm)
                assert printed is None or printed == found
    planned = drawn.drop(columns="workbook_read").sum(axis=1) > 0
    assert (drawn.loc[planned, "workbook_read"] == 1).all()
    assert frame.loc[drawn["workbook_read"].notna(), "interviewed_month_4"].all()
