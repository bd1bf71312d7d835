"""Events that recur: the mean number of them over time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from core_trial.errors import DesignError
from core_trial.models import clusters as who
from core_trial.models import columns as read
from core_trial.models.clusters import Clusters
from core_trial.models.inference import Floats
from core_trial.models.numerics.limits import refuse_confidence
from core_trial.models.showing.page import Page, Shown
from core_trial.models.survival.aalen_johansen import mean_events
from core_trial.models.survival.follow_up import follow_up


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MeanCurve(Shown):
    """Mean number of events per participant of one group, a value at each of k event times.

    Parameters
    ----------
    time
        Ascending, shape (k,).
    at_risk, events
        Participants under observation just before each time, and events there, shape (k,).
    mean
        Events per participant up to and including each time, shape (k,).
    std_error
        Robust standard error, shape (k,).
    low, high
        Pointwise limits, symmetric on the logarithmic scale, shape (k,).
    confidence
        Their coverage.
    """

    time: Floats
    at_risk: Floats
    events: Floats
    mean: Floats
    std_error: Floats
    low: Floats
    high: Floats
    confidence: float = 0.95

    def at(self, times: ArrayLike) -> pd.DataFrame:
        """Mean, standard error and limits at given times, a row each; 0 before the first event."""
        wanted = np.asarray(times, dtype=float)
        step = np.searchsorted(self.time, wanted, side="right")
        names = ["mean", "std_error", "low", "high"]
        values = {name: np.concatenate([[0.0], getattr(self, name)])[step] for name in names}
        return pd.DataFrame(values, index=pd.Index(wanted, name="time"))

    def to_frame(self) -> pd.DataFrame:
        """A row per time."""
        names = ["time", "at_risk", "events", "mean", "std_error", "low", "high"]
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def page(self) -> Page:
        """A row per time."""
        from core_trial.models.showing.curves import curve_page

        return curve_page("Mean number of events", self.to_frame(), "mean", self.confidence)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MeanCumulative(Shown, Mapping[str, MeanCurve]):
    """The curve of each group by its label; one labelled ``""`` when there are no groups."""

    curves: Mapping[str, MeanCurve]
    by: str
    confidence: float
    warnings: tuple[str, ...] = ()

    def __getitem__(self, group: str) -> MeanCurve:
        return self.curves[group]

    def __iter__(self) -> Iterator[str]:
        return iter(self.curves)

    def __len__(self) -> int:
        return len(self.curves)

    def to_frame(self) -> pd.DataFrame:
        """A row per group and time."""
        tables = [curve.to_frame().assign(group=label) for label, curve in self.curves.items()]
        return pd.concat(tables, ignore_index=True)

    def page(self) -> Page:
        """Events per participant of each group at the end of its curve."""
        from core_trial.models.showing.curves import recurrent_page

        return recurrent_page(self)


def mean_cumulative(
    frame: pd.DataFrame,
    *,
    time: str,
    event: str,
    cluster: str,
    entry: str | None = None,
    by: str | None = None,
    confidence: float = 0.95,
) -> MeanCumulative:
    """Mean number of recurrent events per participant over time, with robust errors.

    Parameters
    ----------
    frame
        Rows of time at risk, several per participant: from the last event, or the origin, to the
        next event or the end of follow-up.
    time, event, entry
        End of each row, 1 or True if it ends in an event, and its beginning.
    cluster
        Column that says whose rows belong together: the participant, or a larger cluster, such as
        the worker, whose members are alike.
    by
        Column of groups; None for one curve.
    confidence
        Coverage of the limits.

    Raises
    ------
    DesignError
        For missing values, negative times, an entry at or after the time, no events.

    References
    ----------
    Nelson (1988), J Qual Technol 20: 24-35. Lawless and Nadeau (1995), Technometrics 37: 158-68.

    Examples
    --------
    >>> frame = pd.DataFrame({"id": [1, 1, 2], "start": [0, 3, 0], "stop": [3, 9, 7],
    ...                       "readmitted": [1, 0, 1]})
    >>> found = mean_cumulative(frame, time="stop", event="readmitted", entry="start", cluster="id")
    >>> found[""].mean.tolist()
    [0.5, 1.0]
    """
    refuse_confidence(confidence)
    frame = read.sample(frame, cluster=cluster, time=time, event=event, entry=entry, by=by).frame
    observed, members = follow_up(frame, time, event, entry), who.clusters(frame, cluster)
    groups = who.groups(frame, by) if by else None
    curves, quiet = {}, []
    for k, label in enumerate(groups.labels if groups else [""]):
        rows = groups.codes == k if groups else np.ones(len(frame), dtype=bool)
        part = observed.of(rows)
        if not part.n_events:
            quiet.append(f"{by} {label}: there is no event")
            continue
        own = Clusters(members.codes[rows], members.labels)
        path, events, mean, variance = mean_events(part, own)
        error = np.sqrt(variance)
        factor = np.exp(special.ndtri(0.5 + confidence / 2) * error / mean)
        curves[str(label)] = MeanCurve(
            path.time, path.at_risk, events, mean, error, mean / factor, mean * factor, confidence
        )
    if not curves:
        raise DesignError("there is no event, so there is no mean number of them to draw")
    return MeanCumulative(curves, by or "", confidence, tuple(quiet))
