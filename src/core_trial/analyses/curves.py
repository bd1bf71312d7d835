"""Times to events as Kaplan-Meier curves by arm."""

from __future__ import annotations

from collections.abc import Iterator

from core_trial import models
from core_trial.analyses import summaries
from core_trial.analyses.fits import Fits
from core_trial.analyses.plan import AnalysisSpec
from core_trial.declaration.outcomes import Time
from core_trial.models.survival.kaplan_meier import Curve
from core_trial.results import CurvePoint


def records(fits: Fits) -> Iterator[CurvePoint]:
    """The curves of every time to an event."""
    for spec in fits.plan:
        if isinstance(spec.outcome, Time) and not spec.outcome.entry:
            yield from of_outcome(spec, spec.outcome, fits)


def of_outcome(spec: AnalysisSpec, outcome: Time, fits: Fits) -> Iterator[CurvePoint]:
    """One point per time at which somebody had the event or was censored, by arm.

    None when nobody's times are known.
    """
    arm = fits.trial.arm
    cases = fits.participants[[outcome.column, outcome.event, arm.column]].dropna()
    if cases.empty:
        return
    found = models.kaplan_meier(
        cases,
        time=outcome.column,
        event=outcome.event,
        by=arm.column,
        confidence=fits.trial.confidence,
    )
    for group in summaries.GROUPS:
        curve = found.get(arm.level(group))
        if curve is not None:
            yield from _points(spec.name, group, curve)


def _points(analysis: str, arm: str, curve: Curve) -> Iterator[CurvePoint]:
    for k, time in enumerate(curve.time):
        yield CurvePoint(
            analysis=analysis,
            arm=arm,
            time=float(time),
            survival=float(curve.survival[k]),
            low=float(curve.low[k]),
            high=float(curve.high[k]),
            at_risk=int(curve.at_risk[k]),
            events=int(curve.events[k]),
            censored=int(curve.censored[k]),
        )
