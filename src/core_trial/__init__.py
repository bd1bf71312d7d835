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
    from core_trial.data.mapping import as_declared
    from core_trial.data.masking import mask
    from core_trial.data.trial import TrialData
    from core_trial.declaration import column_kinds as kinds
    from core_trial.declaration.arms import Arm, Cluster
    from core_trial.declaration.columns import Column, Table
    from core_trial.declaration.covariates import Categories, Number, YesNo
    from core_trial.declaration.files import ColumnMap, Files
    from core_trial.declaration.instruments import Instrument
    from core_trial.declaration.layout import FlowSection, FurtherTable, Layout, Line
    from core_trial.declaration.masked import Masked
    from core_trial.declaration.models import Using
    from core_trial.declaration.outcomes import Binary, Count, Score, Time
    from core_trial.declaration.paper import Claim, Paper, Range
    from core_trial.declaration.rules import rule
    from core_trial.declaration.sensitivity import Sensitivity
    from core_trial.declaration.trial import Compliers, Trial
    from core_trial.declaration.wording import Sentence, Wording
    from core_trial.errors import (
        CoreTrialError,
        DataError,
        DesignError,
        FitError,
        VerificationError,
    )
    from core_trial.pipeline import analyse, bundled, load, reproduce
    from core_trial.report import styles
    from core_trial.results import Results
    from core_trial.study import Study
    from core_trial.synthesis.rehearsal import rehearse
    from core_trial.trials.core.generator.stages import synthesise
    from core_trial.trials.core.trial import CORE

_HOMES = {
    "Claim": "declaration.paper",
    "FlowSection": "declaration.layout",
    "FurtherTable": "declaration.layout",
    "Layout": "declaration.layout",
    "Line": "declaration.layout",
    "Paper": "declaration.paper",
    "Range": "declaration.paper",
    "Sensitivity": "declaration.sensitivity",
    "Sentence": "declaration.wording",
    "Wording": "declaration.wording",
    "as_declared": "data.mapping",
    "Column": "declaration.columns",
    "Table": "declaration.columns",
    "Instrument": "declaration.instruments",
    "Files": "declaration.files",
    "ColumnMap": "declaration.files",
    "AnalysisSet": "data.analysis_set",
    "Arm": "declaration.arms",
    "Binary": "declaration.outcomes",
    "CORE": "trials.core.trial",
    "Categories": "declaration.covariates",
    "Cluster": "declaration.arms",
    "Compliers": "declaration.trial",
    "CoreTrialError": "errors",
    "Count": "declaration.outcomes",
    "DataError": "errors",
    "DesignError": "errors",
    "FitError": "errors",
    "Masked": "declaration.masked",
    "Number": "declaration.covariates",
    "Results": "results",
    "Score": "declaration.outcomes",
    "Study": "study",
    "Time": "declaration.outcomes",
    "Trial": "declaration.trial",
    "TrialData": "data.trial",
    "Using": "declaration.models",
    "VerificationError": "errors",
    "YesNo": "declaration.covariates",
    "analyse": "pipeline",
    "bundled": "pipeline",
    "derive": "data.derive",
    "kinds": "declaration.column_kinds",
    "load": "pipeline",
    "mask": "data.masking",
    "models": "models",
    "rehearse": "synthesis.rehearsal",
    "reproduce": "pipeline",
    "rule": "declaration.rules",
    "styles": "report.styles",
    "synthesise": "trials.core.generator.stages",
    "write": "data.export",
}

#: Public names that are modules.
_MODULES = ("kinds", "models", "styles")

__all__ = [
    "CORE",
    "AnalysisSet",
    "Arm",
    "Binary",
    "Categories",
    "Claim",
    "Cluster",
    "Column",
    "ColumnMap",
    "Compliers",
    "CoreTrialError",
    "Count",
    "DataError",
    "DesignError",
    "Files",
    "FitError",
    "FlowSection",
    "FurtherTable",
    "Instrument",
    "Layout",
    "Line",
    "Masked",
    "Number",
    "Paper",
    "Range",
    "Results",
    "Score",
    "Sensitivity",
    "Sentence",
    "Study",
    "Table",
    "Time",
    "Trial",
    "TrialData",
    "Using",
    "VerificationError",
    "Wording",
    "YesNo",
    "analyse",
    "as_declared",
    "bundled",
    "derive",
    "kinds",
    "load",
    "mask",
    "models",
    "rehearse",
    "reproduce",
    "rule",
    "styles",
    "synthesise",
    "write",
]


def __getattr__(name: str) -> object:
    """Load a public name from the module it lives in."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_HOMES[name]}")
    found = module if name in _MODULES else getattr(module, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
