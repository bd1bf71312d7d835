"""Restricted mean survival time: the area under the Kaplan-Meier curve up to a limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from numbers import Real
from typing import Literal

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models import clusters as who
from core_trial.models import columns as read
from core_trial.models.choices import refuse_choice
from core_trial.models.clusters import Blank, Clusters, Ints
from core_trial.models.columns import Missing
from core_trial.models.frozen import ReadOnly
from core_trial.models.inference import Floats, Quantity, wald
from core_trial.models.numerics.few_clusters import informative, refuse_one
from core_trial.models.numerics.jackknife import (
    group_of_clusters,
    jackknife_covariance,
    satterthwaite,
)
from core_trial.models.numerics.limits import refuse_confidence
from core_trial.models.showing.page import Page, Shown
from core_trial.models.survival.follow_up import FollowUp, follow_up
from core_trial.models.survival.kaplan_meier import EARLY_END, Curve, curve


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RestrictedMean(Shown):
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
    method
        Where the standard errors come from, in words.
    df
        Degrees of freedom of each difference; ``inf`` for the normal distribution.
    warnings
        What a careful reader should know.
    n_dropped
        Rows left out because a value was missing.
    confidence
        Coverage of the intervals.
    """

    limit: float
    means: Mapping[str, Quantity]
    differences: Mapping[str, Quantity]
    n_clusters: int
    method: str = ""
    df: Mapping[str, float] = field(default_factory=ReadOnly[str, float])
    warnings: tuple[str, ...] = ()
    n_dropped: int = 0
    confidence: float = 0.95

    def to_frame(self) -> pd.DataFrame:
        """A row per mean, then a row per difference."""
        rows = {("mean", name): asdict(q) for name, q in self.means.items()}
        rows |= {("difference", name): asdict(q) for name, q in self.differences.items()}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["what", "group"])

    def page(self) -> Page:
        """The means, and how they differ from the first group's."""
        from core_trial.models.showing.curves import quantities_block

        blocks = [quantities_block("Means", self.means, self.confidence)]
        if self.differences:
            first = next(iter(self.means))
            caption = f"Differences from {first}"
            blocks.append(quantities_block(caption, self.differences, self.confidence, self.df))
        dropped = f"; {self.n_dropped} rows with missing values left out" * (self.n_dropped > 0)
        title = f"Restricted mean up to {self.limit:g}"
        return Page(title, tuple(blocks), self.warnings, (self.method + dropped,))


def restricted_mean(
    frame: pd.DataFrame,
    *,
    time: str,
    event: str,
    limit: float,
    entry: str | None = None,
    by: str | None = None,
    cluster: str | None = None,
    inference: Literal["sandwich", "jackknife"] | None = None,
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
    entry
        Column with the time at which the row comes under observation; it is at risk after that.
    by
        Column of groups, the first being the reference; None for one group, labelled ``""``.
    cluster
        Column of clusters, which may span groups. None for Greenwood's variance, which is what
        independent rows lead to.
    inference
        With `cluster`: ``"sandwich"`` (from each row's influence, normal) or ``"jackknife"``
        (leaving out each cluster in turn, t with Satterthwaite's degrees of freedom). None for the
        sandwich, or the jackknife if a group has clusters of several members that are worth fewer
        than 20 equal ones.
    small_sample
        Multiply the sandwich by G / (G - 1).
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
        For missing values, negative times, a limit that is not positive or lies beyond follow-up, a
        group with one cluster of several members.

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
    chosen = read.sample(
        frame, missing=missing, cluster=cluster, time=time, event=event, entry=entry, by=by
    )
    frame = chosen.frame
    observed = follow_up(frame, time, event, entry)
    if not (isinstance(limit, Real) and np.isfinite(limit) and limit > 0):
        raise DesignError(f"the limit must be a positive time, not {limit}")
    groups = _groups(frame, by)
    for k, label in enumerate(groups.labels):
        part = observed.of(groups.codes == k)
        _refuse_short(part, limit, f"{by} {label}: " if by else "")
    members = who.clusters(frame, cluster, blank=blank_cluster) if cluster else None
    errors = _errors(observed, groups, limit, members, inference, small_sample)
    early = _ending_early(observed, groups, by) if entry else ()
    found = _summarise(groups, errors, limit, confidence)
    notes = (*found.warnings, *early)
    return replace(found, warnings=notes, n_dropped=chosen.dropped)


def _ending_early(observed: FollowUp, groups: Clusters, by: str | None) -> tuple[str, ...]:
    """Warnings about curves that late entry lets fall to zero too early."""
    parts = [observed.of(groups.codes == k) for k in range(groups.count)]
    curves = [curve(part.time, part.event, entry=part.entry) for part in parts]
    return tuple(
        f"{by} {label}: {EARLY_END}" if by else EARLY_END
        for label, km in zip(groups.labels, curves, strict=True)
        if km.ends_early
    )


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
    km = curve(observed.time, observed.event, entry=observed.entry)
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
    if observed.entry is not None:
        missed = np.searchsorted(km.time[:k], observed.entry, side="right")
        influence -= followed[np.minimum(missed, k)]
    return influence


def _groups(frame: pd.DataFrame, by: str | None) -> Clusters:
    if by is None:
        return Clusters(np.zeros(len(frame), dtype=np.intp), pd.Index([""]))
    return who.groups(frame, by)


def _refuse_short(observed: FollowUp, limit: float, where: str) -> None:
    last = observed.time.max()
    if last < limit and not observed.event[observed.time == last].all():
        raise DesignError(
            f"{where}nobody is followed up to {limit:g}; the limit can be {last:g} at most"
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Means:
    """Means of k groups, their covariance, and degrees of freedom of means and differences."""

    means: Floats
    covariance: Floats
    df: Floats
    df_differences: Floats
    n_clusters: int
    method: str
    warnings: tuple[str, ...] = ()


def _errors(
    observed: FollowUp,
    groups: Clusters,
    limit: float,
    members: Clusters | None,
    inference: str | None,
    small_sample: bool,
) -> _Means:
    """Means and their covariance, by the inference chosen or that the clusters allow."""
    if inference is not None:
        refuse_choice("inference", inference, ("sandwich", "jackknife"))
    k, n = groups.count, len(observed.time)
    means, influence = _by_group(observed, groups, limit)
    endless = np.full(k, np.inf)
    if members is None:
        if inference is not None:
            raise DesignError(f"inference={inference!r} needs a cluster column")
        endless = np.full(k, np.inf)
        return _Means(
            means, influence.T @ influence, endless, endless[1:], n, "Greenwood's variance"
        )
    found = informative(members.codes, groups.codes, [str(label) for label in groups.labels])
    refuse_one(found)
    chosen = inference or ("jackknife" if found.verdict == "few" else "sandwich")
    G = members.count
    if chosen == "jackknife":
        note = f"{found.counted}: the jackknife with t instead of the sandwich"
        notes = (note,) if inference is None else ()
        return _jackknifed(observed, groups, limit, members, means, influence, notes)
    columns = (np.bincount(members.codes, weights=column) for column in influence.T)
    summed: Floats = np.stack(list(columns), axis=1).astype(float)
    factor = G / (G - 1) if small_sample and G > 1 else 1.0
    label = f"clustered sandwich{' times G/(G-1)' if small_sample else ''}"
    notes = (found.warning,) if found.warning else ()
    return _Means(means, summed.T @ summed * factor, endless, endless[1:], G, label, notes)


def _by_group(observed: FollowUp, groups: Clusters, limit: float) -> tuple[Floats, Floats]:
    """Mean of each group, shape (k,), and each row's influence on them, shape (n, k)."""
    influence = np.zeros((len(observed.time), groups.count))
    means = np.empty(groups.count)
    for k in range(groups.count):
        rows = groups.codes == k
        means[k], influence[rows, k] = area(observed.of(rows), limit)
    return means, influence


def _jackknifed(
    observed: FollowUp,
    groups: Clusters,
    limit: float,
    members: Clusters,
    means: Floats,
    influence: Floats,
    notes: tuple[str, ...],
) -> _Means:
    """Leave out each cluster in turn."""
    k, G = groups.count, members.count
    changes = np.zeros((G, k))
    for g in range(G):
        out = members.codes == g
        for j in np.unique(groups.codes[out]):
            rest = ~out & (groups.codes == j)
            changes[g, j] = area(observed.of(rest), limit)[0] - means[j] if rest.any() else np.nan
    own: Floats = np.stack([np.bincount(members.codes, c) for c in (influence**2).T], axis=1)
    parts = [
        group_of_clusters(np.bincount(members.codes[groups.codes == j], minlength=G))
        for j in range(k)
    ]
    contrast = np.eye(k)[1:] - np.eye(k)[0]
    shares, effective = zip(*parts, strict=True)
    both = [np.concatenate([shares[0], share]) for share in shares[1:]]
    numbers = [np.concatenate([effective[0], k]) for k in effective[1:]]
    return _Means(
        means,
        jackknife_covariance(changes),
        satterthwaite(changes, shares, effective, own),
        satterthwaite(changes @ contrast.T, both, numbers, own @ (contrast**2).T),
        G,
        f"jackknife over {G} clusters, t with Satterthwaite's df",
        notes,
    )


def _summarise(groups: Clusters, found: _Means, limit: float, confidence: float) -> RestrictedMean:
    labels = [str(label) for label in groups.labels]
    means, covariance = found.means, found.covariance
    errors = np.sqrt(np.diagonal(covariance))
    single = wald(means, errors, found.df, confidence)
    by_group = {
        label: Quantity(*map(float, (means[k], errors[k], single.low[k], single.high[k])))
        for k, label in enumerate(labels)
    }
    contrast = np.eye(len(labels))[1:] - np.eye(len(labels))[0]
    change = contrast @ means
    error = np.sqrt(np.diagonal(contrast @ covariance @ contrast.T))
    w = wald(change, error, found.df_differences, confidence)
    differences = {
        label: Quantity(*map(float, (change[k], error[k], w.low[k], w.high[k], w.p_value[k])))
        for k, label in enumerate(labels[1:])
    }
    df = dict(zip(labels[1:], found.df_differences.tolist(), strict=True))
    return RestrictedMean(
        limit,
        ReadOnly(by_group),
        ReadOnly(differences),
        found.n_clusters,
        found.method,
        ReadOnly(df),
        found.warnings,
        confidence=confidence,
    )
