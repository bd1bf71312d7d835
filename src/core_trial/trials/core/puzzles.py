"""What CORE's paper prints and does not explain: possible, but only with something unsaid."""

from __future__ import annotations

import math
from collections.abc import Iterator

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.published.findings import finding
from core_trial.published.registry import Registry
from core_trial.results import Finding
from core_trial.trials.core.words import WORKBOOK_SECTIONS


def offered_later(registry: Registry) -> Iterator[Finding]:
    """The 18-month interview counted among people to whom it was not yet offered."""
    of = registry.first("flow", "N", "", "interviewed_month_18")
    offered = registry.get("flow", "n", "", "main_trial")
    if of is not None and float(of.printed) > offered:
        yield finding(
            "denominator",
            "unsaid",
            [of],
            "participants recruited after the amendment that added the interview",
            (offered, offered),
            "everybody randomised was counted, the internal pilot included",
        )


def condition_known(registry: Registry) -> Iterator[Finding]:
    """More people in the adjusted primary analysis than have a diagnosis in Table 1."""
    analysed = [registry.first("readmission", "N", arm) for arm in PRINTED_ARMS]
    entries = [entry for entry in analysed if entry is not None]
    diagnosed = sum(registry.get("diagnosis", "N", arm, "depression") for arm in PRINTED_ARMS)
    if sum(float(entry.printed) for entry in entries) > diagnosed:
        yield finding(
            "denominator",
            "unsaid",
            entries,
            "participants with a clinical diagnosis, for whom psychosis or not is known",
            (0.0, diagnosed),
            "psychosis was known from elsewhere, or the estimate rests on fewer people than the "
            "counts beside it",
            printed=" + ".join(entry.printed for entry in entries),
        )


def plans_without_reading(registry: Registry) -> Iterator[Finding]:
    """More people asked about plans in the workbook than have read it."""
    for arm in PRINTED_ARMS:
        read = registry.get("workbook_read", "n", arm)
        asked = [registry.first(section, "N", arm) for section in WORKBOOK_SECTIONS]
        more = [entry for entry in asked if entry is not None and float(entry.printed) > read]
        if more:
            yield finding(
                "denominator",
                "unsaid",
                more,
                f"participants of the {arm} group who said that they had read the workbook",
                (0.0, read),
                "the question was put to some who had not read it",
            )


def median_of_whom(registry: Registry) -> Iterator[Finding]:
    """A median time to an event that fewer than half of the participants have."""
    for arm in PRINTED_ARMS:
        entry = registry.first("time_to_readmission", "median", arm)
        n, of = (registry.get("readmission", s, arm) for s in ("n", "N"))
        if entry is not None and 2 * n < of:
            yield finding(
                "median_of_whom",
                "unsaid",
                [entry],
                "median time of all participants: not reached within the year",
                (math.nan, math.nan),
                "the median of those readmitted",
            )


def rate_ratio_of_whom(registry: Registry) -> Iterator[Finding]:
    """A rate ratio that is not the ratio of the means printed beside it."""
    estimate = registry.first("readmission_days", "estimate")
    means = [registry.first("readmission_days", "mean", arm) for arm in PRINTED_ARMS]
    treated, control = (entry.window if entry else None for entry in means)
    if estimate is None or treated is None or control is None:
        return
    low, high = float(treated.low / control.high), float(treated.high / control.low)
    window = estimate.window
    if high < window.low or low > window.high:
        yield finding(
            "rate_ratio_of_whom",
            "unsaid",
            [estimate, *(entry for entry in means if entry)],
            "ratio of the mean days per participant",
            (low, high),
            "the ratio of the count part of the zero-inflated model: of days among those who "
            "can have any, and not of days per participant",
            decimals=2,
            printed=estimate.printed,
        )


def care_after_recruitment(registry: Registry) -> Iterator[Finding]:
    """Days of the index episode after randomisation of people recruited after discharge."""
    means = [registry.first("index_days", "mean", arm) for arm in PRINTED_ARMS]
    entries = [entry for entry in means if entry is not None and entry.window.low > 0]
    if entries:
        yield finding(
            "care_after_recruitment",
            "unsaid",
            entries,
            "days of the index episode after randomisation, with everybody “recruited after "
            "discharge” as the Methods say",
            (0.0, 0.0),
            "discharge from one service with care by another going on; or recruitment before "
            "the discharge itself",
        )


#: Checks that this paper alone calls for.
CHECKS = (
    offered_later,
    condition_known,
    plans_without_reading,
    median_of_whom,
    rate_ratio_of_whom,
    care_after_recruitment,
)
