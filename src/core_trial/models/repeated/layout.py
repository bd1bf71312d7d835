"""Participants' visits arranged for the likelihood: patterns of visits, and cells of clusters.

Participants with the same visits, the same part in the random effect and the same covariance matrix
are of one *pattern*. Those of one cluster and one pattern are a *cell*. The likelihood depends on
the data through cross-products by pattern and sums by cell, whatever the number of participants.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.errors import DesignError
from core_trial.models.clusters import Clusters, Ints
from core_trial.models.design import Design
from core_trial.models.inference import Floats
from core_trial.models.linear.layout import Basis, orthonormal

#: More visits than this are a curve, for which a covariance matrix of all visits is no model.
MOST_VISITS = 30


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """Which visits are seen together.

    Parameters
    ----------
    seen
        Whether a visit is seen, shape (K, T).
    random
        1 where a seen visit carries the cluster's random effect, shape (K, T).
    group
        Which of the covariance matrices the pattern has, shape (K,), sorted.
    count
        Participants, shape (K,).
    """

    seen: NDArray[np.bool_]
    random: Floats
    group: Ints
    count: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Participants of one cluster and one pattern, as far as they carry a random effect.

    Parameters
    ----------
    of
        Cell of each participant, shape (N,); -1 for those without random effect.
    pattern, cluster
        Shape (E,).
    count
        Participants, shape (E,).
    clusters
        Number of clusters, G; each has a cell.
    """

    of: Ints
    pattern: Ints
    cluster: Ints
    count: Floats
    clusters: int

    def total(self, values: Floats) -> Floats:
        """Sums by cluster, shape (G, ...), of values by cell, which are sorted by cluster."""
        if not self.clusters:
            return np.zeros((0, *values.shape[1:]))
        starts = np.flatnonzero(np.diff(self.cluster, prepend=-1))
        return np.asarray(np.add.reduceat(values, starts, axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class RepeatedLayout:
    """A design, whose rows are visits, and who they belong to.

    Parameters
    ----------
    design
        Outcome and design matrix, n rows.
    participants, visits
        Participant and visit of each row.
    groups
        Covariance matrix of each row; a single level when there is one for all.
    workers
        Labels of the G clusters with a random effect.
    random
        1 where a row carries its cluster's random effect, shape (n,).
    worker
        Cluster of each row, shape (n,); -1 where the random effect does not enter.
    basis
        Orthonormal basis of the design matrix.
    pattern
        Pattern of each participant, shape (N,).
    patterns, cells
        What the likelihood depends on.
    """

    design: Design
    participants: Clusters
    visits: Clusters
    groups: Clusters
    workers: pd.Index[Any]
    random: Floats
    worker: Ints
    basis: Basis
    pattern: Ints
    patterns: Patterns
    cells: Cells


def arrange(
    design: Design,
    participants: Clusters,
    visits: Clusters,
    *,
    groups: Clusters | None = None,
    workers: Clusters | None = None,
    random: Floats | None = None,
) -> RepeatedLayout:
    """Prepare visits for fitting.

    Parameters
    ----------
    design
        Outcome and design matrix of n rows, one per visit that was made.
    participants, visits
        Participant and visit of each row.
    groups
        Rows that share a covariance matrix; None for one matrix.
    workers, random
        Cluster of each row, and 1 where its random effect enters; None without random effect.

    Raises
    ------
    DesignError
        When rows do not fit together: two for one visit, a participant with two clusters or two
        covariance matrices, fewer than two visits, too few rows.
    """
    n, p = design.X.shape
    if n <= p:
        raise DesignError(f"{n} rows cannot carry {p} coefficients and a covariance matrix")
    _refuse_visits(participants, visits)
    several = groups or Clusters(np.zeros(n, dtype=np.intp), pd.Index(["all"]))
    z = np.zeros(n) if random is None else random
    codes = np.full(n, -1, dtype=np.intp)
    labels = pd.Index([])
    if workers is not None:
        used, codes[z > 0] = np.unique(workers.codes[z > 0], return_inverse=True)
        labels = workers.labels[used]
    group = _one_each(participants, several.codes, "covariance matrices (by)")
    worker = _one_each(participants, codes, "clusters", skip=-1)
    pattern, patterns = _patterns(participants, visits, z, group)
    cells = _cells(pattern, worker, len(labels))
    return RepeatedLayout(
        design, participants, visits, several, labels, z, codes, orthonormal(design.X), pattern,
        patterns, cells,
    )  # fmt: skip


def _refuse_visits(participants: Clusters, visits: Clusters) -> None:
    if visits.count < 2:
        raise DesignError(
            "one visit only: use mixed_linear, or linear_regression without a random effect"
        )
    if visits.count > MOST_VISITS:
        raise DesignError(f"{visits.count} visits are too many (at most {MOST_VISITS})")
    place = participants.codes * visits.count + visits.codes
    found, first, times = np.unique(place, return_index=True, return_counts=True)
    if len(found) < len(place):
        row = first[np.argmax(times)]
        who, when = participants.codes[row], visits.codes[row]
        raise DesignError(
            f"participant {participants.labels[who]} has {times.max()} rows at visit "
            f"{visits.labels[when]}; there must be one"
        )


def _one_each(participants: Clusters, codes: Ints, what: str, skip: int | None = None) -> Ints:
    """The code that all rows of a participant share, shape (N,); rows coded `skip` do not count."""
    counted = codes != skip if skip is not None else np.ones(len(codes), dtype=bool)
    found = np.full(participants.count, -1, dtype=np.intp)
    found[participants.codes[counted]] = codes[counted]
    differing = np.flatnonzero(counted & (found[participants.codes] != codes))
    if len(differing):
        who = participants.labels[participants.codes[differing[0]]]
        raise DesignError(f"participant {who} has rows in several {what}: only one is possible")
    return found


def _patterns(
    participants: Clusters, visits: Clusters, random: Floats, group: Ints
) -> tuple[Ints, Patterns]:
    """Pattern of each participant: 0 where a visit is not seen, 1 where it is, 2 with effect."""
    state = np.zeros((participants.count, visits.count + 1), dtype=np.int16)
    state[:, 0] = group
    state[participants.codes, visits.codes + 1] = 1 + (random > 0)
    kinds, kind, count = np.unique(state, axis=0, return_inverse=True, return_counts=True)
    patterns = Patterns(
        seen=kinds[:, 1:] > 0,
        random=(kinds[:, 1:] == 2) * 1.0,
        group=kinds[:, 0].astype(np.intp),
        count=count.astype(float),
    )
    return kind.ravel().astype(np.intp), patterns


def _cells(pattern: Ints, worker: Ints, clusters: int) -> Cells:
    on = np.flatnonzero(worker >= 0)
    kinds = int(pattern.max()) + 1
    found, place, count = np.unique(
        worker[on] * kinds + pattern[on], return_inverse=True, return_counts=True
    )
    of = np.full(len(pattern), -1, dtype=np.intp)
    of[on] = place.ravel()
    return Cells(of, found % kinds, found // kinds, count.astype(float), clusters)
