"""Who was treated by whom: how many clusters, and how many people in each."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from core_trial.analyses import summaries
from core_trial.declaration.trial import Trial
from core_trial.results import Descriptive

ANALYSIS = "clusters"
#: Analysis of the participants who are in no cluster.
NOBODY = "no_cluster"


def named(trial: Trial, participants: pd.DataFrame) -> frozenset[str]:
    """Labels of the clusters that the data name, without the clusters of one made for others."""
    if trial.cluster is None:
        return frozenset()
    there = participants[trial.cluster.column].notna()
    return frozenset(participants.loc[there, trial.cluster.membership])


def records(trial: Trial, participants: pd.DataFrame) -> Iterator[Descriptive]:
    """Clusters by arm: their number and sizes, and the participants who are in none.

    Yields
    ------
    Descriptive
        ``n``, ``mean``, ``sd``, ``q1``, ``median``, ``q3``, ``least`` and ``most`` of the sizes;
        ``n``, ``N`` and ``percent`` of the analysis ``no_cluster``: who is in none.
    """
    if trial.cluster is None:
        return
    column = trial.cluster.column
    for arm, rows in summaries.arms(trial.arm, participants):
        sizes = rows[column].dropna().value_counts().astype(float)
        if not len(sizes):
            continue
        yield from summaries.mean_sd(ANALYSIS, sizes, arm)
        yield from summaries.median_iqr(ANALYSIS, sizes, arm)
        for statistic, value in (("least", sizes.min()), ("most", sizes.max())):
            yield Descriptive(analysis=ANALYSIS, statistic=statistic, value=float(value), arm=arm)
        yield from summaries.proportion(NOBODY, rows[column].isna(), arm)
