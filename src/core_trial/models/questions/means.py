"""Adjusted means, and how they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.inference import Floats, wald
from core_trial.models.numerics.limits import refuse_confidence
from core_trial.models.questions.averages import (
    Over,
    carries,
    excess_matrix,
    from_link,
    matrix,
    parameters,
    refuse_lost,
    refuse_over,
    row_means,
    to_link,
)
from core_trial.models.questions.contrasts import Contrasts, combine, degrees_of_freedom, estimates
from core_trial.models.questions.grid import Grid, grid
from core_trial.models.showing.page import (
    Block,
    Page,
    Shown,
    interval_cells,
    interval_head,
    number_cells,
)
from core_trial.models.showing.summary import cautions

if TYPE_CHECKING:
    from core_trial.models.fit import Fit


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Means(Shown):
    """Adjusted means of the levels of a variable.

    Parameters
    ----------
    names
        The variable, and those by which it is split.
    keys
        Levels of each of the k means.
    estimate, low, high, std_error
        On the response scale, shape (k,).
    df
        Degrees of freedom, shape (k,); ``inf`` for the normal distribution.
    over, weights
        As they were asked for.
    confidence
        Coverage.
    link, slopes, spread
        The means on the link scale, shape (k,), their gradients, shape (k, q), in the q parameters,
        and the covariance of these, shape (q, q): what differences follow from.
    linear
        Whether they are linear in the coefficients.
    fit
        The fit that was asked.
    """

    names: tuple[str, ...]
    keys: tuple[tuple[object, ...], ...]
    estimate: Floats
    low: Floats
    high: Floats
    std_error: Floats
    df: Floats
    over: Over
    weights: str
    confidence: float
    link: Floats
    slopes: Floats
    spread: Floats
    linear: bool
    fit: Fit

    @property
    def labels(self) -> tuple[str, ...]:
        """Levels of each mean as one text."""
        return tuple(", ".join(map(str, key)) for key in self.keys)

    def page(self) -> Page:
        """One table."""
        cells = [number_cells(self.estimate), interval_cells(self.low, self.high)]
        what = "relative hazard" if self.fit.likelihood == "partial" else "mean"
        head = [what, interval_head(self.confidence)]
        if np.isfinite(self.df).any():
            head, cells = [*head, "df"], [*cells, number_cells(self.df)]
        block = Block(" by ".join(self.names), head, self.labels, cells)
        return Page("Adjusted means", (block,), self.warnings, (self._in_words(),))

    @property
    def warnings(self) -> tuple[str, ...]:
        """Those of the fit, and which means have no finite estimate."""
        pairs = zip(self.labels, self.estimate, strict=True)
        lost = [label for label, value in pairs if np.isnan(value)]
        own = (f"no finite estimate for {'; '.join(lost)}",) if lost else ()
        return (*cautions(self.fit), *own)

    def _in_words(self) -> str:
        how = {"equal": "equally", "sample": "as they occur in the sample"}[self.weights]
        words = f"other factors averaged {how}, numbers at their mean"
        if self.fit.random_intercept is None:
            return words
        effect = {"conditional": "held at zero", "marginal": "averaged over it"}
        return f"{words}; random effect: {effect[self.over]}"

    def to_frame(self) -> pd.DataFrame:
        """A row per mean."""
        columns: dict[str, Any] = {
            name: [key[k] for key in self.keys] for k, name in enumerate(self.names)
        }
        for name in ("estimate", "std_error", "df", "low", "high"):
            columns[name] = getattr(self, name)
        return pd.DataFrame(columns)

    def differences(self, *, reference: bool = False) -> Contrasts:
        """How the levels of the variable differ, within each combination of the others.

        On the reported scale: differences, or ratios of odds, rates or risks.

        Parameters
        ----------
        reference
            Compare each level with the first only; else every pair.
        """
        pairs = _pairs(self.keys, reference)
        if not pairs:
            raise DesignError(f"{self.names[0]!r} has one level: nothing differs")
        turn = np.zeros((len(pairs), len(self.keys)))
        for row, (later, earlier) in enumerate(pairs):
            turn[row, later], turn[row, earlier] = 1.0, -1.0
        labels = [_label(self.keys[a], self.keys[b], self.fit.scale) for a, b in pairs]
        return _between(self, labels, turn)


def means(
    fit: Fit,
    variable: str,
    *,
    by: Sequence[str],
    weights: str,
    over: Over,
    at: Mapping[str, Any],
    confidence: float | None,
) -> Means:
    """See `Fit.means`."""
    level = fit.confidence if confidence is None else confidence
    refuse_confidence(level)
    refuse_over(over)
    cells = grid(fit, (variable, *by), weights=weights, at=at)
    link, slopes, spread = _on_link(fit, cells, over)
    error = np.sqrt(np.einsum("ij,jk,ik->i", slopes, spread, slopes))
    df = degrees_of_freedom(fit, slopes[:, : len(fit.terms)])
    w = wald(link, error, df, level)
    mean = from_link(fit, link)
    return Means(
        names=cells.names,
        keys=cells.keys,
        estimate=mean,
        low=from_link(fit, w.low),
        high=from_link(fit, w.high),
        std_error=error / to_link(fit, mean)[1],
        df=w.df,
        over=over,
        weights=weights,
        confidence=level,
        link=link,
        slopes=slopes,
        spread=spread,
        linear=_is_linear(fit, over),
        fit=fit,
    )


def _on_link(fit: Fit, cells: Grid, over: Over) -> tuple[Floats, Floats, Floats]:
    """Means on the link scale, gradients, and the parameters' covariance.

    At a random effect of zero the linear predictors are averaged, as a model that is linear on
    its link would have it; averages over the random effect, or over excess zeros, are averages of
    means.
    """
    X, (theta, cov) = matrix(fit, cells.frame), parameters(fit)
    if _is_linear(fit, over):
        rows = cells.shares @ X
        value, _ = estimates(fit, rows)
        slopes = np.zeros((len(rows), len(theta)))
        slopes[:, : rows.shape[1]] = rows
        return value, slopes, cov
    refuse_lost(fit, X)
    Z, random = excess_matrix(fit, cells.frame), fit.random_intercept
    inside = carries(random, cells.frame) if over == "marginal" and random is not None else None
    mean, gradient = row_means(fit, X, Z, inside)
    mean, gradient = cells.shares @ mean, cells.shares @ gradient
    link, slope = to_link(fit, mean)
    return link, slope[:, None] * gradient, cov


def _is_linear(fit: Fit, over: Over) -> bool:
    """Whether means on the link scale are linear in the coefficients."""
    averaged = over == "marginal" and fit.random_intercept is not None
    return fit.scale == "identity" or (fit.excess_recipe is None and not averaged)


def _pairs(keys: Sequence[tuple[object, ...]], reference: bool) -> list[tuple[int, int]]:
    """Later and earlier of each two means that differ in the first variable only."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for k, key in enumerate(keys):
        groups.setdefault(key[1:], []).append(k)
    found = []
    for members in groups.values():
        two = [(members[0], k) for k in members[1:]] if reference else combinations(members, 2)
        found += [(later, earlier) for earlier, later in two]
    return found


def _label(later: tuple[object, ...], earlier: tuple[object, ...], scale: str) -> str:
    sign = "-" if scale == "identity" else "/"
    group = f" | {', '.join(map(str, later[1:]))}" if len(later) > 1 else ""
    return f"{later[0]} {sign} {earlier[0]}{group}"


def _between(found: Means, labels: Sequence[str], turn: Floats) -> Contrasts:
    """Combinations of means on the link scale, as contrasts of the parameters."""
    p, slopes = len(found.fit.terms), turn @ found.slopes
    return combine(
        found.fit,
        labels,
        slopes[:, :p],
        confidence=found.confidence,
        title="Differences of adjusted means",
        value=None if found.linear else turn @ found.link,
        cov=None if found.linear else slopes @ found.spread @ slopes.T,
    )
