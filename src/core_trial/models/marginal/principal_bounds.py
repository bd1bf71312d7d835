"""What the data alone say of the effect of receipt: bounds instead of assumptions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.inference import Floats
from core_trial.models.marginal.receipt import receipt_of


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of risk differences; sampling error is not in them.

    Parameters
    ----------
    everybody
        Of the average effect of receipt in the whole trial, under randomisation and exclusion
        (Balke and Pearl): the sharpest there are. None if the data contradict exclusion.
    compliers
        Of the effect of the offer among compliers, without exclusion: the risk of never-takers in
        the control arm may be anything that agrees with its overall risk. None if the control arm
        had access.
    """

    everybody: tuple[float, float] | None
    compliers: tuple[float, float] | None


def principal_bounds(
    outcome: str, frame: pd.DataFrame, *, received: str, arm: str = "arm"
) -> Bounds:
    """Bound the effect of receipt on a binary outcome.

    Parameters
    ----------
    outcome, frame, received, arm
        As in `complier_effects`; receipt may be 1 in both arms.

    Returns
    -------
    Bounds

    Raises
    ------
    DesignError
        If the outcome is not 0 or 1.

    References
    ----------
    Balke and Pearl (1997), J Am Stat Assoc 92: 1171-6, equation 3 and section 3.3 (the instrumental
    inequality). Frangakis and Rubin (2002), Biometrics 58: 21-9 (principal strata). Zhang and Rubin
    (2003), J Educ Behav Stat 28: 353-68 (bounds from mixtures).

    Examples
    --------
    >>> import pandas as pd
    >>> cells = [(0, 0, 0, 60), (0, 0, 1, 40), (1, 0, 0, 12), (1, 0, 1, 8), (1, 1, 0, 64),
    ...          (1, 1, 1, 16)]
    >>> frame = pd.DataFrame(
    ...     [(z, d, y) for z, d, y, n in cells for _ in range(n)], columns=["arm", "took", "died"])
    >>> low, high = principal_bounds("died", frame, received="took").everybody
    >>> round(low, 3), round(high, 3)
    (-0.24, -0.04)
    """
    trial = receipt_of(frame, outcome, arm, received, None)
    if not trial.binary:
        raise DesignError(f"outcome {outcome!r} must be 0 or 1: only a risk has bounds")
    p = np.empty((2, 2, 2))  # outcome, receipt, arm
    for z in (0, 1):
        own = trial.z == z
        for y in (0, 1):
            for d in (0, 1):
                p[y, d, z] = ((trial.y == y) & (trial.d == d))[own].mean()
    return Bounds(average_effect(p), _without_exclusion(p) if trial.one_sided else None)


def average_effect(p: Floats) -> tuple[float, float] | None:
    """Balke and Pearl's bounds of the average effect.

    Parameters
    ----------
    p
        Share of each outcome and receipt within each arm, shape (2, 2, 2).

    Returns
    -------
    tuple or None
        Lower and upper bound; None if no distribution of types under exclusion gives these shares.
    """
    # s[y][d] is the pair of shares in the control and in the intervention arm
    (a0, a1), (b0, b1) = (p[0, 0], p[0, 1])  # outcome 0: without, with receipt
    (c0, c1), (d0, d1) = (p[1, 0], p[1, 1])  # outcome 1: without, with receipt
    lower = (
        d1 + a0 - 1,
        d0 + a1 - 1,
        d0 - d1 - c1 - b0 - c0,
        d1 - d0 - c0 - b1 - c1,
        -b1 - c1,
        -b0 - c0,
        a1 - b1 - c1 - b0 - a0,
        a0 - b0 - c0 - b1 - a1,
    )
    upper = (
        1 - b1 - c0,
        1 - b0 - c1,
        -b0 + b1 + a1 + d0 + a0,
        -b1 + d1 + a1 + b0 + a0,
        d1 + a1,
        d0 + a0,
        -c1 + d1 + a1 + d0 + c0,
        -c0 + d0 + a0 + d1 + c1,
    )
    if not _instrumental_inequality(p):
        return None
    return float(max(lower)), float(min(upper))


def _instrumental_inequality(p: Floats) -> bool:
    """Pearl's inequality: for each receipt the outcomes' largest shares sum to 1 at most."""
    return bool((p.max(axis=2).sum(axis=0) <= 1 + 1e-12).all())


def _without_exclusion(p: Floats) -> tuple[float, float]:
    """Bounds of the effect among compliers, whatever the offer does to never-takers."""
    compliers = p[:, 1, 1].sum()
    treated, control = p[1, 1, 1] / compliers, p[1, :, 0].sum()
    least = max(0.0, (control - (1 - compliers)) / compliers)
    most = min(1.0, control / compliers)
    return float(treated - most), float(treated - least)
