"""Models for partially nested trials: arrays and formulas in, one frozen `Fit` out."""

from core_trial.models.counts.expected import expected_counts
from core_trial.models.counts.modified_poisson import modified_poisson
from core_trial.models.counts.negative_binomial import negative_binomial
from core_trial.models.counts.poisson import poisson
from core_trial.models.counts.zero_inflated_nb import zero_inflated_nb
from core_trial.models.intercept.mixed_logistic import mixed_logistic
from core_trial.models.intercept.mixed_poisson import mixed_poisson
from core_trial.models.linear.mixed_linear import mixed_linear
from core_trial.models.many.replicate import replicate
from core_trial.models.marginal.standardised import standardised
from core_trial.models.survival.cox import cox
from core_trial.models.survival.kaplan_meier import kaplan_meier
from core_trial.models.survival.proportional_hazards import proportional_hazards
from core_trial.models.survival.restricted_mean import restricted_mean

__all__ = [
    "cox",
    "expected_counts",
    "kaplan_meier",
    "mixed_linear",
    "mixed_logistic",
    "mixed_poisson",
    "modified_poisson",
    "negative_binomial",
    "poisson",
    "proportional_hazards",
    "replicate",
    "restricted_mean",
    "standardised",
    "zero_inflated_nb",
]
