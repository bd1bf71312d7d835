"""Records as earlier versions wrote them: series whose position was spelt out in the level."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from core_trial.results.keys import Key
from core_trial.results.records import Descriptive, Record
from core_trial.results.series import Frequency, QuantilePair, SizeNeeded

_FREQUENCY = re.compile(r"days (\d+)")
_QUANTILE = re.compile(r"(residual|random_effect) (\d+)")
_SIZE = re.compile(r"(?:size_(\d+)_)?lost_(\d+)(_continuity)?")


def upgraded(records: Iterable[Record]) -> tuple[Record, ...]:
    """The records, descriptive ones that are part of a series as those of the series."""
    found = tuple(records)
    told = {key: value for r in found if isinstance(r, Descriptive) for key, value in r.numbers()}
    return tuple(now for record in found for now in _now(record, told))


def _now(record: Record, told: Mapping[Key, float]) -> Iterator[Record]:
    if not isinstance(record, Descriptive) or record.arm:
        yield record
    elif record.analysis.startswith("count_fit.") and (at := _FREQUENCY.fullmatch(record.level)):
        yield Frequency(
            analysis=record.analysis,
            statistic=record.statistic,
            count=int(at[1]),
            value=record.value,
        )
    elif record.analysis.startswith("normality.") and (at := _QUANTILE.fullmatch(record.level)):
        yield from _pair(record, at[1], int(at[2]), told)
    elif record.analysis == "sample_size" and (at := _SIZE.fullmatch(record.level)):
        yield _size(record, at, told)
    else:
        yield record


def _pair(
    record: Descriptive, level: str, number: int, told: Mapping[Key, float]
) -> Iterator[QuantilePair]:
    """Both quantiles, in the place of the first."""
    if record.statistic == "normal":
        observed = told[Key(record.analysis, "observed", "", record.level)]
        yield QuantilePair(
            analysis=record.analysis,
            level=level,
            number=number,
            normal=record.value,
            observed=observed,
        )


def _size(record: Descriptive, at: re.Match[str], told: Mapping[Key, float]) -> SizeNeeded:
    given = record.statistic == "n"
    return SizeNeeded(
        cluster_size=float(at[1]) if given else record.value,
        lost_percent=int(at[2]),
        continuity=at[3] is not None,
        recruited=record.value if given else told[Key("sample_size", "n")],
        solved_for="recruited" if given else "cluster_size",
    )
