"""Whether a masked folder tells who was allocated to what: an attacker learns, and guesses."""

import attack
import numpy as np
import pandas as pd
import pytest

import core_trial as ct
from core_trial.data import masking

SEEDS = range(20)
#: What chance gives, and no masked folder may exceed.
LOW, HIGH = 0.45, 0.55
WORKERS = 8
TRIAL = ct.Trial(
    title="Workers and sessions",
    participant="id",
    arm=ct.Arm("arm", control="usual", intervention="support"),
    cluster=ct.Cluster("worker"),
    strata=("site",),
    compliers=ct.Compliers("sessions", at_least=3),
    outcomes=(ct.Score("hope"), ct.Score("mood")),
    masked=ct.Masked(order="entered"),
)


def frame(seed):
    """160 people in blocks of four; nobody of the control arm has a worker or a session."""
    rng = np.random.default_rng([7, seed])
    n = 160
    treated = np.concatenate([rng.permutation([True, True, False, False]) for _ in range(n // 4)])
    site = np.repeat(["north", "south"], n // 2)
    number = rng.integers(0, WORKERS, n)
    effect = rng.normal(0, 3, (2, WORKERS))[(site == "south").astype(int), number]
    return pd.DataFrame(
        {
            "id": [f"P{i:03d}" for i in range(n)],
            "arm": np.where(treated, "support", "usual"),
            "worker": [
                f"{s}{k}" if t else None for s, k, t in zip(site, number, treated, strict=True)
            ],
            "site": site,
            "entered": np.arange(n) // 2,
            "sessions": np.where(treated, rng.binomial(6, 0.6, n), np.nan),
            "hope": pd.Series(rng.normal(50, 8, n) + effect).mask(rng.random(n) < 0.1),
            "mood": pd.Series(rng.normal(20, 4, n)).mask(rng.random(n) < 0.1),
        }
    )


def loaded(people, folder):
    folder.mkdir(exist_ok=True)
    # A real file may be sorted by anything, the arm too.
    people.sort_values("arm").to_csv(folder / "participants.csv", index=False)
    return ct.load(folder, TRIAL)


def features(people):
    """Everything of a person that a masked file shows, and how it goes with the others' values."""
    dummy = (people["arm"] == "support").to_numpy(float)
    worker = people["worker"].astype(object).where(people["worker"].notna(), None)
    hope = people["hope"].astype(float)
    away = hope - hope.groupby(worker.fillna("none")).transform("mean")
    load = worker.map(worker.value_counts()).astype(float)
    sessions = people["sessions"].astype(float)
    return pd.DataFrame(
        {
            "dummy": dummy,
            "worker": worker.notna().astype(float),
            "load": load,
            "sessions": sessions,
            "no sessions told": sessions.isna().astype(float),
            "missing": people[["hope", "mood"]].isna().sum(axis=1).astype(float),
            "spread": (hope - hope.mean()).abs(),
            "away from the worker's others": away.abs(),
            "dummy and away": dummy * away.abs(),
            "order": np.arange(len(people), dtype=float),
            "place in the block": np.arange(len(people)) % 4.0,
        }
    )


@pytest.fixture(scope="module")
def trials(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    return [loaded(frame(seed), folder / str(seed)) for seed in SEEDS]


def real(data):
    """The real rows in the order of a masked file."""
    return data.participants.sort_values("id", ignore_index=True)


def truth(data):
    return (real(data)["arm"] == "support").to_numpy(bool)


def test_an_attacker_guesses_no_better_than_chance(trials):
    masked = [masking.mask(data, seed=k).participants for k, data in enumerate(trials)]
    area = attack.guessed(list(map(features, masked)), list(map(truth, trials)))
    assert LOW < area < HIGH


@pytest.mark.parametrize("left", ["worker", "sessions"])
def test_the_attacker_sees_what_is_left_as_it_was(trials, left):
    """The test can fail: a column that does not move gives everybody away."""
    half = [
        masking.mask(data, seed=k).participants.assign(**{left: real(data)[left]})
        for k, data in enumerate(trials)
    ]
    assert attack.guessed(list(map(features, half)), list(map(truth, trials))) > 0.95


def test_the_attacker_sees_arms_that_are_not_drawn_anew(trials):
    left = list(map(real, trials))
    assert attack.guessed(list(map(features, left)), list(map(truth, trials))) > 0.95


def test_the_attacker_sees_the_order_of_a_file_that_was_sorted_by_arm(trials):
    masked = [masking.mask(data, seed=k).participants for k, data in enumerate(trials)]
    as_filed = [
        dummy.set_index("id").loc[data.participants["id"]].reset_index()
        for dummy, data in zip(masked, trials, strict=True)
    ]
    known = [(data.participants["arm"] == "support").to_numpy(bool) for data in trials]
    assert attack.guessed(list(map(features, as_filed)), known) > 0.95


def core_features(data):
    """What CORE's files show of all that masking changes; the rest is the same in every folder."""
    people, sessions = data.participants, data.sessions
    ids = people["participant_id"]
    start = sessions["participant_id"].map(people.set_index("participant_id")["randomised_on"])
    day = (sessions["offered_on"] - start).dt.days.groupby(sessions["participant_id"])
    weekday = sessions["offered_on"].dt.day_of_week.groupby(sessions["participant_id"])
    workbook = data.workbook.set_index("participant_id").astype("float64")
    related = data.adverse_events.groupby("participant_id")["related"].sum().astype(float)
    return pd.DataFrame(
        {
            "dummy": (people["arm"] == "intervention").to_numpy(float),
            "worker": people["psw_id"].notna().to_numpy(float),
            "load": people["psw_id"].map(people["psw_id"].value_counts()).to_numpy(float),
            "sessions": ids.map(sessions["participant_id"].value_counts()).to_numpy(float),
            "first": ids.map(day.min()).to_numpy(float),
            "weekend": ids.map((weekday.max() > 4).astype(float)).to_numpy(float),
            **{
                name: ids.map(workbook[name]).fillna(workbook[name].mean()).to_numpy(float)
                for name in workbook
            },
            "related": ids.map(related).fillna(0).to_numpy(float),
        }
    )


def test_the_bundled_trial_is_guessed_no_better_than_chance(bundled_trial):
    real = (bundled_trial.participants["arm"] == "intervention").to_numpy(bool)
    shown = [core_features(masking.mask(bundled_trial, seed=k)) for k in SEEDS]
    assert LOW < attack.guessed(shown, [real] * len(shown)) < HIGH
    assert attack.guessed([core_features(bundled_trial)], [real]) > 0.95
