"""A rule between columns, files or people: declared once for checking and for the docs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

RuleOutcome = Literal["refuse", "note"]
#: Takes the folder's frames (`core_trial.data.folder.Folder`) and answers with a mask of rows.
Find = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Parameters
    ----------
    name
        Code of its faults and notes.
    file, column
        Where they point; the column is blank when the row is meant.
    outcome
        ``"refuse"`` or ``"note"``.
    allowed
        What the rule asks for (refused), or what it saw (noted).
    reason
        Why.
    find
        The rows that break it, as a mask over the rows of `file`.
    """

    name: str
    file: str
    column: str
    outcome: RuleOutcome
    allowed: str
    reason: str
    find: Find


def rule(place: str, outcome: RuleOutcome, allowed: str) -> Callable[[Find], Rule]:
    """Declare a rule at ``file.column``.

    The function that finds the rows gives it its name, and that function's docstring the reason.
    """
    file, _, column = place.partition(".")

    def declare(find: Find) -> Rule:
        reason = " ".join((find.__doc__ or "").split())
        return Rule(find.__name__, file, column, outcome, allowed, reason, find)

    return declare
