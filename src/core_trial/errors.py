"""One exception tree, ordered by stage; each stage has an exit code of its own.

``DataError`` (3): the files are not what was agreed. ``DesignError`` (4): the data cannot carry the
model that was asked for. ``FitError`` (5): a computation could not be done. ``VerificationError``
(6): the results are not what was published. ``OutputError`` (7): the output could not be written.
Exit code 2 is argparse's: the command was not understood. 1 is left to faults of the program
itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from heapq import nsmallest
from operator import attrgetter

#: How many faults are printed before the rest is only counted.
PRINTED_FAULTS = 50
#: Characters of what is allowed that are printed.
PRINTED_ALLOWED = 120


#: How many names a message lists where none is near.
LISTED_NAMES = 12


def nearest(name: str, known: Iterable[object]) -> str:
    """What follows a wrong name in a message: the nearest right one, or what there is.

    Examples
    --------
    >>> nearest("alocation", ["allocation", "age"])
    "; did you mean 'allocation'?"
    >>> nearest("arm", ["site", "age"])
    '; there is site, age'
    """
    names = [str(item) for item in known]
    lowered = {each.lower(): each for each in reversed(names)}
    close = get_close_matches(name.strip().lower(), list(lowered), n=1, cutoff=0.6)
    if close:
        return f"; did you mean {lowered[close[0]]!r}?"
    if not names:
        return ""
    more = f" and {len(names) - LISTED_NAMES} more" if len(names) > LISTED_NAMES else ""
    return f"; there is {', '.join(names[:LISTED_NAMES])}{more}"


class CoreTrialError(Exception):
    """Base of every error this library raises on purpose."""

    exit_code = 1


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong with the input, and where.

    Parameters
    ----------
    file
        Name of the file, without its folder.
    line
        Line in the file, counted from 1 (the header); 0 when the whole file is meant.
    column
        Name of the column; blank when the row or the file is meant.
    code
        Short name of the rule that was broken, such as ``"unknown_category"``.
    found
        The offending cell, and never another value of the same participant.
    allowed
        What would have been accepted.
    hint
        What to do about it, where that is not plain from `allowed`.
    """

    file: str
    line: int
    column: str
    code: str
    found: str = ""
    allowed: str = ""
    hint: str = ""

    @property
    def place(self) -> str:
        """File and line."""
        return self.file + (f":{self.line}" if self.line else "")

    @property
    def advice(self) -> str:
        """What is allowed, and the hint; a long list of what is allowed is cut."""
        allowed = self.allowed
        if len(allowed) > PRINTED_ALLOWED:
            allowed = allowed[: PRINTED_ALLOWED - 1] + "…"
        parts = [f"allowed: {allowed}"] if allowed else []
        parts += [f"({self.hint})"] if self.hint else []
        return " ".join(parts)

    def __str__(self) -> str:
        parts = [f"{self.place} {self.column}".rstrip(), f"[{self.code}]"]
        parts += [f"found {self.found!r};"] if self.found else []
        parts += [self.advice] if self.advice else []
        return " ".join(parts)


_ORDER = attrgetter("file", "line", "column", "code", "found", "allowed", "hint")
_KIND = attrgetter("file", "column", "code")


class DataError(CoreTrialError):
    """The input files break the agreed format or contradict one another.

    Parameters
    ----------
    faults
        Every fault that was found, at once.
    """

    exit_code = 3

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(sorted(faults, key=_ORDER))
        super().__init__(_report(self.faults))


class DesignError(CoreTrialError):
    """The data cannot carry the model; the message says what to change."""

    exit_code = 4


class FitError(CoreTrialError):
    """A computation could not be carried out at all."""

    exit_code = 5


class VerificationError(CoreTrialError):
    """The results differ from what was published, or the registry contradicts itself."""

    exit_code = 6


class OutputError(CoreTrialError):
    """The output could not be written; what stood there before still stands."""

    exit_code = 7


def _report(faults: tuple[Fault, ...]) -> str:
    """The faults as a table: the largest groups of one kind first, `PRINTED_FAULTS` at most."""
    size = Counter(map(_KIND, faults))
    shown = nsmallest(PRINTED_FAULTS, faults, key=lambda f: (-size[_KIND(f)], *_ORDER(f)))
    cells = [(f.place, f.column, f"[{f.code}]", f.found and repr(f.found)) for f in shown]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [f"{len(faults)} fault{'s' if len(faults) != 1 else ''} in the input"]
    for fault, row in zip(shown, cells, strict=True):
        text = "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width
        )
        lines.append(f"  {text}  {fault.advice}".rstrip())
    rest = len(faults) - PRINTED_FAULTS
    lines += [f"  and {rest} more"] if rest > 0 else []
    return "\n".join(lines)
