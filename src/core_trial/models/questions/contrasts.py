"""Linear combinations of a fit's coefficients, with intervals that hold together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from core_trial.errors import DesignError
from core_trial.models.inference import Floats, wald
from core_trial.models.numerics.limits import refuse_confidence
from core_trial.models.questions.expressions import parse
from core_trial.models.questions.simultaneous import largest_t
from core_trial.models.showing.page import (
    Block,
    Page,
    Shown,
    interval_cells,
    interval_head,
    number_cells,
    p_cells,
)
from core_trial.models.showing.summary import cautions

if TYPE_CHECKING:
    from core_trial.models.fit import Effect, Fit

#: Degrees of freedom closer than this, relative, are one.
SAME_DF = 1e-6

Asked = str | Mapping[str, str] | Sequence[str] | ArrayLike


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Contrasts(Shown):
    """Linear combinations of coefficients, on the reported scale.

    Parameters
    ----------
    names
        What each of the k combinations is called.
    weights, null
        Weights of the p coefficients, shape (k, p), and the value tested against, shape (k,), on
        the link scale.
    estimate, low, high
        Estimate and interval of each, shape (k,); ratios where `ratios` is True.
    std_error, df, statistic, p_value
        On the link scale, shape (k,).
    simultaneous_low, simultaneous_high
        Intervals that hold together with probability `confidence`.
    p_adjusted
        Holm's p-values, which bound the chance of any false rejection.
    ratios
        Whether estimates and intervals are exponentiated.
    confidence
        Coverage.
    warnings
        Those of the fit, and which contrasts have no finite estimate.
    notes
        How the intervals were made.
    title
        What was asked.
    """

    names: tuple[str, ...]
    weights: Floats
    null: Floats
    estimate: Floats
    low: Floats
    high: Floats
    std_error: Floats
    df: Floats
    statistic: Floats
    p_value: Floats
    simultaneous_low: Floats
    simultaneous_high: Floats
    p_adjusted: Floats
    ratios: bool
    confidence: float
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    title: str = "Contrasts"

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, name: str | int) -> Effect:
        """One of them as an `Effect`, by its name or position."""
        from core_trial.models.fit import Effect
        from core_trial.models.names import hint

        if isinstance(name, str) and name not in self.names:
            raise DesignError(f"no contrast {name!r}{hint(name, self.names)}")
        k = self.names.index(name) if isinstance(name, str) else range(len(self))[name]
        columns = ("estimate", "low", "high", "p_value", "std_error", "statistic", "df")
        return Effect(self.names[k], **{c: float(getattr(self, c)[k]) for c in columns})

    def page(self) -> Page:
        """One table, with the intervals that hold together where there are several."""
        head = ["ratio" if self.ratios else "estimate", interval_head(self.confidence)]
        cells = [number_cells(self.estimate), interval_cells(self.low, self.high)]
        if np.isfinite(self.df).any():
            head.append("df")
            cells.append(number_cells(self.df))
        head.append("p")
        cells.append(p_cells(self.p_value))
        if len(self) > 1:
            head += [f"{100 * self.confidence:g}% together", "p (Holm)"]
            cells += [
                interval_cells(self.simultaneous_low, self.simultaneous_high),
                p_cells(self.p_adjusted),
            ]
        return Page(self.title, (Block("", head, self.labels, cells),), self.warnings, self.notes)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names, with the value each is tested against where it is not zero."""
        pairs = zip(self.names, self.null, strict=True)
        return tuple(
            f"{name} (against {v:g})" if v and "=" not in name else name for name, v in pairs
        )

    def to_frame(self) -> pd.DataFrame:
        """A row per contrast."""
        columns = ["estimate", "low", "high", "std_error", "statistic", "df", "p_value"]
        if len(self) > 1:
            columns += ["simultaneous_low", "simultaneous_high", "p_adjusted"]
        data = {name: getattr(self, name) for name in columns}
        return pd.DataFrame(data, index=pd.Index(self.names, name="contrast"))


def contrast(fit: Fit, asked: Asked, *, confidence: float | None = None) -> Contrasts:
    """See `Fit.contrast`."""
    names, weights, null = read(asked, fit.terms)
    title = "Contrast" if len(names) == 1 else f"{len(names)} contrasts"
    return combine(fit, names, weights, null, confidence=confidence, title=title)


def combine(
    fit: Fit,
    names: Sequence[str],
    weights: Floats,
    null: Floats | None = None,
    *,
    confidence: float | None = None,
    title: str = "Contrasts",
    value: Floats | None = None,
    cov: Floats | None = None,
) -> Contrasts:
    """Contrasts from their weights, shape (k, p).

    Parameters
    ----------
    names, weights, null, confidence, title
        As `Contrasts` has them.
    value, cov
        Estimates, shape (k,), and their covariance, shape (k, k), where they are not linear in the
        coefficients; None for what follows from the weights.
    """
    level = fit.confidence if confidence is None else confidence
    refuse_confidence(level)
    aim = np.zeros(len(weights)) if null is None else null
    estimate, spread = estimates(fit, weights)
    estimate, cov = (estimate if value is None else value), (spread if cov is None else cov)
    error = np.sqrt(np.where(np.diagonal(cov) > 0, np.diagonal(cov), np.nan))
    df = degrees_of_freedom(fit, weights)
    test, interval = wald(estimate - aim, error, df, level), wald(estimate, error, df, level)
    half = _half_width(cov, error, df, level)
    with np.errstate(over="ignore"):
        shown = fit.reported(
            np.array([estimate, interval.low, interval.high, estimate - half, estimate + half])
        )
    return Contrasts(
        names=tuple(names),
        weights=weights,
        null=aim,
        estimate=shown[0],
        low=shown[1],
        high=shown[2],
        std_error=error,
        df=test.df,
        statistic=test.statistic,
        p_value=test.p_value,
        simultaneous_low=shown[3],
        simultaneous_high=shown[4],
        p_adjusted=holm(test.p_value),
        ratios=fit.scale != "identity",
        confidence=level,
        warnings=(*cautions(fit), *_lost(names, error)),
        notes=_notes(df),
        title=title,
    )


def known(fit: Fit) -> tuple[Floats, Floats]:
    """Coefficients and covariance with zero for what is not known, shapes (p,) and (p, p)."""
    lost = np.isnan(np.diagonal(fit.cov))
    return np.where(np.isnan(fit.beta), 0.0, fit.beta), np.where(lost | lost[:, None], 0.0, fit.cov)


def estimates(fit: Fit, weights: Floats) -> tuple[Floats, Floats]:
    """Combinations and their covariance, ``nan`` where a coefficient that counts is."""
    beta, cov = known(fit)
    asked = weights != 0
    unknown = (asked & np.isnan(np.diagonal(fit.cov))).any(axis=1)
    nowhere = (asked & np.isnan(fit.beta)).any(axis=1)
    value, spread = weights @ beta, weights @ cov @ weights.T
    return np.where(nowhere, np.nan, value), np.where(unknown | unknown[:, None], np.nan, spread)


def degrees_of_freedom(fit: Fit, weights: Floats) -> Floats:
    """Degrees of freedom of each combination, shape (k,)."""
    if fit.small_sample is not None:
        return fit.small_sample.df(weights)
    return np.array([float(fit.df[row != 0].min(initial=np.inf)) for row in weights])


def holm(p: Floats) -> Floats:
    """Holm's step-down p-values (1979, Scand J Stat 6: 65-70); ``nan`` stays and is not counted."""
    order = np.argsort(p)
    k = int((~np.isnan(p)).sum())
    stepped = np.maximum.accumulate(p[order][:k] * np.arange(k, 0, -1))
    adjusted = np.full(len(p), np.nan)
    adjusted[order[:k]] = np.minimum(stepped, 1.0)
    return adjusted


def _half_width(cov: Floats, error: Floats, df: Floats, confidence: float) -> Floats:
    """Half widths that hold together, by the largest t; the smallest df serves for all."""
    there = np.isfinite(error) & ~np.isnan(df)
    half = np.full(len(error), np.nan)
    if there.any():
        scale = error[there]
        correlation = cov[np.ix_(there, there)] / np.outer(scale, scale)
        half[there] = scale * largest_t(correlation, float(df[there].min())).quantile(confidence)
    return half


def _lost(names: Sequence[str], error: Floats) -> tuple[str, ...]:
    lost = [name for name, e in zip(names, error, strict=True) if np.isnan(e)]
    return (f"no finite estimate or standard error for {', '.join(lost)}",) if lost else ()


def _notes(df: Floats) -> tuple[str, ...]:
    there = df[~np.isnan(df)]
    if len(there) < 2 or np.isposinf(there).all() or there.max() <= there.min() * (1 + SAME_DF):
        return ()
    return (f"the intervals that hold together use the smallest df, {there.min():.1f}",)


def read(asked: Asked, terms: Sequence[str]) -> tuple[list[str], Floats, Floats]:
    """Names, weights (k, p) and tested values (k,) of what was asked.

    Raises
    ------
    DesignError
        If it is neither an expression, several of them, nor a matrix of p columns.
    """
    if isinstance(asked, str):
        asked = [asked]
    if isinstance(asked, Mapping):
        return _read_all(list(map(str, asked)), list(asked.values()), terms)
    if isinstance(asked, Sequence) and asked and all(isinstance(text, str) for text in asked):
        return _read_all(list(map(str, asked)), list(asked), terms)
    try:
        weights = np.atleast_2d(np.asarray(asked, dtype=float))
    except (TypeError, ValueError):
        raise DesignError(_WANTED) from None
    if weights.ndim != 2 or weights.shape[1] != len(terms) or not np.isfinite(weights).all():
        raise DesignError(
            f"a matrix of contrasts has a finite number for each of the {len(terms)} coefficients "
            f"in every row, not the shape {weights.shape}: {', '.join(terms)}"
        )
    if not weights.any(axis=1).all():
        raise DesignError("a contrast whose weights are all zero asks nothing")
    return [_spell(row, terms) for row in weights], weights, np.zeros(len(weights))


_WANTED = (
    "ask by an expression such as 'arm[b] - arm[c]', a list of them, a mapping from a name to "
    "each, or a matrix with a column per coefficient"
)


def _read_all(
    names: list[str], texts: Sequence[object], terms: Sequence[str]
) -> tuple[list[str], Floats, Floats]:
    if not texts:
        raise DesignError(_WANTED)
    rows, null = [], []
    for text in texts:
        if isinstance(text, str):
            found = parse(text, terms)
            rows.append(found.weights)
            null.append(-found.constant)
        else:
            _, weights, _ = read(np.asarray(text), terms)
            rows.append(weights[0])
            null.append(0.0)
    return names, np.array(rows), np.array(null)


def _spell(row: Floats, terms: Sequence[str]) -> str:
    """A row of weights as an expression."""
    text = ""
    for weight, name in zip(row, terms, strict=True):
        if weight:
            size = "" if abs(weight) == 1 else f"{abs(weight):.4g} * "
            sign = (" - " if weight < 0 else " + ") if text else ("-" if weight < 0 else "")
            text += f"{sign}{size}{name}"
    return text
