"""What to say of coefficients and standard errors that do not exist."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core_trial.errors import DesignError
from core_trial.models.choices import shown
from core_trial.models.clusters import Clusters
from core_trial.models.inference import Floats

#: A coefficient that the search left nearer to zero than this has not run away.
FAR = 5.0
#: Fewer clusters than this do not make a trustworthy sandwich, whatever the model.
FEW = 20


def refuse_confidence(confidence: float) -> None:
    """Refuse what is no coverage of an interval.

    Raises
    ------
    DesignError
        If it does not lie between 0 and 1.
    """
    number = isinstance(confidence, int | float | np.number)
    if not number or not 0 < confidence < 1:
        raise DesignError(f"confidence must lie between 0 and 1, not {shown(confidence)}")


def describe_lost(columns: Sequence[str], beta: Floats, lost: NDArray[np.bool_]) -> str:
    """One warning that names every coefficient without a finite estimate.

    Parameters
    ----------
    beta
        Where the search left the coefficients, shape (q,): far out on the side to which they run.
    """
    named = (
        f"{name} ({_whither(value)})"
        for name, value, gone in zip(columns, beta, lost, strict=True)
        if gone
    )
    rest = "" if lost.all() else "; the other estimates stand"
    return (
        f"no finite estimate for {', '.join(named)}: the likelihood rises without end or does not "
        f"change, as with a group without events{rest}"
    )


def _whither(value: float) -> str:
    if abs(value) < FAR:
        return "not determined"
    return "diverges to +infinity" if value > 0 else "diverges to -infinity"


def cluster_notes(
    columns: Sequence[str], cov: Floats, lost: NDArray[np.bool_], clusters: Clusters
) -> list[str]:
    """Warnings about a clustered covariance: too few clusters, or scores that cancel in each."""
    notes = []
    missing = np.isnan(np.diagonal(cov)) & ~lost
    if missing.any():
        names = ", ".join(name for name, gone in zip(columns, missing, strict=True) if gone)
        notes.append(f"{names}: no robust standard error, the scores cancel within every cluster")
    if clusters.count < max(FEW, len(columns) + 1):
        notes.append(
            f"{clusters.count} cluster{'s' if clusters.count > 1 else ''} for {len(columns)} "
            "coefficients: robust standard errors from so few are too small more often than not"
        )
    return notes
