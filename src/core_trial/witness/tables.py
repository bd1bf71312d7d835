"""Counts, percentages, means and quartiles of every table, by pandas and numpy."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from core_trial.declaration.covariates import Categories, Number, YesNo
from core_trial.declaration.outcomes import AnyOutcome, Binary, Count, Score, Time
from core_trial.declaration.trial import column_of
from core_trial.results import Key
from core_trial.witness.made import COUNTED, Made, Second
from core_trial.witness.plan import asked
from core_trial.witness.reading import People, text


def tables(people: People) -> Made:
    """Flow, baseline, clusters, outcomes by arm, and how much is missing."""
    found: dict[Key, float] = {**people.own}
    found |= _flow(people) | _clusters(people) | _baseline(people)
    for outcome in people.trial.outcomes:
        found |= _outcome(people, outcome) | _extent(people, outcome)
    found |= _before(people)
    return {key: Second(value, COUNTED) for key, value in found.items()}


def share(name: str, arm: str, level: str, values: pd.Series) -> dict[Key, float]:
    """n, N and percent of who has it, among those of whom it is known."""
    known = values.dropna()
    n, of = float((known == 1).sum()), float(len(known))
    percent = 100 * n / of if of else math.nan
    numbers = {"n": n, "N": of, "percent": percent}
    return {Key(name, statistic, arm, level): v for statistic, v in numbers.items()}


def mean_sd(name: str, arm: str, values: pd.Series) -> dict[Key, float]:
    """n, mean, and standard deviation with divisor n - 1."""
    known = values.dropna()
    numbers = {"n": float(len(known)), "mean": known.mean(), "sd": known.std()}
    return {Key(name, statistic, arm): float(v) for statistic, v in numbers.items()}


def quartiles(name: str, arm: str, values: pd.Series) -> dict[Key, float]:
    """By the inverse of the distribution, averaged where it is flat: Stata's rule."""
    known = values.dropna().to_numpy()
    cuts = [math.nan] * 3
    if len(known):
        cuts = list(np.quantile(known, (0.25, 0.5, 0.75), method="averaged_inverted_cdf"))
    names = ("q1", "median", "q3")
    return {Key(name, s, arm): float(v) for s, v in zip(names, cuts, strict=True)}


def _flow(people: People) -> dict[Key, float]:
    found: dict[Key, float] = {}
    for arm, inside in people.arms(total=True):
        found[Key("flow", "n", arm, "randomised")] = float(inside.sum())
        for outcome in people.trial.outcomes:
            known = people.frame.loc[inside, outcome.column].notna()
            step = f"known_{outcome.key}"
            found[Key("flow", "n", arm, step)] = float(known.sum())
            if len(known):
                found[Key("flow", "N", arm, step)] = float(len(known))
                found[Key("flow", "percent", arm, step)] = 100 * known.mean()
            rows = asked(people, outcome).rows(people)
            step = f"analysed_{outcome.key}"
            found[Key("flow", "n", arm, step)] = float((rows & inside).sum())
    return found


def _clusters(people: People) -> dict[Key, float]:
    found: dict[Key, float] = {}
    if people.named is None:
        return found
    for arm, inside in people.arms():
        sizes = people.named[inside].dropna().value_counts().astype(float)
        if len(sizes):
            found |= mean_sd("clusters", arm, sizes) | quartiles("clusters", arm, sizes)
            found[Key("clusters", "least", arm)] = float(min(sizes))
            found[Key("clusters", "most", arm)] = float(max(sizes))
            found |= share("no_cluster", arm, "", people.named[inside].isna().astype(float))
    return found


def _baseline(people: People) -> dict[Key, float]:
    found: dict[Key, float] = {}
    for arm, inside in people.arms(total=True):
        for item in people.trial.baseline:
            values = people.frame.loc[inside, column_of(item)]
            found |= _characteristic(item, values, arm)
    return found


def _before(people: People) -> dict[Key, float]:
    """The outcomes' values before randomisation, by arm and in all."""
    found: dict[Key, float] = {}
    for outcome in people.trial.outcomes:
        name = outcome.baseline if isinstance(outcome, Score | Count) else ""
        for arm, inside in people.arms(total=True) if name else ():
            found |= mean_sd(name, arm, people.frame.loc[inside, name])
    return found


def _characteristic(item: object, values: pd.Series, arm: str) -> dict[Key, float]:
    name = str(values.name)
    if isinstance(values.dtype, pd.CategoricalDtype):
        groups: dict[str, Iterable[object]] = {level: (level,) for level in values.cat.categories}
        if isinstance(item, Categories):
            groups |= item.combined
        found: dict[Key, float] = {}
        for level, members in groups.items():
            belongs = values.isin([text(m) for m in members]).astype(float)
            found |= share(name, arm, level, belongs.where(values.notna()))
        return found
    if isinstance(item, Number) or not values.dropna().isin([0, 1]).all():
        more = quartiles(name, arm, values) if getattr(item, "median", False) else {}
        return mean_sd(name, arm, values) | more
    return share(name, arm, str(item.yes) if isinstance(item, YesNo) else "yes", values)


def _outcome(people: People, outcome: AnyOutcome) -> dict[Key, float]:
    found: dict[Key, float] = {}
    for arm, inside in people.arms():
        rows = people.frame[inside]
        values = rows[outcome.column]
        if isinstance(outcome, Binary):
            found |= share(outcome.key, arm, "", values)
            continue
        if isinstance(outcome, Time):
            values = values[rows[outcome.event] == 1]
        found |= mean_sd(outcome.key, arm, values)
        counted = isinstance(outcome, Count) and not outcome.mean
        if isinstance(outcome, Time) or counted:
            found |= quartiles(outcome.key, arm, values)
        if counted:
            none = (values == 0).astype(float).where(values.notna())
            found |= share(outcome.key, arm, "none", none)
    return found


def _extent(people: People, outcome: AnyOutcome) -> dict[Key, float]:
    """Known, missing by design, and missing otherwise."""
    column = outcome.event if isinstance(outcome, Time) else outcome.column
    missing = people.frame[column].isna()
    wanted = people.frame[outcome.asked] == 1 if outcome.asked else people.group.notna()
    kinds = {"known": ~missing, "by_design": missing & ~wanted, "otherwise": missing & wanted}
    found: dict[Key, float] = {}
    for arm, inside in people.arms(total=True):
        for level, flags in kinds.items():
            found |= share(f"missingness.{outcome.key}", arm, level, flags[inside].astype(float))
    return found
