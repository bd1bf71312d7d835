"""Did we get it? Every printed number beside the one computed for it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, get_args

from core_trial.published.claims import CLAIMS
from core_trial.published.registry import REASONS, Entry, Registry, Source
from core_trial.results import Comparison, Key, Results, Status

if TYPE_CHECKING:
    import pandas as pd

STATUSES: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True)
class Verdict:
    """Registry and results, compared as sets.

    Parameters
    ----------
    comparisons
        A line per entry of the registry, in its order.
    unprinted
        Names of the numbers that were computed and that the paper prints nowhere.
    """

    comparisons: tuple[Comparison, ...]
    unprinted: tuple[Key, ...] = ()

    @cached_property
    def counts(self) -> Mapping[Status, int]:
        """How many entries came out in each way; every way is there."""
        found = Counter(line.status for line in self.comparisons)
        return {status: found[status] for status in STATUSES}

    @property
    def holds(self) -> bool:
        """Whether every number that can be had was had, as printed."""
        return self.counts["differing"] == self.counts["not_computed"] == 0

    def having(self, status: Status) -> tuple[Comparison, ...]:
        """The lines that came out in one way."""
        return tuple(line for line in self.comparisons if line.status == status)

    @cached_property
    def statuses(self) -> Mapping[str, Status]:
        """What came of each entry; kept, it is what `changed` compares with."""
        return {line.id: line.status for line in self.comparisons}

    def changed(self, before: Mapping[str, str]) -> tuple[Comparison, ...]:
        """The lines whose status is not the one they had before, by entry."""
        return tuple(line for line in self.comparisons if line.status != before.get(line.id))

    def to_frame(self) -> pd.DataFrame:
        """A row per entry of the registry."""
        return Results(self.comparisons).to_frame("comparison")


def compare(results: Results, registry: Registry) -> Verdict:
    """Hold computed results against the registry.

    A number matches when it would have been printed with the same digits. A number that cannot be
    reproduced is shown beside the printed one with the reason, and never counts as matched.

    Parameters
    ----------
    results
        What the analyses found.
    registry
        What was printed.

    Examples
    --------
    >>> from core_trial.published.registry import load
    >>> from core_trial.results import Descriptive
    >>> found = Descriptive(analysis="age", statistic="mean", arm="control", value=40.3)
    >>> verdict = compare(Results((found,)), load())
    >>> [(line.id, line.printed) for line in verdict.having("matched")]
    [('table1.age.control.mean', '40')]
    """
    lines = tuple(_compare(entry, results) for entry in registry)
    unprinted = tuple(key for key in results.numbers if key not in registry.by_key)
    return Verdict(lines, unprinted)


def _compare(entry: Entry, results: Results) -> Comparison:
    computed = _computed(entry, results)
    status, reason = _status(entry, computed, entry.key in results.numbers)
    return Comparison(
        id=entry.id,
        place=entry.place,
        printed=entry.printed,
        computed=computed,
        status=status,
        reason=reason,
        analysis=entry.key.analysis,
        statistic=entry.key.statistic,
        arm=entry.key.arm,
        level=entry.key.level,
        decimals=entry.decimals,
    )


def _computed(entry: Entry, results: Results) -> float:
    if entry.source == Source.CLAIM and entry.id in CLAIMS:
        return CLAIMS[entry.id](results)
    return results.numbers.get(entry.key, math.nan)


def _status(entry: Entry, computed: float, recorded: bool) -> tuple[Status, str]:
    if entry.reason:
        return "not_reproducible", REASONS[entry.reason]
    if math.isnan(computed):
        return "not_computed", "not estimable or withheld" if recorded else "no record holds it"
    if entry.window.contains(computed):
        return "matched", ""
    return "differing", "prints otherwise"
