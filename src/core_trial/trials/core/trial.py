"""The CORE trial as one value (Johnson et al. 2018, Lancet 392: 409-18)."""

from __future__ import annotations

from core_trial.declaration.stages import Stage
from core_trial.declaration.trial import Trial
from core_trial.trials.core import plan, witness
from core_trial.trials.core.analyses import (
    condition,
    index_days,
    recruitment,
    safety,
    sample_size,
    uptake,
)
from core_trial.trials.core.files import FILES
from core_trial.trials.core.layout import LAYOUT
from core_trial.trials.core.masking import MASKED
from core_trial.trials.core.paper import PAPER
from core_trial.trials.core.wording import WORDING

CORE = Trial(
    title="The CORE trial",
    name="CORE",
    participant="participant_id",
    arm=plan.ARM,
    cluster=plan.CLUSTER,
    strata=plan.STRATA,
    baseline=plan.BASELINE,
    outcomes=plan.OUTCOMES,
    missingness=plan.PREDICTORS_OF_MISSINGNESS,
    planned_adjustments=plan.PLANNED_ADJUSTMENTS,
    sensitivities=plan.SENSITIVITIES,
    denominators=plan.DENOMINATORS,
    files=FILES,
    layout=LAYOUT,
    wording=WORDING,
    registry=PAPER,
    masked=MASKED,
    second=witness.second,
    stages=(
        Stage("Condition", condition.records),
        Stage("Recruitment", recruitment.records),
        Stage("Index episodes", index_days.records),
        Stage("Uptake", uptake.records),
        Stage("Serious adverse events", safety.records),
        Stage("Sample size", sample_size.records),
    ),
)
