"""What the analyses hand to the reports: the only door between computing and telling."""

from core_trial.results.collection import Provenance, Results
from core_trial.results.planning import PlanChange, Rehearsed
from core_trial.results.records import (
    KINDS,
    Certainty,
    Comparison,
    CurvePoint,
    Descriptive,
    Estimate,
    Finding,
    FlowCount,
    Frequency,
    Key,
    Kind,
    LeaveOneOut,
    ModelChoice,
    QuantilePair,
    Record,
    SizeNeeded,
    Status,
    Withheld,
)

__all__ = [
    "KINDS",
    "Certainty",
    "Comparison",
    "CurvePoint",
    "Descriptive",
    "Estimate",
    "Finding",
    "FlowCount",
    "Frequency",
    "Key",
    "Kind",
    "LeaveOneOut",
    "ModelChoice",
    "PlanChange",
    "Provenance",
    "QuantilePair",
    "Record",
    "Rehearsed",
    "Results",
    "SizeNeeded",
    "Status",
    "Withheld",
]
