"""Every cell of the study, in the order of the table."""

from __future__ import annotations

from studies.validity import binary, few_workers, missing, scores, visits
from studies.validity.cell import Cell


def cells() -> tuple[Cell, ...]:
    """All cells."""
    return tuple(c for part in (scores, binary, few_workers, missing, visits) for c in part.cells())
