"""What a paper prints and does not explain: possible, but only with something unsaid."""

from __future__ import annotations

from collections.abc import Iterator

from core_trial.published.findings import finding
from core_trial.published.registry import Registry
from core_trial.results import Finding


def two_denominators(registry: Registry) -> Iterator[Finding]:
    """Levels of one thing, counted in one arm, out of different numbers of people."""
    seen: dict[tuple[str, ...], str] = {}
    for entry in registry.find(statistic="N"):
        group = (entry.place, entry.where.partition(":")[0], entry.key.analysis, entry.key.arm)
        first = seen.setdefault(group, entry.id)
        other = registry.by_id[first]
        differ = entry.printed != other.printed and other.value is not None
        if differ and entry.key.analysis != "flow":
            yield finding(
                "two_denominators",
                "unsaid",
                [entry, other],
                "participants that the sentence before counts among",
                (float(other.value or 0), float(other.value or 0)),
                "those in whom it is known, or to whom it applies",
            )
