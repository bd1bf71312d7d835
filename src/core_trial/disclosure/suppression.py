"""Small numbers withheld, with whatever would give them away.

A count below the threshold is not told, nor what would let a reader work it out from totals
(`disclosure`): further counts, percentages, means of a few people, effects that rest on a small
count. Curves are coarsened until every step and every group of censored people is large enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import singledispatch

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.declaration.outcomes import Time
from core_trial.declaration.trial import Trial
from core_trial.disclosure.counts import MISSINGNESS, OTHERS, ledger, same_events, sensitive
from core_trial.disclosure.ledger import protect
from core_trial.results import (
    CurvePoint,
    Descriptive,
    Estimate,
    FlowCount,
    Key,
    Record,
    Results,
    Withheld,
)

_EFFECT = ("estimate", "low", "high", "p_value", "n")
_SUMMARIES = ("mean", "sd", "median", "q1", "q3")
#: Checks that leave out the few people of one cluster, and numbers of people by number of days.
_OF_FEW = (("influence.", "estimate"), ("influence.", "p_value"), ("count_fit.", "observed"))
_DISCREET = "the reason counts people, and is withheld"


@dataclass(frozen=True, slots=True)
class Hidden:
    """What must not be told.

    Parameters
    ----------
    counts
        Names of all counts that are withheld.
    small
        Names of those to protect, told elsewhere or not.
    threshold
        Below which a count is small.
    related
        Analyses that count the same events: an effect on one tells of the counts of all.
    """

    counts: frozenset[Key]
    small: frozenset[Key]
    threshold: int
    related: tuple[frozenset[str], ...] = ()


def suppress(results: Results, trial: Trial, threshold: int) -> Results:
    """Withhold small counts and everything from which they could be worked out.

    Parameters
    ----------
    results
        All records.
    trial
        The declaration.
    threshold
        Counts from 1 to one below this are small; noughts are told.

    Returns
    -------
    Results
        The records that can be told, `Withheld` in the place of the others; curves at the end.

    Raises
    ------
    ValueError
        When the threshold is below 1.

    Examples
    --------
    >>> from core_trial.declaration.arms import Arm
    >>> from core_trial.declaration.outcomes import Binary
    >>> trial = Trial(title="A trial", participant="id", outcomes=(Binary("well"),),
    ...               arm=Arm("arm", control="control", intervention="intervention"))
    >>> few = [Descriptive(analysis="uk_born", statistic=s, value=v, arm="control", level="yes")
    ...        for s, v in (("n", 3.0), ("N", 196.0), ("percent", 100 * 3 / 196))]
    >>> [record.kind for record in suppress(Results(tuple(few)), trial, 5)]
    ['withheld', 'descriptive', 'withheld']
    """
    if threshold < 1:
        raise ValueError(f"a threshold is at least 1, not {threshold}")
    hidden = find(results, trial, threshold)
    records = [kept for record in results for kept in _kept(record, hidden)]
    return Results((*records, *_curves(results, trial, hidden)), results.provenance)


def find(results: Results, trial: Trial, threshold: int) -> Hidden:
    """Which counts are small, and which must be withheld for their sake."""
    counts, stands_for = ledger(results, trial)
    small = sensitive(counts.values, threshold)
    gone = protect(counts, threshold, small)
    return Hidden(
        counts=frozenset(key for key, other in stands_for.items() if other in gone),
        small=frozenset(key for key, other in stands_for.items() if other in small),
        threshold=threshold,
        related=(*trial.layout.related, *map(frozenset, same_events(trial))),
    )


@singledispatch
def _kept(record: Record, hidden: Hidden) -> Iterable[Record]:
    """What stands in the place of a record."""
    del hidden
    return (record,)


@_kept.register
def _(record: Descriptive, hidden: Hidden) -> Iterable[Record]:
    n, of = (Key(record.analysis, s, record.arm, record.level) for s in ("n", "N"))
    key = Key(record.analysis, record.statistic, record.arm, record.level)
    of_few = record.statistic in _SUMMARIES and n in hidden.small
    of_hidden = record.statistic == "percent" and not hidden.counts.isdisjoint((n, of))
    always = any(
        record.analysis.startswith(check) and record.statistic == statistic
        for check, statistic in _OF_FEW
    )
    if key in hidden.counts or of_few or of_hidden or always:
        return (_withheld(key),)
    if record.statistic in _SUMMARIES and n in hidden.counts:
        # In full, a mean of whole numbers gives its denominator away.
        return (replace(record, value=round(record.value, 1)),)
    return (record,)


@_kept.register
def _(record: FlowCount, hidden: Hidden) -> Iterable[Record]:
    level = f"{record.step}: {record.reason}" if record.reason else record.step
    n, of, percent = (Key("flow", s, record.arm, level) for s in ("n", "N", "percent"))
    if n in hidden.counts:
        return tuple(map(_withheld, (n, of, percent) if record.of else (n,)))
    if of in hidden.counts:
        return replace(record, of=0), _withheld(of), _withheld(percent)
    return (record,)


@_kept.register
def _(record: Estimate, hidden: Hidden) -> Iterable[Record]:
    keys = [Key(record.analysis, part, "", record.level) for part in _EFFECT]
    if _rests_on_few(record, hidden):
        return tuple(map(_withheld, keys))
    told = replace(record, n_clusters=None, n_events=None, warnings=_discreet(record.warnings))
    return (replace(told, n=None) if keys[-1] in hidden.counts else told,)


@_kept.register
def _(record: CurvePoint, hidden: Hidden) -> Iterable[Record]:
    del record, hidden
    return ()


def _rests_on_few(record: Estimate, hidden: Hidden) -> bool:
    """Whether an effect, beside what else is told, tells of a small count."""
    if record.analysis.startswith(MISSINGNESS):
        return record.n_events is not None and 0 < record.n_events < hidden.threshold
    groups = (group for group in hidden.related if record.analysis in group)
    related = frozenset({record.analysis}).union(*groups)
    return any(key.analysis in related for key in hidden.small)


def _discreet(warnings: tuple[str, ...]) -> tuple[str, ...]:
    """Warnings without those that have a number in them."""
    return tuple(dict.fromkeys(_DISCREET if re.search(r"\d", w) else w for w in warnings))


def _withheld(key: Key) -> Withheld:
    return Withheld(analysis=key.analysis, statistic=key.statistic, arm=key.arm, level=key.level)


def _curves(results: Results, trial: Trial, hidden: Hidden) -> Iterator[CurvePoint]:
    """The curves of the arms whose counts of events are told, coarsened."""
    binary = {time: name for name, time in same_events(trial)}
    for outcome in (o for o in trial.outcomes if isinstance(o, Time)):
        name = binary.get(outcome.key, outcome.key)
        for arm in map(str, PRINTED_ARMS):
            counts = {Key(name, s, arm) for s in ("n", "N", OTHERS)}
            if counts.isdisjoint(hidden.counts):
                found = results.find("curve", analysis=outcome.key, arm=arm)
                points = [p for p in found if isinstance(p, CurvePoint)]
                yield from coarse(sorted(points, key=lambda p: p.time), hidden.threshold)


def coarse(points: Sequence[CurvePoint], threshold: int) -> list[CurvePoint]:
    """Join neighbouring steps until each has enough events, and enough censored or none.

    Parameters
    ----------
    points
        One curve, by time.
    threshold
        Least number of events, and of censored people where there are any.

    Returns
    -------
    list of CurvePoint
        Each stands at the end of its interval; `at_risk` is counted at the interval's start.
        Empty when the whole curve has too few of either.
    """
    groups: list[list[CurvePoint]] = [[]]
    for point in points:
        if _enough(groups[-1], threshold):
            groups.append([])
        groups[-1].append(point)
    while len(groups) > 1 and not _enough(groups[-1], threshold):
        last = groups.pop()
        groups[-1] += last
    return [_joined(group) for group in groups] if _enough(groups[-1], threshold) else []


def _enough(group: Sequence[CurvePoint], threshold: int) -> bool:
    events, censored = sum(p.events for p in group), sum(p.censored for p in group)
    large = [n >= threshold for n in (events, censored) if n > 0]
    return bool(large) and all(large)


def _joined(group: Sequence[CurvePoint]) -> CurvePoint:
    """One step for several; four decimals, for more would tell of the steps inside."""
    last = group[-1]
    return replace(
        last,
        survival=round(last.survival, 4),
        low=round(last.low, 4),
        high=round(last.high, 4),
        at_risk=group[0].at_risk,
        events=sum(p.events for p in group),
        censored=sum(p.censored for p in group),
    )
