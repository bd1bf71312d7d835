"""Who was at risk when: the rows sorted once, and where each risk set begins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

from core_trial.models.choices import refuse_choice
from core_trial.models.clusters import Ints
from core_trial.models.inference import Floats

Ties = Literal["breslow", "efron"]


@dataclass(frozen=True, slots=True, eq=False)
class RiskSets:
    """Who was at risk when, for n rows with m distinct event times (counted within strata).

    Every row is kept in order of stratum and time. An event time contributes one *term* to the
    likelihood (Breslow) or one for each of its events (Efron); there are K terms in all.

    Parameters
    ----------
    order
        Rows sorted by stratum, then time, shape (n,). All else follows this order.
    event
        1 for rows that end in an event (with case weights the row's weight), else 0, shape (n,).
    rows, moment
        The rows with an event, and the event time of each, shape (n_events,).
    strata
        First and past-the-last row of each stratum.
    edges, spans
        First row of each interval between event times, strata apart, ascending; and first and
        past-the-last interval of each stratum.
    opens
        The interval that begins with each event time, shape (m,).
    time
        The event times, shape (m,).
    deaths
        Events at each event time, shape (m,); with case weights the sum of their weights.
    seen
        Event times up to and including the row's own, counted over all strata, shape (n,).
    before
        Event times in earlier strata, shape (n,), or 0 without strata.
    group, fraction, weight
        Event time of each term, the share of tied events that has left its risk set, and how many
        events it stands for, shape (K,); with case weights Breslow's term stands for the sum of its
        events' weights and each of Efron's for their mean.
    starts
        First term of each event time, shape (m,).
    ties
        How tied events are handled.
    late, skipped
        The rows that come under observation after an event time of their stratum, shape (l,), and
        the last event time that each of them misses, shape (l,); None if there is no such row.
    case
        Case weight of each row, shape (n,); None where each counts once.
    """

    order: Ints
    event: Floats
    rows: Ints
    moment: Ints
    strata: tuple[tuple[int, int], ...]
    edges: Ints
    spans: tuple[tuple[int, int], ...]
    opens: Ints
    time: Floats
    deaths: Floats
    seen: Ints
    before: Ints | int
    group: Ints
    fraction: Floats
    weight: Floats
    starts: Ints
    ties: Ties
    late: Ints | None = None
    skipped: Ints | None = None
    case: Floats | None = None

    @property
    def n_events(self) -> int:
        """Number of events."""
        return len(self.rows)


def risk_sets(
    time: Floats,
    event: Floats,
    strata: Ints | None = None,
    ties: Ties = "breslow",
    *,
    entry: Floats | None = None,
    case: Floats | None = None,
) -> RiskSets:
    """Sort once, and note where each risk set begins.

    Parameters
    ----------
    time
        Follow-up times, shape (n,).
    event
        1 for an event, 0 for a censored row, shape (n,).
    strata
        Stratum of each row as an integer, shape (n,); None for one stratum.
    ties
        ``"breslow"`` or ``"efron"``.
    entry
        When each row comes under observation, shape (n,): it is at risk for events after that, up
        to and including its own time. None where all are from the start.
    case
        Positive case weights, shape (n,); None where each row counts once.
    """
    n = len(time)
    order = np.argsort(time, kind="stable") if strata is None else np.lexsort((time, strata))
    t, d = time[order], event[order]
    fresh = np.empty(n, dtype=bool)
    fresh[0], fresh[1:] = True, t[1:] != t[:-1]
    bounds: tuple[tuple[int, int], ...] = ((0, n),)
    if strata is not None:
        s = strata[order]
        cut = np.flatnonzero(s[1:] != s[:-1]) + 1
        fresh[cut] = True
        bounds = tuple(pairwise([0, *cut.tolist(), n]))
    rows = np.flatnonzero(d)
    block = np.cumsum(fresh) - 1
    per_block = np.bincount(block[rows], minlength=int(block[-1]) + 1)
    with_event = per_block > 0
    first = np.flatnonzero(fresh)[with_event]
    deaths = per_block[with_event]
    seen = np.cumsum(with_event)[block]
    before: Ints | int = 0
    edges, opens = first, np.arange(len(first))
    spans: tuple[tuple[int, int], ...] = ((0, len(first)),)
    if strata is not None:
        lows = np.array([low for low, _ in bounds])
        before = np.repeat(np.searchsorted(first, lows), [high - low for low, high in bounds])
        edges = np.union1d(first, lows)
        opens = np.searchsorted(edges, first)
        spans = tuple(pairwise([*np.searchsorted(edges, lows).tolist(), len(edges)]))
    group, fraction, weight, starts = _terms(deaths, ties)
    found = RiskSets(
        order, d, rows, seen[rows] - 1, bounds, edges, spans, opens,
        t[first], deaths.astype(float), seen, before,
        group, fraction, weight, starts, ties,
    )  # fmt: skip
    if entry is not None:
        found = _entering(found, entry[order])
    return found if case is None else _weighted(found, case[order])


def _entering(risk: RiskSets, entry: Floats) -> RiskSets:
    """The risk sets when rows come under observation at these times, in the order of `risk`."""
    missed = np.empty(len(entry), dtype=np.intp)
    for low, high in risk.strata:
        ever = int(np.broadcast_to(risk.before, risk.seen.shape)[low])
        times = risk.time[ever : risk.seen[high - 1]]
        missed[low:high] = ever + np.searchsorted(times, entry[low:high], side="right")
    late = np.flatnonzero(missed > risk.before)
    return replace(risk, late=late, skipped=missed[late] - 1) if len(late) else risk


def _weighted(risk: RiskSets, case: Floats) -> RiskSets:
    """The risk sets when rows count with these weights, in the order of `risk`."""
    m = len(risk.time)
    total = np.bincount(risk.moment, weights=case[risk.rows], minlength=m).astype(float)
    weight: Floats = total if risk.ties == "breslow" else (total / risk.deaths)[risk.group]
    return replace(risk, event=risk.event * case, deaths=total, weight=weight, case=case)


def _terms(deaths: Ints, ties: Ties) -> tuple[Ints, Floats, Floats, Ints]:
    """Group, fraction and weight of each term, and where each group begins."""
    m = len(deaths)
    why = "; the exact rule is another model, for truly discrete times" * (str(ties) == "exact")
    refuse_choice("ties", ties, ("breslow", "efron"), why=why)
    if ties == "breslow":
        return np.arange(m), np.zeros(m), deaths.astype(float), np.arange(m)
    group = np.repeat(np.arange(m), deaths)
    starts = np.cumsum(deaths) - deaths
    rank = np.arange(len(group)) - starts[group]
    return group, rank / deaths[group], np.ones(len(group)), starts
