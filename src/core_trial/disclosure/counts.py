"""The trial's counts, and the sums that everybody knows to hold between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.declaration.covariates import Categories, YesNo
from core_trial.declaration.layout import Stage, Total
from core_trial.declaration.outcomes import Binary, Time
from core_trial.declaration.trial import Trial, column_of
from core_trial.disclosure.ledger import Ledger, Sum
from core_trial.results import Descriptive, Estimate, FlowCount, Key, Results

ARMS = tuple(map(str, PRINTED_ARMS))
#: Statistic of those in a denominator who are not counted; nobody prints it.
OTHERS = "others"
#: Analyses of missing data, and the levels that share out the randomised among them.
MISSINGNESS = "missingness."
KNOWN = "known"
MISSINGNESS_LEVELS = (KNOWN, "by_design", "otherwise")
#: Sums that hold in every flow.
FLOW_SUMS = (
    ("screened", ("eligible", "not_eligible")),
    ("eligible", ("randomised", "not_randomised")),
)
#: Steps of the flow that are denominators in the tables.
DENOMINATORS = ("randomised", "interviewed", "analysed", "known", "primary_outcome_known")
#: Analyses that count other things, or people who were never there.
NOT_PEOPLE = ("centres", "sample_size", "randomisation")
#: Analysis that counts clusters, but for the level that counts people without one.
CLUSTERS = "clusters"
#: Level of those randomised who are in no denominator of a size.
_BEYOND = "beyond"


@dataclass(frozen=True)
class _Known:
    """What everybody knows of a trial from its declaration."""

    trial: Trial
    partitions: Mapping[str, tuple[str, ...]]
    totals: tuple[Total, ...]


def ledger(results: Results, trial: Trial) -> tuple[Ledger, Mapping[Key, Key]]:
    """Every count of the results with the sums between them.

    Parameters
    ----------
    results
        All records.
    trial
        The declaration, which says what adds up to what.

    Returns
    -------
    tuple
        The ledger, and for every count the one that stands for it there: counts of the same people
        are one count.
    """
    known = _Known(trial, dict(_partitions(trial)), tuple(_totals(trial)))
    told = dict(_told(results))
    values = told | dict(_leaving(told)) | dict(_others(told))
    values |= {found.parts[1]: gone for found, gone in _within(values)}
    stands_for = _merge(values, _equal(results, values, trial))
    sums = dict.fromkeys(
        _renamed(found, stands_for) for found in _sums(values, known) if _holds(found, values)
    )
    cost: dict[Key, float] = defaultdict(float)
    for key in values:
        cost[stands_for[key]] += _cost(key, trial) if key in told else 0.0
    return Ledger(
        values={stands_for[key]: value for key, value in values.items()},
        told=frozenset(stands_for[key] for key in told),
        sums=tuple(found for found in sums if found.total not in found.parts),
        cost=cost,
    ), stands_for


def same_events(trial: Trial) -> Iterator[tuple[str, str]]:
    """Pairs of a binary outcome and a time to it: the same people have both."""
    for time in (outcome for outcome in trial.outcomes if isinstance(outcome, Time)):
        for binary in (outcome for outcome in trial.outcomes if isinstance(outcome, Binary)):
            if time.event == binary.column:
                yield binary.key, time.key


def _partitions(trial: Trial) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Levels that share out a denominator among them."""
    for item in (*trial.baseline, *trial.layout.characteristics):
        if isinstance(item, Categories) and item.levels:
            yield item.column, tuple(map(str, item.levels))
        elif isinstance(item, YesNo):
            yield item.column, (str(item.yes), str(item.no))


def _totals(trial: Trial) -> Iterator[Total]:
    """Sums within an analysis and between analyses, spelt out for each arm."""
    yield from trial.layout.totals
    for arm in ("", *ARMS):
        for whole, parts in FLOW_SUMS:
            yield Key("flow", "n", arm, whole), tuple(Key("flow", "n", arm, p) for p in parts)
        for item in trial.baseline:
            groups = item.combined if isinstance(item, Categories) else {}
            for group, members in groups.items():
                parts_ = tuple(Key(column_of(item), "n", arm, str(m)) for m in members)
                yield Key(column_of(item), "n", arm, group), parts_


def sensitive(values: Mapping[Key, int], threshold: int) -> frozenset[Key]:
    """Small counts of people, and small remainders of people who differ from all others.

    Of those whose data are missing only the told counts are protected.
    """
    small = {key for key, value in values.items() if 0 < value < threshold}
    return frozenset(key for key in small if key.statistic != OTHERS or not _of_data(key))


def _of_data(key: Key) -> bool:
    """Whether a count is about the availability of data."""
    return key.analysis in ("flow", _BEYOND) or key.analysis.startswith(MISSINGNESS)


def _told(results: Results) -> Iterator[tuple[Key, int]]:
    for record in results:
        if isinstance(record, Descriptive) and _counts_people(record):
            key = Key(record.analysis, record.statistic, record.arm, record.level)
            yield key, round(record.value)
        elif isinstance(record, FlowCount):
            level = f"{record.step}: {record.reason}" if record.reason else record.step
            yield Key("flow", "n", record.arm, level), record.n
            if record.of:
                yield Key("flow", "N", record.arm, level), record.of
        elif isinstance(record, Estimate) and record.n is not None:
            yield Key(record.analysis, "n", "", record.level), record.n


def _counts_people(record: Descriptive) -> bool:
    clusters = record.analysis == CLUSTERS and not record.level
    people = record.analysis not in NOT_PEOPLE and not clusters
    return record.statistic in ("n", "N") and people


def _leaving(told: Mapping[Key, int]) -> Iterator[tuple[Key, int]]:
    """Totals over the reasons for leaving at a step, where only the reasons are told."""
    totals: dict[Key, int] = defaultdict(int)
    for key, value in told.items():
        step, colon, _ = key.level.partition(": ")
        if key.analysis == "flow" and colon and key.statistic == "n":
            totals[Key("flow", "n", key.arm, step)] += value
    return ((key, value) for key, value in totals.items() if key not in told)


def _within(values: Mapping[Key, int]) -> Iterator[tuple[Sum, int]]:
    """Denominators as parts of those randomised, whom they cannot exceed, and how many are beyond.

    Denominators of one arm and one size are one count, so that one sum does for all of them.
    """
    for key, of in values.items():
        whole = Key("flow", "n", key.arm, "randomised")
        if key.statistic == "N" and key != whole and whole in values and of <= values[whole]:
            beyond = Key(_BEYOND, OTHERS, key.arm, str(of))
            yield Sum(whole, (key, beyond)), values[whole] - of


def _others(told: Mapping[Key, int]) -> Iterator[tuple[Key, int]]:
    """Those in each denominator who are not counted."""
    for key, of in told.items():
        n = told.get(_with(key, "n"))
        if key.statistic == "N" and n is not None:
            yield _with(key, OTHERS), of - n


def _sums(values: Mapping[Key, int], known: _Known) -> Iterator[Sum]:
    """Every sum that may hold, if its counts are there."""
    for key in values:
        if key.statistic == "N":
            yield Sum(key, (_with(key, "n"), _with(key, OTHERS)))
        if not key.arm:
            yield Sum(key, tuple(Key(key.analysis, key.statistic, a, key.level) for a in ARMS))
    for arm in ("", *ARMS):
        yield from _sums_within(arm, values, known)
    yield from (Sum(whole, parts) for whole, parts in known.totals)
    yield from (found for found, _ in _within(values))
    yield from _sums_of_estimates(values)


def _sums_within(arm: str, values: Mapping[Key, int], known: _Known) -> Iterator[Sum]:
    """Sums over the levels of an analysis, in one arm or the whole trial."""
    missing = {key.analysis for key in values if key.analysis.startswith(MISSINGNESS)}
    shared = {**known.partitions, **dict.fromkeys(missing, MISSINGNESS_LEVELS)}
    undeclared = _undeclared(values, shared, known.trial)
    for analysis, levels in {**shared, **undeclared}.items():
        parts = tuple(Key(analysis, "n", arm, level) for level in levels)
        yield Sum(Key(analysis, "N", arm, levels[0]), parts)
    yield from _sums_over_reasons(arm, values)


def _undeclared(
    values: Mapping[Key, int], declared: Mapping[str, tuple[str, ...]], trial: Trial
) -> Mapping[str, tuple[str, ...]]:
    """Categories of characteristics declared by a bare name, as they were recorded."""
    bare = {column_of(item) for item in trial.baseline} - declared.keys()
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for key in values:
        if key.analysis in bare and key.statistic == "n" and key.level:
            found[key.analysis][key.level] = None
    return {analysis: tuple(levels) for analysis, levels in found.items()}


def _sums_over_reasons(arm: str, values: Mapping[Key, int]) -> Iterator[Sum]:
    reasons: dict[str, list[Key]] = defaultdict(list)
    for key in values:
        step, colon, _ = key.level.partition(": ")
        if (key.analysis, key.statistic, key.arm) == ("flow", "n", arm) and colon:
            reasons[step].append(key)
    for step, keys in reasons.items():
        yield Sum(Key("flow", "n", arm, step), tuple(keys))


def _sums_of_estimates(values: Mapping[Key, int]) -> Iterator[Sum]:
    """Participants in a fit, over both arms."""
    for key in values:
        if key.statistic == "n" and not key.arm:
            for statistic in ("n", "N"):
                yield Sum(key, tuple(Key(key.analysis, statistic, arm) for arm in ARMS))


def _equal(results: Results, values: Mapping[Key, int], trial: Trial) -> Iterator[tuple[Key, Key]]:
    """Counts of the same people: equal denominators of an arm, times of those with an event."""
    parts = (part for part in trial.layout.flow if part.stage == Stage.RANDOMISED)
    steps = (*DENOMINATORS, *(step for part in parts for step in part.steps))
    described = {(k.analysis, k.arm, k.level) for k in results.numbers if k.statistic == "mean"}
    fitted = {Key(r.analysis, "n", "", r.level) for r in results if isinstance(r, Estimate)}
    first: dict[tuple[str, int], Key] = {}
    for key, value in values.items():
        summarised = key.statistic == "n" and (key.analysis, key.arm, key.level) in described
        if summarised or key in fitted or _is_denominator(key, steps):
            yield first.setdefault((key.arm, value), key), key
    for binary, time in same_events(trial):
        for arm in ARMS:
            pair = Key(binary, "n", arm), Key(time, "n", arm)
            if pair[0] in values and values[pair[0]] == values.get(pair[1]):
                yield pair


def _is_denominator(key: Key, steps: tuple[str, ...]) -> bool:
    if key.statistic == "N":
        return True
    step = key.analysis == "flow" and key.level.startswith(steps)
    known = key.analysis.startswith(MISSINGNESS) and key.level == KNOWN
    return key.statistic == "n" and (step or known)


def _merge(keys: Iterable[Key], pairs: Iterable[tuple[Key, Key]]) -> dict[Key, Key]:
    """For every key the one that stands for all that are equal to it."""
    parent = {key: key for key in keys}

    def root(key: Key) -> Key:
        while parent[key] != key:
            key = parent[key]
        return key

    for one, other in pairs:
        parent[root(other)] = root(one)
    return {key: root(key) for key in parent}


def _holds(found: Sum, values: Mapping[Key, int]) -> bool:
    if any(key not in values for key in found.members):
        return False
    return values[found.total] == sum(values[key] for key in found.parts)


def _renamed(found: Sum, stands_for: Mapping[Key, Key]) -> Sum:
    return Sum(stands_for[found.total], tuple(stands_for[key] for key in found.parts))


def _with(key: Key, statistic: str) -> Key:
    return Key(key.analysis, statistic, key.arm, key.level)


def _cost(key: Key, trial: Trial) -> float:
    """What is lost with a count: most with the denominators of Table 2, least with by-products."""
    if key.analysis in {outcome.key for outcome in trial.outcomes if outcome.in_table2}:
        return 50.0 if key.statistic == "N" else 30.0 if key.arm else 2.0
    if key.analysis in {column_of(item) for item in trial.baseline}:
        return 20.0 if key.statistic == "N" else 2.0
    if key.analysis == "flow":
        return 4.0 if key.statistic == "n" else 1.0
    return 0.5
