"""Bootstrap by workers in their arm and by participants in the other, with percentile and BCa."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special

from core_trial.errors import DesignError, FitError
from core_trial.models.clusters import Ints, clusters
from core_trial.models.inference import Floats
from core_trial.models.many.draws import ClusterBootstrap, cluster_bootstrap
from core_trial.models.many.work import each

Interval = Literal["percentile", "bca"]
INTERVALS = ("percentile", "bca")
#: Fewer draws than this do not give the ends of a 95 % interval.
FEWEST_DRAWS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Bootstrap:
    """Bootstrap of k statistics.

    Parameters
    ----------
    estimate
        From the data, shape (k,).
    draws
        From the resampled data, shape (B, k); ``nan`` where they could not be computed.
    low, high
        Ends of the intervals, shape (k,).
    std_error
        Standard deviation of the draws, shape (k,).
    failed
        Draws that could not be computed; they are left out.
    interval, confidence
        Which interval, and its coverage.
    warnings
        Where an end or an error is not given (``nan``), and why.
    """

    estimate: Floats
    draws: Floats
    low: Floats
    high: Floats
    std_error: Floats
    failed: int
    interval: Interval
    confidence: float
    warnings: tuple[str, ...] = ()


def bootstrap(
    statistic: Callable[[pd.DataFrame], Floats],
    frame: pd.DataFrame,
    *,
    arm: str | None = None,
    cluster: str | None = None,
    times: int = 999,
    seed: int = 0,
    interval: Interval = "percentile",
    confidence: float = 0.95,
    workers: int | None = None,
    progress: bool = True,
    resume: str | Path | None = None,
) -> Bootstrap:
    """Resample a trial as it was sampled, and give intervals for any statistic.

    Workers are drawn with replacement within their arm, each with all of their people; people
    without a worker are drawn one by one within theirs.

    Parameters
    ----------
    statistic
        From a frame to k numbers.
    frame
        A row per participant.
    arm
        Column whose levels keep their number of workers (or people); None for one sample.
    cluster
        Column of the worker, blank where there is none; None for people alone. In a resampled frame
        it holds the number of the copy.
    times
        Number of draws.
    seed
        Each draw has a generator of its own, made from it and the draw's number.
    interval
        ``"percentile"``, or ``"bca"``: corrected for bias and acceleration, which takes one more
        call of `statistic` for each worker and each person without one.
    confidence
        Coverage of the intervals.
    workers, progress, resume
        As in `replicate`.

    Raises
    ------
    DesignError
        If a column or a setting is wrong.
    FitError
        If the statistic could be computed in fewer than `FEWEST_DRAWS` draws.

    References
    ----------
    Davison and Hinkley (1997), Bootstrap Methods and their Application, sections 3.2, 3.8 and 5.3.
    Efron (1987), J Am Stat Assoc 82: 171-85 (BCa).

    Examples
    --------
    >>> frame = pd.DataFrame({"score": np.arange(40.0), "arm": [0, 1] * 20})
    >>> def difference(frame):
    ...     return frame.groupby("arm")["score"].mean().diff().iloc[-1]
    >>> found = bootstrap(difference, frame, arm="arm", times=200, seed=1, progress=False)
    >>> float(found.estimate[0]), found.draws.shape
    (1.0, (200, 1))
    """
    _refuse_settings(times, interval, confidence)
    draw = units_of(frame, arm, cluster)
    estimate = np.atleast_1d(np.asarray(statistic(frame), dtype=float))
    settings = {"workers": workers, "progress": progress}
    seeds = np.random.SeedSequence(seed).spawn(times)
    one = partial(_drawn, statistic, draw, len(estimate))
    draws = np.array(each(one, seeds, label="resampling", resume=resume, **settings))  # type: ignore[arg-type]
    left: list[Floats] = []
    if interval == "bca":
        without = partial(_without, statistic, draw, len(estimate))
        tasks = [np.setdiff1d(np.arange(len(draw.rows)), g) for g in range(len(draw.rows))]
        found = np.array(each(without, tasks, label="leaving out", **settings))  # type: ignore[arg-type]
        left = [found[members] for members in draw.strata]
    return summarise(estimate, draws, left, interval, confidence)


def units_of(frame: pd.DataFrame, arm: str | None, cluster: str | None) -> ClusterBootstrap:
    """The trial as units to be drawn: workers with their people, and people without a worker."""
    name = cluster or "_unit"
    codes = np.arange(len(frame))
    if cluster is not None:
        codes = clusters(frame, cluster, blank="own").codes
    return cluster_bootstrap(frame.assign(**{name: codes}), name, within=arm)


def summarise(
    estimate: Floats,
    draws: Floats,
    left_out: Sequence[Floats],
    interval: Interval,
    confidence: float,
) -> Bootstrap:
    """Intervals from draws.

    Parameters
    ----------
    estimate
        Shape (k,).
    draws
        Shape (B, k).
    left_out
        For BCa: for each arm the statistics without each of its units, shape (units, k).
    interval, confidence
        As in `bootstrap`.

    Raises
    ------
    FitError
        If fewer than `FEWEST_DRAWS` draws could be computed.
    """
    good = draws[~np.isnan(draws).any(axis=1)]
    if len(good) < FEWEST_DRAWS:
        raise FitError(
            f"only {len(good)} of {len(draws)} bootstrap draws could be computed; an interval "
            f"needs {FEWEST_DRAWS}"
        )
    tail = (1 - confidence) / 2
    ends = np.tile([tail, 1 - tail], (len(estimate), 1))
    if interval == "bca":
        ends = np.array(
            [
                _corrected(estimate[k], good[:, k], [x[:, k] for x in left_out], ends[k])
                for k in range(len(estimate))
            ]
        )
    low, high = (
        np.array([_quantile(good[:, k], ends[k, side]) for k in range(len(estimate))])
        for side in (0, 1)
    )
    with np.errstate(invalid="ignore"):
        error = good.std(axis=0, ddof=1)
    told = []
    if not np.isfinite(good).all():
        told.append("some draws are infinite, as a ratio to zero is: no standard error of those")
    if np.isnan(ends).any():
        told.append(
            "without some worker or person a statistic is infinite: BCa has no interval for it, "
            "the percentile method has"
        )
    failed = len(draws) - len(good)
    return Bootstrap(estimate, draws, low, high, error, failed, interval, confidence, tuple(told))


def _quantile(draws: Floats, share: float) -> float:
    """The order statistic at (B + 1) share, between two of them in proportion."""
    if np.isnan(share):
        return np.nan
    ordered, at = np.sort(draws), (len(draws) + 1) * share - 1
    k = int(np.clip(np.floor(at), 0, len(draws) - 1))
    if at <= k or k == len(draws) - 1 or ordered[k] == ordered[k + 1]:
        return float(ordered[k])
    return float(ordered[k] + (at - k) * (ordered[k + 1] - ordered[k]))


def _corrected(estimate: float, draws: Floats, left_out: Sequence[Floats], ends: Floats) -> Floats:
    """Where BCa looks for its ends among the draws.

    Acceleration from the units left out, arm by arm: Davison and Hinkley (1997), section 5.3.2,
    with empirical influence values by the jackknife.
    """
    if not all(np.isfinite(x).all() for x in left_out):
        return np.full(2, np.nan)
    below = ((draws < estimate).mean() + (draws <= estimate).mean()) / 2
    bias = special.ndtri(np.clip(below, 0.5 / len(draws), 1 - 0.5 / len(draws)))
    influence = [(len(x) - 1) * (x.mean() - x) / len(x) for x in left_out]
    third = sum(float((x**3).sum()) for x in influence)
    second = sum(float((x**2).sum()) for x in influence)
    acceleration = third / (6 * second**1.5) if second > 0 else 0.0
    z = bias + special.ndtri(ends)
    return np.asarray(special.ndtr(bias + z / (1 - acceleration * z)))


def _drawn(
    statistic: Callable[[pd.DataFrame], Floats],
    draw: ClusterBootstrap,
    k: int,
    seed: np.random.SeedSequence,
) -> Floats:
    return _computed(statistic, draw(np.random.default_rng(seed)), k)


def _without(
    statistic: Callable[[pd.DataFrame], Floats], draw: ClusterBootstrap, k: int, kept: Ints
) -> Floats:
    rows = np.sort(np.concatenate([draw.rows[g] for g in kept]))
    return _computed(statistic, draw.frame.iloc[rows], k)


def _computed(statistic: Callable[[pd.DataFrame], Floats], frame: pd.DataFrame, k: int) -> Floats:
    try:
        found = np.atleast_1d(np.asarray(statistic(frame), dtype=float))
    except (DesignError, FitError):
        return np.full(k, np.nan)
    return found


def _refuse_settings(times: int, interval: str, confidence: float) -> None:
    if interval not in INTERVALS:
        raise DesignError(f"interval {interval!r}: choose {' or '.join(INTERVALS)}")
    if not isinstance(times, int) or times < FEWEST_DRAWS:
        raise DesignError(f"a bootstrap takes at least {FEWEST_DRAWS} draws, not {times!r}")
    if not 0 < confidence < 1:
        raise DesignError(f"confidence must lie between 0 and 1, not {confidence!r}")
