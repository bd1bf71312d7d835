"""A trial that is not CORE, from its frame to its records."""

import numpy as np
import pandas as pd
import pytest
import third_trial

import core_trial as ct
from core_trial.results import Descriptive, Estimate, FlowCount


@pytest.fixture(scope="module")
def people():
    return third_trial.frame()


@pytest.fixture(scope="module")
def study(people):
    return ct.analyse(third_trial.TRIAL, people)


def test_every_outcome_has_a_comparison_that_holds(study):
    for outcome in third_trial.TRIAL.outcomes:
        found = study.results.estimate(outcome.key)
        assert found.converged, (outcome.key, found.warnings)
        assert np.isfinite([found.estimate, found.low, found.high, found.p_value]).all()


def test_no_word_of_another_trial_is_in_the_records(study):
    assert third_trial.CORES_WORDS.search(study.results.to_json()) is None


def test_nothing_is_compared_with_a_paper(study):
    assert study.verdict is None
    assert study.exit_code == 0
    assert {r.kind for r in study.results}.isdisjoint({"comparison", "finding"})


def test_arms_are_named_by_their_part_and_modelled_as_they_are_spelt(study):
    arms = {r.arm for r in study.results if isinstance(r, Descriptive | FlowCount)}
    assert arms == {"", "control", "intervention"}
    score = study.results.estimate("wellbeing_week_6")
    assert score.formula == "wellbeing_week_6 ~ offer + site + wellbeing"
    assert study.trial.arm.term == "offer[Housing support]"


def test_workers_in_both_arms_are_found_and_each_arm_has_random_effects(study, people):
    assert study.trial.cluster.arm == "both"
    named = people["caseworker"].dropna()
    n = [study.results.value("clusters", "n", arm) for arm in ("control", "intervention")]
    assert sum(n) == named.nunique()
    told = {note.code: note for note in study.notes}
    assert told["cluster_blank"].count == people["caseworker"].isna().sum()
    fitted = study.results.estimate("wellbeing_month_6")
    assert fitted.model == "mixed_linear"
    assert {"cluster", "residual[leaflet]", "residual[Housing support]"} == set(fitted.variance)


def test_the_recommended_model_says_why(study):
    choices = {r.analysis: r for r in study.results if r.kind == "model_choice"}
    assert "caseworker" in choices["lost"].recommended
    assert choices["visits"].recommended == ""


def test_effects_stand_on_scales_that_can_be_weighed(study):
    found = study.results
    difference = found.estimate("lost", "risk_difference")
    assert difference.measure == "risk_difference"
    assert difference.low < difference.estimate < difference.high
    assert found.estimate("lost", "risk_ratio").estimate == pytest.approx(
        1 + difference.estimate / 0.4, abs=0.5
    )
    longer = found.estimate("days_housed", "restricted_mean")
    means = [found.value("days_housed", "mean", arm, "restricted_mean") for arm in ARMS]
    assert longer.estimate == pytest.approx(means[0] - means[1])


ARMS = ("intervention", "control")


def test_baseline_is_described_as_declared(study, people):
    found = study.results
    treated = people[people["offer"] == "Housing support"]
    assert found.value("age", "mean", "intervention") == pytest.approx(treated["age"].mean())
    assert found.value("tenure", "n", "intervention", "2") == (treated["tenure"] == 2).sum()
    assert found.value("employed", "n", "", "Y") == (people["employed"] == "Y").sum()
    assert found.value("debt", "median", "control") >= 0


def test_subgroups_have_an_effect_each_and_one_test(study, people):
    levels = [f"tenure[{k}]" for k in (1, 2, 3)]
    effects = [study.results.estimate("subgroup.days_housed", level) for level in levels]
    assert all(isinstance(effect, Estimate) and effect.converged for effect in effects)
    assert 0 < study.results.value("subgroup.days_housed", "interaction_p", "", "tenure") < 1


def test_the_frame_is_not_changed(people):
    before = people.copy(deep=True)
    ct.analyse(third_trial.TRIAL, people)
    pd.testing.assert_frame_equal(people, before)


def test_the_order_of_rows_and_the_index_do_not_matter(study, people):
    shuffled = people.sample(frac=1, random_state=5).set_index("age", drop=False)
    again = ct.analyse(third_trial.TRIAL, shuffled)
    assert again.results.to_json() == study.results.to_json()


def test_a_study_is_shown_on_one_line(study):
    first, primary, *_ = repr(study).splitlines()
    assert first == "Study(HOME: 210 participants, 6 outcomes)"
    assert " 95% CI " in primary
    assert len(repr(study.results)) < 200


def test_counts_are_compared_by_a_ratio_of_means(people):
    trial = ct.Trial(
        title="Counts",
        participant="record",
        arm=third_trial.TRIAL.arm,
        cluster=third_trial.TRIAL.cluster,
        outcomes=(ct.Count("visits"),),
    )
    found = ct.analyse(trial, people).results.estimate("visits")
    assert found.measure == "ratio_of_means"
    assert found.converged


# Names that are not plain.


def test_a_column_may_have_a_name_that_a_formula_has_in_backquotes():
    """Every estimate is that under plain names, and the page says the names as they are."""
    rng = np.random.default_rng(1)
    n = 120
    treated = np.arange(n) % 2 == 0
    frame = pd.DataFrame({"id": range(n), "arm": np.where(treated, "new", "usual")})
    frame["site"] = rng.choice(list("abc"), n)
    frame["before"] = rng.normal(size=n)
    frame["score"] = frame["before"] + rng.normal(size=n)
    frame["died"] = rng.random(n) < 0.4
    frame["days"] = rng.integers(1, 90, n)
    frame["worker"] = pd.Series(np.char.mod("w%d", rng.integers(0, 12, n))).where(treated)
    plain = {name: name for name in frame}
    odd = plain | {
        "arm": "study arm",
        "site": "site (ward)",
        "before": "a-b",
        "score": "1st score",
        "died": "died?",
        "worker": "peer, named",
    }
    first, second = (_of_names(frame, names) for names in (plain, odd))
    told = first.results.find("estimate")
    again = second.results.find("estimate")
    assert len(told) == len(again) > 10
    for one, other in zip(told, again, strict=True):
        assert other.converged == one.converged
        assert other.estimate == pytest.approx(one.estimate, rel=1e-12, nan_ok=True)
        assert other.p_value == pytest.approx(one.p_value, rel=1e-12, nan_ok=True)
    assert "site (ward)" in second.files["report.html"].lower()


def _of_names(frame: pd.DataFrame, names: dict[str, str]) -> ct.Study:
    trial = ct.Trial(
        title="Names",
        participant="id",
        arm=ct.Arm(names["arm"], control="usual", intervention="new"),
        cluster=ct.Cluster(names["worker"]),
        strata=(names["site"],),
        baseline=(names["before"],),
        outcomes=(
            ct.Score(names["score"], baseline=names["before"]),
            ct.Binary(names["died"], primary=True),
            ct.Time("days", event=names["died"]),
        ),
        subgroups=(names["site"],),
    )
    return ct.analyse(trial, frame.rename(columns=names))
