"""CORE's outcomes and analyses, in the order of the paper; read it beside the paper's Methods.

A formula names columns of the analysis set; arm enters against the control group, centre and
condition (psychosis) as fixed effects, and clusters are peer support workers, with every control
participant a cluster of one.
"""

from __future__ import annotations

from core_trial.declaration.arms import Arm, Cluster, Group
from core_trial.declaration.covariates import Categories, Covariate, Number
from core_trial.declaration.instruments import Instrument
from core_trial.declaration.models import Using
from core_trial.declaration.outcomes import AnyOutcome, Binary, Count, Score, Time
from core_trial.declaration.sensitivity import Sensitivity
from core_trial.declaration.stages import Denominator
from core_trial.trials.core import words
from core_trial.trials.core.words import FOLLOW_UPS, Visit

ARM = Arm(
    "arm",
    control="control",
    intervention="intervention",
    control_label=words.ARM_LABELS[Group.CONTROL],
    intervention_label=words.ARM_LABELS[Group.INTERVENTION],
)
#: A control participant, and whoever never met a worker, is a cluster of one.
CLUSTER = Cluster("psw_id", label="peer support worker", arm="intervention", filled="cluster_id")
CONDITION = "psychosis"
CENTRE = "centre"
STRATA = (CONDITION, CENTRE)
#: Column of the analysis set: true for those who came after the internal pilot, which had no
#: 18-month interview and neither of the scales that came with the amendment.
MAIN_TRIAL = "main_trial"

#: The paper's models: maximum likelihood with Wald z, seven nodes, constant inflation.
_LINEAR = Using("mixed_linear", method="ml", df="normal")
_COUNTS = Using("zero_inflated_nb", inflation="1", inference="sandwich")
_PLANNED_COUNTS = Using("mixed_poisson", points=7, inference="normal")

PRIMARY = Binary(
    "readmitted",
    "Readmission to acute care over 1 year",
    name="readmission",
    adjust=STRATA,
    primary=True,
    model=Using("mixed_logistic", points=7, inference="normal"),
    better="lower",
    place="Table 2",
)

READMISSION_TIME = Time(
    "days_to_readmission",
    "Days to first readmission to acute care during 1 year follow-up",
    name="time_to_readmission",
    event="readmitted",
    limit=words.FOLLOW_UP_DAYS,
    adjust=(),
    model=Using("cox", ties="breslow", inference="sandwich"),
    planned=Using("cox", ties="breslow", frailty="gamma"),
    deviation="the authors’ shared frailty model did not converge",
    better="higher",
    place="Table 2",
)

ACUTE_DAYS = Count(
    "acute_days",
    "Days spent in acute care during 1 year follow-up",
    adjust=(),
    unit="days",
    model=_COUNTS,
    planned=_PLANNED_COUNTS,
    deviation="more than half of the participants spent no days in acute care",
    better="lower",
    place="Table 2",
)

READMISSION_DAYS = Count(
    "readmission_days",
    "Days spent in acute care without the index episode (post hoc)",
    adjust=(),
    unit="days",
    model=_COUNTS,
    planned=_PLANNED_COUNTS,
    deviation="the analysis follows that of all days; it was decided on after the index episodes "
    "were seen to differ between the arms",
    better="lower",
    post_hoc=True,
    in_table2=False,
    place="Results",
)


def _scale(instrument: Instrument, visit: Visit) -> Score:
    """A questionnaire at a follow-up interview, adjusted for its baseline value."""
    amended = instrument.name in words.AMENDMENT_INSTRUMENTS
    return Score(
        f"{instrument.outcome}_{visit}",
        f"{instrument.label} {words.VISIT_LABELS[visit]}",
        baseline=f"{instrument.outcome}_{Visit.BASELINE}",
        adjust=STRATA,
        model=_LINEAR,
        better="higher" if instrument.higher_is_better else "lower",
        asked=MAIN_TRIAL if amended or visit == Visit.MONTH_18 else "",
        place="Table 2",
    )


SCALES = tuple(_scale(inst, visit) for inst in words.INSTRUMENTS for visit in FOLLOW_UPS)

SERVICE_USE = Count(
    "cmht_contacts",
    "Community mental health team contacts at 12 months",
    baseline="cmht_contacts_baseline",
    adjust=STRATA,
    mean=True,
    decimals=(2, 0),
    model=_LINEAR,
    heading="Service use",
    place="Table 2",
)

#: Every outcome with a model, in the order of Table 2, the post hoc one after its like.
OUTCOMES: tuple[AnyOutcome, ...] = (
    PRIMARY,
    *SCALES[:2],
    READMISSION_TIME,
    ACUTE_DAYS,
    READMISSION_DAYS,
    *SCALES[2:],
    SERVICE_USE,
)

#: Table 1, in its order.
BASELINE: tuple[Covariate, ...] = (
    Categories("sex", "Sex", words.SEX),
    Number("age", "Age", unit="years"),
    Categories("ethnicity", "Ethnicity", words.ETHNICITY),
    Categories("uk_born", "UK born", words.YES_NO, printed=("yes",)),
    Categories("marital_status", "Marital status", words.MARITAL_STATUS),
    Categories(
        "diagnosis",
        "Clinical diagnosis",
        words.DIAGNOSIS,
        short="Diagnosis",
        combined=words.DIAGNOSIS_GROUPS,
    ),
    Categories(
        "lifetime_admissions",
        "Lifetime admissions to psychiatric hospital",
        words.LIFETIME_ADMISSIONS,
        short="Lifetime admissions",
    ),
    Categories(
        "crt_periods",
        "Periods of support from a crisis resolution team",
        words.CRT_PERIODS,
        short="Crisis team periods",
    ),
)

#: Baseline characteristics that may predict who is missing, and are adjusted for if they do.
PREDICTORS_OF_MISSINGNESS = (
    *("age", CONDITION, CENTRE, "sex", "ethnicity", "uk_born", "marital_status", "diagnosis"),
    *("lifetime_admissions", "crt_periods"),
)

#: Variables that the Methods name for the planned secondary adjustment of the primary outcome, as
#: far as Table 1 shows that they were collected: living situation, employment, education and
#: compulsory admissions are named too and stand in no table.
PLANNED_ADJUSTMENTS = (
    *("age", "sex", "ethnicity", "diagnosis", "lifetime_admissions", "crt_periods"),
)

#: What the paper decided and does not discuss: the pilot's participants, who came before the
#: protocol's amendment; the four deaths, which count as not readmitted up to the year's end; and
#: the days of an index episode, in which nobody can be readmitted, as time at risk.
SENSITIVITIES = (
    Sensitivity(
        name="without_pilot",
        of="readmission",
        label="Without the internal pilot",
        among=MAIN_TRIAL,
    ),
    Sensitivity(
        name="or_death",
        of="readmission",
        label="Readmission or death",
        column="readmitted_or_died",
    ),
    Sensitivity(
        name="without_pilot",
        of="time_to_readmission",
        label="Without the internal pilot",
        among=MAIN_TRIAL,
    ),
    Sensitivity(
        name="censored_at_death",
        of="time_to_readmission",
        label="Censored at death",
        column="days_alive_to_readmission",
    ),
    Sensitivity(
        name="or_death",
        of="time_to_readmission",
        label="Readmission or death",
        column="days_alive_to_readmission",
        event="readmitted_or_died",
    ),
    Sensitivity(
        name="delayed_entry",
        of="time_to_readmission",
        label="At risk only from the end of the index episode",
        entry="index_days",
    ),
    Sensitivity(
        name="adjusted",
        of="time_to_readmission",
        label="Adjusted for centre and condition",
        adjust=STRATA,
    ),
)


def _denominators() -> tuple[Denominator, ...]:
    """Every denominator of the tables with the step that it belongs to."""
    records, known = ("acute_days", "readmission_days", "index_days"), "primary_outcome_known"
    scales = [
        (f"{i.outcome}_{v}", f"interviewed_{v}") for v in FOLLOW_UPS for i in words.INSTRUMENTS
    ]
    workbook = ("workbook_read", *words.WORKBOOK_SECTIONS)
    month_4 = f"interviewed_{Visit.MONTH_4}"
    return (
        Denominator("readmission", "N", "", known, exact=True),
        *(Denominator(name, "n", "", known, exact=True) for name in records),
        *(Denominator(name, "n", "", step, exact=False) for name, step in scales),
        *(Denominator(name, "N", "", month_4, exact=False) for name in workbook),
    )


DENOMINATORS = _denominators()
