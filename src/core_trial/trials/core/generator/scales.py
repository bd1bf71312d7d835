"""Stage 9: questionnaire scores at baseline and at both follow-up interviews.

A trait (see `traits`) becomes a score through a beta distribution on the instrument's range with
the printed mean and standard deviation. Then the scores of one row after the other are moved, a
point at a time, until the row stands.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from core_trial.analyses.plan import specification
from core_trial.declaration.arms import MODEL_ARMS
from core_trial.declaration.instruments import Instrument
from core_trial.synthesis.people import treated
from core_trial.synthesis.rows import Plan, balance
from core_trial.synthesis.samples import beta_scores
from core_trial.synthesis.search import Attempt, Floats
from core_trial.synthesis.targets import Targets
from core_trial.trials.core import CORE
from core_trial.trials.core.generator.draft import answered, as_analysed, column
from core_trial.trials.core.generator.outcomes import calibrated
from core_trial.trials.core.generator.traits import TRAITS, at_baseline, innovations
from core_trial.trials.core.plan import SCALES
from core_trial.trials.core.words import FOLLOW_UPS, INSTRUMENTS, Visit

#: Noise that each try adds to the trait, so that no two tries are the same.
SHAKEN = 0.1
#: Correlation with the baseline that is aimed at after 18 months; and after four months, at least
#: this, and so much more than after 18, as far as the printed standard deviations let it.
LATER, EARLIER, FADING = 0.5, 0.6, 0.15
#: Share of the difference between the arms' baseline deviations (of their logarithm) that goes.
ALIKE = 0.7
SPECS = {scale.key: specification(CORE, scale) for scale in SCALES}


def draw_scores(
    people: pd.DataFrame, targets: Targets, rng: np.random.Generator
) -> tuple[pd.DataFrame, list[Attempt]]:
    """All scores of all interviews.

    Returns
    -------
    pandas.DataFrame
        Columns {outcome}_{visit}, ``nan`` where the questionnaire was not answered completely.
    list of Attempt
        How near each printed row came.
    """
    frame, attempts = as_analysed(people), []
    traits = at_baseline(people, rng)
    changes = innovations(people, rng)
    for instrument in INSTRUMENTS:
        plans = _plans(frame, instrument, targets)
        everybody = _baseline(frame, instrument, traits[instrument.outcome], plans)
        known = people[answered(instrument, Visit.BASELINE)]
        frame[column(instrument, Visit.BASELINE)] = np.where(known, everybody, np.nan)
        standing = (everybody - everybody.mean()) / everybody.std()
        for visit in FOLLOW_UPS:
            carried, change = plans[visit].carried, changes[visit][instrument.outcome]
            trait = carried * standing + np.sqrt(1 - carried**2) * change
            score, reached = _follow_up(frame, instrument, visit, trait, plans[visit], targets, rng)
            frame[column(instrument, visit)] = score
            attempts += reached
    return frame[frame.columns.difference(people.columns, sort=False)], attempts


def _plans(frame: pd.DataFrame, instrument: Instrument, targets: Targets) -> dict[Visit, Plan]:
    """Plans of both follow-ups; what a baseline says of later scores fades with time."""
    later = _plan(frame, instrument, Visit.MONTH_18, targets, LATER)
    typical = max(EARLIER, later.carried + FADING)
    earlier = _plan(frame, instrument, Visit.MONTH_4, targets, typical)
    return {Visit.MONTH_4: earlier, Visit.MONTH_18: later}


def _plan(
    frame: pd.DataFrame, instrument: Instrument, visit: Visit, targets: Targets, typical: float
) -> Plan:
    """What the printed row of one score asks of the draw."""
    name = column(instrument, visit)
    arm = treated(frame)[_in_model(frame, instrument, visit)]
    control, intervention = (targets.moments(name, str(a)) for a in MODEL_ARMS)
    return Plan.of(
        (control, intervention),
        targets.region(name, ratio=False),
        (int((1 - arm).sum()), int(arm.sum())),
        TRAITS[instrument.outcome].sd,
        typical,
    )


def _in_model(frame: pd.DataFrame, instrument: Instrument, visit: Visit) -> np.ndarray:
    both = frame[answered(instrument, visit)] & frame[answered(instrument, Visit.BASELINE)]
    return both.to_numpy()


def _baseline(
    frame: pd.DataFrame, instrument: Instrument, trait: Floats, plans: Mapping[Visit, Plan]
) -> Floats:
    """Baseline scores of everybody, the arms as unequal as the printed rows need them."""
    arm, behaviour = treated(frame), TRAITS[instrument.outcome]
    contrasts = []
    for visit in FOLLOW_UPS:
        inside = _in_model(frame, instrument, visit)
        contrasts.append(inside * (arm / (inside @ arm) - (1 - arm) / (inside @ (1 - arm))))
    drawn = beta_scores(trait, behaviour.mean, behaviour.sd, _edges(instrument))
    drawn = alike(drawn, arm)
    moved = balance(drawn, contrasts, [plans[visit].imbalance for visit in FOLLOW_UPS])
    return np.clip(np.round(moved), *instrument.range)


def alike(values: Floats, arm: Floats) -> Floats:
    """Values whose arms spread about alike: chance alone would now and then have them differ."""
    pooled, found = values.std(), values.copy()
    for a in (0, 1):
        own = values[arm == a]
        found[arm == a] = own.mean() + (own - own.mean()) * (pooled / own.std()) ** ALIKE
    return found


def _follow_up(
    frame: pd.DataFrame,
    instrument: Instrument,
    visit: Visit,
    trait: Floats,
    wanted: Plan,
    targets: Targets,
    rng: np.random.Generator,
) -> tuple[Floats, list[Attempt]]:
    """Scores at one follow-up, ``nan`` where not known."""
    known = frame[answered(instrument, visit)].to_numpy()
    arm, z = treated(frame)[known], trait[known]

    def start(rng: np.random.Generator) -> Floats:
        drawn = np.empty(len(z))
        shaken = np.sqrt(1 - SHAKEN**2) * z + SHAKEN * rng.standard_normal(len(z))
        for a, mean, sd in zip((0, 1), wanted.means, wanted.sds, strict=True):
            own = shaken[arm == a]
            drawn[arm == a] = beta_scores(
                (own - own.mean()) / own.std(), mean, sd, _edges(instrument)
            )
        return drawn

    spec = SPECS[column(instrument, visit)]
    return calibrated(spec, frame, known, instrument.range, start, targets, rng, spread=wanted.sds)


def _edges(instrument: Instrument) -> tuple[float, float]:
    """The range in which a trait becomes a score: every whole number is as wide as any other."""
    low, high = instrument.range
    return low - 0.5, high + 0.5
