"""The file of the randomised participants, declared."""

from __future__ import annotations

from datetime import date

from core_trial.data.columns import Category, Column, Identifier, Integer, Table, YesNo
from core_trial.data.dates import Day
from core_trial.declaration.arms import MODEL_ARMS
from core_trial.trials.core import words

#: Dates outside of this are a program's default or a slip, not a day of a trial.
DAY = Day(date(1990, 1, 1), date(2099, 12, 31))
YEARS_OF_AGE = Integer(16, 95)

PARTICIPANT_ID = Column(
    "participant_id", "Participant", "Identifier of the participant.", Identifier(), example="P001"
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
            example="A",
        ),
        Column(
            "arm",
            "Arm",
            "Group to which the participant was randomised.",
            Category({str(arm): words.ARM_LABELS[arm] for arm in MODEL_ARMS}),
            example="intervention",
        ),
        Column(
            "psw_id",
            "Peer support worker",
            "Identifier of the peer support worker, who is the cluster of the intervention arm.",
            Identifier(),
            required=False,
            example="W01",
            blank="control group, or no peer support worker assigned",
        ),
        Column(
            "randomised_on",
            "Randomised on",
            "Date of randomisation, day 0 of the follow-up.",
            DAY,
            example="2014-05-14",
        ),
        Column(
            "internal_pilot",
            "Internal pilot",
            "Recruited in the internal pilot, which had no 18-month interview, loneliness scale "
            "or social network scale.",
            YesNo(),
            example="no",
        ),
        Column(
            "acute_records_obtained",
            "Acute care records obtained",
            "The records of acute care over the follow-up could be had; without them the outcomes "
            "taken from records are not known.",
            YesNo(),
            example="yes",
        ),
        Column("psychosis", "Psychosis", "The condition is a psychosis.", YesNo(), example="no"),
        Column("sex", "Sex", "Sex.", Category(words.SEX), required=False, example="female"),
        Column(
            "age",
            "Age",
            "Age at randomisation.",
            YEARS_OF_AGE,
            required=False,
            unit="years",
            example="40",
        ),
        Column(
            "ethnicity",
            "Ethnicity",
            "Ethnic group.",
            Category(words.ETHNICITY),
            required=False,
            example="white",
        ),
        Column("uk_born", "UK born", "Born in the UK.", YesNo(), required=False, example="yes"),
        Column(
            "marital_status",
            "Marital status",
            "Marital status.",
            Category(words.MARITAL_STATUS),
            required=False,
            example="single",
        ),
        Column(
            "diagnosis",
            "Clinical diagnosis",
            "Clinical diagnosis in the electronic record.",
            Category(words.DIAGNOSIS),
            required=False,
            example="depression",
        ),
        Column(
            "lifetime_admissions",
            "Lifetime admissions",
            "Admissions to a psychiatric hospital before the trial.",
            Category(words.LIFETIME_ADMISSIONS),
            required=False,
            unit="admissions",
            example="never",
        ),
        Column(
            "crt_periods",
            "Periods of crisis support",
            "Periods of support from a crisis resolution team, the one before the trial included.",
            Category(words.CRT_PERIODS),
            required=False,
            unit="periods",
            example="1",
        ),
    ),
    ("participant_id",),
)
