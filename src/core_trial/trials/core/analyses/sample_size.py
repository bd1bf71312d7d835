"""CORE's sample size: the paper's calculation, and what other assumptions would have asked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from core_trial.analyses.power import Binary, Test
from core_trial.analyses.sample_size import cluster_size, sample_size
from core_trial.declaration.arms import Group
from core_trial.declaration.stages import Tables
from core_trial.results import Descriptive, SizeNeeded

#: The paper's calculation, as far as it is printed.
CORE = Binary(clustered=0.35, control=0.50, icc=0.03)
#: The input that the paper does not print, in the simplest design that gives its 440: nobody lost,
#: because the outcome comes from records, and no continuity correction.
CORE_CLUSTER_SIZE = 21
CORE_N = 440
SIZES = (5, 10, 15, 20, 25)
ATTRITION = (0.0, 0.1, 0.2)
CONTINUITY = (False, True)


def records(data: Tables | None = None) -> Iterator[Descriptive | SizeNeeded]:
    """The paper's inputs and result, then what other cluster sizes and losses would have asked.

    Where a `SizeNeeded` is solved for the cluster size, it is the one that gives the paper's 440
    under its loss and test; the descriptive ``cluster_size`` is the one taken for the paper's.
    """
    needed = sample_size(CORE, size=CORE_CLUSTER_SIZE)
    test = Test()
    yield _record("n", needed.recruited)
    yield _record("percent", 100 * CORE.control, Group.CONTROL)
    yield _record("percent", 100 * CORE.clustered, Group.INTERVENTION)
    yield _record("power_percent", 100 * test.power)
    yield _record("significance_percent", 100 * test.significance)
    yield _record("allocation", 1.0, Group.INTERVENTION)
    yield _record("allocation", needed.controls / needed.clustered, Group.CONTROL)
    yield _record("icc", CORE.icc)
    yield _record("cluster_size", CORE_CLUSTER_SIZE)
    yield _record("lost_percent", 0.0)
    for lost, continuity in product(ATTRITION, CONTINUITY):
        test = Test(continuity=continuity)
        percent = round(100 * lost)
        yield SizeNeeded(
            cluster_size=cluster_size(CORE, CORE_N, attrition=lost, test=test),
            lost_percent=percent,
            continuity=continuity,
            recruited=float(CORE_N),
            solved_for="cluster_size",
        )
        for size in SIZES:
            yield SizeNeeded(
                cluster_size=float(size),
                lost_percent=percent,
                continuity=continuity,
                recruited=float(sample_size(CORE, size=size, attrition=lost, test=test).recruited),
            )


def _record(statistic: str, value: float, arm: str = "", level: str = "") -> Descriptive:
    return Descriptive(
        analysis="sample_size", statistic=statistic, value=float(value), arm=arm, level=level
    )
