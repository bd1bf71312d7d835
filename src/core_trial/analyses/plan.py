"""The plan: every analysis of the paper as one declaration, in the order in which it is printed.

Read it beside the paper's Methods. A formula names columns of the analysis set; arm enters against
the control group, centre and condition (psychosis) as fixed effects, and clusters are peer support
workers, with every control participant a cluster of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from core_trial.declaration.instruments import Instrument
from core_trial.results.measures import Measure
from core_trial.trials.core import words
from core_trial.trials.core.words import Visit

CLUSTER = "cluster_id"
ARM = "arm"
CONDITION = "psychosis"
CENTRE = "centre"


class Model(StrEnum):
    """Functions of the models room that the plan calls for."""

    MIXED_LOGISTIC = "mixed_logistic"
    MIXED_LINEAR = "mixed_linear"
    MIXED_POISSON = "mixed_poisson"
    ZERO_INFLATED_NB = "zero_inflated_nb"
    COX = "cox"


class Summary(StrEnum):
    """How an outcome is described by arm."""

    PROPORTION = "proportion"
    MEAN = "mean"
    MEDIAN = "median"
    MEDIAN_OF_READMITTED = "median_of_readmitted"


MEASURES: Mapping[Model, Measure] = MappingProxyType(
    {
        Model.MIXED_LOGISTIC: Measure.ODDS_RATIO,
        Model.MIXED_LINEAR: Measure.DIFFERENCE_IN_MEANS,
        Model.MIXED_POISSON: Measure.RATE_RATIO,
        Model.ZERO_INFLATED_NB: Measure.RATE_RATIO,
        Model.COX: Measure.HAZARD_RATIO,
    }
)

#: Models in words, for readers who were not told the functions' names.
TITLES: Mapping[Model, str] = MappingProxyType(
    {
        Model.MIXED_LOGISTIC: "Logistic regression, random intercept by cluster",
        Model.MIXED_LINEAR: "Linear regression, random intercept by cluster",
        Model.MIXED_POISSON: "Poisson regression, random intercept by cluster",
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
    """

    model: Model
    outcome: str
    covariates: tuple[str, ...] = (ARM,)
    options: Mapping[str, str | int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def formula(self) -> str:
        """The formula; a Cox model's has no left side."""
        right = " + ".join(self.covariates)
        return right if self.model == Model.COX else f"{self.outcome} ~ {right}"

    @property
    def arguments(self) -> Mapping[str, str | int]:
        """Everything the function is told beside formula and frame."""
        event = {"event": self.outcome} if self.model == Model.COX else {}
        return {**self.options, **event}

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the analysis set that a participant must have known to enter."""
        time = (str(self.options["time"]),) if "time" in self.options else ()
        return (self.outcome, *time, *self.covariates)

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
        covariates = dict.fromkeys((*self.covariates, *more))
        return ModelSpec(
            model=self.model,
            outcome=self.outcome,
            covariates=tuple(covariates),
            options=self.options,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisSpec:
    """One row of the paper's results.

    Parameters
    ----------
    name
        Its name in every record, table and registry entry.
    title
        What the paper calls the outcome.
    place
        Where the paper reports it.
    summary
        How each arm is described.
    fitted
        The model behind the printed estimate.
    planned
        The protocol's model where it differs, and None where it is the one fitted.
    deviation
        Why another model than the planned one was fitted, in the paper's sense.
    """

    name: str
    title: str
    place: str
    summary: Summary
    fitted: ModelSpec
    planned: ModelSpec | None = None
    deviation: str = ""


def _mixed_linear(outcome: str, baseline: str) -> ModelSpec:
    """Linear regression with a random intercept by cluster, maximum likelihood, Wald z."""
    return ModelSpec(
        model=Model.MIXED_LINEAR,
        outcome=outcome,
        covariates=(ARM, CONDITION, CENTRE, baseline),
        options={"cluster": CLUSTER, "method": "ml", "df": "normal"},
    )


def _zero_inflated(outcome: str) -> ModelSpec:
    """Zero-inflated negative binomial, constant inflation, standard errors robust to clusters."""
    return ModelSpec(
        model=Model.ZERO_INFLATED_NB,
        outcome=outcome,
        options={"cluster": CLUSTER, "inflation": "1", "inference": "sandwich"},
    )


def _mixed_poisson(outcome: str) -> ModelSpec:
    return ModelSpec(
        model=Model.MIXED_POISSON,
        outcome=outcome,
        options={"cluster": CLUSTER, "points": 7, "inference": "normal"},
    )


def _scale(instrument: Instrument, visit: Visit) -> AnalysisSpec:
    """A questionnaire at a follow-up interview, adjusted for its baseline value."""
    outcome = f"{instrument.outcome}_{visit}"
    return AnalysisSpec(
        name=outcome,
        title=f"{instrument.label} {words.VISIT_LABELS[visit]}",
        place="Table 2",
        summary=Summary.MEAN,
        fitted=_mixed_linear(outcome, f"{instrument.outcome}_{Visit.BASELINE}"),
    )


PRIMARY = AnalysisSpec(
    name="readmission",
    title="Readmission to acute care over 1 year",
    place="Table 2",
    summary=Summary.PROPORTION,
    fitted=ModelSpec(
        model=Model.MIXED_LOGISTIC,
        outcome="readmitted",
        covariates=(ARM, CONDITION, CENTRE),
        options={"cluster": CLUSTER, "points": 7, "inference": "normal"},
    ),
)

READMISSION_TIME = AnalysisSpec(
    name="time_to_readmission",
    title="Days to first readmission to acute care during 1 year follow-up",
    place="Table 2",
    summary=Summary.MEDIAN_OF_READMITTED,
    fitted=ModelSpec(
        model=Model.COX,
        outcome="readmitted",
        options={"cluster": CLUSTER, "time": "days_to_readmission", "ties": "breslow"},
    ),
    planned=ModelSpec(
        model=Model.COX,
        outcome="readmitted",
        options={
            "cluster": CLUSTER,
            "time": "days_to_readmission",
            "ties": "breslow",
            "frailty": "gamma",
        },
    ),
    deviation="the authors’ shared frailty model did not converge",
)

ACUTE_DAYS = AnalysisSpec(
    name="acute_days",
    title="Days spent in acute care during 1 year follow-up",
    place="Table 2",
    summary=Summary.MEDIAN,
    fitted=_zero_inflated("acute_days"),
    planned=_mixed_poisson("acute_days"),
    deviation="more than half of the participants spent no days in acute care",
)

READMISSION_DAYS = AnalysisSpec(
    name="readmission_days",
    title="Days spent in acute care, the index episode left out (post hoc)",
    place="Results",
    summary=Summary.MEDIAN,
    fitted=_zero_inflated("readmission_days"),
    planned=_mixed_poisson("readmission_days"),
    deviation="the analysis follows that of all days; it was decided on after the index episodes "
    "were seen to differ between the arms",
)

SCALES = tuple(_scale(inst, visit) for inst in words.INSTRUMENTS for visit in words.FOLLOW_UPS)

SERVICE_USE = AnalysisSpec(
    name="cmht_contacts",
    title="Community mental health team contacts at 12 months",
    place="Table 2",
    summary=Summary.MEAN,
    fitted=_mixed_linear("cmht_contacts", "cmht_contacts_baseline"),
)

#: Every outcome with a model, the paper's order.
OUTCOMES = (PRIMARY, *SCALES, READMISSION_TIME, ACUTE_DAYS, READMISSION_DAYS, SERVICE_USE)

#: Table 1, in its order; the columns carry the names of the analyses.
BASELINE_CATEGORIES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "sex": words.SEX,
        "ethnicity": words.ETHNICITY,
        "uk_born": words.YES_NO,
        "marital_status": words.MARITAL_STATUS,
        "diagnosis": words.DIAGNOSIS,
        "lifetime_admissions": words.LIFETIME_ADMISSIONS,
        "crt_periods": words.CRT_PERIODS,
    }
)
BASELINE_NUMBERS = ("age",)

#: Baseline characteristics that may predict who is missing, and are adjusted for if they do.
PREDICTORS_OF_MISSINGNESS = ("age", CONDITION, CENTRE, *BASELINE_CATEGORIES)

#: Variables that the Methods name for the planned secondary adjustment of the primary outcome,
#: as far as Table 1 shows that they were collected.
PLANNED_ADJUSTMENTS = (
    "age",
    "sex",
    "ethnicity",
    "marital_status",
    "lifetime_admissions",
    "crt_periods",
)
