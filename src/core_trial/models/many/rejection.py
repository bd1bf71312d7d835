"""How often a test rejects over many data sets, with those that gave no test counted apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from core_trial.errors import DesignError
from core_trial.models.inference import Floats


@dataclass(frozen=True, slots=True)
class Rejection:
    """How often a test rejected.

    Parameters
    ----------
    share
        Rejections among the data sets whose fit converged and gave a p-value; ``nan`` if none did.
    low, high
        95 % interval of the share, for the number of data sets (Wilson).
    monte_carlo_error
        Standard error of the share, for the number of data sets.
    rejected, tested
        Data sets whose test rejected, and those with a test.
    failed
        Data sets without a p-value: the model could not be fitted, or has no standard error.
    unconverged
        Data sets with a p-value from a fit that did not converge; it is not believed.
    least, most
        The share if none of the failed and unconverged had been rejected, and if all had.
    level
        Size of the test.
    """

    share: float
    low: float
    high: float
    monte_carlo_error: float
    rejected: int
    tested: int
    failed: int
    unconverged: int
    least: float
    most: float
    level: float

    def __str__(self) -> str:
        lost = self.failed + self.unconverged
        text = f"{self.share:.1%} of {self.tested} ({self.low:.1%} to {self.high:.1%})"
        if not lost:
            return text
        return (
            f"{text}; {self.failed} failed and {self.unconverged} unconverged left out: "
            f"{self.least:.1%} if none of them had been rejected, {self.most:.1%} if all had"
        )


def rejection(p_value: Floats, converged: NDArray[np.bool_], level: float = 0.05) -> Rejection:
    """Count rejections.

    Parameters
    ----------
    p_value
        Of each data set, shape (R,); ``nan`` where there is none.
    converged
        Whether its fit is to be believed, shape (R,).
    level
        Size of the test.

    Raises
    ------
    DesignError
        If the level does not lie between 0 and 1.

    References
    ----------
    Wilson (1927), J Am Stat Assoc 22: 209-12. Morris, White and Crowther (2019), Stat Med 38:
    2074-102, section 5.3 and table 6 (estimates that are missing, Monte Carlo error).

    Examples
    --------
    >>> found = rejection(np.array([0.01, 0.2, np.nan, 0.03]), np.array([True, True, False, False]))
    >>> found.share, found.failed, found.unconverged
    (0.5, 1, 1)
    """
    if not 0 < level < 1:
        raise DesignError(f"level must lie between 0 and 1, not {level!r}")
    has = np.isfinite(p_value)
    tested = int((has & converged).sum())
    rejected = int((p_value[has & converged] < level).sum())
    total = len(p_value)
    share = rejected / tested if tested else np.nan
    low, high = _wilson(share, tested)
    return Rejection(
        share=share,
        low=low,
        high=high,
        monte_carlo_error=float(np.sqrt(share * (1 - share) / tested)) if tested else np.nan,
        rejected=rejected,
        tested=tested,
        failed=int((~has).sum()),
        unconverged=int((has & ~converged).sum()),
        least=rejected / total if total else np.nan,
        most=(rejected + total - tested) / total if total else np.nan,
        level=level,
    )


def _wilson(share: float, n: int) -> tuple[float, float]:
    if not n:
        return np.nan, np.nan
    z2 = float(special.ndtri(0.975)) ** 2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    return max(float(middle - half), 0.0), min(float(middle + half), 1.0)
