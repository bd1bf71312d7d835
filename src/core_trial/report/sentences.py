"""The findings as the paper words such things, with numbers from the records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from core_trial.declaration.arms import Group
from core_trial.report import phrases
from core_trial.report.cells import Place
from core_trial.report.number import LANCET, Style
from core_trial.report.phrases import group, told
from core_trial.results import Results
from core_trial.trials.core.words import (
    ADVERSE_EVENTS,
    FOLLOW_UPS,
    INSTRUMENTS,
    VISIT_LABELS,
    WORKBOOK_SECTIONS,
)

INTERVENTION, CONTROL = Group.INTERVENTION, Group.CONTROL
#: Level of the estimates that are adjusted for what predicted missingness.
SENSITIVITY = "missingness_adjusted"
Paragraph = Callable[[Results, Style], Iterator[str]]


def sentences(results: Results, style: Style = LANCET) -> tuple[str, ...]:
    """Every finding as a sentence, in the paper's order.

    Parameters
    ----------
    results
        The records. A sentence that would need a number which they do not hold, or withhold, is
        left out.
    style
        How numbers are spelt.

    Examples
    --------
    >>> from core_trial.results import FlowCount
    >>> flow = [FlowCount(step=step, n=n) for step, n in
    ...         {"screened": 3288, "eligible": 1848, "randomised": 441}.items()]
    >>> sentences(Results(tuple(flow)))
    ('Of 3288 people screened, 1848 were eligible and 441 were recruited.',)
    """
    return tuple(sentence for part in PARAGRAPHS for sentence in part(results, style))


def recruitment(results: Results, style: Style) -> Iterator[str]:
    """Who came into the trial, and when."""
    n = partial(_count, results, style, "flow")
    yield from told(
        "Of {screened} people screened, {eligible} were eligible and {randomised} were recruited.",
        screened=n(level="screened"),
        eligible=n(level="eligible"),
        randomised=n(level="randomised"),
    )
    for level, name in (("pilot", "internal pilot"), ("main_trial", "main trial")):
        first, last = (
            phrases.date(results, Place("recruitment", level=level), statistic)
            for statistic in ("first_date", "last_date")
        )
        yield from told(
            "{n} participants were recruited in the {name} between {first}, and {last}.",
            n=n(level=level),
            name=name,
            first=first,
            last=last,
        )


def follow_up(results: Results, style: Style) -> Iterator[str]:
    """Who was allocated to what, and followed up."""
    n = partial(_count, results, style, "flow")
    yield from told(
        "{treated} participants were assigned to the {intervention} versus {controls} to the "
        "{control}; primary outcome data were obtained for {treated_known} versus "
        "{controls_known}.",
        treated=n(INTERVENTION, "randomised"),
        controls=n(CONTROL, "randomised"),
        treated_known=n(INTERVENTION, "primary_outcome_known"),
        controls_known=n(CONTROL, "primary_outcome_known"),
        intervention=group(INTERVENTION),
        control=group(CONTROL),
    )
    month_4, month_18 = (
        phrases.share(results, Place("flow", level=f"interviewed_{visit}"), style)
        for visit in FOLLOW_UPS
    )
    yield from told(
        "{month_4} completed the 4-month follow-up interview, and {month_18} completed the "
        "18-month interview.",
        month_4=month_4,
        month_18=month_18,
    )


def readmission(results: Results, style: Style) -> Iterator[str]:
    """The primary outcome, and the time to it."""
    yield from _versus(
        "{treated} participants in the {intervention} versus {controls} in the {control} were "
        "readmitted to acute care within 1 year ({effect}).",
        partial(_share, results, style, "readmission"),
        phrases.effect(results, "readmission", style),
    )
    yield from _versus(
        "Among those readmitted, the median time to readmission was {treated} in the "
        "{intervention} versus {controls} in the {control} ({effect}).",
        partial(_median, results, style, "time_to_readmission", "days"),
        phrases.effect(results, "time_to_readmission", style),
    )


def acute_days(results: Results, style: Style) -> Iterator[str]:
    """Days in acute care, with and without the index episode."""
    yield from _versus(
        "Participants spent a median of {treated} in acute care in the {intervention} versus "
        "{controls} in the {control} ({effect}).",
        partial(_median, results, style, "acute_days", "days"),
        phrases.effect(results, "acute_days", style),
    )
    yield from _versus(
        "The index episode ended a mean of {treated} after randomisation in the {intervention} "
        "versus {controls} in the {control}.",
        partial(_mean, results, style, "index_days", (1, 1), "days"),
    )
    yield from _versus(
        "Without the index episode, {treated} participants in the {intervention} had no days in "
        "acute care versus {controls} in the {control} ({effect}).",
        partial(_share, results, style, "readmission_days", level="none"),
        phrases.effect(results, "readmission_days", style),
    )
    for summary, name in (
        (partial(_median, results, style, "readmission_days", ""), "median"),
        (partial(_mean, results, style, "readmission_days", (0, 0), ""), "mean"),
    ):
        yield from _versus(
            f"The {name} number of those days was {{treated}} in the {{intervention}} versus "
            "{controls} in the {control}.",
            summary,
        )


def scales(results: Results, style: Style) -> Iterator[str]:
    """Every questionnaire at both follow-ups, and what is left with who is missing adjusted for."""
    for visit in FOLLOW_UPS:
        for instrument in INSTRUMENTS:
            name = f"{instrument.outcome}_{visit}"
            label = f"{_lower_first(instrument.label)} {VISIT_LABELS[visit]}"
            yield from _versus(
                f"The mean score for {label} was {{treated}} in the {{intervention}} versus "
                "{controls} in the {control} ({effect}).",
                partial(_mean, results, style, name, (0, 0), ""),
                phrases.effect(results, name, style),
            )
            yield from told(
                "With adjustment for predictors of missingness: {label}, {effect}.",
                label=label,
                effect=phrases.effect(results, name, style, SENSITIVITY),
            )


def service_use(results: Results, style: Style) -> Iterator[str]:
    """Contacts with the community teams."""
    yield from _versus(
        "Participants in the {intervention} had a mean of {treated} contacts with community mental "
        "health teams in 12 months versus {controls} in the {control} ({effect}).",
        partial(_mean, results, style, "cmht_contacts", (2, 0), ""),
        phrases.effect(results, "cmht_contacts", style),
    )


def uptake(results: Results, style: Style) -> Iterator[str]:
    """Sessions attended, the workbook read and used."""
    attended = partial(_share, results, style, "sessions", INTERVENTION)
    yield from told(
        "{some} participants in the {intervention} attended at least three sessions, with a "
        "median of {median}; {all_} attended all ten.",
        some=attended(level="at_least_3"),
        median=_median(results, style, "sessions", "sessions", INTERVENTION),
        all_=attended(level="all_10"),
        intervention=group(INTERVENTION),
    )
    yield from _versus(
        "{treated} participants in the {intervention} versus {controls} in the {control} reported "
        "that they had read the workbook.",
        partial(_share, results, style, "workbook_read"),
    )
    for name, section in WORKBOOK_SECTIONS.items():
        yield from _versus(
            f"{{treated}} participants in the {{intervention}} versus {{controls}} in the "
            f"{{control}} reported written plans in the section “{section}”.",
            partial(_share, results, style, name),
        )


def safety(results: Results, style: Style) -> Iterator[str]:
    """Serious adverse events."""
    n = partial(_count, results, style, "adverse_events")
    yield from told(
        "{all_} serious adverse events were identified ({treated} in the {intervention}; "
        "{controls} in the {control}), {related} of them judged related to the study.",
        all_=n(),
        treated=n(INTERVENTION),
        controls=n(CONTROL),
        related=n(level="related"),
        intervention=group(INTERVENTION),
        control=group(CONTROL),
    )
    for kind, label in ADVERSE_EVENTS.items():
        yield from told(
            "{label}: {all_} ({treated} in the {intervention}; {controls} in the {control}).",
            label=label,
            all_=n(level=kind),
            treated=n(INTERVENTION, kind),
            controls=n(CONTROL, kind),
            intervention=group(INTERVENTION),
            control=group(CONTROL),
        )


#: The paper's order.
PARAGRAPHS: tuple[Paragraph, ...] = (
    recruitment,
    follow_up,
    readmission,
    acute_days,
    scales,
    service_use,
    uptake,
    safety,
)


def _versus(
    template: str, in_arm: Callable[[Group], str | None], effect: str | None = ""
) -> Iterator[str]:
    """A sentence that sets the arms side by side."""
    return told(
        template,
        treated=in_arm(INTERVENTION),
        controls=in_arm(CONTROL),
        effect=effect,
        intervention=group(INTERVENTION),
        control=group(CONTROL),
    )


def _count(
    results: Results, style: Style, analysis: str, arm: str = "", level: str = ""
) -> str | None:
    return phrases.count(results, Place(analysis, arm, level), style)


def _share(results: Results, style: Style, analysis: str, arm: str, level: str = "") -> str | None:
    return phrases.share(results, Place(analysis, arm, level), style)


def _mean(
    results: Results, style: Style, analysis: str, decimals: tuple[int, int], unit: str, arm: str
) -> str | None:
    return phrases.mean_sd(results, Place(analysis, arm), style, decimals, unit)


def _median(results: Results, style: Style, analysis: str, unit: str, arm: str) -> str | None:
    return phrases.median_iqr(results, Place(analysis, arm), style, unit)


def _lower_first(label: str) -> str:
    return label[:1].lower() + label[1:]
