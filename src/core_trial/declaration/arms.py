"""The arms of a trial, and the clusters in them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

#: What a cell of the arm's column may hold.
Level = str | int | bool
#: Where clusters are.
Where = Literal["intervention", "control", "both"]


class Group(StrEnum):
    """Randomised groups; the control group is the reference of every comparison."""

    INTERVENTION = "intervention"
    CONTROL = "control"


#: Order in which the arms are printed, and the order of levels in a model (reference first).
PRINTED_ARMS = (Group.INTERVENTION, Group.CONTROL)
MODEL_ARMS = (Group.CONTROL, Group.INTERVENTION)


@dataclass(frozen=True, slots=True)
class Arm:
    """The column that says who was allocated to what.

    Every effect is that of the intervention against the control, whatever the spelling or the
    order of the levels.

    Parameters
    ----------
    column
        Its name.
    control, intervention
        How each arm is spelt in it.
    control_label, intervention_label
        What the arms are called in print; by default as they are spelt, with a capital.

    Examples
    --------
    >>> arm = Arm("allocation", control="usual care", intervention="peer support")
    >>> arm.label(Group.INTERVENTION), arm.level(Group.CONTROL)
    ('Peer support', 'usual care')
    """

    column: str
    control: Level
    intervention: Level
    control_label: str = ""
    intervention_label: str = ""

    def level(self, group: str) -> Level:
        """How an arm is spelt in the column."""
        return self.intervention if group == Group.INTERVENTION else self.control

    def label(self, group: str) -> str:
        """What an arm is called in print."""
        given = self.intervention_label if group == Group.INTERVENTION else self.control_label
        text = given or str(self.level(group)).replace("_", " ")
        return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class Cluster:
    """The column that says who was treated by whom.

    Parameters
    ----------
    column
        Its name; blank where a participant is in no cluster, and so a cluster of one.
    label, plural
        What a cluster is called, such as ``"peer worker"``; the plural by default adds an s.
    arm
        Where clusters are; None to take it from the data, which the report then says.
    """

    column: str
    label: str = "cluster"
    plural: str = ""
    arm: Where | None = None

    @property
    def labels(self) -> str:
        """What several clusters are called."""
        return self.plural or f"{self.label}s"
