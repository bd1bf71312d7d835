"""Cumulative hazards on a double logarithmic scale: parallel curves mean proportional hazards."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from core_trial.declaration.arms import Group
from core_trial.declaration.outcomes import Time
from core_trial.declaration.trial import Trial
from core_trial.report import cells, number
from core_trial.report.curves import Axis, axis, by_arm, name_of
from core_trial.report.figure import PENS, Figure, blank, place
from core_trial.report.styles import LANCET, Style
from core_trial.report.supplement.panels import ticks
from core_trial.results import CurvePoint, Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

#: Times of a logarithmic axis, as far as the follow-up goes; the last are told in words.
_TIMES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)
_TOLD = 3
#: Times and log cumulative hazards of one arm.
Line = Sequence[tuple[float, float]]


def log_log(results: Results, trial: Trial, outcome: Time, style: Style = LANCET) -> Figure | None:
    """Draw log(–log S(t)) over log t by arm; None without curves.

    Parameters
    ----------
    results
        Holds the points of the Kaplan-Meier curves.
    trial, outcome
        The declaration, and which of its times.
    style
        How numbers are spelt.
    """
    points = by_arm(results, outcome)
    lines = {arm: line for arm, steps in points.items() if (line := hazard_line(steps))}
    if not lines:
        return None
    at = axis(results, outcome)
    return Figure(
        name=name_of(trial, outcome, "log_log"),
        title=f"{outcome.title}: log cumulative hazard",
        alt=_alternative(lines, at, style),
        paint=partial(_paint, lines, at, trial, style),
        note=cells.note(
            results,
            "Under proportional hazards the distance of the curves is constant: the log hazard "
            "ratio.",
        ),
        width=style.columns[0],
    )


def hazard_line(points: Sequence[CurvePoint]) -> Line:
    """Time and log(–log S) at every step of a curve that is neither at one nor at zero."""
    return [
        (p.time, math.log(-math.log(p.survival)))
        for p in points
        if p.time > 0 and p.events > 0 and 0 < p.survival < 1
    ]


def times_of(at: Axis) -> tuple[float, ...]:
    """Ticks of the logarithmic axis, the end of follow-up the last."""
    return (*(time for time in _TIMES if time < 0.7 * at.limit), at.limit)


def distance(lines: Mapping[Group, Line], time: float) -> float:
    """Intervention minus control at a time; ``nan`` before the first step of either."""
    treated, controls = (
        max((step for step in lines.get(arm, ()) if step[0] <= time), default=(time, math.nan))
        for arm in (Group.INTERVENTION, Group.CONTROL)
    )
    return treated[1] - controls[1]


def _alternative(lines: Mapping[Group, Line], at: Axis, style: Style) -> str:
    apart = ((time, distance(lines, time)) for time in times_of(at)[-_TOLD:])
    told = "; ".join(
        f"{number.fixed(value, 2, style)} at {at.unit} {number.count(time, style)}"
        for time, value in apart
        if not math.isnan(value)
    )
    return (
        "Two step curves of the logarithm of the cumulative hazard over the logarithm of time. "
        f"Intervention minus control: {told or style.not_estimable}."
    )


def _paint(
    lines: Mapping[Group, Line], at: Axis, trial: Trial, style: Style, width: float
) -> Drawing:
    drawing = blank(width, 66)
    axes = place(drawing, left=14, top=3, width=width - 17, height=52)
    axes.set_xscale("log")
    for arm, line in lines.items():
        times, values = zip(*line, strict=True)
        pen, label = PENS[arm], trial.arm.label(arm)
        axes.step(times, values, where="post", color=pen.colour, linestyle=pen.dashes, label=label)
    heights = [value for line in lines.values() for _, value in line]
    low, high = math.floor(min(heights)), math.ceil(max(heights))
    first = min(1.0, *(line[0][0] for line in lines.values()))
    axes.set(xlim=(first, at.limit), ylim=(low, high), xlabel=f"{at.label}, log scale")
    axes.set_ylabel("log(–log share without the event)")
    ticks(axes.xaxis, [t for t in times_of(at) if t >= first], 0, style)
    ticks(axes.yaxis, range(low, high + 1), 0, style)
    axes.legend(loc="lower right", handlelength=3)
    return drawing
