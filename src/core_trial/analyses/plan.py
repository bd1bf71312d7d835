"""The plan: which model answers for each declared outcome, and why.

The models that hold for a trial of this design are recommended unless the declaration names
others; each carries the reason for which it was chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from core_trial.declaration.arms import Where
from core_trial.declaration.models import Model, ModelSpec, Option, Using
from core_trial.declaration.outcomes import AnyOutcome, Binary, Count, Score, Time
from core_trial.declaration.sensitivity import Sensitivity
from core_trial.declaration.trial import MIXED, Trial

#: Why each model is recommended, with clusters and without them.
REASONS: Mapping[Model, str] = MappingProxyType(
    {
        Model.MIXED_LOGISTIC: "outcomes of people treated by the same {cluster} are alike, which a "
        "random intercept {where} allows for",
        Model.LOGISTIC: "nobody is clustered",
        Model.MIXED_LINEAR: "outcomes of people treated by the same {cluster} are alike, which a "
        "random intercept {where} allows for; the arms may differ in spread, hence a residual "
        "variance for each; restricted maximum likelihood and Kenward and Roger's degrees of "
        "freedom hold with few clusters",
        Model.LINEAR: "nobody is clustered",
        Model.COX: "hazards are compared without a shape being assumed for them{robust}",
        Model.NEGATIVE_BINOMIAL: "the arms' means are compared whatever the share of zeros{robust}",
    }
)
#: Models whose standard errors, not whose distribution, allow for clusters.
ROBUST = frozenset(
    {Model.MODIFIED_POISSON, Model.NEGATIVE_BINOMIAL, Model.ZERO_INFLATED_NB, Model.COX}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisSpec:
    """One outcome with its models.

    Parameters
    ----------
    outcome
        As declared.
    fitted
        The model behind the printed estimate.
    planned
        The protocol's model where it differs, and None where it is the one fitted.
    """

    outcome: AnyOutcome
    fitted: ModelSpec
    planned: ModelSpec | None = None

    @property
    def name(self) -> str:
        """Its name in every record, table and registry entry."""
        return self.outcome.key

    @property
    def deviation(self) -> str:
        """Why another model than the planned one was fitted."""
        return self.outcome.deviation

    @property
    def baseline(self) -> str:
        """Column with the value before randomisation; blank where there is none."""
        return baseline_of(self.outcome)


def plan(trial: Trial) -> tuple[AnalysisSpec, ...]:
    """Every outcome of a trial with the models to fit, in the order declared.

    Parameters
    ----------
    trial
        Where its clusters are must be known; `data.frame.analysis_set` takes it from the data.
    """
    return tuple(specification(trial, outcome) for outcome in trial.outcomes)


def specification(trial: Trial, outcome: AnyOutcome) -> AnalysisSpec:
    """One outcome with the models to fit."""
    chosen = outcome.model
    fitted = recommended(trial, outcome) if chosen is None else _chosen(trial, outcome, chosen)
    planned = None if outcome.planned is None else _chosen(trial, outcome, outcome.planned)
    return AnalysisSpec(outcome=outcome, fitted=fitted, planned=planned)


def recommended(trial: Trial, outcome: AnyOutcome) -> ModelSpec:
    """The model for an outcome for which the declaration names none."""
    model = recommendation(outcome, clustered=trial.cluster is not None)
    options: dict[str, Option] = {}
    if model in MIXED:
        options["random"] = random_where(trial)
    if model == Model.MIXED_LINEAR:
        options |= {"method": "reml", "residual_by": trial.arm.column, "df": "kenward_roger"}
    if model == Model.COX:
        options["ties"] = "efron"
    spec = _spec(trial, outcome, model, options, None)
    return spec.because(_reason(trial, model))


def recommendation(outcome: AnyOutcome, *, clustered: bool) -> Model:
    """The recommended model of a kind of outcome."""
    if isinstance(outcome, Binary):
        return Model.MIXED_LOGISTIC if clustered else Model.LOGISTIC
    if isinstance(outcome, Score):
        return Model.MIXED_LINEAR if clustered else Model.LINEAR
    return Model.COX if isinstance(outcome, Time) else Model.NEGATIVE_BINOMIAL


def random_where(trial: Trial) -> str:
    """Where a random intercept enters: in the arm that has clusters, or in all."""
    where: Where = (trial.cluster.arm if trial.cluster else None) or "both"
    if where == "both":
        return "1"
    # A factor of two levels enters where it has its second one: the intervention.
    return (
        trial.arm.column if where == "intervention" else f"{trial.arm.column}[{trial.arm.control}]"
    )


def adjustment(trial: Trial, outcome: AnyOutcome) -> tuple[str, ...]:
    """Covariates of an outcome's model beside the arm, the value before randomisation last."""
    before = baseline_of(outcome)
    return (*trial.adjusted_for(outcome), *((before,) if before else ()))


def baseline_of(outcome: AnyOutcome) -> str:
    """Column with an outcome's value before randomisation; blank where there is none."""
    return outcome.baseline if isinstance(outcome, Score | Count) else ""


def beside(trial: Trial, spec: AnalysisSpec) -> ModelSpec | None:
    """The model that would be recommended on the scale of the one that the trial chose.

    None where the two are the same, or the scales are not.
    """
    like = spec.outcome
    if like.model is None:
        return None
    if spec.fitted.model in (Model.LINEAR, Model.MIXED_LINEAR):
        like = Score(spec.outcome.column, baseline=spec.baseline, adjust=spec.outcome.adjust)
    model = recommended(trial, like)
    same = model.model == spec.fitted.model and model.arguments == spec.fitted.arguments
    return None if same or model.measure != spec.fitted.measure else model


def outcome_columns(trial: Trial, spec: AnalysisSpec, changed: Sensitivity) -> ModelSpec:
    """An outcome's model with the columns that a sensitivity analysis puts in their place."""
    outcome = spec.outcome
    if isinstance(outcome, Time):
        outcome = replace(
            outcome,
            column=changed.column or outcome.column,
            event=changed.event or outcome.event,
            entry=changed.entry or outcome.entry,
        )
    else:
        outcome = replace(outcome, column=changed.column or outcome.column)
    if changed.adjust is not None:
        outcome = replace(outcome, adjust=changed.adjust)
    return specification(trial, outcome).fitted


def _chosen(trial: Trial, outcome: AnyOutcome, using: Using | str) -> ModelSpec:
    using = using if isinstance(using, Using) else Using(using)
    return _spec(trial, outcome, using.model, using.options, using.adjust)


def _spec(
    trial: Trial,
    outcome: AnyOutcome,
    model: Model,
    options: Mapping[str, Option],
    adjust: tuple[str, ...] | None,
) -> ModelSpec:
    covariates = adjustment(trial, outcome) if adjust is None else adjust
    told = {**_roles(trial, outcome, model), "confidence": trial.confidence, **options}
    return ModelSpec(
        model=model,
        outcome=outcome.event if isinstance(outcome, Time) else outcome.column,
        covariates=tuple(dict.fromkeys((trial.arm.column, *covariates))),
        options=MappingProxyType({name: value for name, value in told.items() if value}),
    )


def _roles(trial: Trial, outcome: AnyOutcome, model: Model) -> dict[str, Option]:
    """Columns that a model is told because of what they are in the trial."""
    roles: dict[str, Option] = {}
    if trial.cluster is not None and (model in MIXED or model in ROBUST):
        roles["cluster"] = trial.cluster.membership
    if isinstance(outcome, Time):
        roles |= {"time": outcome.column, "entry": outcome.entry}
    if isinstance(outcome, Count) and model == Model.NEGATIVE_BINOMIAL:
        roles["exposure"] = outcome.exposure
    return roles


def _reason(trial: Trial, model: Model) -> str:
    cluster = trial.cluster
    where = cluster.arm if cluster else None
    label = trial.arm.label(where) if where in ("intervention", "control") else ""
    return REASONS[model].format(
        cluster=cluster.label if cluster else "",
        where=f"in the arm “{label}”" if label else "in every cluster",
        robust=f"; standard errors allow for {cluster.labels}" if cluster else "",
    )
