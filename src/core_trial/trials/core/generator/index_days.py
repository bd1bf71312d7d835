"""Stage 7: how long the index episode went on after randomisation, and with it all acute days.

Most had left acute care by then and have no such days; a few stayed long. The days of each arm are
drawn with the printed mean and standard deviation. Then they move, each a little, until together
with the readmission days they have the printed quartile and rate ratio of all days in acute care.
At last those of the intervention arm who were not readmitted exchange their days for the standard
error, and those of either arm so that few are discharged at a weekend. The readmission days stay as
they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.declaration.arms import MODEL_ARMS, Group
from core_trial.synthesis.calendar import SATURDAY
from core_trial.synthesis.counts import RateRatio, rate_ratio
from core_trial.synthesis.exchange import Exchange
from core_trial.synthesis.lengths import fitting
from core_trial.synthesis.people import codes, treated
from core_trial.synthesis.regions import Bounds, Region
from core_trial.synthesis.samples import long_tail, order_statistics
from core_trial.synthesis.search import (
    GOAL,
    Attempt,
    Floats,
    Impossible,
    best_of,
    descend,
)
from core_trial.synthesis.targets import Targets

#: Share with index days among those readmitted; of the others, as many as the median of zero
#: leaves room for, but for a margin. Both are drawn from a range.
SHARE_READMITTED = (0.15, 0.45)
MARGIN = (1, 25)
#: Draws to begin with, and rounds of the search from the nearest of them.
STARTS, STEPS = 120, 300
#: The range of the rate ratio is taken so many times wider at first, and then as it is.
BLURS = (40.0, 1.0)
#: Days between the end of the index episode and a readmission, at least.
GAP = 3
#: Nobody's index episode goes on longer than this after randomisation.
LONGEST = 330
#: No more than this share of those who have index days have one.
HEAP = 0.15
#: Candidate moves of one round, and the largest factor by which one move changes somebody's days.
WIDTH = 150
STRETCH = 0.25
#: Share of discharges at a weekend that stay there.
WEEKEND = 0.3
#: A mean or a standard deviation this far from the middle of its bounds is as good as there.
COMFORT = 0.6

#: Two participants, and their new index days.
Change = tuple[NDArray[np.intp], Floats]


@dataclass
class IndexDays:
    """Index days of n participants, and everything that is printed of them and of all days.

    Parameters
    ----------
    arm, readmission
        Group (0, 1) and readmission days, shape (n,).
    room
        Index days that each could have at most, shape (n,).
    days
        Index days, shape (n,); whoever has none keeps none.
    moments
        Mean and SD of the index days in arms 0 and 1.
    third_quartile
        Of all days, in arms 0 and 1.
    region
        Where the log rate ratio of all days should lie, and its standard error, which waits.
    blur
        How many times wider the range of the rate ratio is taken: a tiny one would keep the
        quartiles from moving.
    """

    arm: Floats
    readmission: Floats
    room: Floats
    days: Floats
    moments: Sequence[tuple[Bounds, Bounds]]
    third_quartile: Sequence[int]
    region: Region
    blur: float = 1.0
    fit: RateRatio = field(init=False)

    def __post_init__(self) -> None:
        self._arms = [np.flatnonzero(self.arm == a) for a in (0, 1)]
        self._quartile = [list(order_statistics(len(rows), 75)) for rows in self._arms]
        self._partners = np.flatnonzero((self.days > 0) | (self.readmission > 0))
        self.fit = rate_ratio(self.arm, self.days + self.readmission)

    def gauge(self) -> float:
        """Distance from all that is printed."""
        return float(_norm(self._distances(*self._present))[0])

    def farthest(self) -> float:
        """Distance from the printed number that is farthest off."""
        return float(np.max(self._distances(*self._present)))

    @property
    def _present(self) -> tuple[Floats, Floats]:
        return self.days[None], np.array([self.fit.estimate])

    def moves(self, rng: np.random.Generator) -> tuple[list[Change], Floats]:
        """Two participants' index days become longer or shorter, or the two exchange them."""
        positive = np.flatnonzero(self.days > 0)
        who = np.stack([rng.choice(positive, WIDTH), rng.choice(self._partners, WIDTH)], axis=1)
        now = self.days[who]
        stretched = np.round(now * (1 + STRETCH * rng.uniform(-1, 1, who.shape)))
        stretched += rng.integers(-1, 2, who.shape)
        stretched = np.where((now > 0) & (stretched >= 1), stretched, now)  # no heap at one day
        swap = (rng.random(WIDTH) < 0.5) & (np.ptp(self.arm[who], axis=1) == 0)
        value = np.where(swap[:, None], now[:, ::-1], stretched)
        value = np.where(value <= self.room[who], value, now)
        trial = np.repeat(self.days[None], WIDTH, axis=0)
        np.put_along_axis(trial, who, value, axis=1)
        new, old = (
            self.fit.influence(self.arm[who], d + self.readmission[who]) for d in (value, now)
        )
        gauges = _norm(self._distances(trial, self.fit.estimate + (new - old).sum(axis=1)))
        return list(zip(who, value, strict=True)), gauges

    def make(self, move: Change) -> None:
        """Give two participants other index days, and fit anew."""
        who, value = move
        self.days[who] = value
        self.fit = rate_ratio(self.arm, self.days + self.readmission, self.fit.at)

    def _distances(self, days: Floats, estimates: Floats) -> Floats:
        """Distances of k samples, shape (k, n), from everything that is printed; shape (7, k)."""
        middle, half = self.region.estimates
        distances = [np.abs(estimates - middle) / (half * self.blur)]
        for rows, (mean, sd), at, printed in zip(
            self._arms, self.moments, self._quartile, self.third_quartile, strict=True
        ):
            own = days[:, rows]
            distances.append(_misplaced(own + self.readmission[rows], at, printed))
            for bounds, value in ((mean, own.mean(axis=1)), (sd, own.std(axis=1, ddof=1))):
                gauge = bounds.gauge(value)
                distances.append(np.where(gauge < 1, np.maximum(gauge - COMFORT, 0), gauge))
        return np.array(distances)


def _misplaced(total: Floats, at: list[int], printed: int) -> Floats:
    """Distance of each sample's quartile, shape (k, n), from the printed one; 0 or more than 1.

    It counts who is on the wrong side, since the quartile itself does not move until enough have
    changed sides; how far the quartile is off is worth less than one of them.
    """
    n = total.shape[1]
    below = np.maximum((total < printed).sum(axis=1) - at[-1], 0)
    above = np.maximum((total > printed).sum(axis=1) - (n - 1 - at[0]), 0)
    off = np.abs(np.partition(total, at, axis=1)[:, at].mean(axis=1) - printed)
    return np.asarray(np.where(off > 0, 1 + below + above + off / (1 + off), 0.0))


def _norm(distances: Floats) -> Floats:
    """One distance of m distances, shape (m, k): logarithmic, so that no target drowns another."""
    return np.asarray(np.sqrt((np.log1p(distances) ** 2).sum(axis=0)))


def draw_index_days(
    people: pd.DataFrame, targets: Targets, rng: np.random.Generator
) -> tuple[pd.DataFrame, list[Attempt]]:
    """Days from randomisation to the end of the index episode, and all days in acute care.

    Returns
    -------
    pandas.DataFrame
        Columns index_days and acute_days, ``nan`` without records.
    list of Attempt
        How near the rate ratio came.
    """
    known = people[people["readmitted"].notna()]
    line = targets.line("acute_days", ratio=True)
    region = targets.region("acute_days", ratio=True)
    clusters = codes(known["cluster_id"])

    def draw(rng: np.random.Generator) -> tuple[tuple[IndexDays, Exchange], float]:
        problem = _nearest_start(known, targets, region, rng)
        for blur in BLURS:
            problem.blur = blur
            descend(problem, rng, steps=STEPS)
        total = problem.days + problem.readmission
        exchange = Exchange(
            problem.fit.influence(problem.arm, total),
            clusters,
            _exchangeable(problem),
            problem.region,
            problem.fit.estimate,
        )
        gauge = descend(exchange, rng, steps=600)
        return (problem, exchange), max(gauge, problem.farthest())

    (problem, exchange), gauge = best_of(draw, rng)
    _leave_on_weekdays(problem, exchange, known["randomised_on"].dt.day_of_week.to_numpy(), rng)
    gauge = max(exchange.gauge(), problem.farthest())
    frame = pd.DataFrame(np.nan, people.index, ["index_days", "acute_days"])
    frame.loc[known.index, "index_days"] = problem.days[exchange.at]
    frame["acute_days"] = frame["index_days"] + people["readmission_days"]
    reached = exchange.estimate, exchange.std_error
    return frame, [Attempt("acute_days", str(line), gauge, *reached)]


def _nearest_start(
    known: pd.DataFrame, targets: Targets, region: Region, rng: np.random.Generator
) -> IndexDays:
    """The nearest of many draws; those that cannot have the margins are passed over."""
    starts: list[IndexDays] = []
    for _ in range(STARTS):
        with suppress(Impossible):
            starts.append(_start(known, targets, region, rng))
    if not starts:
        raise Impossible("no index episodes have the printed mean, deviation and median")
    return min(starts, key=IndexDays.gauge)


def _start(
    known: pd.DataFrame, targets: Targets, region: Region, rng: np.random.Generator
) -> IndexDays:
    """Index days with the printed means and standard deviations, given out at random."""
    arm = treated(known)
    readmission = known["readmission_days"].to_numpy()
    readmitted = known["readmitted"].to_numpy() == 1
    room = np.where(readmitted, known["days_to_readmission"] - GAP, LONGEST)
    days = np.zeros(len(known))
    moments, quartile = [], []
    for a in MODEL_ARMS:
        rows = np.flatnonzero(arm == (a == Group.INTERVENTION))
        moments.append(targets.moments("index_days", a))
        quartile.append(targets.count("acute_days", "q3", a))
        chosen = _who(rows, readmitted, room, rng)
        days[chosen] = fitting(
            _sample(len(rows), len(chosen), *moments[-1], rng), room[chosen], rng
        )
    return IndexDays(arm, readmission, room, days, moments, quartile, region)


def _who(
    rows: np.ndarray, readmitted: Floats, room: Floats, rng: np.random.Generator
) -> np.ndarray:
    """Who of one arm has index days: as many as leave the median of all days at zero."""
    zeros = max(order_statistics(len(rows), 50)) + 1
    others = rows[~readmitted[rows]]
    free = len(rows) - zeros - (len(rows) - len(others)) - int(rng.integers(*MARGIN))
    if free < 0:
        raise Impossible("more were readmitted than a median of zero days allows")
    before = rows[readmitted[rows] & (room[rows] >= 1)]
    share = rng.uniform(*SHARE_READMITTED)
    early = rng.choice(before, round(share * len(before)), replace=False)
    return np.concatenate([rng.choice(others, free, replace=False), early])


def _sample(n: int, positive: int, mean: Bounds, sd: Bounds, rng: np.random.Generator) -> Floats:
    """Index days of those who have any, with the printed mean and SD over all n of the arm."""
    for _ in range(200):
        wanted = mean.drawn(rng)
        total, squares = n * wanted, (n - 1) * sd.drawn(rng) ** 2 + n * wanted**2
        values = np.round(long_tail(rng.standard_normal(positive), total, squares, 0.5))
        values = np.maximum(values, 1)
        if values[-1] <= LONGEST and (values == 1).mean() <= HEAP:
            return values
    raise Impossible(f"an index episode would last {values[-1]:.0f} days, or too many one")


def _exchangeable(problem: IndexDays) -> np.ndarray:
    """Who may have whose days: in the intervention arm, among those not readmitted."""
    may = (problem.arm == 1) & (problem.readmission == 0)
    return np.outer(may, may) | np.eye(len(may), dtype=bool)


def _leave_on_weekdays(
    problem: IndexDays, exchange: Exchange, weekday: np.ndarray, rng: np.random.Generator
) -> None:
    """Exchange days once more, so that few index episodes end at a weekend and the row stands.

    In the control arm everybody is a cluster, so that no exchange moves the standard error.
    """
    days, free, held = problem.days, problem.readmission == 0, exchange.at

    def at_weekend(place: np.ndarray, record: np.ndarray) -> NDArray[np.bool_]:
        return np.asarray((days[record] > 0) & ((weekday[place] + days[record]) % 7 >= SATURDAY))

    places = rng.permutation(np.flatnonzero(free & at_weekend(np.arange(len(days)), held)))
    for place in places[rng.random(len(places)) >= WEEKEND]:
        others = np.flatnonzero(
            free
            & (problem.arm == problem.arm[place])
            & (exchange.clusters != exchange.clusters[place])
        )
        here = np.full(len(others), place)
        off = at_weekend(others, held[here]) | at_weekend(here, held[others])
        far = exchange.after(here, others) > max(GOAL, exchange.gauge())
        if len(able := others[~off & ~far]):
            exchange.make((int(place), int(rng.choice(able))))
