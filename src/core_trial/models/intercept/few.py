"""Degrees of freedom of a random-intercept model, where clusters are few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core_trial.models.choices import refuse_choice
from core_trial.models.clusters import Clusters
from core_trial.models.design import Design
from core_trial.models.inference import Floats
from core_trial.models.numerics.few_clusters import in_design

Inference = Literal["normal", "t", "bootstrap"]
CHOICES: tuple[Inference, ...] = ("normal", "t", "bootstrap")


def judge(
    inference: Inference | None, design: Design, members: Clusters
) -> tuple[Inference, tuple[str, ...]]:
    """The normal distribution where clusters are enough, Student's t below; or what was asked.

    Returns
    -------
    inference
        The choice.
    notes
        What is to be said of the number of clusters, where it decided or should have.

    Raises
    ------
    DesignError
        For something else.
    """
    if inference is not None:
        refuse_choice("inference", inference, CHOICES)
    if inference not in (None, "normal"):
        return inference, ()
    found = in_design(design.X, design.columns, members.codes)
    if found.verdict not in ("few", "one"):
        return "normal", ()
    if inference == "normal":
        return "normal", (f"{found.counted}: normal inference calls too much significant",)
    return "t", (
        f"{found.counted}: judged by t, which is careful; inference='bootstrap' is closer",
    )


def degrees_of_freedom(
    inference: Inference, design: Design, members: Clusters, random: Floats | None
) -> Floats:
    """Degrees of freedom of each coefficient, shape (p,): infinite for the normal distribution."""
    if inference == "normal":
        return np.full(design.X.shape[1], np.inf)
    return between_within(design, members, random)


def between_within(design: Design, members: Clusters, random: Floats | None) -> Floats:
    r"""Degrees of freedom of each coefficient by the between-within rule, shape (p,).

    What is learnt of the variance between clusters comes from the K clusters with a random effect
    and more than one member. A covariate that is the same for all members of each of them, such as
    the arm, is judged by :math:`K - r`, with r the rank of all such covariates among these clusters
    (the intercept being one): K - 1 where one arm has clusters, K - 2 where two arms have. Any
    other covariate is compared within clusters too, and judged by n less all coefficients. Without
    such clusters rows are independent, and the distribution is the normal.

    Parameters
    ----------
    design
        The n rows.
    members
        Cluster of each row.
    random
        1 where the random effect enters a row, 0 where not, shape (n,); None for everywhere.

    Returns
    -------
    ndarray
        ``nan`` where no degree of freedom is left.

    References
    ----------
    Schluchter and Elashoff (1990), J Stat Comput Simul 37: 69-87; Li and Redden (2015), BMC Med Res
    Methodol 15: 38, who find it best in mixed logistic models of few clusters.
    """
    found = _between(design, members, random)
    if found.clusters == 0:
        return np.full(design.X.shape[1], np.inf)
    df = np.where(found.columns, found.spare, design.n - design.X.shape[1]).astype(float)
    return np.where(df > 0, df, np.nan)


def unbiased_share(design: Design, members: Clusters, random: Floats | None) -> float:
    """By how much maximum likelihood takes the variance between clusters for smaller than it is.

    As with any variance, K / (K - r), with K clusters that tell of it and r means among them.
    """
    found = _between(design, members, random)
    return found.clusters / found.spare if found.spare > 0 else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Between:
    """What differs between clusters alone.

    ``clusters`` is K, the number with a random effect and more than one member; ``columns`` says
    which covariates are the same for all members of each of these, shape (p,); ``spare`` is K less
    the rank of these covariates.
    """

    clusters: int
    columns: NDArray[np.bool_]
    spare: int


def _between(design: Design, members: Clusters, random: Floats | None) -> _Between:
    inside = np.ones(design.n, dtype=bool) if random is None else random > 0
    sizes = np.bincount(members.codes[inside], minlength=members.count)
    several = inside & (sizes[members.codes] > 1)
    X, codes = design.X[several], members.codes[several]
    first = np.zeros(members.count, dtype=np.intp)
    first[codes] = np.arange(len(codes))
    columns = (X[first[codes]] == X).all(axis=0)
    shown = X[first[sizes > 1]][:, columns]
    rank = int(np.linalg.matrix_rank(shown)) if shown.size else 0
    return _Between(len(shown), columns, len(shown) - rank)
