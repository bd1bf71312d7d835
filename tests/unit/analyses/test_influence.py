"""Effects without single clusters: fits of their own, and one step where there are many."""

import numpy as np
import pandas as pd
import pytest
from analysis_sets import (
    ACUTE_DAYS,
    OUTCOMES,
    PRIMARY,
    READMISSION_TIME,
    SCALES,
    WORKERS,
    analysis_set,
    fits,
)
from scipy import stats

import core_trial as ct
from core_trial import models
from core_trial.analyses import influence

SCORE = SCALES[0]


@pytest.fixture(scope="module")
def people():
    return analysis_set()


def found(spec, people: pd.DataFrame) -> dict[str, object]:
    return {record.cluster: record for record in influence.of_outcome(spec, fits(people))}


@pytest.mark.parametrize("spec", [PRIMARY, SCORE, ACUTE_DAYS], ids=lambda spec: spec.name)
def test_leaving_one_out_is_a_fit_without_that_worker(spec, people):
    records = found(spec, people)
    for worker in (WORKERS[0], WORKERS[-1]):
        others = people[people["psw_id"] != worker].reset_index(drop=True)
        others["centre"] = others["centre"].cat.remove_unused_categories()
        model = getattr(models, spec.fitted.model)
        effect = model(spec.fitted.formula, others, **spec.fitted.arguments).effect("arm")
        assert records[worker].estimate == pytest.approx(effect.estimate, rel=1e-9)
        assert records[worker].p_value == pytest.approx(effect.p_value, rel=1e-9)
        assert records[worker].exact


def test_every_worker_in_the_analysis_is_left_out_once_and_no_control(people):
    some = people.assign(readmitted=people["readmitted"].mask(people["psw_id"] == "B2"))
    assert list(found(PRIMARY, some)) == [worker for worker in WORKERS if worker != "B2"]


def test_without_the_only_worker_nothing_can_be_estimated(people):
    one = people.assign(
        psw_id=people["psw_id"].where(people["psw_id"].isna(), "A1"),
        cluster_id=people["cluster_id"].where(people["psw_id"].isna(), "A1"),
    )
    (record,) = found(SCORE, one).values()
    assert np.isnan([record.estimate, record.p_value]).all()


def many(people: pd.DataFrame, count: int) -> pd.DataFrame:
    """The same people with so many workers."""
    treated = (people["arm"] == "intervention").to_numpy()
    number = np.arange(len(people)) // 2 % count
    worker = pd.Series([f"W{k:03d}" for k in number]).where(treated)
    return people.assign(psw_id=worker, cluster_id=worker.fillna(people["participant_id"]))


@pytest.mark.parametrize(("count", "exact"), [(60, 60), (61, 20)])
def test_with_more_than_sixty_only_the_twenty_that_matter_most_are_fitted_anew(count, exact):
    records = found(SCORE, many(analysis_set(488), count)).values()
    assert len(records) == count
    assert sum(record.exact for record in records) == exact


@pytest.mark.parametrize("spec", [PRIMARY, SCORE, READMISSION_TIME], ids=lambda spec: spec.name)
def test_one_step_is_near_the_fit_without_the_cluster(spec):
    people = many(analysis_set(488), 61)
    own, changed = fits(people), found(spec, people)
    whole = own.of(spec.fitted).fit
    cases = own.cases(spec.fitted)
    for label in [label for label, record in changed.items() if not record.exact][::8]:
        keep = (cases.frame["cluster_id"] != label).to_numpy()
        anew = influence.refitted(spec.name, own.trial, cases, label, keep).estimate
        step, base = changed[label].estimate, whole.effect("arm").estimate
        assert abs(step - anew) < 0.1 * whole.effect("arm").std_error, (label, base, step, anew)


def test_every_outcome_is_left_without_each_worker(people):
    analyses = [record.analysis for record in influence.records(fits(people))]
    assert analyses == [spec.name for spec in OUTCOMES for _ in WORKERS]


# Errors that leave out clusters themselves.


@pytest.fixture(scope="module")
def few_clusters():
    """Twelve workers in one arm: too few for a sandwich."""
    rng = np.random.default_rng(5)
    n = 120
    treated = np.arange(n) % 2 == 0
    frame = pd.DataFrame({"id": range(n), "arm": np.where(treated, "new", "usual")})
    frame["worker"] = pd.Series(np.char.mod("w%d", rng.integers(0, 12, n))).where(treated)
    frame["visits"] = rng.negative_binomial(1, 0.2, n)
    return frame


def test_where_errors_leave_out_clusters_they_judge_the_effect_without_one_too(few_clusters):
    trial = ct.Trial(
        title="Made up",
        participant="id",
        arm=ct.Arm("arm", control="usual", intervention="new"),
        cluster=ct.Cluster("worker"),
        outcomes=(ct.Count("visits"),),
    )
    results = ct.analyse(trial, few_clusters).results
    whole = results.estimate("visits")
    assert "leaves out" in whole.method or "jackknife" in whole.method
    without = {r.cluster: r for r in results.find("leave_one_out")}
    assert len(without) == 12
    assert all(record.exact for record in without.values())
    rest = few_clusters[(few_clusters["worker"] != "w3").to_numpy()]
    anew = ct.analyse(trial, rest).results.estimate("visits")
    assert without["w3"].estimate == pytest.approx(anew.estimate, rel=1e-6)
    z = np.log(anew.estimate) / whole.std_error
    assert without["w3"].p_value == pytest.approx(2 * stats.t.sf(abs(z), whole.df), rel=1e-6)
