"""Kaplan-Meier curves of a time to an event by arm, with the numbers at risk under them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from core_trial.declaration.arms import PRINTED_ARMS as ARMS
from core_trial.declaration.arms import Group
from core_trial.declaration.covariates import in_words
from core_trial.declaration.outcomes import Time
from core_trial.declaration.trial import Trial
from core_trial.report import at_risk, cells, labels, number
from core_trial.report.figure import BLACK, PENS, Figure, blank, place
from core_trial.report.styles import LANCET, Style
from core_trial.report.table import Kind, Row, Table
from core_trial.results import CurvePoint, Results
from core_trial.results.measures import MEASURE_ABBREVIATIONS, Measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

NOTE = (
    "Kaplan-Meier estimates. Shaded: pointwise 95% confidence intervals, by the log-log transform "
    "and Greenwood’s variance."
)
#: What the limits do not allow for, where people are clustered.
UNCLUSTERED = "The limits take all participants as independent: they do not allow for clusters."
JOINED = (
    "Neighbouring steps are joined, and numbers at risk are those at the start of a step: small "
    "numbers are withheld."
)
#: Parts into which the time is divided where no ticks are declared.
_PARTS = 4
#: Millimetres left, right and above the plot, and its height.
_LEFT, _RIGHT, _TOP, _HEIGHT = 23.0, 6.5, 3.0, 50.0
#: Millimetres from the axis to the first row of numbers under it, and of a row.
_FIRST_ROW, _ROW = 12.5, 3.4
#: Characters of an arm's name that fit before the first column.
_LABEL_CHARACTERS = 14

#: Points of each arm, by time.
Curves = Mapping[Group, Sequence[CurvePoint]]


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What one figure shows."""

    points: Curves
    axis: Axis
    trial: Trial
    effect: str
    joined: bool


@dataclass(frozen=True, slots=True)
class Axis:
    """The axis of time of one outcome.

    Parameters
    ----------
    limit
        Where it ends.
    ticks
        Times under which numbers at risk are printed.
    label, unit
        What is measured, and in what.
    event
        What happens at the end of a time, in words.
    """

    limit: float
    ticks: tuple[float, ...]
    label: str
    unit: str
    event: str


def times(trial: Trial) -> tuple[Time, ...]:
    """The outcomes that are drawn."""
    return tuple(outcome for outcome in trial.outcomes if isinstance(outcome, Time))


def name_of(trial: Trial, outcome: Time, stem: str) -> str:
    """Name of a part about one time; the outcome's own name is in it where there are several."""
    slugs = [re.sub(r"\W+", "_", time.key) for time in times(trial)]
    if len(slugs) == 1:
        return stem
    place = times(trial).index(outcome)
    unique = slugs.count(slugs[place]) == 1
    return f"{stem}_{slugs[place] if unique else place + 1}"


def axis(results: Results, outcome: Time) -> Axis:
    """The axis of time: as declared, or up to the longest time seen in quarters."""
    seen = [p.time for points in by_arm(results, outcome).values() for p in points]
    limit = outcome.limit or max(seen, default=1.0)
    quarters = tuple(round(limit * i / _PARTS) for i in range(_PARTS + 1))
    return Axis(
        limit=limit,
        ticks=outcome.ticks or tuple(dict.fromkeys(map(float, quarters))),
        label=f"{in_words(outcome.unit)} since {outcome.origin}",
        unit=outcome.unit.removesuffix("s"),
        event=in_words(outcome.event),
    )


def curves(results: Results, trial: Trial, outcome: Time, style: Style = LANCET) -> Figure:
    """Draw the share of participants with the event over time.

    Parameters
    ----------
    results
        Holds the curve points of the outcome, and its estimate if there is one.
    trial, outcome
        The declaration, and which of its times.
    style
        How numbers are spelt.

    Returns
    -------
    Figure
        Rising step functions with pointwise confidence bands, one column wide.
    """
    drawing = _Drawing(
        by_arm(results, outcome),
        axis(results, outcome),
        trial,
        _effect(results, outcome, style),
        joined=bool(results.withheld),
    )
    return Figure(
        name=name_of(trial, outcome, "curves"),
        title=outcome.title,
        alt=_alternative(drawing, style),
        paint=partial(_paint, drawing, style),
        note=cells.note(results, NOTE, _unclustered(trial), JOINED if results.withheld else ""),
        width=style.columns[0],
    )


def curve_table(results: Results, trial: Trial, outcome: Time, style: Style = LANCET) -> Table:
    """The same in figures: share with the event and its interval, and the number at risk."""
    at = axis(results, outcome)
    rows: list[Row] = []
    for arm, points in by_arm(results, outcome).items():
        rows.append(Row(trial.arm.label(arm), kind=Kind.GROUP))
        rows += [_table_row(time, points, style) for time in at.ticks]
    return Table(
        name=name_of(trial, outcome, "curves_table"),
        title=f"{outcome.title}: Kaplan-Meier estimates",
        head=(in_words(at.unit), "At risk", f"{at.event} (95% CI)"),
        rows=tuple(rows),
        footnotes=cells.footnotes(
            results,
            trial,
            "curves_table",
            rows,
            f"At risk: without the event and not censored before that {at.unit}. "
            "Limits by the log-log transform and Greenwood’s variance.",
            _unclustered(trial),
        ),
        remark=cells.remark(results),
    )


def _unclustered(trial: Trial) -> str:
    return UNCLUSTERED if trial.cluster else ""


def by_arm(results: Results, outcome: Time) -> Curves:
    """The points of every arm that has any, by time."""
    found = {arm: results.find("curve", analysis=outcome.key, arm=arm) for arm in ARMS}
    return {
        arm: sorted((p for p in points if isinstance(p, CurvePoint)), key=lambda p: p.time)
        for arm, points in found.items()
        if len(points)
    }


def state(points: Sequence[CurvePoint], day: float) -> CurvePoint | None:
    """The last point not after a day; None before the first."""
    return max((p for p in points if p.time <= day), key=lambda p: p.time, default=None)


def _table_row(time: float, points: Sequence[CurvePoint], style: Style) -> Row:
    found = state(points, time)
    share = "0%" if found is None else _share(found, style)
    return Row(
        number.count(time, style),
        (number.count(at_risk.at_risk(points, time), style), share),
        Kind.MEMBER,
    )


def _share(point: CurvePoint, style: Style) -> str:
    """Percentage with the event, with its interval."""
    value, low, high = (100 * (1 - s) for s in (point.survival, point.high, point.low))
    return f"{number.fixed(value, 0, style)}% ({number.interval(low, high, 0, style)})"


def _effect(results: Results, outcome: Time, style: Style) -> str:
    estimate = results.get_estimate(outcome.key)
    if estimate is None or not cells.believable(estimate):
        return ""
    measure = MEASURE_ABBREVIATIONS[Measure(estimate.measure)]
    value = number.fixed(estimate.estimate, cells.decimals(estimate), style)
    interval = number.interval_in_text(estimate.low, estimate.high, 2, style)
    level, p = number.confidence(estimate.confidence, style), estimate.p_value
    return f"{measure} {value} ({level} CI {interval}), {number.p_in_text(p, style)}"


def _alternative(d: _Drawing, style: Style) -> str:
    event, unit = labels.lower_first(d.axis.event), d.axis.unit
    parts = [f"Two step curves of the percentage of participants with the event, {event}."]
    for arm, steps in d.points.items():
        last = steps[-1]
        at = number.count(last.time, style)
        parts.append(f"{d.trial.arm.label(arm)}: {_share(last, style)} by {unit} {at}.")
    return " ".join([*parts, *([d.effect + "."] if d.effect else [])])


def _paint(d: _Drawing, style: Style, width: float) -> Drawing:
    rows = list(at_risk.rows(d.points, d.axis.ticks, style, joined=d.joined))
    plot = width - _LEFT - _RIGHT
    drawing = blank(width, _TOP + _HEIGHT + _FIRST_ROW + _ROW * len(rows))
    axes = place(drawing, left=_LEFT, top=_TOP, width=plot, height=_HEIGHT)
    for arm, steps in d.points.items():
        _paint_curve(axes, arm, d.trial.arm.label(arm), steps)
    axes.set(xlim=(0, d.axis.limit), xticks=d.axis.ticks, ylabel=f"{d.axis.event} (%)")
    axes.set_xlabel(d.axis.label)
    axes.set_ylim(bottom=0)
    axes.legend(
        loc="upper left",
        handlelength=3,
        borderaxespad=0.2,
        title=d.effect or None,
        alignment="left",
    )
    _paint_rows(axes, d, rows, (1.0 - _LEFT) / plot)
    return drawing


def _paint_curve(axes: Axes, arm: Group, label: str, points: Sequence[CurvePoint]) -> None:
    """One arm's steps from nobody with the event to the last point, over its band."""
    pen = PENS[arm]
    times = [0.0, *(p.time for p in points)]
    value, low, high = (
        [0.0, *(100 * (1 - s) for s in shares)]
        for shares in zip(*((p.survival, p.high, p.low) for p in points), strict=True)
    )
    axes.fill_between(times, low, high, step="post", color=pen.colour, alpha=0.15, linewidth=0)
    axes.step(times, value, where="post", color=pen.colour, linestyle=pen.dashes, label=label)


def _paint_rows(axes: Axes, d: _Drawing, rows: Sequence[at_risk.Row], left: float) -> None:
    """A small table under the axis, its columns at the ticks; headings are bold."""
    below = axes.get_xaxis_transform()
    for i, row in enumerate(rows):
        y = -(_FIRST_ROW + _ROW * i) / _HEIGHT
        name = short_arm(d.trial, row.arm) if row.arm else ""
        label = row.label or textwrap.shorten(name, _LABEL_CHARACTERS, placeholder="…")
        colour = PENS[row.arm].colour if row.arm else BLACK
        weight = "normal" if row.cells else "bold"
        whole = axes.transAxes
        axes.text(left, y, label, color=colour, weight=weight, transform=whole, size=6.5)
        for time, text in zip(d.axis.ticks, row.cells, strict=False):
            axes.text(time, y, text, transform=below, ha="center", size=6.5)


def short_arm(trial: Trial, arm: Group) -> str:
    """An arm where there is little room."""
    return trial.arm.label(arm).removesuffix(" group").removesuffix(" arm")
