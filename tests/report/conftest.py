"""Records with the paper's own numbers, so that the tables can be held against its tables."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from core_trial.results import CurvePoint, Descriptive, Estimate, FlowCount, Record, Results
from core_trial.trials.core import words

#: n by arm (intervention, control) for every category of Table 1, and the denominators.
BASELINE = {
    ("sex", 220, 218): {"male": (88, 87), "female": (132, 131)},
    ("ethnicity", 220, 218): {
        "white": (144, 141),
        "black": (43, 41),
        "asian": (14, 13),
        "other": (19, 23),
    },
    ("uk_born", 197, 196): {"yes": (157, 147)},
    ("marital_status", 219, 219): {
        "single": (137, 146),
        "married_or_cohabiting": (47, 49),
        "separated_or_divorced": (28, 24),
        "widowed": (7, 0),
    },
    ("diagnosis", 213, 213): dict(
        zip(
            words.DIAGNOSIS,
            zip((28, 27, 12, 48, 5, 2, 16, 12, 63), (33, 26, 9, 53, 2, 5, 21, 6, 58), strict=True),
            strict=True,
        )
    ),
    ("lifetime_admissions", 199, 200): dict(
        zip(words.LIFETIME_ADMISSIONS, ((69, 79), (48, 38), (48, 54), (34, 29)), strict=True)
    ),
    ("crt_periods", 198, 200): dict(
        zip(words.CRT_PERIODS, ((99, 93), (39, 39), (42, 44), (11, 11), (7, 13)), strict=True)
    ),
}
#: Mean and SD by arm, then difference, limits and p, for the scales of Table 2 in its order.
SCALES = {
    "satisfaction_month_4": (26, 5, 24, 6, 1.96, 1.03, 2.89, 0.00003),
    "satisfaction_month_18": (26, 5, 25, 6, 0.98, -0.50, 2.46, 0.1945),
    "self_management_month_4": (51, 8, 50, 8, 1.06, -0.49, 2.61, 0.1807),
    "self_management_month_18": (53, 9, 52, 8, 1.24, -0.77, 3.26, 0.2270),
    "recovery_month_4": (57, 16, 55, 16, 2.90, 0.08, 5.72, 0.0441),
    "recovery_month_18": (60, 13, 58, 18, 0.48, -3.32, 4.29, 0.8032),
    "symptoms_month_4": (39, 12, 41, 12, -1.08, -3.17, 1.01, 0.3115),
    "symptoms_month_18": (39, 12, 40, 13, -0.71, -3.58, 2.17, 0.6306),
    "loneliness_month_4": (22, 3, 22, 4, 0.03, -0.66, 0.73, 0.9254),
    "loneliness_month_18": (22, 4, 22, 4, -0.01, -0.89, 0.86, 0.9805),
    "social_network_month_4": (12, 5, 12, 6, -0.06, -1.02, 0.90, 0.9005),
    "social_network_month_18": (13, 6, 12, 6, 1.05, -0.02, 2.12, 0.0549),
    "cmht_contacts": (7.0, 13, 7.6, 14, 0.16, -2.28, 2.61, 0.8979),
}
#: Quartiles by arm, measure, effect, limits and p.
TIMES = {
    "time_to_readmission": (
        (112, 42, 242),
        (86, 43, 180),
        ("hazard_ratio", 0.71, 0.52, 0.97, 0.0291, "arm"),
    ),
    "acute_days": (
        (0, 0, 26),
        (0, 0, 24),
        ("rate_ratio", 1.01, 0.76, 1.36, 0.9208, "acute_days ~ arm"),
    ),
}
#: Reasons are made up; the paper's text has none.
LEFT_BEFORE = {
    "not_eligible": {
        "caseload of the team for less than a week": 702,
        "discharged to an address outside of the catchment area": 488,
        "not able to understand the intervention in English": 160,
        "risk to others too high to meet a peer support worker": 90,
    },
    "not_randomised": {"declined to take part": 911, "could not be contacted": 496},
}
ARMS = ("intervention", "control")


def estimate(analysis: str, measure: str, numbers: tuple[float, ...], formula: str) -> Estimate:
    value, low, high, p = numbers
    return Estimate(
        analysis=analysis,
        measure=measure,
        estimate=value,
        low=low,
        high=high,
        std_error=math.nan,
        statistic=math.nan,
        df=math.inf,
        p_value=p,
        n=400,
        n_clusters=250,
        model="made_up",
        formula=formula,
        method="made up",
    )


def counts(analysis: str, arm: str, n: int, of: int, level: str = "") -> Iterator[Descriptive]:
    for statistic, value in (("n", n), ("N", of), ("percent", 100 * n / of)):
        yield Descriptive(
            analysis=analysis, statistic=statistic, value=float(value), arm=arm, level=level
        )


def described(analysis: str, arm: str, **statistics: float) -> Iterator[Descriptive]:
    for statistic, value in statistics.items():
        yield Descriptive(analysis=analysis, statistic=statistic, value=float(value), arm=arm)


def baseline() -> Iterator[Record]:
    for (analysis, *totals), levels in BASELINE.items():
        for level, by_arm in levels.items():
            for arm, n, of in zip(ARMS, by_arm, totals, strict=True):
                yield from counts(analysis, arm, n, of, level)
            yield from counts(analysis, "", sum(by_arm), sum(totals), level)
    yield from described("age", "intervention", n=220, mean=40.2, sd=12.9)
    yield from described("age", "control", n=218, mean=39.7, sd=12.4)


def outcomes() -> Iterator[Record]:
    yield from counts("readmission", "intervention", 64, 218)
    yield from counts("readmission", "control", 83, 216)
    formula = "readmitted ~ arm + psychosis + centre"
    yield estimate("readmission", "odds_ratio", (0.6553, 0.4346, 0.9882, 0.0438), formula)
    for name, (mean1, sd1, mean2, sd2, *effect) in SCALES.items():
        yield from described(name, "intervention", n=170, mean=mean1, sd=sd1)
        yield from described(name, "control", n=170, mean=mean2, sd=sd2)
        formula = f"{name} ~ arm + psychosis + centre + {name.partition('_month')[0]}_baseline"
        yield estimate(name, "difference_in_means", tuple(effect), formula)
    for name, (*quartiles, (measure, *effect, formula)) in TIMES.items():
        for arm, (median, q1, q3) in zip(ARMS, quartiles, strict=True):
            yield from described(name, arm, median=median, q1=q1, q3=q3)
        yield estimate(name, measure, tuple(effect), formula)


def flow() -> Iterator[FlowCount]:
    yield FlowCount(step="screened", n=3288)
    for step, reasons in LEFT_BEFORE.items():
        for reason, n in reasons.items():
            yield FlowCount(step=step, reason=reason, n=n)
    yield FlowCount(step="eligible", n=1848)
    yield FlowCount(step="randomised", n=441)
    yield FlowCount(step="pilot", n=40)
    yield FlowCount(step="main_trial", n=401)
    for step, by_arm in {
        "randomised": (221, 220),
        "primary_outcome_known": (218, 216),
        "interviewed_month_4": (174, 170),
        "interviewed_month_18": (130, 125),
    }.items():
        for arm, n in zip(ARMS, by_arm, strict=True):
            of = 0 if step == "randomised" else {"intervention": 221, "control": 220}[arm]
            yield FlowCount(step=step, n=n, arm=arm, of=of)
    yield FlowCount(step="interviewed_month_4", n=344, of=441)
    yield FlowCount(step="interviewed_month_18", n=255, of=441)


def curve(arm: str, n: int, events: int) -> Iterator[CurvePoint]:
    """One event at a time, the gaps growing; everybody else is censored at 365 days."""
    survival = 1.0
    for i in range(events):
        survival *= 1 - 1 / (n - i)
        yield point(arm, 3 + 355 * (i / events) ** 1.3, survival, n - i, 1, 0)
    yield point(arm, 365.0, survival, n - events, 0, n - events)


def point(
    arm: str, time: float, survival: float, at_risk: int, events: int, censored: int
) -> CurvePoint:
    half = 1.96 * math.sqrt(survival * (1 - survival) / 217)
    return CurvePoint(
        analysis="time_to_readmission",
        arm=arm,
        time=float(round(time)),
        survival=survival,
        low=survival - half,
        high=min(1.0, survival + half),
        at_risk=at_risk,
        events=events,
        censored=censored,
    )


@pytest.fixture(scope="session")
def printed() -> Results:
    """Records with the numbers of the paper's Tables 1 and 2, flow and curves."""
    curves = (*curve("intervention", 218, 64), *curve("control", 216, 83))
    return Results.bind(baseline(), outcomes(), flow(), curves)
