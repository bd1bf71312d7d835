"""Records: each is frozen and says one thing about the trial.

Every number in a record has a `Key`, the name by which the registry of published numbers and the
tables ask for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from core_trial.results.keys import Key
from core_trial.results.planning import PlanChange, Rehearsed
from core_trial.results.series import Frequency, QuantilePair, SizeNeeded

__all__ = [
    "KINDS",
    "Agreement",
    "Certainty",
    "Comparison",
    "CurvePoint",
    "Descriptive",
    "Estimate",
    "Finding",
    "FlowCount",
    "Frequency",
    "Key",
    "Kind",
    "LeaveOneOut",
    "ModelChoice",
    "PlanChange",
    "QuantilePair",
    "Record",
    "Rehearsed",
    "SizeNeeded",
    "Status",
    "Withheld",
    "Witnessed",
]

#: What can come of comparing a printed number with the one computed for it.
Status = Literal["matched", "given", "differing", "not_computed", "not_reproducible"]
#: What can come of making a number twice.
Agreement = Literal["equal", "explained", "unexplained", "once"]
#: How sure a finding of the paper's arithmetic is.
Certainty = Literal["impossible", "contradicted", "unlikely", "unsaid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptive:
    """One descriptive number of one arm."""

    kind: ClassVar[str] = "descriptive"
    analysis: str
    statistic: str
    value: float
    arm: str = ""
    level: str = ""

    def numbers(self) -> Iterator[tuple[Key, float]]:
        """Its number, with the number's name."""
        yield Key(self.analysis, self.statistic, self.arm, self.level), self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One fitted comparison: the effect, its uncertainty, and how it was come by.

    Parameters
    ----------
    analysis, level
        Which question; `level` tells covariates of one analysis apart.
    measure
        A `measures.Measure`: the scale of `estimate`, `low` and `high`.
    estimate, low, high
        Effect and confidence limits; ``nan`` when not estimable.
    std_error
        Standard error on the scale of the linear predictor (log for ratios).
    statistic, df, p_value
        Wald statistic, its degrees of freedom (``inf`` for a normal), two-sided p-value.
    n, n_clusters, n_events
        Participants and clusters in the fit; events where the outcome is an event. None where a
        number would give away a small one.
    model, formula, method
        The function of ``models``, the formula, and the estimation in words.
    converged, warnings
        False with a reason when the numbers cannot be believed.
    variance
        Variance components by name, such as ``{"cluster": 0.1, "residual": 20.3}``.
    n_by_arm
        Participants in the fit by arm; empty where the record does not say.
    """

    kind: ClassVar[str] = "estimate"
    analysis: str
    measure: str
    estimate: float
    low: float
    high: float
    std_error: float
    statistic: float
    df: float
    p_value: float
    n: int | None
    n_clusters: int | None
    n_events: int | None = None
    model: str
    formula: str
    method: str
    converged: bool = True
    warnings: tuple[str, ...] = ()
    variance: Mapping[str, float] = field(default_factory=dict)
    confidence: float = 0.95
    level: str = ""
    n_by_arm: Mapping[str, int] = field(default_factory=dict)

    PRINTED: ClassVar[tuple[str, ...]] = ("estimate", "low", "high", "p_value", "n")

    def numbers(self) -> Iterator[tuple[Key, float]]:
        """The numbers that get printed, with their names."""
        for statistic in self.PRINTED:
            value = getattr(self, statistic)
            number = math.nan if value is None else float(value)
            yield Key(self.analysis, statistic, "", self.level), number


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowCount:
    """How many participants reached, or left at, one step of the trial.

    Parameters
    ----------
    step, reason
        The step, and the reason for leaving where `n` counts those who left.
    n
        Participants (or, in screening, people).
    of
        Denominator of the printed percentage; 0 where none is printed.
    """

    kind: ClassVar[str] = "flow"
    step: str
    n: int
    of: int = 0
    arm: str = ""
    reason: str = ""

    def numbers(self) -> Iterator[tuple[Key, float]]:
        """The count and, given `of`, N and percent; the level is ``step`` or ``step: reason``."""
        level = f"{self.step}: {self.reason}" if self.reason else self.step
        yield Key("flow", "n", self.arm, level), float(self.n)
        if self.of:
            yield Key("flow", "N", self.arm, level), float(self.of)
            yield Key("flow", "percent", self.arm, level), 100 * self.n / self.of


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """One step of a Kaplan-Meier curve (time in the unit of the outcome)."""

    kind: ClassVar[str] = "curve"
    analysis: str
    arm: str
    time: float
    survival: float
    low: float
    high: float
    at_risk: int
    events: int
    censored: int

    def numbers(self) -> Iterator[tuple[Key, float]]:
        """A curve is drawn, not looked up."""
        return iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One printed number beside the one computed for it: a line of the verdict.

    Parameters
    ----------
    id, place
        Name of the entry in the registry, and where the paper prints it.
    printed
        The text as printed, so that ``"0·0438"`` keeps its digits.
    computed
        The number computed, unrounded; ``nan`` when there is none.
    status
        What came of the comparison.
    reason
        Why it is not matched; blank where it is.
    analysis, statistic, arm, level
        The `Key` under which the number was looked up.
    decimals
        Digits after the decimal point in print.
    claim
        What `computed` is, where the paper says something in words; blank elsewhere.
    """

    kind: ClassVar[str] = "comparison"
    id: str
    place: str
    printed: str
    computed: float
    status: Status
    reason: str = ""
    analysis: str = ""
    statistic: str = ""
    arm: str = ""
    level: str = ""
    decimals: int = 0
    claim: str = ""

    def numbers(self) -> Iterator[tuple[Key, float]]:
        """A comparison tells of numbers that other records hold."""
        return iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A number that is known and not told, so that nobody is recognised by it."""

    kind: ClassVar[str] = "withheld"
    analysis: str
    statistic: str
    arm: str = ""
    level: str = ""

    def numbers(self) -> Iterator[tuple[Key, float]]:
        """Its name, with ``nan`` for the number."""
        yield Key(self.analysis, self.statistic, self.arm, self.level), math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that the paper prints and that its own arithmetic speaks against.

    Parameters
    ----------
    rule
        The check that found it, such as ``"possible_sd"``.
    certainty
        ``"impossible"``: no data give what is printed. ``"contradicted"``: two printed numbers
        cannot both hold. ``"unlikely"``: chance alone gives it rarely. ``"unsaid"``: possible, but
        only with something the paper does not say.
    entries
        Names of the registry's entries that it is about.
    printed
        What is printed.
    quantity
        What `low` and `high` bound, in words.
    low, high
        What is possible; ``nan`` when nothing is, infinite on both sides when nothing is bounded.
    decimals
        Digits after the decimal point with which the bounds are worth printing.
    reason
        What it may come from; where several reasons fit, none is the likeliest.
    """

    kind: ClassVar[str] = "finding"
    rule: str
    certainty: Certainty
    entries: tuple[str, ...]
    printed: str
    quantity: str
    low: float
    high: float
    decimals: int = 0
    reason: str

    def numbers(self) -> Iterator[tuple[Key, float]]:
        """A finding is about what is printed, not about the trial."""
        return iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """Which model the protocol planned for an outcome, which one was fitted, and why.

    Parameters
    ----------
    planned, fitted
        The models in words; equal where nothing was changed.
    reason
        Why another model than the planned one was fitted; blank where the two are the same.
    recommended
        Why the fitted model is the one recommended; blank where the trial chose it itself.
    """

    kind: ClassVar[str] = "model_choice"
    analysis: str
    planned: str
    fitted: str
    reason: str = ""
    recommended: str = ""

    def numbers(self) -> Iterator[tuple[Key, float]]:
        """A choice has no number."""
        return iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveOneOut:
    """An effect without one cluster and everybody in it.

    Parameters
    ----------
    analysis
        The outcome.
    cluster
        The cluster that was left out.
    estimate, p_value
        Effect and p-value without it; ``nan`` where nothing can be estimated. Where the standard
        errors of the fit to everybody leave out clusters in turn, they judge this effect too.
    exact
        Whether the model was fitted anew; else it is one step from the fit to everybody.
    """

    kind: ClassVar[str] = "leave_one_out"
    analysis: str
    cluster: str
    estimate: float
    p_value: float
    exact: bool = True

    def numbers(self) -> Iterator[tuple[Key, float]]:
        """A check is drawn, not looked up."""
        return iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """One number made twice, by means that share nothing: a line of the difference log.

    Parameters
    ----------
    analysis, statistic, arm, level
        The number's name.
    ours, theirs
        The number of the report, and the second programme's; ``nan`` where it has none.
    means
        How the second one was made; blank where it was not.
    status
        ``"equal"`` within the numerical tolerance of its means, ``"explained"`` by a known
        difference and within its bound, ``"unexplained"``, or made ``"once"`` only.
    as_printed
        Whether both print alike.
    reason
        Why they differ, or why the number was made once, with where that is said.
    """

    kind: ClassVar[str] = "witnessed"
    analysis: str
    statistic: str
    arm: str = ""
    level: str = ""
    ours: float
    theirs: float
    means: str = ""
    status: Agreement
    as_printed: bool = True
    reason: str = ""

    @property
    def absolute(self) -> float:
        """Their distance; 0 where they are the same, and ``nan`` where one is missing."""
        if self.ours == self.theirs or (math.isnan(self.ours) and math.isnan(self.theirs)):
            return 0.0
        return abs(self.ours - self.theirs)

    @property
    def relative(self) -> float:
        """Their distance in units of the larger; ``nan`` where one is missing."""
        largest = max(abs(self.ours), abs(self.theirs))
        return self.absolute / largest if largest else self.absolute

    def numbers(self) -> Iterator[tuple[Key, float]]:
        """A line of the log tells of a number that another record holds."""
        return iter(())


Record = (
    Descriptive
    | Estimate
    | FlowCount
    | CurvePoint
    | Comparison
    | Withheld
    | Finding
    | ModelChoice
    | LeaveOneOut
    | Frequency
    | QuantilePair
    | SizeNeeded
    | PlanChange
    | Rehearsed
    | Witnessed
)
Kind = Literal[
    "descriptive",
    "estimate",
    "flow",
    "curve",
    "comparison",
    "withheld",
    "finding",
    "model_choice",
    "leave_one_out",
    "frequency",
    "quantile_pair",
    "size_needed",
    "plan_change",
    "rehearsed",
    "witnessed",
]
KINDS: Mapping[str, type[Record]] = {
    cls.kind: cls
    for cls in (
        Descriptive,
        Estimate,
        FlowCount,
        CurvePoint,
        Comparison,
        Withheld,
        Finding,
        ModelChoice,
        LeaveOneOut,
        Frequency,
        QuantilePair,
        SizeNeeded,
        PlanChange,
        Rehearsed,
        Witnessed,
    )
}
