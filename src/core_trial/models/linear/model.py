"""A linear model with a random intercept on a prepared design, and its frozen `Fit`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core_trial.errors import DesignError, FitError
from core_trial.models.choices import refuse_choice
from core_trial.models.clusters import Clusters, Nesting, carried_by
from core_trial.models.design import Design
from core_trial.models.fit import Fit
from core_trial.models.inference import (
    Coefficients,
    Floats,
    Quantity,
    Test,
    boundary_p,
    positive,
)
from core_trial.models.linear.cautions import unidentified, warnings_of
from core_trial.models.linear.intraclass import intraclass_by_level
from core_trial.models.linear.kenward_roger import Approximation, adjusted, small_sample
from core_trial.models.linear.layout import LinearLayout, arrange
from core_trial.models.linear.likelihood import Likelihood, Method, likelihood
from core_trial.models.linear.profile import LinearProfiler
from core_trial.models.linear.search import Maximum, maximise
from core_trial.models.linear.sufficient import Statistics, refine, summarise
from core_trial.models.numerics.limits import refuse_confidence
from core_trial.models.numerics.small_sample import SmallSample
from core_trial.models.numerics.threads import one_thread

METHODS = {"ml": "maximum likelihood", "reml": "restricted maximum likelihood"}
APPROXIMATIONS = {
    "normal": "normal",
    "satterthwaite": "Satterthwaite",
    "kenward_roger": "Kenward-Roger",
}
#: Least squares whose sum of squares exceeds the generalised one by more than this are improved.
EXCESS, REFINEMENTS = 1e3, 4


@dataclass(frozen=True, slots=True, eq=False)
class LinearModel:
    """A linear model on a prepared design; fits any number of outcomes.

    Parameters
    ----------
    layout
        The design, its clusters and residual levels.
    method
        ``"ml"`` or ``"reml"``.
    df
        Reference distribution of the coefficients.
    confidence
        Coverage of the intervals.
    where
        The clusters that carry the random effect, in words.
    offset
        Taken from every outcome, shape (n,); None for nothing.
    """

    layout: LinearLayout
    method: Method
    df: Approximation
    confidence: float
    where: str = "every cluster"
    offset: Floats | None = None

    @property
    def design(self) -> Design:
        """Outcome and design matrix."""
        return self.layout.design

    @one_thread
    def fit(self, y: Floats | None = None) -> Fit:
        """Fit the design's own outcome, or another one of shape (n,).

        Raises
        ------
        DesignError
            If the outcome cannot be fitted; the message says what to change.
        FitError
            If the variances differ by more orders of magnitude than the arithmetic has digits.
        """
        y = self.design.y if y is None else self.design.with_response(y).y
        stats, function, maximum = _solve(self.layout, self._moved(y), self.method)
        return _as_fit(self, y, stats, function, maximum)

    @one_thread
    def coefficients(self, y: Floats | None = None) -> Coefficients:
        """The coefficients of `fit` alone: no predictions, no intraclass correlation, no cautions.

        Raises
        ------
        DesignError, FitError
            As `fit`.
        """
        y = self.design.y if y is None else self.design.with_response(y).y
        stats, _, maximum = _solve(self.layout, self._moved(y), self.method)
        beta, cov, freedom, _ = _judged(self, stats, maximum)
        return Coefficients(beta, np.sqrt(np.diagonal(cov)), freedom)

    def _moved(self, y: Floats) -> Floats:
        return y if self.offset is None else y - self.offset


@one_thread
def prepare(
    design: Design,
    members: Clusters,
    *,
    random: Nesting | Floats | None = None,
    residual: Clusters | None = None,
    offset: Floats | None = None,
    method: Method = "ml",
    df: Approximation = "normal",
    confidence: float = 0.95,
) -> LinearModel:
    """Work out all that does not depend on the outcome.

    Parameters
    ----------
    design, members
        The design and the cluster of each row.
    random
        Where the random effect enters: 1 or 0 for each row, shape (n,); None for everywhere.
    residual
        Residual level of each row; None for one variance.
    offset
        Taken from every outcome, shape (n,); None for nothing.
    method, df, confidence
        As in `mixed_linear`.

    Raises
    ------
    DesignError
        If a choice is not among those there are, or the design cannot carry the model.
    """
    if not design.formula.response:
        raise DesignError(f"formula {str(design.formula)!r} names no outcome")
    refuse_choice("method", method, METHODS)
    refuse_choice("df", df, APPROXIMATIONS)
    if df == "kenward_roger" and method == "ml":
        raise DesignError("Kenward-Roger is derived for restricted likelihood: method='reml'")
    refuse_confidence(confidence)
    inside = random.inside if isinstance(random, Nesting) else random
    layout = arrange(design, members, inside, residual)
    return LinearModel(layout, method, df, confidence, carried_by(random), offset)


def _solve(
    layout: LinearLayout, y: Floats, method: Method
) -> tuple[Statistics, Likelihood, Maximum]:
    """Maximise the likelihood; once more from a better residual where digits were lost."""
    stats = summarise(layout, y)
    for _ in range(REFINEMENTS):
        function = likelihood(layout, stats, method)
        try:
            maximum = maximise(function)
        except np.linalg.LinAlgError:
            raise FitError("the variances differ by too many orders of magnitude") from None
        if maximum.point.excess < EXCESS:
            break
        stats = refine(layout, stats, maximum.point.delta)
    return stats, function, maximum


def _as_fit(
    model: LinearModel, y: Floats, stats: Statistics, function: Likelihood, maximum: Maximum
) -> Fit:
    layout, point = model.layout, maximum.point
    beta, cov, freedom, small = _judged(model, stats, maximum)
    iccs = intraclass_by_level(function, maximum, layout.suffixes, model.confidence)
    blups, fitted = _predictions(layout, stats, maximum, y)
    return Fit(
        model="mixed_linear",
        formula=str(model.design.formula),
        method=_in_words(model),
        terms=model.design.columns,
        beta=beta,
        cov=cov,
        df=freedom,
        scale="identity",
        loglik=point.loglik - function.rows * float(np.log(stats.scale)),
        n=len(y),
        n_clusters=layout.clusters.count,
        variance=_variances(layout, maximum, stats.scale),
        converged=maximum.converged,
        n_dropped=model.design.dropped,
        warnings=warnings_of(layout, maximum, model.df, iccs),
        quantities=iccs,
        tests=_tests(maximum),
        random_effects=blups,
        fitted=fitted,
        confidence=model.confidence,
        likelihood="restricted" if model.method == "reml" else "full",
        variance_intervals=_variance_intervals(model, maximum, stats.scale),
        term_columns=model.design.term_columns,
        recipe=model.design.recipe,
        reference=model.design.reference,
        response=y,
        row_variance=_row_variance(layout, maximum, stats.scale),
        small_sample=small,
        profiler=_profiler(layout, stats, function, maximum),
    )


def _judged(
    model: LinearModel, stats: Statistics, maximum: Maximum
) -> tuple[Floats, Floats, Floats, SmallSample | None]:
    """Coefficients, shape (p,), their covariance, degrees of freedom, and where these are from."""
    layout, point, back = model.layout, maximum.point, model.layout.basis.back
    beta = back @ (stats.projection + point.delta) * stats.scale
    if layout.basis.constant is not None:
        beta[layout.basis.constant] += stats.shift / layout.basis.unit
    phi = adjusted(maximum) if model.df == "kenward_roger" else point.phi
    cov = back @ phi @ back.T * stats.scale**2
    small = small_sample(maximum, back, model.df)
    p = len(beta)
    freedom = np.full(p, np.inf) if small is None else small.df(np.eye(p))
    if not maximum.identified:
        unknown = unidentified(maximum, back)
        cov[unknown] = cov[:, unknown] = freedom[unknown] = np.nan
    return beta, cov, freedom, small


def _profiler(
    layout: LinearLayout, stats: Statistics, function: Likelihood, maximum: Maximum
) -> LinearProfiler:
    offset = np.zeros(len(layout.basis.back))
    if layout.basis.constant is not None:
        offset[layout.basis.constant] = stats.shift / layout.basis.unit
    return LinearProfiler(
        function=function,
        maximum=maximum,
        rows=layout.basis.back,
        offset=offset,
        projection=stats.projection,
        scale=stats.scale,
        columns=layout.design.columns,
        components=tuple(layout.components),
    )


def _in_words(model: LinearModel) -> str:
    layout = model.layout
    notes = layout.clusters.note + layout.design.note
    residual = (
        f", {layout.patterns.levels} residual variances" if layout.patterns.levels > 1 else ""
    )
    return (
        f"{METHODS[model.method]}; random intercept in {model.where}{residual}; "
        f"{APPROXIMATIONS[model.df]} inference{notes}"
    )


def _variances(layout: LinearLayout, maximum: Maximum, scale: float) -> dict[str, float]:
    theta = maximum.point.theta * scale**2
    values = [float(theta[0]) if maximum.identified else np.nan, *map(float, theta[1:])]
    return dict(zip(layout.components, values, strict=True))


def _variance_intervals(model: LinearModel, maximum: Maximum, scale: float) -> dict[str, Quantity]:
    """Wald intervals of the variances by the expected information, none where not identified."""
    error = np.sqrt(np.diagonal(maximum.covariance_of(maximum.point.expected)))
    error[maximum.bounded] = np.nan
    found = {}
    for k, name in enumerate(model.layout.components):
        if k > 0 or maximum.identified:
            value = float(maximum.point.theta[k])
            found[name] = positive(value, float(error[k]), model.confidence).times(scale**2)
    return found


def _row_variance(layout: LinearLayout, maximum: Maximum, scale: float) -> Floats:
    """Residual variance of each row where there are several; empty where there is one."""
    theta = maximum.point.theta * scale**2
    several = layout.patterns.levels > 1
    return theta[1:][layout.residual.codes] if several else np.empty(0)


def _tests(maximum: Maximum) -> dict[str, Test]:
    ratio = max(2.0 * (maximum.point.loglik - maximum.null.loglik), 0.0)
    p = boundary_p(ratio) if maximum.identified else np.nan
    test = Test("cluster variance is zero", ratio if maximum.identified else np.nan, 1.0, p)
    return {"variance": test}


def _predictions(
    layout: LinearLayout, stats: Statistics, maximum: Maximum, y: Floats
) -> tuple[pd.Series, Floats]:
    """Predicted random effects (tau Z'V^-1 r) and fitted means with them."""
    point, codes, G = maximum.point, layout.clusters.codes, layout.clusters.count
    r = (stats.residual - layout.basis.Q @ point.delta) * stats.scale
    w = layout.random / point.theta[1:][layout.residual.codes]
    precision = np.bincount(codes, w, G)
    tau = float(point.theta[0])
    effect = tau * np.bincount(codes, w * r, G) / (1.0 + tau * precision)
    there = precision > 0
    known = effect[there] if maximum.identified else np.full(int(there.sum()), np.nan)
    labels = layout.clusters.labels
    shown = labels if there.all() else labels[there]
    blups = pd.Series(known, index=shown, name="random_effect")
    return blups, y - r + layout.random * effect[codes]
