"""Checks of Table 1: imbalance that chance gives rarely, and denominators that look like a step."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.stats import fisher_exact

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.published.findings import finding
from core_trial.published.registry import Entry, Registry
from core_trial.results import Finding

#: Fisher's p below which an imbalance is told: with dozens of categories a few are below 5%.
RAREST_TOLD = 0.02
#: A denominator is that of a step when it is at most this share short of it, and of everybody when
#: it is no more than that short of all.
SHORT_OF = 0.05


def imbalance(registry: Registry) -> Iterator[Finding]:
    """Categories that one arm has so much more often that chance gives it rarely."""
    compared = list(_compared(registry))
    for entries, p in compared:
        if p < RAREST_TOLD:
            yield finding(
                "imbalance",
                "unlikely",
                entries,
                "Fisher’s exact p of this category against all others, one of "
                f"{len(compared)} such comparisons",
                (p, p),
                "chance, among so many comparisons; a slip in a count; or the way of randomising",
                decimals=4,
                printed=" v ".join(entry.printed for entry in entries),
            )


def of_a_step(registry: Registry) -> Iterator[Finding]:
    """Characteristics known for about as many as came to one step, and fewer than all."""
    everybody = registry.get("flow", "n", "", "randomised")
    steps = {
        key.level: registry.get("flow", "n", "", key.level)
        for key in registry.by_key
        if key.analysis == "flow" and key.statistic == "n" and not key.arm and ":" not in key.level
    }
    for analysis, levels in registry.partitions.items():
        entries = [registry.first(analysis, "N", arm, levels[0]) for arm in PRINTED_ARMS]
        known = [entry for entry in entries if entry is not None and entry.value is not None]
        total = float(sum(entry.value or 0 for entry in known))
        if len(known) < len(PRINTED_ARMS) or not total < (1 - SHORT_OF) * everybody:
            continue
        near = {s: n for s, n in steps.items() if (1 - SHORT_OF) * n <= total <= n < everybody}
        for step, n in sorted(near.items(), key=lambda item: item[1])[:1]:
            yield finding(
                "denominator_of_a_step",
                "unsaid",
                known,
                f"participants in the step “{step.replace('_', ' ')}”",
                (0.0, n),
                "a question that was not put to the others; or answers that are missing as "
                "elsewhere",
                printed=" + ".join(entry.printed for entry in known),
            )


def _compared(registry: Registry) -> Iterator[tuple[list[Entry], float]]:
    """Every category in both arms with Fisher's p; of two categories one says it all."""
    for analysis, levels in registry.partitions.items():
        for level in levels[:1] if len(levels) == 2 else levels:
            entries = [registry.first(analysis, "n", arm, level) for arm in PRINTED_ARMS]
            ns = [registry.get(analysis, "n", arm, level) for arm in PRINTED_ARMS]
            of = [registry.get(analysis, "N", arm, level) for arm in PRINTED_ARMS]
            known = [entry for entry in entries if entry is not None]
            if len(known) == len(ns) and not any(map(math.isnan, (*ns, *of))):
                table = np.array([[n, m - n] for n, m in zip(ns, of, strict=True)])
                yield known, float(fisher_exact(table)[1])
