"""One exception tree, ordered by stage; each stage has an exit code of its own.

``DataError`` (3): the files are not what was agreed. ``DesignError`` (4): the data cannot carry the
model that was asked for. ``FitError`` (5): a computation could not be done. ``VerificationError``
(6): the results are not what was published. ``OutputError`` (7): the output could not be written.
Exit code 2 is argparse's: the command was not understood. 1 is left to faults of the program
itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from operator import attrgetter

#: How many faults are printed before the rest is only counted.
PRINTED_FAULTS = 50
#: Characters of what is allowed that are printed.
PRINTED_ALLOWED = 120
#: So many faults of one cause are listed one by one; more are one line with a count.
FEWEST_FAULTS_OF_ONE_CAUSE = 3
#: Distinct texts by which columns are seen to have one cause, and that a line shows.
MOST_TEXTS_OF_ONE_CAUSE = 4
#: Rules that codes in the place of words break.
CODES_FOR_WORDS = frozenset({"unknown_category", "not_yes_or_no"})


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


class WitnessError(CoreTrialError):
    """A number that was made twice differs, and nobody knows why."""

    exit_code = 8


@dataclass(frozen=True, slots=True)
class Cause:
    """Faults that one thing explains: the same rule broken by the same texts, or in one column.

    Parameters
    ----------
    faults
        At least one, in the order of the file.
    """

    faults: tuple[Fault, ...]

    @property
    def lines(self) -> list[tuple[str, str, str, str, str]]:
        """Place, column, rule, what was found, what is allowed; one by one while they are few."""
        if len(self.faults) <= FEWEST_FAULTS_OF_ONE_CAUSE:
            return [_cells(fault) for fault in self.faults]
        first = self.faults[0]
        columns = list(dict.fromkeys(fault.column for fault in self.faults))
        named = ", ".join(columns[:3]) + (f" and {len(columns) - 3} more" if columns[3:] else "")
        return [
            (
                first.place,
                named,
                f"[{first.code}]",
                f"{len(self.faults):,} cells{_examples(self.faults)}",
                _advice(self.faults),
            )
        ]


def causes(faults: Iterable[Fault]) -> tuple[Cause, ...]:
    """Faults put together by what causes them, the largest group first.

    In one file, columns whose cells break one rule with the same few texts, such as the codes 1
    and 2, have one cause; otherwise a rule and a column have.
    """
    by_column: dict[tuple[str, str, str], list[Fault]] = {}
    for fault in faults:
        by_column.setdefault((fault.file, fault.column, fault.code), []).append(fault)
    groups: dict[tuple[object, ...], list[Fault]] = {}
    for (file, column, code), found in by_column.items():
        texts = frozenset(fault.found for fault in found)
        alike = len(texts) <= MOST_TEXTS_OF_ONE_CAUSE and all(texts) and len(found) > 1
        key = (file, code, texts) if alike else (file, code, column)
        groups.setdefault(key, []).extend(found)
    ordered = sorted(groups.values(), key=lambda group: (-len(group), _ORDER(group[0])))
    return tuple(Cause(tuple(sorted(group, key=_ORDER))) for group in ordered)


def _cells(fault: Fault) -> tuple[str, str, str, str, str]:
    return (
        fault.place,
        fault.column,
        f"[{fault.code}]",
        fault.found and repr(fault.found),
        fault.advice,
    )


def _examples(faults: Iterable[Fault]) -> str:
    texts = [text for text in dict.fromkeys(fault.found for fault in faults) if text]
    shown = ", ".join(map(repr, texts[:MOST_TEXTS_OF_ONE_CAUSE]))
    return f": {shown}{' …' if len(texts) > MOST_TEXTS_OF_ONE_CAUSE else ''}" if shown else ""


def _advice(faults: tuple[Fault, ...]) -> str:
    """What is allowed; for codes in the place of words, how to declare them."""
    texts = {fault.found for fault in faults}
    coded = faults[0].code in CODES_FOR_WORDS and all(text.isdigit() for text in texts)
    way_out = " (are these codes? say what they mean: ColumnMap(values=...))" if coded else ""
    return faults[0].advice + way_out


def _report(faults: tuple[Fault, ...]) -> str:
    """The causes as a table, the largest first; `PRINTED_FAULTS` lines at most."""
    rows = [line for cause in causes(faults) for line in cause.lines]
    shown = rows[:PRINTED_FAULTS]
    widths = [max(map(len, column)) for column in zip(*(row[:4] for row in shown), strict=True)]
    lines = [f"{len(faults):,} fault{'s' if len(faults) != 1 else ''} in the input"]
    for row in shown:
        text = "  ".join(
            cell.ljust(width) for cell, width in zip(row[:4], widths, strict=True) if width
        )
        lines.append(f"  {text}  {row[4]}".rstrip())
    rest = len(rows) - len(shown)
    lines += [f"  and {rest} more"] if rest > 0 else []
    return "\n".join(lines)
