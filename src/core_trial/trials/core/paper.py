"""CORE's paper: its registry of printed numbers, and what their arithmetic needs to know.

References
----------
Johnson S, Lamb D, Marston L, et al. Peer-supported self-management for people discharged from a
mental health crisis team: a randomised controlled trial. Lancet 2018; 392: 409-18.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from core_trial.declaration.arms import PRINTED_ARMS, Group
from core_trial.declaration.paper import Monitored, Paper, Range
from core_trial.results import Key
from core_trial.trials.core import puzzles, words
from core_trial.trials.core.claims import CLAIMS

FILE = Path(__file__).with_name("core_2018.csv")
_EVENTS = ("readmission", "attempted_suicide", "attempted_murder_charge", "deaths")
_YEAR = Range(0, words.FOLLOW_UP_DAYS, of="readmission", noun="number of days")


def _n(analysis: str, arm: str = "", level: str = "") -> Key:
    return Key(analysis, "n", arm, level)


#: Wholes and their parts, beside those of categories and of arms.
SUMS = (
    (_n("flow", "", "randomised"), (_n("flow", "", "pilot"), _n("flow", "", "main_trial"))),
    (_n("adverse_events"), tuple(_n("adverse_events", "", kind) for kind in _EVENTS)),
    (
        _n("adverse_events", "", "deaths"),
        tuple(_n("adverse_events", Group.CONTROL, kind) for kind in words.DEATHS),
    ),
    (
        _n("protocol_breaches"),
        (_n("protocol_breaches", "", "not_offered"), _n("protocol_breaches", "", "worker_left")),
    ),
    *(
        (
            Key("readmission", "N", arm),
            (_n("readmission", arm), _n("readmission_days", arm, "none")),
        )
        for arm in PRINTED_ARMS
    ),
)

#: Scores by the name of their analysis, and outcomes in days of the year of follow-up.
RANGES: Mapping[str, Range] = MappingProxyType(
    {
        f"{instrument.outcome}_{visit}": Range(*instrument.range, step=f"interviewed_{visit}")
        for instrument in words.INSTRUMENTS
        for visit in words.FOLLOW_UPS
    }
    | {"acute_days": _YEAR, "readmission_days": _YEAR, "index_days": _YEAR}
)

#: Percentages of the whole sample in the Discussion: analysis and categories of Table 1.
POOLED: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "discussion.sex.male.percent": ("sex", ("male",)),
        "discussion.ethnicity.white.percent": ("ethnicity", ("white",)),
        "discussion.marital_status.married_or_cohabiting.percent": (
            "marital_status",
            ("married_or_cohabiting",),
        ),
        **{
            f"discussion.diagnosis.{group}.percent": ("diagnosis", members)
            for group, members in words.DIAGNOSIS_GROUPS.items()
        },
    }
)

#: What may explain a finding, where something does better than a plain slip.
EXPLANATIONS: Mapping[str, str] = MappingProxyType(
    {
        "table2.recovery_month_18.control.sd": (
            "a slip of the keys, for 17 or another number: with nearly all of the 255 interviewed "
            "in the analysis, the interval printed for the difference asks for about 17 or more"
        ),
        "results.recovery_month_4.missingness_adjusted.estimate": (
            "a difference in means under the wrong abbreviation: the estimate is the midpoint of "
            "its interval, as a difference is and a ratio is not, and the outcome's other "
            "estimates are differences"
        ),
        "table1.marital_status.single.control.N": (
            "sex or marital status missing in different people; or one participant counted in the "
            "other group, for over both groups together the denominators for sex, ethnicity and "
            "marital status are the same"
        ),
        "discussion.marital_status.married_or_cohabiting.percent": (
            "the intervention group's percentage was taken for the whole sample's, or the "
            "percentage was cut and not rounded"
        ),
        "results.sessions.all_10.N": (
            "those for whom the log of sessions was complete, or who were offered all of them"
        ),
    }
)

#: Where the paper says of an estimate that it is adjusted: by a mark in Table 2, or by a reference
#: to that table.
ADJUSTED = frozenset(
    {
        ("table2", "readmission"),
        ("results", "readmission"),
        ("table2", "cmht_contacts"),
        *(("table2", f"{i.outcome}_{v}") for i in words.INSTRUMENTS for v in words.FOLLOW_UPS),
    }
)
#: The 4-month interview, up to which serious adverse events were monitored, in days.
MONITORED_UNTIL = 122

PAPER = Paper(
    file=FILE,
    claims=CLAIMS,
    phrases=MappingProxyType({"persisted": (0.0, 1.0)}),
    sums=SUMS,
    ranges=RANGES,
    pooled=POOLED,
    significant=frozenset(
        {"readmission", "time_to_readmission", "satisfaction_month_4", "recovery_month_4"}
    ),
    complete=("sex", "male"),
    adjusted=ADJUSTED,
    directions=MappingProxyType(
        {"intervention participants were admitted for fewer days": ("readmission_days",)}
    ),
    one_arm=MappingProxyType({_n("adverse_events", "", "deaths"): str(Group.CONTROL)}),
    ends=MappingProxyType(dict.fromkeys(map(str, PRINTED_ARMS), tuple(words.WORKBOOK_SECTIONS))),
    asked=MappingProxyType({"workbook_read": "interviewed_month_4"}),
    monitored=(
        Monitored(
            _n("adverse_events", "", "readmission"),
            MONITORED_UNTIL,
            "readmission",
            "time_to_readmission",
        ),
    ),
    explanations=EXPLANATIONS,
    checks=puzzles.CHECKS,
)
