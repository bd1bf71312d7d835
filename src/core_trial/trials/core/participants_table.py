"""The file of the randomised participants, declared."""

from __future__ import annotations

from datetime import date

from core_trial.declaration.arms import MODEL_ARMS
from core_trial.declaration.columns import Category, Column, Identifier, Integer, Table, YesNo
from core_trial.declaration.dates import Day
from core_trial.trials.core import words

#: Dates outside of this are a program's default or a slip, not a day of a trial.
DAY = Day(date(1990, 1, 1), date(2099, 12, 31))
YEARS_OF_AGE = Integer(16, 95)

PARTICIPANT_ID = Column(
    "participant_id", "Participant", "Identifier of the participant.", Identifier()
)

PARTICIPANTS = Table(
    "participants",
    "Randomised participants",
    "a randomised participant",
    (
        PARTICIPANT_ID,
        Column(
            "centre",
            "Centre",
            "Crisis resolution team that the participant came from; randomisation is stratified "
            "by it.",
            Category({code: f"Centre {code}" for code in words.CENTRES}),
        ),
        Column(
            "arm",
            "Arm",
            "Group to which the participant was randomised.",
            Category({str(arm): words.ARM_LABELS[arm] for arm in MODEL_ARMS}),
        ),
        Column(
            "psw_id",
            "Peer support worker",
            "Identifier of the peer support worker, who is the cluster of the intervention arm.",
            Identifier(),
            required=False,
            blank="control group, or no peer support worker assigned",
        ),
        Column(
            "randomised_on",
            "Randomised on",
            "Date of randomisation, day 0 of the follow-up.",
            DAY,
        ),
        Column(
            "internal_pilot",
            "Internal pilot",
            "Recruited in the internal pilot, which had no 18-month interview, loneliness scale "
            "or social network scale.",
            YesNo(),
        ),
        Column(
            "acute_records_obtained",
            "Acute care records obtained",
            "The records of acute care over the follow-up could be had; without them the outcomes "
            "taken from records are not known.",
            YesNo(),
        ),
        Column("psychosis", "Psychosis", "The condition is a psychosis.", YesNo()),
        Column("sex", "Sex", "Sex.", Category(words.SEX), required=False),
        Column(
            "age",
            "Age",
            "Age at randomisation.",
            YEARS_OF_AGE,
            required=False,
            unit="years",
        ),
        Column(
            "ethnicity",
            "Ethnicity",
            "Ethnic group.",
            Category(words.ETHNICITY),
            required=False,
        ),
        Column("uk_born", "UK born", "Born in the UK.", YesNo(), required=False),
        Column(
            "marital_status",
            "Marital status",
            "Marital status.",
            Category(words.MARITAL_STATUS),
            required=False,
        ),
        Column(
            "diagnosis",
            "Clinical diagnosis",
            "Clinical diagnosis in the electronic record.",
            Category(words.DIAGNOSIS),
            required=False,
        ),
        Column(
            "lifetime_admissions",
            "Lifetime admissions",
            "Admissions to a psychiatric hospital before the trial.",
            Category(words.LIFETIME_ADMISSIONS),
            required=False,
            unit="admissions",
        ),
        Column(
            "crt_periods",
            "Periods of crisis support",
            "Periods of support from a crisis resolution team, the one before the trial included.",
            Category(words.CRT_PERIODS),
            required=False,
            unit="periods",
        ),
    ),
    ("participant_id",),
)
