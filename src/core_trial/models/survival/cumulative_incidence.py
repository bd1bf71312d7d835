"""Cumulative incidence: the probability of each of several events that compete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from core_trial.models import clusters as who
from core_trial.models import columns as read
from core_trial.models.choices import refuse_choice
from core_trial.models.clusters import Clusters
from core_trial.models.inference import Floats
from core_trial.models.numerics.few_clusters import informative
from core_trial.models.numerics.limits import refuse_confidence
from core_trial.models.showing.page import Page, Shown
from core_trial.models.survival.aalen_johansen import incidence
from core_trial.models.survival.causes import Causes, causes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

IncidenceInterval = Literal["log-log", "plain"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Incidence(Shown):
    """Cumulative incidence of one event in one group, a value at each of k times.

    Parameters
    ----------
    time
        Times of any event, ascending, shape (k,).
    at_risk
        Number without any event and under observation just before each time, shape (k,).
    incidence
        Probability of this event up to and including each time, shape (k,).
    std_error
        Its standard error, shape (k,).
    low, high
        Pointwise confidence limits, shape (k,).
    confidence
        Their coverage.
    """

    time: Floats
    at_risk: Floats
    incidence: Floats
    std_error: Floats
    low: Floats
    high: Floats
    confidence: float = 0.95

    def at(self, times: ArrayLike) -> pd.DataFrame:
        """Incidence, standard error and limits at given times, a row each; 0 before the first."""
        wanted = np.asarray(times, dtype=float)
        step = np.searchsorted(self.time, wanted, side="right")
        names = ["incidence", "std_error", "low", "high"]
        values = {name: np.concatenate([[0.0], getattr(self, name)])[step] for name in names}
        return pd.DataFrame(values, index=pd.Index(wanted, name="time"))

    def to_frame(self) -> pd.DataFrame:
        """A row per time."""
        names = ["time", "at_risk", "incidence", "std_error", "low", "high"]
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def page(self) -> Page:
        """A row per time."""
        from core_trial.models.showing.curves import curve_page

        return curve_page("Cumulative incidence", self.to_frame(), "incidence", self.confidence)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CumulativeIncidence(Shown, Mapping[str, Mapping[str, Incidence]]):
    """The incidence of each event in each group: ``found[group][event]``.

    One group labelled ``""`` when there are no groups.
    """

    curves: Mapping[str, Mapping[str, Incidence]]
    by: str
    interval: IncidenceInterval
    confidence: float
    warnings: tuple[str, ...] = ()

    def __getitem__(self, group: str) -> Mapping[str, Incidence]:
        return self.curves[group]

    def __iter__(self) -> Iterator[str]:
        return iter(self.curves)

    def __len__(self) -> int:
        return len(self.curves)

    def to_frame(self) -> pd.DataFrame:
        """A row per group, event and time."""
        tables = [
            curve.to_frame().assign(group=group, event=event)
            for group, events in self.curves.items()
            for event, curve in events.items()
        ]
        return pd.concat(tables, ignore_index=True)

    def page(self) -> Page:
        """Incidence of each event in each group at the end of its curve."""
        from core_trial.models.showing.curves import incidence_page

        return incidence_page(self)

    def plot(self, ax: Axes | None = None, *, limits: bool = True) -> Axes:
        """Draw a curve per group and event, with shaded limits, on the axes given or new ones."""
        from core_trial.models.survival.drawing import draw_incidence  # matplotlib is slow to load

        return draw_incidence(self, ax, limits=limits)


def cumulative_incidence(
    frame: pd.DataFrame,
    *,
    time: str,
    event: str,
    censored: object = 0,
    entry: str | None = None,
    by: str | None = None,
    cluster: str | None = None,
    interval: IncidenceInterval = "log-log",
    confidence: float = 0.95,
) -> CumulativeIncidence:
    r"""Probability of each of several competing events over time, by Aalen and Johansen.

    Unlike one minus Kaplan-Meier, in which the other events are censoring, it does not suppose that
    whoever has died could still be readmitted.

    Parameters
    ----------
    frame
        A row per participant, without missing values in the columns named.
    time
        Column with the time to the first event or to censoring.
    event
        Column with which event it was, and `censored` where there was none.
    censored
        The value of `event` that stands for censoring.
    entry
        Column with the time at which the row comes under observation; it is at risk after that.
    by
        Column of groups; None for one.
    cluster
        Column of clusters whose members are alike, for the standard errors; None for independent
        rows.
    interval
        Scale on which the limits are symmetric: ``"log-log"``, :math:`\log(-\log F)`, or
        ``"plain"``.
    confidence
        Coverage of the limits.

    Raises
    ------
    DesignError
        For missing values, negative times, no events at all.

    References
    ----------
    Aalen and Johansen (1978), Scand J Stat 5: 141-50. Kalbfleisch and Prentice (2002), The
    Statistical Analysis of Failure Time Data, section 8.2. The variance is the infinitesimal
    jackknife's, as that of R's ``survfit``.

    Examples
    --------
    >>> frame = pd.DataFrame({"days": [1, 2, 3, 4], "what": ["home", "died", "home", "none"]})
    >>> found = cumulative_incidence(frame, time="days", event="what", censored="none")
    >>> found[""]["home"].incidence.tolist()
    [0.25, 0.25, 0.5]
    """
    refuse_confidence(confidence)
    refuse_choice("interval", interval, ("log-log", "plain"))
    frame = read.sample(frame, cluster=cluster, time=time, event=event, entry=entry, by=by).frame
    observed = causes(frame, time, event, censored, entry)
    groups = who.groups(frame, by) if by else None
    members = who.clusters(frame, cluster) if cluster else None
    found = {}
    for k, label in enumerate(groups.labels if groups else [""]):
        rows = groups.codes == k if groups else np.ones(len(frame), dtype=bool)
        found[str(label)] = _one_group(observed, rows, members, interval, confidence)
    quiet = tuple(f"{by} {label}: there is no event" for label, c in found.items() if not c)
    return CumulativeIncidence(found, by or "", interval, confidence, quiet + _few(members, groups))


def _few(members: Clusters | None, groups: Clusters | None) -> tuple[str, ...]:
    """What is to be said where clusters are few."""
    if members is None:
        return ()
    arms = np.zeros(len(members.codes), dtype=np.intp) if groups is None else groups.codes
    labels = [""] if groups is None else [str(label) for label in groups.labels]
    warning = informative(members.codes, arms, labels).warning
    return (warning,) if warning else ()


def _one_group(
    observed: Causes,
    rows: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    members: Clusters | None,
    interval: IncidenceInterval,
    confidence: float,
) -> dict[str, Incidence]:
    entry = None if observed.entry is None else observed.entry[rows]
    part = Causes(observed.time[rows], observed.cause[rows], observed.labels, entry)
    if not part.cause.any():
        return {}
    own = None if members is None else Clusters(members.codes[rows], members.labels)
    path, F, variance = incidence(part, own)
    curves = {}
    for k, label in enumerate(observed.labels):
        error = np.sqrt(variance[k])
        low, high = _limits(F[k], error, interval, confidence)
        curves[label] = Incidence(path.time, path.at_risk, F[k], error, low, high, confidence)
    return curves


def _limits(
    F: Floats, std_error: Floats, interval: IncidenceInterval, confidence: float
) -> tuple[Floats, Floats]:
    """Pointwise limits within 0 and 1; the estimate itself where it is 0 or 1."""
    half = special.ndtri(0.5 + confidence / 2) * std_error
    if interval == "plain":
        return np.maximum(F - half, 0.0), np.minimum(F + half, 1.0)
    low, high = F.copy(), F.copy()
    within = (F > 0) & (F < 1)
    p = F[within]
    width = half[within] / (p * -np.log(p))
    low[within], high[within] = p ** np.exp(width), p ** np.exp(-width)
    return low, high
