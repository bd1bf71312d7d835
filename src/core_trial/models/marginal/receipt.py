"""Receipt of treatment by arm: the moments from which every complier effect follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.clusters import Clusters, clusters, indicator
from core_trial.models.columns import as_frame, column, numeric, refuse_argument
from core_trial.models.inference import Floats

#: Fewer workers than this in an arm that has workers make robust errors too small.
FEWEST_WORKERS_FOR_SANDWICH = 20
#: What is averaged in each arm, in this order.
MOMENTS = ("received", "outcome of those who received", "outcome of the others")


@dataclass(frozen=True, slots=True, eq=False)
class Receipt:
    """A trial in which not everybody received what the arm offers.

    Parameters
    ----------
    y, z, d
        Outcome, arm (1: intervention) and receipt (0 or 1), each of shape (n,).
    members
        Cluster of each row; one of its own for somebody without a worker.
    """

    y: Floats
    z: Floats
    d: Floats
    members: Clusters

    @property
    def binary(self) -> bool:
        """Whether the outcome is 0 or 1."""
        return bool(np.isin(self.y, (0.0, 1.0)).all())

    @property
    def one_sided(self) -> bool:
        """Whether nobody in the control arm received the treatment."""
        return not bool((self.d[self.z == 0] > 0).any())

    def moments(self) -> Moments:
        """Averages by arm, with their covariance by cluster."""
        rows = np.column_stack([self.d, self.y * self.d, self.y * (1 - self.d)])
        mean, cov = np.empty((2, 3)), np.zeros((6, 6))
        for arm in (0, 1):
            own = self.z == arm
            mean[arm] = rows[own].mean(axis=0)
            units = self.sums(arm, rows - mean[arm])
            G = len(units)
            at = slice(3 * arm, 3 * arm + 3)
            cov[at, at] = units.T @ units / own.sum() ** 2 * (G / (G - 1) if G > 1 else np.nan)
        return Moments(mean, cov)

    def sums(self, arm: int, rows: Floats) -> Floats:
        """Rows of an arm summed by cluster, shape (G, k)."""
        own = self.z == arm
        codes = np.unique(self.members.codes[own], return_inverse=True)[1]
        return np.stack([np.bincount(codes, rows[own, k]) for k in range(rows.shape[1])], axis=1)

    def units(self) -> tuple[Floats, Floats]:
        """Totals by cluster in either arm: people, received, and outcome with and without."""
        rows = np.column_stack(
            [np.ones(len(self.y)), self.d, self.y * self.d, self.y * (1 - self.d)]
        )
        return self.sums(0, rows), self.sums(1, rows)


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Averages by arm.

    Parameters
    ----------
    mean
        Control first, then intervention, `MOMENTS` in each: shape (2, 3).
    cov
        Covariance of the six, shape (6, 6).
    """

    mean: Floats
    cov: Floats


def receipt_of(
    frame: pd.DataFrame, outcome: str, arm: str, received: str, cluster: str | None
) -> Receipt:
    """Read a frame.

    Raises
    ------
    DesignError
        If a column is missing or incomplete, arm or receipt is not 0/1 (or a factor of two levels),
        a cluster is in both arms, or receipt does not differ between the arms.
    """
    frame = as_frame(frame)
    for argument, name in (("outcome", outcome), ("received", received), ("arm", arm)):
        refuse_argument(argument, name)
    y, z = numeric(frame, outcome), indicator(frame, arm)
    d = _binary(frame, received)
    if z.min() == z.max():
        raise DesignError(f"{arm!r} has one arm only")
    members = members_of(frame, cluster, z)
    if d[z == 1].mean() == d[z == 0].mean():
        raise DesignError(f"{received!r} is as frequent in either arm: nothing can be learnt of it")
    return Receipt(y, z, d, members)


def _binary(frame: pd.DataFrame, name: str) -> Floats:
    """A 0/1 or boolean column that may be constant (an arm where nobody received)."""
    values = column(frame, name)
    if pd.api.types.is_numeric_dtype(values):
        array = values.to_numpy(dtype=float)
        if np.isin(array, (0.0, 1.0)).all():
            return array
        raise DesignError(f"column {name!r} must hold 0 and 1: whether the treatment was received")
    return indicator(frame, name)


def members_of(frame: pd.DataFrame, cluster: str | None, z: Floats) -> Clusters:
    """Cluster of each row; somebody without a worker is a cluster of one.

    Parameters
    ----------
    frame
        A row per participant.
    cluster
        Column of the worker, blank where there is none; None for no clusters.
    z
        Arm, 0 or 1, shape (n,).

    Raises
    ------
    DesignError
        If the column is not there, or a cluster is in both arms.
    """
    if cluster is None:
        return Clusters(np.arange(len(frame)), pd.RangeIndex(len(frame)))
    refuse_argument("cluster", cluster)
    members = clusters(frame, cluster, blank="own")
    spans = np.bincount(members.codes, z) % members.sizes != 0
    if spans.any():
        raise DesignError(f"cluster {members.labels[spans][0]!r} is in both arms")
    return members


def few_workers(members: Clusters, z: Floats) -> tuple[str, ...]:
    """A warning if an arm whose people share workers has too few of them.

    Parameters
    ----------
    members
        Cluster of each row.
    z
        Arm, 0 or 1, shape (n,).
    """
    arm_of = np.zeros(members.count)
    arm_of[members.codes] = z
    told = []
    for arm in (0.0, 1.0):
        sizes = members.sizes[arm_of == arm]
        if (sizes > 1).any() and len(sizes) < FEWEST_WORKERS_FOR_SANDWICH:
            told.append(
                f"{len(sizes)} worker{'s' if len(sizes) > 1 else ''} in one arm: errors by cluster "
                "from so few are too small more often than not"
            )
    return tuple(told)
