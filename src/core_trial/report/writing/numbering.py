"""Captions: which of a manuscript's tables and figures has which number.

The main tables and figures are numbered as Table 1, Figure 1 and so on, those of the supplement as
Table S1, Figure S1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: A title that says its own number, such as ``Table 1: Baseline characteristics``.
_NUMBERED = re.compile(r"(Table|Figure) (S?)(\d+): (.*)")


@dataclass(frozen=True, slots=True)
class Caption:
    """The parts of a caption.

    Parameters
    ----------
    kind
        ``"Table"`` or ``"Figure"``; blank for a caption without a number.
    series
        ``"S"`` in the supplement, else blank.
    number
        The number in its series; 0 for none.
    title
        What it is about.
    """

    kind: str
    series: str
    number: int
    title: str

    @property
    def label(self) -> str:
        """``Table 1``, ``Figure S2``; blank without a number."""
        return f"{self.kind} {self.series}{self.number}" if self.number else ""

    @property
    def text(self) -> str:
        """The whole caption."""
        return f"{self.label}: {self.title}" if self.number else self.title


def caption_of(title: str) -> Caption:
    """A title taken apart.

    Examples
    --------
    >>> caption_of("Table 1: Baseline").title, caption_of("Clusters").label
    ('Baseline', '')
    """
    if (found := _NUMBERED.fullmatch(title)) is None:
        return Caption("", "", 0, title)
    kind, series, number, rest = found.groups()
    return Caption(kind, series, int(number), rest)
