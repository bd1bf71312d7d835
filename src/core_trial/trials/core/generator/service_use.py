"""Stage 10: contacts with the community mental health team before and after randomisation.

Many have none and a few have very many. The raw means differ the other way from the adjusted
difference, so the arms have to differ at baseline by as much as the printed rows imply. They do so
in how many contacts people had, hardly in whether they had any.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from core_trial.analyses.plan import specification
from core_trial.declaration.arms import MODEL_ARMS
from core_trial.synthesis.people import treated
from core_trial.synthesis.rows import Plan
from core_trial.synthesis.search import Attempt, Floats
from core_trial.synthesis.targets import Targets
from core_trial.trials.core import CORE
from core_trial.trials.core.generator.draft import as_analysed, standing
from core_trial.trials.core.generator.outcomes import calibrated
from core_trial.trials.core.plan import SERVICE_USE

#: Contacts in the year before: mean and standard deviation, and the most that anybody has.
MEAN, SD = 6.0, 12.0
MOST = 160
#: Shape of the gamma distribution, the same in both arms and years: two in five have none.
SHAPE = 0.27
#: Draws of the baseline, of which the one nearest to the imbalance wanted is taken, with deviations
#: that differ between the arms as the means do.
DRAWS = 200
#: Correlation between the years that the printed rows leave room for.
TYPICAL = 0.36
#: Correlations of the traits before and after that are tried.
TRAIT_CORRELATIONS = np.linspace(0.2, 0.9, 29)
#: How much the trait behind contacts goes with past admissions, and with psychosis.
HISTORY, PSYCHOSIS = 0.25, 0.25


def draw_contacts(
    people: pd.DataFrame, targets: Targets, rng: np.random.Generator
) -> tuple[pd.DataFrame, list[Attempt]]:
    """Contacts in the twelve months before and after randomisation, of those with records.

    Returns
    -------
    pandas.DataFrame
        Columns cmht_contacts_baseline and cmht_contacts, ``nan`` without records.
    list of Attempt
        How near the printed row came.
    """
    known = people["acute_records_obtained"].to_numpy()
    arm = treated(people)[known]
    moments = [targets.moments(SERVICE_USE.key, str(a)) for a in MODEL_ARMS]
    region = targets.region(SERVICE_USE.key, ratio=False)
    wanted = Plan.of((moments[0], moments[1]), region, (sum(arm == 0), sum(arm == 1)), SD, TYPICAL)
    need = HISTORY * standing(people, "lifetime_admissions") + PSYCHOSIS * people["psychosis"]
    need = need[known] - need[known].mean()
    imbalance = float(np.clip(0.0, *wanted.imbalance))  # no larger than it has to be
    z, before = _before(arm, need.to_numpy(), imbalance, rng)
    baseline = np.full(len(people), np.nan)
    baseline[known] = before
    frame = as_analysed(people).assign(cmht_contacts_baseline=baseline)

    def start(rng: np.random.Generator) -> Floats:
        noise = rng.standard_normal(len(z))
        draws = []
        for r in TRAIT_CORRELATIONS:
            drawn, trait = np.empty(len(z)), r * z + np.sqrt(1 - r**2) * noise
            for a, mean in zip((0, 1), wanted.means, strict=True):
                own = _contacts(trait[arm == a], mean)
                drawn[arm == a] = np.minimum(np.round(own * mean / own.mean()), MOST)
            draws.append(drawn)
        # Skewed counts correlate less than the traits behind them.
        return min(draws, key=lambda y: abs(np.corrcoef(y, before)[0, 1] - wanted.carried))

    after, attempts = calibrated(
        specification(CORE, SERVICE_USE), frame, known, (0, MOST), start, targets, rng
    )
    columns = {"cmht_contacts_baseline": baseline, "cmht_contacts": after}
    return pd.DataFrame(columns, index=people.index), attempts


def _before(
    arm: Floats, need: Floats, imbalance: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Trait and contacts before randomisation, the arms' means about as far apart as wanted."""
    means = MEAN + imbalance * (arm - arm.mean())
    left = np.sqrt(1 - need.var())
    draws = []
    for _ in range(DRAWS):
        z = need + left * rng.standard_normal(len(arm))
        contacts = np.minimum(np.round(_contacts(z, means)), MOST)
        control, treated_ = (contacts[arm == a] for a in (0, 1))
        apart = treated_.mean() - control.mean()
        uneven = np.log(treated_.std() / control.std() * control.mean() / treated_.mean())
        draws.append((abs(apart - imbalance) + abs(uneven), z, contacts))
    _, z, contacts = min(draws, key=lambda draw: draw[0])
    return z, contacts


def _contacts(z: Floats, mean: Floats | float) -> Floats:
    """Normal scores as values of a gamma distribution with this mean, not rounded."""
    share = np.clip(special.ndtr(z), 1e-4, 1 - 1e-4)
    return np.asarray(special.gammaincinv(SHAPE, share) * np.asarray(mean) / SHAPE)
