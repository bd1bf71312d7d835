"""Largest likelihood with one quantity held: what every profile is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core_trial.models.inference import Floats
from core_trial.models.numerics.newton import Evaluate, maximise


class Profiler(Protocol):
    """A likelihood that can be maximised with one of its quantities held at a value."""

    @property
    def top(self) -> float:
        """The likelihood's maximum, with the same constants as `held`."""
        ...

    @property
    def coefficients(self) -> tuple[str, ...]:
        """Coefficients that can be held."""
        ...

    @property
    def variances(self) -> tuple[str, ...]:
        """Variance components that can be held, at zero too."""
        ...

    @property
    def refusal(self) -> str:
        """Why a quantity that the fit has may not be among them."""
        ...

    def held(self, name: str, value: float) -> float:
        """The largest log-likelihood with a quantity at a value.

        ``-inf`` for a variance that cannot be so small, ``nan`` if the search did not end.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A likelihood of q parameters whose coefficients are linear in them.

    Parameters
    ----------
    evaluate
        The log-likelihood with its derivatives.
    point, top
        Where it is largest, shape (q,), and how large.
    loadings
        Each coefficient is its loadings, shape (q,), times the parameters.
    variances, refusal
        As `Profiler` has them.
    """

    evaluate: Evaluate
    point: Floats
    top: float
    loadings: Mapping[str, Floats]
    variances: tuple[str, ...] = ()
    refusal: str = "it has no finite estimate"

    @property
    def coefficients(self) -> tuple[str, ...]:
        """Coefficients that can be held."""
        return tuple(self.loadings)

    def held(self, name: str, value: float) -> float:
        """The largest log-likelihood with a coefficient at a value."""
        return self.along(self.loadings[name], value)

    def along(self, loading: Floats, value: float, start: Floats | None = None) -> float:
        """The same with ``loading @ parameters`` held, from the maximum or another start."""
        near = self.point if start is None else start
        square = float(loading @ loading)
        origin = near + loading * ((value - float(loading @ near)) / square)
        free = np.linalg.svd(loading[None])[2][1:].T

        def evaluate(z: Floats) -> tuple[float, Floats, Floats]:
            found, gradient, information = self.evaluate(origin + free @ z)
            return found, free.T @ gradient, free.T @ information @ free

        if free.shape[1] == 0:
            return self.evaluate(origin)[0]
        best = maximise(evaluate, np.zeros(free.shape[1]))
        return best.value if best.converged else np.nan
