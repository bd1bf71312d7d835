"""The arithmetic of the paper: the registry held against itself.

Every check takes the registry and yields what cannot be, or cannot be without something that the
paper does not say. None of them looks at data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from core_trial.published import effects, moments, percentages, puzzles, totals
from core_trial.published.registry import Registry
from core_trial.results import Finding

CHECKS: tuple[Callable[[Registry], Iterator[Finding]], ...] = (
    moments.scores,
    moments.days,
    moments.quartiles,
    effects.intervals,
    effects.significance,
    percentages.from_counts,
    percentages.from_arms,
    percentages.of_randomised,
    percentages.in_words,
    totals.parts,
    totals.places,
    totals.denominators,
    puzzles.two_denominators,
    puzzles.offered_later,
    puzzles.condition_known,
    puzzles.plans_without_reading,
    puzzles.median_of_whom,
    puzzles.rate_ratio_of_whom,
)


def check(registry: Registry) -> tuple[Finding, ...]:
    """Everything that the paper's own arithmetic speaks against.

    Examples
    --------
    >>> from core_trial.published.registry import load
    >>> for finding in check(load()):
    ...     if finding.certainty == "impossible":
    ...         print(finding.printed, finding.rule)
    58 (70) possible_sd
    2·18 (–0·72 to 5·08) measure
    """
    return tuple(finding for find in CHECKS for finding in find(registry))
