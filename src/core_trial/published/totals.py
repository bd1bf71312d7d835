"""Checks of counts: categories and parts that must add up, and one number in several places."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.declaration.layout import Total
from core_trial.published.findings import finding
from core_trial.published.registry import Registry, Source
from core_trial.results import Finding, Key


def parts(registry: Registry) -> Iterator[Finding]:
    """Wholes that are not the sum of their parts."""
    for whole, pieces in _totals(registry):
        entries = [registry.by_key[key][0] for key in (whole, *pieces) if key in registry.by_key]
        printed = [float(e.value) for e in entries if e.value is not None]
        if len(printed) <= len(pieces):
            continue
        value, *values = printed
        if value != sum(values):
            yield finding(
                "sum",
                "contradicted",
                entries,
                "sum of the parts",
                (sum(values), sum(values)),
                "a slip in the whole or in a part",
            )


def _totals(registry: Registry) -> Iterator[Total]:
    """What must add up: as declared, both arms, and the categories of a characteristic."""
    yield from registry.paper.sums
    for key in registry.by_key:
        if key.statistic == "n" and not key.arm:
            yield key, tuple(Key(key.analysis, "n", arm, key.level) for arm in PRINTED_ARMS)
    for name, levels in registry.partitions.items():
        for arm in PRINTED_ARMS:
            pieces = tuple(Key(name, "n", arm, level) for level in levels)
            yield Key(name, "N", arm, levels[0]), pieces


def places(registry: Registry) -> Iterator[Finding]:
    """One number that is printed in several places, and not the same."""
    for entries in registry.by_key.values():
        held = [e for e in entries if e.source == Source.DATA and not e.reason]
        for one, other in combinations(held, 2):
            if not one.window.overlaps(other.window):
                yield finding(
                    "places",
                    "contradicted",
                    [one, other],
                    f"the same number in {other.place}",
                    (float(other.window.low), float(other.window.high)),
                    "a slip in one of the places",
                    decimals=other.decimals + 1,
                )


def denominators(registry: Registry) -> Iterator[Finding]:
    """Characteristics known for more people of an arm than one that every interview records.

    A characteristic that more people have is somebody's without the other, or counted in the wrong
    arm.
    """
    if registry.paper.complete is None:
        return
    name, level = registry.paper.complete
    for analysis, levels in registry.partitions.items():
        for arm in PRINTED_ARMS:
            entry = registry.first(analysis, "N", arm, levels[0])
            known = registry.get(name, "N", arm, level)
            if entry is not None and entry.value is not None and float(entry.value) > known:
                yield finding(
                    "denominator",
                    "unsaid",
                    [entry],
                    f"participants of the {arm} group whose {name.replace('_', ' ')} is known",
                    (known, known),
                    "answers that are missing to one question and not to the other; or somebody "
                    "who is counted in the wrong group",
                )
