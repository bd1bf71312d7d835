"""The answers to a questionnaire, item by item, that sum to its scores.

Items differ in how easily they are endorsed, and belong to a few groups; a person leans towards
some groups and some items more than towards others. All of that lasts from one visit to the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core_trial.declaration.instruments import Instrument
from core_trial.synthesis.search import Floats

#: Spreads as shares of the items' range: of the items' difficulty, of one person's leaning towards
#: groups of items and towards single items, and of what is left at each visit.
DIFFICULTY = 0.12
GROUP, ITEM, VISIT = 0.11, 0.13, 0.16


@dataclass(frozen=True, slots=True, eq=False)
class Habits:
    """How n people answer one instrument of k items, whatever their score.

    Parameters
    ----------
    difficulty
        Of the items, shape (k,), in points.
    leaning
        Of each person towards each item, shape (n, k), in points.
    """

    difficulty: Floats
    leaning: Floats

    @classmethod
    def draw(
        cls, instrument: Instrument, n: int, rng: np.random.Generator, *, groups: int = 1
    ) -> Habits:
        """Difficulties and leanings of n people; so many groups of items go together."""
        k, span = instrument.items, instrument.high - instrument.low
        member = rng.permutation(np.arange(k) % groups)
        by_group = GROUP * (groups > 1) * rng.standard_normal((n, groups))[:, member]
        by_item = ITEM * rng.standard_normal((n, k))
        return cls(DIFFICULTY * span * rng.standard_normal(k), span * (by_group + by_item))


def split(
    total: Floats, instrument: Instrument, habits: Habits, rng: np.random.Generator
) -> Floats:
    """Answers, all in the direction of the total, that sum to it.

    Parameters
    ----------
    total
        Scores, shape (n,), within the instrument's range.
    instrument
        Number and range of its items.
    habits
        Of the same n people.
    rng
        Draws the answers.

    Returns
    -------
    numpy.ndarray
        Shape (n, items), whole numbers within the items' range.
    """
    k, low, high = instrument.items, instrument.low, instrument.high
    noise = VISIT * (high - low) * rng.standard_normal((len(total), k))
    drawn = total[:, None] / k + habits.difficulty + habits.leaning + noise
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
