"""Sensitivity, fragility and Holm: small frames, and the same numbers by other means."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency

import core_trial as ct
from core_trial.analyses.sensitivity import events_to_lose, pearson_p

N = 120


def people(seed: int = 4) -> pd.DataFrame:
    """A trial in two arms without clusters; the outcome is unknown in six."""
    rng = np.random.default_rng(seed)
    treated = np.arange(N) % 2 == 1
    relapse = (rng.random(N) < np.where(treated, 0.25, 0.5)).astype(float)
    day = np.ceil(rng.random(N) * 60) + 1
    frame = pd.DataFrame(
        {
            "id": np.arange(N),
            "arm": pd.Categorical(np.where(treated, "new", "usual"), ["usual", "new"]),
            "relapse": relapse,
            "days": np.where(relapse == 1, day, 90.0),
            "either": np.where(np.arange(N) % 17 == 0, 1.0, relapse),
            "late": np.where(relapse == 1, day / 2, 3.0),
            "later": (np.arange(N) >= 20).astype(int),
            "score": rng.normal(10, 2, N) + treated,
        }
    )
    frame["event"] = frame["relapse"]
    frame.loc[[0, 1, 2, 3, 5, 7], "relapse"] = np.nan
    return frame


TRIAL = ct.Trial(
    title="A small trial",
    participant="id",
    arm=ct.Arm("arm", control="usual", intervention="new"),
    outcomes=(
        ct.Binary("relapse", primary=True, better="lower"),
        ct.Time("days", event="event"),
        ct.Score("score"),
    ),
    sensitivities=(
        ct.Sensitivity(name="later", of="relapse", label="Later ones", among="later"),
        ct.Sensitivity(name="either", of="relapse", label="Either", column="either"),
        ct.Sensitivity(name="entry", of="days", label="At risk later", entry="late"),
    ),
)


@pytest.fixture(scope="module")
def results():
    return ct.analyse(TRIAL, people()).results


def changed_to(frame: pd.DataFrame) -> float:
    """The odds ratio of a frame analysed without any change declared."""
    plain = replace(TRIAL, sensitivities=())
    return ct.analyse(plain, frame).results.estimate("relapse").estimate


def test_a_declared_change_is_the_analysis_of_a_changed_frame(results):
    frame = people()
    kept = results.estimate("relapse", "sensitivity.later")
    assert kept.estimate == pytest.approx(changed_to(frame[frame["later"] == 1]), rel=1e-9)
    either = results.estimate("relapse", "sensitivity.either")
    assert either.estimate == pytest.approx(
        changed_to(frame.assign(relapse=frame["either"])), rel=1e-9
    )
    assert either.n == N


def test_entry_is_told_to_the_model(results):
    found = results.estimate("days", "sensitivity.entry")
    own = ct.models.cox("arm", people(), time="days", event="event", entry="late", ties="efron")
    assert found.estimate == pytest.approx(own.effect("arm[new]").estimate, rel=1e-9)


@pytest.mark.parametrize(
    ("level", "treated", "control"),
    [("none", 0, 0), ("all", 1, 1), ("intervention", 1, 0), ("control", 0, 1)],
)
def test_unknown_outcomes_are_set_as_they_are_said_to_be(results, level, treated, control):
    frame = people()
    guess = np.where(frame["arm"] == "new", treated, control)
    filled = frame.assign(relapse=frame["relapse"].fillna(pd.Series(guess)))
    found = results.estimate("relapse", f"unknown.{level}")
    assert (found.n, found.estimate) == (N, pytest.approx(changed_to(filled), rel=1e-9))


def test_pearsons_test_is_scipys():
    for n1, of1, n0, of0 in ((64, 218, 83, 216), (65, 218, 83, 216), (3, 20, 9, 18)):
        table = [[n1, of1 - n1], [n0, of0 - n0]]
        own = chi2_contingency(table, correction=False).pvalue
        assert pearson_p(n1, of1, n0, of0) == pytest.approx(own, rel=1e-9)
    assert pearson_p(0, 20, 0, 20) == 1.0
    assert pearson_p(20, 20, 20, 20) == 1.0


def test_events_are_added_until_the_difference_is_lost():
    assert events_to_lose(64, 218, 83, 216) == 1
    k = events_to_lose(20, 200, 60, 200)
    assert pearson_p(20 + k - 1, 200, 60, 200) < 0.05 <= pearson_p(20 + k, 200, 60, 200)
    assert events_to_lose(50, 200, 52, 200) == 0


def test_fragility_is_that_of_the_arm_with_fewer(results):
    counts = people().groupby("arm", observed=True)["relapse"].agg(["sum", "count"])
    (n1, of1), (n0, of0) = counts.loc["new"], counts.loc["usual"]
    assert n1 / of1 < n0 / of0
    told = results.value("fragility.relapse", "p_value", "", "one_more")
    assert told == pytest.approx(pearson_p(int(n1) + 1, int(of1), int(n0), int(of0)))


def test_holm_doubles_the_smaller_of_two(results):
    p = {name: results.estimate(name).p_value for name in ("days", "score")}
    small, large = sorted(p, key=lambda name: p[name])
    holm = {name: results.value("multiplicity", "p_value", "", name) for name in p}
    assert holm[small] == pytest.approx(min(2 * p[small], 1.0))
    assert holm[large] == pytest.approx(max(p[large], holm[small]))


def test_the_primary_and_what_is_post_hoc_are_not_in_the_family():
    post_hoc = replace(TRIAL.outcomes[2], post_hoc=True)
    trial = replace(TRIAL, outcomes=(*TRIAL.outcomes[:2], post_hoc))
    found = ct.analyse(trial, people()).results
    assert not [key for key in found.numbers if key.analysis == "multiplicity"]


def test_a_model_of_ones_own_has_the_recommended_one_beside_it():
    chosen = replace(TRIAL.outcomes[1], model=ct.Using("cox", ties="breslow"))
    tied = people().assign(days=lambda frame: np.ceil(frame["days"] / 10))
    trial = replace(TRIAL, outcomes=(TRIAL.outcomes[0], chosen), sensitivities=())
    found = ct.analyse(trial, tied).results
    own = ct.models.cox("arm", tied, time="days", event="event", ties="efron")
    efron = own.effect("arm[new]").estimate
    assert found.estimate("days", "recommended").estimate == pytest.approx(efron, rel=1e-9)
    assert found.estimate("days").estimate != pytest.approx(efron, rel=1e-6)
    assert found.get_estimate("relapse", "recommended") is None


@pytest.mark.parametrize(
    ("declared", "fault"),
    [
        ({"of": "relapses"}, "no outcome 'relapses'; did you mean 'relapse'"),
        ({"of": "relapse", "entry": "late"}, "event= and entry= are for times"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(declared, fault):
    one = ct.Sensitivity(**{"name": "x", "label": "X", **declared})
    with pytest.raises(ct.DesignError, match=fault):
        replace(TRIAL, sensitivities=(one,))


def test_a_column_that_is_not_there_is_named():
    one = ct.Sensitivity(name="x", of="relapse", label="X", among="latter")
    with pytest.raises(ct.DesignError, match=r"no column 'latter'.*'later'"):
        ct.analyse(replace(TRIAL, sensitivities=(one,)), people())
