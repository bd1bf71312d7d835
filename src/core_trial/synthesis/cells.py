"""A binary outcome with a printed odds ratio, from how many of each cell have the event.

A logistic regression knows a participant by arm and covariates only. So the odds ratio and its
standard error are settled by how many of each cell of these have the event. The counts start from
a plausible risk and move, one participant at a time and never between the arms, until the printed
row stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.synthesis.regions import Region
from core_trial.synthesis.search import Floats, best_of, descend

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


def first_in_cells(order: Floats, cell: NDArray[np.intp], events: Floats) -> Floats:
    """1 for those who come first in their cell, as many as it has events; shape (n,)."""
    rank = pd.Series(order).groupby(cell).rank(method="first", ascending=False)
    return np.where(rank <= events[cell], 1.0, 0.0)


def _share(weights: Floats) -> Floats:
    return np.asarray(weights / weights.sum())
