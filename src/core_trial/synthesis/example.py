"""A made-up trial of any declared shape: people who do not exist, and no result in particular."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.data.cells import NO, YES
from core_trial.declaration.arms import Group
from core_trial.declaration.covariates import Categories, Covariate, Number, YesNo
from core_trial.declaration.outcomes import AnyOutcome, Binary, Count, Score, Time
from core_trial.declaration.sensitivity import Sensitivity
from core_trial.declaration.trial import Trial, column_of

Values = NDArray[np.generic]
#: Participants of one cluster, about.
PER_CLUSTER = 5
#: Share of an outcome's values that are missing.
MISSING = 0.08
#: Standard deviation of the clusters' effects, of a participant's level, and the arms' difference,
#: in standard deviations of the outcome.
CLUSTER_SD, STABLE_SD, EFFECT = 0.2, 0.6, 0.3
#: Sites, where the declaration does not list a stratum's levels.
SITES = ("north", "south", "east")
#: Length of follow-up, where the declaration does not say it.
FOLLOW_UP = 365.0


def made_up(trial: Trial, n: int = 60, *, seed: int = 1) -> pd.DataFrame:
    """A frame that the declaration fits, with something to see in it.

    Parameters
    ----------
    trial
        The declaration.
    n
        Number of participants.
    seed
        Of all chance.

    Returns
    -------
    pandas.DataFrame
        A row for each participant, with every column that the declaration names.
    """
    rng = np.random.default_rng(seed)
    treated = rng.permuted(np.arange(n) % 2 == 1)
    columns: dict[str, Values | list[str]] = {
        trial.participant: [f"P{i + 1:03d}" for i in range(n)],
        trial.arm.column: _words(np.where(treated, Group.INTERVENTION, Group.CONTROL), trial),
    }
    level = STABLE_SD * rng.standard_normal(n) + EFFECT * treated
    if trial.cluster is not None:
        columns[trial.cluster.column], effects = _clusters(trial, treated, rng)
        level = level + effects
    for name in trial.strata:
        columns[name] = _stratum(trial, name, n, rng)
    for item in trial.baseline:
        columns.setdefault(column_of(item), _characteristic(item, n, rng))
    for outcome in trial.outcomes:
        columns |= _outcome(outcome, level, columns, rng)
    for one in trial.sensitivities:
        columns |= _changed(trial, one, level, columns, rng)
    for name in _covariates(trial):
        columns.setdefault(name, _characteristic(_declared(trial, name), n, rng))
    if trial.compliers is not None:
        columns.setdefault(trial.compliers.received, treated * rng.binomial(6, 0.7, n))
    return pd.DataFrame(columns)


def _changed(
    trial: Trial,
    one: Sensitivity,
    level: NDArray[np.float64],
    there: dict[str, Values | list[str]],
    rng: np.random.Generator,
) -> dict[str, Values | list[str]]:
    """The columns that a sensitivity analysis puts in the place of its outcome's."""
    outcome = trial.outcome(one.of)
    outcome = replace(outcome, column=one.column or outcome.column, adjust=())
    if isinstance(outcome, Time):
        event, entry = one.event or outcome.event, one.entry or outcome.entry
        outcome = replace(outcome, event=event, entry=entry)
    flags = {one.among: np.ones(len(level))} if one.among and one.among not in there else {}
    return {**_outcome(outcome, level, there, rng), **flags}


def _stratum(trial: Trial, name: str, n: int, rng: np.random.Generator) -> Values:
    """Levels of a stratum: those declared for it, else some sites."""
    declared = _declared(trial, name)
    return rng.choice(SITES, n) if isinstance(declared, str) else _characteristic(declared, n, rng)


def _declared(trial: Trial, name: str) -> str | Covariate:
    """A covariate as Table 1 or the layout declares it; its bare name where neither does."""
    known = (*trial.baseline, *trial.layout.characteristics)
    return next((item for item in known if column_of(item) == name), name)


def _covariates(trial: Trial) -> Iterator[str]:
    """Columns that are named as covariates, whatever for."""
    yield from (*trial.subgroups, *(trial.missingness or ()), *trial.planned_adjustments)
    for one in trial.sensitivities:
        yield from one.adjust or ()
    for outcome in trial.outcomes:
        for using in (outcome.model, outcome.planned):
            yield from getattr(using, "adjust", None) or ()


def _words(groups: NDArray[np.str_], trial: Trial) -> list[str]:
    return [str(trial.arm.level(group)) for group in groups]


def _clusters(
    trial: Trial, treated: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[list[str], NDArray[np.float64]]:
    """Who treats whom, blank for nobody; and what it does to each participant."""
    where = trial.cluster.arm if trial.cluster is not None else None
    member = {"control": ~treated, "both": np.ones(len(treated), bool)}.get(where or "", treated)
    arms = 2 if where == "both" else 1
    count = max(2, round(member.sum() / PER_CLUSTER / arms))
    number = rng.integers(count, size=len(treated)) + count * (treated & (arms == 2))
    effects = CLUSTER_SD * rng.standard_normal(2 * count)
    names = [f"W{k + 1:02d}" if inside else "" for k, inside in zip(number, member, strict=True)]
    return names, np.where(member, effects[number], 0.0)


def _characteristic(item: str | Covariate, n: int, rng: np.random.Generator) -> Values:
    if isinstance(item, Categories) and item.levels:
        return rng.choice([str(level) for level in item.levels], n)
    if isinstance(item, YesNo):
        return rng.choice([str(item.yes), str(item.no)], n)
    if isinstance(item, Number):
        return rng.integers(18, 75, n)
    return rng.choice(["a", "b", "c"], n)


def _outcome(
    outcome: AnyOutcome,
    level: NDArray[np.float64],
    there: dict[str, Values | list[str]],
    rng: np.random.Generator,
) -> dict[str, Values | list[str]]:
    """The columns of one outcome; those that are there already stay."""
    n = len(level)
    made: dict[str, Values | list[str]] = {}
    if isinstance(outcome, Binary):
        happened = rng.random(n) < 1 / (1 + np.exp(0.3 + level))
        made[outcome.column] = _blanked(happened.astype(float), rng)
        if outcome.success is not None:
            made[outcome.column] = _spelt(made[outcome.column], outcome.success)
    elif isinstance(outcome, Time):
        made |= _time(outcome, level, there, rng)
    elif isinstance(outcome, Count):
        days = rng.negative_binomial(0.6, 0.6 / (0.6 + 12 * np.exp(-level)))
        made[outcome.column] = _blanked(days.astype(float), rng)
    else:
        values = 50 + 10 * (level + 0.8 * rng.standard_normal(n))
        made[outcome.column] = _blanked(values.round(), rng)
    if isinstance(outcome, Score | Count) and outcome.baseline:
        before = 50 + 10 * (level - EFFECT * (level > 0) + 0.8 * rng.standard_normal(n))
        made[outcome.baseline] = np.maximum(before, 0).round()
    for name in outcome.adjust or ():
        made[name] = rng.choice(SITES, n)
    if outcome.asked:
        made[outcome.asked] = np.ones(n)
    return {name: values for name, values in made.items() if name not in there}


def _time(
    outcome: Time,
    level: NDArray[np.float64],
    there: dict[str, Values | list[str]],
    rng: np.random.Generator,
) -> dict[str, Values | list[str]]:
    """Time and event; where the event is an outcome too, the times go with it."""
    limit = outcome.limit or FOLLOW_UP
    latent = rng.exponential(limit * np.exp(level))
    event = np.where(latent < limit, 1.0, 0.0)
    if outcome.event in there:
        event = np.asarray(there[outcome.event], dtype=float)
    within = np.ceil(limit * rng.random(len(level)))
    time = np.where(event == 1, np.minimum(within, limit), limit)
    time[np.isnan(event)] = np.nan
    entry = {outcome.entry: np.zeros(len(level))} if outcome.entry else {}
    return {outcome.column: time, outcome.event: event, **entry}


def otherwise(success: object) -> str:
    """How "did not happen" is spelt beside a spelling of "happened".

    Examples
    --------
    >>> otherwise("recovered"), otherwise("yes"), otherwise("no")
    ('not recovered', 'no', 'yes')
    """
    word = str(success).lower()
    return "no" if word in YES else "yes" if word in NO else f"not {success}"


def _spelt(values: Values | list[str], success: object) -> Values:
    """An outcome that is spelt in words, blank where it is not known."""
    known = np.asarray(values, dtype=float)
    said = np.where(known == 1, str(success), otherwise(success)).astype(object)
    said[np.isnan(known)] = None
    return said


def _blanked(values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    values[rng.random(len(values)) < MISSING] = np.nan
    return values
