"""Time to first readmission as Kaplan-Meier curves by arm."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from core_trial import models
from core_trial.analyses.estimation import complete_cases
from core_trial.analyses.plan import READMISSION_TIME
from core_trial.results import CurvePoint


def records(participants: pd.DataFrame) -> Iterator[CurvePoint]:
    """One point per day on which somebody was readmitted or censored, by arm.

    None when nobody's readmissions are known.
    """
    spec = READMISSION_TIME.fitted
    cases = complete_cases(spec, participants)
    if cases.empty:
        return
    curves = models.kaplan_meier(
        cases, time=str(spec.options["time"]), event=spec.outcome, by="arm"
    )
    for arm, curve in curves.items():
        for k, time in enumerate(curve.time):
            yield CurvePoint(
                analysis=READMISSION_TIME.name,
                arm=str(arm),
                time=float(time),
                survival=float(curve.survival[k]),
                low=float(curve.low[k]),
                high=float(curve.high[k]),
                at_risk=int(curve.at_risk[k]),
                events=int(curve.events[k]),
                censored=int(curve.censored[k]),
            )
