"""What CORE's paper says in words, as arithmetic on numbers that it, or the results, hold.

A claim asks for numbers by name, so it can be held against the registry (is it what the printed
counts give?) and against computed results (do the data bear it out?) alike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from core_trial.declaration.arms import Group
from core_trial.declaration.paper import Claim, Numbers
from core_trial.published.percentages import pooled_percent


def relative_reduction(numbers: Numbers) -> float:
    """By how many percent the risk of readmission is lower with the intervention."""
    treated, control = (
        _percent(numbers.get("readmission", "n", arm), numbers.get("readmission", "N", arm))
        for arm in (Group.INTERVENTION, Group.CONTROL)
    )
    return _percent(control - treated, control)


def followed_up(numbers: Numbers, step: str) -> float:
    """Percentage of the randomised who reached a step of the flow."""
    return _percent(_at(numbers, step), _at(numbers, "randomised"))


def recruited(numbers: Numbers, step: str) -> float:
    """The randomised, in percent of those at an earlier step."""
    return _percent(_at(numbers, "randomised"), _at(numbers, step))


def without_acute_days(numbers: Numbers) -> float:
    """Percentage of both arms without any days in acute care."""
    return pooled_percent(numbers, "acute_days", ["none"])


def adjusted_limit(numbers: Numbers) -> float:
    """Upper limit of the odds ratio with the planned adjustments."""
    return numbers.get("readmission", "high", "", "planned_adjustments")


def _at(numbers: Numbers, step: str) -> float:
    return numbers.get("flow", "n", "", step)


def _percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else math.nan


#: The claim of each entry whose source is ``claim``.
CLAIMS: Mapping[str, Claim] = MappingProxyType(
    {
        "methods.claim.no_acute_days": Claim(
            without_acute_days, "participants without any days in acute care"
        ),
        "results.claim.planned_adjustments": Claim(
            adjusted_limit,
            "upper 95% limit of the odds ratio with the planned adjustments, below 1",
            unit="",
            decimals=2,
        ),
        "discussion.claim.reduction": Claim(
            relative_reduction, "reduction of the risk of readmission, relative to controls"
        ),
        "discussion.claim.interviewed_month_4": Claim(
            lambda x: followed_up(x, "interviewed_month_4"), "interviewed at 4 months"
        ),
        "discussion.claim.interviewed_month_18": Claim(
            lambda x: followed_up(x, "interviewed_month_18"), "interviewed at 18 months"
        ),
        "discussion.claim.recruited_of_screened": Claim(
            lambda x: recruited(x, "screened"), "randomised, of those screened"
        ),
        "discussion.claim.recruited_of_eligible": Claim(
            lambda x: recruited(x, "eligible"), "randomised, of those eligible"
        ),
    }
)
