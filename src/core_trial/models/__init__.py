"""Models for partially nested trials: arrays and formulas in, one frozen `Fit` out."""

from core_trial.models.counts.modified_poisson import modified_poisson
from core_trial.models.counts.zero_inflated_nb import zero_inflated_nb
from core_trial.models.intercept.logistic import logistic
from core_trial.models.intercept.mixed_logistic import mixed_logistic
from core_trial.models.intercept.mixed_poisson import mixed_poisson
from core_trial.models.linear.independent import linear
from core_trial.models.linear.mixed_linear import mixed_linear
from core_trial.models.many.bootstrap import bootstrap
from core_trial.models.many.imputation.impute import impute
from core_trial.models.many.imputation.informative import (
    ArmCount,
    extreme_cases,
    informative_missingness,
)
from core_trial.models.many.imputation.reference_based import impute_visits
from core_trial.models.many.imputation.tipping import tipping_point
from core_trial.models.many.pooled import pool
from core_trial.models.many.replicate import replicate
from core_trial.models.marginal.compliers import complier_effects
from core_trial.models.marginal.instrument import structural_mean, two_stage_least_squares
from core_trial.models.marginal.principal_bounds import principal_bounds
from core_trial.models.marginal.recipes import residual_inclusion, two_stage_prediction
from core_trial.models.marginal.standardised import standardised
from core_trial.models.survival.cox import cox
from core_trial.models.survival.kaplan_meier import kaplan_meier
from core_trial.models.survival.proportional_hazards import proportional_hazards
from core_trial.models.survival.restricted_mean import restricted_mean

__all__ = [
    "ArmCount",
    "bootstrap",
    "complier_effects",
    "cox",
    "extreme_cases",
    "impute",
    "impute_visits",
    "informative_missingness",
    "kaplan_meier",
    "linear",
    "logistic",
    "mixed_linear",
    "mixed_logistic",
    "mixed_poisson",
    "modified_poisson",
    "pool",
    "principal_bounds",
    "proportional_hazards",
    "replicate",
    "residual_inclusion",
    "restricted_mean",
    "standardised",
    "structural_mean",
    "tipping_point",
    "two_stage_least_squares",
    "two_stage_prediction",
    "zero_inflated_nb",
]
