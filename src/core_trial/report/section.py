"""A section of the document: a heading, and what stands under it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core_trial.report.figure import Figure
from core_trial.report.table import Table

Part = Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its paragraphs, and the tables and figures under it.

    Parameters
    ----------
    title
        The heading.
    parts
        Tables and figures, in order.
    paragraphs
        What stands before them.
    folded
        Long tables that a reader of the document opens when they want them.
    name
        What its anchor is called; by default the heading.
    """

    title: str
    parts: tuple[Part, ...] = ()
    paragraphs: tuple[str, ...] = ()
    folded: tuple[Table, ...] = ()
    name: str = ""

    @property
    def anchor(self) -> str:
        """What links to the section."""
        return "section-" + re.sub(r"\W+", "-", (self.name or self.title).lower()).strip("-")


def present(*parts: Part | None) -> tuple[Part, ...]:
    """The parts that there are: no figure without records, and no table without a line."""
    return tuple(p for p in parts if p is not None and not (isinstance(p, Table) and not p.rows))
