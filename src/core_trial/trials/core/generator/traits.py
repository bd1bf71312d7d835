"""Traits behind the questionnaire scores, and what the printed rows ask of them.

At baseline the traits of one person share a factor of general wellbeing. At follow-up each is the
baseline trait, carried over to the degree that the printed standard error asks for, and an
innovation that shares a factor again, lasts in part from one follow-up to the next, and belongs in
part to the peer support worker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from core_trial.synthesis.people import codes
from core_trial.synthesis.search import Floats
from core_trial.trials.core.generator.draft import standing
from core_trial.trials.core.words import FOLLOW_UPS, Visit


@dataclass(frozen=True, slots=True)
class Trait:
    """How one instrument's trait behaves; ours, the paper reports no correlations.

    Parameters
    ----------
    wellbeing
        Correlation with the common factor.
    mean, sd
        Of the score at baseline.
    """

    wellbeing: float
    mean: float
    sd: float


TRAITS: Mapping[str, Trait] = MappingProxyType(
    {
        "satisfaction": Trait(0.35, 25.0, 5.5),
        "self_management": Trait(0.70, 48.0, 8.0),
        "recovery": Trait(0.80, 52.0, 15.5),
        "symptoms": Trait(-0.65, 44.0, 12.5),
        "loneliness": Trait(-0.60, 22.5, 4.0),
        "social_network": Trait(0.45, 12.0, 5.8),
    }
)
#: Share of the innovation's variance that belongs to the worker.
WORKER = 0.05
#: Correlation of the innovations between the two follow-ups, and the loss of wellbeing (in
#: standard deviations of the innovation) in those who were readmitted, and with every standard
#: deviation of past admissions.
LASTING = 0.4
READMITTED = 0.3
HISTORY = 0.3
#: The same loss at baseline, and what a partner does there to company, in standard deviations.
HISTORY_BEFORE = 0.3
TOGETHER = MappingProxyType({"loneliness": -0.4, "social_network": 0.5})


def correlated(common: Floats, rng: np.random.Generator) -> dict[str, Floats]:
    """A standard normal trait per instrument, correlated through a common factor of shape (n,)."""
    traits = {}
    for name, trait in TRAITS.items():
        own = rng.standard_normal(len(common))
        traits[name] = trait.wellbeing * common + np.sqrt(1 - trait.wellbeing**2) * own
    return traits


def at_baseline(people: pd.DataFrame, rng: np.random.Generator) -> dict[str, Floats]:
    """A trait per instrument, shape (n,): past admissions weigh on all, living alone on some."""
    past = HISTORY_BEFORE * standing(people, "lifetime_admissions")
    common = np.sqrt(1 - HISTORY_BEFORE**2) * rng.standard_normal(len(people)) - past
    traits = correlated(common, rng)
    together = (people["marital_status"] == "married_or_cohabiting").to_numpy(dtype=float)
    for name, gain in TOGETHER.items():
        traits[name] = traits[name] + gain * (together - together.mean())
    return traits


def innovations(people: pd.DataFrame, rng: np.random.Generator) -> dict[Visit, dict[str, Floats]]:
    """What changes each trait by each follow-up: standard normal, less what illness took."""
    n = len(people)
    workers = codes(people["cluster_id"])
    loss = READMITTED * people["readmitted"].fillna(0).to_numpy() + HISTORY * standing(
        people, "lifetime_admissions"
    )
    first = correlated(rng.standard_normal(n), rng)
    second = correlated(rng.standard_normal(n), rng)
    found: dict[Visit, dict[str, Floats]] = {visit: {} for visit in FOLLOW_UPS}
    for name, trait in TRAITS.items():
        lasting = LASTING * first[name] + np.sqrt(1 - LASTING**2) * second[name]
        for visit, own in zip(FOLLOW_UPS, (first[name], lasting), strict=True):
            effect = rng.standard_normal(workers.max() + 1)[workers]
            mixed = np.sqrt(1 - WORKER) * own + np.sqrt(WORKER) * effect
            found[visit][name] = mixed - trait.wellbeing * loss
    return found
