"""Questionnaires: their items, their range, and how the total is made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Instrument:
    """A questionnaire: its items, their range, and how the total is made.

    Parameters
    ----------
    name
        Prefix of its columns, ``hope`` for ``hope_1`` to ``hope_8``.
    outcome
        What it measures, as the trial calls it; stem of the analysis names.
    label
        What it measures, as Table 2 prints it.
    title
        The questionnaire's own name.
    items
        Number of items.
    low, high
        Range of one item.
    reversed_items
        Items worded the other way; they enter the total as ``low + high - item``.
    higher_is_better
        Direction of the total.
    source
        Where the scoring is published.
    """

    name: str
    outcome: str
    label: str
    title: str
    items: int
    low: int
    high: int
    reversed_items: tuple[int, ...] = ()
    higher_is_better: bool = True
    source: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the item columns, in order."""
        return tuple(f"{self.name}_{i}" for i in range(1, self.items + 1))

    @property
    def range(self) -> tuple[int, int]:
        """Lowest and highest possible total."""
        return self.items * self.low, self.items * self.high
