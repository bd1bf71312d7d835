"""Profile of the linear model's likelihood in a coefficient or a variance, from its statistics."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core_trial.models.inference import Floats
from core_trial.models.linear.likelihood import Likelihood
from core_trial.models.linear.search import Maximum, climb, maximise


@dataclass(frozen=True, slots=True, eq=False)
class LinearProfiler:
    """The likelihood with one quantity held; see `numerics.profiling.Profiler`.

    Parameters
    ----------
    function, maximum
        The likelihood of the outcome and its maximum.
    rows
        Each coefficient is its row, shape (p,), times those on the basis, plus `offset`, shape
        (p,), in the unit of the outcome.
    offset
        See `rows`.
    projection
        Coefficients of the outcome on the basis, by least squares, shape (p,).
    scale
        Unit of the statistics.
    columns, components
        Names of the coefficients and of the variances.
    """

    function: Likelihood
    maximum: Maximum
    rows: Floats
    offset: Floats
    projection: Floats
    scale: float
    columns: tuple[str, ...]
    components: tuple[str, ...]

    @property
    def top(self) -> float:
        """The maximum."""
        return self.maximum.point.loglik

    @property
    def coefficients(self) -> tuple[str, ...]:
        """All of them, unless the likelihood is restricted: it does not depend on them."""
        several = self.function.p > 1
        return () if self.function.restricted or not several else self.columns

    @property
    def variances(self) -> tuple[str, ...]:
        """All of them, where the data tell them apart."""
        return self.components if self.maximum.identified else ()

    @property
    def refusal(self) -> str:
        """Why a coefficient, or a variance, has no profile."""
        if self.function.restricted:
            return "the restricted likelihood does not compare coefficients: fit with method='ml'"
        return "the data do not tell the variances apart"

    def held(self, name: str, value: float) -> float:
        """The largest log-likelihood with a coefficient or a variance at a value."""
        if name in self.components:
            return self._variance(self.components.index(name), value / self.scale**2)
        return self._coefficient(self.columns.index(name), value)

    def _variance(self, k: int, value: float) -> float:
        """With one variance held, from the maximum and from a cluster variance of zero."""
        if k > 0 and value <= self.function.floor[k]:
            return -np.inf
        here = self.maximum.point.theta
        found = []
        for cluster in {float(here[0]), 0.0}:
            theta = np.maximum(here, self.function.floor)
            theta[0], theta[k] = cluster, value
            if k == 0:
                theta[0] = value
            point, stationary = climb(self.function, theta, held=k)
            found.append(point.loglik if stationary else np.nan)
        return float(np.nanmax(found)) if np.isfinite(found).any() else np.nan

    def _coefficient(self, k: int, value: float) -> float:
        """With a coefficient held: the same model on one basis vector less, of what is left."""
        a = self.rows[k]
        distance = (value - self.offset[k]) / self.scale - float(a @ self.projection)
        p = len(a)
        turn = np.zeros((p + 1, p))
        turn[:p, :-1] = np.linalg.svd(a[None])[2][1:].T
        turn[:p, -1] = -a * distance / float(a @ a)
        turn[-1, -1] = 1.0
        whole = self.function.products.reshape(-1, p + 1, p + 1)
        products = (turn.T @ whole @ turn).reshape(len(whole), -1)
        best = maximise(replace(self.function, products=products))
        return best.point.loglik if best.converged else np.nan
