"""Checks of percentages: against the counts beside them, and against the arms' counts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.published.claims import CLAIMS, pooled_percent
from core_trial.published.findings import finding
from core_trial.published.registry import Entry, Registry
from core_trial.results import Finding

RoundingRule = Literal["half_up", "half_even", "truncation"]
#: Percentages of the whole sample in the Discussion: entry, analysis and categories of Table 1.
POOLED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "discussion.sex.male.percent": ("sex", ("male",)),
    "discussion.ethnicity.white.percent": ("ethnicity", ("white",)),
    "discussion.marital_status.married_or_cohabiting.percent": (
        "marital_status",
        ("married_or_cohabiting",),
    ),
    "discussion.diagnosis.non_affective_psychosis.percent": (
        "diagnosis",
        ("schizophrenia_or_schizoaffective", "other_psychosis"),
    ),
    "discussion.diagnosis.affective.percent": ("diagnosis", ("bipolar_affective", "depression")),
}


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
        """Whether the printed text is what a rounding rule gives."""
        return int(self.entry.printed.replace("·", "")) == self.rounded(rule)


def with_counts(registry: Registry) -> tuple[Percentage, ...]:
    """Every percentage that is printed together with its counts."""
    return tuple(
        Percentage(row.cells["percent"], row.count("n"), row.count("N"))
        for row in registry.rows
        if row.has("n", "N", "percent")
    )


def unexplained(registry: Registry) -> Mapping[RoundingRule, tuple[str, ...]]:
    """The percentages that each rounding rule does not explain, as names of entries."""
    printed = with_counts(registry)
    rules: tuple[RoundingRule, ...] = get_args(RoundingRule)
    return {rule: tuple(p.entry.id for p in printed if not p.agrees(rule)) for rule in rules}


def from_counts(registry: Registry) -> Iterator[Finding]:
    """Percentages that are not n/N, rounded half up."""
    for p in with_counts(registry):
        if not p.agrees("half_up"):
            yield _off(p.entry, 100 * p.n / p.of, "percentage that the counts beside it give")


def from_arms(registry: Registry) -> Iterator[Finding]:
    """Percentages of the whole sample that the arms' counts do not give."""
    for name, (analysis, levels) in POOLED.items():
        value = pooled_percent(registry, analysis, levels)
        yield from _unless_held(registry.by_id.get(name), value, "percentage of both groups")


def of_randomised(registry: Registry) -> Iterator[Finding]:
    """The share whose primary outcome is known, against the arms' counts."""
    entry = registry.first("flow", "percent", "", "primary_outcome_known")
    known, everybody = (
        sum(registry.value("flow", "n", arm, step) for arm in PRINTED_ARMS)
        for step in ("primary_outcome_known", "randomised")
    )
    yield from _unless_held(entry, 100 * known / everybody, "percentage of the randomised")


def in_words(registry: Registry) -> Iterator[Finding]:
    """Claims in words that the printed counts do not bear out."""
    for name, value_of in CLAIMS.items():
        yield from _unless_held(registry.by_id.get(name), value_of(registry), "percentage claimed")


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
