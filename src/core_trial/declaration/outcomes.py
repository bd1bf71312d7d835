"""Outcomes: what a column measures, and how the arms are described and compared.

Each kind has a recommended model, which is fitted unless the declaration names another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core_trial.declaration.covariates import Level, in_words
from core_trial.declaration.models import Using

Better = Literal["higher", "lower", ""]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What all kinds of outcome share.

    Parameters
    ----------
    column
        Column of the analysis set that holds it.
    label
        What it is called in print; by default the column's name in words.
    adjust
        Covariates beside the arm; None for the trial's strata.
    primary
        Whether it is the trial's primary outcome; one is at most.
    model
        The model that is fitted, if not the recommended one.
    planned, deviation
        The model that was planned where another is fitted, and why: the words after
        "fitted because".
    name
        Its name in records, tables and a registry; by default the column's.
    heading
        Heading under which Table 2 prints it; by default "Primary outcome", "Secondary outcomes",
        or "Post hoc analyses".
    post_hoc
        Decided on after the data were seen.
    in_table2
        Whether Table 2 prints it.
    better
        Which direction is better for the participant; blank where neither is.
    asked
        Column, true or 1 for those in whom the outcome was to be collected at all; what is missing
        elsewhere is missing by design. Blank for everybody.
    place
        Where a paper reports it.
    """

    column: str
    label: str = ""
    adjust: tuple[str, ...] | None = None
    primary: bool = False
    model: Using | str | None = None
    planned: Using | str | None = None
    deviation: str = ""
    name: str = ""
    heading: str = ""
    post_hoc: bool = False
    in_table2: bool = True
    better: Better = ""
    asked: str = ""
    place: str = ""

    @property
    def key(self) -> str:
        """Its name in records, tables and a registry."""
        return self.name or self.column

    @property
    def title(self) -> str:
        """What it is called in print."""
        return self.label or in_words(self.column)


@dataclass(frozen=True, slots=True)
class Binary(Outcome):
    """An outcome that happened or did not; n/N (%) by arm.

    Recommended: logistic regression with a random intercept in the arm that has clusters, and
    beside its odds ratio the risk difference and the risk ratio.

    Parameters
    ----------
    success
        How "happened" is spelt where the column holds neither numbers nor booleans.
    """

    success: Level | None = None


@dataclass(frozen=True, slots=True)
class Score(Outcome):
    """An outcome on a scale; mean (SD) by arm.

    Recommended: restricted maximum likelihood with a random intercept in the arm that has
    clusters, a residual variance for each arm, and Kenward and Roger's degrees of freedom.

    Parameters
    ----------
    baseline
        Column with the value before randomisation, for which the model adjusts.
    unit
        Unit, such as ``"points"``.
    decimals
        Of the mean and of the standard deviation.
    """

    baseline: str = ""
    unit: str = ""
    decimals: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Time(Outcome):
    """Time to an event; median (IQR) among those with the event, and curves by arm.

    Recommended: Cox regression with standard errors by cluster that hold with few clusters, and
    the difference in restricted mean time beside it.

    Parameters
    ----------
    event
        Column, 1 or true where the time ends in the event and 0 where it is censored.
    entry
        Column with the time from which a participant is at risk; blank for zero.
    limit
        Length of follow-up; None for the longest time seen.
    ticks
        Times under which numbers at risk are printed; empty for quarters of `limit`.
    unit
        Unit, such as ``"days"``.
    origin
        What time runs from, in words.
    """

    event: str = ""
    entry: str = ""
    limit: float | None = None
    ticks: tuple[float, ...] = ()
    unit: str = "days"
    origin: str = "randomisation"


@dataclass(frozen=True, slots=True)
class Count(Outcome):
    """A number of things or days; median (IQR) by arm, or the mean.

    Recommended: negative binomial regression with standard errors by cluster, whose coefficient is
    the ratio of the arms' means.

    Parameters
    ----------
    baseline
        Column with the value before randomisation, for which the model adjusts.
    exposure
        Column with the time over which things were counted; blank where it is the same for all.
    mean
        Describe the arms by mean (SD) instead of median (IQR).
    unit
        Unit, such as ``"days"``.
    decimals
        Of the mean and of the standard deviation.
    """

    baseline: str = ""
    exposure: str = ""
    mean: bool = False
    unit: str = ""
    decimals: tuple[int, int] = (0, 0)


AnyOutcome = Binary | Score | Time | Count
