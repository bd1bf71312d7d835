"""Cumulative hazards on a double logarithmic scale: parallel curves mean proportional hazards."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from core_trial.declaration.arms import Group
from core_trial.report import number
from core_trial.report.curves import by_arm
from core_trial.report.figure import ONE_COLUMN, PENS, Figure, blank, place
from core_trial.report.number import LANCET, Style
from core_trial.report.supplement.panels import ticks
from core_trial.results import CurvePoint, Results
from core_trial.trials.core.words import ARM_LABELS, FOLLOW_UP_DAYS

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

DAYS = (1, 3, 10, 30, 100, FOLLOW_UP_DAYS)
#: Days at which the distance of the curves is told in words.
TOLD = (30, 100, FOLLOW_UP_DAYS)
#: Days and log cumulative hazards of one arm.
Line = Sequence[tuple[float, float]]


def log_log(results: Results, style: Style = LANCET) -> Figure | None:
    """Draw log(–log S(t)) over log t by arm; None without curves.

    Parameters
    ----------
    results
        Holds the points of the Kaplan-Meier curves.
    style
        How numbers are spelt.
    """
    lines = {arm: line for arm, points in by_arm(results).items() if (line := hazard_line(points))}
    if not lines:
        return None
    return Figure(
        name="log_log",
        title="Time to first readmission: log cumulative hazard",
        alt=_alternative(lines, style),
        paint=partial(_paint, lines, style),
        note="Under proportional hazards the distance of the curves is constant: the log hazard "
        "ratio.",
        width=ONE_COLUMN,
    )


def hazard_line(points: Sequence[CurvePoint]) -> Line:
    """Day and log(–log S) at every step of a curve that is neither at one nor at zero."""
    return [
        (p.time, math.log(-math.log(p.survival)))
        for p in points
        if p.time > 0 and p.events > 0 and 0 < p.survival < 1
    ]


def distance(lines: Mapping[Group, Line], day: float) -> float:
    """Intervention minus control at a day; ``nan`` before the first step of either."""
    treated, controls = (
        max((step for step in lines.get(arm, ()) if step[0] <= day), default=(day, math.nan))
        for arm in (Group.INTERVENTION, Group.CONTROL)
    )
    return treated[1] - controls[1]


def _alternative(lines: Mapping[Group, Line], style: Style) -> str:
    apart = ((day, distance(lines, day)) for day in TOLD)
    told = "; ".join(
        f"{number.fixed(value, 2, style)} at day {day}"
        for day, value in apart
        if not math.isnan(value)
    )
    return (
        "Two step curves of the logarithm of the cumulative hazard of readmission over the "
        f"logarithm of time. Intervention minus control: {told or style.not_estimable}."
    )


def _paint(lines: Mapping[Group, Line], style: Style) -> Drawing:
    drawing = blank(ONE_COLUMN, 66)
    axes = place(drawing, left=14, top=3, width=68, height=52)
    axes.set_xscale("log")
    for arm, line in lines.items():
        days, values = zip(*line, strict=True)
        pen, label = PENS[arm], ARM_LABELS[arm]
        axes.step(days, values, where="post", color=pen.colour, linestyle=pen.dashes, label=label)
    heights = [value for line in lines.values() for _, value in line]
    low, high = math.floor(min(heights)), math.ceil(max(heights))
    axes.set(
        xlim=(DAYS[0], FOLLOW_UP_DAYS),
        ylim=(low, high),
        xlabel="Days since randomisation, log scale",
        ylabel="log(–log share not readmitted)",
    )
    ticks(axes.xaxis, DAYS, 0, style)
    ticks(axes.yaxis, range(low, high + 1), 0, style)
    axes.legend(loc="lower right", handlelength=3)
    return drawing
