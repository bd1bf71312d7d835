"""The name of a number."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Name of one number.

    Parameters
    ----------
    analysis
        Name of the analysis: that of an outcome or of a baseline characteristic.
    statistic
        ``"n"``, ``"N"``, ``"percent"``, ``"mean"``, ``"sd"``, ``"median"``, ``"q1"``, ``"q3"``,
        ``"estimate"``, ``"low"``, ``"high"``, ``"p_value"`` and so on.
    arm
        ``"intervention"``, ``"control"``, or blank for the whole trial or a comparison.
    level
        Category, step or covariate, where the analysis has several.
    """

    analysis: str
    statistic: str
    arm: str = ""
    level: str = ""
