"""The whole statistical analysis of the CORE trial, from CSV files to verified tables.

>>> import core_trial as ct
>>> trial = ct.load(ct.bundled())
>>> study = ct.reproduce(trial)
>>> study.results.value("readmission", "n", "intervention")
64.0

Importing this package is cheap: each name below is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core_trial import models
    from core_trial.data.analysis_set import AnalysisSet
    from core_trial.data.derive import derive
    from core_trial.data.export import write
    from core_trial.data.trial import TrialData
    from core_trial.errors import (
        CoreTrialError,
        DataError,
        DesignError,
        FitError,
        VerificationError,
    )
    from core_trial.pipeline import Study, bundled, load, reproduce
    from core_trial.results import Results
    from core_trial.trials.core.generator.stages import synthesise

_HOMES = {
    "AnalysisSet": "data.analysis_set",
    "CoreTrialError": "errors",
    "DataError": "errors",
    "DesignError": "errors",
    "FitError": "errors",
    "Results": "results",
    "Study": "pipeline",
    "TrialData": "data.trial",
    "VerificationError": "errors",
    "bundled": "pipeline",
    "derive": "data.derive",
    "load": "pipeline",
    "models": "models",
    "reproduce": "pipeline",
    "synthesise": "trials.core.generator.stages",
    "write": "data.export",
}

__all__ = [
    "AnalysisSet",
    "CoreTrialError",
    "DataError",
    "DesignError",
    "FitError",
    "Results",
    "Study",
    "TrialData",
    "VerificationError",
    "bundled",
    "derive",
    "load",
    "models",
    "reproduce",
    "synthesise",
    "write",
]


def __getattr__(name: str) -> object:
    """Load a public name from the module it lives in."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_HOMES[name]}")
    found = module if name == "models" else getattr(module, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
