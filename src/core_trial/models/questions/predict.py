"""Predictions for other rows, with intervals of the mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.columns import as_frame
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
from core_trial.models.questions.contrasts import degrees_of_freedom, known

if TYPE_CHECKING:
    from core_trial.models.fit import Fit


def predict(
    fit: Fit,
    frame: pd.DataFrame,
    *,
    interval: Literal["confidence"] | None,
    scale: Literal["response", "link"],
    over: Over,
    confidence: float | None,
) -> pd.DataFrame:
    """See `Fit.predict`."""
    level = fit.confidence if confidence is None else confidence
    refuse_confidence(level)
    refuse_over(over)
    if scale not in ("response", "link"):
        raise DesignError(f"scale must be 'response' or 'link', not {scale!r}")
    if interval not in (None, "confidence"):
        raise DesignError(
            f"interval must be 'confidence' (of the mean) or None, not {interval!r}: the interval "
            "of a new observation is not given"
        )
    rows = as_frame(frame)
    X = matrix(fit, rows)
    refuse_lost(fit, X)
    if scale == "link":
        link, error, df = _linear(fit, X)
    else:
        link, error, df = _means(fit, rows, X, over)
    table = _table(fit, scale, link, error, df, level)
    table.index = rows.index
    return table if interval else table[["estimate"]]


def _linear(fit: Fit, X: Floats) -> tuple[Floats, Floats, Floats]:
    """Linear predictors, their standard errors, and degrees of freedom."""
    beta, cov = known(fit)
    error = np.sqrt(np.einsum("ij,jk,ik->i", X, cov, X))
    return X @ beta, error, degrees_of_freedom(fit, X)


def _means(fit: Fit, rows: pd.DataFrame, X: Floats, over: Over) -> tuple[Floats, Floats, Floats]:
    """Means on the link scale, their standard errors there, and degrees of freedom."""
    Z, random = excess_matrix(fit, rows), fit.random_intercept
    averaged = over == "marginal" and random is not None
    if fit.scale == "identity" or (Z is None and not averaged):
        return _linear(fit, X)
    inside = carries(random, rows) if averaged and random is not None else None
    mean, gradient = row_means(fit, X, Z, inside)
    _, cov = parameters(fit)
    link, slope = to_link(fit, mean)
    error = slope * np.sqrt(np.einsum("ij,jk,ik->i", gradient, cov, gradient))
    return link, error, np.full(len(X), np.inf)


def _table(
    fit: Fit, scale: str, link: Floats, error: Floats, df: Floats, confidence: float
) -> pd.DataFrame:
    w = wald(link, error, df, confidence)
    if scale == "link":
        values = {"estimate": link, "std_error": error, "low": w.low, "high": w.high}
        return pd.DataFrame(values)
    mean = from_link(fit, link)
    with np.errstate(divide="ignore", invalid="ignore"):
        own = error / to_link(fit, mean)[1]
    low, high = from_link(fit, w.low), from_link(fit, w.high)
    return pd.DataFrame({"estimate": mean, "std_error": own, "low": low, "high": high})
