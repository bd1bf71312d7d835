"""What the second programme hands over: numbers by name, each with how it was made."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
from scipy import stats

from core_trial.errors import FitError
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
    once
        Why the number is made once only; blank where it is made here.
    """

    value: float
    means: Means
    scale: float = 0.0
    known: str = ""
    once: str = ""


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
    variance_error
        Standard error of the cluster variance, where it has one: a flat likelihood has few digits.
    once
        Why its uncertainty is made once only; blank where it is made here.
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
    variance_error: float = 0.0
    once: str = ""

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
        largest = max(1.0 if self.ratio else 0.0, *map(_known, self.variance.values()))
        return largest + _known(self.variance_error)

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
            "p_value": (
                float(2 * reference.sf(abs(statistic))),
                float(2 * reference.pdf(statistic) * max(abs(statistic), 1.0)),
            ),
        }
        return {
            name: Second(
                float(value),
                self.means,
                scale,
                self.known.get(name, ""),
                self.once if name != "estimate" else "",
            )
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


def without(analysis: str, level: str, counts: Mapping[str, float], reason: str) -> Made:
    """The numbers of an effect that is made once; only who is there is counted again."""
    names = ("estimate", "low", "high", "p_value", "std_error", "statistic", "df")
    once = {name: Second(math.nan, COUNTED, once=reason) for name in names}
    once |= {name: Second(float(n), COUNTED) for name, n in counts.items()}
    once |= {"variance[frailty]": Second(math.nan, COUNTED, once=reason)}
    return {Key(analysis, name, "", level): second for name, second in once.items()}


@contextmanager
def quiet() -> Iterator[None]:
    """Packages' warnings about their own searches are not for the reader of the log."""
    package("statsmodels.api")  # sets filters of its own when it is loaded
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def package(name: str) -> Any:
    """A package that only the second programme needs, loaded when it is.

    Raises
    ------
    FitError
        If it is not installed.
    """
    try:
        return import_module(name)
    except ImportError:
        raise FitError(
            f"the second programme needs {name}, which is not installed here (lifelines holds "
            "pandas below 3): install it, or leave the second programme out"
        ) from None
