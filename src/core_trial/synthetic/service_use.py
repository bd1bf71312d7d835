"""Stage 10: contacts with the community mental health team before and after randomisation.

Many have none and a few have very many. The raw means differ the other way from the adjusted
difference, so the arms have to differ at baseline by as much as the printed rows imply.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from core_trial.analyses.plan import SERVICE_USE
from core_trial.synthetic.draft import as_analysed, treated
from core_trial.synthetic.outcomes import calibrated
from core_trial.synthetic.samples import stratified
from core_trial.synthetic.search import Attempt, Floats
from core_trial.synthetic.targets import Targets
from core_trial.synthetic.traits import Plan
from core_trial.vocabulary import MODEL_ARMS

#: Contacts in the year before: mean and standard deviation, and the most that anybody has.
MEAN, SD = 6.0, 12.0
MOST = 160
#: Draws of the baseline, of which the one nearest to the imbalance wanted is taken.
DRAWS = 60
#: Correlation between the years that the printed rows leave room for.
TYPICAL = 0.25
#: Correlations of the traits before and after that are tried.
TRAIT_CORRELATIONS = np.linspace(0.2, 0.8, 25)


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
    moments = [targets.moments(SERVICE_USE.name, str(a)) for a in MODEL_ARMS]
    region = targets.region(SERVICE_USE.name, ratio=False)
    wanted = Plan.of((moments[0], moments[1]), region, (sum(arm == 0), sum(arm == 1)), SD, TYPICAL)
    z, before = _before(arm, float(np.mean(wanted.imbalance)), rng)
    baseline = np.full(len(people), np.nan)
    baseline[known] = before
    frame = as_analysed(people).assign(cmht_contacts_baseline=baseline)

    def start(rng: np.random.Generator) -> Floats:
        noise = rng.standard_normal(len(z))
        draws = []
        for r in TRAIT_CORRELATIONS:
            drawn, trait = np.empty(len(z)), r * z + np.sqrt(1 - r**2) * noise
            for a, mean, sd in zip((0, 1), wanted.means, wanted.sds, strict=True):
                drawn[arm == a] = _contacts(stratified(trait[arm == a], rng), mean, sd)
            draws.append(drawn)
        # Skewed counts correlate less than the traits behind them.
        return min(draws, key=lambda y: abs(np.corrcoef(y, before)[0, 1] - wanted.carried))

    after, attempts = calibrated(SERVICE_USE, frame, known, (0, MOST), start, targets, rng)
    columns = {"cmht_contacts_baseline": baseline, "cmht_contacts": after}
    return pd.DataFrame(columns, index=people.index), attempts


def _before(arm: Floats, imbalance: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Trait and contacts before randomisation, the arms' means about as far apart as wanted."""
    means = MEAN + imbalance * (arm - arm.mean())
    draws = []
    for _ in range(DRAWS):
        z = rng.standard_normal(len(arm))
        contacts = np.round(_contacts(z, means, SD))
        apart = contacts[arm == 1].mean() - contacts[arm == 0].mean()
        draws.append((abs(apart - imbalance), z, contacts))
    _, z, contacts = min(draws, key=lambda draw: draw[0])
    return z, contacts


def _contacts(z: Floats, mean: Floats | float, sd: float) -> Floats:
    """Normal scores as values of a gamma distribution with this mean and standard deviation."""
    shape = np.square(np.asarray(mean) / sd)
    values = special.gammaincinv(shape, np.clip(special.ndtr(z), 1e-4, 1 - 1e-4)) * mean / shape
    return np.minimum(values, MOST)
