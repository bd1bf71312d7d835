"""Aalen and Johansen's estimator, and each row's influence on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core_trial.models.clusters import Clusters, Ints
from core_trial.models.inference import Floats
from core_trial.models.survival.causes import Causes
from core_trial.models.survival.follow_up import FollowUp

#: Rows times event times of the influences held at once.
LARGEST_BLOCK = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """A curve that grows at m event times, and what each row does to it.

    What a row at risk takes from the curve adds up over the times at which it is; what its own
    event adds comes at the end of its time.

    Parameters
    ----------
    time
        The event times, ascending, shape (m,).
    at_risk
        Rows at risk at each, shape (m,).
    first, last
        The event times at which each row is at risk: from `first` up to but not including `last`,
        shape (n,).
    """

    time: Floats
    at_risk: Floats
    first: Ints
    last: Ints

    def cumulated(self, rate: Floats, jump: Floats) -> Part:
        """Influence that adds up: minus `rate` (m,) while at risk, plus `jump` (n,) at the end."""
        return Part(self, np.concatenate([[0.0], np.cumsum(rate)]), jump)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """See `Path.cumulated`; `total` is the rate added up from 0, shape (m + 1,)."""

    path: Path
    total: Floats
    jump: Floats

    def of(self, rows: Ints) -> Floats:
        """Influence of some rows on the curve at each event time, shape (r, m)."""
        first, last = self.path.first[rows, None], self.path.last[rows, None]
        j = np.arange(1, len(self.total))[None]
        reached = np.clip(j, first, np.maximum(last, first))
        spent: Floats = self.total[first] - self.total[reached]
        return spent + np.where(j >= last, self.jump[rows, None], 0.0)


def spread(path: Path, influence: Callable[[Ints], Floats], clusters: Clusters | None) -> Floats:
    """Sum over clusters, or rows, of the squared influence at each event time, shape (m,).

    Parameters
    ----------
    influence
        From rows to their influence, shape (r, m); called for some rows at a time.
    clusters
        Whose rows are summed first; None for each row on its own.
    """
    n, m = len(path.first), len(path.time)
    size = max(LARGEST_BLOCK // max(m, 1), 1)
    blocks = (np.arange(low, min(low + size, n)) for low in range(0, n, size))
    if clusters is None:
        return sum(((influence(rows) ** 2).sum(axis=0) for rows in blocks), np.zeros(m))
    total = np.zeros((clusters.count, m))
    for rows in blocks:
        np.add.at(total, clusters.codes[rows], influence(rows))
    squares: Floats = (total**2).sum(axis=0)
    return squares


def moments(observed: Causes) -> tuple[Floats, Floats, Floats, Ints, Ints]:
    """Event times, rows at risk, events by cause (K, m), and each row's span of event times."""
    times = np.unique(observed.time[observed.cause > 0])
    m, K = len(times), len(observed.labels)
    last = np.searchsorted(times, observed.time, side="right")
    first = np.zeros(len(last), dtype=np.intp)
    if observed.entry is not None:
        first = np.searchsorted(times, observed.entry, side="right")
    comes, leaves = (np.bincount(v, minlength=m + 1)[: m + 1] for v in (first, last))
    at_risk = np.cumsum(comes)[:m] - np.cumsum(leaves)[:m]
    happened = observed.cause > 0
    where = (observed.cause[happened] - 1) * m + last[happened] - 1
    events = np.bincount(where, minlength=K * m).reshape(K, m)
    return times, at_risk.astype(float), events.astype(float), first, last


def incidence(observed: Causes, clusters: Clusters | None) -> tuple[Path, Floats, Floats]:
    r"""Cumulative incidence of each event, and its variance.

    :math:`\hat F_k(t) = \sum_{s\le t}\hat S(s-)\,d_k(s)/Y(s)`. The influence of a row is the
    derivative of that by its weight, by which the sum of squares is the infinitesimal jackknife's
    variance; with one event it is Greenwood's.

    Returns
    -------
    path
        The event times and rows at risk.
    incidence, variance
        Shape (K, m).
    """
    time, Y, d, first, last = moments(observed)
    every = d.sum(axis=0)
    hazard = every / Y
    before = np.concatenate([[1.0], np.cumprod(1 - hazard)[:-1]])
    F: Floats = np.cumsum(before * d / Y, axis=1)
    path = Path(time, Y, first, last)
    remain = Y - every
    once = np.divide(1.0, remain, out=np.zeros_like(remain), where=remain > 0)
    own, happened = np.maximum(last - 1, 0), observed.cause > 0
    survived = path.cumulated(hazard * once, np.where(happened, once[own], 0.0))
    variance = np.empty_like(F)
    for k in range(len(F)):
        gain, lost = before / Y, F[k] * once
        mine = observed.cause == k + 1
        jump = np.where(mine, gain[own], 0.0) + np.where(happened, lost[own], 0.0)
        built = path.cumulated(gain * d[k] / Y + lost * hazard, jump)
        variance[k] = spread(path, _Influence(built, survived, F[k]), clusters)
    return path, F, variance


@dataclass(frozen=True, slots=True, eq=False)
class _Influence:
    """Influence on one event's incidence: what a row adds, less the survivors that it takes."""

    built: Part
    survived: Part
    incidence: Floats

    def __call__(self, rows: Ints) -> Floats:
        return self.built.of(rows) - self.incidence * self.survived.of(rows)


def mean_events(
    observed: FollowUp, clusters: Clusters | None
) -> tuple[Path, Floats, Floats, Floats]:
    r"""Mean number of events by each time, for events that recur, and its variance.

    :math:`\hat\mu(t) = \sum_{s\le t} d(s)/Y(s)`, with the robust variance of Lawless and Nadeau.

    Parameters
    ----------
    clusters
        Whose rows belong together: participants, or their clusters.

    Returns
    -------
    path
        The event times and rows at risk.
    events, mean, variance
        Shape (m,).
    """
    one = Causes(observed.time, observed.event.astype(np.intp), ("event",), observed.entry)
    time, Y, d, first, last = moments(one)
    rate = d[0] / Y
    path = Path(time, Y, first, last)
    own = np.maximum(last - 1, 0)
    part = path.cumulated(rate / Y, np.where(observed.event > 0, 1 / Y[own], 0.0))
    return path, d[0], np.cumsum(rate), spread(path, part.of, clusters)
