"""A binary outcome with printed odds and risk ratios, from how many of each cell have the event.

A regression without random effects knows a participant by arm and covariates only. So its estimates
and standard errors are settled by how many of each cell of these have the event. The counts start
from a plausible risk and move, one participant at a time and never between the arms, until every
printed row stands: an odds ratio, a risk ratio of the same people, the odds ratios of subgroups,
the p-value of an interaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from core_trial.synthesis.regions import Bounds, Region
from core_trial.synthesis.search import Floats, best_of, descend

#: Candidate moves that are looked at in one round.
WIDTH = 40
#: Newton steps, enough for the last digit from any start.
NEWTON = 8

#: One of several rows this far from what it aims at is as good as there.
COMFORT = 0.7

#: What each cell gains or loses, shape (k,).
Change = Floats


@dataclass(frozen=True, eq=False)
class CellRow:
    """One printed row: a model of the cells, and where what it says should lie.

    Parameters
    ----------
    design
        Design matrix with a row for each cell, shape (k, p); column 0 is the intercept.
    contrast
        The coefficients whose sum the row prints, shape (p,).
    region
        Where (estimate, standard error) should lie; or the bounds of a p-value, where no more is
        printed.
    risk
        Whether the ratio is one of risks, by Poisson regression with robust errors (Zou 2004), and
        not one of odds.
    """

    design: Floats
    contrast: Floats
    region: Region | Bounds
    risk: bool = False

    def fit(self, sizes: Floats, events: Floats) -> tuple[Floats, Floats]:
        """Estimate and standard error, shape () or (k,) for k trials at once."""
        beta, cov = grouped_fit(self.design, sizes, events, risk=self.risk)
        return beta @ self.contrast, np.sqrt(self.contrast @ cov @ self.contrast)

    def gauge(self, sizes: Floats, events: Floats) -> Floats:
        """Distance from the printed row."""
        estimate, error = self.fit(sizes, events)
        if isinstance(self.region, Region):
            return self.region.gauge(estimate, error)
        return self.region.gauge(2 * special.ndtr(-np.abs(estimate / error)))


@dataclass
class CellCounts:
    """The counts of participants with the event by cell, and the models that they imply.

    Parameters
    ----------
    sizes, events
        Participants of each cell, and those with the event, shape (k,).
    arm
        1 for cells of the intervention and 0 for those of the control arm, shape (k,).
    rows
        What is printed of them.
    """

    sizes: Floats
    events: Floats
    arm: Floats
    rows: Sequence[CellRow]

    def gauge(self) -> float:
        """Distance from what is printed; logarithmic for several rows, so that none drowns another.

        Of several rows, those that are well inside count as met.
        """
        return float(self._gauge(self.events))

    def moves(self, rng: np.random.Generator) -> tuple[list[Change], Floats]:
        """One participant fewer in one cell, one more in another of the same arm.

        Of several rows, two such changes at once.
        """
        cells = rng.integers(len(self.events), size=(WIDTH, 2 * min(len(self.rows), 2)))
        change = np.zeros((WIDTH, len(self.events)))
        within = np.ones(WIDTH, dtype=bool)
        for a, b in zip(cells.T[::2], cells.T[1::2], strict=True):
            change[np.arange(WIDTH), a] -= 1
            change[np.arange(WIDTH), b] += 1
            within &= (a != b) & (self.arm[a] == self.arm[b])
        trial = self.events + change
        moved = change != 0
        within &= ((trial >= 1) & (trial <= self.sizes - 1) | ~moved).all(axis=1)
        return list(change[within]), self._gauge(trial[within])

    def make(self, move: Change) -> None:
        """Move events between cells."""
        self.events = self.events + move

    def _gauge(self, events: Floats) -> Floats:
        gauges = np.array([row.gauge(self.sizes, events) for row in self.rows])
        if len(gauges) == 1:
            return np.asarray(gauges[0])
        gauges = np.where(gauges < 1, np.maximum(gauges - COMFORT, 0), gauges)
        return np.asarray(np.sqrt((np.log1p(gauges) ** 2).sum(axis=0)))


def grouped_fit(
    design: Floats, sizes: Floats, events: Floats, *, risk: bool = False
) -> tuple[Floats, Floats]:
    """Coefficients and their covariance from counts per cell (Newton's method).

    Parameters
    ----------
    design, sizes
        Design matrix of the cells, shape (c, p), and participants in each, shape (c,).
    events
        Those with the event, shape (c,), or (k, c) for k trials at once.
    risk
        Log of the risk by Poisson regression, with robust errors; else logistic regression.

    Returns
    -------
    beta : numpy.ndarray
        Shape (p,) or (k, p).
    cov : numpy.ndarray
        Shape (p, p) or (k, p, p).
    """
    beta = np.zeros((*events.shape[:-1], design.shape[1]))
    if risk:
        beta[..., 0] = np.log(events.sum(axis=-1) / sizes.sum())
    for _ in range(NEWTON):
        eta = beta @ design.T
        mean = np.exp(eta) if risk else 1 / (1 + np.exp(-eta))
        weights = sizes * mean * (1 if risk else 1 - mean)
        information = np.swapaxes(weights[..., None] * design, -1, -2) @ design
        gradient = (events - sizes * mean) @ design
        beta = beta + np.linalg.solve(information, gradient[..., None])[..., 0]
    bread = np.asarray(np.linalg.inv(information), dtype=float)
    if not risk:
        return beta, bread
    squares = events * (1 - mean) ** 2 + (sizes - events) * mean**2
    return beta, bread @ (np.swapaxes(squares[..., None] * design, -1, -2) @ design) @ bread


def calibrated_events(
    arm: Floats,
    covariates: Floats,
    risk: Floats,
    totals: Mapping[int, int],
    region: Region,
    rng: np.random.Generator,
) -> tuple[NDArray[np.intp], CellCounts, float]:
    """How many of each cell have the event, so that one odds ratio prints as it should.

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
    cell, counts, gauge
        As of `calibrated_cells`.
    """
    design = np.column_stack([np.ones(len(arm)), arm, covariates])
    contrast = np.eye(design.shape[1])[1]
    return calibrated_cells(arm, [CellRow(design, contrast, region)], risk, totals, rng)


def calibrated_cells(
    arm: Floats,
    rows: Sequence[CellRow],
    risk: Floats,
    totals: Mapping[int, int],
    rng: np.random.Generator,
) -> tuple[NDArray[np.intp], CellCounts, float]:
    """How many of each cell have the event, so that every row prints as it should.

    Parameters
    ----------
    arm
        1 for the intervention and 0 for the control arm, shape (n,).
    rows
        What is printed, the design matrices with a row for each of the n participants.
    risk
        Relative weight with which each participant has the event at the start, shape (n,).
    totals
        Events of arms 0 and 1.
    rng
        Draws the start and the moves.

    Returns
    -------
    cell : numpy.ndarray
        Cell of each participant, shape (n,): those whom no row tells apart.
    counts : CellCounts
        The cells with their events.
    gauge : float
        Distance from what is aimed at.
    """
    known = np.column_stack([arm, *(row.design for row in rows)])
    cells, first, cell = np.unique(known, axis=0, return_index=True, return_inverse=True)
    sizes = np.bincount(cell).astype(float)
    models = [replace(row, design=row.design[first]) for row in rows]

    def draw(rng: np.random.Generator) -> tuple[CellCounts, float]:
        chosen = [
            rng.choice(np.flatnonzero(arm == a), n, replace=False, p=_share(risk[arm == a]))
            for a, n in totals.items()
        ]
        events = np.bincount(cell[np.concatenate(chosen)], minlength=len(cells)).astype(float)
        counts = CellCounts(sizes, events, cells[:, 0], models)
        return counts, descend(counts, rng, steps=300)

    counts, gauge = best_of(draw, rng, tries=10)
    return cell, counts, gauge


def first_in_cells(order: Floats, cell: NDArray[np.intp], events: Floats) -> Floats:
    """1 for those who come first in their cell, as many as it has events; shape (n,)."""
    rank = pd.Series(order).groupby(cell).rank(method="first", ascending=False)
    return np.where(rank <= events[cell], 1.0, 0.0)


def _share(weights: Floats) -> Floats:
    return np.asarray(weights / weights.sum())
