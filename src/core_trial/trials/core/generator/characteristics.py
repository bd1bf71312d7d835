"""Stage 2: Table 1. Every count and denominator exact; what belongs together goes together.

Each characteristic is filled arm by arm: who has it unknown is drawn first, then the known ones are
ranked on a score and cut at the printed counts. Scores share latent traits (age, severity of past
illness, migration, how complete a participant's baseline form is), so that the widowed are old and
those with many admissions had many periods with a crisis team. Diagnoses have no order: each is as
likely as sex, age, ethnicity and severity make it in services like these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.synthesis.people import codes
from core_trial.synthesis.regions import Bounds
from core_trial.synthesis.samples import beta_scores
from core_trial.synthesis.search import Floats, Impossible
from core_trial.synthesis.targets import Targets
from core_trial.trials.core.words import CRT_PERIODS, ETHNICITY, LIFETIME_ADMISSIONS, SEX

#: Shape of the age distribution on its range: adults of working age, and some beyond.
AGE_RANGE = (18, 82)
#: How far from the middle of their bounds the moments of age may lie, in half-widths, and rounds in
#: which they get there.
COMFORT, ROUNDS = 0.8, 50
#: How much centres differ in the trait behind ethnicity and country of birth.
CENTRES_DIFFER = 0.6
#: Marital status in the order in which age raises it.
MARITAL_BY_AGE = ("single", "married_or_cohabiting", "separated_or_divorced", "widowed")
PSYCHOSES = ("schizophrenia_or_schizoaffective", "other_psychosis")
#: Share with psychosis among those without a recorded diagnosis.
PSYCHOSIS_UNRECORDED = 0.2


@dataclass(frozen=True, slots=True)
class Likely:
    """What makes a diagnosis likelier, as log odds; ours, after the clinic.

    Parameters
    ----------
    severity, age
        For every standard deviation of either.
    man
        In men.
    ethnicity
        In those who are not white.
    """

    severity: float = 0.0
    age: float = 0.0
    man: float = 0.0
    ethnicity: Mapping[str, float] = field(default_factory=dict)


#: Schizophrenia is commoner in men, and diagnosed more often in black people; borderline
#: personality disorder is diagnosed in women, in the young, and in white people.
DIAGNOSES = {
    "anxiety": Likely(-0.9, 0.1, -0.3),
    "post_traumatic_stress": Likely(-0.6, -0.1, -0.4),
    "depression": Likely(-0.4, 0.3, -0.1, {"black": -0.5}),
    "other_or_none": Likely(-0.2),
    "other_personality": Likely(0.1, -0.2, 0.5),
    "borderline_personality": Likely(0.2, -0.9, -1.5, {"black": -0.9, "asian": -0.7}),
    "other_psychosis": Likely(0.4, -0.2, 0.5, {"black": 1.2, "asian": 0.5, "other": 0.5}),
    "bipolar_affective": Likely(0.6, 0.2, 0.0, {"black": 0.2}),
    "schizophrenia_or_schizoaffective": Likely(
        0.9, 0.0, 1.1, {"black": 1.3, "asian": 0.6, "other": 0.5}
    ),
}


def characterise(people: pd.DataFrame, targets: Targets, rng: np.random.Generator) -> pd.DataFrame:
    """Baseline characteristics of everybody, in the order of `people`.

    Returns
    -------
    pandas.DataFrame
        Columns psychosis, sex, age, ethnicity, uk_born, marital_status, diagnosis,
        lifetime_admissions, crt_periods, with None or ``nan`` where unknown.
    """
    where = codes(people["centre"])
    migrants = CENTRES_DIFFER * rng.standard_normal(where.max() + 1)
    people = people.assign(migrants=migrants[where])
    arms = [_characterise_arm(rows, targets, str(arm), rng) for arm, rows in _by_arm(people)]
    return pd.concat(arms).reindex(people.index)


def _by_arm(people: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [(str(arm), people[people["arm"] == arm]) for arm in PRINTED_ARMS]


def _characterise_arm(
    rows: pd.DataFrame, targets: Targets, arm: str, rng: np.random.Generator
) -> pd.DataFrame:
    n = len(rows)
    age_trait, severity, migration, blank = rng.standard_normal((4, n))
    migration += rows["migrants"].to_numpy()

    def fill(name: str, levels: Sequence[str], score: Floats) -> list[str | None]:
        counts = targets.category_counts(name, levels, arm)
        return ranked(score, counts, blank + 0.5 * rng.standard_normal(n), rng)

    form = targets.count("sex", "N", arm, "male")
    ethnicity = fill("ethnicity", list(ETHNICITY), migration)
    sex = fill("sex", list(SEX), noise(1, n, rng))
    diagnosis = assigned(
        _likely_diagnoses(severity, age_trait, sex, ethnicity),
        list(targets.category_counts("diagnosis", list(DIAGNOSES), arm).values()),
        blank + 0.5 * rng.standard_normal(n),
        rng,
    )
    history = severity + 0.3 * age_trait
    frame = pd.DataFrame(
        {
            "sex": sex,
            "age": ages(age_trait, blank, form, targets.moments("age", arm), rng),
            "ethnicity": ethnicity,
            "uk_born": _uk_born(targets, arm, migration, blank, rng),
            "marital_status": fill(
                "marital_status", MARITAL_BY_AGE, 0.7 * age_trait + noise(0.7, n, rng)
            ),
            "diagnosis": [None if k < 0 else list(DIAGNOSES)[k] for k in diagnosis],
            "lifetime_admissions": fill(
                "lifetime_admissions", list(LIFETIME_ADMISSIONS), history + noise(0.6, n, rng)
            ),
            "crt_periods": fill("crt_periods", list(CRT_PERIODS), history + noise(0.8, n, rng)),
        },
        index=rows.index,
    )
    unrecorded = frame["diagnosis"].isna() & (rng.random(n) < PSYCHOSIS_UNRECORDED)
    frame["psychosis"] = frame["diagnosis"].isin(PSYCHOSES) | unrecorded
    return frame


def noise(scale: float, n: int, rng: np.random.Generator) -> Floats:
    """Normal noise, shape (n,)."""
    return scale * rng.standard_normal(n)


def ranked(
    score: Floats, counts: Mapping[str, int], blank: Floats, rng: np.random.Generator
) -> list[str | None]:
    """Assign ordered levels with exact counts: low scores get the first level.

    Parameters
    ----------
    score
        Where each participant stands, shape (n,).
    counts
        How many have each level, in order.
    blank
        How little of the form was filled in, shape (n,); those with most have the value unknown.
    rng
        Breaks ties.
    """
    known = np.argsort(blank, kind="stable")[: sum(counts.values())]
    order = known[np.lexsort((rng.random(len(known)), score[known]))]
    levels = np.repeat(list(counts), list(counts.values()))
    filled = np.full(len(score), None, dtype=object)
    filled[order] = levels
    return list(filled)


def assigned(
    likely: Floats, counts: Sequence[int], blank: Floats, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Assign unordered levels with exact counts, as a multinomial logit would.

    Everybody's utility of a level is its log odds and Gumbel noise; the assignment with the largest
    sum has the counts, and is everybody's own choice at some common price of each level.

    Parameters
    ----------
    likely
        Log odds of each level for each participant, shape (n, k).
    counts
        How many have each level, k of them.
    blank
        How little of the form was filled in, shape (n,); those with most have the value unknown.
    rng
        Draws the noise.

    Returns
    -------
    numpy.ndarray
        Level of each, shape (n,); -1 where unknown.
    """
    known = np.argsort(blank, kind="stable")[: sum(counts)]
    slots = np.repeat(np.arange(len(counts)), counts)
    utility = (likely + rng.gumbel(size=likely.shape))[known]
    rows, columns = linear_sum_assignment(utility[:, slots], maximize=True)
    level = np.full(len(likely), -1)
    level[known[rows]] = slots[columns]
    return level


def _likely_diagnoses(
    severity: Floats, age: Floats, sex: Sequence[str | None], ethnicity: Sequence[str | None]
) -> Floats:
    """Log odds of every diagnosis for everybody, shape (n, 9)."""
    man = np.array([word == "male" for word in sex], dtype=float)
    columns = [
        of.severity * severity
        + of.age * age
        + of.man * man
        + np.array([of.ethnicity.get(word or "", 0.0) for word in ethnicity])
        for of in DIAGNOSES.values()
    ]
    return np.column_stack(columns)


def _uk_born(
    targets: Targets, arm: str, migration: Floats, blank: Floats, rng: np.random.Generator
) -> list[str | None]:
    born = targets.count("uk_born", "n", arm, "yes")
    counts = {"yes": born, "no": targets.count("uk_born", "N", arm, "yes") - born}
    n = len(migration)
    return ranked(migration + noise(1.0, n, rng), counts, blank + noise(0.5, n, rng), rng)


def ages(
    trait: Floats,
    blank: Floats,
    known: int,
    moments: tuple[Bounds, Bounds],
    rng: np.random.Generator,
) -> Floats:
    """Whole years whose mean and standard deviation print as they should; ``nan`` for the rest.

    The trait is mapped through a beta distribution on `AGE_RANGE`; what chance has done to mean and
    standard deviation is taken back in part, to a point within their bounds drawn at random.
    """
    mean, sd = moments
    wanted = [bound.middle + COMFORT * bound.half * rng.uniform(-1, 1) for bound in moments]
    drawn = beta_scores(trait, mean.middle, sd.middle, AGE_RANGE)
    lost = np.argsort(blank, kind="stable")[known:]
    drawn[lost] = np.nan
    years = np.round(drawn)
    for _ in range(ROUNDS):
        reached = np.array([np.nanmean(years), np.nanstd(years, ddof=1)])
        if mean.gauge(reached)[0] < 1 and sd.gauge(reached)[1] < 1:
            return years
        drawn = wanted[0] + (drawn - reached[0]) * wanted[1] / reached[1]
        years = np.clip(np.round(drawn), *AGE_RANGE)
    raise Impossible("no ages have the printed mean and standard deviation")
