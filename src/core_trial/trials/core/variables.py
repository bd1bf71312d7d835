"""The variables of the analysis set, in words; `derive` makes them."""

from __future__ import annotations

from collections.abc import Iterator

from core_trial.declaration.files import Variable
from core_trial.trials.core.words import INSTRUMENTS, VISIT_LABELS, WORKBOOK_SECTIONS, Visit


def _scores() -> Iterator[Variable]:
    for scale in INSTRUMENTS:
        better = "higher is better" if scale.higher_is_better else "lower is better"
        for visit in Visit:
            text = f"{scale.label} {VISIT_LABELS[visit]}: total of the {scale.title}, {better}"
            yield Variable(f"{scale.outcome}_{visit}", text, "points")


VARIABLES: tuple[Variable, ...] = (
    Variable("participant_id", "Identifier of the participant"),
    Variable("centre", "Centre"),
    Variable("arm", "Arm, the control group first"),
    Variable("psw_id", "Peer support worker"),
    Variable(
        "cluster_id",
        "Cluster: the peer support worker, or the participant alone where there is none",
    ),
    Variable("randomised_on", "Date of randomisation"),
    Variable("internal_pilot", "Recruited in the internal pilot"),
    Variable("acute_records_obtained", "Records of acute care were obtained"),
    Variable("psychosis", "The condition is a psychosis"),
    Variable("age", "Age at randomisation", "years"),
    Variable("sex", "Sex"),
    Variable("ethnicity", "Ethnic group"),
    Variable("uk_born", "Born in the UK"),
    Variable("marital_status", "Marital status"),
    Variable("diagnosis", "Clinical diagnosis"),
    Variable("lifetime_admissions", "Admissions to a psychiatric hospital before the trial"),
    Variable("crt_periods", "Periods of support from a crisis resolution team"),
    Variable(
        "readmitted",
        "1 if an acute episode started after the end of the index episode and on day 1 to 365, "
        "0 if none did",
    ),
    Variable(
        "days_to_readmission",
        "Day on which the first of them started; 365, censored, where there was none",
        "days",
    ),
    Variable(
        "acute_days",
        "Days 1 to 365 on the caseload of any acute service, overlaps counted once, the rest of "
        "the index episode included",
        "days",
    ),
    Variable(
        "readmission_days",
        "The same of episodes that started after the end of the index episode; 0 exactly for "
        "those not readmitted",
        "days",
    ),
    Variable("index_days", "Days from randomisation to the end of the index episode", "days"),
    *(Variable(f"interviewed_{v}", f"Interviewed {VISIT_LABELS[v]}") for v in Visit),
    Variable("main_trial", "Came after the internal pilot: all scales were asked for"),
    Variable("expected_month_18", "An interview at 18 months was planned: not in the pilot"),
    *_scores(),
    Variable(
        "cmht_contacts_baseline", "Contacts with the community team in the year before", "contacts"
    ),
    Variable("cmht_contacts", "Contacts with the community team in the year after", "contacts"),
    Variable("sessions_offered", "Sessions offered; none asked of the control group", "sessions"),
    Variable("sessions_attended", "Sessions attended", "sessions"),
    Variable("workbook_read", "1 if the workbook had been read"),
    *(
        Variable(name, f"1 if plans had been written in the section '{label}'")
        for name, label in WORKBOOK_SECTIONS.items()
    ),
    Variable("died", "Died within the year of follow-up"),
    Variable("readmitted_or_died", "1 if readmitted or dead within the year, 0 if neither"),
    Variable(
        "days_alive_to_readmission",
        "Day of the first readmission or of death, whichever came first; 365 where neither did",
        "days",
    ),
)
