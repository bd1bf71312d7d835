"""The trial's counts, and the sums that everybody knows to hold between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.disclosure.ledger import Ledger, Sum
from core_trial.report.table1 import LINES, Categories
from core_trial.report.table2 import OUTCOMES, Outcome
from core_trial.results import Descriptive, Estimate, FlowCount, Key, Results
from core_trial.trials.core import words
from core_trial.trials.core.words import FOLLOW_UPS

ARMS = tuple(map(str, PRINTED_ARMS))
#: Statistic of those in a denominator who are not counted; nobody prints it.
OTHERS = "others"

#: Levels that share out a denominator among them.
PARTITIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {line.analysis: tuple(line.levels) for line in LINES if isinstance(line, Categories)}
    | {"uk_born": tuple(words.YES_NO)}
)
#: The same for every analysis of missing data.
MISSINGNESS = "missingness."
KNOWN = "known"
MISSINGNESS_LEVELS = (KNOWN, "by_design", "otherwise")
#: Levels that are sums of other levels: analysis, total, parts.
GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    *(("diagnosis", group, parts) for group, parts in words.DIAGNOSIS_GROUPS.items()),
    ("adverse_events", "", tuple(words.ADVERSE_EVENTS)),
    ("adverse_events", "deaths", words.DEATHS),
    ("flow", "screened", ("eligible", "not_eligible")),
    ("flow", "eligible", ("randomised", "not_randomised")),
    ("flow", "randomised", ("pilot", "main_trial")),
    ("flow", "randomised", ("primary_outcome_known", "acute_records_not_obtained")),
    *(("flow", "randomised", (f"interviewed_{v}", f"not_interviewed_{v}")) for v in FOLLOW_UPS),
    *(
        (
            "flow",
            "randomised",
            (f"interviewed_{v}", f"not_interviewed_{v}", f"not_expected_{v}"),
        )
        for v in FOLLOW_UPS
    ),
)
#: Steps of the flow that are denominators in the tables.
STEPS = ("randomised", "pilot", "main_trial", "primary_outcome_known", "interviewed", "analysed")
#: Analyses that count other things, or people who were never there.
NOT_PEOPLE = ("centres", "sample_size", "randomisation")

_TABLE1 = {line.analysis for line in LINES}
_TABLE2 = {line.analysis for line in OUTCOMES if isinstance(line, Outcome)}


def ledger(results: Results) -> tuple[Ledger, Mapping[Key, Key]]:
    """Every count of the results with the sums between them.

    Parameters
    ----------
    results
        All records.

    Returns
    -------
    tuple
        The ledger, and for every count the one that stands for it there: counts of the same people
        are one count.
    """
    told = dict(_told(results))
    values = told | dict(_leaving(told)) | dict(_others(told))
    stands_for = _merge(values, _equal(results, values))
    sums = dict.fromkeys(
        _renamed(found, stands_for) for found in _sums(values) if _holds(found, values)
    )
    cost: dict[Key, float] = defaultdict(float)
    for key in values:
        cost[stands_for[key]] += _cost(key) if key in told else 0.0
    return Ledger(
        values={stands_for[key]: value for key, value in values.items()},
        told=frozenset(stands_for[key] for key in told),
        sums=tuple(found for found in sums if found.total not in found.parts),
        cost=cost,
    ), stands_for


def sensitive(values: Mapping[Key, int], threshold: int) -> frozenset[Key]:
    """Small counts of people, and small remainders of people who differ from all others.

    Of those whose data are missing only the told counts are protected.
    """
    small = {key for key, value in values.items() if 0 < value < threshold}
    return frozenset(key for key in small if key.statistic != OTHERS or not _of_data(key))


def _of_data(key: Key) -> bool:
    """Whether a count is about the availability of data."""
    return key.analysis == "flow" or key.analysis.startswith(MISSINGNESS)


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
    return record.statistic in ("n", "N") and record.analysis not in NOT_PEOPLE


def _leaving(told: Mapping[Key, int]) -> Iterator[tuple[Key, int]]:
    """Totals over the reasons for leaving at a step, where only the reasons are told."""
    totals: dict[Key, int] = defaultdict(int)
    for key, value in told.items():
        step, colon, _ = key.level.partition(": ")
        if key.analysis == "flow" and colon and key.statistic == "n":
            totals[Key("flow", "n", key.arm, step)] += value
    return ((key, value) for key, value in totals.items() if key not in told)


def _others(told: Mapping[Key, int]) -> Iterator[tuple[Key, int]]:
    """Those in each denominator who are not counted."""
    for key, of in told.items():
        n = told.get(_with(key, "n"))
        if key.statistic == "N" and n is not None:
            yield _with(key, OTHERS), of - n


def _sums(values: Mapping[Key, int]) -> Iterator[Sum]:
    """Every sum that may hold, if its counts are there."""
    for key in values:
        if key.statistic == "N":
            yield Sum(key, (_with(key, "n"), _with(key, OTHERS)))
        if not key.arm:
            yield Sum(key, tuple(Key(key.analysis, key.statistic, a, key.level) for a in ARMS))
    for arm in ("", *ARMS):
        yield from _sums_within(arm, values)
    yield from _sums_of_estimates(values)


def _sums_within(arm: str, values: Mapping[Key, int]) -> Iterator[Sum]:
    """Sums over the levels of an analysis, in one arm or the whole trial."""
    missing = {key.analysis for key in values if key.analysis.startswith(MISSINGNESS)}
    for analysis, levels in {**PARTITIONS, **dict.fromkeys(missing, MISSINGNESS_LEVELS)}.items():
        parts = tuple(Key(analysis, "n", arm, level) for level in levels)
        yield Sum(Key(analysis, "N", arm, levels[0]), parts)
    for analysis, total, levels in GROUPS:
        parts = tuple(Key(analysis, "n", arm, level) for level in levels)
        yield Sum(Key(analysis, "n", arm, total), parts)
    yield from _sums_over_reasons(arm, values)
    readmitted, none = Key("readmission", "n", arm), Key("readmission_days", "n", arm, "none")
    yield Sum(Key("readmission", "N", arm), (readmitted, none))


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


def _equal(results: Results, values: Mapping[Key, int]) -> Iterator[tuple[Key, Key]]:
    """Counts of the same people: equal denominators of one arm, and times of those readmitted."""
    described = {(k.analysis, k.arm, k.level) for k in results.numbers if k.statistic == "mean"}
    fitted = {Key(r.analysis, "n", "", r.level) for r in results if isinstance(r, Estimate)}
    first: dict[tuple[str, int], Key] = {}
    for key, value in values.items():
        summarised = key.statistic == "n" and (key.analysis, key.arm, key.level) in described
        if summarised or key in fitted or _is_denominator(key):
            yield first.setdefault((key.arm, value), key), key
    for arm in ARMS:
        pair = Key("readmission", "n", arm), Key("time_to_readmission", "n", arm)
        if pair[0] in values and values[pair[0]] == values.get(pair[1]):
            yield pair


def _is_denominator(key: Key) -> bool:
    if key.statistic == "N":
        return True
    step = key.analysis == "flow" and key.level.startswith(STEPS)
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


def _cost(key: Key) -> float:
    """What is lost with a count: most with the denominators of Table 2, least with by-products."""
    if key.analysis in _TABLE2:
        return 50.0 if key.statistic == "N" else 30.0 if key.arm else 2.0
    if key.analysis in _TABLE1:
        return 20.0 if key.statistic == "N" else 2.0
    if key.analysis == "flow":
        return 4.0 if key.statistic == "n" else 1.0
    return 0.5
