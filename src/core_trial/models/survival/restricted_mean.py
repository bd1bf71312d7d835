"""Restricted mean survival time: the area under the Kaplan-Meier curve up to a limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models import design as designs
from core_trial.models.clusters import Blank
from core_trial.models.columns import Missing
from core_trial.models.design import Clusters, Ints
from core_trial.models.frozen import ReadOnly
from core_trial.models.inference import Floats, Quantity, wald
from core_trial.models.numerics.limits import refuse_confidence
from core_trial.models.survival.follow_up import FollowUp, follow_up
from core_trial.models.survival.kaplan_meier import Curve, curve


@dataclass(frozen=True, slots=True, eq=False)
class RestrictedMean:
    """Mean time without the event up to a limit, by group.

    Parameters
    ----------
    limit
        The time up to which it is taken, in the unit of the times.
    means
        The mean of each group.
    differences
        Each later group's mean less the first group's, with a Wald test.
    n_clusters
        Clusters behind the standard errors; as many as rows when there are none.
    n_dropped
        Rows left out because a value was missing.
    """

    limit: float
    means: Mapping[str, Quantity]
    differences: Mapping[str, Quantity]
    n_clusters: int
    n_dropped: int = 0


def restricted_mean(
    frame: pd.DataFrame,
    *,
    time: str,
    event: str,
    limit: float,
    by: str | None = None,
    cluster: str | None = None,
    small_sample: bool = True,
    confidence: float = 0.95,
    missing: Missing = "refuse",
    blank_cluster: Blank = "refuse",
) -> RestrictedMean:
    """Restricted mean survival time of each group, and how the groups differ.

    Parameters
    ----------
    frame
        A row per participant; see `missing` for incomplete ones.
    time, event
        Columns with the time to event or censoring and with 1 or True for an event.
    limit
        Where to stop; nobody may be censored before it who was followed up longest of a group.
    by
        Column of groups, the first being the reference; None for one group, labelled ``""``.
    cluster
        Column of clusters, which may span groups. None for Greenwood's variance, which is what
        independent rows lead to.
    small_sample
        Multiply a clustered variance by G / (G - 1).
    confidence
        Coverage of the intervals.
    missing
        ``"refuse"``, or ``"drop"`` to leave rows with missing values out; they are counted in
        `RestrictedMean.n_dropped`.
    blank_cluster
        ``"own"`` takes each row without a cluster as one of its own; ``"refuse"`` does not, for
        nothing says whether there is none or it is not known.

    Raises
    ------
    DesignError
        For missing values, negative times, a limit that is not positive or lies beyond follow-up.

    References
    ----------
    Royston and Parmar (2013), BMC Med Res Methodol 13: 152.

    Examples
    --------
    >>> frame = pd.DataFrame({"days": [2, 4, 4, 7], "readmitted": [1, 1, 0, 1]})
    >>> restricted_mean(frame, time="days", event="readmitted", limit=6).means[""].estimate
    4.5
    """
    refuse_confidence(confidence)
    chosen = designs.sample(frame, missing=missing, cluster=cluster, time=time, event=event, by=by)
    frame = chosen.frame
    observed = follow_up(frame, time, event)
    if not (np.isfinite(limit) and limit > 0):
        raise DesignError(f"the limit must be a positive time, not {limit}")
    groups = _groups(frame, by)
    labels = [str(label) for label in groups.labels]
    influence = np.zeros((len(frame), groups.count))
    means = np.empty(groups.count)
    for k, label in enumerate(labels):
        rows = groups.codes == k
        part = FollowUp(observed.time[rows], observed.event[rows])
        _refuse_short(part, limit, f"{by} {label}: " if by else "")
        means[k], influence[rows, k] = area(part, limit)
    members = designs.clusters(frame, cluster, blank=blank_cluster) if cluster else None
    covariance, n_clusters = _covariance(influence, members, small_sample)
    summary = _summarise(labels, means, covariance, limit, n_clusters, confidence)
    return replace(summary, n_dropped=chosen.dropped)


def area(observed: FollowUp, limit: float) -> tuple[float, Floats]:
    """Area under the curve up to a limit, and each row's influence on it.

    Parameters
    ----------
    observed
        Follow-up of the n rows of one group.

    Returns
    -------
    area
        In the unit of the times.
    influence
        Derivative of the area by each row's weight, shape (n,); its squares sum to Greenwood's
        variance.
    """
    km = curve(observed.time, observed.event)
    within = km.time < limit
    edges = np.concatenate([[0.0], km.time[within], [limit]])
    heights = np.concatenate([[1.0], km.survival[within]])
    pieces = np.diff(edges) * heights
    after = pieces.sum() - np.cumsum(pieces)[:-1]
    return float(pieces.sum()), _influence(observed, km, after)


def _influence(observed: FollowUp, km: Curve, after: Floats) -> Floats:
    """Each row's influence, from the area that remains after each time before the limit."""
    k = len(after)
    d, Y = km.events[:k].astype(float), km.at_risk[:k].astype(float)
    lost = np.divide(after, Y - d, out=np.zeros(k), where=d < Y)
    row: Ints = np.searchsorted(km.time, observed.time)
    followed = np.concatenate([[0.0], np.cumsum(lost * d / Y)])
    own = np.append(lost, np.zeros(len(km.time) - k))[row]
    influence: Floats = followed[np.minimum(row + 1, k)] - observed.event * own
    return influence


def _groups(frame: pd.DataFrame, by: str | None) -> Clusters:
    if by is None:
        return Clusters(np.zeros(len(frame), dtype=np.intp), pd.Index([""]))
    return designs.groups(frame, by)


def _refuse_short(observed: FollowUp, limit: float, where: str) -> None:
    last = observed.time.max()
    if last < limit and not observed.event[observed.time == last].all():
        raise DesignError(
            f"{where}nobody is followed up to {limit:g}; the limit can be {last:g} at most"
        )


def _covariance(
    influence: Floats, members: Clusters | None, small_sample: bool
) -> tuple[Floats, int]:
    """Covariance of the groups' means, shape (k, k), and the number of clusters."""
    if members is None:
        return influence.T @ influence, len(influence)
    columns = (np.bincount(members.codes, weights=column) for column in influence.T)
    summed: Floats = np.stack(list(columns), axis=1).astype(float)
    G = members.count
    return summed.T @ summed * (G / (G - 1) if small_sample and G > 1 else 1.0), G


def _summarise(
    labels: list[str],
    means: Floats,
    covariance: Floats,
    limit: float,
    n_clusters: int,
    confidence: float,
) -> RestrictedMean:
    errors = np.sqrt(np.diagonal(covariance))
    single = wald(means, errors, confidence=confidence)
    by_group = {
        label: Quantity(
            float(means[k]), float(errors[k]), float(single.low[k]), float(single.high[k])
        )
        for k, label in enumerate(labels)
    }
    contrast = np.eye(len(labels))[1:] - np.eye(len(labels))[0]
    change = contrast @ means
    error = np.sqrt(np.diagonal(contrast @ covariance @ contrast.T))
    w = wald(change, error, confidence=confidence)
    differences = {
        label: Quantity(*map(float, (change[k], error[k], w.low[k], w.high[k], w.p_value[k])))
        for k, label in enumerate(labels[1:])
    }
    return RestrictedMean(limit, ReadOnly(by_group), ReadOnly(differences), n_clusters)
