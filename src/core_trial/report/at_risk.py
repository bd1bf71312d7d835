"""The rows under survival curves: at risk, censored, events.

Two layouts: that of the Lancet, the number at risk with the number censored in brackets; and that
of the KMunicate study, at risk, censored and events in a row each. At every time what is counted is
what was so just before it, so that the three of a row add up to everybody.

References
----------
Morris TP, Jarvis CI, Cragg W, et al. Proposals on Kaplan-Meier plots in medical research and a
survey of stakeholder views: KMunicate. BMJ Open 2019; 9: e030215.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core_trial.declaration.arms import Group
from core_trial.report import number
from core_trial.report.styles import Style
from core_trial.results import CurvePoint


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the small table.

    Parameters
    ----------
    label
        What stands at its left; the name of the arm is filled in where it is blank.
    arm
        Whose numbers they are; None for a heading.
    cells
        One text under each tick; none in a heading.
    """

    label: str
    arm: Group | None = None
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """How many are at risk, censored and with the event just before a time."""

    at_risk: int
    censored: int
    events: int


def at_risk(points: Sequence[CurvePoint], time: float) -> int:
    """Participants at risk just before a time."""
    return next((point.at_risk for point in points if point.time >= time), 0)


def state(points: Sequence[CurvePoint], time: float) -> State:
    """Everybody of one arm, sorted by what has become of them just before a time.

    Parameters
    ----------
    points
        Every step of the arm's curve, by time; not joined ones.
    """
    before = [point for point in points if point.time < time]
    everybody = points[0].at_risk if points else 0
    events = sum(point.events for point in before)
    left = at_risk(points, time)
    return State(left, everybody - left - events, events)


def rows(
    curves: Mapping[Group, Sequence[CurvePoint]],
    ticks: Sequence[float],
    style: Style,
    *,
    joined: bool = False,
) -> Iterator[Row]:
    """The rows under the ticks.

    Parameters
    ----------
    curves
        Points of each arm, by time.
    ticks
        The times.
    style
        Says which layout.
    joined
        Whether small steps were joined, so that only the number at risk is told.
    """
    if joined:
        yield Row("Number at risk")
        for arm, points in curves.items():
            yield Row("", arm, tuple(number.count(at_risk(points, t), style) for t in ticks))
    elif style.at_risk == "censored":
        yield Row("Number at risk (number censored)")
        for arm, points in curves.items():
            yield Row("", arm, tuple(_bracketed(state(points, t), style) for t in ticks))
    else:
        for arm, points in curves.items():
            yield from _three(arm, [state(points, t) for t in ticks], style)


def _bracketed(found: State, style: Style) -> str:
    return f"{number.count(found.at_risk, style)} ({number.count(found.censored, style)})"


def _three(arm: Group, found: Sequence[State], style: Style) -> Iterator[Row]:
    """The arm's name as a heading, then a row for each state."""
    yield Row("", arm)
    for label, values in (
        ("At risk", [s.at_risk for s in found]),
        ("Censored", [s.censored for s in found]),
        ("Events", [s.events for s in found]),
    ):
        yield Row(label, arm, tuple(number.count(value, style) for value in values))
