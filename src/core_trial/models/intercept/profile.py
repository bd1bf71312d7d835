"""Profile of a random-intercept likelihood in a coefficient or in the cluster variance."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from core_trial.models.inference import Floats
from core_trial.models.intercept.adaptive_quadrature import Likelihood, plain
from core_trial.models.intercept.answer import Answer
from core_trial.models.intercept.layout import Layout, Table, tabulate
from core_trial.models.intercept.random_intercept import bounded
from core_trial.models.numerics.canonical import Family
from core_trial.models.numerics.glm import Orthonormal
from core_trial.models.numerics.profiling import Surface
from core_trial.models.numerics.quadrature import hermite_rule

#: Standard deviation from which a search starts where the fit's own is smaller.
LEAST_START = 0.1
CLUSTER = "cluster"


@dataclass(frozen=True, eq=False)
class InterceptProfiler:
    """The likelihood with one quantity held; see `numerics.profiling.Profiler`.

    Parameters
    ----------
    layout, basis, family, points
        The model.
    y
        The response, shape (n,).
    answer
        Its fit.
    columns
        Names of the coefficients.
    """

    layout: Layout
    basis: Orthonormal
    family: Family
    points: int
    y: Floats
    answer: Answer
    columns: tuple[str, ...]
    variances: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """The variance can be held where the data tell about it."""
        known = self.answer.status in ("interior", "boundary") and self.answer.apart is None
        object.__setattr__(self, "variances", (CLUSTER,) if known else ())

    @property
    def coefficients(self) -> tuple[str, ...]:
        """All of them, unless the data separate or nothing was found."""
        lost = self.answer.apart is not None or np.isnan(self.answer.beta).any()
        return () if lost else self.columns

    @property
    def refusal(self) -> str:
        """Why there is no profile."""
        return "the data separate, or do not tell about it"

    @property
    def top(self) -> float:
        """The maximum, with the constants of the fit's log-likelihood."""
        return self.answer.loglik

    def held(self, name: str, value: float) -> float:
        """The largest log-likelihood with a coefficient, or the variance, at a value."""
        constant = self.family.constant(self.y)
        if name == CLUSTER:
            if value == 0:
                return self.answer.null
            last = np.eye(len(self.columns) + 1)[-1]
            return self._full.along(last, float(np.sqrt(value))) + constant
        loading = self.basis.back[self.columns.index(name)]
        found = [self._regression.along(loading, value)]
        if self.variances:
            found.append(self._full.along(np.append(loading, 0.0), value))
        known = [one for one in found if np.isfinite(one)]
        return max(known) + constant if known else np.nan

    @cached_property
    def _table(self) -> Table:
        return tabulate(self.layout, self.basis.columns, self.y, self.points)

    @cached_property
    def _start(self) -> Floats:
        """Coefficients of the fit on the basis."""
        return np.asarray(np.linalg.solve(self.basis.back, self.answer.beta), dtype=float)

    @cached_property
    def _full(self) -> Surface:
        """In the coefficients and the standard deviation."""
        likelihood = bounded(Likelihood(self._table, self.family, hermite_rule(self.points)))
        start = np.append(self._start, max(self.answer.sd, LEAST_START))
        return Surface(likelihood, start, self.answer.loglik, {})

    @cached_property
    def _regression(self) -> Surface:
        """In the coefficients, without a random effect."""
        rows, family = self._table.everything, self.family

        def evaluate(theta: Floats) -> tuple[float, Floats, Floats]:
            value, gradient, hessian = plain(rows, family, theta)
            return value, gradient, -hessian

        return Surface(evaluate, self._start, self.answer.null, {})
