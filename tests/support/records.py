"""Records made by hand, a line each."""

from __future__ import annotations

import math
from collections.abc import Iterator

from core_trial.results import Descriptive, Estimate


def number(analysis: str, statistic: str, value: float, arm: str = "", level: str = ""):
    """One descriptive number."""
    return Descriptive(
        analysis=analysis, statistic=statistic, value=float(value), arm=arm, level=level
    )


def counts(analysis: str, n: int, of: int, arm: str = "", level: str = "") -> Iterator[Descriptive]:
    """n, N and percent."""
    for statistic, value in (("n", n), ("N", of), ("percent", 100 * n / of)):
        yield number(analysis, statistic, value, arm, level)


def estimate(analysis: str, value: float, low: float, high: float, **more) -> Estimate:
    """A fitted effect, by default a difference in means with p of 0.5."""
    given = {
        "measure": "difference_in_means",
        "std_error": 1.0,
        "statistic": math.nan,
        "df": math.inf,
        "p_value": 0.5,
        "n": 400,
        "n_clusters": 250,
        "model": "mixed_linear",
        "formula": f"{analysis} ~ arm",
        "method": "made up",
    }
    return Estimate(analysis=analysis, estimate=value, low=low, high=high, **(given | more))


def failure(analysis: str, reason: str, **more) -> Estimate:
    """An effect that could not be estimated."""
    nan = math.nan
    given = {"converged": False, "warnings": (reason,), "std_error": nan, "p_value": nan}
    return estimate(analysis, nan, nan, nan, **(given | more))
