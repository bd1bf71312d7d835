"""How a check reports: one finding, with its likeliest reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from core_trial.published.registry import Entry
from core_trial.results import Certainty, Finding

#: The likeliest reason of what is found about an entry, where one is likelier than a plain slip.
LIKELIEST: Mapping[str, str] = MappingProxyType(
    {
        "table2.recovery_month_18.control.sd": (
            "a slip of the keys, perhaps for 17: with nearly all of the 255 interviewed in the "
            "analysis, the interval printed for the difference asks for about that much or more"
        ),
        "results.recovery_month_4.missingness_adjusted.estimate": (
            "a difference in means under the wrong abbreviation: the estimate is the midpoint of "
            "its interval, as a difference is and a ratio is not, and the outcome's other "
            "estimates are differences"
        ),
        "table1.marital_status.single.control.N": (
            "one participant counted in the other group: over both groups together, the "
            "denominators for sex, ethnicity and marital status are the same"
        ),
        "discussion.marital_status.married_or_cohabiting.percent": (
            "the intervention group's percentage was taken for the whole sample's, or the "
            "percentage was cut and not rounded"
        ),
    }
)


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
        What it is about; the first one decides the likeliest reason.
    possible
        Lowest and highest possible value of the quantity; ``nan`` twice when there is none.
    reason
        What it comes from, unless `LIKELIEST` knows better.
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
        reason=LIKELIEST.get(entries[0].id, reason),
    )
