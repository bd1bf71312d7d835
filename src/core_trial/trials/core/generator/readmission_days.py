"""Stage 6: how many days the readmissions lasted.

Zero exactly for those not readmitted. The positive days of each arm get the printed quartile, mean
and standard deviation by construction; within what these allow, the two means move until the rate
ratio of the zero-inflated model is in its range. Then participants of the intervention arm exchange
their days until its clustered standard error prints as it should.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core_trial.declaration.arms import PRINTED_ARMS, Group
from core_trial.synthesis.exchange import Exchange
from core_trial.synthesis.regions import Bounds, Region
from core_trial.synthesis.samples import long_tail, pins
from core_trial.synthesis.search import Attempt, Floats, Impossible, best_of, descend
from core_trial.trials.core.generator.counts import RateRatio, rate_ratio
from core_trial.trials.core.generator.draft import codes, treated
from core_trial.trials.core.generator.targets import Targets
from core_trial.trials.core.words import FOLLOW_UP_DAYS

#: No readmission lasts longer than this within the year.
LONGEST = 300
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
    """

    n: int
    positive: int
    third_quartile: int
    mean: Bounds
    sd: Bounds

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
        squares = (self.n - 1) * self.sd.middle**2 + self.n * mean**2
        logs = np.log(rng.exponential(size=self.positive - len(low)))
        tail = long_tail(logs, self.n * mean - low.sum(), squares - (low**2).sum(), floor)
        if tail[-1] > LONGEST:
            raise Impossible(f"a readmission would last {tail[-1]:.0f} days")
        return np.concatenate([low, np.round(tail)])


def draw_readmission_days(
    people: pd.DataFrame, targets: Targets, rng: np.random.Generator
) -> tuple[pd.DataFrame, list[Attempt]]:
    """Days on acute caseloads from the first readmission to the end of follow-up.

    Returns
    -------
    pandas.DataFrame
        Column readmission_days, ``nan`` without records.
    list of Attempt
        How near the rate ratio came.
    """
    known = people[people["readmitted"].notna()]
    arm = treated(known)
    room = np.where(known["readmitted"] == 1, FOLLOW_UP_DAYS + 1 - known["days_to_readmission"], 0)
    margins = {int(a == Group.INTERVENTION): _margins(targets, str(a)) for a in PRINTED_ARMS}
    line = targets.line("readmission_days", ratio=True)
    clusters = codes(known["cluster_id"])

    def draw(rng: np.random.Generator) -> tuple[tuple[Floats, Exchange], float]:
        days, fit = calibrated_lengths(arm, room, margins, Region.of(line), rng)
        exchange = Exchange(
            fit.influence(arm, days),
            clusters,
            _exchangeable(arm, room, days),
            Region.of(line),
            fit.estimate,
        )
        return (days, exchange), descend(exchange, rng, steps=400)

    (days, exchange), gauge = best_of(draw, rng)
    column = pd.Series(np.nan, index=people.index, name="readmission_days")
    column[known.index] = days[exchange.at]
    reached = exchange.estimate, exchange.std_error
    return column.to_frame(), [Attempt("readmission_days", str(line), gauge, *reached)]


def _margins(targets: Targets, arm: str) -> Margins:
    return Margins(
        targets.count("readmission", "N", arm),
        targets.count("readmission", "n", arm),
        targets.count("readmission_days", "q3", arm),
        *targets.moments("readmission_days", arm),
    )


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


def _exchangeable(arm: Floats, room: Floats, days: Floats) -> np.ndarray:
    """Who may have whose days: in the intervention arm, among those readmitted, if they fit."""
    may = (arm == 1) & (room > 0)
    return (np.outer(may, may) & (days <= room[:, None])) | np.eye(len(arm), dtype=bool)
