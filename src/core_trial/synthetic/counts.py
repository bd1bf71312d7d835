"""The zero-inflated model of days by arm, with the part that every possible count has in it.

A participant enters this model by arm and days alone. So the trial is a table of how many have each
pair, and the fit comes with another table: the part in the estimate that one more participant with
that pair would have. The first says where the estimate goes when somebody's days change; summed by
cluster, it gives the clustered standard error.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core_trial.models.newton import maximise
from core_trial.models.zinb_likelihood import Counts, evaluate, scores
from core_trial.synthetic.search import Floats
from core_trial.vocabulary import FOLLOW_UP_DAYS

#: Two places to start from: a common and a rare excess of zeros.
STARTS = (np.array([3.0, 0.0, 0.5, 0.0]), np.array([2.0, 0.0, -1.0, 1.0]))


@dataclass(frozen=True, slots=True, eq=False)
class RateRatio:
    """A fitted model.

    Parameters
    ----------
    estimate
        Log ratio of the intervention's mean count to the control's.
    parts
        Part in the estimate of a participant with arm a and y days, shape (2, longest + 1).
    at
        All parameters, from which a nearby fit starts.
    """

    estimate: float
    parts: Floats
    at: Floats

    def influence(self, arm: np.ndarray, days: np.ndarray) -> Floats:
        """Part of each participant, shape (n,)."""
        return self.parts[arm.astype(int), days.astype(int)]


def rate_ratio(arm: Floats, days: Floats, start: Floats | None = None) -> RateRatio:
    """Fit the model with constant inflation and arm in the count part.

    Parameters
    ----------
    arm
        0 or 1, shape (n,).
    days
        Whole numbers from 0 to the length of follow-up, shape (n,).
    start
        Parameters of a fit to nearly the same data.
    """
    width = FOLLOW_UP_DAYS + 1
    table = np.bincount(arm.astype(int) * width + days.astype(int), minlength=2 * width)
    data = replace(_EMPTY, weight=table.reshape(2, width).T.ravel().astype(float))
    starts = STARTS if start is None else (start,)
    best = max((maximise(lambda at: evaluate(data, at), s) for s in starts), key=lambda o: o.value)
    parts = scores(data, best.point) @ np.linalg.inv(best.information)[:, 1]
    return RateRatio(float(best.point[1]), parts.reshape(width, 2).T, best.point)


def _every_pair() -> Counts:
    """One row for every pair of days and arm, zeros first; nobody has any of them yet."""
    days = np.repeat(np.arange(FOLLOW_UP_DAYS + 1), 2)
    arm = np.tile([0.0, 1.0], FOLLOW_UP_DAYS + 1)
    ones = np.ones(len(days))
    return Counts(
        y=days.astype(float),
        x=np.vstack([ones, arm]),
        z=ones[None, :],
        weight=0 * ones,
        zeros=2,
        values=np.arange(1, FOLLOW_UP_DAYS + 1),
        index=days[2:] - 1,
    )


_EMPTY = _every_pair()
