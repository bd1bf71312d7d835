"""The arithmetic of a paper: the registry held against itself.

Every check takes the registry and yields what cannot be, or cannot be without something that the
paper does not say. None of them looks at data, and a paper's declaration may add checks of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from core_trial.published import (
    adjustment,
    baseline,
    effects,
    moments,
    percentages,
    questions,
    totals,
    words,
)
from core_trial.published.registry import Registry
from core_trial.results import Finding

CHECKS: tuple[Callable[[Registry], Iterator[Finding]], ...] = (
    moments.moments,
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
    words.one_arm,
    baseline.imbalance,
    questions.two_denominators,
    baseline.of_a_step,
    words.asked,
    words.ends,
    words.directions,
    words.monitored,
    adjustment.unsaid_adjustment,
    adjustment.crude_odds_ratio,
    adjustment.sign_turned,
    moments.beyond_scale,
)


def check(registry: Registry) -> tuple[Finding, ...]:
    r"""Everything that a paper's own arithmetic speaks against.

    Examples
    --------
    >>> from core_trial.published.registry import COLUMNS, read
    >>> rows = ["a.n,table2,Deaths,3,0,deaths,n,control,,,data,,",
    ...         "a.of,table2,Deaths,12,0,deaths,N,control,,,data,,",
    ...         "a.percent,table2,Deaths,24,0,deaths,percent,control,,,data,,"]
    >>> [(f.rule, f.printed, f.low) for f in check(read("\n".join([",".join(COLUMNS), *rows])))]
    [('percentage', '24', 25.0)]
    """
    checks = (*CHECKS, *registry.paper.checks)
    found = (finding for find in checks for finding in find(registry))
    explained = registry.paper.explanations
    return tuple(replace(f, reason=explained.get(f.entries[0], f.reason)) for f in found)
