"""Models as declarations: which function of ``models``, what it is told, and why it was chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from core_trial.errors import DesignError, nearest
from core_trial.results.measures import Measure

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
Option = str | int | float | bool | None | tuple[str, ...]


class Model(StrEnum):
    """Functions of the models room that a declaration can ask for."""

    LOGISTIC = "logistic_regression"
    LINEAR = "linear_regression"
    MIXED_LOGISTIC = "mixed_logistic"
    MIXED_LINEAR = "mixed_linear"
    MIXED_POISSON = "mixed_poisson"
    MODIFIED_POISSON = "modified_poisson"
    NEGATIVE_BINOMIAL = "negative_binomial"
    ZERO_INFLATED_NB = "zero_inflated_nb"
    COX = "cox"


MEASURES: Mapping[Model, Measure] = MappingProxyType(
    {
        Model.LOGISTIC: Measure.ODDS_RATIO,
        Model.LINEAR: Measure.DIFFERENCE_IN_MEANS,
        Model.MIXED_LOGISTIC: Measure.ODDS_RATIO,
        Model.MIXED_LINEAR: Measure.DIFFERENCE_IN_MEANS,
        Model.MIXED_POISSON: Measure.RATE_RATIO,
        Model.MODIFIED_POISSON: Measure.RISK_RATIO,
        Model.NEGATIVE_BINOMIAL: Measure.RATIO_OF_MEANS,
        Model.ZERO_INFLATED_NB: Measure.RATE_RATIO,
        Model.COX: Measure.HAZARD_RATIO,
    }
)

#: Models in words, for readers who were not told the functions' names.
TITLES: Mapping[Model, str] = MappingProxyType(
    {
        Model.LOGISTIC: "Logistic regression",
        Model.LINEAR: "Linear regression",
        Model.MIXED_LOGISTIC: "Logistic regression, random intercept by cluster",
        Model.MIXED_LINEAR: "Linear regression, random intercept by cluster",
        Model.MIXED_POISSON: "Poisson regression, random intercept by cluster",
        Model.MODIFIED_POISSON: "Poisson regression of a risk, robust errors",
        Model.NEGATIVE_BINOMIAL: "Negative binomial regression, robust errors",
        Model.ZERO_INFLATED_NB: "Zero-inflated negative binomial regression, robust errors",
        Model.COX: "Cox regression, robust errors",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One model: the function of ``models``, what it is told, and which columns must be known.

    Parameters
    ----------
    model
        The function.
    outcome
        Outcome column (for a Cox model: the event).
    covariates
        Fixed effects, the arm first.
    options
        What else the function is told, as keyword arguments.
    reason
        Why this model, as a sentence; printed where the trial did not choose it itself.
    known
        Columns that must be known besides, although the model does not use them: to fit it to the
        people to whom another one is fitted.
    """

    model: Model
    outcome: str
    covariates: tuple[str, ...]
    options: Mapping[str, Option] = field(default_factory=lambda: MappingProxyType({}))
    reason: str = ""
    known: tuple[str, ...] = ()

    @property
    def formula(self) -> str:
        """The formula; a Cox model's has no left side."""
        cox = self.model == Model.COX
        return self.right if cox else f"{spelled(self.outcome)} ~ {self.right}"

    @property
    def right(self) -> str:
        """The right side of the formula."""
        return " + ".join(":".join(map(spelled, name.split(":"))) for name in self.covariates)

    @property
    def arguments(self) -> Mapping[str, Option]:
        """Everything the function is told beside formula and frame."""
        event = {"event": self.outcome} if self.model == Model.COX else {}
        return {**self.options, **event}

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the analysis set that a participant must have known to enter."""
        told = (self.options.get(name) for name in ("time", "entry", "exposure", "offset"))
        parts = (name for covariate in self.covariates for name in covariate.split(":"))
        names = (self.outcome, *(str(name) for name in told if name), *parts, *self.known)
        return tuple(dict.fromkeys(names))

    @property
    def cluster(self) -> str:
        """Column of clusters; blank for none."""
        return str(self.options.get("cluster") or "")

    @property
    def measure(self) -> Measure:
        """Scale on which the effect is reported."""
        return MEASURES[self.model]

    @property
    def title(self) -> str:
        """The model in words."""
        frailty = self.options.get("frailty")
        return f"Cox regression, {frailty} frailty by cluster" if frailty else TITLES[self.model]

    def adjusted_for(self, *more: str) -> ModelSpec:
        """The same model with further covariates."""
        return replace(self, covariates=tuple(dict.fromkeys((*self.covariates, *more))))

    def among(self, known: tuple[str, ...]) -> ModelSpec:
        """The same model in those in whom further columns are known."""
        return replace(self, known=known)

    def because(self, reason: str) -> ModelSpec:
        """The same model with the reason why it was chosen."""
        return replace(self, reason=reason)

    @property
    def unadjusted(self) -> ModelSpec:
        """The same model of the same people with the arm alone."""
        return replace(self, covariates=self.covariates[:1], known=self.columns)


def spelled(name: str) -> str:
    """A column's name as a formula has it: in backquotes where it is not plain.

    Examples
    --------
    >>> spelled("site"), spelled("site (ward)")
    ('site', '`site (ward)`')
    """
    return name if name == "1" or _PLAIN_NAME.fullmatch(name) else f"`{name}`"


@dataclass(frozen=True, slots=True, init=False)
class Using:
    """A model that a trial chooses for an outcome instead of the recommended one.

    Parameters
    ----------
    model
        Name of a function of ``core_trial.models``.
    adjust
        Covariates of this model alone; None for those of the outcome.
    options
        What else it is told, such as ``points=7`` or ``inference="sandwich"``.

    Examples
    --------
    >>> Using("mixed_linear", method="ml", df="normal").options["df"]
    'normal'
    """

    model: Model
    adjust: tuple[str, ...] | None
    options: Mapping[str, Option]

    def __init__(
        self, model: str, adjust: tuple[str, ...] | None = None, **options: Option
    ) -> None:
        object.__setattr__(self, "model", _known(model))
        object.__setattr__(self, "adjust", adjust)
        object.__setattr__(self, "options", options)


def _known(model: str) -> Model:
    try:
        return Model(model)
    except ValueError:
        raise DesignError(
            f"there is no model {model!r}{nearest(str(model), list(Model))}"
        ) from None
