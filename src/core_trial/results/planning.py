"""Records of a plan: what has changed since it was locked, and how it fared in rehearsal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from core_trial.results.records import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChange:
    """One thing that is not as it was when the plan was locked.

    Parameters
    ----------
    part, what
        Part of the declaration, and what of it, in words.
    before, after
        How it was and how it is.
    """

    kind: ClassVar[str] = "plan_change"
    part: str
    what: str
    before: str
    after: str

    def numbers(self) -> Iterator[tuple[Key, float]]:
        """A change has no number."""
        return iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """How one analysis fared in made-up trials of one kind.

    Parameters
    ----------
    analysis, level
        Which question, as in an `Estimate`.
    situation
        What the made-up trials have in common, in words.
    passed, at_risk, failed
        Trials in which the analysis gave an estimate without a warning, with one, and none that
        can be believed.
    reason
        The commonest warning or reason; blank where there was none.
    """

    kind: ClassVar[str] = "rehearsed"
    analysis: str
    level: str = ""
    situation: str
    passed: int
    at_risk: int
    failed: int
    reason: str = ""

    def numbers(self) -> Iterator[tuple[Key, float]]:
        """A rehearsal is about the plan, not about the trial."""
        return iter(())
