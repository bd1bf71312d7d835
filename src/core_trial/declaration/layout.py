"""What a trial adds to the tables and the flow diagram that follow from its outcomes.

All of it is optional: without a layout the tables hold what the outcomes and the baseline
characteristics ask for, and the flow the steps that were counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.declaration.covariates import Covariate
from core_trial.results import Key

#: A count and those whose sum it is; a blank arm stands for either arm and for the whole trial.
Total = tuple[Key, tuple[Key, ...]]


class Stage(StrEnum):
    """Where in the flow diagram a step is drawn."""

    BEFORE = "before"
    RANDOMISED = "randomised"
    AFTER = "after"
    ANALYSED = "analysed"


@dataclass(frozen=True, slots=True)
class FlowSection:
    """Steps of the flow under one heading.

    Parameters
    ----------
    title
        The heading in the table.
    steps
        Label of each step, in order.
    stage
        Where the diagram has them: down the middle before randomisation, in the box of those
        randomised, in the boxes of each arm, or not at all (``analysed``).
    leaving
        Steps at which people leave, drawn aside with their reasons.
    boxes
        Steps of each arm that share a box; empty for one box.
    """

    title: str
    steps: Mapping[str, str]
    stage: Stage
    leaving: tuple[str, ...] = ()
    boxes: tuple[tuple[str, ...], ...] = ()


class Show(StrEnum):
    """How a line of a table describes an arm."""

    COUNT = "n"
    FRACTION = "n/N (%)"
    MEAN = "mean (SD)"
    MEDIAN = "median (IQR)"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a further table: which records it shows, and how.

    Parameters
    ----------
    label
        What the line is about.
    analysis, level
        Where its numbers stand in the records.
    show
        How each arm is described.
    decimals
        Of mean and standard deviation.
    effect
        Print the effect of this analysis beside the arms.
    elsewhere
        What stands in an arm in which there is nothing to count, such as ``"not offered"``.
    alone
        A line of its own and not a member of the group above it.
    """

    label: str
    analysis: str
    level: str = ""
    show: Show = Show.FRACTION
    decimals: tuple[int, int] = (0, 0)
    effect: bool = False
    elsewhere: str = ""
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FurtherTable:
    """A table beside the two main ones, such as uptake or harms.

    Parameters
    ----------
    name
        Stem of its files.
    title
        Caption.
    section
        Heading of the report under which it stands; tables of one section stand together.
    lines
        Headings, as text, and lines. A heading without a line that has records is left out.
    total
        Whether there is a column for the whole trial.
    note
        Footnote.
    """

    name: str
    title: str
    section: str
    lines: tuple[str | Line, ...]
    total: bool = False
    note: str = ""

    @property
    def groups(self) -> Iterator[tuple[str, tuple[Line, ...]]]:
        """Each heading with its lines; lines before the first heading have a blank one."""
        heading, members = "", list[Line]()
        for item in (*self.lines, ""):
            if isinstance(item, Line):
                members.append(item)
                continue
            if members:
                yield heading, tuple(members)
            heading, members = item, []


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What a trial adds to the layout that follows from its declaration.

    Parameters
    ----------
    flow
        Steps of the flow; empty for those that were counted, in the order of counting.
    tables
        Further tables, in order.
    characteristics
        Labels of columns that models adjust for and that Table 1 does not have.
    total
        Whether Table 1 has a column for the whole trial.
    analysed
        Whether Table 2 tells how many of each arm were analysed.
    absolute
        Whether Table 2 has a line for each absolute effect.
    before
        What an outcome's value before randomisation is called in footnotes; blank for "baseline
        score" or "baseline value", by the kind of outcome.
    notes
        What a reader must know of a table, as a further footnote, by the table's name.
    sums
        Sums that everybody knows to hold between counts, beyond those of categories and arms; from
        them a hidden count could be worked out.
    related
        Names of analyses that count the same events, so that one tells of the other.
    """

    flow: tuple[FlowSection, ...] = ()
    tables: tuple[FurtherTable, ...] = ()
    characteristics: tuple[Covariate, ...] = ()
    total: bool = False
    analysed: bool = True
    absolute: bool = True
    before: str = ""
    notes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    sums: tuple[Total, ...] = ()
    related: tuple[frozenset[str], ...] = ()

    @property
    def analyses(self) -> frozenset[str]:
        """Names of the analyses that the further tables show."""
        lines = (item for table in self.tables for item in table.lines)
        return frozenset(line.analysis for line in lines if isinstance(line, Line))

    @property
    def totals(self) -> Iterator[Total]:
        """The sums, spelt out for each arm and for the whole trial where they hold in all."""
        for whole, parts in self.sums:
            if any(key.arm for key in (whole, *parts)):
                yield whole, parts
                continue
            for arm in ("", *map(str, PRINTED_ARMS)):
                yield _in_arm(whole, arm), tuple(_in_arm(key, arm) for key in parts)


def _in_arm(key: Key, arm: str) -> Key:
    return Key(key.analysis, key.statistic, arm, key.level)
