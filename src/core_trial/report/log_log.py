"""Are the hazards proportional? log(-log) of the curves against log time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from core_trial.report import number
from core_trial.report.assumptions import hazards
from core_trial.report.curves import Curves, by_arm
from core_trial.report.figure import ONE_COLUMN, PENS, Figure, blank, place
from core_trial.report.number import LANCET, Style
from core_trial.report.panels import ticks
from core_trial.results import CurvePoint, Results
from core_trial.vocabulary import ARM_LABELS

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

_TICKS = (1, 3, 10, 30, 100, 365)


def log_log(results: Results, style: Style = LANCET) -> Figure | None:
    """Complementary log-log curves by arm; None when there are no curves.

    Parameters
    ----------
    results
        The curve points, and the tests of proportional hazards.
    style
        How numbers are spelt.
    """
    points = by_arm(results)
    if not points:
        return None
    tests = hazards(results, style)
    told = "; ".join(f"{row.label.lower()}, p={row.cells[1]}" for row in tests.rows)
    return Figure(
        name="log_log",
        title="Proportional hazards: readmission on the complementary log-log scale",
        alt="Two step curves, parallel where the hazards are proportional. "
        + (f"Tests of a trend of the hazard ratio over {told}." if told else ""),
        paint=partial(_paint, points, style),
        note="Parallel curves mean proportional hazards.",
    )


def _paint(points: Curves, style: Style) -> Drawing:
    drawing = blank(ONE_COLUMN, 62)
    axes = place(drawing, left=13, top=3, width=68, height=48)
    for arm, steps in points.items():
        pen, (days, heights) = PENS[arm], _transformed(steps)
        axes.step(
            days,
            heights,
            where="post",
            color=pen.colour,
            linestyle=pen.dashes,
            label=ARM_LABELS[arm],
        )
    axes.set_xscale("log")
    axes.minorticks_off()
    axes.set_xticks(_TICKS, [number.count(day, style) for day in _TICKS])
    low, high = (round(end) for end in axes.get_ylim())
    ticks(axes.yaxis, range(low, high + 1), 0, style)
    axes.set(xlabel="Days since randomisation, log scale", ylabel="log(–log(not readmitted))")
    axes.legend(loc="upper left", handlelength=3)
    return drawing


def _transformed(points: Sequence[CurvePoint]) -> tuple[list[float], list[float]]:
    inside = [p for p in points if 0 < p.survival < 1 and p.time > 0]
    return [p.time for p in inside], [math.log(-math.log(p.survival)) for p in inside]
