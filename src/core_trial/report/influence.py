"""How far each effect hangs on one peer support worker: every estimate without each in turn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from core_trial.report import cells, number
from core_trial.report.figure import BLACK, GREY, TWO_COLUMNS, VERMILLION, Figure, blank, place
from core_trial.report.labels import OUTCOMES
from core_trial.report.number import LANCET, Style
from core_trial.report.panels import ticks
from core_trial.report.table import Row, Table
from core_trial.results import Descriptive, Estimate, Results
from core_trial.vocabulary import RATIOS, Measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

PREFIX = "influence."
#: Millimetres: labels, plot, a row, and the room above and below.
_LABELS, _PLOT, _ROW, _ABOVE, _BELOW = 72.0, 92.0, 4.6, 3.0, 12.0


@dataclass(frozen=True, slots=True)
class Shifts:
    """One outcome without each worker: the estimates, and their shifts in standard errors."""

    analysis: str
    label: str
    estimates: tuple[float, ...]
    values: tuple[float, ...]

    @property
    def largest(self) -> float:
        """The move of the most influential worker, with its sign."""
        return max(self.values, key=abs)


def influence_figure(results: Results, style: Style = LANCET) -> Figure | None:
    """A strip of shifts for every outcome; None when there are no records.

    Parameters
    ----------
    results
        Estimates with standard errors, and the estimates without each worker.
    style
        How numbers are spelt.
    """
    shifts = list(_all_shifts(results))
    if not shifts:
        return None
    told = "; ".join(f"{s.label}, {number.fixed(s.largest, 2, style)}" for s in shifts)
    return Figure(
        name="influence_figure",
        title="Influence of single peer support workers",
        alt=(
            "For every outcome, the shift of the estimate without each peer support worker in "
            f"turn, in standard errors. Largest shift: {told}."
        ),
        paint=partial(_paint, shifts, style),
        note="Each tick: the estimate without one peer support worker and all whom they supported; "
        "ratios on the log scale. Triangle: the largest shift.",
    )


def influence_table(results: Results, style: Style = LANCET) -> Table:
    """The effect with every worker, and the lowest and highest without one of them."""
    rows = tuple(
        Row(shifts.label, tuple(_told(results, shifts, style))) for shifts in _all_shifts(results)
    )
    return Table(
        name="influence",
        title="Influence of single peer support workers",
        head=(
            *("Outcome", "Effect", "Lowest without one", "Highest without one"),
            "Largest shift (standard errors)",
        ),
        rows=rows,
    )


def _told(results: Results, shifts: Shifts, style: Style) -> Iterator[str]:
    whole = results.estimate(shifts.analysis)
    if whole is not None:
        yield cells.association(whole, style)
        for value in (min(shifts.estimates), max(shifts.estimates)):
            yield number.fixed(value, 2, style)
        yield number.fixed(shifts.largest, 2, style)


def _all_shifts(results: Results) -> Iterator[Shifts]:
    for name, label in OUTCOMES.items():
        whole = results.estimate(name)
        if whole is None or not cells.believable(whole) or not whole.std_error > 0:
            continue
        without = results.find("descriptive", analysis=PREFIX + name, statistic="estimate")
        told = [r.value for r in without if isinstance(r, Descriptive) and not math.isnan(r.value)]
        if told:
            yield Shifts(name, label, tuple(told), tuple(_shift(v, whole) for v in told))


def _shift(value: float, whole: Estimate) -> float:
    if Measure(whole.measure) in RATIOS:
        moved = math.log(value / whole.estimate)
    else:
        moved = value - whole.estimate
    return moved / whole.std_error


def _paint(shifts: Sequence[Shifts], style: Style) -> Drawing:
    height = _ROW * len(shifts)
    drawing = blank(TWO_COLUMNS, height + _ABOVE + _BELOW)
    axes = place(drawing, _LABELS, _ABOVE, _PLOT, height)
    ends = max(1.0, *(abs(s.largest) for s in shifts)) * 1.05
    axes.set(xlim=(-ends, ends), ylim=(len(shifts) - 0.5, -0.5), yticks=[])
    axes.set_xlabel("Shift of the estimate, in standard errors")
    axes.spines["left"].set_visible(False)
    axes.axvline(0, color=GREY, linewidth=0.6, zorder=0)
    for row, outcome in enumerate(shifts):
        _paint_row(axes, row, outcome)
    halves = math.floor(2 * ends)
    step = max(1, halves // 4)
    ticks(axes.xaxis, (k / 2 for k in range(-halves, halves + 1) if k % step == 0), 1, style)
    return drawing


def _paint_row(axes: Axes, row: int, outcome: Shifts) -> None:
    values = outcome.values
    at = (2.0 - _LABELS) / _PLOT
    axes.text(at, row, outcome.label, transform=axes.get_yaxis_transform(), va="center", size=6.5)
    axes.plot(values, [row] * len(values), "|", color=BLACK, markersize=5, markeredgewidth=0.5)
    axes.plot(outcome.largest, row, "^", color=VERMILLION, markersize=3.5, markeredgewidth=0)
