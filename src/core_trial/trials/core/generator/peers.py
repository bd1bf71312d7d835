"""Stage 5: peer support workers, who are the clusters of the intervention arm.

Each works in one centre, in the pilot or in the main trial, around a time of its own, and takes on
up to some fourteen participants. Then participants of one centre who were randomised within weeks
of each other exchange their workers until the clustered standard error of the hazard ratio prints
as it should. The hazard ratio knows nothing of that. The odds ratio does, if workers come to
differ in how many were readmitted; then it is all done anew.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial.analyses.fits import Fits
from core_trial.declaration.arms import Group
from core_trial.synthesis.exchange import Exchange
from core_trial.synthesis.people import codes, treated
from core_trial.synthesis.search import Attempt, best_of, descend
from core_trial.synthesis.targets import Targets
from core_trial.synthesis.times import hazard_ratio
from core_trial.trials.core import CORE
from core_trial.trials.core.generator.allocation import days_since_first
from core_trial.trials.core.generator.draft import as_analysed
from core_trial.trials.core.plan import PRIMARY

#: Intervention participants per worker on average, and the most that one takes on.
CASELOAD = 6.0
LARGEST_CASELOAD = 14
#: Shape of the gamma distribution of caseloads: the larger, the more even.
EVENNESS = 4.0
#: How long a worker stays, as a share of the recruitment period in the centre.
TENURE = 0.25
#: Participants who were never given a worker; each is a cluster of its own.
WITHOUT_WORKER = 5
#: Workers may be exchanged between participants randomised within this many days.
NEAR = 120


def assign_workers(
    people: pd.DataFrame, targets: Targets, rng: np.random.Generator
) -> tuple[pd.DataFrame, list[Attempt]]:
    """Worker and cluster of every participant.

    Returns
    -------
    pandas.DataFrame
        Columns psw_id (None in the control arm and without a worker) and cluster_id.
    list of Attempt
        How near the rows of the odds ratio and the hazard ratio came.
    """
    known = people[people["readmitted"].notna()]
    estimate, influence = hazard_ratio(
        treated(known),
        known["days_to_readmission"].to_numpy(),
        known["readmitted"].to_numpy(),
    )
    line = targets.line("time_to_readmission", ratio=True)
    region = targets.region("time_to_readmission", ratio=True)

    def draw(rng: np.random.Generator) -> tuple[tuple[pd.Series, list[Attempt]], float]:
        workers = _workers(people, rng)
        clusters = codes(_cluster_ids(known, workers[known.index]))
        allowed = _exchangeable(known, workers[known.index])
        exchange = Exchange(influence, clusters, allowed, region, estimate)
        gauge = descend(exchange, rng, steps=400)
        workers[known.index[exchange.at]] = workers[known.index].to_numpy()
        odds = _odds_ratio(people, workers, targets)
        hazards = Attempt("time_to_readmission", str(line), gauge, estimate, exchange.std_error)
        return (workers, [odds, hazards]), max(gauge, odds.gauge)

    (workers, reached), _ = best_of(draw, rng)
    return pd.DataFrame({"psw_id": workers, "cluster_id": _cluster_ids(people, workers)}), reached


def _odds_ratio(people: pd.DataFrame, workers: pd.Series, targets: Targets) -> Attempt:
    """The odds ratio of readmission with these workers, by the model of the analyses."""
    line = targets.line(PRIMARY.key, ratio=True)
    frame = as_analysed(people).assign(cluster_id=_cluster_ids(people, workers))
    fits = Fits(CORE, frame)
    found = fits.of(fits.spec(PRIMARY.key).fitted).fit
    k = found.position(CORE.arm.term)
    region = targets.region(PRIMARY.key, ratio=True)
    return region.attempt(PRIMARY.key, line, found.beta[k], found.std_error[k])


def _workers(people: pd.DataFrame, rng: np.random.Generator) -> pd.Series:
    """A first assignment, ``nan`` for those who get none."""
    workers = pd.Series(None, index=people.index, dtype=object)
    treated = people[people["arm"] == Group.INTERVENTION]
    treated = treated.drop(rng.choice(treated.index, WITHOUT_WORKER, replace=False))
    for (centre, pilot), rows in treated.groupby(["centre", "internal_pilot"], sort=True):
        chosen = _choose(days_since_first(rows["randomised_on"]), rng)
        first = 50 if pilot else 1
        workers[rows.index] = [f"W{centre}{first + k:02d}" for k in chosen]
    return workers


def _choose(day: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Worker of each participant of one centre, by when the worker is around and how busy."""
    n = len(day)
    count = max(2, round(n / CASELOAD))
    share = rng.gamma(EVENNESS, size=count) + 0.05
    around = np.sort(rng.uniform(0, day.max(), count))
    near = np.exp(-(((day[:, None] - around) / (TENURE * day.max() + 1)) ** 2))
    chosen, load = np.empty(n, dtype=int), np.zeros(count)
    for i in range(n):
        weight = near[i] * share * (load < LARGEST_CASELOAD) + 1e-12
        chosen[i] = rng.choice(count, p=weight / weight.sum())
        load[chosen[i]] += 1
    return np.unique(chosen, return_inverse=True)[1]


def _cluster_ids(people: pd.DataFrame, workers: pd.Series) -> pd.Series:
    """The worker, or without one the participant."""
    return workers.fillna(people["participant_id"])


def _exchangeable(people: pd.DataFrame, workers: pd.Series) -> np.ndarray:
    """Who may take whose place: same centre, same phase, randomised at about the same time."""
    day = days_since_first(people["randomised_on"])
    stratum = (people["centre"] + people["internal_pilot"].astype(str)).to_numpy()
    near = (np.abs(day[:, None] - day) <= NEAR) & (stratum[:, None] == stratum)
    has = workers.notna().to_numpy()
    return np.asarray((near & np.outer(has, has)) | np.eye(len(people), dtype=bool))
