"""The one shape in which every model answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.inference import Floats, Quantity, Test, Wald, wald

Scale = Literal["identity", "log", "logit"]


@dataclass(frozen=True, slots=True)
class Effect:
    """One coefficient on the scale on which it is reported (ratios are exponentiated)."""

    term: str
    estimate: float
    low: float
    high: float
    p_value: float
    std_error: float
    statistic: float
    df: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit:
    """A fitted model.

    Parameters
    ----------
    model
        Name of the function that made it.
    formula
        The formula as it was understood.
    method
        The estimation in words: likelihood, approximation, standard errors.
    terms
        Names of the p coefficients. A factor's column is ``factor[level]``; the intercept is
        ``Intercept``; coefficients of the zero part carry the prefix ``inflate:``.
    beta
        Coefficients, shape (p,), on the link scale.
    cov
        Their covariance, shape (p, p); ``nan`` where not estimable.
    df
        Degrees of freedom of each coefficient's test, shape (p,); ``inf`` for the normal.
    scale
        The link; effects of ``"log"`` and ``"logit"`` models are reported as ratios.
    variance
        Variance components, such as ``{"cluster": 0.12, "residual": 98.1}`` or
        ``{"cluster": 0.12, "residual[control]": 98.1, "residual[intervention]": 80.2}``.
    dispersion
        Dispersion of the outcome's distribution (alpha of the negative binomial); ``nan`` if none.
    loglik
        Log-likelihood at the estimates, all constants included (partial for Cox, restricted for
        REML).
    n, n_clusters, n_events
        Rows, clusters, and events where the outcome has any (else None).
    converged, warnings
        ``converged`` says that the search ended at a maximum, at which something is estimated;
        which of its numbers may be believed, `estimable` says. ``warnings`` says why others may
        not, and what else a careful reader should know.
    n_dropped
        Rows left out because a value was missing.
    quantities
        Derived quantities with intervals, such as ``"icc"``.
    tests
        Tests beside those of the coefficients, such as ``"variance"``.
    random_effects
        Predicted random effects by cluster label; empty if the model has none.
    fitted
        Fitted means, shape (n,), in the order of the rows; empty if the model has none.
    confidence
        Coverage of every interval.
    """

    model: str
    formula: str
    method: str
    terms: tuple[str, ...]
    beta: Floats
    cov: Floats
    df: Floats
    scale: Scale
    loglik: float
    n: int
    n_clusters: int
    n_events: int | None = None
    variance: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    dispersion: float = np.nan
    converged: bool = True
    warnings: tuple[str, ...] = ()
    quantities: Mapping[str, Quantity] = field(default_factory=lambda: MappingProxyType({}))
    tests: Mapping[str, Test] = field(default_factory=lambda: MappingProxyType({}))
    random_effects: pd.Series = field(default_factory=pd.Series(dtype=float).copy)
    fitted: Floats = field(default_factory=lambda: np.empty(0))
    confidence: float = 0.95
    n_dropped: int = 0

    @property
    def estimable(self) -> tuple[bool, ...]:
        """Whether each coefficient may be believed: a group without events takes only its own."""
        known = np.isfinite(self.beta) & np.isfinite(self.std_error)
        return tuple((known & self.converged).tolist())

    @cached_property
    def std_error(self) -> Floats:
        """Standard errors, shape (p,); ``nan`` where the variance is not a positive number."""
        diagonal = np.diagonal(self.cov)
        return np.sqrt(np.where(diagonal > 0, diagonal, np.nan))

    @cached_property
    def inference(self) -> Wald:
        """Statistic, p-value and interval of every coefficient, on the link scale."""
        return wald(self.beta, self.std_error, self.df, self.confidence)

    @cached_property
    def coefficients(self) -> pd.DataFrame:
        """A row per term on the link scale, with statistic, df, p-value and interval."""
        w = self.inference
        columns = {
            "estimate": self.beta,
            "std_error": self.std_error,
            "statistic": w.statistic,
            "df": w.df,
            "p_value": w.p_value,
            "low": w.low,
            "high": w.high,
        }
        return pd.DataFrame(columns, index=pd.Index(self.terms, name="term"))

    @cached_property
    def covariance(self) -> pd.DataFrame:
        """Covariance of the coefficients, labelled by term on both sides."""
        return pd.DataFrame(self.cov, index=list(self.terms), columns=list(self.terms))

    def effect(self, term: str) -> Effect:
        """One coefficient on the reported scale.

        Parameters
        ----------
        term
            A name in `terms`, or the name of a variable that has exactly one column there:
            ``"arm"`` finds ``arm[intervention]``.

        Raises
        ------
        DesignError
            If the term is not in the model or has several columns.
        """
        i = self.position(term)
        w = self.inference
        report = np.exp if self.scale != "identity" else np.asarray
        with np.errstate(over="ignore"):
            estimate, low, high = (float(report(x[i])) for x in (self.beta, w.low, w.high))
        return Effect(
            term=self.terms[i],
            estimate=estimate,
            low=low,
            high=high,
            p_value=float(w.p_value[i]),
            std_error=float(self.std_error[i]),
            statistic=float(w.statistic[i]),
            df=float(w.df[i]),
        )

    def position(self, term: str) -> int:
        """Position of a term among the coefficients; see `effect` for what may be given."""
        if term in self.terms:
            return self.terms.index(term)
        found = [i for i, name in enumerate(self.terms) if name.startswith(f"{term}[")]
        if len(found) == 1:
            return found[0]
        several = f"has {len(found)} columns" if found else "is not in the model"
        raise DesignError(f"term {term!r} {several}; the terms are {', '.join(self.terms)}")
