"""Are residuals of the linear models normal? Their quantiles against those of a normal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from core_trial.report import number
from core_trial.report.figure import BLACK, GREY, TWO_COLUMNS, VERMILLION, Figure, blank
from core_trial.report.labels import OUTCOMES
from core_trial.report.number import LANCET, Style
from core_trial.report.panels import Grid, grid, ticks
from core_trial.results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

PREFIX = "normality."
#: What is set against a normal: key of the records, label, colour and marker.
SERIES = {
    "residual": ("Residuals", BLACK, "."),
    "random_effect": ("Predicted effects of peer support workers", VERMILLION, "^"),
}
LAYOUT = Grid(columns=4, left=9, top=12, width=31, height=31, across=11, down=13)

Points = tuple[Sequence[float], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Panel:
    """One outcome: normal and observed quantiles by series, and the skewness of the residuals."""

    label: str
    series: Mapping[str, Points]
    skewness: float


def normal_plots(results: Results, style: Style = LANCET) -> Figure | None:
    """A normal plot for every outcome with a linear model; None when there are no records.

    Parameters
    ----------
    results
        Quantiles and skewness of the standardised residuals.
    style
        How numbers are spelt.
    """
    found = (_panel(results, PREFIX + name, label) for name, label in OUTCOMES.items())
    panels = [panel for panel in found if panel.series]
    if not panels:
        return None
    skewed = "; ".join(f"{p.label}, {number.fixed(p.skewness, 1, style)}" for p in panels)
    return Figure(
        name="normal_plots",
        title="Residuals of the linear models against a normal distribution",
        alt=(
            "Normal plots of standardised residuals, a panel for every outcome; points on the "
            f"diagonal are normal. Skewness of the residuals: {skewed}."
        ),
        paint=partial(_paint, panels, style),
        note="Across: normal quantiles; up: observed quantiles, both in standard deviations. "
        "Triangles: predicted effects of peer support workers, where their variance is not zero.",
    )


def _panel(results: Results, analysis: str, label: str) -> Panel:
    series = {name: points for name in SERIES if (points := _points(results, analysis, name))[0]}
    return Panel(label, series, results.value(analysis, "skewness", "", "residual"))


def _points(results: Results, analysis: str, name: str) -> Points:
    """Pairs of quantiles, in the order of their numbers, until there is none."""
    normal: list[float] = []
    observed: list[float] = []
    while not math.isnan(
        value := results.value(analysis, "normal", "", f"{name} {len(normal) + 1}")
    ):
        normal.append(value)
        observed.append(results.value(analysis, "observed", "", f"{name} {len(normal)}"))
    return normal, observed


def _paint(panels: Sequence[Panel], style: Style) -> Drawing:
    drawing = blank(TWO_COLUMNS, LAYOUT.full_height(len(panels)))
    for axes, panel in zip(grid(drawing, LAYOUT, len(panels)), panels, strict=True):
        _paint_panel(axes, panel, style)
    return drawing


def _paint_panel(axes: Axes, panel: Panel, style: Style) -> None:
    ends = max(abs(x) for points in panel.series.values() for part in points for x in part) * 1.05
    axes.plot([-ends, ends], [-ends, ends], color=GREY, linewidth=0.6, zorder=0)
    for name, (normal, observed) in panel.series.items():
        _, colour, marker = SERIES[name]
        axes.plot(normal, observed, marker, color=colour, markersize=2.2, markeredgewidth=0)
    axes.set(xlim=(-ends, ends), ylim=(-ends, ends))
    axes.set_title(_two_lines(panel.label), fontsize=6)
    step = 2 if ends < 6 else 4
    at = range(-step * int(ends // step), int(ends) + 1, step)
    for axis in (axes.xaxis, axes.yaxis):
        ticks(axis, at, 0, style)


def _two_lines(label: str) -> str:
    """A long label broken near its middle."""
    words = label.split()
    breaks = (abs(len(" ".join(words[:i])) - len(label) / 2) for i in range(len(words)))
    at = min(enumerate(breaks), key=lambda pair: pair[1])[0]
    return " ".join(words[:at]) + "\n" + " ".join(words[at:]) if len(label) > 28 else label
