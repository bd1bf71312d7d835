"""Stage 3: who is readmitted within the year.

The primary model knows a participant by arm, centre and condition only. With no variance between
clusters it is an ordinary logistic regression on the counts of those cells, so the odds ratio and
its standard error are settled by how many of each cell are readmitted. Those counts start from a
plausible risk per cell and move, one participant at a time and never between the arms, until the
printed row stands. Within a cell, those with more admissions behind them are readmitted first, in
an order that is drawn again until the difference between the arms persists with the planned
adjustments, as the paper says in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.analyses.deviations import planned_adjustments
from core_trial.analyses.fits import Fits
from core_trial.declaration.arms import PRINTED_ARMS, Group
from core_trial.published import window
from core_trial.results import Key
from core_trial.synthesis.regions import Region
from core_trial.synthesis.search import Floats, Impossible, best_of, descend
from core_trial.trials.core import CORE
from core_trial.trials.core.generator.draft import as_analysed, standing, treated
from core_trial.trials.core.generator.targets import Targets
from core_trial.trials.core.words import CENTRES

#: Log odds of readmission: psychosis, and how much the centres differ.
PSYCHOSIS_EFFECT = 0.35
CENTRE_SPREAD = 0.3
#: Noise beside the history of admissions in the choice of who is readmitted.
HISTORY_NOISE = 3.5
#: Where the paper says that the difference persisted, and in how many orders that is looked for.
PERSISTED = Key("readmission", "claim", "", "planned_adjustments")
ORDERS = 300
#: The adjusted upper limit stays this factor clear of its bound: clusters, drawn later, move it.
CLEARANCE = 1.03
#: Candidate moves that are looked at in one round.
WIDTH = 40
#: Newton steps, enough for the last digit from any start.
NEWTON = 8

#: A cell that loses a readmission, and one that gains it.
Pair = tuple[int, int]


@dataclass
class CellCounts:
    """The counts of readmitted participants by cell, and the logistic model that they imply.

    Parameters
    ----------
    sizes, events
        Participants and readmitted participants of each cell, shape (k,).
    design
        Design matrix of the cells, shape (k, p); column 1 is the arm.
    region
        Where (log odds ratio, standard error) should lie.
    """

    sizes: Floats
    events: Floats
    design: Floats
    region: Region

    def gauge(self) -> float:
        """Distance from the printed row."""
        return float(self._gauge(self.events))

    def moves(self, rng: np.random.Generator) -> tuple[list[Pair], Floats]:
        """One participant fewer in one cell, one more in another of the same arm."""
        arm = self.design[:, 1]
        a, b = rng.integers(len(self.events), size=(WIDTH, 2)).T
        can = (a != b) & (arm[a] == arm[b])
        can &= (self.events[a] > 1) & (self.events[b] < self.sizes[b] - 1)
        a, b = a[can], b[can]
        trial = np.repeat(self.events[None], len(a), axis=0)
        each = np.arange(len(a))
        trial[each, a] -= 1
        trial[each, b] += 1
        return list(zip(a.tolist(), b.tolist(), strict=True)), self._gauge(trial)

    def make(self, move: Pair) -> None:
        """Move one readmission between two cells."""
        self.events = self.events.copy()
        self.events[list(move)] += (-1, 1)

    def _gauge(self, events: Floats) -> Floats:
        return self.region.gauge(*grouped_logistic(self.design, self.sizes, events))


def grouped_logistic(design: Floats, sizes: Floats, events: Floats) -> tuple[Floats, Floats]:
    """Coefficient of column 1 and its standard error, from counts per cell (Newton's method).

    Parameters
    ----------
    design, sizes
        Design matrix of the cells, shape (c, p), and participants in each, shape (c,).
    events
        Those with the event, shape (c,), or (k, c) for k trials at once.

    Returns
    -------
    tuple of numpy.ndarray
        Coefficients and standard errors, shape () or (k,).
    """
    beta = np.zeros((*events.shape[:-1], design.shape[1]))
    for _ in range(NEWTON):
        risk = 1 / (1 + np.exp(-beta @ design.T))
        weights = sizes * risk * (1 - risk)
        information = np.swapaxes(weights[..., None] * design, -1, -2) @ design
        gradient = (events - sizes * risk) @ design
        beta = beta + np.linalg.solve(information, gradient[..., None])[..., 0]
    return beta[..., 1], np.sqrt(np.linalg.inv(information)[..., 1, 1])


def calibrated_events(
    arm: Floats,
    covariates: Floats,
    risk: Floats,
    totals: Mapping[int, int],
    region: Region,
    rng: np.random.Generator,
) -> tuple[NDArray[np.intp], CellCounts, float]:
    """How many of each cell have the event, so that the odds ratio prints as it should.

    Parameters
    ----------
    arm
        1 for the intervention and 0 for the control arm, shape (n,).
    covariates
        Columns of the design matrix that follow intercept and arm, shape (n, p - 2).
    risk
        Relative weight with which each participant has the event at the start, shape (n,).
    totals
        Events of arms 0 and 1.
    region
        Where (log odds ratio, standard error) should lie.
    rng
        Draws the start and the moves.

    Returns
    -------
    cell : numpy.ndarray
        Cell of each participant, shape (n,).
    counts : CellCounts
        The cells with their events.
    gauge : float
        Distance from the middle of the region.
    """
    design = np.column_stack([np.ones(len(arm)), arm, covariates])
    rows, cell = np.unique(design, axis=0, return_inverse=True)
    sizes = np.bincount(cell).astype(float)

    def draw(rng: np.random.Generator) -> tuple[CellCounts, float]:
        chosen = [
            rng.choice(np.flatnonzero(arm == a), n, replace=False, p=_share(risk[arm == a]))
            for a, n in totals.items()
        ]
        events = np.bincount(cell[np.concatenate(chosen)], minlength=len(rows)).astype(float)
        counts = CellCounts(sizes, events, rows, region)
        return counts, descend(counts, rng, steps=300)

    counts, gauge = best_of(draw, rng, tries=10)
    return cell, counts, gauge


def readmit(people: pd.DataFrame, targets: Targets, rng: np.random.Generator) -> pd.DataFrame:
    """Whose acute care records were obtained, and who of them was readmitted.

    How near the odds ratio came is told once there are workers (see `peers`).

    Returns
    -------
    pandas.DataFrame
        Columns acute_records_obtained (bool) and readmitted (0, 1, or ``nan`` without records).
    """
    obtained = _records_obtained(people, targets, rng)
    known = people[obtained]
    arm = treated(known)
    line = targets.line("readmission", ratio=True)
    cell, counts, _ = calibrated_events(
        arm,
        _centre_and_condition(known),
        _risk(known, rng),
        {int(a == Group.INTERVENTION): targets.count("readmission", "n", a) for a in PRINTED_ARMS},
        Region.of(line),
        rng,
    )
    readmitted = pd.Series(np.nan, index=people.index)
    readmitted[obtained] = _persistent(known, cell, counts.events, targets, rng)
    return pd.DataFrame({"acute_records_obtained": obtained, "readmitted": readmitted})


def _persistent(
    known: pd.DataFrame,
    cell: NDArray[np.intp],
    events: Floats,
    targets: Targets,
    rng: np.random.Generator,
) -> Floats:
    """Who is readmitted, such that the adjusted difference is as the paper says; shape (n,)."""
    said = targets.printed.get(PERSISTED)
    for _ in range(ORDERS):
        chosen = first_in_cells(_history(known, rng), cell, events)
        if said is None or _read(said).contains(_adjusted_limit(known, chosen)):
            return chosen
    raise Impossible(f"in {ORDERS} orders of readmission the difference never {said}")


def _adjusted_limit(known: pd.DataFrame, readmitted: Floats) -> float:
    """Upper limit of the adjusted odds ratio, everybody a cluster of one."""
    people = known.assign(readmitted=readmitted, cluster_id=known["participant_id"])
    adjusted = next(planned_adjustments(Fits(CORE, as_analysed(people))))
    return CLEARANCE * adjusted.high


def _read(said: str) -> window.Window:
    """The values that the paper's word stands for."""
    return window.read(said, CORE.registry.phrases if CORE.registry else None)


def first_in_cells(order: Floats, cell: NDArray[np.intp], events: Floats) -> Floats:
    """1 for those who come first in their cell, as many as it has events; shape (n,)."""
    rank = pd.Series(order).groupby(cell).rank(method="first", ascending=False)
    return np.where(rank <= events[cell], 1.0, 0.0)


def _records_obtained(
    people: pd.DataFrame, targets: Targets, rng: np.random.Generator
) -> pd.Series:
    obtained = pd.Series(False, index=people.index)
    for arm in PRINTED_ARMS:
        rows = people.index[people["arm"] == arm]
        obtained[rng.choice(rows, targets.count("readmission", "N", arm), replace=False)] = True
    return obtained


def _centre_and_condition(known: pd.DataFrame) -> Floats:
    centres = pd.get_dummies(known["centre"], drop_first=True, dtype=float)
    return np.column_stack([known["psychosis"].astype(float), centres])


def _risk(known: pd.DataFrame, rng: np.random.Generator) -> Floats:
    """Weight in the draw: psychosis raises it, and centres differ."""
    spread = dict(zip(CENTRES, CENTRE_SPREAD * rng.standard_normal(len(CENTRES)), strict=True))
    centre = known["centre"].map(spread).to_numpy(dtype=float)
    return np.asarray(np.exp(PSYCHOSIS_EFFECT * known["psychosis"].to_numpy(dtype=float) + centre))


def _history(known: pd.DataFrame, rng: np.random.Generator) -> Floats:
    """Standing by past admissions and crises, with noise; unknown ones stand in the middle."""
    score = HISTORY_NOISE * rng.standard_normal(len(known))
    for name in ("lifetime_admissions", "crt_periods"):
        score += standing(known, name)
    return score


def _share(weights: Floats) -> Floats:
    return np.asarray(weights / weights.sum())
