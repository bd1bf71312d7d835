"""What of a trial's files tells the arms apart, so that an allocation can be masked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core_trial.errors import DesignError

if TYPE_CHECKING:
    from core_trial.declaration.trial import Trial

#: What the arms are called while nobody may know which is which, in the order of print.
LETTERS = ("A", "B")


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """What depends on the arm, beside the columns of arm, cluster and receipt.

    Places are written ``"table"`` for every row of a table, ``"table.column"``, or ``"column"`` for
    one of the participants' table.

    Parameters
    ----------
    moved
        What only one arm can have, such as sessions with a therapist. It goes, with the worker,
        to somebody who is in that arm by the dummy allocation.
    shuffled
        What both arms have and the intervention changes at once, such as whether a manual was
        read. It is dealt anew among those who have it, whatever their arm.
    strata
        Columns of the participants' table within which the arms were randomised; None for the
        trial's strata, as far as that table has them.
    order
        Column of that table by whose order people were randomised, so that blocks are kept; blank
        to keep the sizes of the arms within strata alone.
    settled
        Takes the masked tables and gives them with what the rules between files ask for; None
        where nothing is left to settle.
    """

    moved: tuple[str, ...] = ()
    shuffled: tuple[str, ...] = ()
    strata: tuple[str, ...] | None = None
    order: str = ""
    settled: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None

    def __post_init__(self) -> None:
        for name in ("moved", "shuffled", "strata"):
            value = getattr(self, name)
            if isinstance(value, list):
                object.__setattr__(self, name, tuple(value))
            elif value is not None and not isinstance(value, tuple):
                raise DesignError(f"masked: write {name}=({value!r},), a tuple")


def with_letters(trial: Trial) -> Trial:
    """The trial with its arms called A and B in print, and nothing to be held against a paper.

    Examples
    --------
    >>> from core_trial.declaration.arms import Arm
    >>> from core_trial.declaration.outcomes import Binary
    >>> from core_trial.declaration.trial import Trial
    >>> arm = Arm("arm", control="usual care", intervention="CBT")
    >>> trial = Trial(title="A trial", participant="id", arm=arm, outcomes=(Binary("well"),))
    >>> [with_letters(trial).arm.label(group) for group in ("intervention", "control")]
    ['A', 'B']
    """
    first, second = LETTERS
    arm = replace(trial.arm, intervention_label=first, control_label=second)
    return replace(trial, arm=arm, registry=None)
