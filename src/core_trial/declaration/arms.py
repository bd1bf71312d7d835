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
    >>> arm = Arm("allocation", control="usual care", intervention="group therapy")
    >>> arm.label(Group.INTERVENTION), arm.level(Group.CONTROL)
    ('Group therapy', 'usual care')
    """

    column: str
    control: Level
    intervention: Level
    control_label: str = ""
    intervention_label: str = ""

    def level(self, group: str) -> str:
        """How the analysis set spells an arm."""
        return self.levels[group == Group.INTERVENTION]

    @property
    def levels(self) -> tuple[str, str]:
        """The arms as the analysis set spells them, the control first: the reference of models."""
        return str(self.control).strip(), str(self.intervention).strip()

    @property
    def term(self) -> str:
        """Name of the effect among the coefficients of a model."""
        return f"{self.column}[{self.levels[1]}]"

    def label(self, group: str) -> str:
        """What an arm is called in print."""
        given = self.intervention_label if group == Group.INTERVENTION else self.control_label
        text = given or self.level(group).replace("_", " ")
        return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class Cluster:
    """The column that says who was treated by whom.

    Parameters
    ----------
    column
        Its name; blank where a participant is in no cluster, and so a cluster of one.
    label, plural
        What a cluster is called, such as ``"therapist"``; the plural by default adds an s.
    arm
        Where clusters are; None to take it from the data, which the report then says.
    filled
        Column of the analysis set with the cluster of everybody, whoever is in none being a cluster
        of one; by default the column's name with ``_or_own``.
    """

    column: str
    label: str = "cluster"
    plural: str = ""
    arm: Where | None = None
    filled: str = ""

    @property
    def membership(self) -> str:
        """Column of the analysis set with the cluster of everybody."""
        return self.filled or f"{self.column}_or_own"

    @property
    def labels(self) -> str:
        """What several clusters are called."""
        return self.plural or f"{self.label}s"
