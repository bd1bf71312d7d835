"""Records of a series: frequencies of a count, quantiles of a normal plot, sizes of a trial.

Their numbers can be asked for by a `Key` too, in whose level the position is spelt out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from core_trial.results.keys import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequency:
    """How many participants have a count, observed or as a model expects.

    Parameters
    ----------
    analysis
        ``count_fit.`` and the outcome.
    statistic
        ``"observed"``, or ``"expected_"`` and a model.
    count
        The count.
    value
        Participants who have it.
    arm
        The arm they are in; blank for both together.
    """

    kind: ClassVar[str] = "frequency"
    analysis: str
    statistic: str
    count: int
    value: float
    arm: str = ""

    @property
    def key(self) -> Key:
        """Its number's name; the level is ``days`` and the count."""
        return Key(self.analysis, self.statistic, self.arm, f"days {self.count}")

    def numbers(self) -> Iterator[tuple[Key, float]]:
        """Its number, with the number's name."""
        yield self.key, self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantilePair:
    """One point of a normal plot.

    Parameters
    ----------
    analysis
        ``normality.`` and the outcome.
    level
        ``"residual"`` or ``"random_effect"``.
    number
        Its place in the plot, from 1.
    normal, observed
        Quantile of the standard normal distribution, and of the standardised values.
    """

    kind: ClassVar[str] = "quantile_pair"
    analysis: str
    level: str
    number: int
    normal: float
    observed: float

    def numbers(self) -> Iterator[tuple[Key, float]]:
        """Both quantiles; the level of their names ends in the place."""
        level = f"{self.level} {self.number}"
        yield Key(self.analysis, "normal", "", level), self.normal
        yield Key(self.analysis, "observed", "", level), self.observed


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeNeeded:
    """Participants that a design asks for, one of its inputs being varied.

    Parameters
    ----------
    cluster_size
        Participants per cluster; ``nan`` where none gives the number wanted.
    lost_percent
        Percentage of those recruited who are not analysed.
    continuity
        Whether the test is corrected for continuity.
    recruited
        Participants to be recruited in both arms.
    solved_for
        Which of `recruited` and `cluster_size` follows from the other.
    """

    kind: ClassVar[str] = "size_needed"
    analysis: str = "sample_size"
    cluster_size: float
    lost_percent: int
    continuity: bool
    recruited: float
    solved_for: Literal["recruited", "cluster_size"] = "recruited"

    @property
    def design(self) -> str:
        """Loss and test, as the names of numbers spell them: ``lost_10_continuity``."""
        return f"lost_{self.lost_percent}" + "_continuity" * self.continuity

    def numbers(self) -> Iterator[tuple[Key, float]]:
        """The number solved for; its level names the other inputs."""
        if self.solved_for == "cluster_size":
            yield Key(self.analysis, "cluster_size", "", self.design), self.cluster_size
        else:
            level = f"size_{self.cluster_size:g}_{self.design}"
            yield Key(self.analysis, "n", "", level), self.recruited
