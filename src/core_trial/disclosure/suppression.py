"""Small numbers withheld, with whatever would give them away.

A count below the threshold is not told, nor what would let a reader work it out from totals
(`disclosure`): further counts, percentages, means of a few people, effects that rest on a small
count. Curves are coarsened until every step and every group of censored people is large enough.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from functools import singledispatch

from core_trial.declaration.trial import Trial
from core_trial.disclosure.counts import CLUSTERS, MISSINGNESS
from core_trial.disclosure.curves import curves
from core_trial.disclosure.hidden import Hidden, find
from core_trial.results import (
    CurvePoint,
    Descriptive,
    Estimate,
    FlowCount,
    Frequency,
    Key,
    LeaveOneOut,
    QuantilePair,
    Record,
    Results,
    Withheld,
)
from core_trial.results.rounding import rounded, unit

_EFFECT = ("estimate", "low", "high", "p_value", "n")
_SUMMARIES = ("mean", "sd", "median", "q1", "q3")
_RESTRICTED = "restricted_mean"
_SIZES = ("least", "most", *_SUMMARIES)
_DATES = ("first_date", "last_date")
#: Decimals to which moments are told: in full, a mean of whole numbers gives its denominator away,
#: and with the standard deviation the largest of the numbers.
MOMENT_DECIMALS = 2
#: Numbers of people by count, and what a fitted model says of them.
_BY_COUNT = "count_fit."
_SUBGROUP = "subgroup."
#: Numbers that follow from what one event, or the unknown outcomes of a few, would change.
_FRAGILE = ("fragility.", "multiplicity")
#: Levels of effects that differ from an outcome's own by a few people.
_CHANGED = ("sensitivity.", "unknown.")
_DISCREET = "the reason counts people, and is withheld"


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
    # From the hash of a file of a few counts, the counts are found by trying.
    provenance = replace(results.provenance, inputs={})
    return Results((*records, *curves(results, trial, hidden)), provenance)


@singledispatch
def _kept(record: Record, hidden: Hidden) -> Iterable[Record]:
    """What stands in the place of a record."""
    del hidden
    return (record,)


@_kept.register
def _(record: Descriptive, hidden: Hidden) -> Iterable[Record]:
    key = Key(record.analysis, record.statistic, record.arm, record.level)
    if key in hidden.counts or _gives_away(key, hidden) or _of_a_small_cluster(record, hidden):
        return (_withheld(key),)
    if key.statistic in _SUMMARIES:
        return (replace(record, value=coarse(record.value, _decimals(key, hidden))),)
    return (record,)


def _gives_away(key: Key, hidden: Hidden) -> bool:
    """Whether a number that is no count tells of a small one."""
    n, of = (Key(key.analysis, s, key.arm, key.level) for s in ("n", "N"))
    if key.statistic == "percent":
        return not hidden.counts.isdisjoint((n, of))
    if key.statistic in _SUMMARIES and not key.level:
        return n in hidden.small or hidden.has_few(key.analysis, key.arm)
    if key.level == _RESTRICTED:  # with its limit and denominator it is a sum of days
        return n in hidden.small or hidden.has_few(key.analysis, key.arm)
    if key.analysis.startswith(_BY_COUNT):
        return hidden.has_few(key.analysis.removeprefix(_BY_COUNT), "")
    if key.statistic in _DATES or (key.level and key.analysis == "centres"):
        return any(k.analysis == "flow" and k.level.endswith(key.level) for k in hidden.few)
    if key.analysis.startswith((_SUBGROUP, *_FRAGILE)):
        return True
    return (key.analysis, key.level) in hidden.telling and key.statistic in ("joint_p", "predicts")


@_kept.register
def _(record: Frequency, hidden: Hidden) -> Iterable[Record]:
    few = hidden.has_few(record.analysis.removeprefix(_BY_COUNT), "")
    return (_withheld(record.key),) if few or record.statistic == "observed" else (record,)


@_kept.register
def _(record: QuantilePair, hidden: Hidden) -> Iterable[Record]:
    """A quantile belongs to one person or to one cluster."""
    del record, hidden
    return ()


def _of_a_small_cluster(record: Descriptive, hidden: Hidden) -> bool:
    """Whether a size of clusters is that of a small one, or of all where one is small."""
    sizes = record.analysis == CLUSTERS and record.statistic in _SIZES
    return sizes and record.arm in hidden.small_clusters


def coarse(value: float, decimals: int) -> float:
    """A number with few decimals that prints with still fewer as the number itself does.

    Examples
    --------
    >>> coarse(20.46, 1), coarse(0.0963, 2), coarse(20.54, 1)
    (20.4, 0.1, 20.5)
    """
    if not math.isfinite(value):
        return value
    told = rounded(value, decimals)
    if any(rounded(float(told), d) != rounded(value, d) for d in range(decimals)):
        step = unit(decimals)
        told += step if told < Decimal(repr(float(value))) else -step
    return float(told)


def _decimals(key: Key, hidden: Hidden) -> int:
    """Decimals of a moment: fewer where its denominator is withheld."""
    n = Key(key.analysis, "n", key.arm, key.level)
    return 1 if n in hidden.counts else MOMENT_DECIMALS


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
    told = replace(
        record, n_clusters=None, n_events=None, n_by_arm={}, warnings=_discreet(record.warnings)
    )
    if keys[-1] in hidden.counts:
        return (replace(told, n=None),)
    if record.level and _differs_by_few(record, hidden):
        return (replace(told, n=None),)
    return (told,)


def _differs_by_few(record: Estimate, hidden: Hidden) -> bool:
    """Whether a further fit of an outcome left out, or took in, a few people."""
    own = hidden.sizes.get(record.analysis, record.n)
    return record.n is not None and own is not None and 0 < abs(own - record.n) < hidden.threshold


@_kept.register
def _(record: CurvePoint, hidden: Hidden) -> Iterable[Record]:
    del record, hidden
    return ()


@_kept.register
def _(record: LeaveOneOut, hidden: Hidden) -> Iterable[Record]:
    """What leaves out the few people of one cluster tells of them."""
    del record, hidden
    return ()


def _rests_on_few(record: Estimate, hidden: Hidden) -> bool:
    """Whether an effect, beside what else is told, tells of a small count."""
    if record.analysis.startswith(MISSINGNESS):
        return (record.analysis, record.level.partition("[")[0]) in hidden.telling
    if record.analysis.startswith(_SUBGROUP) or record.level.startswith(_CHANGED):
        return True
    alike = hidden.alike(record.analysis)
    return any(key.analysis in alike for key in hidden.small)


def _discreet(warnings: tuple[str, ...]) -> tuple[str, ...]:
    """Warnings without those that have a number in them, or name a category."""
    return tuple(dict.fromkeys(_DISCREET if re.search(r"[\d\[]", w) else w for w in warnings))


def _withheld(key: Key) -> Withheld:
    return Withheld(analysis=key.analysis, statistic=key.statistic, arm=key.arm, level=key.level)
