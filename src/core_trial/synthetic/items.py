"""Stage 14: the answers to the questionnaires, item by item, that sum to the scores."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial.synthetic.draft import answered, column
from core_trial.synthetic.search import Floats
from core_trial.vocabulary import AMENDMENT_INSTRUMENTS, INSTRUMENTS, Instrument, Visit

#: Spread of one person's answers around their own mean, and of the items' difficulty, as shares of
#: the items' range.
WITHIN = 0.2
DIFFICULTY = 0.1
#: Share of incomplete questionnaires that were left out altogether; else a few items are blank.
LEFT_OUT = 0.5


def split(total: Floats, instrument: Instrument, rng: np.random.Generator) -> Floats:
    """Answers, all in the direction of the total, that sum to it.

    Parameters
    ----------
    total
        Scores, shape (n,), within the instrument's range.
    instrument
        Number and range of its items.
    rng
        Draws the answers.

    Returns
    -------
    numpy.ndarray
        Shape (n, items), whole numbers within the items' range.
    """
    k, low, high = instrument.items, instrument.low, instrument.high
    span = high - low
    drawn = (
        total[:, None] / k
        + DIFFICULTY * span * rng.standard_normal(k)
        + WITHIN * span * rng.standard_normal((len(total), k))
    )
    answers = np.clip(np.round(drawn), low, high)
    while True:
        off = total - answers.sum(axis=1)
        rows = np.flatnonzero(off)
        if len(rows) == 0:
            return answers + 0.0
        side = np.sign(off[rows])[:, None]
        able = (answers[rows] + side >= low) & (answers[rows] + side <= high)
        chosen = np.argmax(rng.random(able.shape) * able, axis=1)
        answers[rows, chosen] += side[:, 0]


def questionnaires(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A row per interview held.

    Returns
    -------
    pandas.DataFrame
        Columns participant_id, visit, completed_on, then all items, ``nan`` where not answered;
        by participant and date.
    """
    visits = []
    for visit in Visit:
        held = people[people[f"interviewed_{visit}"]]
        frame = pd.DataFrame(
            {
                "participant_id": held["participant_id"],
                "visit": str(visit),
                "completed_on": held[f"{visit}_on"],
            }
        )
        parts = [_answers(held, instrument, visit, rng) for instrument in INSTRUMENTS]
        visits.append(pd.concat([frame, *parts], axis=1))
    return pd.concat(visits).sort_values(["participant_id", "completed_on"], ignore_index=True)


def _answers(
    held: pd.DataFrame, instrument: Instrument, visit: Visit, rng: np.random.Generator
) -> pd.DataFrame:
    """Items of one instrument as they stand in the file: reversed ones turned, gaps blank."""
    score = held[column(instrument, visit)].to_numpy()
    whole = held[answered(instrument, visit)].to_numpy()
    typical = np.nanmean(score) + np.nanstd(score) * rng.standard_normal(len(score))
    filled = np.where(whole, score, np.clip(np.round(typical), *instrument.range))
    answers = split(filled, instrument, rng)
    turned = [number - 1 for number in instrument.reversed_items]
    answers[:, turned] = instrument.low + instrument.high - answers[:, turned]
    blank = rng.random(answers.shape) < 2 / instrument.items
    blank[np.arange(len(blank)), rng.integers(instrument.items, size=len(blank))] = True
    blank |= (rng.random(len(blank)) < LEFT_OUT)[:, None]
    if instrument.name in AMENDMENT_INSTRUMENTS:
        blank |= held["internal_pilot"].to_numpy()[:, None]
    answers[blank & ~whole[:, None]] = np.nan
    return pd.DataFrame(answers, index=held.index, columns=list(instrument.columns))
