"""Gray's test: whether groups have the same cumulative incidence of an event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models import clusters as who
from core_trial.models import columns as read
from core_trial.models.clusters import Ints
from core_trial.models.inference import Floats, Test, chi_square_p
from core_trial.models.survival.causes import causes
from core_trial.models.survival.follow_up import strata_arguments, strata_codes


def gray_test(
    frame: pd.DataFrame,
    *,
    time: str,
    event: str,
    cause: object,
    by: str,
    censored: object = 0,
    strata: str | Sequence[str] | None = None,
) -> Test:
    """Compare the cumulative incidence of one event between groups.

    What the log-rank test is to the hazard, this is to the hazard of the subdistribution: whoever
    had another event stays at risk, as far as censoring would have allowed.

    Parameters
    ----------
    frame, time, event, censored
        As for `cumulative_incidence`.
    cause
        The event whose incidence is compared.
    by
        Column of groups.
    strata
        Column or columns of strata: groups are compared within them.

    Raises
    ------
    DesignError
        For missing values, negative times, an event that nobody has, one group.

    Notes
    -----
    Rows count as independent. With clusters take the Wald test of `fine_gray`.

    References
    ----------
    Gray (1988), Ann Stat 16: 1141-54, with rho = 0.
    """
    columns = strata_arguments(strata)
    frame = read.sample(frame, time=time, event=event, by=by, **columns).frame
    observed, groups = causes(frame, time, event, censored), who.groups(frame, by)
    if groups.count < 2:
        raise DesignError(f"column {by!r} has one group, so there is nothing to compare")
    number = observed.number_of(cause)
    kind = np.where(observed.cause == number, 1, np.where(observed.cause > 0, 2, 0))
    layers = strata_codes(frame, strata)
    codes = np.zeros(len(frame), dtype=np.intp) if layers is None else layers
    k = groups.count
    score, covariance = np.zeros(k), np.zeros((k, k))
    for layer in range(int(codes.max()) + 1):
        rows = np.flatnonzero(codes == layer)
        if not kind[rows].any():
            continue
        s, v = _Stratum.of(observed.time[rows], kind[rows], groups.codes[rows], k).statistic()
        score, covariance = score + s, covariance + v
    if np.linalg.matrix_rank(covariance[:-1, :-1]) < k - 1:
        within = " within a stratum" if strata is not None else ""
        raise DesignError(f"the groups of {by!r} are never at risk together{within}")
    statistic = float(score[:-1] @ np.linalg.solve(covariance[:-1, :-1], score[:-1]))
    df = float(k - 1)
    hypothesis = f"{by}: equal cumulative incidence of {cause}"
    return Test(hypothesis, statistic, df, chi_square_p(statistic, df))


@dataclass(frozen=True, slots=True, eq=False)
class _Stratum:
    """Counts of one stratum at its m event times, in k groups.

    Parameters
    ----------
    at_risk
        Without any event and under observation, shape (m, k).
    wanted, other
        Events of the kind compared, and other ones, shape (m, k).
    """

    at_risk: Floats
    wanted: Floats
    other: Floats

    @classmethod
    def of(cls, time: Floats, kind: Ints, codes: Ints, count: int) -> _Stratum:
        times = np.unique(time[kind > 0])
        m = len(times)
        last = np.searchsorted(times, time, side="right")
        leaves = np.bincount(last * count + codes, minlength=(m + 1) * count)
        at_risk = np.cumsum(leaves.reshape(m + 1, count)[::-1], axis=0)[::-1][1:]
        events = [
            np.bincount(
                (last[kind == which] - 1) * count + codes[kind == which], minlength=m * count
            ).reshape(m, count)
            for which in (1, 2)
        ]
        return cls(at_risk.astype(float), events[0].astype(float), events[1].astype(float))

    def statistic(self) -> tuple[Floats, Floats]:
        """Score of each group, shape (k,), and its covariance, shape (k, k): Gray, section 2."""
        found = _Estimates.of(self)
        n1 = self.wanted.sum(axis=1)
        R = found.ratio * (1 - found.incidence)
        score = (self.wanted - n1[:, None] * R / R.sum(axis=1, keepdims=True)).sum(axis=0)
        return score, _covariance(self, found, n1)


@dataclass(frozen=True, slots=True, eq=False)
class _Estimates:
    """What a stratum's counts give at each event time, each of shape (m, k).

    Parameters
    ----------
    before, after
        Kaplan-Meier curve of any event, just before and just after.
    incidence
        Incidence of the event compared, just before.
    ratio
        At risk over `before`: at risk, had there been no events.
    """

    before: Floats
    after: Floats
    incidence: Floats
    ratio: Floats

    @classmethod
    def of(cls, counts: _Stratum) -> _Estimates:
        Y, there = counts.at_risk, counts.at_risk > 0
        none = np.zeros_like(Y)
        hazard = np.divide(counts.wanted + counts.other, Y, out=none.copy(), where=there)
        after: Floats = np.cumprod(1 - hazard, axis=0, dtype=float)
        before = np.concatenate([np.ones((1, Y.shape[1])), after[:-1]])
        grows = np.divide(before * counts.wanted, Y, out=none.copy(), where=there)
        incidence = np.cumsum(grows, axis=0) - grows
        ratio = np.divide(Y, before, out=none, where=there)
        return cls(before, after, incidence, ratio)


def _covariance(counts: _Stratum, found: _Estimates, n1: Floats) -> Floats:
    """Covariance of the scores under equal incidences, shape (k, k).

    An event at a time moves the score there, and by the estimates that follow from it all later
    ones; with ties the factors are those of sampling without replacement.
    """
    Y, d2, k = counts.at_risk, counts.other, counts.at_risk.shape[1]
    ratio, before, after = found.ratio, found.before, found.after
    total, n1 = ratio.sum(axis=1, keepdims=True), n1[:, None]
    pooled = np.cumsum(n1 / total, axis=0)
    a = ratio[:, :, None] * (np.eye(k) - (ratio / total)[:, None, :])  # of event i on score j
    c = np.cumsum(a * (n1 / (total * (1 - pooled + n1 / total)))[:, :, None], axis=0)
    still = np.divide(1 - pooled, after, out=np.zeros_like(after), where=after > 0)
    own = np.where(after > 0, 1 - still, 1.0)[:, None, :]
    seen = np.where(Y > 0, Y, np.inf)
    apart = 1 - np.maximum(n1 - 1, 0) / np.maximum(total * before - 1, 1e-300)
    first = apart * before * n1 / (total * seen)
    tied = 1 - np.maximum(d2 - 1, 0) / np.maximum(seen - 1, 1.0)
    second = np.where(after > 0, tied * before**2 * d2 / seen**2, 0.0)
    one, two = a + own * (c[-1] - c), still[:, None, :] * (c[-1] - c)
    wanted: Floats = np.einsum("mij,mlj,mj->il", one, one, first)
    other: Floats = np.einsum("mij,mlj,mj->il", two, two, second)
    return np.add(wanted, other)
