"""Every outcome: described by arm, and compared between the arms."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from core_trial.analyses import summaries
from core_trial.analyses.estimation import beside, crude, estimate, recommended
from core_trial.analyses.fits import Fits
from core_trial.analyses.plan import AnalysisSpec
from core_trial.analyses.sensitivity import multiplicity
from core_trial.declaration.outcomes import Binary, Count, Score, Time
from core_trial.errors import DesignError, FitError
from core_trial.results import Descriptive, Estimate, Record


def records(fits: Fits) -> Iterator[Record]:
    """Every outcome of the plan."""
    found: dict[str, Estimate] = {}
    for spec in fits.plan:
        for record in of_outcome(spec, fits):
            if isinstance(record, Estimate) and not record.level:
                found[record.analysis] = record
            yield record
    yield from multiplicity(fits, found)


def of_outcome(spec: AnalysisSpec, fits: Fits) -> Iterator[Record]:
    """Descriptives by arm, the effect of the intervention, and what helps to read it."""
    yield from describe(spec, fits)
    yield compare(spec, fits)
    yield from crude(spec, fits)
    yield from recommended(spec, fits)
    yield from beside(spec, fits)
    yield from intraclass(spec, fits)


def compare(spec: AnalysisSpec, fits: Fits) -> Estimate:
    """The effect of the intervention by the model of the plan."""
    return estimate(spec.name, spec.fitted, fits)


def describe(spec: AnalysisSpec, fits: Fits) -> Iterator[Descriptive]:
    """The outcome by arm, in everybody whose outcome is known."""
    for arm, rows in summaries.arms(fits.trial.arm, fits.participants):
        yield from _describe_arm(spec, rows, arm)


def intraclass(spec: AnalysisSpec, fits: Fits) -> Iterator[Descriptive]:
    """Intraclass correlation with its interval, where the model has one; by arm where it differs.

    Yields
    ------
    Descriptive
        ``estimate``, ``low`` and ``high`` of the analysis ``icc.`` and the outcome's name.
    """
    try:
        quantities = fits.of(spec.fitted).fit.quantities
    except (DesignError, FitError):
        return
    arms = {f"icc[{level}]": arm for arm, level in _levels(fits)} | {"icc": ""}
    for name in (name for name in arms if name in quantities):
        found = quantities[name]
        for statistic in ("estimate", "low", "high"):
            yield Descriptive(
                analysis=f"icc.{spec.name}",
                statistic=statistic,
                value=float(getattr(found, statistic)),
                arm=arms[name],
            )


def _levels(fits: Fits) -> Iterator[tuple[str, str]]:
    arm = fits.trial.arm
    yield from ((group, arm.level(group)) for group in summaries.GROUPS)


def _describe_arm(spec: AnalysisSpec, rows: pd.DataFrame, arm: str) -> Iterator[Descriptive]:
    outcome = spec.outcome
    if isinstance(outcome, Binary):
        yield from summaries.proportion(spec.name, rows[outcome.column].dropna() == 1, arm)
        return
    values = _values(outcome, rows)
    yield from summaries.mean_sd(spec.name, values, arm)
    if isinstance(outcome, Time) or (isinstance(outcome, Count) and not outcome.mean):
        yield from summaries.median_iqr(spec.name, values, arm)
    if isinstance(outcome, Count) and not outcome.mean:
        yield from summaries.proportion(spec.name, values.dropna() == 0, arm, level="none")


def _values(outcome: Score | Time | Count, rows: pd.DataFrame) -> pd.Series:
    """The outcome itself; for a time to event, the times of those who had the event."""
    if isinstance(outcome, Time):
        return rows.loc[rows[outcome.event] == 1, outcome.column]
    return rows[outcome.column]
