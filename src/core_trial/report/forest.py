"""Table 2's effects as a forest plot: ratios on a log scale, differences in standard deviations.

Below them stand the effects on absolute scales, each in its own unit.

A ratio below 1 means rarer or fewer, whatever it is of: a hazard ratio below 1 is a longer time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.declaration.outcomes import AnyOutcome, Time
from core_trial.declaration.trial import Trial
from core_trial.report import cells, number
from core_trial.report.figure import BLACK, GREY, Figure, blank, place
from core_trial.report.labels import wrapped
from core_trial.report.styles import LANCET, Style
from core_trial.report.table2 import printed
from core_trial.results import Estimate, Results
from core_trial.results.measures import RATIOS, Measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

#: Ratios and standardised differences beyond these are cut, with an arrow.
RATIO_LIMITS = (0.25, 4.0)
DIFFERENCE_LIMITS = (-1.0, 1.0)
_RATIO_TICKS = (0.25, 0.5, 1, 2, 4)
_DIFFERENCE_TICKS = (-1, -0.5, 0, 0.5, 1)
#: Labels and plot, as parts of the width.
_LABELS, _PLOT = 0.425, 0.305
#: Millimetres: a row, and the room above and below a panel.
_ROW_HEIGHT, _ABOVE, _BELOW = 4.6, 7.0, 13.0
#: Characters to a millimetre of a label.
_CHARACTERS = 0.95
#: Where labels and texts begin, in widths of the plot.
_AT_LABELS, _AT_TEXTS = 0.04 - _LABELS / _PLOT, 1.04
NOTE = (
    "Squares: estimates; lines: 95% confidence intervals; an arrow: the interval goes on. "
    "Differences in means are drawn in units of the outcome’s standard deviation, pooled over the "
    "arms, and printed in units of the scale. ↑ higher is better; ↓ lower is better."
)
#: Panels of effects on absolute scales: title, axis, and where the estimates stand.
_ABSOLUTE_PANELS = (
    ("Differences in risk", "Risk difference, percentage points", ("risk_difference",)),
    (
        "Differences in mean times and counts",
        "Difference in the unit of the outcome",
        ("restricted_mean", "difference_in_means"),
    ),
)
_BETTER = {"higher": " ↑", "lower": " ↓", "": ""}
#: A longer time is a smaller hazard.
_REVERSED = {"higher": "lower", "lower": "higher", "": ""}
#: Em spaces, which an SVG keeps, between the two directions.
_BETWEEN = "\u2003" * 2
_DIRECTION = {True: "← rarer or fewer", False: "← lower"}
_OTHER_WAY = {True: "more often or more →", False: "higher →"}


@dataclass(frozen=True, slots=True)
class Effect:
    """One row: its label, the effect as text, and where it is drawn.

    Parameters
    ----------
    label, text
        What stands left and right of the drawing.
    value, low, high
        Ratio, or difference in standard deviations; ``nan`` when there is nothing to draw.
    """

    label: str
    text: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Panel:
    """Effects on one scale."""

    title: str
    axis: str
    effects: tuple[Effect, ...]
    limits: tuple[float, float]
    ticks: tuple[float, ...]
    none: float

    @property
    def ratio(self) -> bool:
        """Whether the scale is logarithmic."""
        return self.none == 1


def forest(results: Results, trial: Trial, style: Style = LANCET) -> Figure | None:
    """Draw every effect of Table 2; None where there is none.

    Parameters
    ----------
    results
        Estimates, and the standard deviations by arm with which differences are standardised.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    drawn = (
        _ratios(results, trial, style),
        _differences(results, trial, style),
        *_absolute(results, trial, style),
    )
    panels = [panel for panel in drawn if panel.effects]
    if not panels:
        return None
    return Figure(
        name="forest",
        title="Effect of the intervention on every outcome",
        alt=_alternative(panels),
        paint=partial(_paint, panels, style),
        note=cells.note(results, NOTE),
        width=style.columns[1],
    )


def pooled_sd(results: Results, analysis: str) -> float:
    """Standard deviation of an outcome within arms, weighted by degrees of freedom."""
    arms = [cells.values(results, cells.Place(analysis, arm), "n", "sd") for arm in PRINTED_ARMS]
    freedom = sum(n - 1 for n, _ in arms)
    squares = sum((n - 1) * sd**2 for n, sd in arms)
    return math.sqrt(squares / freedom) if freedom > 0 else math.nan


def _ratios(results: Results, trial: Trial, style: Style) -> Panel:
    effects = (
        _effect(_directed(line), found, 1.0, style)
        for line, found in _estimates(results, trial)
        if Measure(found.measure) in RATIOS
    )
    return Panel("Ratios", "Ratio, log scale", tuple(effects), RATIO_LIMITS, _RATIO_TICKS, none=1.0)


def _differences(results: Results, trial: Trial, style: Style) -> Panel:
    effects = (
        _effect(_directed(line), found, pooled_sd(results, line.key), style)
        for line, found in _estimates(results, trial)
        if Measure(found.measure) not in RATIOS
    )
    return Panel(
        "Differences in means",
        "Difference in standard deviations",
        tuple(effects),
        DIFFERENCE_LIMITS,
        _DIFFERENCE_TICKS,
        none=0.0,
    )


def _absolute(results: Results, trial: Trial, style: Style) -> Iterator[Panel]:
    """Effects on absolute scales: risks in percentage points, times and counts in their units."""
    for title, unit, levels in _ABSOLUTE_PANELS:
        found = [
            (outcome, estimate)
            for outcome in printed(trial)
            for level in levels
            if (estimate := results.get_estimate(outcome.key, level)) is not None
        ]
        effects = tuple(
            Effect(
                f"{outcome.title}{_BETTER[outcome.better]}",
                cells.association(estimate, style) if shown else style.not_estimable,
                *(cells.limits(estimate) if shown else (math.nan,) * 3),
            )
            for outcome, estimate in found
            for shown in (cells.believable(estimate),)
        )
        reach = _reach(effects)
        yield Panel(title, unit, effects, (-reach, reach), (-reach, 0.0, reach), none=0.0)


def _reach(effects: Sequence[Effect]) -> float:
    """A round number that every interval stays within."""
    ends = [abs(x) for e in effects for x in (e.low, e.high) if math.isfinite(x)]
    largest = max(ends, default=1.0) or 1.0
    power = 10.0 ** math.floor(math.log10(largest))
    return next(step * power for step in (1, 2, 3, 5, 10) if step * power >= largest)


def _estimates(results: Results, trial: Trial) -> Iterator[tuple[AnyOutcome, Estimate]]:
    for outcome in printed(trial):
        if (found := results.get_estimate(outcome.key)) is not None:
            yield outcome, found


def _directed(outcome: AnyOutcome) -> str:
    """The label with an arrow to where it is better; of a time the ratio is that of hazards."""
    if isinstance(outcome, Time):
        return f"{outcome.title}: hazard{_BETTER[_REVERSED[outcome.better]]}"
    return outcome.title + _BETTER[outcome.better]


def _effect(label: str, estimate: Estimate, unit: float, style: Style) -> Effect:
    if not cells.believable(estimate):
        return Effect(label, style.not_estimable, math.nan, math.nan, math.nan)
    value, low, high = (x / unit for x in (estimate.estimate, estimate.low, estimate.high))
    return Effect(label, cells.association(estimate, style), value, low, high)


def _alternative(panels: Sequence[Panel]) -> str:
    parts = ["Forest plot of the effects that Table 2 prints."]
    for panel in panels:
        rows = "; ".join(f"{e.label.rstrip(' ↑↓')}, {e.text}" for e in panel.effects)
        parts.append(f"{panel.title}: {rows}.")
    return " ".join(parts)


def _paint(panels: Sequence[Panel], style: Style, width: float) -> Drawing:
    heights = [_ROW_HEIGHT * len(panel.effects) for panel in panels]
    drawing = blank(width, sum(heights) + (_ABOVE + _BELOW) * len(panels))
    top = _ABOVE
    for panel, height in zip(panels, heights, strict=True):
        axes = place(drawing, left=_LABELS * width, top=top, width=_PLOT * width, height=height)
        _paint_panel(axes, panel, style, int(_CHARACTERS * _LABELS * width))
        top += height + _BELOW + _ABOVE
    return drawing


def _paint_panel(axes: Axes, panel: Panel, style: Style, across: int) -> None:
    if panel.ratio:
        axes.set_xscale("log")
        axes.minorticks_off()
    axes.set(xlim=panel.limits, ylim=(len(panel.effects) - 0.5, -0.5), yticks=[])
    axes.set_xticks(panel.ticks, [_tick(tick, style) for tick in panel.ticks])
    axes.spines["left"].set_visible(False)
    axes.axvline(panel.none, color=GREY, linewidth=0.6, zorder=0)
    sides = _DIRECTION[panel.ratio], _OTHER_WAY[panel.ratio]
    axes.set_xlabel(f"{panel.axis}\n{_BETWEEN.join(sides)}")
    axes.text(_AT_LABELS, -0.9, panel.title, weight="bold", transform=axes.get_yaxis_transform())
    for row, effect in enumerate(panel.effects):
        _paint_effect(axes, panel, row, replace(effect, label=wrapped(effect.label, across)))


def _tick(value: float, style: Style) -> str:
    return number.fixed(value, 0 if value == int(value) else 2 if abs(value) < 0.5 else 1, style)


def _paint_effect(axes: Axes, panel: Panel, row: int, effect: Effect) -> None:
    """Label, line with arrows where it is cut, square, and the effect in words."""
    left = axes.get_yaxis_transform()
    axes.text(
        _AT_LABELS, row, effect.label, transform=left, va="center", size=6.5, linespacing=0.95
    )
    axes.text(_AT_TEXTS, row, effect.text, transform=left, va="center", size=6.5)
    if math.isnan(effect.value):
        return
    low, high = (min(max(x, panel.limits[0]), panel.limits[1]) for x in (effect.low, effect.high))
    axes.plot([low, high], [row, row], color=BLACK, linewidth=0.9, solid_capstyle="butt")
    for end, limit, marker in ((effect.low, low, "<"), (effect.high, high, ">")):
        if end != limit:
            axes.plot(limit, row, marker=marker, color=BLACK, markersize=3, clip_on=False)
    if panel.limits[0] <= effect.value <= panel.limits[1]:
        axes.plot(effect.value, row, marker="s", color=BLACK, markersize=3.2)
