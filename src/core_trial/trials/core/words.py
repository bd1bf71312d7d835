"""The words of CORE, each said once: codes in the files, and their labels in print."""

from __future__ import annotations

from enum import StrEnum

from core_trial.declaration.arms import Group
from core_trial.declaration.instruments import Instrument


class Visit(StrEnum):
    """Interviews, in order."""

    BASELINE = "baseline"
    MONTH_4 = "month_4"
    MONTH_18 = "month_18"


FOLLOW_UPS = (Visit.MONTH_4, Visit.MONTH_18)
CENTRES = ("A", "B", "C", "D", "E", "F")

#: Days of follow-up from randomisation for every outcome taken from records.
FOLLOW_UP_DAYS = 365

ARM_LABELS = {Group.INTERVENTION: "Intervention group", Group.CONTROL: "Control group"}
VISIT_LABELS = {
    Visit.BASELINE: "at baseline",
    Visit.MONTH_4: "at 4 months",
    Visit.MONTH_18: "at 18 months",
}


INSTRUMENTS: tuple[Instrument, ...] = (
    Instrument(
        "csq",
        "satisfaction",
        "Satisfaction with mental health services",
        "Client Satisfaction Questionnaire (CSQ-8)",
        8,
        1,
        4,
        source="Larsen et al. 1979, Eval Program Plann 2: 197-207",
    ),
    Instrument(
        "imr",
        "self_management",
        "Self-management skills",
        "Illness Management and Recovery Scale, patient version",
        15,
        1,
        5,
        source="Hasson-Ohayon et al. 2008, Psychiatry Res 160: 317-25",
    ),
    Instrument(
        "qpr",
        "recovery",
        "Self-rated recovery",
        "Questionnaire on the Process of Recovery",
        22,
        0,
        4,
        source="Neil et al. 2009, Psychosis 1: 145-55",
    ),
    Instrument(
        "bprs",
        "symptoms",
        "Symptom severity",
        "Brief Psychiatric Rating Scale (24 items)",
        24,
        1,
        7,
        higher_is_better=False,
        source="Ventura et al. 1993, Int J Methods Psychiatr Res 3: 221-44",
    ),
    Instrument(
        "uls",
        "loneliness",
        "Loneliness",
        "UCLA Loneliness Scale, short form (ULS-8)",
        8,
        1,
        4,
        reversed_items=(3, 6),
        higher_is_better=False,
        source="Hays and DiMatteo 1987, J Pers Assess 51: 69-81",
    ),
    Instrument(
        "lsns",
        "social_network",
        "Social network size",
        "Lubben Social Network Scale (LSNS-6)",
        6,
        0,
        5,
        source="Lubben et al. 2006, Gerontologist 46: 503-13",
    ),
)
#: Scales that came with the amendment between the internal pilot and the main trial.
AMENDMENT_INSTRUMENTS = frozenset({"uls", "lsns"})

#: Categories of the columns of participants.csv, in the order of Table 1, with their labels.
SEX = {"male": "Male", "female": "Female"}
ETHNICITY = {
    "white": "White (UK and non-UK)",
    "black": "Black (UK, African, Caribbean, and Other)",
    "asian": "Asian (UK, south Asian, Chinese, and Other)",
    "other": "Other",
}
MARITAL_STATUS = {
    "single": "Single",
    "married_or_cohabiting": "Married or cohabiting",
    "separated_or_divorced": "Separated or divorced",
    "widowed": "Widowed",
}
DIAGNOSIS = {
    "schizophrenia_or_schizoaffective": "Schizophrenia or schizoaffective disorder",
    "bipolar_affective": "Bipolar affective disorder",
    "other_psychosis": "Other psychosis",
    "depression": "Depression",
    "anxiety": "Anxiety disorder",
    "post_traumatic_stress": "Post-traumatic stress disorder",
    "borderline_personality": "Borderline or emotionally unstable personality disorder",
    "other_personality": "Other personality disorder",
    "other_or_none": "Other or no clear diagnosis recorded",
}
#: Groups of diagnoses that the Discussion compares with other services.
DIAGNOSIS_GROUPS = {
    "non_affective_psychosis": ("schizophrenia_or_schizoaffective", "other_psychosis"),
    "affective": ("bipolar_affective", "depression"),
}
LIFETIME_ADMISSIONS = {"never": "Never", "1": "1", "2_to_5": "2–5", "more_than_5": ">5"}
CRT_PERIODS = {"1": "1", "2": "2", "3_to_5": "3–5", "6_to_10": "6–10", "more_than_10": ">10"}
YES_NO = {"yes": "Yes", "no": "No"}

ACUTE_SERVICES = {
    "inpatient_ward": "Inpatient ward",
    "crisis_resolution_team": "Crisis resolution team",
    "crisis_house": "Crisis house",
    "acute_day_care": "Acute day care",
}
ADVERSE_EVENTS = {
    "readmission": "Readmission to acute care",
    "attempted_suicide": "Attempted suicide",
    "attempted_murder_charge": "Charged with attempted murder",
    "death_suicide": "Death by suicide",
    "death_unclear": "Death in unclear circumstances",
}
#: Kinds of adverse event that are deaths.
DEATHS = ("death_suicide", "death_unclear")
#: Sections of the recovery workbook in which plans could be written.
WORKBOOK_SECTIONS = {
    "plans_moving_on": "Moving on after a crisis",
    "plans_keeping_well": "Keeping well",
    "plans_ups_and_downs": "Managing your ups and downs",
    "plans_goals": "Your goals and dreams",
}
#: Steps before randomisation; people leave at the second and the fourth, each for a reason.
SCREENING_STEPS = {
    "screened": "Screened",
    "not_eligible": "Not eligible",
    "eligible": "Eligible",
    "not_randomised": "Eligible but not randomised",
}
