"""The difference log: every number of the report beside the one made again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields

from core_trial.results import (
    CurvePoint,
    Estimate,
    Finding,
    Key,
    LeaveOneOut,
    Results,
    Witnessed,
)
from core_trial.results.rounding import rounded
from core_trial.witness.made import Made, Second
from core_trial.witness.reasons import KNOWN, why_once

#: Decimals to which a table prints each statistic at most; 2 where none is named.
PRINTED = {"p_value": 4, "p_value_without": 4, "interaction_p": 4, "joint_p": 4, "percent": 0}
TWO = 2
#: Why there is an effect without a cluster in the second programme alone.
REFUSED = "the first programme refuses to fit so few clusters (docs/second-programme.md)"
CURVE = ("survival", "low", "high", "at_risk", "events", "censored")
#: What an estimate's record tells that is a number.
TOLD = ("std_error", "statistic", "df", "n_clusters", "n_events")


def numbers(results: Results) -> dict[Key, float]:
    """Every number of every record, those that no table looks up among them."""
    found: dict[Key, float] = {}
    for record in results:
        found |= dict(record.numbers())
        if isinstance(record, Estimate):
            found |= dict(_of_estimate(record))
        elif isinstance(record, CurvePoint):
            level = f"{record.time:g}"
            for name in CURVE:
                value = float(getattr(record, name))
                found[Key(record.analysis, name, record.arm, level)] = value
        elif isinstance(record, LeaveOneOut):
            for name in ("estimate", "p_value"):
                key = Key(record.analysis, f"{name}_without", "", record.cluster)
                found[key] = float(getattr(record, name))
        elif isinstance(record, Finding):
            for name in ("low", "high"):
                key = Key("arithmetic", name, "", f"{record.rule}: {', '.join(record.entries)}")
                found[key] = float(getattr(record, name))
    return found


def _of_estimate(record: Estimate) -> Iterator[tuple[Key, float]]:
    for name in TOLD:
        value = getattr(record, name)
        if value is not None:
            yield Key(record.analysis, name, "", record.level), float(value)
    for name, value in record.variance.items():
        yield Key(record.analysis, f"variance[{name}]", "", record.level), value


def log(results: Results, second: Made) -> tuple[Witnessed, ...]:
    """Every number with what came of making it again, unexplained differences first.

    Parameters
    ----------
    results
        The records of the report.
    second
        What the second programme made.
    """
    return compare(numbers(results), second)


def beside(results: Results, more: Iterable[tuple[Key, Second]]) -> tuple[Witnessed, ...]:
    """Numbers made once more by further means; those that the report does not have are left out."""
    ours = numbers(results)
    return tuple(_line(key, ours[key], second) for key, second in more if key in ours)


def in_order(lines: Iterable[Witnessed]) -> tuple[Witnessed, ...]:
    """Unexplained differences first, then the known ones; what was made once last."""
    order = {"unexplained": 0, "explained": 1, "equal": 2, "once": 3}
    return tuple(sorted(lines, key=lambda line: order[line.status]))


def compare(ours: Mapping[Key, float], second: Made) -> tuple[Witnessed, ...]:
    """Numbers by name beside those made again."""
    lines = [_line(key, value, second.get(key)) for key, value in ours.items()]
    only = {k: s for k, s in second.items() if k not in ours and not math.isnan(s.value)}
    lines += [_missing(key, s) for key, s in only.items()]
    return in_order(lines)


def _line(key: Key, ours: float, second: Second | None) -> Witnessed:
    if second is None:
        reason = why_once(key)
        return _witnessed(
            key, ours, math.nan, "", "once" if reason else "unexplained",
            reason or "the second programme does not make it",
        )  # fmt: skip
    if second.once:
        return _witnessed(key, ours, math.nan, "", "once", second.once)
    theirs, means = second.value, second.means
    if math.isnan(ours) and key.statistic.endswith("_without"):
        return _witnessed(key, ours, math.nan, "", "once", REFUSED)
    if _same(ours, theirs, second.scale, means.tolerance):
        return _witnessed(key, ours, theirs, means.label, "equal", "")
    known = KNOWN.get(second.known)
    if known and _same(ours, theirs, second.scale, known.bound):
        return _witnessed(key, ours, theirs, means.label, "explained", known.reason)
    return _witnessed(key, ours, theirs, means.label, "unexplained", "")


def _missing(key: Key, second: Second) -> Witnessed:
    """A number that only the second programme has."""
    reason = "the report has no such number"
    return _witnessed(key, math.nan, second.value, second.means.label, "unexplained", reason)


def _same(ours: float, theirs: float, scale: float, tolerance: float) -> bool:
    if ours == theirs or (math.isnan(ours) and math.isnan(theirs)):
        return True
    if not (math.isfinite(ours) and math.isfinite(theirs)):
        return False
    distance = abs(ours - theirs)
    return distance <= tolerance * max(abs(ours), abs(theirs), scale)


def _witnessed(
    key: Key, ours: float, theirs: float, means: str, status: str, reason: str
) -> Witnessed:
    alike = status == "once" or _prints(key, ours) == _prints(key, theirs)
    named: Mapping[str, str] = {f.name: getattr(key, f.name) for f in fields(Key)}
    return Witnessed(
        **named, ours=ours, theirs=theirs, means=means, status=status,  # type: ignore[arg-type]
        as_printed=alike, reason=reason,
    )  # fmt: skip


def _prints(key: Key, value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    return str(rounded(value, PRINTED.get(key.statistic, TWO)))
