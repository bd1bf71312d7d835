"""The one shape in which every model answers."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from core_trial.models.frozen import ReadOnly
from core_trial.models.inference import Floats, Quantity, Test, Wald, wald
from core_trial.models.names import in_interaction, interaction_advice, locate
from core_trial.models.numerics.cluster_sample import ClusterSample
from core_trial.models.numerics.small_sample import SmallSample
from core_trial.models.questions.asking import Asking
from core_trial.models.reference import Reference

if TYPE_CHECKING:
    from core_trial.models.design import Recipe
    from core_trial.models.numerics.profiling import Profiler

Scale = Literal["identity", "log", "logit"]
#: What `Fit.loglik` is the logarithm of. A pseudo-likelihood compares no models.
Likelihood = Literal["full", "restricted", "partial", "pseudo"]


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


@dataclass(frozen=True, slots=True, eq=False)
class RandomIntercept:
    """The random intercept of a model that is not linear, as averages over it need it.

    Parameters
    ----------
    sd
        Its standard deviation on the link scale.
    joint
        Covariance of the coefficients and the standard deviation, shape (p + 1, p + 1).
    column, level
        Where it enters: in the rows whose column has this level; both blank for everywhere.
    """

    sd: float
    joint: Floats
    column: str = ""
    level: object = ""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Fit(Asking):
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
    likelihood
        What `loglik` is the logarithm of.
    robust
        Whether the covariance is a sandwich, so that the likelihood is not what errors rest on.
    variance_intervals
        Wald intervals of the variance components, symmetric in their logarithm.
    covariance_parameters
        How many parameters `variance` has; None where each of its entries is one.
    term_columns
        Positions of the coefficients of each term of the formula.
    recipe
        How to make the design matrix of other rows; None where the model came from no frame.
    excess_recipe
        The same for the excess zeros of a zero-inflated model.
    reference
        Averages and levels of the covariates, for adjusted means.
    response
        The outcome, shape (n,), or time and event, shape (n, 2); empty if it was not kept.
    row_variance
        Variance of each row given its random effect, shape (n,), where it differs between rows by
        more than their mean; empty otherwise.
    small_sample
        What the degrees of freedom of any contrast follow from; None for the normal distribution.
    random_intercept
        What averages over the random effect need; None for a model that has none, or is linear.
    profiler
        The likelihood, for profiles; it does not travel with a pickled fit.
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
    variance: Mapping[str, float] = field(default_factory=ReadOnly[str, float])
    dispersion: float = np.nan
    converged: bool = True
    warnings: tuple[str, ...] = ()
    quantities: Mapping[str, Quantity] = field(default_factory=ReadOnly[str, Quantity])
    tests: Mapping[str, Test] = field(default_factory=ReadOnly[str, Test])
    random_effects: pd.Series = field(default_factory=pd.Series(dtype=float).copy)
    fitted: Floats = field(default_factory=lambda: np.empty(0))
    confidence: float = 0.95
    n_dropped: int = 0
    likelihood: Likelihood = "full"
    robust: bool = False
    variance_intervals: Mapping[str, Quantity] = field(default_factory=ReadOnly[str, Quantity])
    covariance_parameters: int | None = None
    term_columns: Mapping[str, tuple[int, ...]] = field(
        default_factory=ReadOnly[str, tuple[int, ...]]
    )
    recipe: Recipe | None = None
    excess_recipe: Recipe | None = None
    reference: Reference = field(default_factory=Reference)
    response: Floats = field(default_factory=lambda: np.empty(0))
    row_variance: Floats = field(default_factory=lambda: np.empty(0))
    small_sample: SmallSample | ClusterSample | None = None
    random_intercept: RandomIntercept | None = None
    profiler: Profiler | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Make every mapping one that cannot be changed and can be pickled."""
        for name in ("variance", "quantities", "tests", "variance_intervals", "term_columns"):
            object.__setattr__(self, name, ReadOnly(getattr(self, name)))

    def __getstate__(self) -> dict[str, Any]:
        """The fields; not the likelihood, which holds the data, nor what is worked out again."""
        return {f.name: getattr(self, f.name) for f in fields(self)} | {"profiler": None}

    def __copy__(self) -> Fit:
        return replace(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Fit:
        names = [f.name for f in fields(self) if f.name != "profiler"]
        return replace(self, **{name: deepcopy(getattr(self, name), memo) for name in names})

    def __repr__(self) -> str:
        from core_trial.models.showing.summary import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from core_trial.models.showing.summary import as_html

        return as_html(self)

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

    def to_frame(self) -> pd.DataFrame:
        """`coefficients` with estimate and interval on the reported scale.

        The standard error stays that of the coefficient; statistic and p-value do not depend on
        the scale.
        """
        table = self.coefficients.copy()
        shown = ["estimate", "low", "high"]
        with np.errstate(over="ignore"):
            table[shown] = self.reported(table[shown].to_numpy())
        return table

    def reported(self, values: Floats) -> Floats:
        """Numbers of the link scale on the reported one: ratios are exponentiated."""
        return values if self.scale == "identity" else np.asarray(np.exp(values))

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
            If the term is not in the model, has several columns, or is a variable that stands in
            an interaction, where no single number is its effect; the message says what to ask.
        """
        if in_interaction(term, self.term_columns):
            raise interaction_advice(term, self.term_columns)
        i = self.position(term)
        w = self.inference
        with np.errstate(over="ignore"):
            values = self.reported(np.array([self.beta[i], w.low[i], w.high[i]]))
        estimate, low, high = map(float, values)
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
        return locate(term, self.terms)

    @property
    def n_parameters(self) -> int:
        """Coefficients and variances that were estimated."""
        of_variance = self.covariance_parameters
        return len(self.terms) + (len(self.variance) if of_variance is None else of_variance)

    @property
    def aic(self) -> float:
        """Akaike's criterion, -2 log-likelihood + 2 parameters; ``nan`` for a pseudo-likelihood.

        That of a restricted likelihood compares models with the same coefficients only.
        """
        return self._criterion(2.0)

    @property
    def bic(self) -> float:
        """Schwarz' criterion, with log n for 2; n is the number of events for a Cox model.

        References
        ----------
        Volinsky and Raftery (2000), Biometrics 56: 256-62 (events).
        """
        n = self.n_events if self.likelihood == "partial" else self.n
        return self._criterion(float(np.log(n or np.nan)))

    def _criterion(self, price: float) -> float:
        value = -2.0 * self.loglik + price * self.n_parameters
        return np.nan if self.likelihood == "pseudo" else value
