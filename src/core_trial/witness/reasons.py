"""Where the two programmes are known to differ, and what is made once, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from core_trial.results import Key

PAGE = "docs/second-programme.md"


@dataclass(frozen=True, slots=True)
class Known:
    """A difference that is known.

    Parameters
    ----------
    reason
        Why, and where that is said.
    bound
        The largest relative distance that it explains.
    """

    reason: str
    bound: float


KNOWN: Mapping[str, Known] = MappingProxyType({})

#: What is made once only, by how its name begins, and why.
ONCE: tuple[tuple[str, str, str], ...] = (
    (
        "arithmetic",
        "",
        "it is about what the paper printed, and not about the participants",
    ),
    (
        "",
        "_without",
        "each cluster is left out by the same code; a sample of them is left out again",
    ),
)


def why_once(key: Key) -> str:
    """Why a number is made once; blank where it should have been made twice."""
    for analysis, statistic, reason in ONCE:
        if key.analysis.startswith(analysis) and key.statistic.endswith(statistic):
            return f"{reason} ({PAGE})"
    return ""
