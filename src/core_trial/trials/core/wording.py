"""CORE's findings as its paper words such things, in its order."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from core_trial.declaration.wording import Sentence, Wording
from core_trial.trials.core import words

RECRUITMENT = (
    "Of {count flow level=screened} people screened, {count flow level=eligible} were eligible and "
    "{count flow level=randomised} were recruited.",
    *(
        f"{{count flow level={level}}} participants were recruited in the {name} between "
        f"{{date recruitment level={level} statistic=first_date}}, and "
        f"{{date recruitment level={level} statistic=last_date}}."
        for level, name in (("pilot", "internal pilot"), ("main_trial", "main trial"))
    ),
)
FOLLOW_UP = (
    "{count flow arm=intervention level=randomised} participants were assigned to the "
    "{intervention} versus {count flow arm=control level=randomised} to the {control}; primary "
    "outcome data were obtained for {count flow arm=intervention level=primary_outcome_known} "
    "versus {count flow arm=control level=primary_outcome_known}.",
    "{share flow level=interviewed_month_4} completed the 4-month follow-up interview, and "
    "{share flow level=interviewed_month_18} completed the 18-month interview.",
)
READMISSION = (
    "{share readmission arm=intervention} participants in the {intervention} versus "
    "{share readmission arm=control} in the {control} were readmitted to acute care within 1 year "
    "({effect readmission}).",
    "In absolute terms: {absolute readmission}.",
    "Among those readmitted, the median time to readmission was "
    "{median time_to_readmission arm=intervention unit=days} in the {intervention} versus "
    "{median time_to_readmission arm=control unit=days} in the {control}; over all participants, "
    "{effect time_to_readmission}.",
    "Mean time to readmission within the year of follow-up: {absolute time_to_readmission}.",
)
ACUTE_DAYS = (
    "Participants spent a median of {median acute_days arm=intervention unit=days} in acute care "
    "in the {intervention} versus {median acute_days arm=control unit=days} in the {control}; "
    "among those who can have any such days, {effect acute_days}.",
    "Days in acute care, over all participants: {absolute acute_days}.",
    "The index episode ended a mean of {mean index_days arm=intervention unit=days decimals=1,1} "
    "after randomisation in the {intervention} versus "
    "{mean index_days arm=control unit=days decimals=1,1} in the {control}.",
    "Without the index episode, {share readmission_days arm=intervention level=none} participants "
    "in the {intervention} had no days in acute care versus "
    "{share readmission_days arm=control level=none} in the {control}.",
    "The median number of those days was {median readmission_days arm=intervention} in the "
    "{intervention} versus {median readmission_days arm=control} in the {control}.",
    "The mean number of those days was {mean readmission_days arm=intervention} in the "
    "{intervention} versus {mean readmission_days arm=control} in the {control}; among those who "
    "can have any such days, {effect readmission_days}.",
    "Those days, over all participants: {absolute readmission_days}.",
)
SERVICE_USE = (
    "Participants in the {intervention} had a mean of "
    "{mean cmht_contacts arm=intervention decimals=2,0} contacts with community mental health "
    "teams in 12 months versus {mean cmht_contacts arm=control decimals=2,0} in the {control} "
    "({effect cmht_contacts}).",
)
UPTAKE = (
    "{share sessions arm=intervention level=at_least_3} participants in the {intervention} "
    "attended at least three sessions, with a median of "
    "{median sessions arm=intervention unit=sessions}; "
    "{share sessions arm=intervention level=all_10} attended all ten.",
    "{share workbook_read arm=intervention} participants in the {intervention} versus "
    "{share workbook_read arm=control} in the {control} reported that they had read the workbook.",
    *(
        f"{{share {name} arm=intervention}} participants in the {{intervention}} versus "
        f"{{share {name} arm=control}} in the {{control}} reported written plans in the section "
        f"“{label}”."
        for name, label in words.WORKBOOK_SECTIONS.items()
    ),
)
SAFETY = (
    "{count adverse_events} serious adverse events were identified "
    "({count adverse_events arm=intervention} in the {intervention}; "
    "{count adverse_events arm=control} in the {control}), {count adverse_events level=related} of "
    "them judged related to the study.",
    *(
        f"{label}: {{count adverse_events level={kind}}} "
        f"({{count adverse_events arm=intervention level={kind}}} in the {{intervention}}; "
        f"{{count adverse_events arm=control level={kind}}} in the {{control}})."
        for kind, label in words.ADVERSE_EVENTS.items()
    ),
)


def _scales() -> Iterator[str]:
    """Every questionnaire at both follow-ups, and with who is missing adjusted for."""
    for visit in words.FOLLOW_UPS:
        for instrument in words.INSTRUMENTS:
            name = f"{instrument.outcome}_{visit}"
            yield (
                f"The mean score for {{title {name}}} was {{mean {name} arm=intervention}} in the "
                f"{{intervention}} versus {{mean {name} arm=control}} in the {{control}} "
                f"({{effect {name}}})."
            )
            yield (
                f"With adjustment for predictors of missingness: {{title {name}}}, "
                f"{{effect {name} level=missingness_adjusted}}."
            )


WORDING = Wording(
    sentences=tuple(
        Sentence(text)
        for text in (
            *RECRUITMENT,
            *FOLLOW_UP,
            *READMISSION,
            *ACUTE_DAYS,
            *_scales(),
            *SERVICE_USE,
            *UPTAKE,
            *SAFETY,
        )
    ),
    invented=MappingProxyType(
        {
            "flow": "Reasons for leaving before randomisation, and interviews held in each arm, "
            "are the generator’s invention: the paper prints neither.",
            "flow_diagram": "Reasons for leaving before randomisation, and interviews held in each "
            "arm, are the generator’s invention: the paper prints neither.",
            "adverse_events": "Kinds of event in each arm, deaths excepted, and participants with "
            "any event are the generator’s invention: the paper prints events, of each kind for "
            "both arms together.",
            "missingness_sensitivity": "But for self-rated recovery at 4 months, the adjusted "
            "estimates are the generator’s invention: the paper does not print them.",
            "planned_and_fitted": "The estimates of the planned models are the generator’s "
            "invention: the paper does not print them.",
            "sensitivity": "All but the first line of each outcome is the generator’s invention: "
            "the paper prints none of it.",
            "recommended_models": "The paper prints none of the recommended models’ answers.",
            "analysed": "Values before randomisation, and how many were analysed for scales, are "
            "the generator’s invention: the paper prints neither.",
            "clusters": "How many workers there were, and whom they saw, is the generator’s "
            "invention.",
            "missingness_predictors": "Who is missing is the generator’s invention.",
            "missingness_associations": "Who is missing is the generator’s invention.",
        }
    ),
)
