"""Flow through the trial, and every table's denominators held against it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from core_trial.analyses import summaries
from core_trial.analyses.fits import Fits
from core_trial.analyses.plan import AnalysisSpec
from core_trial.data.analysis_set import AnalysisSet
from core_trial.declaration.covariates import Categories, Number
from core_trial.declaration.outcomes import Binary, Time
from core_trial.declaration.stages import Denominator
from core_trial.declaration.trial import Trial
from core_trial.errors import VerificationError
from core_trial.results import FlowCount, Results

RANDOMISED = "randomised"


def records(data: AnalysisSet, fits: Fits) -> Iterator[FlowCount]:
    """What is known of the flow: before the rows of the frame, and from them.

    Those randomised, those whose outcome is known, and those analysed for each outcome: in whom all
    is known that its model needs.
    """
    yield from data.flow
    if not any(count.step == RANDOMISED for count in data.flow):
        yield from _randomised(fits)
    for spec in fits.plan:
        yield from _known(spec, fits)
        cases = fits.cases(spec.fitted).frame
        for arm, rows in summaries.arms(fits.trial.arm, cases, total=True):
            yield FlowCount(step=f"analysed_{spec.name}", n=len(rows), arm=arm)


def _randomised(fits: Fits) -> Iterator[FlowCount]:
    for arm, rows in summaries.arms(fits.trial.arm, fits.participants, total=True):
        yield FlowCount(step=RANDOMISED, n=len(rows), arm=arm)


def _known(spec: AnalysisSpec, fits: Fits) -> Iterator[FlowCount]:
    for arm, rows in summaries.arms(fits.trial.arm, fits.participants, total=True):
        n = int(rows[spec.outcome.column].notna().sum())
        yield FlowCount(step=f"known_{spec.name}", n=n, of=len(rows), arm=arm)


def reconcile(trial: Trial, results: Results) -> None:
    """Hold every denominator against the flow.

    Raises
    ------
    VerificationError
        If a table counts participants that the flow does not have; every mismatch is named with
        both numbers.
    """
    faults = [fault for d in denominators(trial) for fault in _faults(d, results)]
    faults += [*_unbalanced(results), *_fitted_to_others(trial, results)]
    if faults:
        raise VerificationError("the tables and the flow disagree:\n  " + "\n  ".join(faults))


def denominators(trial: Trial) -> Iterator[Denominator]:
    """Every denominator of the tables with the step that it belongs to."""
    yield from trial.denominators
    for outcome in trial.outcomes:
        if not isinstance(outcome, Time):
            statistic = "N" if isinstance(outcome, Binary) else "n"
            yield Denominator(outcome.key, statistic, "", f"known_{outcome.key}", exact=True)
    for item in trial.baseline:
        if isinstance(item, Categories):
            for level in item.levels:
                yield Denominator(item.column, "N", str(level), RANDOMISED, exact=False)
        elif isinstance(item, Number):
            yield Denominator(item.column, "n", "", RANDOMISED, exact=False)


def _faults(d: Denominator, results: Results) -> Iterator[str]:
    for arm in summaries.GROUPS:
        table = results.get(d.analysis, d.statistic, arm, d.level)
        flow = results.get("flow", "n", arm, d.step)
        agrees = table == flow if d.exact else table <= flow
        if not agrees:
            name = f"{d.analysis} {d.level}".rstrip()
            yield f"{name} has {d.statistic} = {table:g} in {arm}, {d.step} {flow:g}"


def _fitted_to_others(trial: Trial, results: Results) -> Iterator[str]:
    """Models fitted to another number of participants than were to be analysed."""
    for outcome in trial.outcomes:
        found, step = results.get_estimate(outcome.key), f"analysed_{outcome.key}"
        flow = results.get("flow", "n", "", step)
        if found is not None and found.n != flow:
            yield f"the model of {outcome.key} was fitted to {found.n}, {step} {flow:g}"


def _unbalanced(results: Results) -> Iterator[str]:
    """Steps whose arms do not add up to their total."""
    totals = {r.step: r.n for r in results if isinstance(r, FlowCount) and not (r.arm or r.reason)}
    for step, total in totals.items():
        arms = [results.get("flow", "n", arm, step) for arm in summaries.GROUPS]
        if not any(map(math.isnan, arms)) and sum(arms) != total:
            yield f"{step}: {arms[0]:g} + {arms[1]:g} is not {total}"
