"""Flow through the trial, and every table's denominators held against it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from core_trial.analyses import summaries
from core_trial.analyses.estimation import complete_cases
from core_trial.analyses.plan import BASELINE_CATEGORIES, OUTCOMES
from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.errors import VerificationError
from core_trial.results import FlowCount, Results
from core_trial.trials.core.words import FOLLOW_UPS, INSTRUMENTS, WORKBOOK_SECTIONS, Visit

#: Analyses whose outcome comes from hospital records rather than from an interview.
FROM_RECORDS = ("acute_days", "readmission_days", "index_days")


@dataclass(frozen=True, slots=True)
class Denominator:
    """A number of participants in a table, and the step of the flow that bounds it.

    Parameters
    ----------
    analysis, statistic, level
        Where the number stands.
    step
        The step of the flow.
    exact
        Whether the two must be equal; otherwise the number must not exceed the step.
    """

    analysis: str
    statistic: str
    level: str
    step: str
    exact: bool


def analysed(participants: pd.DataFrame) -> Iterator[FlowCount]:
    """Participants analysed for each outcome: those in whom all is known that its model needs."""
    for spec in OUTCOMES:
        cases = complete_cases(spec.fitted, participants)
        for arm, rows in summaries.arms(cases, total=True):
            yield FlowCount(step=f"analysed_{spec.name}", n=len(rows), arm=arm)


def reconcile(results: Results) -> None:
    """Hold every denominator against the flow.

    Raises
    ------
    VerificationError
        If a table counts participants that the flow does not have; every mismatch is named with
        both numbers.
    """
    faults = [fault for d in denominators() for fault in _faults(d, results)]
    faults += [*_unbalanced(results), *_fitted_to_others(results)]
    if faults:
        raise VerificationError("the tables and the flow disagree:\n  " + "\n  ".join(faults))


def denominators() -> Iterator[Denominator]:
    """Every denominator of the tables with the step that it belongs to."""
    yield Denominator("readmission", "N", "", "primary_outcome_known", exact=True)
    for name in FROM_RECORDS:
        yield Denominator(name, "n", "", "primary_outcome_known", exact=True)
    for visit in FOLLOW_UPS:
        for instrument in INSTRUMENTS:
            name = f"{instrument.outcome}_{visit}"
            yield Denominator(name, "n", "", f"interviewed_{visit}", exact=False)
    for name in ("workbook_read", *WORKBOOK_SECTIONS):
        yield Denominator(name, "N", "", f"interviewed_{Visit.MONTH_4}", exact=False)
    for name, categories in BASELINE_CATEGORIES.items():
        for level in categories:
            yield Denominator(name, "N", level, "randomised", exact=False)
    yield Denominator("age", "n", "", "randomised", exact=False)


def _faults(d: Denominator, results: Results) -> Iterator[str]:
    for arm in PRINTED_ARMS:
        table = results.value(d.analysis, d.statistic, arm, d.level)
        flow = results.value("flow", "n", arm, d.step)
        agrees = table == flow if d.exact else table <= flow
        if not agrees:
            name = f"{d.analysis} {d.level}".rstrip()
            yield f"{name} has {d.statistic} = {table:g} in {arm}, {d.step} {flow:g}"


def _fitted_to_others(results: Results) -> Iterator[str]:
    """Models fitted to another number of participants than were to be analysed."""
    for spec in OUTCOMES:
        found, step = results.estimate(spec.name), f"analysed_{spec.name}"
        flow = results.value("flow", "n", "", step)
        if found is not None and found.n != flow:
            yield f"the model of {spec.name} was fitted to {found.n}, {step} {flow:g}"


def _unbalanced(results: Results) -> Iterator[str]:
    """Steps whose arms do not add up to their total."""
    totals = {r.step: r.n for r in results if isinstance(r, FlowCount) and not (r.arm or r.reason)}
    for step, total in totals.items():
        arms = [results.value("flow", "n", arm, step) for arm in PRINTED_ARMS]
        if not any(map(math.isnan, arms)) and sum(arms) != total:
            yield f"{step}: {arms[0]:g} + {arms[1]:g} is not {total}"
