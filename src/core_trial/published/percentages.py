"""Checks of percentages: against the counts beside them, and against the arms' counts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.declaration.paper import Numbers
from core_trial.published.findings import finding
from core_trial.published.registry import Entry, Registry
from core_trial.results import Finding

RoundingRule = Literal["half_up", "half_even", "truncation"]


@dataclass(frozen=True, slots=True)
class Percentage:
    """A printed percentage with the counts that stand beside it."""

    entry: Entry
    n: int
    of: int

    def rounded(self, rule: RoundingRule) -> int:
        """The percentage in units of the last printed digit, in whole numbers throughout."""
        below, rest = divmod(100 * int(10**self.entry.decimals) * self.n, self.of)
        if rule == "truncation" or 2 * rest < self.of:
            return below
        stays = rule == "half_even" and 2 * rest == self.of and below % 2 == 0
        return below if stays else below + 1

    def agrees(self, rule: RoundingRule) -> bool:
        """Whether the printed text is what a rounding rule gives, or a bound that holds it."""
        printed = self.entry.value
        if printed is None:
            return self.entry.window.contains(100 * self.n / self.of)
        return int(printed.scaleb(self.entry.decimals)) == self.rounded(rule)


def with_counts(registry: Registry) -> tuple[Percentage, ...]:
    """Every percentage that is printed together with its counts, one of nobody excepted."""
    rows = (row for row in registry.rows if row.has("percent"))
    counted = ((row.cells["percent"], row.number("n"), row.number("N")) for row in rows)
    return tuple(Percentage(e, int(n), int(of)) for e, n, of in counted if n is not None and of)


def unexplained(registry: Registry) -> Mapping[RoundingRule, tuple[str, ...]]:
    """The percentages that each rounding rule does not explain, as names of entries."""
    printed = with_counts(registry)
    rules: tuple[RoundingRule, ...] = get_args(RoundingRule)
    return {rule: tuple(p.entry.id for p in printed if not p.agrees(rule)) for rule in rules}


def pooled_percent(numbers: Numbers, analysis: str, levels: Iterable[str]) -> float:
    """Percentage of both arms together that falls in any of some categories.

    Each category is printed with its arm's denominator, so that of one category does.
    """
    names = tuple(levels)
    n = sum(numbers.get(analysis, "n", arm, level) for arm in PRINTED_ARMS for level in names)
    of = sum(numbers.get(analysis, "N", arm, names[0]) for arm in PRINTED_ARMS)
    return 100 * n / of if of else math.nan


def from_counts(registry: Registry) -> Iterator[Finding]:
    """Percentages that are not n/N, rounded half up."""
    for p in with_counts(registry):
        if not p.agrees("half_up"):
            yield _off(p.entry, 100 * p.n / p.of, "percentage that the counts beside it give")


def from_arms(registry: Registry) -> Iterator[Finding]:
    """Percentages of the whole sample that the arms' counts do not give."""
    for name, (analysis, levels) in registry.paper.pooled.items():
        value = pooled_percent(registry, analysis, levels)
        yield from _unless_held(registry.by_id.get(name), value, "percentage of both groups")


def of_randomised(registry: Registry) -> Iterator[Finding]:
    """Shares of the randomised at a step of the flow, against the arms' counts."""
    everybody = sum(registry.get("flow", "n", arm, "randomised") for arm in PRINTED_ARMS)
    for entry in registry.find(analysis="flow", statistic="percent", arm=""):
        reached = sum(registry.get("flow", "n", arm, entry.key.level) for arm in PRINTED_ARMS)
        share = 100 * reached / everybody if everybody else math.nan
        yield from _unless_held(entry, share, "percentage of the randomised")


def in_words(registry: Registry) -> Iterator[Finding]:
    """Claims in words that the printed counts do not bear out."""
    for name, claim in registry.paper.claims.items():
        yield from _unless_held(registry.by_id.get(name), claim.value(registry), claim.of)


def _unless_held(entry: Entry | None, value: float, quantity: str) -> Iterator[Finding]:
    """A finding when there is an entry and a number for it, and they disagree."""
    if entry is not None and not math.isnan(value) and not entry.window.contains(value):
        yield _off(entry, value, f"{quantity}, from the printed counts")


def _off(entry: Entry, value: float, quantity: str) -> Finding:
    return finding(
        "percentage",
        "contradicted",
        [entry],
        quantity,
        (value, value),
        "a slip in the percentage or in a count",
        decimals=entry.decimals + 1,
    )
