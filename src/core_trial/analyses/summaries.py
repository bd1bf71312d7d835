"""Descriptive records: counts, means and quartiles by arm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.declaration.arms import PRINTED_ARMS, Arm
from core_trial.results import Descriptive

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
WHOLE_TRIAL = ""
#: Names of the arms in every record, whatever the trial calls them; the order of print.
GROUPS = tuple(map(str, PRINTED_ARMS))


def arms(
    arm: Arm, frame: pd.DataFrame, *, total: bool = False
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each arm's rows, in print order; at the end the whole trial, if asked for."""
    for group in GROUPS:
        yield group, frame[(frame[arm.column] == arm.level(group)).to_numpy(bool)]
    if total:
        yield WHOLE_TRIAL, frame


def everybody(frame: pd.DataFrame) -> Bools:
    """True for every row, shape (n,)."""
    return np.ones(len(frame), dtype=bool)


def proportion(
    analysis: str, members: Iterable[bool], arm: str = WHOLE_TRIAL, level: str = ""
) -> Iterator[Descriptive]:
    """n, N and percent of those for whom something is true, among those for whom it is known."""
    values = np.fromiter(members, dtype=bool)
    n, of = int(values.sum()), len(values)
    record = partial(Descriptive, analysis=analysis, arm=arm, level=level)
    yield record(statistic="n", value=float(n))
    yield record(statistic="N", value=float(of))
    yield record(statistic="percent", value=100 * n / of if of else np.nan)


def mean_sd(
    analysis: str, values: pd.Series, arm: str = WHOLE_TRIAL, level: str = ""
) -> Iterator[Descriptive]:
    """n, mean and standard deviation (divisor n - 1) of the known values."""
    known = values.dropna().to_numpy(dtype=float)
    record = partial(Descriptive, analysis=analysis, arm=arm, level=level)
    yield record(statistic="n", value=float(len(known)))
    yield record(statistic="mean", value=float(known.mean()) if len(known) else np.nan)
    yield record(statistic="sd", value=float(known.std(ddof=1)) if len(known) > 1 else np.nan)


def median_iqr(
    analysis: str, values: pd.Series, arm: str = WHOLE_TRIAL, level: str = ""
) -> Iterator[Descriptive]:
    """Median and quartiles of the known values, by Stata's definition."""
    known = values.dropna().to_numpy(dtype=float)
    for statistic, percent in (("q1", 25), ("median", 50), ("q3", 75)):
        yield Descriptive(
            analysis=analysis,
            statistic=statistic,
            value=stata_percentile(known, percent),
            arm=arm,
            level=level,
        )


def stata_percentile(values: Floats, percent: int) -> float:
    """A percentile as Stata's ``summarize, detail`` defines it.

    Parameters
    ----------
    values
        Shape (n,), no missing values.
    percent
        Whole percent between 1 and 99.

    Returns
    -------
    float
        With n times percent / 100 whole, the mean of that order statistic and the next; otherwise
        the next order statistic up; ``nan`` without values.

    References
    ----------
    StataCorp, [R] summarize, methods and formulas.

    Examples
    --------
    >>> stata_percentile(np.array([1.0, 2.0, 3.0, 10.0]), 50)
    2.5
    >>> stata_percentile(np.array([1.0, 2.0, 3.0, 10.0, 11.0]), 25)
    2.0
    """
    if len(values) == 0:
        return float("nan")
    ordered = np.sort(values)
    whole, rest = divmod(len(ordered) * percent, 100)
    return float(ordered[whole] if rest else (ordered[whole - 1] + ordered[whole]) / 2)
