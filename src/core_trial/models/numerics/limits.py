"""What to say of coefficients and standard errors that do not exist."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core_trial.errors import DesignError
from core_trial.models.choices import shown
from core_trial.models.inference import Floats

#: A coefficient that the search left nearer to zero than this has not run away.
FAR = 5.0


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
