"""What pooling keeps of a fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from core_trial.errors import DesignError
from core_trial.models.fit import Fit, Scale
from core_trial.models.inference import Floats


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Estimates:
    """What pooling needs of a fit to one completed data set; fields as in `Fit`."""

    model: str
    formula: str
    method: str
    terms: tuple[str, ...]
    beta: Floats
    cov: Floats
    df: Floats
    scale: Scale
    n: int
    confidence: float
    converged: bool
    warnings: tuple[str, ...]
    term_columns: Mapping[str, tuple[int, ...]]


def estimates_of(fit: Fit | Estimates) -> Estimates:
    """What pooling needs of a fit.

    Raises
    ------
    DesignError
        If it is not a fit.
    """
    if isinstance(fit, Estimates):
        return fit
    if not isinstance(fit, Fit):
        raise DesignError(f"pooling takes fits of our models, not {type(fit).__name__}")
    return Estimates(**{name: getattr(fit, name) for name in Estimates.__dataclass_fields__})


def combined(found: Estimates, names: tuple[str, ...], weights: Floats) -> Estimates:
    """Linear combinations of estimates.

    Parameters
    ----------
    found
        Estimates of p coefficients.
    names, weights
        What the k combinations are called, and their weights, shape (k, p). A coefficient without
        an estimate matters only to combinations in which it has a weight.
    """
    lost = np.isnan(found.beta) | np.isnan(np.diagonal(found.cov))
    touched = ((weights != 0) & lost).any(axis=1)
    beta = weights @ np.where(lost, 0.0, found.beta)
    cov = weights @ np.where(lost | lost[:, None], 0.0, found.cov) @ weights.T
    df = np.array([found.df[row != 0].min(initial=np.inf) for row in weights])
    return replace(
        found,
        terms=names,
        beta=np.where(touched, np.nan, beta),
        cov=np.where(touched | touched[:, None], np.nan, cov),
        df=df,
        term_columns={},
    )
