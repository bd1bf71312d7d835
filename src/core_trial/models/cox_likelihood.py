"""The partial likelihood: risk sets, its derivatives and the residuals that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core_trial.errors import DesignError
from core_trial.models.design import Ints
from core_trial.models.inference import Floats

Ties = Literal["breslow", "efron"]
#: Hazards that differ by more than exp() of this cannot be added up, nor believed.
WIDEST = 600.0


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
        Whether the row's time is an event, shape (n,).
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
        Events at each event time, shape (m,).
    seen
        Event times up to and including the row's own, counted over all strata, shape (n,).
    before
        Event times in earlier strata, shape (n,), or 0 without strata.
    group, fraction, weight
        Event time of each term, the share of tied events that has left its risk set, and how many
        events it stands for, shape (K,).
    starts
        First term of each event time, shape (m,).
    ties
        How tied events are handled.
    """

    order: Ints
    event: NDArray[np.bool_]
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

    @property
    def n_events(self) -> int:
        """Number of events."""
        return int(self.event.sum())


def risk_sets(
    time: Floats, event: Floats, strata: Ints | None = None, ties: Ties = "breslow"
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
    """
    n = len(time)
    order = np.argsort(time, kind="stable") if strata is None else np.lexsort((time, strata))
    t, d = time[order], event[order] > 0
    fresh = np.empty(n, dtype=bool)
    fresh[0], fresh[1:] = True, t[1:] != t[:-1]
    bounds: tuple[tuple[int, int], ...] = ((0, n),)
    if strata is not None:
        s = strata[order]
        cut = np.flatnonzero(s[1:] != s[:-1]) + 1
        fresh[cut] = True
        bounds = tuple(pairwise([0, *cut.tolist(), n]))
    block = np.cumsum(fresh) - 1
    per_block = np.bincount(block[d], minlength=int(block[-1]) + 1)
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
    return RiskSets(
        order, d, bounds, edges, spans, opens, t[first], deaths.astype(float), seen, before,
        group, fraction, weight, starts, ties,
    )  # fmt: skip


def _terms(deaths: Ints, ties: Ties) -> tuple[Ints, Floats, Floats, Ints]:
    """Group, fraction and weight of each term, and where each group begins."""
    m = len(deaths)
    if ties == "breslow":
        return np.arange(m), np.zeros(m), deaths.astype(float), np.arange(m)
    if ties != "efron":
        raise DesignError(f"ties must be 'breslow' or 'efron', not {ties!r}")
    group = np.repeat(np.arange(m), deaths)
    starts = np.cumsum(deaths) - deaths
    rank = np.arange(len(group)) - starts[group]
    return group, rank / deaths[group], np.ones(len(group)), starts


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Weighted sums over the risk sets at one value of the coefficients.

    Parameters
    ----------
    loglik
        Log partial likelihood.
    weight
        Relative hazard of each row, up to a factor common to its stratum, shape (n,).
    total
        Sum of those at risk for each term, shape (K,).
    mean
        Weighted mean of the covariates over those at risk, shape (p, K).
    hazard
        Expected number of events of each row, shape (n,).
    """

    loglik: float
    weight: Floats
    total: Floats
    mean: Floats
    hazard: Floats


def sums(risk: RiskSets, x: Floats, eta: Floats) -> Sums:
    """All that the derivatives need, in one pass from the last time to the first.

    Parameters
    ----------
    risk
        The risk sets.
    x
        Covariates as rows, shape (p, n), in the order of `risk`.
    eta
        Linear predictor, shape (n,), in that order.
    """
    shifted = eta - _highest(risk, eta)
    w = np.exp(shifted)
    at_risk = np.empty((len(x) + 1, len(w)))
    at_risk[0] = w
    np.multiply(x, w, out=at_risk[1:])
    falling = _tied(risk, at_risk) if risk.ties == "efron" else None
    S = _at_risk(risk, at_risk)
    if falling is not None:
        S = S[:, risk.group] - risk.fraction * falling[:, risk.group]
    total = S[0]
    loglik = float(shifted[risk.event].sum() - risk.weight @ np.log(total))
    mean = S[1:] / total
    rate = risk.weight / total
    hazard = w * over_time(risk, rate[None])[0]
    if falling is not None:
        hazard[risk.event] -= w[risk.event] * _own(risk, rate * risk.fraction)
    return Sums(loglik, w, total, mean, hazard)


def derivatives(risk: RiskSets, x: Floats, s: Sums) -> tuple[Floats, Floats]:
    """Gradient, shape (p,), and information, shape (p, p), of the log partial likelihood."""
    gradient = x[:, risk.event].sum(axis=1) - s.mean @ risk.weight
    information = (x * s.hazard) @ x.T - (s.mean * risk.weight) @ s.mean.T
    return gradient, information


def weighted_derivatives(
    risk: RiskSets, x: Floats, s: Sums, course: Floats
) -> tuple[Floats, Floats]:
    """`derivatives` with every event time's contribution multiplied by its value of `course`.

    Parameters
    ----------
    course
        A function of time at the event times, shape (m,).
    """
    factor = course[risk.group]
    weight, rate = risk.weight * factor, risk.weight * factor / s.total
    hazard = s.weight * over_time(risk, rate[None])[0]
    if risk.ties == "efron":
        hazard[risk.event] -= s.weight[risk.event] * _own(risk, rate * risk.fraction)
    own = course[risk.seen[risk.event] - 1]
    gradient = x[:, risk.event] @ own - s.mean @ weight
    return gradient, (x * hazard) @ x.T - (s.mean * weight) @ s.mean.T


def schoenfeld_residuals(risk: RiskSets, x: Floats, s: Sums) -> Floats:
    """Covariates of each event less their mean over those at risk, shape (n_events, p)."""
    mean = np.add.reduceat(s.mean * risk.weight, risk.starts, axis=1) / risk.deaths
    return (x[:, risk.event] - mean[:, risk.seen[risk.event] - 1]).T


def information_times(risk: RiskSets, s: Sums, along: Floats) -> Floats:
    """Second derivative by every row's linear predictor, times directions.

    Parameters
    ----------
    along
        Change of each row's linear predictor, shape (r, n).

    Returns
    -------
    ndarray
        The fall of each row's martingale residual along each direction, shape (r, n).
    """
    weighted = along * s.weight
    falling = _tied(risk, weighted) if risk.ties == "efron" else None
    S = _at_risk(risk, weighted)
    if falling is not None:
        S = S[:, risk.group] - risk.fraction * falling[:, risk.group]
    drawn = (S / s.total) * (risk.weight / s.total)
    expected = s.weight * over_time(risk, drawn)
    if falling is not None:
        expected[:, risk.event] -= s.weight[risk.event] * _own(risk, drawn * risk.fraction)
    return s.hazard * along - expected


def shares(risk: RiskSets, s: Sums, codes: Ints, count: int) -> Floats:
    """Each cluster's share of the weight at risk, times the root of the term's events.

    Parameters
    ----------
    codes
        Cluster of each row in the order of `risk`, shape (n,), from 0 to `count` - 1.

    Returns
    -------
    ndarray
        Shape (K, count). The information of the clusters' log frailties is the diagonal of their
        expected events less this matrix transposed times itself.
    """
    m = len(risk.time)
    ever = risk.seen > risk.before
    leaves = (risk.seen[ever] - 1) * count + codes[ever]
    at_risk: Floats = np.zeros((m, count))
    at_risk += np.bincount(leaves, weights=s.weight[ever], minlength=m * count).reshape(m, count)
    for low, high in _times_by_stratum(risk):
        backwards = at_risk[low:high][::-1]
        np.cumsum(backwards, axis=0, out=backwards)
    if risk.ties == "efron":
        own = (risk.seen[risk.event] - 1) * count + codes[risk.event]
        tied = np.bincount(own, weights=s.weight[risk.event], minlength=m * count)
        falling = tied.reshape(m, count)[risk.group]
        at_risk = at_risk[risk.group] - risk.fraction[:, None] * falling
    return at_risk * (np.sqrt(risk.weight) / s.total)[:, None]


def score_residuals(risk: RiskSets, x: Floats, s: Sums) -> Floats:
    """Derivative of the score by each row's weight, shape (n, p), in the order of `risk`.

    Under Efron's rule a tied event counts as present in the risk sets of its tie to the degree
    that Efron's rule keeps it there, which other software approximates.

    References
    ----------
    Therneau and Grambsch (2000), Modeling Survival Data, section 4.6 and 7.3.
    """
    rate = risk.weight / s.total
    drawn = s.mean * rate
    expected = s.weight * over_time(risk, drawn)
    if risk.ties == "efron":
        expected[:, risk.event] -= s.weight[risk.event] * _own(risk, drawn * risk.fraction)
    residual = expected - s.hazard * x
    residual[:, risk.event] += schoenfeld_residuals(risk, x, s).T
    return residual.T


def over_time(risk: RiskSets, terms: Floats) -> Floats:
    """Sum of a quantity per term over all event times up to each row's, shape (q, n)."""
    rising = np.zeros((len(terms), len(risk.time) + 1))
    per_time = terms if risk.ties == "breslow" else np.add.reduceat(terms, risk.starts, axis=1)
    if len(risk.strata) == 1:
        np.cumsum(per_time, axis=1, out=rising[:, 1:])
        return rising[:, risk.seen]
    for low, high in _times_by_stratum(risk):
        np.cumsum(per_time[:, low:high], axis=1, out=rising[:, low + 1 : high + 1])
    return np.where(risk.seen > risk.before, rising[:, risk.seen], 0.0)


def _times_by_stratum(risk: RiskSets) -> list[tuple[int, int]]:
    """First and past-the-last event time of each stratum."""
    edges = np.searchsorted(risk.opens, [low for low, _ in risk.spans]).tolist()
    return list(pairwise([*edges, len(risk.opens)]))


def _highest(risk: RiskSets, eta: Floats) -> Floats | float:
    """The highest linear predictor of each stratum, taken out so that nothing overflows."""
    if len(risk.strata) == 1:
        return float(eta.max())
    lows = [low for low, _ in risk.strata]
    return np.repeat(np.maximum.reduceat(eta, lows), [high - low for low, high in risk.strata])


def _at_risk(risk: RiskSets, values: Floats) -> Floats:
    """Sum of a quantity per row over those at risk at each event time: from (q, n) to (q, m)."""
    between = np.add.reduceat(values, risk.edges, axis=1)
    for low, high in risk.spans:
        backwards = between[:, low:high][:, ::-1]
        np.cumsum(backwards, axis=1, out=backwards)
    return between if len(risk.spans) == 1 else between[:, risk.opens]


def _tied(risk: RiskSets, values: Floats) -> Floats:
    """Sum over the events at each event time, shape (q, m)."""
    return np.add.reduceat(values[:, risk.event], risk.starts, axis=1)


def _own(risk: RiskSets, terms: Floats) -> Floats:
    """Sum of a quantity per term over the event's own time, for the rows with an event."""
    return np.add.reduceat(terms, risk.starts, axis=-1)[..., risk.seen[risk.event] - 1]
