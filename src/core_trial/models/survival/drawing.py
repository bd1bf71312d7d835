"""Survival curves drawn, with the numbers at risk below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import ArrayLike

from core_trial.models.inference import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from core_trial.models.survival.cumulative_incidence import CumulativeIncidence
    from core_trial.models.survival.kaplan_meier import Curve, KaplanMeier

#: Height of a line of numbers at risk, and of the gap above them, in heights of its text.
LINE, GAP = 1.5, 4.5
#: Where the groups' names end, in points from the axis: left of the first number.
BESIDE = -16.0


def draw_curves(
    curves: KaplanMeier,
    ax: Axes | None = None,
    *,
    at_risk: ArrayLike | None = None,
    limits: bool = True,
    censored: bool = False,
) -> Axes:
    """Draw Kaplan-Meier curves as steps, from one at the origin.

    Parameters
    ----------
    curves
        As `kaplan_meier` returns them.
    ax, at_risk, limits, censored
        See `KaplanMeier.plot`.

    Returns
    -------
    Axes
        Those given, or new ones.
    """
    axes = plt.subplots()[1] if ax is None else ax
    end = max(float(curve.time[-1]) for curve in curves.values())
    for label, curve in curves.items():
        _draw(axes, label, curve, limits=limits, censored=censored)
    axes.set_xlim(0, end * 1.02)
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("Proportion without the event")
    if len(curves) > 1:
        axes.legend(title=curves.by, frameon=False)
    ticks = [t for t in axes.get_xticks() if 0 <= t <= end]
    _write_numbers(axes, curves, np.asarray(ticks if at_risk is None else at_risk, dtype=float))
    return axes


def _draw(axes: Axes, label: str, curve: Curve, *, limits: bool, censored: bool) -> None:
    def from_origin(values: Floats) -> Floats:
        return np.concatenate([[1.0], values])

    time = np.concatenate([[0.0], curve.time])
    (line,) = axes.step(time, from_origin(curve.survival), where="post", label=label)
    colour = line.get_color()
    if limits:
        low, high = from_origin(curve.low), from_origin(curve.high)
        axes.fill_between(time, low, high, step="post", alpha=0.15, color=colour, linewidth=0)
    if censored:
        left = curve.censored > 0
        axes.plot(curve.time[left], curve.survival[left], "|", color=colour)


def _write_numbers(axes: Axes, curves: KaplanMeier, times: Floats) -> None:
    """Lines of numbers at risk below the axis, one per curve, in points below it."""
    for row, (label, curve) in enumerate(curves.items()):
        down = -8 * (GAP + LINE * row)
        for time, number in zip(times.tolist(), curve.at_risk_at(times).tolist(), strict=True):
            _write(axes, str(number), (time, 0), (0, down), data=True)
        _write(axes, label or "At risk", (0, 0), (BESIDE, down), data=False)


def _write(
    axes: Axes, text: str, at: tuple[float, float], shift: tuple[float, float], *, data: bool
) -> None:
    axes.annotate(
        text,
        at,
        shift,
        xycoords=("data" if data else "axes fraction", "axes fraction"),
        textcoords="offset points",
        ha="center" if data else "right",
        fontsize=8,
    )


def draw_incidence(
    found: CumulativeIncidence, ax: Axes | None = None, *, limits: bool = True
) -> Axes:
    """Draw cumulative incidences as steps, from zero at the origin; see its ``plot``."""
    axes = plt.subplots()[1] if ax is None else ax
    for group, events in found.items():
        for event, curve in events.items():
            time, value, low, high = (
                np.concatenate([[0.0], v])
                for v in (curve.time, curve.incidence, curve.low, curve.high)
            )
            label = f"{group}: {event}" if group else event
            (line,) = axes.step(time, value, where="post", label=label)
            if limits:
                axes.fill_between(
                    time, low, high, step="post", alpha=0.15, color=line.get_color(), linewidth=0
                )
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("Cumulative incidence")
    axes.legend(frameon=False)
    return axes
