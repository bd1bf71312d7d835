"""The second programme from a notebook and from the command line, for a trial of one's own."""

import json

import numpy as np
import pandas as pd
import pytest
import third_trial

import core_trial as ct
from core_trial import cli, pipeline
from core_trial.analyses import sensitivity
from core_trial.errors import DesignError, WitnessError
from core_trial.report import witnessed
from core_trial.witness import again as second_programme

pytest.importorskip("lifelines")


@pytest.fixture(scope="module")
def home():
    """A trial with recommended models: mixed, Kenward-Roger by arm, Cox with the jackknife."""
    return ct.analyse(third_trial.TRIAL, third_trial.frame())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small trial of one file, with its declaration beside it."""
    path = tmp_path_factory.mktemp("own") / "trial"
    pipeline.new(path)
    return path


def test_a_trial_of_ones_own_is_made_twice_from_its_frame(home):
    found = home.witness
    assert list(found["status"].unique()) == ["equal", "once"]
    assert found["as_printed"].all()
    main = found[(found["level"] == "") & (found["statistic"] == "df")]
    assert set(main["analysis"]) >= {"days_housed", "lost", "wellbeing_week_6", "visits"}
    assert np.isfinite(main["theirs"]).all()  # Welch, between-within, Kenward and Roger


def test_what_is_made_once_says_why(home):
    once = home.witness.query("status == 'once'")
    assert once["reason"].str.endswith("(docs/second-programme.md)").all()


@pytest.mark.parametrize(
    "model",
    [
        ct.Using("negative_binomial"),
        ct.Using("negative_binomial", inference="sandwich"),
        ct.Using("mixed_poisson"),
        ct.Using("zero_inflated_nb", inflation="offer"),
        ct.Using("mixed_linear", method="reml", df="satterthwaite"),
    ],
    ids=lambda using: f"{using.model} {dict(using.options)}",
)
def test_other_models_of_a_count_are_made_twice(model):
    frame = third_trial.frame(120)
    trial = ct.Trial(
        title="Visits",
        participant="record",
        arm=third_trial.TRIAL.arm,
        cluster=third_trial.TRIAL.cluster,
        baseline=("age",),
        outcomes=(ct.Count("visits", model=model, adjust=("age",)),),
    )
    study = ct.analyse(trial, frame)
    lines = witnessed.unexplained(study.difference_log)
    assert lines == ()


@pytest.mark.parametrize(
    "outcome",
    [
        ct.Binary("lost", adjust=("age",), model="modified_poisson"),
        ct.Binary("lost", model=ct.Using("modified_poisson", inference="sandwich"), adjust=()),
        ct.Binary("lost", model=ct.Using("mixed_logistic", random="offer"), adjust=("age",)),
        ct.Time(
            "days_housed", event="lost", adjust=(), model=ct.Using("cox", inference="one-step")
        ),
        ct.Time("days_housed", event="lost", adjust=(), model=ct.Using("cox", frailty="lognormal")),
    ],
    ids=lambda outcome: f"{outcome.model}"[:60],
)
def test_other_models_of_an_event_are_made_twice_or_say_why_not(outcome):
    trial = ct.Trial(
        title="Housing",
        participant="record",
        arm=third_trial.TRIAL.arm,
        cluster=third_trial.TRIAL.cluster,
        outcomes=(outcome,),
        missingness=(),
    )
    study = ct.analyse(trial, third_trial.frame(120))
    assert witnessed.unexplained(study.difference_log) == ()


def test_without_clusters_the_models_are_those_of_statsmodels():
    frame = third_trial.frame(120).drop(columns="caseworker")
    trial = ct.Trial(
        title="Independent",
        participant="record",
        arm=third_trial.TRIAL.arm,
        strata=("site",),
        outcomes=(
            ct.Binary("lost", primary=True),
            ct.Score("wellbeing_week_6", baseline="wellbeing"),
            ct.Count("visits"),
            ct.Time("days_housed", event="lost", limit=365),
        ),
    )
    study = ct.analyse(trial, frame)
    assert witnessed.unexplained(study.difference_log) == ()
    means = set(study.witness["means"])
    assert {"statsmodels GLM", "statsmodels OLS", "lifelines CoxPHFitter"} <= means


def test_the_log_is_no_part_of_what_is_written_unless_asked_for(home):
    assert "witness.csv" not in home.files
    assert home.exit_code == 0


def test_hidden_numbers_are_not_shown_by_the_log():
    study = ct.analyse(third_trial.TRIAL, third_trial.frame(), suppress_below=5)
    with pytest.raises(DesignError, match="leave out suppress_below"):
        _ = study.witness


def test_frames_that_were_changed_cannot_be_read_again(bundled_trial):
    changed = bundled_trial.with_frames(participants=bundled_trial.participants)
    assert changed.folder is None
    source = pipeline._source(changed.trial, changed.folder)
    with pytest.raises(DesignError, match="changed in Python"):
        source.log(ct.Results())


def test_a_trial_of_several_files_needs_a_second_derivation(bundled_trial):
    from dataclasses import replace

    source = pipeline._source(replace(ct.CORE, second=None), bundled_trial.folder)
    with pytest.raises(DesignError, match="declare second="):
        source.log(ct.Results())


def test_the_command_says_what_came_of_it(folder, tmp_path, capsys):
    assert cli.main(["witness", str(folder), "--out", str(tmp_path / "out")]) == 0
    assert "0 unexplained" in capsys.readouterr().out
    log = pd.read_csv(tmp_path / "out" / "witness.csv")
    assert set(log["status"]) <= {"equal", "explained", "once"}


def test_twice_is_part_of_the_report(folder, tmp_path):
    out = tmp_path / "out"
    assert cli.main(["analyse", str(folder), "--out", str(out), "--twice", "--quiet"]) == 0
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.index("Findings</h2>") < page.index("Made twice</h2>")
    assert (out / "witness.csv").is_file()


def test_twice_and_suppression_do_not_go_together(folder, tmp_path, capsys):
    command = ["analyse", str(folder), "--out", str(tmp_path / "out"), "--twice"]
    assert cli.main([*command, "--suppress-below", "5"]) == DesignError.exit_code
    assert "not with --suppress-below" in capsys.readouterr().err


def test_an_unexplained_difference_has_its_exit_code_and_stands_first(
    folder, tmp_path, capsys, monkeypatch
):
    right = second_programme.again

    def shifted(people):
        made = right(people)
        key = next(key for key in made if key.statistic == "estimate" and not key.level)
        moved = type(made[key])(made[key].value + 0.1, made[key].means)
        return {**made, key: moved}

    monkeypatch.setattr(second_programme, "again", shifted)
    out = tmp_path / "out"
    command = ["analyse", str(folder), "--out", str(out), "--twice"]
    assert cli.main(command) == WitnessError.exit_code == 8
    assert "1 unexplained" in capsys.readouterr().out
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.index("Made twice</h2>") < page.index("Findings</h2>")
    records = json.loads((out / "results.json").read_text(encoding="utf-8"))["records"]
    kept = [record for record in records if record["kind"] == "witnessed"]
    assert [record["status"] for record in kept].count("unexplained") == 1
    assert cli.main(["witness", str(folder), "--quiet"]) == WitnessError.exit_code


def _decided_otherwise():
    """A trial whose sensitivity analyses change each of the things that they may."""
    frame = third_trial.frame(120)
    rng = np.random.default_rng(8)
    frame["moved_in"] = rng.integers(0, 30, len(frame)) * (frame["days_housed"] > 30)
    frame["days_counted"] = np.minimum(frame["days_housed"], 200)
    frame["lost_early"] = frame["lost"] & (frame["days_housed"] <= 200)
    frame["consented"] = rng.random(len(frame)) < 0.9
    frame["lost_at_end"] = frame["lost"].astype(object).mask(rng.random(len(frame)) < 0.1)
    day = {"column": "days_counted", "event": "lost_early"}
    trial = ct.Trial(
        title="Housing",
        participant="record",
        arm=third_trial.TRIAL.arm,
        cluster=third_trial.TRIAL.cluster,
        missingness=(),
        outcomes=(
            ct.Binary("lost_at_end", primary=True, adjust=("age",)),
            ct.Time("days_housed", event="lost", adjust=()),
            ct.Score("wellbeing_week_6", baseline="wellbeing", adjust=()),
        ),
        sensitivities=(
            ct.Sensitivity(name="early", of="lost_at_end", label="Early", column="lost_early"),
            ct.Sensitivity(name="told", of="lost_at_end", label="Consented", among="consented"),
            ct.Sensitivity(name="late", of="days_housed", label="Late", entry="moved_in"),
            ct.Sensitivity(name="day_200", of="days_housed", label="To day 200", **day),
            ct.Sensitivity(name="age", of="wellbeing_week_6", label="Age", adjust=("age",)),
        ),
    )
    return trial, frame


def test_what_is_decided_otherwise_is_made_twice():
    study = ct.analyse(*_decided_otherwise())
    assert witnessed.unexplained(study.difference_log) == ()
    made = study.witness.query("statistic == 'std_error'")
    twice = set(made[np.isfinite(made["theirs"])]["level"])
    assert twice >= {f"sensitivity.{n}" for n in ("early", "told", "late", "day_200", "age")}
    assert twice >= {f"unknown.{n}" for n in ("none", "all", "intervention", "control")}
    pearson = study.witness.query("analysis == 'fragility.lost_at_end'")
    assert list(pearson["status"].unique()) == ["equal"]


def test_unknown_outcomes_taken_for_those_of_the_other_arm_are_found(monkeypatch):
    taken = dict(sensitivity.UNKNOWN)
    swapped = {"unknown.control": taken["unknown.intervention"]}
    monkeypatch.setattr(sensitivity, "UNKNOWN", taken | swapped)
    study = ct.analyse(*_decided_otherwise())
    named = {line.level for line in witnessed.unexplained(study.difference_log)}
    assert named == {"unknown.control"}
