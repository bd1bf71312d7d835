"""What the analyses hand to the reports: the only door between computing and telling."""

from core_trial.results.collection import Provenance, Results
from core_trial.results.records import (
    KINDS,
    Agreement,
    Certainty,
    Comparison,
    CurvePoint,
    Descriptive,
    Estimate,
    Finding,
    FlowCount,
    Key,
    Kind,
    LeaveOneOut,
    ModelChoice,
    Record,
    Status,
    Withheld,
    Witnessed,
)

__all__ = [
    "KINDS",
    "Agreement",
    "Certainty",
    "Comparison",
    "CurvePoint",
    "Descriptive",
    "Estimate",
    "Finding",
    "FlowCount",
    "Key",
    "Kind",
    "LeaveOneOut",
    "ModelChoice",
    "Provenance",
    "Record",
    "Results",
    "Status",
    "Withheld",
    "Witnessed",
]
