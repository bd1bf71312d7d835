"""Denominators of the tables held against the flow."""

import numpy as np
import pytest
from analysis_sets import analysis_set
from records import estimate

from core_trial.analyses import flow
from core_trial.errors import VerificationError
from core_trial.results import Descriptive, FlowCount, Results

STEPS = {
    "randomised": (5, 6),
    "primary_outcome_known": (4, 5),
    "interviewed_month_4": (3, 4),
    "interviewed_month_18": (2, 3),
}


def consistent_records():
    """A record for every denominator, each as large as its step."""
    for step, counts in STEPS.items():
        for arm, n in zip(("intervention", "control"), counts, strict=True):
            yield FlowCount(step=step, arm=arm, n=n)
        yield FlowCount(step=step, n=sum(counts))
    for d in flow.denominators():
        for arm, n in zip(("intervention", "control"), STEPS[d.step], strict=True):
            yield Descriptive(
                analysis=d.analysis, statistic=d.statistic, level=d.level, arm=arm, value=float(n)
            )


def changed(**change):
    analysis, arm, value = change["analysis"], change["arm"], change["value"]
    for record in consistent_records():
        if getattr(record, "analysis", "") == analysis and record.arm == arm:
            yield Descriptive(
                analysis=analysis,
                statistic=record.statistic,
                level=record.level,
                arm=arm,
                value=value,
            )
        else:
            yield record


def test_consistent_tables_pass():
    flow.reconcile(Results(tuple(consistent_records())))


def test_a_count_from_records_must_equal_its_step():
    broken = Results(tuple(changed(analysis="readmission", arm="control", value=4.0)))
    with pytest.raises(VerificationError, match=r"readmission has N = 4 in control.*known 5"):
        flow.reconcile(broken)


def test_a_questionnaire_may_have_fewer_but_never_more_than_were_interviewed():
    flow.reconcile(
        Results(tuple(changed(analysis="recovery_month_4", arm="intervention", value=2.0)))
    )
    broken = Results(tuple(changed(analysis="recovery_month_4", arm="intervention", value=4.0)))
    with pytest.raises(VerificationError, match="recovery_month_4 has n = 4"):
        flow.reconcile(broken)


def test_a_missing_denominator_is_a_mismatch():
    records = [r for r in consistent_records() if getattr(r, "analysis", "") != "acute_days"]
    with pytest.raises(VerificationError, match="acute_days has n = nan"):
        flow.reconcile(Results(tuple(records)))


def test_the_analysed_are_those_known_to_the_model_by_arm():
    people = analysis_set().assign(cmht_contacts_baseline=30.0)
    people.loc[[0, 1, 2], "cmht_contacts"] = np.nan
    people.loc[3, "cmht_contacts_baseline"] = np.nan
    found = Results(tuple(flow.analysed(people)))
    n = [
        found.value("flow", "n", arm, "analysed_cmht_contacts")
        for arm in ("intervention", "control", "")
    ]
    assert n == [118, 118, 236]
    assert found.value("flow", "n", "", "analysed_readmission") == 240


def test_a_model_fitted_to_others_than_were_to_be_analysed_is_a_mismatch():
    fits = [estimate("readmission", 0.7, 0.4, 1.1, n=9), estimate("acute_days", 1.0, 0.9, 1.1, n=8)]
    steps = [FlowCount(step=f"analysed_{fit.analysis}", n=9) for fit in fits]
    with pytest.raises(VerificationError, match=r"acute_days was fitted to 8.*days 9$"):
        flow.reconcile(Results((*consistent_records(), *fits, *steps)))


def test_arms_must_add_up_to_the_total():
    records = [r for r in consistent_records() if r != FlowCount(step="randomised", n=11)]
    broken = Results((*records, FlowCount(step="randomised", n=12)))
    with pytest.raises(VerificationError, match=r"randomised: 5 \+ 6 is not 12"):
        flow.reconcile(broken)
