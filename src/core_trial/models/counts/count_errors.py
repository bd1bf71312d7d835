"""Standard errors of the negative binomial models, over all parameters, and their df."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core_trial.models.clusters import Clusters
from core_trial.models.counts.likelihood import informations, scores
from core_trial.models.counts.search import CountModel
from core_trial.models.design import Design
from core_trial.models.inference import Floats
from core_trial.models.numerics.jackknife import (
    cluster_groups,
    jackknife_covariance,
    satterthwaite,
    squared_by_cluster,
)
from core_trial.models.numerics.newton import Estimable, Optimum
from core_trial.models.numerics.robust import Inference
from core_trial.models.numerics.sandwich import cluster_sums, left_out

#: Eigenvalues of a generalised inverse below this share of the largest are its zeros.
NOTHING_KNOWN = 1e-10
#: Clusters' shares in groups, and the groups' effective numbers; see `jackknife.cluster_groups`.
Groups = tuple[Floats, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """Covariance and degrees of freedom of all q parameters.

    Parameters
    ----------
    cov
        Shape (q, q), ``nan`` for what has no estimate or no error.
    df
        Shape (q,).
    changes
        What leaving out each cluster changes, shape (G, q); None for errors of another kind.
    own
        What leaving out each row changes, to first order, shape (n, q); likewise.
    members
        Cluster of each row; likewise.
    groups
        By name of a variable, how its clusters are grouped.
    """

    cov: Floats
    df: Floats
    changes: Floats | None = None
    own: Floats | None = None
    members: Clusters | None = None
    groups: dict[str, Groups] | None = None

    def df_of(self, gradient: Floats, variable: str) -> float:
        """Degrees of freedom of a quantity with this gradient, shape (q,), about a variable."""
        if self.changes is None or self.own is None or self.members is None or not self.groups:
            return float("inf")
        moved, alone = (
            np.nan_to_num(each) @ gradient[:, None] for each in (self.changes, self.own)
        )
        share, effective = self.groups.get(variable, self.groups[""])
        rows = squared_by_cluster(alone, self.members)
        return float(satterthwaite(moved, [share], [effective], rows)[0])


def errors(
    model: CountModel,
    best: Optimum,
    found: Estimable,
    designs: tuple[Design, ...],
    members: Clusters,
    inference: Inference,
    *,
    small_sample: bool,
) -> Errors:
    """Errors of a kind.

    Parameters
    ----------
    model, best, found
        The data, where the search ended, and what is estimable there.
    designs
        Of the counts, and of the inflation if there is one.
    members
        Cluster of each row.
    inference, small_sample
        See `robust.choose`.
    """
    normal = np.full(len(found.lost), np.inf)
    if inference == "model":
        return Errors(found.covariance(), normal)
    by_row = scores(model.data, best.point)[model.row] * model.weights[:, None]
    if inference == "sandwich":
        return Errors(found.sandwich(by_row, members, small_sample=small_sample), normal)
    return _jackknife(model, best, found, designs, members, by_row)


def _jackknife(
    model: CountModel,
    best: Optimum,
    found: Estimable,
    designs: tuple[Design, ...],
    members: Clusters,
    by_row: Floats,
) -> Errors:
    own = informations(model.data, best.point, model.row, members.codes, model.weights)
    sums = cluster_sums(by_row, members.codes, members.count)
    value, vectors = np.linalg.eigh(found.inverse)
    basis = vectors[:, value > NOTHING_KNOWN * value[-1]]
    changes = left_out(
        basis.T @ best.information @ basis, basis.T @ own @ basis, sums @ basis, found.back @ basis
    )
    changes[:, found.lost] = np.nan
    one = np.ones((1, members.count)), np.array([_effective(members)])
    groups = {"": one}
    each = []
    for design in designs:
        of_columns = cluster_groups(design.X, design.columns, members)
        each += of_columns
        groups |= {
            name.partition("[")[0]: group
            for name, group in zip(design.columns, of_columns, strict=True)
            if ":" not in name
        }
    shares, effective = zip(*each, one, strict=True)
    cov = jackknife_covariance(changes)
    alone = by_row @ found.inverse @ found.back.T
    df = satterthwaite(changes, shares, effective, squared_by_cluster(alone, members))
    return Errors(cov, df, changes, alone, members, groups)


def _effective(members: Clusters) -> float:
    sizes = members.sizes.astype(float)
    return float(sizes.sum() ** 2 / (sizes**2).sum())
