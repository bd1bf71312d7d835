"""What the reading of a frame has so far: columns made, faults, notes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.data.trial import Note
from core_trial.declaration.trial import Trial
from core_trial.errors import DesignError, nearest

#: What a column's name cannot have in a formula: there it parts terms, levels and quotes.
PARTS_NAMES = re.compile(r"[`\[\]:~|+\s]")
#: Names that the models use for something else.
RESERVED = frozenset({"Intercept", "missing"})
FRAME = "frame"


def formula_name(name: str) -> bool:
    """Whether a formula can hold a name; one that is not plain stands in backquotes there.

    Examples
    --------
    >>> formula_name("site (ward)"), formula_name("site[ward]")
    (True, False)
    """
    bare = name.replace(" ", "")
    return name == name.strip() and bool(bare) and not PARTS_NAMES.search(bare)


@dataclass(eq=False)
class Reading:
    """A frame being read.

    Parameters
    ----------
    trial, frame
        The declaration and the frame; neither is changed.

    Attributes
    ----------
    columns
        The columns as they were read, and those that nothing is declared about.
    treated
        Who is in the intervention arm, shape (n,); None before the arm is read.
    """

    trial: Trial
    frame: pd.DataFrame
    columns: dict[str, pd.Series] = field(init=False)
    treated: NDArray[np.bool_] | None = None
    faults: dict[str, None] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    done: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.frame = self.frame.reset_index(drop=True)
        self.columns = {str(name): values for name, values in self.frame.items()}

    def column(self, name: str, role: str, *, in_formula: bool = False) -> pd.Series | None:
        """A declared column; None, and a fault, where the frame lacks it."""
        if name not in self.frame.columns:
            self.fault(f"{role}: no column {name!r}{nearest(name, self.frame.columns)}")
            return None
        if in_formula and (name in RESERVED or not formula_name(name)):
            self.fault(
                f"{role}: rename column {name!r}; a name in a formula has no ` [ ] : ~ | +, no "
                "line break and no space at its ends, and is none of "
                f"{', '.join(sorted(RESERVED))}"
            )
        return self.frame[name]

    def fault(self, text: str) -> None:
        """Something that contradicts the declaration; each is told once."""
        self.faults[text] = None

    def note(self, column: str, code: str, count: int, text: str) -> None:
        """Something that was taken from the data or accepted."""
        self.notes.append(Note(FRAME, column, code, int(count), text))

    def keep(self, name: str, values: object) -> None:
        """A column as it was read."""
        self.columns[name] = pd.Series(values)
        self.done.add(name)

    def made(self) -> pd.DataFrame:
        """All columns, as a frame of its own."""
        return pd.DataFrame(self.columns)

    def refuse(self) -> None:
        """Raise the error that names every fault, where there are any."""
        if self.faults:
            n = len(self.faults)
            head = f"the frame contradicts the declaration in {n} place{'s' if n > 1 else ''}:"
            raise DesignError("\n  ".join([head, *self.faults]))
