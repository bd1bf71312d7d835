"""Kaplan-Meier: the survival curve of each group, with everything a plot of it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from core_trial.models import clusters as who
from core_trial.models import columns as read
from core_trial.models.choices import refuse_choice
from core_trial.models.clusters import Ints
from core_trial.models.columns import Missing
from core_trial.models.inference import Floats
from core_trial.models.numerics.limits import refuse_confidence
from core_trial.models.showing.page import Page, Shown
from core_trial.models.survival.follow_up import follow_up
from core_trial.models.weights import repeated

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Interval = Literal["log-log", "log", "plain"]
EARLY_END = (
    "all who were at risk at an early time had the event, so that the curve is zero from there on "
    "though others enter later: start the curve where enough are at risk"
)
#: Two survival probabilities nearer than this are one: products of fractions carry rounding.
SAME = 1e-12


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Curve(Shown):
    """Survival of one group, a value at each of k distinct times.

    Parameters
    ----------
    time
        Distinct times of events and of censoring, ascending, shape (k,).
    at_risk
        Number followed up just before each time, shape (k,).
    events, censored
        Events and censorings at each time, shape (k,). Whoever is censored at a time is taken to
        have been at risk for the events of that time.
    survival
        Probability of no event up to and including each time, shape (k,).
    std_error
        Greenwood's standard error of `survival`, shape (k,).
    low, high
        Pointwise confidence limits, shape (k,); ``nan`` where they do not exist.
    interval
        The scale on which the limits are symmetric.
    confidence
        Their coverage.
    entry
        Times at which the group's rows came under observation, ascending, shape (n,); empty when
        all are observed from the origin.
    """

    time: Floats
    at_risk: Ints
    events: Ints
    censored: Ints
    survival: Floats
    std_error: Floats
    low: Floats
    high: Floats
    interval: Interval
    confidence: float
    entry: Floats = field(default_factory=lambda: np.empty(0))

    @property
    def n(self) -> int:
        """Rows in the group."""
        return int(self.events.sum() + self.censored.sum())

    @property
    def n_events(self) -> int:
        """Events in the group."""
        return int(self.events.sum())

    @property
    def ends_early(self) -> bool:
        """Whether the curve reaches zero before the last event, as late entry can make it."""
        gone = np.flatnonzero(self.survival <= 0)
        return bool(len(gone)) and bool(self.events[gone[0] + 1 :].any())

    @property
    def median(self) -> float:
        """Median time to event; ``nan`` when the curve stays above one half."""
        return self.quantile(0.5)[0]

    @property
    def median_interval(self) -> tuple[float, float]:
        """Confidence limits of the median, ``nan`` where they are not reached."""
        return self.quantile(0.5)[1:]

    def quantile(self, share: float) -> tuple[float, float, float]:
        """Time by which a share has had the event, with its confidence limits.

        Where the curve is level exactly at ``1 - share``, every time along that step would do and
        its midpoint is taken, as R's ``survfit`` does. The limits are the times at which the
        pointwise limits of the curve get there (Brookmeyer and Crowley 1982, Biometrics 38: 29-41).

        Parameters
        ----------
        share
            Between 0 and 1; one half for the median.
        """
        level = 1 - share
        return (
            _falls_to(self.time, self.survival, level),
            _falls_to(self.time, self.low, level),
            _falls_to(self.time, self.high, level),
        )

    def at_risk_at(self, times: ArrayLike) -> Ints:
        """Number still followed up just before each of the times: the table under a plot."""
        left = self._count(self.events + self.censored, times, "left")
        if not len(self.entry):
            return self.n - left
        wanted = np.asarray(times, dtype=float)
        there = np.searchsorted(self.entry, wanted, side="left")
        return np.where(wanted > 0, there, (self.entry == 0).sum()) - left

    def censored_by(self, times: ArrayLike) -> Ints:
        """Number censored up to and including each of the times."""
        return self._count(self.censored, times, "right")

    def events_by(self, times: ArrayLike) -> Ints:
        """Number of events up to and including each of the times."""
        return self._count(self.events, times, "right")

    def survival_at(self, times: ArrayLike) -> Floats:
        """Survival at each of the times; ``nan`` beyond the last one that was observed."""
        wanted = np.asarray(times, dtype=float)
        step = np.searchsorted(self.time, wanted, side="right")
        value = np.concatenate([[1.0], self.survival])[step]
        return np.where((wanted > self.time[-1]) & (value > 0), np.nan, value)

    def to_frame(self) -> pd.DataFrame:
        """A row per time."""
        names = ["time", "at_risk", "events", "censored", "survival", "std_error", "low", "high"]
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def page(self) -> Page:
        """A row per time."""
        from core_trial.models.showing.curves import curve_page

        title = f"Survival: n = {self.n}, {self.n_events} events"
        return curve_page(title, self.to_frame(), "survival", self.confidence)

    def _count(self, what: Ints, times: ArrayLike, side: Literal["left", "right"]) -> Ints:
        step = np.searchsorted(self.time, np.asarray(times, dtype=float), side=side)
        return np.concatenate([[0], np.cumsum(what)])[step]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class KaplanMeier(Shown, Mapping[str, Curve]):
    """The curve of each group by its label; one curve labelled ``""`` when there are no groups."""

    curves: Mapping[str, Curve]
    by: str = ""
    warnings: tuple[str, ...] = field(default=())
    n_dropped: int = 0

    def __getitem__(self, group: str) -> Curve:
        return self.curves[group]

    def __iter__(self) -> Iterator[str]:
        return iter(self.curves)

    def __len__(self) -> int:
        return len(self.curves)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        at_risk: ArrayLike | None = None,
        limits: bool = True,
        censored: bool = False,
    ) -> Axes:
        """Draw the curves; see `core_trial.models.survival.drawing.draw_curves`.

        Parameters
        ----------
        ax
            Axes to draw on; new ones if None.
        at_risk
            Times at which the numbers at risk are written below the axis; the ticks if None.
        limits
            Shade the pointwise confidence limits.
        censored
            Mark the times of censoring.
        """
        from core_trial.models.survival.drawing import draw_curves  # matplotlib is slow to load

        return draw_curves(self, ax, at_risk=at_risk, limits=limits, censored=censored)

    def to_frame(self) -> pd.DataFrame:
        """A row per group and time."""
        frames = [curve.to_frame().assign(group=label) for label, curve in self.curves.items()]
        return pd.concat(frames, ignore_index=True)

    def page(self) -> Page:
        """People, events and median of each group."""
        from core_trial.models.showing.curves import survival_page

        return survival_page(self)


def kaplan_meier(
    frame: pd.DataFrame,
    *,
    time: str,
    event: str,
    entry: str | None = None,
    by: str | None = None,
    weights: str | None = None,
    interval: Interval = "log-log",
    confidence: float = 0.95,
    missing: Missing = "refuse",
) -> KaplanMeier:
    """Survival by the product limit, in each group.

    Parameters
    ----------
    frame
        A row per participant; see `missing` for incomplete ones.
    time, event
        Columns with the time to event or censoring and with 1 or True for an event.
    entry
        Column with the time at which the row comes under observation; it is at risk after that.
    by
        Column of groups; None for one curve.
    weights
        Column that says how often each row occurred.
    interval
        Scale of the pointwise limits: ``"log-log"``, ``"log"`` (R's default) or ``"plain"``.
    confidence
        Coverage of the limits.
    missing
        ``"refuse"``, or ``"drop"`` to leave rows with missing values out; they are counted in
        `KaplanMeier.n_dropped`.

    Raises
    ------
    DesignError
        For missing values, negative times, an event column of other than 0 and 1, an entry at or
        after the time.

    References
    ----------
    Kaplan and Meier (1958), J Am Stat Assoc 53: 457-81. Kalbfleisch and Prentice (2002), The
    Statistical Analysis of Failure Time Data, section 1.4.

    Examples
    --------
    >>> frame = pd.DataFrame({"days": [2, 4, 4, 7], "readmitted": [1, 1, 0, 1]})
    >>> curve = kaplan_meier(frame, time="days", event="readmitted")[""]
    >>> curve.survival.tolist()
    [0.75, 0.5, 0.0]
    >>> curve.median
    5.5
    """
    refuse_confidence(confidence)
    chosen = read.sample(
        frame, missing=missing, time=time, event=event, entry=entry, by=by, weights=weights
    )
    rows = repeated(chosen.frame, weights) if weights else chosen.frame
    observed = follow_up(rows, time, event, entry)
    groups = who.groups(rows, by) if by else None
    labels = [str(label) for label in groups.labels] if groups else [""]
    curves = {}
    for k, label in enumerate(labels):
        own = observed.of(groups.codes == k) if groups else observed
        curves[label] = curve(own.time, own.event, interval, confidence, entry=own.entry)
    where = {label: f"{by} {label}: " if by else "" for label in labels}
    quiet = [f"{where[g]}there is no event" for g, c in curves.items() if by and c.n_events == 0]
    early = [f"{where[g]}{EARLY_END}" for g, c in curves.items() if c.ends_early]
    return KaplanMeier(curves, by or "", tuple(quiet + early), chosen.dropped)


def curve(
    time: Floats,
    event: Floats,
    interval: Interval = "log-log",
    confidence: float = 0.95,
    *,
    entry: Floats | None = None,
) -> Curve:
    """Kaplan-Meier on arrays: times, 1 for an event, times of entry, each of shape (n,)."""
    times, block = np.unique(time, return_inverse=True)
    events = np.bincount(block, weights=event).astype(np.intp)
    leaving = np.bincount(block)
    at_risk = len(time) - np.cumsum(leaving) + leaving
    starts = np.empty(0) if entry is None else np.sort(entry)
    if len(starts):
        at_risk = at_risk - (len(starts) - np.searchsorted(starts, times, side="left"))
    survival: Floats = np.cumprod((at_risk - events) / at_risk, dtype=float)
    relative = relative_error(at_risk, events)
    low, high = survival_limits(survival, relative, interval, confidence)
    with np.errstate(invalid="ignore"):  # 0 * inf once nobody survives
        std_error: Floats = survival * relative
    return Curve(
        times, at_risk, events, leaving - events, survival, std_error, low, high,
        interval, confidence, starts,
    )  # fmt: skip


def relative_error(at_risk: Ints, events: Ints) -> Floats:
    """Greenwood's standard error of log survival, shape (k,); ``inf`` once nobody survives."""
    surviving = at_risk - events
    with np.errstate(divide="ignore"):
        variance: Floats = np.cumsum(events / (at_risk * surviving.astype(float)), dtype=float)
    return np.sqrt(variance)


def survival_limits(
    survival: Floats, relative: Floats, interval: Interval, confidence: float
) -> tuple[Floats, Floats]:
    """Pointwise limits, at most 1 and at least 0; both 1 before the first event.

    Parameters
    ----------
    survival
        Shape (k,).
    relative
        Standard error of its logarithm, shape (k,).
    interval, confidence
        As for `kaplan_meier`.
    """
    z = special.ndtri(0.5 + confidence / 2)
    refuse_choice("interval", interval, ("log-log", "log", "plain"))
    within = (survival > 0) & (survival < 1)
    S, half = survival[within], z * relative[within]
    if interval == "log":
        between = S * np.exp(-half), np.minimum(S * np.exp(half), 1.0)
    elif interval == "log-log":
        spread = half / -np.log(S)
        between = S ** np.exp(spread), S ** np.exp(-spread)
    else:
        between = np.maximum(S * (1 - half), 0.0), np.minimum(S * (1 + half), 1.0)
    low, high = (np.where(survival < 1, np.nan, 1.0) for _ in range(2))
    low[within], high[within] = between
    return low, high


def _falls_to(time: Floats, curve: Floats, level: float) -> float:
    """First time at or below a level; the middle of the step that is level with it, if any."""
    with np.errstate(invalid="ignore"):
        there = np.flatnonzero(curve <= level + SAME)
        below = np.flatnonzero(curve < level - SAME)
    if len(there) == 0:
        return np.nan
    start = time[there[0]]
    if curve[there[0]] < level - SAME:
        return float(start)
    end = time[below[0]] if len(below) else time[-1]
    return float((start + end) / 2)
