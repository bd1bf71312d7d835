"""Days of those who have any, with printed quartile, mean, standard deviation and rate ratio.

The positive days of each arm get the printed margins by construction; within what these allow, the
two means move until the rate ratio of the zero-inflated model is where it should be. Its standard
error is left to an `exchange`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core_trial.synthesis.counts import RateRatio, rate_ratio
from core_trial.synthesis.regions import Bounds, Region
from core_trial.synthesis.samples import long_tail, pins
from core_trial.synthesis.search import Floats, Impossible

#: Power of a uniform draw that gives the days below the quartile: above 1, few are commonest.
SHORT = 1.4
#: Rounds in which the means of the two arms approach the rate ratio.
ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Margins:
    """What is printed of one arm's days.

    Parameters
    ----------
    n, positive
        Participants, and those with any days.
    third_quartile
        Of all n.
    mean, sd
        Of all n.
    longest
        Nobody has more days than this.
    """

    n: int
    positive: int
    third_quartile: int
    mean: Bounds
    sd: Bounds
    longest: int

    def sample(self, mean: float, rng: np.random.Generator) -> Floats:
        """Positive days, ascending, with a given mean over all n and the printed SD.

        Raises
        ------
        ValueError
            When no such days exist.
        """
        pinned = pins(self.n, {75: self.third_quartile}, rng, below=self.n - self.positive)
        first, floor = min(pinned), max(pinned.values())
        short = 1 + rng.random(first) ** SHORT * (min(pinned.values()) - 1)
        low = np.concatenate([np.sort(np.round(short)), [pinned[k] for k in sorted(pinned)]])
        squares = (self.n - 1) * self.sd.drawn(rng) ** 2 + self.n * mean**2
        logs = np.log(rng.exponential(size=self.positive - len(low)))
        tail = long_tail(logs, self.n * mean - low.sum(), squares - (low**2).sum(), floor)
        if tail[-1] > self.longest:
            raise Impossible(f"an episode would last {tail[-1]:.0f} days")
        return np.concatenate([low, np.round(tail)])


def calibrated_lengths(
    arm: Floats,
    room: Floats,
    margins: Mapping[int, Margins],
    region: Region,
    rng: np.random.Generator,
) -> tuple[Floats, RateRatio]:
    """Days with the printed margins whose rate ratio is in the middle of its range.

    Parameters
    ----------
    arm
        0 or 1, shape (n,).
    room
        Days that each participant could have at most, 0 for none, shape (n,).
    margins
        What is printed of arms 0 and 1.
    region
        Where (log rate ratio, standard error) should lie; only the former is looked at.
    rng
        Draws the days.

    Returns
    -------
    days : numpy.ndarray
        Shape (n,).
    fit : RateRatio
        The model fitted to them.
    """
    middle, _ = region.estimates
    seed, shift, tries = int(rng.integers(2**32)), 0.0, []
    for _ in range(ROUNDS):
        same = np.random.default_rng(seed)
        days = np.zeros(len(arm))
        for a, printed in margins.items():
            rows = np.flatnonzero((arm == a) & (room > 0))
            mean = printed.mean.nearest(printed.mean.middle * np.exp(shift * (a - 0.5)))
            days[rows] = fitting(printed.sample(mean, same), room[rows], same)
        fit = rate_ratio(arm, days)
        tries.append((abs(fit.estimate - middle), days, fit))
        shift += middle - fit.estimate
    _, days, fit = min(tries, key=lambda one: one[0])
    return days, fit


def fitting(values: Floats, room: Floats, rng: np.random.Generator) -> Floats:
    """Give each participant one of the values that fit, at random.

    Those with the least room choose first, which never leaves anybody without a value that fits
    if there is any way to fit all.

    Raises
    ------
    Impossible
        When there is none.
    """
    left, given = list(rng.permutation(values)), np.empty(len(room))
    for i in np.argsort(room, kind="stable"):
        found = next((k for k, value in enumerate(left) if value <= room[i]), None)
        if found is None:
            raise Impossible("the days do not fit into what is left of the follow-up")
        given[i] = left.pop(found)
    return given
