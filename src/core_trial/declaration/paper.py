"""What a published paper printed, as far as a trial declares it.

The registry is a CSV file with a row for every printed number. Beside it stands what its arithmetic
needs to know: which numbers are scores of what range, which percentages pool the arms, what the
paper says in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from core_trial.results import Finding, Key

#: Sections of a paper, in their order, with their names in print.
SECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "abstract": "Abstract",
        "methods": "Methods",
        "results": "Results",
        "table1": "Table 1",
        "table2": "Table 2",
        "discussion": "Discussion",
    }
)
#: Why a printed number cannot be computed from the participants' files.
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "impossible_sd": "no scores inside the scale's range have this mean and this SD",
        "contradicts_counts": "the paper's own counts give another percentage",
        "not_in_files": "recorded by the trial office, in no participant file",
        "other_study": "describes people who were not in the trial",
    }
)


class Numbers(Protocol):
    """Whatever gives numbers by name: results and registry."""

    def get(self, analysis: str, statistic: str, arm: str = "", level: str = "", /) -> float:
        """One number; ``nan`` when it is not there."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that a paper says in words, as arithmetic.

    Parameters
    ----------
    value
        The number that it rests on, from whatever gives numbers by name.
    of
        What number that is, in words.
    unit, decimals
        How it is printed.
    """

    value: Callable[[Numbers], float]
    of: str
    unit: str = "%"
    decimals: int = 1


@dataclass(frozen=True, slots=True)
class Range:
    """Whole numbers behind a printed mean: their range, and what bounds how many there are.

    Parameters
    ----------
    low, high
        Smallest and largest possible.
    step
        Step of the flow that no sample of them exceeds.
    of
        Analysis whose printed N is their number, where it is known exactly.
    noun
        What they are.
    """

    low: int
    high: int
    step: str = ""
    of: str = ""
    noun: str = "score"


@dataclass(frozen=True, slots=True)
class Monitored:
    """Events counted up to a time, and the same events as an outcome with times.

    Parameters
    ----------
    events
        The number of events counted, in both arms together.
    until
        Up to which time, in the unit of `time`.
    binary, time
        The outcome that says who had the event, and that of the time to it.
    """

    events: Key
    until: float
    binary: str
    time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper's registry, and what its arithmetic needs to know.

    Parameters
    ----------
    file
        The registry: CSV, a row for every printed number.
    sections
        Sections of the paper with their names in print, in their order.
    reasons
        Why a printed number cannot be had, by the word that the registry uses.
    claims
        What the paper says in words, by the entry's name.
    phrases
        Lowest and highest value that a printed phrase stands for, neither of them included.
    sums
        Wholes and their parts, beside those of categories.
    ranges
        Means and standard deviations of whole numbers within a range, by analysis.
    pooled
        Percentages of both arms together: analysis and categories, by the entry's name.
    significant
        Analyses whose difference the text calls significant; None where it is not to be held
        against the p-values.
    complete
        Characteristic that is known wherever another one is, with one of its levels.
    adjusted
        Places and analyses at which the paper says that an estimate is adjusted; None where it is
        not to be asked.
    directions
        Words that say that the arms differ, and the analyses that they are about.
    one_arm
        Counts of both arms together that the paper says are all of one arm.
    ends
        Analyses of which the paper prints the least and the greatest percentage in an arm, by arm.
    asked
        Analyses of questions that were put to everybody at a step of the flow, and the step.
    monitored
        Events that were counted up to a time, beside the same events by their times.
    explanations
        What may explain a finding, where something does better than a slip, by the entry's name.
    checks
        Further checks that this paper alone calls for: functions of the registry.
    """

    file: Path = Path()
    sections: Mapping[str, str] = field(default_factory=lambda: SECTIONS)
    reasons: Mapping[str, str] = field(default_factory=lambda: REASONS)
    claims: Mapping[str, Claim] = field(default_factory=lambda: MappingProxyType({}))
    phrases: Mapping[str, tuple[float, float]] = field(default_factory=lambda: MappingProxyType({}))
    sums: tuple[tuple[Key, tuple[Key, ...]], ...] = ()
    ranges: Mapping[str, Range] = field(default_factory=lambda: MappingProxyType({}))
    pooled: Mapping[str, tuple[str, tuple[str, ...]]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    significant: frozenset[str] | None = None
    complete: tuple[str, str] | None = None
    adjusted: frozenset[tuple[str, str]] | None = None
    directions: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    one_arm: Mapping[Key, str] = field(default_factory=lambda: MappingProxyType({}))
    ends: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    asked: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    monitored: tuple[Monitored, ...] = ()
    explanations: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    checks: tuple[Callable[[Any], Iterable[Finding]], ...] = ()
