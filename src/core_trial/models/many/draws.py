"""Where the data sets of `replicate` come from: simulation from a model, bootstrap by cluster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.clusters import Ints, clusters
from core_trial.models.columns import column
from core_trial.models.inference import Floats
from core_trial.models.intercept.model import InterceptModel


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """Responses from a random-intercept model; called with a generator, it draws one set.

    Parameters
    ----------
    eta
        Linear predictor without the random effect, shape (n,).
    codes, count
        Cluster of each row, shape (n,), and the number of clusters.
    random
        Whether the random effect enters a row, shape (n,).
    sd
        Standard deviation of the random effect.
    binary
        Draw 0 and 1 (logistic) or counts (Poisson).
    """

    eta: Floats
    codes: Ints
    count: int
    random: Floats
    sd: float
    binary: bool

    def __call__(self, rng: np.random.Generator) -> Floats:
        """One response, shape (n,)."""
        effect = self.sd * rng.standard_normal(self.count)
        eta = self.eta + self.random * effect[self.codes]
        if self.binary:
            return (rng.random(len(eta)) < 1.0 / (1.0 + np.exp(-eta))).astype(float)
        return rng.poisson(np.exp(eta)).astype(float)


def simulation(model: InterceptModel, beta: Floats, sd: float) -> Simulation:
    """Responses as a prepared model would give them.

    Parameters
    ----------
    model
        Such as `prepare_mixed_logistic` returns.
    beta
        Coefficients, shape (p,).
    sd
        Standard deviation of the random effect.
    """
    beta = np.asarray(beta, dtype=float)
    p = model.design.X.shape[1]
    if beta.shape != (p,) or not np.isfinite(beta).all() or not 0 <= sd < np.inf:
        raise DesignError(f"a simulation needs {p} finite coefficients and a standard deviation")
    members = model.layout.clusters
    return Simulation(
        eta=model.design.X @ beta + model.offset,
        codes=members.codes,
        count=members.count,
        random=model.layout.random.astype(float),
        sd=float(sd),
        binary=model.kind.family.bounded,
    )


@dataclass(frozen=True, slots=True, eq=False)
class ClusterBootstrap:
    """Frames of clusters drawn with replacement; called with a generator, it draws one frame.

    Parameters
    ----------
    frame
        The data.
    cluster
        Column with the cluster of each row. In a drawn frame each copy of a cluster is a cluster
        of its own, numbered from 0.
    rows
        For each cluster its rows in `frame`.
    strata
        For each stratum the clusters in it; as many are drawn as there are.
    """

    frame: pd.DataFrame
    cluster: str
    rows: tuple[Ints, ...]
    strata: tuple[Ints, ...]

    def __call__(self, rng: np.random.Generator) -> pd.DataFrame:
        """One frame."""
        drawn = np.concatenate([rng.choice(members, len(members)) for members in self.strata])
        rows = [self.rows[g] for g in drawn]
        copy = self.frame.iloc[np.concatenate(rows)].reset_index(drop=True)
        copy[self.cluster] = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
        return copy


def cluster_bootstrap(
    frame: pd.DataFrame, cluster: str, *, within: str | None = None
) -> ClusterBootstrap:
    """Bootstrap a trial by its clusters.

    Parameters
    ----------
    frame
        A row per participant.
    cluster
        Column with the cluster of each row.
    within
        Column, such as the arm, whose levels keep their number of clusters; None for none.

    Raises
    ------
    DesignError
        If a column is missing or incomplete, or a cluster is in two levels of `within`.

    References
    ----------
    Davison and Hinkley (1997), Bootstrap Methods and their Application, section 3.8.
    """
    members = clusters(frame, cluster)
    order = np.argsort(members.codes, kind="stable")
    rows = tuple(np.split(order, np.cumsum(members.sizes)[:-1]))
    if within is None:
        return ClusterBootstrap(frame, cluster, rows, (np.arange(members.count),))
    level, names = pd.factorize(column(frame, within), sort=True)
    own = level[[r[0] for r in rows]]
    if not np.array_equal(own[members.codes], level):
        raise DesignError(f"a cluster of {cluster!r} is in two levels of {within!r}")
    strata = tuple(np.flatnonzero(own == k) for k in range(len(names)))
    return ClusterBootstrap(frame, cluster, rows, strata)
