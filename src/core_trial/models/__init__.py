"""Models for partially nested trials: arrays and formulas in, one frozen `Fit` out."""

from core_trial.models.cox import cox
from core_trial.models.kaplan_meier import kaplan_meier

__all__ = ["cox", "kaplan_meier"]
