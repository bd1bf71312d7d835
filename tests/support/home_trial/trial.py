"""A trial of several files: days are counted from discharge, names are another program's."""

from datetime import date

import numpy as np

import core_trial as ct

SITES = ("Ash", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Oak")
VISITS = {"before": "Before", "week_6": "6 weeks", "month_6": "6 months", "month_12": "12 months"}
DAY = ct.kinds.Day(date(2019, 1, 1), date(2024, 12, 31))
RECORD = ct.Column("record", "Record", "Identifier of the participant.", ct.kinds.Identifier())

PARTICIPANTS = ct.Table(
    "participants",
    "Randomised participants",
    "a randomised participant",
    (
        RECORD,
        ct.Column(
            "offer",
            "Offer",
            "What was allocated.",
            ct.kinds.Category({"leaflet": "Leaflet", "Housing support": "Housing support"}),
        ),
        ct.Column(
            "caseworker",
            "Caseworker",
            "Who saw the participant, in either arm.",
            ct.kinds.Identifier(),
            required=False,
            blank="nobody was named",
        ),
        ct.Column("site", "Site", "Hospital.", ct.kinds.Category({site: site for site in SITES})),
        ct.Column("age", "Age", "Age at discharge.", ct.kinds.Integer(16, 110), unit="years"),
        ct.Column(
            "tenure",
            "Tenure",
            "How the participant lived before.",
            ct.kinds.Category({"1": "Own home", "2": "Rented", "3": "None"}),
        ),
        ct.Column(
            "employed", "Employed", "In paid work.", ct.kinds.Category({"Y": "Yes", "N": "No"})
        ),
        ct.Column(
            "debt", "Debt", "What is owed.", ct.kinds.Decimal(), required=False, unit="pounds"
        ),
        ct.Column("discharged_on", "Discharged on", "Day 0 of the follow-up.", DAY),
        ct.Column("last_seen_on", "Last seen on", "Last day of the follow-up.", DAY),
        ct.Column("visits", "Emergency visits", "In the first year.", ct.kinds.Integer(0, 400)),
    ),
    ("record",),
)
INTERVIEWS = ct.Table(
    "interviews",
    "Interviews",
    "an interview that was held",
    (
        RECORD,
        ct.Column("visit", "Visit", "Which interview it was.", ct.kinds.Category(VISITS)),
        ct.Column("wellbeing", "Wellbeing", "Total.", ct.kinds.Integer(-20, 120), required=False),
    ),
    ("record", "visit"),
)
LOSSES = ct.Table(
    "losses",
    "Losses of housing",
    "a loss of housing",
    (RECORD, ct.Column("lost_on", "Lost on", "First night without housing.", DAY)),
    ("record", "lost_on"),
)


@ct.rule("losses.lost_on", "refuse", "a date after the discharge")
def lost_before_discharge(folder):
    """What was lost before the discharge is no outcome."""
    return folder.day("losses", "lost_on") <= 0


def derive(tables):
    """A row for each participant: days from discharge, and a column for each visit's total."""
    people, losses = tables["participants"], tables["losses"]
    wide = tables["interviews"].pivot(index="record", columns="visit", values="wellbeing")
    totals = {
        "wellbeing" if visit == "before" else f"wellbeing_{visit}": people["record"].map(
            wide[visit]
        )
        for visit in VISITS
    }
    discharged = people["discharged_on"]
    first = people["record"].map(losses.groupby("record")["lost_on"].min())
    lost = (first - discharged).dt.days
    followed = (people["last_seen_on"] - discharged).dt.days
    return people.assign(
        **totals, lost=lost.notna(), days_housed=np.where(lost.notna(), lost, followed)
    )


TRIAL = ct.Trial(
    title="Housing support after discharge",
    name="HOME",
    participant="record",
    arm=ct.Arm("offer", control="leaflet", intervention="Housing support", control_label="Leaflet"),
    cluster=ct.Cluster("caseworker", label="caseworker"),
    strata=("site",),
    baseline=(
        "age",
        ct.Categories("tenure", "Tenure", {1: "Own home", 2: "Rented", 3: "None"}),
        ct.YesNo("employed", "In paid work", yes="Y", no="N"),
        ct.Number("debt", "Debt", unit="pounds", median=True),
    ),
    outcomes=(
        ct.Time(
            "days_housed",
            "Time to loss of housing",
            event="lost",
            limit=365,
            origin="discharge",
            primary=True,
        ),
        ct.Binary("lost", "Loss of housing within 1 year", adjust=("site", "tenure")),
        *(
            ct.Score(f"wellbeing_{visit}", baseline="wellbeing", better="higher")
            for visit in ("week_6", "month_6", "month_12")
        ),
        ct.Count("visits", "Emergency visits", model=ct.Using("zero_inflated_nb", inflation="1")),
    ),
    subgroups=("tenure",),
    columns=ct.ColumnMap(
        names={"record": "record_id", "offer": "arm_code"},
        values={"offer": {0: "leaflet", 1: "Housing support"}},
        missing={"debt": (-9,), "wellbeing": (-9, 999)},
    ),
    files=ct.Files(
        tables=(PARTICIPANTS, INTERVIEWS, LOSSES),
        participant="record",
        origin="discharged_on",
        rules=(lost_before_discharge,),
        identifiers=("caseworker",),
        derive=derive,
        name="home",
        title="Participant-level data of the HOME trial",
    ),
    registry="published.csv",
)
