"""Kaplan-Meier curves of readmission by arm, with the numbers at risk under them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from core_trial.declaration.arms import PRINTED_ARMS as ARMS
from core_trial.declaration.arms import Group
from core_trial.report import cells, number
from core_trial.report.figure import ONE_COLUMN, PENS, Figure, blank, place
from core_trial.report.number import LANCET, Style
from core_trial.report.table import Kind, Row, Table
from core_trial.results import CurvePoint, Results
from core_trial.results.measures import MEASURE_ABBREVIATIONS, Measure
from core_trial.trials.core.words import ARM_LABELS, FOLLOW_UP_DAYS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

#: Days under which the numbers at risk are printed.
DAYS = (0, 90, 180, 270, FOLLOW_UP_DAYS)
ANALYSIS = "time_to_readmission"
TITLE = "Time to first readmission to acute care"

NOTE = "Kaplan-Meier estimates. Shaded: pointwise 95% confidence intervals."
JOINED = (
    "Neighbouring steps are joined, and numbers at risk are those at the start of a step: small "
    "numbers are withheld."
)
#: Millimetres left of the plot and across it, and where the arms' names begin in its widths.
_LEFT, _PLOT = 20.0, 61.0
_AT_LABELS = (1.0 - _LEFT) / _PLOT

#: Points of each arm, by time.
Curves = Mapping[Group, Sequence[CurvePoint]]


def curves(results: Results, style: Style = LANCET) -> Figure:
    """Draw the share of participants readmitted over time.

    Parameters
    ----------
    results
        Holds the curve points of `ANALYSIS`, and its estimate if there is one.
    style
        How numbers are spelt.

    Returns
    -------
    Figure
        Rising step functions with pointwise confidence bands, one column wide.
    """
    points, effect = by_arm(results), _effect(results, style)
    return Figure(
        name="readmission_curves",
        title=TITLE,
        alt=_alternative(points, effect, style),
        paint=partial(_paint, points, effect, style),
        note=f"{NOTE} {JOINED}" if results.withheld else NOTE,
        width=ONE_COLUMN,
    )


def curve_table(results: Results, style: Style = LANCET) -> Table:
    """The same in figures: share readmitted with its interval, and the number at risk."""
    rows: list[Row] = []
    for arm, points in by_arm(results).items():
        rows.append(Row(ARM_LABELS[arm], kind=Kind.GROUP))
        rows += [_table_row(day, points, style) for day in DAYS]
    return Table(
        name="readmission_curves_table",
        title=f"{TITLE}: Kaplan-Meier estimates",
        head=("Day", "At risk", "Readmitted (95% CI)"),
        rows=tuple(rows),
        footnotes=("At risk: not readmitted and not censored before that day.",),
    )


def by_arm(results: Results) -> Curves:
    """The points of every arm that has any, by time."""
    found = {arm: results.find("curve", analysis=ANALYSIS, arm=arm) for arm in ARMS}
    return {
        arm: sorted((p for p in points if isinstance(p, CurvePoint)), key=lambda p: p.time)
        for arm, points in found.items()
        if len(points)
    }


def at_risk(points: Sequence[CurvePoint], day: float) -> int:
    """Participants at risk just before a day."""
    return next((point.at_risk for point in points if point.time >= day), 0)


def state(points: Sequence[CurvePoint], day: float) -> CurvePoint | None:
    """The last point not after a day; None before the first."""
    return max((p for p in points if p.time <= day), key=lambda p: p.time, default=None)


def _table_row(day: int, points: Sequence[CurvePoint], style: Style) -> Row:
    found = state(points, day)
    share = "0%" if found is None else _share(found, style)
    return Row(
        number.count(day, style), (number.count(at_risk(points, day), style), share), Kind.MEMBER
    )


def _share(point: CurvePoint, style: Style) -> str:
    """Percentage readmitted, with its interval."""
    value, low, high = (100 * (1 - s) for s in (point.survival, point.high, point.low))
    return f"{number.fixed(value, 0, style)}% ({number.interval(low, high, 0, style)})"


def _effect(results: Results, style: Style) -> str:
    estimate = results.estimate(ANALYSIS)
    if estimate is None or not cells.believable(estimate):
        return ""
    measure = MEASURE_ABBREVIATIONS[Measure(estimate.measure)]
    value = number.fixed(estimate.estimate, 2, style)
    interval = number.interval_in_text(estimate.low, estimate.high, 2, style)
    level = number.confidence(estimate.confidence, style)
    p = number.p_value(estimate.p_value, style)
    relation = "p" if p[0] in "<>" else "p="
    return f"{measure} {value} ({level} CI {interval}), {relation}{p}"


def _alternative(points: Curves, effect: str, style: Style) -> str:
    parts = [
        "Two step curves of the percentage of participants readmitted to acute care over a year."
    ]
    for arm, steps in points.items():
        last = steps[-1]
        at = number.count(last.time, style)
        parts.append(f"{ARM_LABELS[arm]}: {_share(last, style)} by day {at}.")
    return " ".join([*parts, *([effect + "."] if effect else [])])


def _paint(points: Curves, effect: str, style: Style) -> Drawing:
    drawing = blank(ONE_COLUMN, 73)
    axes = place(drawing, left=_LEFT, top=3, width=_PLOT, height=50)
    for arm, steps in points.items():
        _paint_curve(axes, arm, steps)
    axes.set(
        xlim=(0, FOLLOW_UP_DAYS),
        xticks=DAYS,
        ylabel="Readmitted (%)",
        xlabel="Days since randomisation",
    )
    axes.set_ylim(bottom=0)
    axes.legend(
        loc="upper left", handlelength=3, borderaxespad=0.2, title=effect or None, alignment="left"
    )
    _paint_numbers_at_risk(axes, points, style)
    return drawing


def _paint_curve(axes: Axes, arm: Group, points: Sequence[CurvePoint]) -> None:
    """One arm's steps from nobody readmitted to the last point, over its band."""
    pen = PENS[arm]
    days = [0.0, *(p.time for p in points)]
    value, low, high = (
        [0.0, *(100 * (1 - s) for s in shares)]
        for shares in zip(*((p.survival, p.high, p.low) for p in points), strict=True)
    )
    axes.fill_between(days, low, high, step="post", color=pen.colour, alpha=0.15, linewidth=0)
    axes.step(
        days, value, where="post", color=pen.colour, linestyle=pen.dashes, label=ARM_LABELS[arm]
    )


def _paint_numbers_at_risk(axes: Axes, points: Curves, style: Style) -> None:
    """A small table under the axis, its columns at the ticks."""
    below = axes.get_xaxis_transform()
    axes.text(
        _AT_LABELS, -0.25, "Number at risk", transform=axes.transAxes, weight="bold", size=6.5
    )
    for i, (arm, steps) in enumerate(points.items()):
        y = -0.32 - 0.07 * i
        label = str(arm).capitalize()
        axes.text(_AT_LABELS, y, label, transform=axes.transAxes, color=PENS[arm].colour, size=6.5)
        for day in DAYS:
            text = number.count(at_risk(steps, day), style)
            axes.text(day, y, text, transform=below, ha="center", size=6.5)
