"""Did we get it? Every printed number beside the one computed for it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, get_args

from core_trial.declaration.paper import Claim
from core_trial.published.registry import Entry, Registry, Source
from core_trial.results import Comparison, Key, Results, Status

if TYPE_CHECKING:
    import pandas as pd

STATUSES: tuple[Status, ...] = get_args(Status)
GIVEN = "an input of the design, which the analysis was told"


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
    r"""Hold computed results against the registry.

    A number matches when it would have been printed with the same digits. A number that cannot be
    reproduced is shown beside the printed one with the reason, and never counts as matched; nor
    does an input of the design, which the analysis was told and only gives back.

    Parameters
    ----------
    results
        What the analyses found.
    registry
        What was printed.

    Examples
    --------
    >>> from core_trial.published.registry import COLUMNS, read
    >>> from core_trial.results import Descriptive
    >>> found = Descriptive(analysis="age", statistic="mean", arm="control", value=40.3)
    >>> row = "table1.age.mean,table1,Age,40,0,age,mean,control,,,data,,"
    >>> verdict = compare(Results((found,)), read(",".join(COLUMNS) + "\n" + row))
    >>> [(line.id, line.printed) for line in verdict.having("matched")]
    [('table1.age.mean', '40')]
    """
    lines = tuple(_compare(entry, results, registry) for entry in registry)
    unprinted = tuple(key for key in results.numbers if key not in registry.by_key)
    return Verdict(lines, unprinted)


def _compare(entry: Entry, results: Results, registry: Registry) -> Comparison:
    claim = registry.paper.claims.get(entry.id) if entry.source == Source.CLAIM else None
    computed = _computed(entry, claim, results)
    status, reason = _status(entry, computed, entry.key in results.numbers)
    if entry.reason:
        status, reason = "not_reproducible", registry.paper.reasons[entry.reason]
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
        decimals=claim.decimals if claim else entry.decimals,
        claim=f"{claim.of} ({claim.unit})" if claim and claim.unit else claim.of if claim else "",
    )


def _computed(entry: Entry, claim: Claim | None, results: Results) -> float:
    return claim.value(results) if claim else results.numbers.get(entry.key, math.nan)


def _status(entry: Entry, computed: float, recorded: bool) -> tuple[Status, str]:
    if math.isnan(computed):
        return "not_computed", "not estimable or withheld" if recorded else "no record holds it"
    if entry.window.contains(computed):
        return ("given", GIVEN) if entry.source == Source.DESIGN else ("matched", "")
    return "differing", "prints otherwise"
