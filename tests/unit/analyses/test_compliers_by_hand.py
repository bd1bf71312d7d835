"""Effects among compliers, against what the arms' counts and means give by hand."""

import numpy as np
import pandas as pd
import pytest

import core_trial as ct
from core_trial import models

ARM = ct.Arm("arm", control="usual", intervention="new")
#: Arm, sessions, event, people.
CELLS = (
    ("usual", 0, 0, 60),
    ("usual", 0, 1, 40),
    ("new", 0, 0, 10),
    ("new", 0, 1, 6),
    ("new", 1, 0, 2),
    ("new", 1, 1, 2),
    ("new", 3, 0, 64),
    ("new", 3, 1, 16),
)


def people(*cells) -> pd.DataFrame:
    rows = [(arm, s, y) for arm, s, y, n in cells or CELLS for _ in range(n)]
    frame = pd.DataFrame(rows, columns=["arm", "sessions", "event"])
    return frame.assign(id=range(len(frame)), score=np.arange(len(frame)) % 7 + frame["event"])


def trial(*outcomes, **more) -> ct.Trial:
    return ct.Trial(
        title="Made up",
        participant="id",
        arm=ARM,
        outcomes=outcomes or (ct.Binary("event"), ct.Score("score")),
        compliers=ct.Compliers("sessions", **more),
    )


def test_risks_among_those_with_enough_sessions():
    found = ct.analyse(trial(at_least=3), people()).results
    assert found.value("received", "n", "intervention") == 80
    assert found.value("received", "N", "intervention") == 100
    assert found.value("received", "n", "control") == 0
    difference = found.estimate("event", "compliers_risk_difference")
    # 16 of 80 against (40 - 8)/80: of the control arm's events 8 are of people who would not
    assert difference.estimate == pytest.approx(16 / 80 - 32 / 80)
    ratio = found.estimate("event", "compliers_risk_ratio")
    assert ratio.estimate == pytest.approx(0.5)
    assert ratio.low < 0.5 < ratio.high
    assert (ratio.measure, difference.measure) == ("risk_ratio", "risk_difference")
    assert difference.p_value < 0.05


def test_one_session_is_enough_unless_the_declaration_says_otherwise():
    found = ct.analyse(trial(), people()).results
    assert found.value("received", "n", "intervention") == 84


def test_a_scores_difference_is_that_of_the_arms_over_that_in_receipt():
    frame = people()
    found = ct.analyse(trial(at_least=3), frame).results.estimate("score", "compliers_difference")
    new, usual = (frame.loc[frame["arm"] == arm, "score"].mean() for arm in ("new", "usual"))
    assert found.estimate == pytest.approx((new - usual) / 0.8)
    assert found.measure == "difference_in_means"
    assert found.model == "two_stage_least_squares"


def test_blank_in_the_control_arm_is_nothing_and_unknown_in_the_other():
    frame = people()
    told = ct.analyse(trial(at_least=3), frame).results
    blank = frame.assign(sessions=frame["sessions"].mask(frame["arm"] == "usual").astype("Float64"))
    again = ct.analyse(trial(at_least=3), blank).results
    level = "compliers_risk_difference"
    assert again.estimate("event", level) == told.estimate("event", level)
    unknown = frame.assign(
        sessions=frame["sessions"].astype("Float64").mask(frame.index == frame.index[-1])
    )
    fewer = ct.analyse(trial(at_least=3), unknown).results
    assert fewer.value("received", "N", "intervention") == 99
    assert fewer.estimate("event", level).n == 199


def test_where_controls_have_access_only_the_difference_is_told():
    frame = people(*CELLS, ("usual", 3, 0, 5))
    found = ct.analyse(trial(at_least=3), frame).results
    difference = found.estimate("event", "compliers_risk_difference")
    risks = 24 / 100 - 40 / 105
    assert difference.estimate == pytest.approx(risks / (80 / 100 - 5 / 105))
    assert found.get_estimate("event", "compliers_risk_ratio") is None


def test_clusters_and_covariates_are_those_of_the_outcomes_own_model():
    rng = np.random.default_rng(1)
    frame = people().assign(before=rng.normal(size=200), site=rng.choice(["a", "b"], 200))
    frame["score"] += frame["before"]
    frame["worker"] = pd.Series(rng.choice(list("pqrst"), 200)).where(frame["arm"] == "new")
    declared = ct.Trial(
        title="Made up",
        participant="id",
        arm=ARM,
        cluster=ct.Cluster("worker"),
        strata=("site",),
        outcomes=(ct.Score("score", baseline="before"),),
        compliers=ct.Compliers("sessions", at_least=3),
    )
    found = ct.analyse(declared, frame).results.estimate("score", "compliers_difference")
    own = frame.assign(took=(frame["sessions"] >= 3).astype(float))
    alone = models.two_stage_least_squares(
        "score ~ took + site + before",
        own.assign(arm=(own["arm"] == "new").astype(int)),
        received="took",
        cluster="worker",
    )
    effect = alone.effect("took")
    assert found.estimate == pytest.approx(effect.estimate)
    assert (found.low, found.high) == pytest.approx((effect.low, effect.high))
    assert any("worker" in warning for warning in found.warnings) == bool(alone.warnings)


def test_what_cannot_be_had_is_a_record_with_its_reason():
    nobody = people(*((arm, 0, y, n) for arm, _, y, n in CELLS))
    found = ct.analyse(trial(at_least=3), nobody).results
    for level in ("compliers_risk_difference", "compliers_risk_ratio"):
        record = found.estimate("event", level)
        assert not record.converged
        assert record.warnings


def test_the_report_has_a_table_with_what_counts_as_received():
    study = ct.analyse(trial(at_least=3), people())
    page = study.files["report.html"]
    assert "80/100 (80%)" in page
    assert "Received: sessions at least 3." in page
    assert "compliers.csv" in study.files


def test_without_a_declaration_there_is_no_word_of_it():
    study = ct.analyse(
        ct.Trial(title="Made up", participant="id", arm=ARM, outcomes=(ct.Binary("event"),)),
        people(),
    )
    assert "compliers.csv" not in study.files
    assert not [r for r in study.results if getattr(r, "analysis", "") == "received"]
