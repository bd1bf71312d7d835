"""Denominators of the tables held against the flow."""

import numpy as np
import pytest
from analysis_sets import analysis_set, fits
from records import estimate

from core_trial.analyses import flow
from core_trial.data.analysis_set import AnalysisSet
from core_trial.errors import VerificationError
from core_trial.results import Descriptive, FlowCount, Results
from core_trial.trials.core import CORE

STEPS = {
    "randomised": (5, 6),
    "primary_outcome_known": (4, 5),
    "interviewed_month_4": (3, 4),
    "interviewed_month_18": (2, 3),
}


ARMS = ("intervention", "control")


def consistent_records(**changed):
    """A record for every denominator, each as large as its step, but for those changed.

    `changed` has numbers by analysis: ``readmission={"control": 4}``.
    """
    for step, counts in STEPS.items():
        for arm, n in zip(ARMS, counts, strict=True):
            yield FlowCount(step=step, arm=arm, n=n)
        yield FlowCount(step=step, n=sum(counts))
    steps = {(d.analysis, d.statistic, d.level): d.step for d in flow.denominators(CORE)}
    # The steps that CORE declares bind tighter than the number known, which is the table's own.
    steps |= {(d.analysis, d.statistic, d.level): d.step for d in CORE.denominators}
    for (analysis, statistic, level), step in steps.items():
        own = STEPS.get(step, STEPS["primary_outcome_known"])
        for arm, usual in zip(ARMS, own, strict=True):
            n = changed.get(analysis, {}).get(arm, usual)
            yield Descriptive(
                analysis=analysis, statistic=statistic, level=level, arm=arm, value=float(n)
            )
            if analysis in OUTCOMES:
                yield FlowCount(step=f"known_{analysis}", arm=arm, n=int(n))


OUTCOMES = {outcome.key for outcome in CORE.outcomes}


def test_consistent_tables_pass():
    flow.reconcile(CORE, Results(tuple(consistent_records())))


def test_a_count_from_records_must_equal_its_step():
    broken = Results(tuple(consistent_records(readmission={"control": 4})))
    with pytest.raises(VerificationError, match=r"readmission has N = 4 in control.*known 5"):
        flow.reconcile(CORE, broken)


def test_a_questionnaire_may_have_fewer_but_never_more_than_were_interviewed():
    flow.reconcile(CORE, Results(tuple(consistent_records(recovery_month_4={"intervention": 2}))))
    broken = Results(tuple(consistent_records(recovery_month_4={"intervention": 4})))
    with pytest.raises(VerificationError, match="recovery_month_4 has n = 4"):
        flow.reconcile(CORE, broken)


def test_a_table_counts_those_whose_outcome_is_known():
    records = [r for r in consistent_records() if getattr(r, "step", "") != "known_cmht_contacts"]
    wrong = [FlowCount(step="known_cmht_contacts", arm=arm, n=1) for arm in ARMS]
    with pytest.raises(VerificationError, match="cmht_contacts has n = 4 in intervention"):
        flow.reconcile(CORE, Results((*records, *wrong)))


def test_a_missing_denominator_is_a_mismatch():
    records = [r for r in consistent_records() if getattr(r, "analysis", "") != "acute_days"]
    with pytest.raises(VerificationError, match="acute_days has n = nan"):
        flow.reconcile(CORE, Results(tuple(records)))


def test_the_analysed_are_those_known_to_the_model_by_arm():
    people = analysis_set().assign(cmht_contacts_baseline=30.0)
    people.loc[[0, 1, 2], "cmht_contacts"] = np.nan
    people.loc[3, "cmht_contacts_baseline"] = np.nan
    found = Results(tuple(flow.records(AnalysisSet(people, trial=CORE), fits(people))))
    n = [
        found.value("flow", "n", arm, "analysed_cmht_contacts")
        for arm in ("intervention", "control", "")
    ]
    assert n == [118, 118, 236]
    assert found.value("flow", "n", "", "analysed_readmission") == 240


def test_a_model_fitted_to_others_than_were_to_be_analysed_is_a_mismatch():
    models = [
        estimate("readmission", 0.7, 0.4, 1.1, n=9),
        estimate("acute_days", 1.0, 0.9, 1.1, n=8),
    ]
    steps = [FlowCount(step=f"analysed_{fit.analysis}", n=9) for fit in models]
    with pytest.raises(VerificationError, match=r"acute_days was fitted to 8.*days 9$"):
        flow.reconcile(CORE, Results((*consistent_records(), *models, *steps)))


def test_arms_must_add_up_to_the_total():
    records = [r for r in consistent_records() if r != FlowCount(step="randomised", n=11)]
    broken = Results((*records, FlowCount(step="randomised", n=12)))
    with pytest.raises(VerificationError, match=r"randomised: 5 \+ 6 is not 12"):
        flow.reconcile(CORE, broken)
