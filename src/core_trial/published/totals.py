"""Checks of counts: categories and parts that must add up, and one number in several places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from core_trial.declaration.arms import PRINTED_ARMS, Group
from core_trial.published.findings import finding
from core_trial.published.registry import Registry, Source
from core_trial.results import Finding, Key
from core_trial.trials.core import words

#: Table 1's characteristics whose categories are all printed, and so add up to the denominator.
CATEGORIES: Mapping[str, Mapping[str, str]] = {
    "sex": words.SEX,
    "ethnicity": words.ETHNICITY,
    "marital_status": words.MARITAL_STATUS,
    "diagnosis": words.DIAGNOSIS,
    "lifetime_admissions": words.LIFETIME_ADMISSIONS,
    "crt_periods": words.CRT_PERIODS,
}
_EVENTS = ("readmission", "attempted_suicide", "attempted_murder_charge", "deaths")


def _count(analysis: str, arm: str = "", level: str = "") -> Key:
    return Key(analysis, "n", arm, level)


#: A whole and its parts.
SUMS: tuple[tuple[Key, tuple[Key, ...]], ...] = (
    (
        _count("flow", "", "randomised"),
        (_count("flow", "", "pilot"), _count("flow", "", "main_trial")),
    ),
    (
        _count("flow", "", "randomised"),
        tuple(_count("flow", arm, "randomised") for arm in PRINTED_ARMS),
    ),
    (_count("adverse_events"), tuple(_count("adverse_events", arm) for arm in PRINTED_ARMS)),
    (_count("adverse_events"), tuple(_count("adverse_events", "", kind) for kind in _EVENTS)),
    (
        _count("adverse_events", "", "deaths"),
        (
            _count("adverse_events", Group.CONTROL, "death_suicide"),
            _count("adverse_events", Group.CONTROL, "death_unclear"),
        ),
    ),
    (
        _count("protocol_breaches"),
        (
            _count("protocol_breaches", "", "not_offered"),
            _count("protocol_breaches", "", "worker_left"),
        ),
    ),
    *(
        (
            Key("readmission", "N", arm),
            (_count("readmission", arm), _count("readmission_days", arm, "none")),
        )
        for arm in PRINTED_ARMS
    ),
    *(
        (
            Key(name, "N", arm, next(iter(levels))),
            tuple(_count(name, arm, level) for level in levels),
        )
        for name, levels in CATEGORIES.items()
        for arm in PRINTED_ARMS
    ),
)


def parts(registry: Registry) -> Iterator[Finding]:
    """Wholes that are not the sum of their parts."""
    for whole, pieces in SUMS:
        entries = [registry.by_key[key][0] for key in (whole, *pieces) if key in registry.by_key]
        if len(entries) <= len(pieces):
            continue
        value, *values = (float(e.window.low + e.window.high) / 2 for e in entries)
        if value != sum(values):
            yield finding(
                "sum",
                "contradicted",
                entries,
                "sum of the parts",
                (sum(values), sum(values)),
                "a slip in the whole or in a part",
            )


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
    """Characteristics known for more people of an arm than have a known sex.

    Sex is the first thing that an interview records; a characteristic that more people have than
    have a sex is somebody's without one, or counted in the wrong arm.
    """
    for analysis, levels in CATEGORIES.items():
        for arm in PRINTED_ARMS:
            entry = registry.first(analysis, "N", arm, next(iter(levels)))
            known = registry.value("sex", "N", arm, "male")
            if entry is not None and float(entry.printed) > known:
                yield finding(
                    "denominator",
                    "unsaid",
                    [entry],
                    f"participants of the {arm} group whose sex and ethnicity are known",
                    (0.0, known),
                    "somebody whose sex is not recorded, or who is counted in the wrong group",
                )
