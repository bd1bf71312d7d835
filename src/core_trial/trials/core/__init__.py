"""CORE declared: the trial of peer support after a mental health crisis, Lancet 2018."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from core_trial.declaration.arms import Arm, Cluster
from core_trial.declaration.covariates import Categories, Level, Number, YesNo
from core_trial.declaration.models import Using
from core_trial.declaration.outcomes import Binary, Count, Score, Time
from core_trial.declaration.trial import Trial
from core_trial.trials.core import words
from core_trial.trials.core.layout import LAYOUT
from core_trial.trials.core.paper import PAPER
from core_trial.trials.core.wording import WORDING


def _levels(labels: Mapping[str, str]) -> Mapping[Level, str]:
    return MappingProxyType(dict[Level, str](labels.items()))


_SCALES = [
    [
        Score(
            f"{i.outcome}_{visit}",
            f"{i.label} {words.VISIT_LABELS[visit]}",
            baseline=f"{i.outcome}_baseline",
            better="higher" if i.higher_is_better else "lower",
        )
        for visit in words.FOLLOW_UPS
    ]
    for i in words.INSTRUMENTS
]

CORE = Trial(
    title="The CORE trial",
    name="CORE",
    participant="participant_id",
    arm=Arm(
        "arm",
        control="control",
        intervention="intervention",
        control_label="Control group",
        intervention_label="Intervention group",
    ),
    cluster=Cluster("cluster_id", label="peer support worker", arm="intervention"),
    strata=("psychosis", "centre"),
    baseline=(
        Categories("sex", "Sex", _levels(words.SEX)),
        Number("age", "Age", unit="years"),
        Categories("ethnicity", "Ethnicity", _levels(words.ETHNICITY)),
        YesNo("uk_born", "UK born"),
        Categories("marital_status", "Marital status", _levels(words.MARITAL_STATUS)),
        Categories(
            "diagnosis",
            "Clinical diagnosis",
            _levels(words.DIAGNOSIS),
            short="Diagnosis",
            combined=MappingProxyType({k: tuple(v) for k, v in words.DIAGNOSIS_GROUPS.items()}),
        ),
        Categories(
            "lifetime_admissions",
            "Lifetime admissions to psychiatric hospital",
            _levels(words.LIFETIME_ADMISSIONS),
            short="Lifetime admissions",
        ),
        Categories(
            "crt_periods",
            "Periods of support from a crisis resolution team",
            _levels(words.CRT_PERIODS),
            short="Crisis team periods",
        ),
    ),
    outcomes=(
        Binary(
            "readmitted",
            "Readmission to acute care over 1 year",
            name="readmission",
            primary=True,
            better="lower",
        ),
        *_SCALES[0],
        Time(
            "days_to_readmission",
            "Days to first readmission to acute care during 1 year follow-up",
            name="time_to_readmission",
            event="readmitted",
            planned=Using("cox", frailty="gamma"),
            limit=words.FOLLOW_UP_DAYS,
            ticks=(0, 90, 180, 270, words.FOLLOW_UP_DAYS),
            adjust=(),
            better="higher",
        ),
        Count(
            "acute_days",
            "Days spent in acute care during 1 year follow-up",
            unit="days",
            adjust=(),
            planned="mixed_poisson",
            better="lower",
        ),
        Count(
            "readmission_days",
            "Days spent in acute care without the index episode (post hoc)",
            unit="days",
            adjust=(),
            planned="mixed_poisson",
            post_hoc=True,
            in_table2=False,
            better="lower",
        ),
        *(score for scales in _SCALES[1:] for score in scales),
        Score(
            "cmht_contacts",
            "Community mental health team contacts at 12 months",
            baseline="cmht_contacts_baseline",
            decimals=(2, 0),
            heading="Service use",
        ),
    ),
    missingness=(
        *("age", "psychosis", "centre", "sex", "ethnicity", "uk_born", "marital_status"),
        *("diagnosis", "lifetime_admissions", "crt_periods"),
    ),
    planned_adjustments=(
        *("age", "sex", "ethnicity", "marital_status", "lifetime_admissions", "crt_periods"),
    ),
    layout=LAYOUT,
    wording=WORDING,
    registry=PAPER,
)
