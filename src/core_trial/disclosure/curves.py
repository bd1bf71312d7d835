"""Survival curves coarsened until every step and every group of censored people is large."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.declaration.outcomes import Time
from core_trial.declaration.trial import Trial
from core_trial.disclosure.counts import OTHERS, same_events
from core_trial.disclosure.hidden import Hidden
from core_trial.results import CurvePoint, Key, Results


def curves(results: Results, trial: Trial, hidden: Hidden) -> Iterator[CurvePoint]:
    """The curves of the arms whose counts of events are told, coarsened."""
    binary = {time: name for name, time in same_events(trial)}
    for outcome in (o for o in trial.outcomes if isinstance(o, Time)):
        name = binary.get(outcome.key, outcome.key)
        for arm in map(str, PRINTED_ARMS):
            counts = {Key(name, s, arm) for s in ("n", "N", OTHERS)}
            if counts.isdisjoint(hidden.counts):
                found = results.find("curve", analysis=outcome.key, arm=arm)
                points = [p for p in found if isinstance(p, CurvePoint)]
                yield from coarse(sorted(points, key=lambda p: p.time), hidden.threshold)


def coarse(points: Sequence[CurvePoint], threshold: int) -> list[CurvePoint]:
    """Join neighbouring steps until each has enough events, and enough censored or none.

    Parameters
    ----------
    points
        One curve, by time.
    threshold
        Least number of events, and of censored people where there are any.

    Returns
    -------
    list of CurvePoint
        Each stands at the end of its interval; `at_risk` is counted at the interval's start.
        Empty when the whole curve has too few of either.
    """
    groups: list[list[CurvePoint]] = [[]]
    for point in points:
        if _enough(groups[-1], threshold):
            groups.append([])
        groups[-1].append(point)
    while len(groups) > 1 and not _enough(groups[-1], threshold):
        last = groups.pop()
        groups[-1] += last
    return [_joined(group) for group in groups] if _enough(groups[-1], threshold) else []


def _enough(group: Sequence[CurvePoint], threshold: int) -> bool:
    events, censored = sum(p.events for p in group), sum(p.censored for p in group)
    large = [n >= threshold for n in (events, censored) if n > 0]
    return bool(large) and all(large)


def _joined(group: Sequence[CurvePoint]) -> CurvePoint:
    """One step for several; four decimals, for more would tell of the steps inside."""
    last = group[-1]
    return replace(
        last,
        survival=round(last.survival, 4),
        low=round(last.low, 4),
        high=round(last.high, 4),
        at_risk=group[0].at_risk,
        events=sum(p.events for p in group),
        censored=sum(p.censored for p in group),
    )
