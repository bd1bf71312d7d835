"""Models for partially nested trials: arrays and formulas in, one frozen `Fit` out."""

from core_trial.models.cox import cox
from core_trial.models.kaplan_meier import kaplan_meier
from core_trial.models.mixed_linear import mixed_linear
from core_trial.models.mixed_logistic import mixed_logistic
from core_trial.models.mixed_poisson import mixed_poisson
from core_trial.models.modified_poisson import modified_poisson
from core_trial.models.proportional_hazards import proportional_hazards
from core_trial.models.replicate import replicate
from core_trial.models.restricted_mean import restricted_mean
from core_trial.models.standardised import standardised
from core_trial.models.zero_inflated_nb import zero_inflated_nb

__all__ = [
    "cox",
    "kaplan_meier",
    "mixed_linear",
    "mixed_logistic",
    "mixed_poisson",
    "modified_poisson",
    "proportional_hazards",
    "replicate",
    "restricted_mean",
    "standardised",
    "zero_inflated_nb",
]
