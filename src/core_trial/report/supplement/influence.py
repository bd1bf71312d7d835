"""How far each estimate depends on one cluster: estimates without each in turn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from core_trial.declaration.covariates import in_words
from core_trial.declaration.trial import Trial
from core_trial.report import cells, labels, number
from core_trial.report.figure import BLACK, BLUE, GREY, Figure, blank, place
from core_trial.report.styles import LANCET, Style
from core_trial.report.supplement.panels import ticks
from core_trial.report.table import Row, Table
from core_trial.results import Estimate, LeaveOneOut, Results
from core_trial.results.measures import RATIOS, Measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

#: Millimetres: labels, plot, a row, room above and below.
_LABELS, _PLOT = 0.34, 0.305
#: Millimetres: a row, and the room above and below.
_ROW, _ABOVE, _BELOW = 6.4, 7.0, 12.0
#: Where labels and texts begin, in widths of the plot.
_AT_LABELS, _AT_FULL, _AT_RANGE = 0.04 - _LABELS / _PLOT, 1.05, 1.72
#: Lanes in which the dots of one row are laid so that few hide another, in rows.
_LANES = (0.0, 0.16, -0.16, 0.08, -0.08, 0.24, -0.24)
_BAND = "#d4d4d4"
FIGURE_NOTE = (
    "Each dot is the estimate without one {cluster} and all participants there. Band: "
    "95% CI of the full estimate; upright stroke: no difference, where it is in sight. In standard "
    "errors of the full estimate (for ratios, of its logarithm), so that outcomes can be compared."
)
TABLE_NOTE = (
    "Lowest and highest of the estimates, and of their p values, without one {cluster} and all "
    "participants there."
)


@dataclass(frozen=True, slots=True)
class Influence:
    """One outcome's full estimate, and the estimates and p values without each cluster.

    `refitted` of them are fits of their own, the others one step from the full one.
    """

    label: str
    full: Estimate
    estimates: tuple[float, ...]
    p_values: tuple[float, ...]
    refitted: int

    @property
    def ratio(self) -> bool:
        """Whether the effect is a ratio."""
        return Measure(self.full.measure) in RATIOS

    def scaled(self, value: float) -> float:
        """How far a value lies from the full estimate, in its standard errors."""
        full = self.full.estimate
        return (math.log(value / full) if self.ratio else value - full) / self.full.std_error

    @property
    def none(self) -> float:
        """Where no difference lies on the same scale."""
        return self.scaled(1.0 if self.ratio else 0.0)


def influences(results: Results, trial: Trial) -> list[Influence]:
    """Every outcome with an estimate and with estimates without single clusters."""
    found = []
    for name, label in labels.outcomes(trial).items():
        full = results.get_estimate(name)
        if full is not None and cells.believable(full) and full.std_error > 0:
            without = _without(results, name)
            found += [_of(label, full, without)] if without else []
    return found


def influence_table(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """The range of every estimate and p value without one cluster.

    Parameters
    ----------
    results
        Holds the estimates, and those without each cluster.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    rows = tuple(Row(found.label, _cells(found, style)) for found in influences(results, trial))
    note = TABLE_NOTE.format(cluster=_cluster(trial)) + _steps(results, trial)
    return Table(
        name="influence",
        title=_title(trial),
        head=(
            *(
                "Outcome",
                in_words(_clusters(trial)),
                "Full estimate (95% CI)",
                number.p_head(style),
            ),
            *("Estimates without one", f"{style.p.letter} values without one"),
        ),
        rows=rows,
        footnotes=cells.footnotes(results, trial, "influence", rows, note),
        remark=cells.remark(results),
    )


def influence_figure(results: Results, trial: Trial, style: Style = LANCET) -> Figure | None:
    """Draw the estimates without each cluster around the full one; None without any."""
    found = influences(results, trial)
    if not found:
        return None
    return Figure(
        name="influence_of_clusters",
        title=_title(trial),
        alt=_alternative(found, trial, style),
        paint=partial(_paint, found, style),
        width=style.columns[1],
        note=cells.note(
            results, FIGURE_NOTE.format(cluster=_cluster(trial)) + _steps(results, trial)
        ),
    )


def _cluster(trial: Trial) -> str:
    return trial.cluster.label if trial.cluster else "cluster"


def _clusters(trial: Trial) -> str:
    return trial.cluster.labels if trial.cluster else "clusters"


def _steps(results: Results, trial: Trial) -> str:
    """What is said where not every fit was made anew."""
    if all(f.refitted == len(f.estimates) for f in influences(results, trial)):
        return ""
    return (
        f" The model was fitted anew without those {_clusters(trial)} that change the estimate "
        "most; without the others it is one step from the full estimate."
    )


def _title(trial: Trial) -> str:
    return f"Estimates without single {_clusters(trial)}"


def _without(results: Results, name: str) -> list[LeaveOneOut]:
    """The estimates of one outcome without each cluster, where there is one."""
    found = (r for r in results if isinstance(r, LeaveOneOut) and r.analysis == name)
    return [r for r in found if not math.isnan(r.estimate)]


def _of(label: str, full: Estimate, without: Sequence[LeaveOneOut]) -> Influence:
    return Influence(
        label,
        full,
        tuple(r.estimate for r in without),
        tuple(r.p_value for r in without if not math.isnan(r.p_value)) or (math.nan,),
        sum(r.exact for r in without),
    )


def _cells(found: Influence, style: Style) -> tuple[str, ...]:
    lowest, highest = (number.p_value(f(found.p_values), style) for f in (min, max))
    return (
        number.count(len(found.estimates), style),
        cells.association(found.full, style),
        cells.p_value(found.full, style),
        _range(found, style),
        f"{lowest} to {highest}",
    )


def _range(found: Influence, style: Style) -> str:
    return number.interval(min(found.estimates), max(found.estimates), 2, style)


def _alternative(found: Sequence[Influence], trial: Trial, style: Style) -> str:
    rows = "; ".join(
        f"{f.label}, {cells.association(f.full, style)}, without one {_range(f, style)}"
        for f in found
    )
    return f"Dot plot of the estimates without each {_cluster(trial)} in turn. {rows}."


def _paint(found: Sequence[Influence], style: Style, width: float) -> Drawing:
    height = _ROW * len(found)
    drawing = blank(width, height + _ABOVE + _BELOW)
    axes = place(drawing, left=_LABELS * width, top=_ABOVE, width=_PLOT * width, height=height)
    reach = math.ceil(max(2.1, *(abs(f.scaled(x)) for f in found for x in f.estimates)) + 0.1)
    axes.set(xlim=(-reach, reach), ylim=(len(found) - 0.5, -0.5))
    ticks(axes.xaxis, range(-reach, reach + 1), 0, style)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.axvline(0, color=GREY, linewidth=0.6, zorder=1)
    axes.set_xlabel("Change of the estimate, in standard errors")
    for x, text in ((_AT_FULL, "Full estimate (95% CI)"), (_AT_RANGE, "Without one")):
        axes.text(x, 1.015, text, transform=axes.transAxes, weight="bold", size=6.5)
    for row, influence in enumerate(found):
        _paint_row(axes, row, influence, reach, style)
    return drawing


def _paint_row(axes: Axes, row: int, found: Influence, reach: int, style: Style) -> None:
    at = axes.get_yaxis_transform()
    texts = {
        _AT_LABELS: labels.wrapped(found.label, 48),
        _AT_FULL: cells.association(found.full, style),
        _AT_RANGE: _range(found, style),
    }
    for x, text in texts.items():
        axes.text(x, row, text, transform=at, va="center", size=6.5, linespacing=1.05)
    ends = [found.scaled(x) for x in (found.full.low, found.full.high)]
    axes.plot(ends, [row, row], color=_BAND, linewidth=6, solid_capstyle="butt", zorder=0)
    if abs(found.none) < reach:
        axes.plot([found.none] * 2, [row - 0.36, row + 0.36], color=BLACK, linewidth=0.9)
    changes = sorted(found.scaled(x) for x in found.estimates)
    lanes = [row + _LANES[i % len(_LANES)] for i in range(len(changes))]
    axes.plot(changes, lanes, "o", color=BLUE, markersize=1.7, alpha=0.8, markeredgewidth=0)
