"""Table 1: who was randomised."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pandas as pd

from core_trial.analyses import summaries
from core_trial.declaration.covariates import Categories, Covariate, Number, YesNo
from core_trial.declaration.outcomes import Count, Score
from core_trial.declaration.trial import Trial, column_of
from core_trial.results import Descriptive


def records(trial: Trial, participants: pd.DataFrame) -> Iterator[Descriptive]:
    """Every characteristic by arm and in the whole trial, among those for whom it is known."""
    for arm, rows in summaries.arms(trial.arm, participants, total=True):
        for item in trial.baseline:
            if isinstance(item, Categories | Number | YesNo):
                yield from _describe(item, rows[item.column], arm)
        for column in before(trial):
            yield from summaries.mean_sd(column, rows[column], arm)


def before(trial: Trial) -> tuple[str, ...]:
    """Columns with outcomes' values before randomisation, where Table 1 does not have them."""
    told = {*map(column_of, trial.baseline), *(outcome.key for outcome in trial.outcomes)}
    columns = (o.baseline for o in trial.outcomes if isinstance(o, Score | Count) and o.baseline)
    return tuple(name for name in dict.fromkeys(columns) if name not in told)


def _describe(item: Covariate, values: pd.Series, arm: str) -> Iterator[Descriptive]:
    if isinstance(item, Number):
        yield from summaries.mean_sd(item.column, values, arm)
        if item.median:
            yield from summaries.median_iqr(item.column, values, arm)
    elif isinstance(item, YesNo):
        yield from summaries.proportion(item.column, values.dropna() == 1, arm, str(item.yes))
    else:
        for level in item.levels:
            yield from _members(item.column, values, (level,), str(level), arm)
        for group, levels in item.combined.items():
            yield from _members(item.column, values, levels, group, arm)


def _members(
    name: str, values: pd.Series, levels: Collection[object], level: str, arm: str
) -> Iterator[Descriptive]:
    known = values.dropna()
    yield from summaries.proportion(name, known.isin([str(x) for x in levels]), arm, level)
