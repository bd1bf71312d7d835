"""The plan in rehearsal: what made-up trials are put through, and what comes of it."""

from dataclasses import replace

import numpy as np
import pytest
import third_trial

import core_trial as ct
from core_trial.data.frame import analysis_set
from core_trial.errors import DesignError
from core_trial.report.rehearsal import rehearsal_table, situations_table
from core_trial.synthesis import rehearsal
from core_trial.synthesis.example import made_up

TRIAL = ct.Trial(
    title="Small",
    participant="id",
    arm=ct.Arm("arm", control="usual", intervention="new"),
    cluster=ct.Cluster("worker", label="worker", arm="intervention"),
    strata=("site",),
    outcomes=(ct.Binary("well", success="yes", primary=True), ct.Score("hope")),
)


@pytest.fixture(scope="module")
def results():
    return rehearsal.rehearse(TRIAL, trials=2, people=80, seed=4)


def of(results, analysis, situation):
    (found,) = [
        r for r in results if (r.analysis, r.level, r.situation) == (analysis, "", situation)
    ]
    return found


def changed(situation, trial=TRIAL, people=80):
    frame = made_up(trial, people, seed=1)
    return rehearsal.situations(trial)[situation](trial, frame, np.random.default_rng(1))


def test_every_analysis_is_in_every_situation_with_every_trial(results):
    frame = results.to_frame("rehearsed")
    assert (frame[["passed", "at_risk", "failed"]].sum(axis=1) == 2).all()
    own = frame[frame["level"] == ""]
    assert own.groupby("analysis")["situation"].nunique().to_dict() == {
        "well": len(rehearsal.situations(TRIAL)),
        "hope": len(rehearsal.situations(TRIAL)),
    }


def test_an_outcome_that_nobody_has_fails_alone(results):
    situation = "Hope: missing in everybody"
    missing = of(results, "hope", situation)
    assert missing.failed == 2
    assert "nobody has the outcome" in missing.reason
    assert of(results, "well", situation).failed == 0


def test_an_arm_without_events_has_no_odds_ratio(results):
    found = of(results, "well", "no event among controls")
    assert found.failed == 2
    assert "no finite estimate" in found.reason


def test_workers_with_one_participant_each_stop_the_plan(results):
    found = of(results, "hope", "one participant for each worker")
    assert (found.failed, "nobody shares one" in found.reason) == (2, True)


def test_the_same_seed_gives_the_same_rehearsal_in_any_number_of_processes(results):
    again = rehearsal.rehearse(TRIAL, trials=2, people=80, seed=4, workers=2)
    assert again == results


def test_situations_are_what_they_are_called():
    assert "site" in TRIAL.strata
    whole = made_up(TRIAL, 80, seed=1)
    level = max(whole["site"])
    assert level not in set(changed("a stratum without anybody")["site"])
    left = changed("a stratum without controls")
    assert set(left.loc[left["site"] == level, "arm"]) == {"new"}
    events = changed("no event among controls")
    assert not (events.loc[events["arm"] == "usual", "well"] == "yes").any()
    assert (events["well"] == "yes").any()
    assert changed("few events")["well"].eq("yes").mean() < 0.1
    named = changed("one worker")["worker"]
    assert named[named != ""].nunique() == 1
    own = changed("one participant for each worker")["worker"]
    assert own[own != ""].is_unique
    lost = changed("many missing, in one arm more")
    missing = lost["hope"].isna().groupby(lost["arm"]).mean()
    assert missing["usual"] > missing["new"] > 0.05
    assert len(changed("half of the people")) == 40


def test_a_trial_without_clusters_strata_or_events_is_not_put_through_what_it_cannot_meet():
    trial = replace(TRIAL, cluster=None, strata=(), outcomes=(ct.Score("hope"),))
    assert list(rehearsal.situations(trial)) == [
        "as declared",
        "half of the people",
        "many missing, in one arm more",
        "Hope: missing in everybody",
    ]


def test_a_time_goes_missing_with_its_event():
    trial = replace(
        TRIAL, outcomes=(ct.Time("days", event="left"), ct.Binary("left", primary=True))
    )
    lost = changed("Left: missing in everybody", trial)
    assert lost[["days", "left"]].isna().all().all()


@pytest.mark.parametrize("trial", [ct.CORE, third_trial.TRIAL], ids=["core", "third"])
def test_any_declaration_has_a_shape_that_its_analysis_set_fits(trial):
    shape = rehearsal.shape_of(trial)
    data = analysis_set(shape, made_up(shape, 80))
    assert len(data.participants) == 80


def test_declared_levels_of_a_stratum_are_kept():
    trial = replace(TRIAL, baseline=(ct.Categories("site", levels={"x": "X", "y": "Y"}),))
    assert set(made_up(trial, 60)["site"]) == {"x", "y"}


@pytest.mark.parametrize("wrong", [{"trials": 0}, {"people": 2.5}, {"people": True}])
def test_numbers_that_are_none_are_refused(wrong):
    with pytest.raises(DesignError, match="is not a whole number above 0"):
        rehearsal.rehearse(TRIAL, **wrong)


def test_what_stops_a_stage_is_told_and_not_raised(monkeypatch):
    def stop(fits):
        raise ZeroDivisionError("nothing to divide by")

    monkeypatch.setattr(rehearsal, "STAGES", (("outcomes", stop),))
    trial = replace(TRIAL, cluster=None, outcomes=TRIAL.outcomes[1:])
    (found, *_) = rehearsal.rehearse(trial, trials=1, people=40).records
    assert (found.analysis, found.failed) == ("outcomes", 1)
    assert found.reason == "ZeroDivisionError: nothing to divide by"


def test_tables_have_a_line_for_each_analysis_and_for_each_situation(results):
    short, long = rehearsal_table(results, TRIAL), situations_table(results, TRIAL)
    frame = results.to_frame("rehearsed")
    assert len(short.rows) == len(frame[["analysis", "level"]].drop_duplicates())
    assert len(long.rows) == len(short.rows) + len(frame)
    assert {row.cells[0] for row in short.rows} <= {"passes", "at risk", "fails"}


def test_the_commonest_reason_does_not_depend_on_numbers_in_it():
    reasons = ["19 clusters, worth 16.6", "no standard error", "20 clusters, worth 18.3"]
    assert rehearsal._commonest(reasons) == "19 clusters, worth 16.6"
    assert rehearsal._commonest([]) == ""
