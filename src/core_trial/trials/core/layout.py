"""CORE's layout: its flow, and the tables beside the two main ones."""

from __future__ import annotations

from types import MappingProxyType

from core_trial.declaration.covariates import Categories, YesNo
from core_trial.declaration.layout import (
    FlowSection,
    FurtherTable,
    Layout,
    Line,
    Show,
    Stage,
    Total,
)
from core_trial.results import Key
from core_trial.trials.core import words

RECEIVED = ("allocated_worker", "attended_session", "died")
INTERVIEWS = (
    *("interviewed_month_4", "not_interviewed_month_4"),
    *("interviewed_month_18", "not_interviewed_month_18", "not_expected_month_18"),
)
RECORDS = ("primary_outcome_known", "acute_records_not_obtained")

FLOW = (
    FlowSection(
        "Before randomisation",
        words.SCREENING_STEPS,
        Stage.BEFORE,
        leaving=("not_eligible", "not_randomised"),
    ),
    FlowSection(
        "Randomised",
        MappingProxyType(
            {
                "randomised": "Randomised",
                "pilot": "In the internal pilot",
                "main_trial": "In the main trial",
            }
        ),
        Stage.RANDOMISED,
    ),
    FlowSection(
        "Followed up",
        MappingProxyType(
            {
                "allocated_worker": "Allocated to a peer support worker",
                "attended_session": "Attended at least one session",
                "died": "Died within 1 year",
                "interviewed_month_4": "Interviewed at 4 months",
                "not_interviewed_month_4": "Not interviewed at 4 months",
                "interviewed_month_18": "Interviewed at 18 months",
                "not_interviewed_month_18": "Not interviewed at 18 months",
                "not_expected_month_18": "No interview planned at 18 months (internal pilot)",
                "primary_outcome_known": "Primary outcome known",
                "acute_records_not_obtained": "Acute care records not obtained",
            }
        ),
        Stage.AFTER,
        boxes=(RECEIVED, INTERVIEWS, RECORDS),
    ),
)

_NOT_OFFERED = "not offered"
UPTAKE = FurtherTable(
    name="uptake",
    title="Uptake of the intervention",
    section="Uptake and process",
    lines=(
        "Sessions with a peer support worker",
        Line("Attended, median (IQR)", "sessions", show=Show.MEDIAN, elsewhere=_NOT_OFFERED),
        Line(
            "Attended, mean (SD)",
            "sessions",
            show=Show.MEAN,
            decimals=(1, 1),
            elsewhere=_NOT_OFFERED,
        ),
        Line(
            "At least three: treated according to the protocol",
            "sessions",
            "at_least_3",
            elsewhere=_NOT_OFFERED,
        ),
        Line("All ten", "sessions", "all_10", elsewhere=_NOT_OFFERED),
        "Recovery workbook",
        Line("Read", "workbook_read"),
        *(Line(f"Plans written: {label}", name) for name, label in words.WORKBOOK_SECTIONS.items()),
    ),
    note="Data are median (IQR), mean (SD), or n/N (%). All ten sessions: among those who were "
    "offered ten. Workbook: among those who answered the question at the 4-month interview. "
    "Protocol breaches are kept by the trial office and are in no participant’s file.",
)

POST_HOC = FurtherTable(
    name="post_hoc",
    title="Days in acute care, the index episode apart (post hoc)",
    section="Post hoc analysis",
    lines=(
        "Days from randomisation to the end of the index episode",
        Line("Mean (SD)", "index_days", show=Show.MEAN, decimals=(1, 1)),
        "Days spent in acute care without the index episode",
        Line("Median (IQR)", "readmission_days", show=Show.MEDIAN, effect=True),
        Line("Mean (SD)", "readmission_days", show=Show.MEAN),
        Line("No days, n/N (%)", "readmission_days", "none"),
    ),
    note="Decided on after the data were seen. The index episode is the one during which "
    "participants were recruited. The rate ratio compares days among those who can have any: the "
    "count part of the model, and not the means of all participants, nor who had no days.",
)

SAFETY = FurtherTable(
    name="adverse_events",
    title="Serious adverse events by kind",
    section="Serious adverse events",
    lines=(
        Line("All serious adverse events", "adverse_events", show=Show.COUNT, alone=True),
        *(
            Line(label, "adverse_events", kind, show=Show.COUNT)
            for kind, label in words.ADVERSE_EVENTS.items()
        ),
        Line("Deaths", "adverse_events", "deaths", show=Show.COUNT, alone=True),
        Line(
            "Judged related to the study",
            "adverse_events",
            "related",
            show=Show.COUNT,
            alone=True,
        ),
        "Participants with at least one event, of those randomised",
        Line("Of any kind", "participants_with_events"),
        *(
            Line(label, "participants_with_events", kind)
            for kind, label in words.ADVERSE_EVENTS.items()
        ),
    ),
    total=True,
    note="Above, events are counted; below, participants: n/N (%). Events were monitored until the "
    "4-month interview.",
)


def _flow(level: str) -> Key:
    return Key("flow", "n", "", level)


def _events(level: str) -> Key:
    return Key("adverse_events", "n", "", level)


#: Sums that everybody knows to hold, in either arm and in the whole trial.
SUMS: tuple[Total, ...] = (
    (_events(""), tuple(map(_events, words.ADVERSE_EVENTS))),
    (_events("deaths"), tuple(map(_events, words.DEATHS))),
    (_flow("randomised"), (_flow("pilot"), _flow("main_trial"))),
    (_flow("randomised"), tuple(map(_flow, RECORDS))),
    (_events("deaths"), (_flow("died"),)),
    *(
        (_flow("randomised"), tuple(_flow(f"{word}_{visit}") for word in words_))
        for visit in words.FOLLOW_UPS
        for words_ in (
            ("interviewed", "not_interviewed"),
            ("interviewed", "not_interviewed", "not_expected"),
        )
    ),
    (
        Key("readmission", "N"),
        (Key("readmission", "n"), Key("readmission_days", "n", "", "none")),
    ),
)

LAYOUT = Layout(
    flow=FLOW,
    tables=(POST_HOC, UPTAKE, SAFETY),
    characteristics=(
        Categories("centre", "Centre", MappingProxyType({c: c for c in words.CENTRES})),
        YesNo("psychosis", "Condition (psychosis)", short="Condition"),
    ),
    analysed=False,
    absolute=False,
    before="baseline score",
    notes=MappingProxyType(
        {
            "sensitivity": "The four deaths, all in the control group, count in the main analysis "
            "as not readmitted, followed up for the whole year, and without days in acute care. "
            "Time runs from randomisation, when the index episode of some had not ended: until it "
            "ends nobody can be readmitted, and more of the intervention group were still in it.",
            "flow": "Allocated to a worker and sessions attended: the control group was offered "
            "neither.",
            "missingness": "The internal pilot had by design no 18-month interview, and neither of "
            "the two scales that came after it (loneliness and social network size).",
        }
    ),
    sums=SUMS,
    related=(frozenset({"readmission", "time_to_readmission", "acute_days", "readmission_days"}),),
)
