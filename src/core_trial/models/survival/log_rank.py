"""The log-rank test: whether groups have the same hazard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models import clusters as who
from core_trial.models import columns as read
from core_trial.models.clusters import Ints
from core_trial.models.frozen import ReadOnly
from core_trial.models.inference import Floats, Test, chi_square_p
from core_trial.models.showing.page import Block, Page, Shown, number_cells
from core_trial.models.survival.follow_up import FollowUp, follow_up, strata_arguments, strata_codes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LogRank(Shown):
    """A log-rank test.

    Parameters
    ----------
    test
        Chi-square with one degree of freedom less than there are groups.
    observed, expected
        Events of each group by label, and those expected if all had the same hazard; weighted, if
        `rho` is not zero.
    covariance
        Of observed less expected, shape (k, k), in the order of `observed`.
    """

    test: Test
    observed: Mapping[str, float]
    expected: Mapping[str, float]
    covariance: Floats

    def to_frame(self) -> pd.DataFrame:
        """Observed and expected events, a row per group."""
        columns = {"observed": dict(self.observed), "expected": dict(self.expected)}
        return pd.DataFrame(columns).rename_axis("group")

    def page(self) -> Page:
        """Observed and expected events of each group, and the test."""
        cells = [number_cells(self.observed.values()), number_cells(self.expected.values())]
        block = Block("", ["observed", "expected"], list(self.observed), cells)
        return Page("Log-rank test", (block,), (), (str(self.test),))


def log_rank(
    frame: pd.DataFrame,
    *,
    time: str,
    event: str,
    by: str,
    entry: str | None = None,
    strata: str | Sequence[str] | None = None,
    rho: float = 0.0,
) -> LogRank:
    r"""Compare the hazards of groups without a model.

    Parameters
    ----------
    frame
        A row per participant, without missing values in the columns named.
    time, event, entry
        As for `cox`.
    by
        Column of groups.
    strata
        Column or columns of strata: events are compared with those expected in the same stratum.
    rho
        Each event time counts with :math:`\hat S(t-)^\rho`: 0 for the log-rank test, 1 for
        Peto and Peto's Wilcoxon test, which looks at early differences.

    Raises
    ------
    DesignError
        For missing values, negative times, an event column of other than 0 and 1, one group, no
        event.

    Notes
    -----
    Rows count as independent, as everywhere for this test. With clusters take the clustered Wald
    test of `cox`.

    References
    ----------
    Mantel (1966), Cancer Chemother Rep 50: 163-70. Harrington and Fleming (1982), Biometrika 69:
    553-66.

    Examples
    --------
    >>> frame = pd.DataFrame({"arm": list("abab"), "days": [1, 2, 3, 4], "event": [1, 1, 1, 0]})
    >>> log_rank(frame, time="days", event="event", by="arm").observed
    ReadOnly({'a': 2.0, 'b': 1.0})
    """
    columns = strata_arguments(strata)
    frame = read.sample(frame, time=time, event=event, entry=entry, by=by, **columns).frame
    observed, groups = follow_up(frame, time, event, entry), who.groups(frame, by)
    if not (isinstance(rho, Real) and np.isfinite(rho)):
        raise DesignError(f"rho must be a number, not {rho!r}: 0 for log-rank, 1 for Peto and Peto")
    if groups.count < 2:
        raise DesignError(f"column {by!r} has one group, so there is nothing to compare")
    if not observed.n_events:
        raise DesignError("there is no event, so there are no hazards to compare")
    layers = strata_codes(frame, strata)
    codes = np.zeros(len(frame), dtype=np.intp) if layers is None else layers
    k = groups.count
    seen, due, covariance = np.zeros(k), np.zeros(k), np.zeros((k, k))
    for layer in range(int(codes.max()) + 1):
        rows = np.flatnonzero(codes == layer)
        at_risk, events = group_counts(observed.of(rows), groups.codes[rows], k)
        for total, part in zip(
            (seen, due, covariance), _contributions(at_risk, events, rho), strict=True
        ):
            total += part
    labels = [str(label) for label in groups.labels]
    statistic, df = _chi_square(seen - due, covariance)
    test = Test(f"{by}: equal hazards", statistic, df, chi_square_p(statistic, df))
    return LogRank(
        test,
        ReadOnly(dict(zip(labels, seen.tolist(), strict=True))),
        ReadOnly(dict(zip(labels, due.tolist(), strict=True))),
        covariance,
    )


def group_counts(observed: FollowUp, codes: Ints, count: int) -> tuple[Floats, Floats]:
    """At risk and events of each group at each event time, each of shape (m, count)."""
    times = np.unique(observed.time[observed.event > 0])
    m = len(times)
    if m == 0:
        return np.empty((0, count)), np.empty((0, count))
    last = np.searchsorted(times, observed.time, side="right") - 1  # last event time at risk
    ever = last >= 0
    leaves = np.bincount(last[ever] * count + codes[ever], minlength=m * count)
    at_risk = np.cumsum(leaves.reshape(m, count)[::-1], axis=0)[::-1].astype(float)
    if observed.entry is not None:
        missed = np.searchsorted(times, observed.entry, side="right") - 1
        late = missed >= 0
        comes = np.bincount(missed[late] * count + codes[late], minlength=m * count)
        at_risk -= np.cumsum(comes.reshape(m, count)[::-1], axis=0)[::-1]
    happened = observed.event > 0
    events = np.bincount(last[happened] * count + codes[happened], minlength=m * count)
    return at_risk, events.reshape(m, count).astype(float)


def _contributions(at_risk: Floats, events: Floats, rho: float) -> tuple[Floats, Floats, Floats]:
    """Observed, expected and covariance of one stratum."""
    Y, d = at_risk.sum(axis=1), events.sum(axis=1)
    before = np.concatenate([[1.0], np.cumprod(1 - d / Y)[:-1]]) if len(Y) else Y
    w = before**rho
    share = at_risk / Y[:, None]
    spread = np.divide(Y - d, Y - 1, out=np.zeros_like(Y), where=Y > 1) * d * w**2
    covariance = np.diag(spread @ share) - (share * spread[:, None]).T @ share
    return w @ events, (w * d) @ share, covariance


def _chi_square(difference: Floats, covariance: Floats) -> tuple[float, float]:
    """The quadratic form over all groups that were ever at risk with others, and its df."""
    told = np.flatnonzero(np.diagonal(covariance) > 0)[:-1]
    if not len(told):
        return np.nan, 0.0
    U = difference[told]
    inner = np.linalg.solve(covariance[np.ix_(told, told)], U)
    return float(U @ inner), float(len(told))
