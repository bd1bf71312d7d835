"""One incomplete variable in one arm: what its conditional model is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from core_trial.models.clusters import Ints
from core_trial.models.inference import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A variable to be imputed in one arm.

    Parameters
    ----------
    name, kind
        The variable and its kind.
    own
        Its column in the arm's matrix of coded columns.
    known, missing
        Rows of the arm where it is known, shape (n,), sorted by worker, and where it is to be
        imputed, shape (r,).
    values
        The known values, shape (n,): numbers, counts, or positions among `levels`.
    levels
        The values that a binary or ordinal variable takes in this arm, ascending; else empty.
    centre, scale
        A value's coded form is (value - centre) / scale (its logarithm + 1 for counts).
    starts
        Where each worker's rows begin among `known`, for the workers who have any.
    present
        Those workers' numbers; empty where there is no worker effect.
    sizes
        Known rows of each worker, shape (G,); empty where there is no worker effect.
    worker_known, worker_missing
        Worker of each known and each missing row; empty where there is no worker effect.
    penalty
        Prior precision of each coefficient, the own column's left out, shape (P - 1,), relative to
        the residual variance.
    """

    name: str
    kind: str
    own: int
    known: Ints
    missing: Ints
    values: Floats
    levels: Floats
    centre: float
    scale: float
    starts: Ints
    present: Ints
    sizes: Floats
    worker_known: Ints
    worker_missing: Ints
    penalty: Floats

    @property
    def clustered(self) -> bool:
        """Whether there is a worker effect."""
        return len(self.sizes) > 0

    def coded(self, values: Floats) -> Floats:
        """Values as they stand in the arm's matrix."""
        raw = np.log1p(values) if self.kind == "count" else values
        return np.asarray((raw - self.centre) / self.scale)


class Kind(Protocol):
    """How a kind of variable is drawn; the state is whatever one iteration hands to the next."""

    def start(self, step: Step) -> Any:
        """State before the first iteration."""

    def advance(
        self, rng: np.random.Generator, step: Step, known: Floats, missing: Floats, state: Any
    ) -> tuple[Any, Floats]:
        """Draw the parameters given the known rows, and the missing values given those.

        Parameters
        ----------
        rng
            The chain's generator.
        step
            The variable.
        known, missing
            Coded columns of the known rows, shape (n, P), and of the missing ones, (r, P).
        state
            What the last iteration left.

        Returns
        -------
        tuple
            The new state, and the imputed values, shape (r,).
        """
