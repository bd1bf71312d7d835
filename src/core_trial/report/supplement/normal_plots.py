"""Normal plots of the linear models' residuals and random effects, one panel an outcome."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from core_trial.declaration.trial import Trial
from core_trial.report import cells, labels, number
from core_trial.report.figure import BLUE, GREY, VERMILLION, Figure, blank
from core_trial.report.styles import LANCET, Style
from core_trial.report.supplement.assumptions import LEVELS
from core_trial.report.supplement.panels import Grid, grid, ticks
from core_trial.results import QuantilePair, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

Points = Sequence[tuple[float, float]]
#: Standard deviations to which the panels reach at least.
REACH = 3.0
_TICKS = (-3, 0, 3)
#: Colour, marker and whether it is filled, of residuals and of random effects.
_MARKS: Mapping[str, tuple[str, str, bool]] = MappingProxyType(
    {"residual": (BLUE, "o", True), "random_effect": (VERMILLION, "s", False)}
)
_GRID = Grid(columns=5, left=10, top=11, width=25, height=25, across=8, down=17)
NOTE = (
    "Quantiles of standardised residuals, and of the clusters’ predicted random effects, "
    "against those of the normal distribution; on the line, they agree. Where no squares "
    "are drawn, the fitted variance between clusters is zero."
)


@dataclass(frozen=True, slots=True)
class NormalPlot:
    """One outcome's points (normal quantile, observed quantile) by level, and the skewnesses."""

    label: str
    points: Mapping[str, Points]
    skewness: Mapping[str, float]


def normal_plots(results: Results, trial: Trial, style: Style = LANCET) -> Figure | None:
    """Draw residuals and random effects against the normal; None without any.

    Parameters
    ----------
    results
        Holds a `QuantilePair` for each point, and ``skewness``.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    named = labels.outcomes(trial).items()
    plots = [plot for name, label in named if (plot := _plot(results, name, label)).points]
    if not plots:
        return None
    return Figure(
        name="normal_plots",
        title="Linear models: normal plots of residuals and random effects",
        alt=_alternative(plots, style),
        paint=partial(_paint, plots, style),
        width=style.columns[1],
        note=cells.note(results, NOTE),
    )


def _plot(results: Results, name: str, label: str) -> NormalPlot:
    analysis = f"normality.{name}"
    found = {level: _points(results, analysis, level) for level in LEVELS}
    present = {level: points for level, points in found.items() if points}
    skewness = {level: results.get(analysis, "skewness", "", level) for level in present}
    return NormalPlot(label, present, skewness)


def _points(results: Results, analysis: str, level: str) -> Points:
    """The pairs of quantiles, in the order of their places."""
    pairs = (r for r in results if isinstance(r, QuantilePair) and r.analysis == analysis)
    own = sorted((r for r in pairs if r.level == level), key=lambda pair: pair.number)
    return [(pair.normal, pair.observed) for pair in own]


def _alternative(plots: Sequence[NormalPlot], style: Style) -> str:
    told = "; ".join(
        f"{plot.label} {number.fixed(skewness, 2, style)}"
        for plot in plots
        if (skewness := plot.skewness.get("residual")) is not None
    )
    return f"Normal plots, one for each linear model. Skewness of the residuals: {told}."


def _paint(plots: Sequence[NormalPlot], style: Style, width: float) -> Drawing:
    n, layout = len(plots), _GRID.fitted(width)
    drawing = blank(width, layout.full_height(n + 1))
    *panels, legend = grid(drawing, layout, n + 1)
    drawn = [abs(x) for p in plots for points in p.points.values() for pair in points for x in pair]
    reach = max(REACH, *drawn) + 0.3
    for i, (axes, plot) in enumerate(zip(panels, plots, strict=True)):
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
        _paint_panel(axes, plot, style)
        if i % _GRID.columns == 0:
            axes.set_ylabel("Observed quantile")
        if i + _GRID.columns >= n:
            axes.set_xlabel("Normal quantile")
    legend.set_axis_off()
    legend.legend(*panels[0].get_legend_handles_labels(), loc="center left")
    return drawing


def _paint_panel(axes: Axes, plot: NormalPlot, style: Style) -> None:
    ticks(axes.xaxis, _TICKS, 0, style)
    ticks(axes.yaxis, _TICKS, 0, style)
    axes.axline((0, 0), slope=1, color=GREY, linewidth=0.6, zorder=0)
    for level, (colour, marker, filled) in _MARKS.items():
        x, y = zip(*plot.points.get(level, [(math.nan, math.nan)]), strict=True)
        axes.plot(
            x,
            y,
            linestyle="",
            marker=marker,
            markersize=1.9,
            markeredgewidth=0.5,
            color=colour,
            markerfacecolor=colour if filled else "none",
            label=LEVELS[level],
        )
    axes.set_title(labels.wrapped(plot.label, 25), loc="left", size=6.2)
