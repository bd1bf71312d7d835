"""A small made-up trial of another shape than CORE, and its records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from records import counts, estimate, number

from core_trial.declaration.arms import Arm, Cluster
from core_trial.declaration.covariates import Categories, Number
from core_trial.declaration.outcomes import Binary, Count, Score, Time
from core_trial.declaration.trial import Trial
from core_trial.results import CurvePoint, FlowCount, ModelChoice, Provenance, Record, Results

TRIAL = Trial(
    title="Group therapy for insomnia",
    participant="id",
    arm=Arm("allocated", control="TAU", intervention="CBT-I"),
    cluster=Cluster("therapist", label="therapist", arm="both"),
    strata=("site",),
    baseline=("sex", Number("age", "Age", "years", median=True), "shift_work", "bmi"),
    outcomes=(
        Binary("asleep", "Asleep within 30 minutes", primary=True, better="higher"),
        Score("isi", "Insomnia severity", baseline="isi_before", better="lower", decimals=(1, 1)),
        Time("weeks", "Weeks to relapse", event="relapsed", limit=52, unit="weeks"),
        Count("naps", unit="naps", mean=True),
    ),
)
ARMS = ("intervention", "control")


def described(analysis: str, arm: str, **statistics: float) -> Iterator[Record]:
    for statistic, value in statistics.items():
        yield number(analysis, statistic, value, arm)


def baseline() -> Iterator[Record]:
    for arm, male, female, shift in (("intervention", 12, 18, 7), ("control", 10, 19, 1)):
        yield from counts("sex", male, male + female, arm, "male")
        yield from counts("sex", female, male + female, arm, "female")
        yield from counts("shift_work", shift, 30, arm, "yes")
        yield from described("age", arm, n=30, median=44, q1=35, q3=52)
        yield from described("bmi", arm, n=30, mean=26.25, sd=3.5)
    yield from counts("sex", 22, 59, "", "male")


def outcomes() -> Iterator[Record]:
    for arm, n, isi, weeks, naps in (
        ("intervention", 20, 9.5, 30, 1.2),
        ("control", 12, 12.5, 22, 2.4),
    ):
        yield from counts("asleep", n, 30, arm)
        yield from described("isi", arm, n=28, mean=isi, sd=4.25)
        yield from described("weeks", arm, n=9, median=weeks, q1=10, q3=40)
        yield from described("naps", arm, n=29, mean=naps, sd=2, median=0, q1=0, q3=3)
    yield estimate(
        "asleep", 3.0, 1.05, 8.6, measure="odds_ratio", formula="asleep ~ arm + site", n=60
    )
    yield estimate("asleep", 0.27, 0.02, 0.51, measure="risk_difference", level="risk_difference")
    yield estimate(
        "isi",
        -3.0,
        -5.1,
        -0.9,
        formula="isi ~ arm + site + isi_before",
        warnings=("few clusters: 4 in an arm",),
    )
    yield estimate("weeks", 0.6, 0.3, 1.2, measure="hazard_ratio", formula="arm + site")
    yield estimate("naps", 0.5, 0.2, 1.1, measure="ratio_of_means", formula="naps ~ arm + site")
    for name in ("asleep", "isi"):
        yield ModelChoice(analysis=name, planned="Some regression", fitted="Some regression")


def flow() -> Iterator[FlowCount]:
    yield FlowCount(step="screened", n=100)
    yield FlowCount(step="not_eligible", n=25, reason="shift work at night")
    yield FlowCount(step="randomised", n=61)
    for arm, n in zip(ARMS, (31, 30), strict=True):
        yield FlowCount(step="randomised", n=n, arm=arm)
        yield FlowCount(step="known_asleep", n=30, of=n, arm=arm)
        yield FlowCount(step="analysed_asleep", n=29, arm=arm)


def curves() -> Iterator[CurvePoint]:
    for arm in ARMS:
        for i, time in enumerate((5.0, 20.0, 52.0)):
            survival = 0.9 - 0.2 * i
            yield CurvePoint(
                analysis="weeks",
                arm=arm,
                time=time,
                survival=survival,
                low=survival - 0.1,
                high=survival + 0.05,
                at_risk=30 - 5 * i,
                events=3,
                censored=2,
            )


def results(*, synthetic: bool = False) -> Results:
    provenance = Provenance({"frame.csv": "0" * 64}, {"python": "3"}, synthetic=synthetic)
    return Results.bind(baseline(), outcomes(), flow(), curves(), provenance=provenance)


def changed(**changes: object) -> Trial:
    """The trial with something declared otherwise."""
    return replace(TRIAL, **changes)


SITES = Categories("site", "Hospital", {"a": "North", "b": "South"})
