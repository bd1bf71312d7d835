"""The arms of a trial."""

from __future__ import annotations

from enum import StrEnum


class Group(StrEnum):
    """Randomised groups; the control group is the reference of every comparison."""

    INTERVENTION = "intervention"
    CONTROL = "control"


#: Order in which the arms are printed, and the order of levels in a model (reference first).
PRINTED_ARMS = (Group.INTERVENTION, Group.CONTROL)
MODEL_ARMS = (Group.CONTROL, Group.INTERVENTION)
