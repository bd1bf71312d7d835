"""The partial likelihood: sums over risk sets, its derivatives, and residuals."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core_trial.models.clusters import Ints
from core_trial.models.inference import Floats
from core_trial.models.survival.risk_sets import RiskSets

#: Hazards that differ by more than exp() of this cannot be added up, nor believed.
WIDEST = 600.0


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Weighted sums over the risk sets at one value of the coefficients.

    Parameters
    ----------
    loglik
        Log partial likelihood.
    weight
        Relative hazard of each row times its case weight, up to a factor common to its stratum,
        shape (n,).
    top
        Logarithm of that factor: a number, or per row, shape (n,), with strata.
    total
        Sum of those at risk for each term, shape (K,).
    mean
        Weighted mean of the covariates over those at risk, shape (p, K).
    hazard
        Expected number of events of each row times its case weight, shape (n,).
    """

    loglik: float
    weight: Floats
    top: Floats | float
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
        Linear predictor, shape (n,), in that order; an offset is part of it.
    """
    top = _highest(risk, eta)
    shifted = eta - top
    w = np.exp(shifted) if risk.case is None else risk.case * np.exp(shifted)
    at_risk = np.empty((len(x) + 1, len(w)))
    at_risk[0] = w
    np.multiply(x, w, out=at_risk[1:])
    falling = _tied(risk, at_risk) if risk.ties == "efron" else None
    S = _at_risk(risk, at_risk)
    if falling is not None:
        S = S[:, risk.group] - risk.fraction * falling[:, risk.group]
    total = S[0] if risk.late is None else np.maximum(S[0], _tied_alone(risk, w))
    own = shifted[risk.rows] if risk.case is None else (risk.event * shifted)[risk.rows]
    loglik = float(own.sum() - risk.weight @ np.log(total))
    mean = S[1:] / total
    rate = risk.weight / total
    hazard = w * over_time(risk, rate[None])[0]
    if falling is not None:
        hazard[risk.rows] -= w[risk.rows] * _own(risk, rate * risk.fraction)
    return Sums(loglik, w, top, total, mean, hazard)


def derivatives(risk: RiskSets, x: Floats, s: Sums) -> tuple[Floats, Floats]:
    """Gradient, shape (p,), and information, shape (p, p), of the log partial likelihood."""
    gradient = x @ (risk.event - s.hazard)
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
        hazard[risk.rows] -= s.weight[risk.rows] * _own(risk, rate * risk.fraction)
    gradient = x[:, risk.rows] @ (risk.event[risk.rows] * course[risk.moment]) - s.mean @ weight
    return gradient, (x * hazard) @ x.T - (s.mean * weight) @ s.mean.T


def schoenfeld_residuals(risk: RiskSets, x: Floats, s: Sums) -> Floats:
    """Covariates of each event less their mean over those at risk, shape (n_events, p)."""
    mean = np.add.reduceat(s.mean * risk.weight, risk.starts, axis=1) / risk.deaths
    return (x[:, risk.rows] - mean[:, risk.moment]).T


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
        expected[:, risk.rows] -= s.weight[risk.rows] * _own(risk, drawn * risk.fraction)
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
    if risk.late is not None and risk.skipped is not None:
        comes = risk.skipped * count + codes[risk.late]
        at_risk -= np.bincount(comes, s.weight[risk.late], minlength=m * count).reshape(m, count)
    for low, high in _times_by_stratum(risk):
        backwards = at_risk[low:high][::-1]
        np.cumsum(backwards, axis=0, out=backwards)
    if risk.ties == "efron":
        own = risk.moment * count + codes[risk.rows]
        tied = np.bincount(own, weights=s.weight[risk.rows], minlength=m * count)
        falling = tied.reshape(m, count)[risk.group]
        at_risk = at_risk[risk.group] - risk.fraction[:, None] * falling
    return at_risk * (np.sqrt(risk.weight) / s.total)[:, None]


def score_residuals(risk: RiskSets, x: Floats, s: Sums) -> Floats:
    """Derivative of the score by each row's weight, shape (n, p), in the order of `risk`.

    With case weights it is multiplied by the row's own.

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
        expected[:, risk.rows] -= s.weight[risk.rows] * _own(risk, drawn * risk.fraction)
    residual = expected - s.hazard * x
    own = schoenfeld_residuals(risk, x, s)
    residual[:, risk.rows] += own.T if risk.case is None else own.T * risk.event[risk.rows]
    return residual.T


def over_time(risk: RiskSets, terms: Floats) -> Floats:
    """Sum of a quantity per term over all event times in each row's time at risk, shape (q, n)."""
    rising = np.zeros((len(terms), len(risk.time) + 1))
    per_time = terms if risk.ties == "breslow" else np.add.reduceat(terms, risk.starts, axis=1)
    if len(risk.strata) == 1:
        np.cumsum(per_time, axis=1, out=rising[:, 1:])
        found: Floats = rising[:, risk.seen]
    else:
        for low, high in _times_by_stratum(risk):
            np.cumsum(per_time[:, low:high], axis=1, out=rising[:, low + 1 : high + 1])
        found = np.where(risk.seen > risk.before, rising[:, risk.seen], 0.0)
    if risk.late is not None and risk.skipped is not None:
        found[:, risk.late] -= rising[:, risk.skipped + 1]
    return found


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
    ever = between if len(risk.opens) == between.shape[1] else between[:, risk.opens]
    if risk.late is None or risk.skipped is None:
        return ever
    return ever - _yet_to_come(risk, values, risk.late, risk.skipped)


def _yet_to_come(risk: RiskSets, values: Floats, late: Ints, skipped: Ints) -> Floats:
    """Sum of a quantity over those who come under observation at or after each event time."""
    m = len(risk.time)
    missing = np.array([np.bincount(skipped, row[late], minlength=m) for row in values])
    missing = missing.reshape(len(values), m)
    for low, high in _times_by_stratum(risk):
        missing[:, low:high] = np.cumsum(missing[:, low:high][:, ::-1], axis=1)[:, ::-1]
    return missing


def _tied_alone(risk: RiskSets, w: Floats) -> Floats:
    """Weight of the events themselves in each term: the least that a difference of sums can be."""
    events = np.bincount(risk.moment, weights=w[risk.rows], minlength=len(risk.time))
    return (1 - risk.fraction) * events[risk.group]


def _tied(risk: RiskSets, values: Floats) -> Floats:
    """Sum over the events at each event time, shape (q, m)."""
    return np.add.reduceat(values[:, risk.rows], risk.starts, axis=1)


def _own(risk: RiskSets, terms: Floats) -> Floats:
    """Sum of a quantity per term over the event's own time, for the rows with an event."""
    return np.add.reduceat(terms, risk.starts, axis=-1)[..., risk.moment]
