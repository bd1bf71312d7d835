"""What to say of coefficients and standard errors that do not exist."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core_trial.models.design import Clusters
from core_trial.models.inference import Floats

_LEVEL = re.compile(r"\[[^\]]*\]")


def term_of(column: str) -> str:
    """The term a column belongs to: ``"centre"`` for ``"centre[B]"``."""
    return _LEVEL.sub("", column)


def describe_lost(columns: Sequence[str], lost: NDArray[np.bool_]) -> str:
    """One warning that names every coefficient without a finite estimate."""
    names = ", ".join(name for name, gone in zip(columns, lost, strict=True) if gone)
    return (
        f"{names}: no finite estimate; the likelihood rises without end, or does not change, as "
        "in a group without events. What is shown of the other terms stands"
    )


def whole_term_lost(columns: Sequence[str], lost: NDArray[np.bool_]) -> bool:
    """Whether all columns of some term are lost.

    One level of a factor without events leaves the rest of the fit usable; a term of which nothing
    is left does not.
    """
    kept: dict[str, bool] = {}
    for name, gone in zip(columns, lost, strict=True):
        kept[term_of(name)] = kept.get(term_of(name), False) or not gone
    return not all(kept.values())


def cluster_notes(
    columns: Sequence[str], cov: Floats, lost: NDArray[np.bool_], clusters: Clusters
) -> list[str]:
    """Warnings about a clustered covariance: too few clusters, or scores that cancel in each."""
    notes = []
    missing = np.isnan(np.diagonal(cov)) & ~lost
    if missing.any():
        names = ", ".join(name for name, gone in zip(columns, missing, strict=True) if gone)
        notes.append(f"{names}: no robust standard error, the scores cancel within every cluster")
    if clusters.count <= len(columns):
        notes.append(
            f"{clusters.count} clusters for {len(columns)} coefficients: robust standard errors "
            "from so few cannot be relied on"
        )
    return notes
