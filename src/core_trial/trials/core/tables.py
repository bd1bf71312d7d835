"""The trial's eight CSV files, declared; parsers, checks, models and documentation come from here.

UTF-8, comma, one header row, ISO dates; a blank cell is the only way to say that a value is
missing.
"""

from __future__ import annotations

from core_trial.declaration.columns import Category, Column, Identifier, Integer, Table, Text, YesNo
from core_trial.declaration.instruments import Instrument
from core_trial.trials.core import words
from core_trial.trials.core.participants_table import DAY, PARTICIPANT_ID, PARTICIPANTS

#: Two contacts a day for a year are more than anybody has.
CONTACTS = Integer(0, 730)
#: Sessions that the intervention consists of.
SESSIONS = 10


def _item(instrument: Instrument, number: int) -> Column:
    """The column of one item of a questionnaire."""
    reverse = "; scored in reverse" if number in instrument.reversed_items else ""
    amended = " Not asked in the internal pilot." if _amended(instrument) else ""
    return Column(
        f"{instrument.name}_{number}",
        f"{instrument.title}, item {number}",
        f"Answer to item {number} of {instrument.items}{reverse}.{amended}",
        Integer(instrument.low, instrument.high),
        required=False,
        unit="points",
        blank="not answered",
    )


def _amended(instrument: Instrument) -> bool:
    return instrument.name in words.AMENDMENT_INSTRUMENTS


ACUTE_EPISODES = Table(
    "acute_episodes",
    "Episodes of acute care",
    "an episode on the caseload of one acute service",
    (
        PARTICIPANT_ID,
        Column(
            "service",
            "Service",
            "Kind of acute service.",
            Category(words.ACUTE_SERVICES),
        ),
        Column(
            "index_episode",
            "Index episode",
            "Part of the acute care from whose end the participant was recruited; it began before "
            "randomisation.",
            YesNo(),
        ),
        Column("started_on", "Started on", "First day on the caseload.", DAY),
        Column(
            "ended_on",
            "Ended on",
            "Last day on the caseload; it counts as a day in acute care.",
            DAY,
            required=False,
            blank="still on the caseload when the records were drawn",
        ),
    ),
    ("participant_id", "service", "started_on"),
)
QUESTIONNAIRES = Table(
    "questionnaires",
    "Interviews and their questionnaires",
    "an interview that was held",
    (
        PARTICIPANT_ID,
        Column(
            "visit",
            "Visit",
            "Which interview it was.",
            Category({str(visit): words.VISIT_LABELS[visit] for visit in words.Visit}),
        ),
        Column("completed_on", "Completed on", "Date of the interview.", DAY),
        *(_item(scale, i) for scale in words.INSTRUMENTS for i in range(1, scale.items + 1)),
    ),
    ("participant_id", "visit"),
)
SERVICE_USE = Table(
    "service_use",
    "Contacts with the community mental health team",
    "a participant whose records of community care were obtained",
    (
        PARTICIPANT_ID,
        Column(
            "cmht_contacts_baseline",
            "Contacts before",
            "Contacts with the community mental health team in the 12 months before randomisation.",
            CONTACTS,
            required=False,
            unit="contacts",
        ),
        Column(
            "cmht_contacts_12m",
            "Contacts after",
            "Contacts with the community mental health team in the 12 months after randomisation.",
            CONTACTS,
            required=False,
            unit="contacts",
        ),
    ),
    ("participant_id",),
)
SESSIONS_OFFERED = Table(
    "sessions",
    "Sessions with the peer support worker",
    "a session that was offered",
    (
        PARTICIPANT_ID,
        Column(
            "session",
            "Session",
            "Number of the session, counted from 1 in the order of offer.",
            Integer(1, SESSIONS),
        ),
        Column("offered_on", "Offered on", "Date of the session.", DAY),
        Column("attended", "Attended", "The participant came.", YesNo()),
    ),
    ("participant_id", "session"),
)
WORKBOOK = Table(
    "workbook",
    "Use of the recovery workbook",
    "a participant who answered the questions on the workbook at 4 months",
    (
        PARTICIPANT_ID,
        Column("read", "Read", "Had read the workbook.", YesNo(), required=False),
        *(
            Column(
                name,
                f"Plans: {label}",
                f"Had made written plans in the section '{label}'.",
                YesNo(),
                required=False,
            )
            for name, label in words.WORKBOOK_SECTIONS.items()
        ),
    ),
    ("participant_id",),
)
ADVERSE_EVENTS = Table(
    "adverse_events",
    "Serious adverse events",
    "a serious adverse event",
    (
        Column("event_id", "Event", "Identifier of the event.", Identifier()),
        PARTICIPANT_ID,
        Column("occurred_on", "Occurred on", "Date of the event.", DAY),
        Column(
            "category",
            "Category",
            "What happened.",
            Category(words.ADVERSE_EVENTS),
        ),
        Column("related", "Related", "Judged to be related to the trial.", YesNo()),
    ),
    ("event_id",),
)
SCREENING = Table(
    "screening",
    "People before randomisation",
    "a step before randomisation, or a reason for which people left at it",
    (
        Column(
            "step",
            "Step",
            "Step that was reached, or at which people left.",
            Category(words.SCREENING_STEPS),
        ),
        Column(
            "reason",
            "Reason",
            "Why people left at this step.",
            Text(),
            required=False,
            blank="everybody at this step",
        ),
        Column("n", "People", "How many.", Integer(0, 10_000_000), unit="people"),
    ),
    ("step", "reason"),
)

TABLES: tuple[Table, ...] = (
    PARTICIPANTS,
    ACUTE_EPISODES,
    QUESTIONNAIRES,
    SERVICE_USE,
    SESSIONS_OFFERED,
    WORKBOOK,
    ADVERSE_EVENTS,
    SCREENING,
)
