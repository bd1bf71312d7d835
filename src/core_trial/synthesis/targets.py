"""What the trial has to print: the texts of the registry, asked for by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from zlib import crc32

import numpy as np

from core_trial.declaration.trial import Trial
from core_trial.published import registry, window
from core_trial.results import Key
from core_trial.synthesis.regions import Bounds, Line, Region


@dataclass(frozen=True)
class Targets:
    """Printed texts by the name of the number.

    Parameters
    ----------
    printed
        Text of every number as printed.
    seed
        Of the points that are aimed at, one in the region of each printed row; None for their
        middles.

    Examples
    --------
    >>> targets = Targets({Key("readmission", "n", "control"): "83"})
    >>> targets.count("readmission", "n", "control")
    83
    """

    printed: Mapping[Key, str]
    seed: int | None = None

    @classmethod
    def of(cls, trial: Trial, instead: Mapping[Key, str] = MappingProxyType({})) -> Targets:
        """What a trial's paper prints, from its registry.

        Parameters
        ----------
        trial
            The declaration, with its registry.
        instead
            What stands in for printed numbers that no data can have.
        """
        kinds = (registry.Source.DATA, registry.Source.CLAIM)
        entries = (entry for entry in registry.of(trial) if entry.source in kinds)
        printed = {entry.key: entry.printed for entry in entries if not entry.reason}
        return cls(MappingProxyType(printed | dict(instead)))

    def text(self, analysis: str, statistic: str, arm: str = "", level: str = "") -> str:
        """One number as printed.

        Raises
        ------
        KeyError
            When nothing of that name is printed.
        """
        return self.printed[Key(analysis, statistic, arm, level)]

    def bounds(self, analysis: str, statistic: str, arm: str = "", level: str = "") -> Bounds:
        """The values that print as one number."""
        return Bounds.of(self.text(analysis, statistic, arm, level))

    def count(self, analysis: str, statistic: str = "n", arm: str = "", level: str = "") -> int:
        """A number of people or events, or a number of days."""
        value = window.printed_value(self.text(analysis, statistic, arm, level))
        if value is None or value != int(value):
            raise ValueError(f"{analysis} {statistic} {arm} {level} is not printed as a count")
        return int(value)

    def find_count(
        self, analysis: str, statistic: str = "n", arm: str = "", level: str = ""
    ) -> int | None:
        """As `count`, or None when it is not printed."""
        known = Key(analysis, statistic, arm, level) in self.printed
        return self.count(analysis, statistic, arm, level) if known else None

    def date(self, analysis: str, statistic: str, level: str) -> np.datetime64:
        """A printed date."""
        ordinal = int(window.read(self.text(analysis, statistic, "", level)).low)
        return np.datetime64(date.fromordinal(ordinal))

    def quartiles(self, analysis: str, arm: str, level: str = "") -> tuple[int, int, int]:
        """First quartile, median and third quartile of one arm, in whole units."""
        q1, median, q3 = (self.count(analysis, s, arm, level) for s in ("q1", "median", "q3"))
        return q1, median, q3

    def moments(self, analysis: str, arm: str, level: str = "") -> tuple[Bounds, Bounds]:
        """Bounds of mean and standard deviation of one arm."""
        return (
            self.bounds(analysis, "mean", arm, level),
            self.bounds(analysis, "sd", arm, level),
        )

    def line(self, analysis: str, *, ratio: bool, level: str = "") -> Line:
        """The printed row of an estimate; the p-value is blank where none is printed."""
        return Line(
            estimate=self.text(analysis, "estimate", level=level),
            low=self.text(analysis, "low", level=level),
            high=self.text(analysis, "high", level=level),
            p_value=self.printed.get(Key(analysis, "p_value", "", level), ""),
            ratio=ratio,
        )

    def region(self, analysis: str, *, ratio: bool, level: str = "") -> Region:
        """The estimates and standard errors that print as that row, and the point aimed at."""
        region = Region.of(self.line(analysis, ratio=ratio, level=level))
        if self.seed is None:
            return region
        row = crc32(f"{analysis} {level}".encode())
        return region.aimed(np.random.default_rng([self.seed, row]))

    def category_counts(self, analysis: str, levels: Sequence[str], arm: str) -> dict[str, int]:
        """How many of an arm are in each category."""
        return {level: self.count(analysis, "n", arm, level) for level in levels}
