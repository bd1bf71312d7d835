"""The answers to a questionnaire, item by item, that sum to its scores.

Items differ in how easily they are endorsed, and belong to a few groups; a person leans towards
some groups and some items more than towards others. All of that lasts from one visit to the next.
A few hardly tell items apart, and some tick one answer throughout.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core_trial.declaration.instruments import Instrument
from core_trial.synthesis.search import Floats

#: Spreads as shares of the items' range: of the items' difficulty, of one person's leaning towards
#: groups of items and towards single items, and of what is left at each visit.
DIFFICULTY = 0.12
GROUP, ITEM, VISIT = 0.11, 0.13, 0.16
#: Share of people who hardly tell items apart, and their spread relative to others'.
EVEN, SPREAD = 0.05, 0.2
#: Share of those whose total allows it who give one answer throughout.
STRAIGHT = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Habits:
    """How n people answer one instrument of k items, whatever their score.

    Parameters
    ----------
    difficulty
        Of the items, shape (k,), in points.
    leaning
        Of each person towards each item, shape (n, k), in points.
    spread
        How much each person tells items apart, shape (n,); 1 for most.
    straight
        How often one answer throughout is given, where the total allows it.
    """

    difficulty: Floats
    leaning: Floats
    spread: Floats
    straight: float = STRAIGHT

    def among(self, present: NDArray[np.bool_]) -> Habits:
        """Those of some of the people, told by a mask of shape (n,)."""
        return replace(self, leaning=self.leaning[present], spread=self.spread[present])

    @classmethod
    def draw(
        cls,
        instrument: Instrument,
        n: int,
        rng: np.random.Generator,
        *,
        groups: int = 1,
        rated: bool = False,
    ) -> Habits:
        """Habits of n people.

        Parameters
        ----------
        instrument
            Number and range of its items.
        n
            How many people.
        rng
            Draws the habits.
        groups
            Groups of items that go together beyond the total.
        rated
            Whether an interviewer rates the items, who tells them apart.
        """
        k, span = instrument.items, instrument.high - instrument.low
        member = rng.permutation(np.arange(k) % groups)
        by_group = GROUP * (groups > 1) * rng.standard_normal((n, groups))[:, member]
        by_item = ITEM * rng.standard_normal((n, k))
        difficulty = DIFFICULTY * span * rng.standard_normal(k)
        even = (rng.random(n) < EVEN) & (not rated)
        spread = np.where(even, SPREAD, 1.0)
        return cls(difficulty, span * (by_group + by_item), spread, 0.0 if rated else STRAIGHT)


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
    apart = habits.spread[:, None] * (habits.difficulty + habits.leaning + noise)
    straight = rng.random(len(total)) < habits.straight
    apart[straight & _same_throughout(total, instrument)] = 0.0
    answers = np.clip(np.round(total[:, None] / k + apart), low, high)
    while True:
        off = total - answers.sum(axis=1)
        rows = np.flatnonzero(off)
        if len(rows) == 0:
            return answers + 0.0
        side = np.sign(off[rows])[:, None]
        able = (answers[rows] + side >= low) & (answers[rows] + side <= high)
        chosen = np.argmax(rng.random(able.shape) * able, axis=1)
        answers[rows, chosen] += side[:, 0]


def _same_throughout(total: Floats, instrument: Instrument) -> NDArray[np.bool_]:
    """Whose total could be one answer to every item; turned items say the opposite of it."""
    whole = total % instrument.items == 0
    return np.asarray(whole & (not instrument.reversed_items))
