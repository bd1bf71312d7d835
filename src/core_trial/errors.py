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

#: How many faults are printed before the rest is only counted.
PRINTED_FAULTS = 50


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

    def __str__(self) -> str:
        place = self.file + (f":{self.line}" if self.line else "")
        parts = [f"{place} {self.column}".rstrip(), f"[{self.code}]"]
        parts += [f"found {self.found!r};"] if self.found else []
        parts += [f"allowed: {self.allowed}"] if self.allowed else []
        parts += [f"({self.hint})"] if self.hint else []
        return " ".join(parts)


class DataError(CoreTrialError):
    """The input files break the agreed format or contradict one another.

    Parameters
    ----------
    faults
        Every fault that was found, at once.
    """

    exit_code = 3

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(sorted(faults))
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
    """The faults as text: the largest groups of one kind first, at most `PRINTED_FAULTS` lines."""
    size = Counter((fault.file, fault.column, fault.code) for fault in faults)
    grouped = sorted(faults, key=lambda f: (-size[f.file, f.column, f.code], f))
    lines = [f"{len(faults)} fault{'s' if len(faults) != 1 else ''} in the input"]
    lines += [f"  {fault}" for fault in grouped[:PRINTED_FAULTS]]
    rest = len(faults) - PRINTED_FAULTS
    lines += [f"  and {rest} more"] if rest > 0 else []
    return "\n".join(lines)
