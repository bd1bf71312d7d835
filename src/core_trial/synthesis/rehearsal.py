"""The plan carried out on made-up trials, before there are data: what passes, and what may fail.

Each situation is one that trials meet: a stratum in which nobody was randomised, few events, one
worker, a visit that nobody came to. An analysis that fails in one of them needs another model in
the plan, or a sentence that says what is done then.
"""

from __future__ import annotations

import copyreg
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

import numpy as np
import pandas as pd

from core_trial.analyses import deviations, missingness, outcomes, subgroups
from core_trial.analyses.estimation import CRUDE
from core_trial.analyses.fits import Fits
from core_trial.data.frame import analysis_set
from core_trial.declaration.layout import Layout
from core_trial.declaration.outcomes import Binary, Count, Time
from core_trial.declaration.trial import Trial
from core_trial.declaration.wording import Wording
from core_trial.errors import DesignError
from core_trial.models.many.work import each
from core_trial.results import Estimate, Record, Rehearsed, Results
from core_trial.synthesis.example import made_up, otherwise

#: Participants of a made-up trial, and such trials in each situation, where nobody says.
PEOPLE, TRIALS = 200, 3
#: Share of people with the event where events are few.
FEW_EVENTS = 0.03
#: Share of values lost where many are missing.
MANY_MISSING = 0.4

#: By these words a remark of a fit says why there is no estimate.
REASONS = ("no finite", "no robust", "no jackknife", "no standard", "not identified", "converge")

Change = Callable[[Trial, pd.DataFrame, np.random.Generator], pd.DataFrame]
#: Analysis and level, how it fared, and why.
Fared = tuple[str, str, str, str]

# Declarations hold read-only mappings, which a process can hand to another only as what they show.
copyreg.pickle(MappingProxyType, lambda proxy: (MappingProxyType, (dict(proxy),)))


def _as_declared(trial: Trial, frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return frame


def _half(trial: Trial, frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return frame.sample(frac=0.5, random_state=rng)


def _stratum_empty(trial: Trial, frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Nobody in one level of the first stratum."""
    return frame[frame[trial.strata[0]] != _level(trial, frame)]


def _stratum_of_one_arm(
    trial: Trial, frame: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    control = frame[trial.arm.column] == trial.arm.levels[0]
    return frame[~control | (frame[trial.strata[0]] != _level(trial, frame))]


def _level(trial: Trial, frame: pd.DataFrame) -> object:
    return max(frame[trial.strata[0]].unique(), key=str)


def _few_events(trial: Trial, frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return _events_kept(trial, frame, rng.random(len(frame)) < FEW_EVENTS)


def _no_events_in_control(
    trial: Trial, frame: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    treated = frame[trial.arm.column] == trial.arm.levels[1]
    return _events_kept(trial, frame, treated.to_numpy(bool))


def _events_kept(trial: Trial, frame: pd.DataFrame, kept: np.ndarray) -> pd.DataFrame:
    """Events and counts undone but in some people."""
    made: dict[str, pd.Series] = {}
    for outcome in trial.outcomes:
        column = outcome.event if isinstance(outcome, Time) else outcome.column
        if not isinstance(outcome, Binary | Time | Count) or column in made:
            continue
        values = frame[column]
        none: object = 0.0
        if isinstance(outcome, Binary) and outcome.success is not None:
            none = otherwise(outcome.success)
        made[column] = values.where(values.isna() | kept, none)
    return frame.assign(**made)


def _own_clusters(trial: Trial, frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Every cluster has one participant."""
    return _clusters(trial, frame, [f"W{i + 1}" for i in range(len(frame))])


def _one_cluster(trial: Trial, frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """One cluster in each arm that has clusters."""
    return _clusters(trial, frame, [f"W of {arm}" for arm in frame[trial.arm.column]])


def _clusters(trial: Trial, frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    assert trial.cluster is not None
    column = trial.cluster.column
    blank = frame[column].isna() | (frame[column] == "")
    made = pd.Series(list(names), index=frame.index, dtype=object)
    return frame.assign(**{column: made.where(~blank, frame[column])})


def _many_missing(trial: Trial, frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Every outcome missing in many, in one arm more than in the other."""
    treated = (frame[trial.arm.column] == trial.arm.levels[1]).to_numpy(bool)
    lost = rng.random(len(frame)) < np.where(treated, 0.5, 1) * MANY_MISSING
    return _lost(trial, frame, [o.key for o in trial.outcomes], lost)


def _lost(trial: Trial, frame: pd.DataFrame, keys: Sequence[str], lost: np.ndarray) -> pd.DataFrame:
    """Outcomes missing in some people; a time goes with its event."""
    names = set()
    for outcome in trial.outcomes:
        own = {outcome.column, *((outcome.event,) if isinstance(outcome, Time) else ())}
        if outcome.key in keys:
            names |= own
    for outcome in trial.outcomes:
        if isinstance(outcome, Time) and {outcome.event, outcome.column} & names:
            names |= {outcome.event, outcome.column}
    return frame.assign(**{name: frame[name].mask(lost) for name in sorted(names)})


def _outcome_missing(
    key: str, trial: Trial, frame: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    return _lost(trial, frame, [key], np.ones(len(frame), dtype=bool))


def situations(trial: Trial) -> Mapping[str, Change]:
    """What made-up trials are put through, by its name; what a trial cannot meet is left out."""
    found: dict[str, Change] = {"as declared": _as_declared, "half of the people": _half}
    if trial.strata:
        found["a stratum without anybody"] = _stratum_empty
        found["a stratum without controls"] = _stratum_of_one_arm
    if any(isinstance(outcome, Binary | Time | Count) for outcome in trial.outcomes):
        found["few events"] = _few_events
        found["no event among controls"] = _no_events_in_control
    if trial.cluster is not None:
        found[f"one participant for each {trial.cluster.label}"] = _own_clusters
        found[f"one {trial.cluster.label}"] = _one_cluster
    found["many missing, in one arm more"] = _many_missing
    last = trial.outcomes[-1]
    found[f"{last.title}: missing in everybody"] = partial(_outcome_missing, last.key)
    return found


@dataclass(frozen=True, slots=True)
class Task:
    """One made-up trial: the declaration, its situation, its size, and the seed of its chance."""

    trial: Trial
    situation: str
    people: int
    seed: int


def rehearse(
    trial: Trial,
    *,
    trials: int = TRIALS,
    people: int = PEOPLE,
    seed: int = 1,
    workers: int | None = None,
    progress: bool = False,
) -> Results:
    """Carry out the plan on made-up trials of the declared shape.

    Parameters
    ----------
    trial
        The declaration. Where it declares files, its analysis set is made up.
    trials
        Made-up trials in each situation.
    people
        Participants of each.
    seed
        Of all chance.
    workers
        Number of processes; None leaves it to joblib's configuration.
    progress
        Whether to show a progress bar.

    Returns
    -------
    Results
        A `Rehearsed` for each analysis in each situation.

    Raises
    ------
    DesignError
        When a number is not positive.

    Examples
    --------
    >>> from core_trial.declaration.arms import Arm
    >>> from core_trial.declaration.outcomes import Score
    >>> arm = Arm("arm", control="usual care", intervention="CBT")
    >>> trial = Trial(title="A trial", participant="id", arm=arm, outcomes=(Score("hope"),))
    >>> results = rehearse(trial, trials=2, people=40)
    >>> first = results.records[0]
    >>> first.analysis, first.situation, first.passed
    ('hope', 'as declared', 2)
    """
    for name, value in (("trials", trials), ("people", people)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise DesignError(f"{name}={value!r} is not a whole number above 0")
    shape = shape_of(trial)
    names = tuple(situations(shape))
    seeds = np.random.SeedSequence(seed).generate_state(trials * len(names))
    tasks = [
        Task(shape, name, people, int(seeds[k * trials + i]))
        for k, name in enumerate(names)
        for i in range(trials)
    ]
    fared = each(carry_out, tasks, workers=workers, progress=progress, label="rehearsing")
    return Results(tuple(_records(tasks, fared)))


def shape_of(trial: Trial) -> Trial:
    """A declaration with what the models need of it alone."""
    layout = Layout(characteristics=trial.layout.characteristics)
    return replace(
        trial,
        files=None,
        masked=None,
        stages=(),
        denominators=(),
        layout=layout,
        wording=Wording(),
        registry=None,
    )


def carry_out(task: Task) -> list[Fared]:
    """The plan on one made-up trial: how every analysis fared."""
    trial, rng = task.trial, np.random.default_rng(task.seed)
    frame = made_up(trial, task.people, seed=task.seed)
    frame = situations(trial)[task.situation](trial, frame, rng).reset_index(drop=True)
    try:
        data = analysis_set(trial, frame)
    except DesignError as problem:
        return [(outcome.key, "", "failed", _line(str(problem))) for outcome in trial.outcomes]
    fits = Fits(data.trial, data.participants)
    return list(dict.fromkeys(fared for stage in STAGES for fared in _stage(*stage, fits)))


#: What of the plan is rehearsed; descriptions cannot fail.
STAGES: tuple[tuple[str, Callable[[Fits], Iterable[Record]]], ...] = (
    ("outcomes", outcomes.records),
    ("subgroups", subgroups.records),
    ("missing data", missingness.records),
    ("planned models", deviations.records),
)


def _stage(title: str, records: Callable[[Fits], Iterable[Record]], fits: Fits) -> list[Fared]:
    keys = {spec.name for spec in fits.plan}
    try:
        made = list(records(fits))
    except Exception as problem:  # whatever stops a stage would stop the analysis of the trial
        return [(title, "", "failed", _line(f"{type(problem).__name__}: {problem}"))]
    found = [record for record in made if isinstance(record, Estimate)]
    return [_fared(record) for record in found if _of_plan(record, keys)]


def _of_plan(record: Estimate, keys: set[str]) -> bool:
    """An outcome's own analysis, or a subgroup's; not what is only there to be read beside it."""
    beside = record.level == CRUDE or record.level.endswith("_same_people")
    return record.analysis.removeprefix("subgroup.") in keys and not beside


def _fared(estimate: Estimate) -> Fared:
    name = estimate.analysis, estimate.level
    if not estimate.converged or math.isnan(estimate.estimate):
        return (*name, "failed", _line(*_why(estimate), "it did not converge"))
    if math.isnan(estimate.p_value) or estimate.warnings:
        return (*name, "at_risk", _line(*estimate.warnings, "it has no p-value"))
    return (*name, "passed", "")


def _why(estimate: Estimate) -> list[str]:
    """Remarks of a fit that failed: what says why before what only tells how it was done."""
    return sorted(estimate.warnings, key=lambda text: not any(word in text for word in REASONS))


def _line(*texts: str) -> str:
    """The first text, on one line."""
    return " ".join(texts[0].split())


def _records(tasks: Sequence[Task], fared: Sequence[list[Fared]]) -> Iterator[Rehearsed]:
    """Counts for every analysis and situation, analyses in the order of the plan."""
    counts: dict[tuple[str, str], dict[str, list[tuple[str, str]]]] = {}
    for task, found in zip(tasks, fared, strict=True):
        for analysis, level, status, reason in found:
            by_situation = counts.setdefault((analysis, level), {})
            by_situation.setdefault(task.situation, []).append((status, reason))
    for (analysis, level), by_situation in counts.items():
        for situation, what in by_situation.items():
            n = Counter(status for status, _ in what)
            worst = "failed" if n["failed"] else "at_risk"
            reasons = [reason for status, reason in what if status == worst]
            yield Rehearsed(
                analysis=analysis,
                level=level,
                situation=situation,
                passed=n["passed"],
                at_risk=n["at_risk"],
                failed=n["failed"],
                reason=_commonest(reasons),
            )


def _commonest(reasons: Sequence[str]) -> str:
    """The commonest reason, whatever numbers stand in it; the first of its kind."""
    if not reasons:
        return ""
    kinds = [re.sub(r"\d+(\.\d+)?", "#", reason) for reason in reasons]
    return reasons[kinds.index(Counter(kinds).most_common(1)[0][0])]
