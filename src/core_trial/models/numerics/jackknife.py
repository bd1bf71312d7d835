"""The jackknife over clusters, with degrees of freedom for few of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core_trial.models.clusters import Clusters, Ints
from core_trial.models.inference import Floats


def jackknife_covariance(changes: Floats) -> Floats:
    r"""Covariance :math:`\frac{G-1}{G}\sum_g d_g d_g'` of p estimates.

    Parameters
    ----------
    changes
        What leaving out each cluster changes, :math:`d_g = \hat\beta_{(g)} - \hat\beta`, shape
        (G, p).

    References
    ----------
    MacKinnon, Nielsen and Webb (2023), J Econometrics 232: 272-99, equation 18 (CV3); Lipsitz,
    Dear and Zhao (1994), Biometrics 50: 842-6, for Cox models.
    """
    G = len(changes)
    return (G - 1) / G * changes.T @ changes


def satterthwaite(
    changes: Floats,
    groups: Sequence[Floats],
    effective: Sequence[Floats],
    rows: Floats | None = None,
) -> Floats:
    r"""Degrees of freedom of p variances, each a sum over groups of clusters.

    A variance :math:`V = \sum_h V_h`, with each :math:`V_h` from :math:`k_h` clusters, has
    :math:`V^2 / \sum_h \{V_h^2/(k_h - 1)\}` degrees of freedom, as in Welch's test: an arm of five
    workers has four, and the many controls who are clusters of their own add what is theirs. By
    chance two or three clusters may look alike; where `rows` are given, no group's part counts for
    less here than it would if rows of a cluster were as alike as in the group with most clusters:
    independent, where these are people with a row each.

    Parameters
    ----------
    changes
        What leaving out each cluster changes, shape (G, p).
    groups
        For each of the p estimates the share of each cluster in each group, shape (H, G).
    effective
        For each of them the effective number of clusters of each group, shape (H,).
    rows
        Sum over each cluster's rows of the square of what leaving out the row changes, shape
        (G, p).

    References
    ----------
    Satterthwaite (1946), Biometrics Bull 2: 110-4; Welch (1947), Biometrika 34: 28-35.
    """
    df = np.full(changes.shape[1], np.nan)
    for j, (member, k) in enumerate(zip(groups, effective, strict=True)):
        observed = member @ changes[:, j] ** 2
        parts = observed
        if rows is not None:
            alone, most = member @ rows[:, j], int(np.argmax(k))
            alike = max(observed[most] / alone[most], 1.0) if alone[most] > 0 else 1.0
            parts = np.maximum(observed, alike * alone)
        known = k > 1
        if observed.sum() > 0 and known[parts > 0].all():
            df[j] = parts.sum() ** 2 / (parts[known] ** 2 / (k[known] - 1)).sum()
    return df


def squared_by_cluster(changes: Floats, members: Clusters) -> Floats:
    """What `satterthwaite` takes as `rows`, shape (G, p), from each row's change, shape (n, p)."""
    squares = (np.bincount(members.codes, c, members.count) for c in changes.T**2)
    return np.stack(list(squares), axis=1).astype(float)


def group_of_clusters(sizes: Ints) -> tuple[Floats, Floats]:
    """One group, from how many of its members each cluster has, shape (G,); see below."""
    n = sizes.astype(float)
    return (n > 0)[None].astype(float), np.array([n.sum() ** 2 / (n**2).sum()])


def cluster_groups(
    X: Floats, columns: Sequence[str], clusters: Clusters
) -> list[tuple[Floats, Floats]]:
    """For each coefficient: the groups of clusters that it compares, and how much they tell.

    A covariate of a few values that is the same for all members of each cluster, such as the arm,
    compares the clusters of its levels (of all its columns, if a factor). Any other covariate is
    estimated from all clusters alike, which are one group.

    Parameters
    ----------
    X
        Design matrix, shape (n, p).
    columns
        Names of its columns; those of a factor are ``factor[level]``.
    clusters
        Cluster of each row.

    Returns
    -------
    list of tuple
        For each column the share of each cluster in each group, shape (H, G), and the effective
        number of clusters in each group, ``(sum n)**2 / sum n**2`` (Kish 1965), shape (H,).
    """
    terms = [term_of(name) for name in columns]
    found = {term: _groups(X[:, [t == term for t in terms]], clusters) for term in set(terms)}
    return [found[term] for term in terms]


def _groups(part: Floats, clusters: Clusters) -> tuple[Floats, Floats]:
    """Groups of one term with these columns, shape (n, c)."""
    G, sizes = clusters.count, clusters.sizes.astype(float)
    first = np.empty(G, dtype=np.intp)
    first[clusters.codes] = np.arange(len(part))
    level = np.zeros(G, dtype=np.intp)
    if np.isin(part, (0.0, 1.0)).all() and (part == part[first][clusters.codes]).all():
        level = np.unique(part[first], axis=0, return_inverse=True)[1].reshape(-1)
    member = (level == np.arange(level.max() + 1)[:, None]).astype(float)
    effective = (member @ sizes) ** 2 / (member @ sizes**2)
    return member, effective


def term_of(column: str) -> str:
    """The term a column belongs to: ``"arm:sex"`` for ``"arm[peer]:sex[F]"``."""
    return ":".join(part.partition("[")[0] for part in column.split(":"))
