"""Models for partially nested trials: arrays and formulas in, one frozen `Fit` out.

What users call is here, and imported when it is first used, so that one model does not cost the
loading of all.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core_trial.models.counts.expected import expected_counts
    from core_trial.models.counts.modified_poisson import modified_poisson
    from core_trial.models.counts.negative_binomial import negative_binomial
    from core_trial.models.counts.poisson import poisson
    from core_trial.models.counts.zero_inflated_nb import zero_inflated_nb
    from core_trial.models.fit import Effect, Fit
    from core_trial.models.inference import Quantity, Test
    from core_trial.models.intercept.logistic import logistic_regression
    from core_trial.models.intercept.mixed_logistic import mixed_logistic, prepare_mixed_logistic
    from core_trial.models.intercept.mixed_poisson import mixed_poisson, prepare_mixed_poisson
    from core_trial.models.linear.linear_regression import linear_regression
    from core_trial.models.linear.mixed_linear import mixed_linear, prepare_mixed_linear
    from core_trial.models.many.bootstrap import bootstrap
    from core_trial.models.many.draws import cluster_bootstrap, simulation
    from core_trial.models.many.imputation.impute import impute
    from core_trial.models.many.imputation.informative import (
        ArmCount,
        extreme_cases,
        informative_missingness,
    )
    from core_trial.models.many.imputation.reference_based import impute_visits
    from core_trial.models.many.imputation.tipping import tipping_point
    from core_trial.models.many.pool import pool
    from core_trial.models.many.replicate import Replicates, replicate
    from core_trial.models.marginal.compliers import complier_effects
    from core_trial.models.marginal.instrument import structural_mean, two_stage_least_squares
    from core_trial.models.marginal.principal_bounds import principal_bounds
    from core_trial.models.marginal.recipes import residual_inclusion, two_stage_prediction
    from core_trial.models.marginal.standardised import standardised
    from core_trial.models.questions.compare import Comparison, compare
    from core_trial.models.questions.contrasts import Contrasts
    from core_trial.models.questions.means import Means
    from core_trial.models.questions.profile import Profile
    from core_trial.models.questions.subgroups import Subgroups
    from core_trial.models.repeated.repeated_measures import repeated_measures
    from core_trial.models.survival.cox import cox
    from core_trial.models.survival.cox_fit import CoxFit
    from core_trial.models.survival.cumulative_incidence import (
        CumulativeIncidence,
        cumulative_incidence,
    )
    from core_trial.models.survival.fine_gray import fine_gray
    from core_trial.models.survival.gray import gray_test
    from core_trial.models.survival.kaplan_meier import Curve, KaplanMeier, kaplan_meier
    from core_trial.models.survival.log_rank import LogRank, log_rank
    from core_trial.models.survival.predicted import (
        PredictedSurvival,
        baseline_hazard,
        survival_curve,
    )
    from core_trial.models.survival.proportional_hazards import (
        ProportionalHazards,
        proportional_hazards,
    )
    from core_trial.models.survival.recurrent import MeanCumulative, mean_cumulative
    from core_trial.models.survival.residuals import cox_residuals
    from core_trial.models.survival.restricted_mean import RestrictedMean, restricted_mean

#: Where each public name lives.
_HOMES = {
    "ArmCount": "many.imputation.informative",
    "Comparison": "questions.compare",
    "Contrasts": "questions.contrasts",
    "CoxFit": "survival.cox_fit",
    "CumulativeIncidence": "survival.cumulative_incidence",
    "Curve": "survival.kaplan_meier",
    "Effect": "fit",
    "Fit": "fit",
    "KaplanMeier": "survival.kaplan_meier",
    "LogRank": "survival.log_rank",
    "MeanCumulative": "survival.recurrent",
    "Means": "questions.means",
    "PredictedSurvival": "survival.predicted",
    "Profile": "questions.profile",
    "ProportionalHazards": "survival.proportional_hazards",
    "Quantity": "inference",
    "Replicates": "many.replicate",
    "RestrictedMean": "survival.restricted_mean",
    "Subgroups": "questions.subgroups",
    "Test": "inference",
    "baseline_hazard": "survival.predicted",
    "bootstrap": "many.bootstrap",
    "cluster_bootstrap": "many.draws",
    "compare": "questions.compare",
    "complier_effects": "marginal.compliers",
    "cox": "survival.cox",
    "cox_residuals": "survival.residuals",
    "cumulative_incidence": "survival.cumulative_incidence",
    "expected_counts": "counts.expected",
    "extreme_cases": "many.imputation.informative",
    "fine_gray": "survival.fine_gray",
    "gray_test": "survival.gray",
    "impute": "many.imputation.impute",
    "impute_visits": "many.imputation.reference_based",
    "informative_missingness": "many.imputation.informative",
    "kaplan_meier": "survival.kaplan_meier",
    "linear_regression": "linear.linear_regression",
    "log_rank": "survival.log_rank",
    "logistic_regression": "intercept.logistic",
    "mean_cumulative": "survival.recurrent",
    "mixed_linear": "linear.mixed_linear",
    "mixed_logistic": "intercept.mixed_logistic",
    "mixed_poisson": "intercept.mixed_poisson",
    "modified_poisson": "counts.modified_poisson",
    "negative_binomial": "counts.negative_binomial",
    "poisson": "counts.poisson",
    "pool": "many.pool",
    "prepare_mixed_linear": "linear.mixed_linear",
    "prepare_mixed_logistic": "intercept.mixed_logistic",
    "prepare_mixed_poisson": "intercept.mixed_poisson",
    "principal_bounds": "marginal.principal_bounds",
    "proportional_hazards": "survival.proportional_hazards",
    "repeated_measures": "repeated.repeated_measures",
    "replicate": "many.replicate",
    "residual_inclusion": "marginal.recipes",
    "restricted_mean": "survival.restricted_mean",
    "simulation": "many.draws",
    "standardised": "marginal.standardised",
    "structural_mean": "marginal.instrument",
    "survival_curve": "survival.predicted",
    "tipping_point": "many.imputation.tipping",
    "two_stage_least_squares": "marginal.instrument",
    "two_stage_prediction": "marginal.recipes",
    "zero_inflated_nb": "counts.zero_inflated_nb",
}

__all__ = [
    "ArmCount",
    "Comparison",
    "Contrasts",
    "CoxFit",
    "CumulativeIncidence",
    "Curve",
    "Effect",
    "Fit",
    "KaplanMeier",
    "LogRank",
    "MeanCumulative",
    "Means",
    "PredictedSurvival",
    "Profile",
    "ProportionalHazards",
    "Quantity",
    "Replicates",
    "RestrictedMean",
    "Subgroups",
    "Test",
    "baseline_hazard",
    "bootstrap",
    "cluster_bootstrap",
    "compare",
    "complier_effects",
    "cox",
    "cox_residuals",
    "cumulative_incidence",
    "expected_counts",
    "extreme_cases",
    "fine_gray",
    "gray_test",
    "impute",
    "impute_visits",
    "informative_missingness",
    "kaplan_meier",
    "linear_regression",
    "log_rank",
    "logistic_regression",
    "mean_cumulative",
    "mixed_linear",
    "mixed_logistic",
    "mixed_poisson",
    "modified_poisson",
    "negative_binomial",
    "poisson",
    "pool",
    "prepare_mixed_linear",
    "prepare_mixed_logistic",
    "prepare_mixed_poisson",
    "principal_bounds",
    "proportional_hazards",
    "repeated_measures",
    "replicate",
    "residual_inclusion",
    "restricted_mean",
    "simulation",
    "standardised",
    "structural_mean",
    "survival_curve",
    "tipping_point",
    "two_stage_least_squares",
    "two_stage_prediction",
    "zero_inflated_nb",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
