"""Small multiples: axes in rows and columns, with tick labels spelt like all other numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core_trial.report import number
from core_trial.report.figure import place
from core_trial.report.styles import Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure as Drawing


#: Room right of the last column, in millimetres.
_RIGHT = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A layout in millimetres.

    Parameters
    ----------
    columns
        Panels in a row.
    left, top
        Room before the first column and above the first row.
    width, height
        Of one panel's axes.
    across, down
        Room between columns and between rows.
    below
        Room below the last row.
    """

    columns: int
    left: float
    top: float
    width: float
    height: float
    across: float
    down: float
    below: float = 11.0

    def fitted(self, width: float) -> Grid:
        """The layout with panels that fill a width."""
        spare = width - self.left - (self.columns - 1) * self.across - _RIGHT
        return replace(self, width=spare / self.columns)

    def full_height(self, n: int) -> float:
        """Height of the drawing that holds so many panels."""
        rows = -(-n // self.columns)
        return self.top + rows * self.height + (rows - 1) * self.down + self.below

    def corner(self, i: int) -> tuple[float, float]:
        """Left and top of a panel, counted from 0 row by row."""
        row, column = divmod(i, self.columns)
        return (
            self.left + column * (self.width + self.across),
            self.top + row * (self.height + self.down),
        )


def grid(drawing: Drawing, layout: Grid, n: int) -> Iterator[Axes]:
    """Axes for so many panels, row by row."""
    for i in range(n):
        left, top = layout.corner(i)
        yield place(drawing, left=left, top=top, width=layout.width, height=layout.height)


def ticks(axis: Axis, values: Iterable[float], decimals: int, style: Style) -> None:
    """Ticks at these values and nowhere else."""
    at = list(values)
    axis.set_ticks(at, [number.fixed(value, decimals, style) for value in at])
    axis.set_ticks([], minor=True)
