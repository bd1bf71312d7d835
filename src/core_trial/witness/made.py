"""What the second programme hands over: numbers by name, each with how it was made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from scipy import stats

from core_trial.results import Key


@dataclass(frozen=True, slots=True)
class Means:
    """How a number was made again.

    Parameters
    ----------
    label
        In words, with the package.
    tolerance
        Relative distance within which the two are one number.
    reason
        Why it is no less.
    """

    label: str
    tolerance: float
    reason: str


#: Counting and adding: nothing but the rounding of sums.
COUNTED = Means("pandas", 1e-10, "rounding of sums")


@dataclass(frozen=True, slots=True)
class Second:
    """One number made again.

    Parameters
    ----------
    value
        The number.
    means
        How it was made.
    scale
        What a distance is measured in, where not in the number itself: a standard error, so that
        an effect near nothing is not held to digits that it does not have.
    known
        Name of a known difference in `reasons.KNOWN`, where the means have one.
    """

    value: float
    means: Means
    scale: float = 0.0
    known: str = ""


Made = dict[Key, Second]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A coefficient made again, with all that a record tells of it.

    Parameters
    ----------
    value, error
        On the scale of the linear predictor.
    df
        Degrees of freedom; ``inf`` for the normal distribution.
    ratio
        Whether effect and limits are exponentials.
    confidence
        Coverage of the limits.
    counts
        ``n``, ``n_clusters`` and ``n_events``, as far as there are such.
    variance
        Variance components by name.
    means
        How it was made.
    known
        Name of a known difference, by the statistic that it concerns.
    """

    value: float
    error: float
    df: float = math.inf
    ratio: bool
    confidence: float
    counts: Mapping[str, float]
    variance: Mapping[str, float] = field(default_factory=dict)
    means: Means
    known: Mapping[str, str] = field(default_factory=dict)

    def numbers(self, analysis: str, level: str = "") -> Made:
        """Every number of the effect by its name."""
        found = {
            **self._wald(),
            **{name: Second(float(n), COUNTED) for name, n in self.counts.items()},
            **{
                f"variance[{name}]": Second(v, self.means, scale=self._variance_scale())
                for name, v in self.variance.items()
            },
        }
        return {Key(analysis, name, "", level): second for name, second in found.items()}

    def _variance_scale(self) -> float:
        """That of the largest component, or of a logistic residual: one."""
        return max(1.0 if self.ratio else 0.0, *map(_known, self.variance.values()))

    def _wald(self) -> dict[str, Second]:
        reference = stats.norm if math.isinf(self.df) else stats.t(self.df)
        half = reference.isf((1 - self.confidence) / 2) * self.error
        back = _exp if self.ratio else float
        size = abs(self.value) + self.error
        wide = max(1.0, half)  # a limit's relative error is that of the error times its distance
        statistic = self.value / self.error if self.error > 0 else math.nan
        values = {
            "estimate": (back(self.value), size if not self.ratio else 0.0),
            "low": (
                back(self.value - half),
                size if not self.ratio else wide * back(self.value - half),
            ),
            "high": (
                back(self.value + half),
                size if not self.ratio else wide * back(self.value + half),
            ),
            "std_error": (self.error, 0.0),
            "statistic": (statistic, 1.0),
            "df": (self.df, 0.0),
            "p_value": (float(2 * reference.sf(abs(statistic))), 0.0),
        }
        return {
            name: Second(float(value), self.means, scale, self.known.get(name, ""))
            for name, (value, scale) in values.items()
        }


def _known(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def nothing(analysis: str, level: str, counts: Mapping[str, float], means: Means) -> Made:
    """An effect that cannot be estimated: no number, but those of who is there."""
    effect = Effect(
        value=math.nan, error=math.nan, df=math.nan, ratio=False, confidence=0.95,
        counts=counts, means=means,
    )  # fmt: skip
    return effect.numbers(analysis, level)
