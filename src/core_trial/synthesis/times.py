"""Event times with printed quartiles and hazard ratio.

The Cox model knows a participant by arm only, so its estimate depends on the times of each arm and
not on who in the arm has which. The standard error, which does, is left to an `exchange`.
"""

from __future__ import annotations

import numpy as np

from core_trial.synthesis.regions import Region
from core_trial.synthesis.samples import pins, through_quartiles
from core_trial.synthesis.search import Floats, best_of

#: The earliest readmission. Nobody is readmitted on the day of randomisation.
FIRST_DAY = 3
#: Redraws of both arms' days.
TRIES = 400
#: Newton steps; with one 0/1 covariate these reach the last digit.
STEPS = 8


def hazard_ratio(arm: Floats, days: Floats, event: Floats) -> tuple[float, Floats]:
    """Log hazard ratio of the arm, and each participant's part in it (Lin and Wei 1989).

    Parameters
    ----------
    arm, days, event
        Group (0, 1), time, and 1 for an event; each of shape (n,).

    Returns
    -------
    estimate : float
        Maximum of the partial likelihood, Breslow ties.
    influence : numpy.ndarray
        Score residual over information, shape (n,): their sums by cluster make the sandwich.
    """
    times, deaths = np.unique(days[event == 1], return_counts=True)
    sizes = [(arm == a).sum() - np.searchsorted(np.sort(days[arm == a]), times) for a in (0, 1)]
    beta = 0.0
    for _ in range(STEPS):
        total = sizes[0] + sizes[1] * np.exp(beta)
        share = sizes[1] * np.exp(beta) / total
        information = float(deaths @ (share * (1 - share)))
        beta += float(arm @ event - deaths @ share) / information
    upto = np.searchsorted(times, days, side="right")
    rates = np.array([deaths / total, deaths / total * share])
    hazard, drawn = np.pad(np.cumsum(rates, axis=1), ((0, 0), (1, 0)))[:, upto]
    own = np.append(share, 0)[np.searchsorted(times, days)]
    residuals = event * (arm - own) - np.exp(beta * arm) * (arm * hazard - drawn)
    return beta, residuals / information


def calibrated_days(
    arm: Floats,
    event: Floats,
    quartiles: dict[float, tuple[int, int, int]],
    region: Region,
    rng: np.random.Generator,
    *,
    follow_up: int = 365,
) -> tuple[Floats, float]:
    """Event times with printed quartiles among those with the event, and a printed hazard ratio.

    Parameters
    ----------
    arm, event
        Group (0, 1) and event (0, 1), shape (n,).
    quartiles
        First quartile, median and third quartile of the event times of each arm.
    region
        Where (log hazard ratio, standard error) should lie; only the former is looked at.
    rng
        Draws the times.
    follow_up
        Day on which those without the event are censored.

    Returns
    -------
    days : numpy.ndarray
        Shape (n,); the end of follow-up for those without the event.
    gauge : float
        Distance of the log hazard ratio from the middle of its range, in half-ranges.
    """
    middle, half = region.estimates

    def draw(rng: np.random.Generator) -> tuple[Floats, float]:
        days = np.full(len(arm), float(follow_up))
        for a, (q1, median, q3) in quartiles.items():
            rows = np.flatnonzero((arm == a) & (event == 1))
            pinned = pins(len(rows), {25: q1, 50: median, 75: q3}, rng)
            ends = (FIRST_DAY, follow_up - FIRST_DAY)
            days[rows] = rng.permutation(through_quartiles(len(rows), pinned, ends, rng))
        estimate, _ = hazard_ratio(arm, days, event)
        return days, 2 * abs(estimate - middle) / half

    return best_of(draw, rng, tries=TRIES)
