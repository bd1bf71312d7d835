"""How many clusters carry the information, and what that allows.

A sandwich covariance estimates the variance between clusters from clusters that have more than one
member. Participants who are a cluster of their own say nothing of it, however many they are: in a
partially nested trial all controls are such. What counts is therefore the number of clusters with
two members or more in each arm, and how unequal they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core_trial.errors import DesignError
from core_trial.models.inference import Floats

Ints = NDArray[np.intp]
Verdict = Literal["enough", "few", "one", "none"]

#: With fewer effective clusters in an arm than this, sandwich errors are too small.
FEWEST_CLUSTERS_FOR_SANDWICH = 20
#: Clusters do not matter in an arm whose variance they would raise by less than this factor at an
#: intraclass correlation of `LARGE_CORRELATION`: one pair of twins among two hundred people.
NEGLIGIBLE_DESIGN_EFFECT = 1.1
LARGE_CORRELATION = 0.2

_ORDER: tuple[Verdict, ...] = ("none", "enough", "few", "one")


@dataclass(frozen=True, slots=True)
class Group:
    """The clusters of one arm, or of one level of another comparison.

    Parameters
    ----------
    label
        The arm.
    clusters
        All its clusters, those of one member among them.
    informative
        Its clusters with more than one member.
    effective
        Number of equal clusters that tell as much as the informative ones:
        ``(sum n)**2 / sum n**2`` over their sizes; 0 without any.
    independent
        The same over all its clusters, those of one member among them.
    weighted_size
        ``sum n**2 / sum n`` over all its clusters: the size of the cluster that a participant
        drawn at random is in. The variance of the arm's mean is that of independent participants
        times ``1 + (weighted_size - 1) * icc``.

    References
    ----------
    Kish (1965), Survey Sampling, section 8.2.
    """

    label: str
    clusters: int
    informative: int
    effective: float
    independent: float
    weighted_size: float

    @property
    def verdict(self) -> Verdict:
        """What this arm's clusters allow; ``"none"`` where its members count as independent."""
        design_effect = 1 + (self.weighted_size - 1) * LARGE_CORRELATION
        if self.informative == 0 or design_effect < NEGLIGIBLE_DESIGN_EFFECT:
            return "none"
        if self.informative == 1:
            return "one"
        return "few" if self.effective < FEWEST_CLUSTERS_FOR_SANDWICH else "enough"


@dataclass(frozen=True, slots=True)
class Informative:
    """Clusters that carry information, by arm.

    Parameters
    ----------
    groups
        The arms.
    """

    groups: tuple[Group, ...]

    @property
    def worst(self) -> Group:
        """The arm that allows least."""
        return max(self.groups, key=lambda g: (_ORDER.index(g.verdict), -g.effective))

    @property
    def verdict(self) -> Verdict:
        """``"one"``: the variance between an arm's clusters is not identified; ``"few"``; else.

        ``"none"`` is no reproach: nobody shares a cluster, and rows are independent.
        """
        return self.worst.verdict

    @property
    def counted(self) -> str:
        """How many clusters tell anything in the arm that allows least."""
        group, arm = self.worst, f" at {self.worst.label}" if self.worst.label else ""
        if group.informative == 1:
            return f"one cluster with more than one member{arm}"
        return (
            f"{group.informative} clusters with more than one member{arm}, worth "
            f"{group.effective:.1f} equal ones"
        )

    @property
    def warning(self) -> str:
        """What a reader should be told; blank where there are enough clusters, or none."""
        if self.verdict == "one":
            return (
                f"{self.counted}: how much clusters differ cannot be learnt from one, so that no "
                "robust standard error exists"
            )
        if self.verdict == "few":
            return (
                f"{self.counted}: with fewer than {FEWEST_CLUSTERS_FOR_SANDWICH} sandwich standard "
                "errors are too small"
            )
        return ""


def informative(
    codes: Ints, group_codes: Ints, labels: Sequence[object] | None = None
) -> Informative:
    """Count the clusters that carry information in each arm.

    Parameters
    ----------
    codes
        Cluster of each row, integers from 0, shape (n,).
    group_codes
        Arm of each row, integers from 0, shape (n,). A cluster with members in several arms
        counts in each of them, and is informative if it has more than one member in all.
    labels
        Names of the arms; their numbers if None.

    Examples
    --------
    Two workers with three and two participants, and three controls on their own:

    >>> found = informative(np.array([0, 0, 0, 1, 1, 2, 3, 4]), np.array([1, 1, 1, 1, 1, 0, 0, 0]))
    >>> [(g.informative, g.clusters, round(g.effective, 2)) for g in found.groups]
    [(0, 3, 0.0), (2, 2, 1.92)]
    >>> found.verdict
    'few'
    """
    codes, group_codes = np.asarray(codes, dtype=np.intp), np.asarray(group_codes, dtype=np.intp)
    count = int(codes.max(initial=-1)) + 1
    several = np.bincount(codes, minlength=count) > 1
    names = range(int(group_codes.max(initial=-1)) + 1) if labels is None else labels
    found = []
    for k, label in enumerate(names):
        sizes = np.bincount(codes[group_codes == k], minlength=count)
        found.append(_group(str(label), sizes[sizes > 0], sizes[several & (sizes > 0)]))
    return Informative(tuple(found))


def in_design(X: Floats, columns: Sequence[str], codes: Ints) -> Informative:
    """Count the clusters by the levels of the comparison that `compared` finds.

    Parameters
    ----------
    X, columns, codes
        As in `compared`.
    """
    return informative(codes, *compared(X, columns, codes))


def compared(X: Floats, columns: Sequence[str], codes: Ints) -> tuple[Ints, list[str]]:
    """Find the comparison between clusters that a model makes: group of each row, and labels.

    That is the first variable of the design that is the same for all members of each cluster: the
    arm of a partially nested or cluster-randomised trial. Where every variable differs within
    clusters, or has more values than levels, all rows are one group.

    Parameters
    ----------
    X
        Design matrix, shape (n, p).
    columns
        Names of its columns; those of a factor are ``factor[level]``.
    codes
        Cluster of each row, integers from 0, shape (n,).
    """
    first = np.empty(int(codes.max(initial=-1)) + 1, dtype=np.intp)
    first[codes] = np.arange(len(codes))
    shown = first[codes]
    for name in dict.fromkeys(c.partition("[")[0] for c in columns if ":" not in c):
        own = [k for k, c in enumerate(columns) if c.partition("[")[0] == name]
        part = X[:, own]
        two = np.isin(part, (0.0, 1.0)).all() and part.min() < part.max()
        if two and (part == part[shown]).all():
            code = part @ 2.0 ** np.arange(len(own))
            _, one, group = np.unique(code, return_index=True, return_inverse=True)
            labels = [_level(name, [columns[k] for k in own], row) for row in part[one]]
            return group, labels
    return np.zeros(len(codes), dtype=np.intp), [""]


def refuse_one(found: Informative) -> None:
    """Refuse errors by cluster where an arm has a single cluster with more than one member.

    Raises
    ------
    DesignError
        With the reason, and what can be asked instead.
    """
    if found.verdict == "one":
        raise DesignError(
            f"{found.warning}. Without cluster= the rows are taken as independent, which holds for "
            "this cluster alone and says nothing of others"
        )


def _group(label: str, every: Ints, several: Ints) -> Group:
    return Group(
        label=label,
        clusters=len(every),
        informative=len(several),
        effective=_equal_ones(several),
        independent=_equal_ones(every),
        weighted_size=float((every.astype(float) ** 2).sum() / max(every.sum(), 1)),
    )


def _equal_ones(sizes: Ints) -> float:
    """Number of clusters of one size that tell as much as these."""
    squares = float((sizes.astype(float) ** 2).sum())
    return float(sizes.sum()) ** 2 / squares if squares else 0.0


def _level(name: str, columns: Sequence[str], row: Floats) -> str:
    """Name of the level at which the columns of a variable have these values."""
    shown = [c for c, value in zip(columns, row, strict=True) if value == 1]
    if shown and shown[0] != name:
        return shown[0]
    return f"{name} = {int(row[0])}" if columns[0] == name else f"the reference level of {name}"
