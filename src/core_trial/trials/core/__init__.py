"""CORE declared: the value `CORE`, and everything that is this trial's alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core_trial.trials.core.trial import CORE

__all__ = ["CORE"]


def __getattr__(name: str) -> object:
    """Make the declaration when it is first used: its parts import one another's words."""
    if name != "CORE":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from core_trial.trials.core.trial import CORE

    globals()[name] = CORE
    return CORE
