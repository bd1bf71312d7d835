"""How a check reports: one finding, with a reason that it may have."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core_trial.published.registry import Entry
from core_trial.results import Certainty, Finding

#: Where there is nothing to bound.
UNBOUNDED = (-math.inf, math.inf)


def finding(
    rule: str,
    certainty: Certainty,
    entries: Sequence[Entry],
    quantity: str,
    possible: tuple[float, float],
    reason: str,
    *,
    decimals: int = 0,
    printed: str = "",
) -> Finding:
    """A finding about some entries.

    Parameters
    ----------
    rule, certainty, quantity, decimals
        As in `Finding`.
    entries
        What it is about, the first one above all.
    possible
        Lowest and highest possible value of the quantity; ``nan`` twice when there is none.
    reason
        What it may come from, unless the paper's declaration knows better.
    printed
        The printed texts as they stand together; by default one after the other.
    """
    return Finding(
        rule=rule,
        certainty=certainty,
        entries=tuple(entry.id for entry in entries),
        printed=printed or ", ".join(entry.printed for entry in entries),
        quantity=quantity,
        low=possible[0],
        high=possible[1],
        decimals=decimals,
        reason=reason,
    )
