"""What the paper says in words, as arithmetic on numbers that it, or the results, hold.

A formula asks for numbers by name, so it can be held against the registry (is the claim what the
printed counts give?) and against computed results (do the data bear it out?) alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Protocol

from core_trial.declaration.arms import Group


class Numbers(Protocol):
    """Whatever gives numbers by name: `Results` and `Registry`."""

    def value(self, analysis: str, statistic: str, arm: str = "", level: str = "", /) -> float:
        """One number; ``nan`` when it is not there."""


def pooled_percent(numbers: Numbers, analysis: str, levels: Iterable[str]) -> float:
    """Percentage of both arms together that falls in any of some categories.

    Each category is printed with its arm's denominator, so that of one category does.
    """
    names = tuple(levels)
    n = sum(numbers.value(analysis, "n", arm, level) for arm in Group for level in names)
    return _percent(n, sum(numbers.value(analysis, "N", arm, names[0]) for arm in Group))


def relative_reduction(numbers: Numbers) -> float:
    """By how many percent the risk of readmission is lower with the intervention."""
    treated, control = (
        _percent(numbers.value("readmission", "n", arm), numbers.value("readmission", "N", arm))
        for arm in (Group.INTERVENTION, Group.CONTROL)
    )
    return _percent(control - treated, control)


def followed_up(numbers: Numbers, step: str) -> float:
    """Percentage of the randomised who reached a step of the flow."""
    return _percent(_at(numbers, step), _at(numbers, "randomised"))


def recruited(numbers: Numbers, step: str) -> float:
    """The randomised, in percent of those at an earlier step."""
    return _percent(_at(numbers, "randomised"), _at(numbers, step))


def _at(numbers: Numbers, step: str) -> float:
    return numbers.value("flow", "n", "", step)


def _percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else math.nan


def _without_acute_days(numbers: Numbers) -> float:
    return pooled_percent(numbers, "acute_days", ["none"])


def _adjusted_limit(numbers: Numbers) -> float:
    """Upper limit of the adjusted odds ratio, in percent of no difference."""
    return 100 * numbers.value("readmission", "high", "", "planned_adjustments")


#: The claim of each entry whose source is ``claim``, in percent.
CLAIMS: Mapping[str, Callable[[Numbers], float]] = MappingProxyType(
    {
        "methods.claim.no_acute_days": _without_acute_days,
        "results.claim.planned_adjustments": _adjusted_limit,
        "discussion.claim.reduction": relative_reduction,
        "discussion.claim.interviewed_month_4": lambda x: followed_up(x, "interviewed_month_4"),
        "discussion.claim.interviewed_month_18": lambda x: followed_up(x, "interviewed_month_18"),
        "discussion.claim.recruited_of_screened": lambda x: recruited(x, "screened"),
        "discussion.claim.recruited_of_eligible": lambda x: recruited(x, "eligible"),
    }
)
