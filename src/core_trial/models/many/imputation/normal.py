"""Continuous variables: draws from the normal model, or values of people predicted alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core_trial.models.inference import Floats
from core_trial.models.many.imputation.linear_draw import draw_linear
from core_trial.models.many.imputation.step import Step

#: People of the arm with the nearest predictions, of whom one gives his value.
DONORS = 5


@dataclass(frozen=True, slots=True)
class Normal:
    """The normal model; `matched` takes the known value of someone predicted alike.

    References
    ----------
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys, section 5.3. Morris, White and
    Royston (2014), BMC Med Res Methodol 14: 75 (matching of type 1, number of donors).
    """

    matched: bool = False

    def start(self, step: Step) -> None:
        """Nothing is carried from one iteration to the next."""

    def advance(
        self, rng: np.random.Generator, step: Step, known: Floats, missing: Floats, state: None
    ) -> tuple[None, Floats]:
        """See `Kind.advance`."""
        draw = draw_linear(rng, step, known, known[:, step.own])
        apart = np.delete(missing, step.own, axis=1)
        eta = draw.fitted(apart, step.worker_missing)
        if not self.matched:
            noise = draw.sigma * rng.standard_normal(len(eta))
            return None, step.centre + step.scale * (eta + noise)
        own = draw.expected(np.delete(known, step.own, axis=1), step.worker_known)
        return None, step.values[_donors(rng, own, eta)]


def _donors(rng: np.random.Generator, known: Floats, wanted: Floats) -> np.ndarray:
    """For each wanted prediction one of the `DONORS` known ones that are nearest to it."""
    order = np.argsort(known, kind="stable")
    ranked, k = known[order], min(DONORS, len(known))
    first = np.searchsorted(ranked, wanted)
    near = np.clip(first[:, None] + np.arange(-k, k), 0, len(known) - 1)
    away = np.abs(ranked[near] - wanted[:, None])
    away[:, 1:][near[:, 1:] == near[:, :-1]] = np.inf  # at either end the window repeats itself
    nearest = np.argsort(away, axis=1, kind="stable")[:, :k]
    pick = nearest[np.arange(len(wanted)), rng.integers(0, k, len(wanted))]
    return np.asarray(order[near[np.arange(len(wanted)), pick]])
