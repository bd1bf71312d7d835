"""Stage 14: the answers to the questionnaires, item by item, that sum to the scores.

Items differ in how easily they are endorsed, and belong to a few groups; a person leans towards
some groups and some items more than towards others. All of that lasts from one visit to the next.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial.declaration.instruments import Instrument
from core_trial.synthesis.items import Habits, split
from core_trial.trials.core.generator.draft import answered, column
from core_trial.trials.core.words import AMENDMENT_INSTRUMENTS, INSTRUMENTS, Visit

#: Groups of items that go together beyond the total; ours, after what each instrument asks about.
GROUPS = {"csq": 1, "qpr": 2, "imr": 3, "bprs": 4, "uls": 2, "lsns": 2}
#: What the interviewer rates.
RATED = frozenset({"bprs"})
#: Share of incomplete questionnaires that were left out altogether; else a few items are blank.
LEFT_OUT = 0.5


def questionnaires(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A row per interview held.

    Returns
    -------
    pandas.DataFrame
        Columns participant_id, visit, completed_on, then all items, ``nan`` where not answered;
        by participant and date.
    """
    visits = []
    habits = {
        scale: Habits.draw(
            scale, len(people), rng, groups=GROUPS[scale.name], rated=scale.name in RATED
        )
        for scale in INSTRUMENTS
    }
    for visit in Visit:
        here = people[f"interviewed_{visit}"].to_numpy(dtype=bool)
        held = people[here]
        frame = pd.DataFrame(
            {
                "participant_id": held["participant_id"],
                "visit": str(visit),
                "completed_on": held[f"{visit}_on"],
            }
        )
        parts = [
            _answers(held, scale, visit, own.among(here), rng) for scale, own in habits.items()
        ]
        visits.append(pd.concat([frame, *parts], axis=1))
    return pd.concat(visits).sort_values(["participant_id", "completed_on"], ignore_index=True)


def _answers(
    held: pd.DataFrame,
    instrument: Instrument,
    visit: Visit,
    habits: Habits,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Items of one instrument as they stand in the file: reversed ones turned, gaps blank."""
    score = held[column(instrument, visit)].to_numpy()
    whole = held[answered(instrument, visit)].to_numpy()
    typical = np.nanmean(score) + np.nanstd(score) * rng.standard_normal(len(score))
    filled = np.where(whole, score, np.clip(np.round(typical), *instrument.range))
    answers = split(filled, instrument, habits, rng)
    turned = [number - 1 for number in instrument.reversed_items]
    answers[:, turned] = instrument.low + instrument.high - answers[:, turned]
    blank = rng.random(answers.shape) < 2 / instrument.items
    blank[np.arange(len(blank)), rng.integers(instrument.items, size=len(blank))] = True
    blank |= (rng.random(len(blank)) < LEFT_OUT)[:, None]
    if instrument.name in AMENDMENT_INSTRUMENTS:
        blank |= held["internal_pilot"].to_numpy()[:, None]
    answers[blank & ~whole[:, None]] = np.nan
    return pd.DataFrame(answers, index=held.index, columns=list(instrument.columns))
