"""What to say of coefficients and standard errors that do not exist."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core_trial.errors import DesignError
from core_trial.models.design import INTERCEPT, Clusters
from core_trial.models.inference import Floats

#: A coefficient that the search left nearer to zero than this has not run away.
FAR = 5.0
#: Fewer clusters than this do not make a trustworthy sandwich, whatever the model.
FEW = 20
_LEVEL = re.compile(r"\[[^\]]*\]")


def refuse_confidence(confidence: float) -> None:
    """Refuse what is no coverage of an interval.

    Raises
    ------
    DesignError
        If it does not lie between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise DesignError(f"confidence must lie between 0 and 1, not {confidence!r}")


def term_of(column: str) -> str:
    """The term a column belongs to: ``"centre"`` for ``"centre[B]"``."""
    return _LEVEL.sub("", column)


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


def whole_term_lost(columns: Sequence[str], null: Floats) -> bool:
    """Whether nothing of some term can be estimated, no contrast between its levels either.

    One level of a factor without events leaves a fit usable; a term of which nothing is left does
    not. The intercept compares nothing and does not count.

    Parameters
    ----------
    null
        Directions of the coefficients without a finite estimate, shape (q, r).
    """
    if null.shape[1] == 0:
        return False
    terms: dict[str, list[int]] = {}
    for k, name in enumerate(columns):
        if name != INTERCEPT:
            terms.setdefault(term_of(name), []).append(k)
    return any(
        np.linalg.matrix_rank(null[members], tol=1e-6) == len(members) for members in terms.values()
    )


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
