"""Standard errors by exchange: who carries a value matters to the error, not to the estimate.

With the values of one arm permuted among its participants, a model that knows them by arm alone
keeps its estimate. Its clustered standard error does not:

    s^2 = G / (G - 1) * sum over clusters g of (sum of t_i in g)^2,

where t_i is the part that record i has in the estimate (its score times the inverse information).
So exchanging records between clusters moves the error and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from core_trial.synthesis.regions import Region
from core_trial.synthesis.search import Floats

#: Candidate exchanges that are looked at in one round.
WIDTH = 400


@dataclass
class Exchange:
    """Records at places, and the error that follows.

    Parameters
    ----------
    influence
        Part of each record in the estimate, shape (n,).
    clusters
        Cluster of each place as an integer, shape (n,).
    allowed
        Whether a record may stand at a place, shape (n, n), places in rows.
    region
        Where (estimate, standard error) should lie.
    estimate
        The estimate, which no exchange changes.
    """

    influence: Floats
    clusters: np.ndarray
    allowed: np.ndarray
    region: Region
    estimate: float
    at: np.ndarray = field(init=False)
    _sums: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.at = np.arange(len(self.influence))
        self._sums = np.bincount(self.clusters, weights=self.influence).astype(float)
        self._movable = np.flatnonzero(self.allowed.sum(axis=1) > 1)

    @property
    def std_error(self) -> float:
        """The clustered standard error of the present arrangement."""
        return float(np.sqrt(self._factor * (self._sums**2).sum()))

    @property
    def _factor(self) -> float:
        G = len(self._sums)
        return G / (G - 1)

    def gauge(self) -> float:
        """Distance from the printed row."""
        return float(self.region.gauge(self.estimate, self.std_error))

    def moves(self, rng: np.random.Generator) -> tuple[list[tuple[int, int]], Floats]:
        """Pairs of places in different clusters that may exchange their records."""
        a, b = rng.choice(self._movable, (2, WIDTH))
        fits = self.allowed[a, self.at[b]] & self.allowed[b, self.at[a]]
        keep = fits & (self.clusters[a] != self.clusters[b])
        a, b = a[keep], b[keep]
        return list(zip(a.tolist(), b.tolist(), strict=True)), self.after(a, b)

    def after(self, a: np.ndarray, b: np.ndarray) -> Floats:
        """Distance after each exchange of place a with place b in another cluster, shape (k,)."""
        shift = self.influence[self.at[b]] - self.influence[self.at[a]]
        A, B = self._sums[self.clusters[a]], self._sums[self.clusters[b]]
        squares = (self._sums**2).sum() + 2 * shift * (A - B) + 2 * shift**2
        errors = np.sqrt(self._factor * squares)
        return self.region.gauge(np.full(len(a), self.estimate), errors)

    def make(self, move: tuple[int, int]) -> None:
        """Exchange the records of two places."""
        a, b = move
        shift = self.influence[self.at[b]] - self.influence[self.at[a]]
        self._sums[self.clusters[a]] += shift
        self._sums[self.clusters[b]] -= shift
        self.at[[a, b]] = self.at[[b, a]]
