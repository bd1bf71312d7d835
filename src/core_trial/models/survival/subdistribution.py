r"""Fine and Gray's partial likelihood, in which other events leave rows at risk.

A row that had another event at :math:`T_i` stays in the risk sets with the weight
:math:`G(t-)/G(T_i-)`, the chance not to have been censored since. The weight is a product, so that
the sums over all risk sets are two cumulated sums, whatever the number of times.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core_trial.models.clusters import Ints
from core_trial.models.inference import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Subdistribution:
    """Risk sets of n rows in order of time, with m times of the event of interest.

    Parameters
    ----------
    order
        The rows as given, sorted by time, shape (n,).
    x
        Covariates as rows in that order, shape (p, n).
    wanted, other
        1 for rows that end in the event of interest, and in another event, shape (n,).
    deaths
        Events at each of the m times, shape (m,).
    opens
        First row at or after each event time, shape (m,).
    seen
        Event times up to and including each row's own, shape (n,).
    free
        Probability not to be censored before each event time, shape (m,).
    kept
        For rows with another event one over that probability at their time, else 0, shape (n,).
    censored_at
        First row at or after each of the m' censoring times, shape (m',).
    censored, at_risk
        Rows censored at each, and rows that could be, shape (m',): those with an event at that time
        could not.
    reached
        Censoring times at which each row could be censored, shape (n,).
    """

    order: Ints
    x: Floats
    wanted: Floats
    other: Floats
    deaths: Floats
    opens: Ints
    seen: Ints
    free: Floats
    kept: Floats
    censored_at: Ints
    censored: Floats
    at_risk: Floats
    reached: Ints

    @property
    def n_events(self) -> int:
        """Events of interest."""
        return int(self.wanted.sum())


def subdistribution(time: Floats, kind: Ints, x: Floats) -> Subdistribution:
    """Sort the rows, and estimate the probability of not being censored.

    Parameters
    ----------
    time
        Shape (n,).
    kind
        0 for censoring, 1 for the event of interest, 2 for another one, shape (n,).
    x
        Covariates as rows, shape (p, n).
    """
    order = np.argsort(time, kind="stable")
    t, k = time[order], kind[order]
    times = np.unique(t[k == 1])
    ends, count = np.unique(t[k == 0], return_counts=True)
    # events at a time come before the censorings at that time
    reached = np.where(
        k == 0, np.searchsorted(ends, t, side="right"), np.searchsorted(ends, t, side="left")
    )
    Y = len(t) - np.cumsum(np.bincount(reached, minlength=len(ends) + 1))[: len(ends)]
    G = np.concatenate([[1.0], np.cumprod(1 - count / Y)])
    other = k == 2
    before = G[np.searchsorted(ends, t, side="left")]
    return Subdistribution(
        order=order,
        x=np.ascontiguousarray(x[:, order]),
        wanted=(k == 1).astype(float),
        other=other.astype(float),
        deaths=np.bincount(np.searchsorted(times, t[k == 1]), minlength=len(times)).astype(float),
        opens=np.searchsorted(t, times, side="left"),
        seen=np.searchsorted(times, t, side="right"),
        free=G[np.searchsorted(ends, times, side="left")],
        kept=np.where(other, 1 / np.where(before > 0, before, 1.0), 0.0),
        censored_at=np.searchsorted(t, ends, side="left"),
        censored=count.astype(float),
        at_risk=Y.astype(float),
        reached=reached,
    )


@dataclass(frozen=True, slots=True, eq=False)
class At:
    """Sums over the risk sets at one value of the coefficients.

    Parameters
    ----------
    loglik
        Log partial likelihood.
    weight
        Relative hazard of each row, shape (n,).
    total
        Sum over those at risk at each event time, shape (m,).
    mean
        Weighted mean of the covariates there, shape (p, m).
    hazard
        Expected number of events of each row, shape (n,).
    """

    loglik: float
    weight: Floats
    total: Floats
    mean: Floats
    hazard: Floats


def sums_at(sets: Subdistribution, eta: Floats) -> At:
    """All that the derivatives need.

    Parameters
    ----------
    eta
        Linear predictor in the order of `sets`, shape (n,).
    """
    shifted = eta - eta.max()
    w = np.exp(shifted)
    values = np.concatenate([w[None], sets.x * w])
    S = _still(sets, values) + sets.free * _passed(sets, values * sets.kept)
    total = S[0]
    loglik = float(shifted @ sets.wanted - sets.deaths @ np.log(total))
    rate = sets.deaths / total
    hazard = w * _over_time(sets, rate[None])[0]
    return At(loglik, w, total, S[1:] / total, hazard)


def derivatives_at(sets: Subdistribution, s: At) -> tuple[Floats, Floats]:
    """Gradient, shape (p,), and information, shape (p, p)."""
    gradient = sets.x @ (sets.wanted - s.hazard)
    information = (sets.x * s.hazard) @ sets.x.T - (s.mean * sets.deaths) @ s.mean.T
    return gradient, information


def row_scores(sets: Subdistribution, s: At, *, censoring: bool = True) -> Floats:
    r"""Each row's part of the score, shape (n, p), in the order of `sets`.

    With `censoring`, its influence on the estimated probability of not being censored is part of
    it: :math:`\int \hat q(u)/\hat\pi(u)\,dM^c_i(u)`.

    References
    ----------
    Fine and Gray (1999), J Am Stat Assoc 94: 496-509, equations 7 and 8.
    """
    rate = sets.deaths / s.total
    expected = s.weight * _over_time(sets, s.mean * rate)
    own = sets.wanted > 0
    residual = expected - s.hazard * sets.x
    residual[:, own] += sets.x[:, own] - s.mean[:, sets.seen[own] - 1]
    return (residual + _of_censoring(sets, s, rate) if censoring else residual).T


def _of_censoring(sets: Subdistribution, s: At, rate: Floats) -> Floats:
    """What each row does through the probability of not being censored, shape (p, n)."""
    if not len(sets.censored):
        return np.zeros_like(sets.x)
    carried = sets.kept * s.weight
    had = np.cumsum(np.concatenate([carried[None], sets.x * carried]), axis=1)
    had = np.concatenate([np.zeros((len(had), 1)), had], axis=1)[:, sets.censored_at]
    later = sets.free * rate
    ahead = np.concatenate([later[None], s.mean * later])
    ahead = np.concatenate([ahead, np.zeros((len(ahead), 1))], axis=1)
    ahead = np.cumsum(ahead[:, ::-1], axis=1)[:, ::-1]
    after = np.searchsorted(sets.opens, sets.censored_at, side="right")  # events after each
    q = (had[1:] * ahead[0, after] - had[0] * ahead[1:, after]) / sets.at_risk
    zero = np.zeros((len(q), 1))
    spent = np.concatenate([zero, np.cumsum(q * sets.censored / sets.at_risk, axis=1)], axis=1)
    found: Floats = -spent[:, sets.reached]
    gone = np.flatnonzero((sets.wanted == 0) & (sets.other == 0))
    found[:, gone] += q[:, sets.reached[gone] - 1]
    return found


def _still(sets: Subdistribution, values: Floats) -> Floats:
    """Sum over the rows whose time is not over at each event time: from (q, n) to (q, m)."""
    found: Floats = np.cumsum(values[:, ::-1], axis=1)[:, ::-1][:, sets.opens]
    return found


def _passed(sets: Subdistribution, values: Floats) -> Floats:
    """Sum over the rows whose time is over before each event time: from (q, n) to (q, m)."""
    before = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    return before[:, sets.opens]


def _over_time(sets: Subdistribution, terms: Floats) -> Floats:
    """Sum of a quantity per event time over each row's time at risk, weights included, (q, n)."""
    zero = np.zeros((len(terms), 1))
    own = np.concatenate([zero, np.cumsum(terms, axis=1)], axis=1)[:, sets.seen]
    free = np.concatenate([zero, np.cumsum(terms * sets.free, axis=1)], axis=1)
    still: Floats = sets.kept * (free[:, -1:] - free[:, sets.seen])
    found: Floats = own + still
    return found
