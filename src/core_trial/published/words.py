"""Checks of what a paper says in words about numbers that stand elsewhere in it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.published.effects import SIGNIFICANCE
from core_trial.published.findings import finding
from core_trial.published.registry import Registry
from core_trial.results import Finding


def directions(registry: Registry) -> Iterator[Finding]:
    """Words that say that the arms differ where no p-value is below 5%."""
    for phrase, analyses in registry.paper.directions.items():
        entries = [registry.first(name, "p_value") for name in analyses]
        known = [entry for entry in entries if entry is not None]
        if known and all(float(entry.window.low) >= SIGNIFICANCE for entry in known):
            yield finding(
                "direction",
                "unsaid",
                known,
                "p-value that goes with a difference beyond these participants",
                (0.0, SIGNIFICANCE),
                "a description of these participants, and no inference",
                decimals=2,
                printed=f"“{phrase}”, p={', '.join(entry.printed for entry in known)}",
            )


def one_arm(registry: Registry) -> Iterator[Finding]:
    """Counts that are said to be all of one arm, against the arms' own."""
    for whole, arm in registry.paper.one_arm.items():
        entry = registry.first(whole.analysis, whole.statistic, "", whole.level)
        if entry is None or entry.value is None:
            continue
        for other in PRINTED_ARMS:
            n = registry.get(whole.analysis, whole.statistic, other, whole.level)
            expected = float(entry.value) if other == arm else 0.0
            if not math.isnan(n) and n != expected:
                yield finding(
                    "one_arm",
                    "contradicted",
                    [entry],
                    f"number in the {other} group, when all are of the {arm} group",
                    (expected, expected),
                    "a slip in a count, or in the words",
                    printed=f"{n:.0f}",
                )


def ends(registry: Registry) -> Iterator[Finding]:
    """Ranges of several percentages, of which the paper prints the ends alone."""
    for arm, analyses in registry.paper.ends.items():
        printed = [
            e for name in analyses if (e := registry.first(name, "percent", arm)) is not None
        ]
        values = [float(entry.value) for entry in printed if entry.value is not None]
        others = len(analyses) - len(values)
        if others and values:
            yield finding(
                "ends_of_a_range",
                "unsaid",
                printed,
                f"percentages of the {others} others, which are not printed, in the {arm} group",
                (min(values), max(values)),
                "left out for brevity",
            )


def asked(registry: Registry) -> Iterator[Finding]:
    """Questions that fewer answered than were there to be asked."""
    for analysis, step in registry.paper.asked.items():
        entries = [registry.first(analysis, "N", arm) for arm in PRINTED_ARMS]
        known = [entry for entry in entries if entry is not None and entry.value is not None]
        there = registry.get("flow", "n", "", step)
        if len(known) == len(entries) and sum(float(e.value or 0) for e in known) < there:
            yield finding(
                "answers",
                "unsaid",
                known,
                f"participants in the step “{step.replace('_', ' ')}”, in both groups together",
                (there, there),
                "a question left unanswered, or not put to all; how many in each group is not said",
                printed=" + ".join(entry.printed for entry in known),
            )


def monitored(registry: Registry) -> Iterator[Finding]:
    """Fewer events counted up to a time than their median times say there were by then.

    By the median time at least half of those with an event have had it.
    """
    for one in registry.paper.monitored:
        entry = registry.first(one.events.analysis, one.events.statistic, "", one.events.level)
        if entry is None or entry.value is None:
            continue
        halves, most = 0, 0
        for arm in PRINTED_ARMS:
            n = registry.get(one.binary, "n", arm)
            median = registry.get(one.time, "median", arm)
            if not math.isnan(n) and median <= one.until:
                halves += math.ceil(n / 2)
                most += int(n)
        if float(entry.value) < halves:
            yield finding(
                "monitored_events",
                "unsaid",
                [entry],
                f"participants with the event by time {one.until:g}: half of each group had it by "
                "the group’s median",
                (float(halves), float(most)),
                "events known from records alone, not reported; or monitoring that ended earlier",
            )
