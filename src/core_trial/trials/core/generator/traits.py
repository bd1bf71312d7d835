"""Traits behind the questionnaire scores, and what the printed rows ask of them.

At baseline the traits of one person share a factor of general wellbeing. At follow-up each is the
baseline trait, carried over to the degree that the printed standard error asks for, and an
innovation that shares a factor again, lasts in part from one follow-up to the next, and belongs in
part to the peer support worker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from core_trial.synthesis.regions import Bounds, Region
from core_trial.synthesis.search import Floats
from core_trial.trials.core.generator.draft import codes, standing
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
    worker
        Share of the variance at four and at eighteen months that belongs to the worker.
    """

    wellbeing: float
    mean: float
    sd: float
    worker: tuple[float, float] = (0.0, 0.0)

    def share(self, visit: Visit) -> float:
        """The worker's share of the variance at a follow-up."""
        return self.worker[FOLLOW_UPS.index(visit)]


TRAITS: Mapping[str, Trait] = MappingProxyType(
    {
        "satisfaction": Trait(0.35, 25.0, 5.5, (0.12, 0.06)),
        "self_management": Trait(0.70, 48.0, 8.0, (0.12, 0.08)),
        "recovery": Trait(0.80, 52.0, 15.5, (0.06, 0.08)),
        "symptoms": Trait(-0.65, 44.0, 12.5, (0.05, 0.0)),
        "loneliness": Trait(-0.60, 22.5, 4.0, (0.0, 0.06)),
        "social_network": Trait(0.45, 12.0, 5.8, (0.04, 0.04)),
    }
)
#: Correlation of the innovations between the two follow-ups, and the loss of wellbeing (in
#: standard deviations of the innovation) in those who were readmitted, and with every standard
#: deviation of past admissions.
LASTING = 0.4
READMITTED = 0.3
HISTORY = 0.3
#: The same loss at baseline, and what a partner does there to company, in standard deviations.
HISTORY_BEFORE = 0.3
TOGETHER = MappingProxyType({"loneliness": -0.4, "social_network": 0.5})
#: Covariates beside arm and baseline (condition, centres); each explains one part in n by chance.
OTHERS = 6
#: A correlation of baseline and follow-up score outside of these would look odd.
CARRIED = (0.2, 0.8)
#: The printed means bound the difference of raw means; stay this far inside, in half-widths.
INSIDE = 0.75


@dataclass(frozen=True, slots=True)
class Plan:
    """What the printed row of one score asks of the draw.

    Parameters
    ----------
    carried
        Correlation of the score with its baseline.
    means, sds
        Of the control and the intervention arm.
    imbalance
        Lowest and highest difference between the arms' mean baseline scores, among those in the
        model, that lets both the raw means and the adjusted difference print as they should.
    """

    carried: float
    means: tuple[float, float]
    sds: tuple[float, float]
    imbalance: tuple[float, float]

    @classmethod
    def of(
        cls,
        moments: tuple[tuple[Bounds, Bounds], tuple[Bounds, Bounds]],
        region: Region,
        sizes: tuple[int, int],
        baseline_sd: float,
        typical: float = 0.5,
    ) -> Plan:
        """Work out a plan.

        Parameters
        ----------
        moments
            Bounds of mean and SD of the control and the intervention arm.
        region
            Where (difference in means, standard error) should lie.
        sizes
            Participants in the model, by arm.
        baseline_sd
            Standard deviation of the baseline score.
        typical
            The correlation with the baseline that the standard deviations are chosen for, as far as
            their bounds let them.
        """
        difference, error = region.centre
        residual = error / np.sqrt(1 / sizes[0] + 1 / sizes[1])
        wanted = residual / np.sqrt(1 - typical**2)
        sds = [sd.nearest(wanted) for _, sd in moments]
        total = np.sqrt(np.mean(np.square(sds)))
        explained = 1 - (residual / total) ** 2 - OTHERS / sum(sizes)
        carried = float(np.clip(np.sqrt(max(explained, 0)), *CARRIED))
        control, treated = (mean for mean, _ in moments)
        room = INSIDE * (control.half + treated.half)
        apart = treated.middle - control.middle
        ends = [
            (apart + side * room - difference) / (carried * total / baseline_sd) for side in (-1, 1)
        ]
        shift = (float(np.clip(difference, apart - room, apart + room)) - apart) / 2
        means = (control.middle - shift, treated.middle + shift)
        return cls(carried, means, (sds[0], sds[1]), (ends[0], ends[1]))


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
            share = trait.share(visit)
            effect = rng.standard_normal(workers.max() + 1)[workers]
            mixed = np.sqrt(1 - share) * own + np.sqrt(share) * effect
            found[visit][name] = mixed - trait.wellbeing * loss
    return found


def balance(
    y: Floats, contrasts: Sequence[Floats], allowed: Sequence[tuple[float, float]]
) -> Floats:
    """The least change of y that brings linear contrasts of it into their ranges.

    Parameters
    ----------
    y
        Shape (n,).
    contrasts
        Weights, shape (n,) each; a contrast is their product with y.
    allowed
        Lowest and highest value of each contrast.
    """
    A = np.array(contrasts)
    now = A @ y
    wanted = np.clip(now, *np.array(allowed).T)
    return np.asarray(y + A.T @ np.linalg.solve(A @ A.T, wanted - now))
