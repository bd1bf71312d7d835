"""A linear model of repeated visits on a prepared design, and its frozen `Fit`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core_trial.models.fit import Fit
from core_trial.models.inference import Floats, Test, boundary_p
from core_trial.models.linear.kenward_roger import Approximation
from core_trial.models.linear.likelihood import Method
from core_trial.models.linear.model import APPROXIMATIONS, METHODS
from core_trial.models.numerics.threads import one_thread
from core_trial.models.repeated.algebra import Likelihood
from core_trial.models.repeated.covariances import covariances
from core_trial.models.repeated.layout import RepeatedLayout
from core_trial.models.repeated.search import Maximum, maximise
from core_trial.models.repeated.small_samples import adjusted, small_sample
from core_trial.models.repeated.structures import IN_WORDS, Covariance, structure
from core_trial.models.repeated.sufficient import Statistics, summarise


@dataclass(frozen=True, slots=True, eq=False)
class RepeatedModel:
    """Visits and choices, ready to be fitted.

    Parameters
    ----------
    layout
        Design, participants, visits and clusters.
    covariance, method, df, confidence
        As in `repeated_measures`.
    by
        Name of the column with a covariance matrix for each level; blank for one matrix.
    where
        The rows with a random effect, in words; blank without.
    absent
        Participants without any outcome, who are not in the layout.
    """

    layout: RepeatedLayout
    covariance: Covariance
    method: Method
    df: Approximation
    confidence: float
    by: str = ""
    where: str = ""
    absent: int = 0

    @one_thread
    def fit(self) -> Fit:
        """Fit the design's outcome.

        Raises
        ------
        DesignError
            If the outcome or the visits cannot be fitted; the message says what to change.
        """
        layout, stats = self.layout, summarise(self.layout)
        function = Likelihood(
            patterns=layout.patterns,
            cells=layout.cells,
            log_det=layout.basis.log_det,
            cross=stats.cross,
            sums=stats.sums,
            structure=structure(self.covariance, layout.visits.count),
            groups=layout.groups.count,
            restricted=self.method == "reml",
        )
        maximum = maximise(function, _rough(layout, stats))
        return _as_fit(self, stats, function, maximum)


def _rough(layout: RepeatedLayout, stats: Statistics) -> Floats:
    """Covariances of the least-squares residuals over the participants seen at both visits."""
    patterns, rough = layout.patterns, []
    for group in range(layout.groups.count):
        mine = patterns.group == group
        seen = patterns.seen[mine] * 1.0
        pairs = np.einsum("k,ka,kb->ab", patterns.count[mine], seen, seen)
        total = stats.cross[mine][..., -1, -1].sum(axis=0)
        sigma = np.divide(total, pairs, out=np.zeros_like(total), where=pairs > 0)
        diagonal = np.diagonal(sigma)
        filled = np.where(diagonal > 0, diagonal, 1.0)
        rough.append(sigma + np.diag(filled - diagonal))
    return np.stack(rough)


def _as_fit(model: RepeatedModel, stats: Statistics, function: Likelihood, maximum: Maximum) -> Fit:
    layout, point, back = model.layout, maximum.point, model.layout.basis.back
    phi = adjusted(function, maximum) if model.df == "kenward_roger" else point.phi
    found = covariances(layout, function, maximum, stats.scale, model.confidence)
    effects, fitted = _predictions(layout, stats, maximum)
    small, p = small_sample(maximum, back, model.df), len(back)
    design, theta = layout.design, point.theta
    return Fit(
        model="repeated_measures",
        formula=str(layout.design.formula),
        method=_in_words(model),
        terms=layout.design.columns,
        beta=back @ (stats.projection + point.delta) * stats.scale,
        cov=back @ phi @ back.T * stats.scale**2,
        df=np.full(p, np.inf) if small is None else small.df(np.eye(p)),
        scale="identity",
        loglik=point.loglik - function.rows * float(np.log(stats.scale)),
        n=layout.design.n,
        n_clusters=len(layout.workers) if function.clustered else layout.participants.count,
        variance=found.variance,
        converged=maximum.converged,
        warnings=_warnings(model, function, maximum),
        quantities=found.quantities,
        tests=_tests(function, maximum),
        random_effects=effects,
        fitted=fitted,
        confidence=model.confidence,
        likelihood="restricted" if function.restricted else "full",
        n_dropped=design.dropped,
        variance_intervals=found.intervals,
        covariance_parameters=len(theta),
        term_columns=design.term_columns,
        recipe=design.recipe,
        reference=design.reference,
        response=design.y,
        row_variance=_row_variance(layout, function, theta) * stats.scale**2,
        small_sample=small,
    )


def _row_variance(layout: RepeatedLayout, function: Likelihood, theta: Floats) -> Floats:
    """Variance of each visit given the cluster's effect, shape (n,)."""
    variances = np.diagonal(function.sigmas(theta), axis1=1, axis2=2)
    return np.asarray(variances[layout.groups.codes, layout.visits.codes])


def _in_words(model: RepeatedModel) -> str:
    layout = model.layout
    T, N = layout.visits.count, layout.participants.count
    by = f", one for each level of {model.by}" if model.by else ""
    parts = [
        METHODS[model.method],
        f"{IN_WORDS[model.covariance]} covariance of {T} visits{by}",
        *([f"random intercept in {model.where}"] if model.where else []),
        f"{N:,} participants, {N * T - layout.design.n:,} of {N * T:,} visits missing",
        f"{APPROXIMATIONS[model.df]} inference",
    ]
    return "; ".join(parts) + layout.design.note


def _tests(function: Likelihood, maximum: Maximum) -> dict[str, Test]:
    if not function.clustered:
        return {}
    ratio = max(2.0 * (maximum.point.loglik - maximum.null.loglik), 0.0)
    test = Test("cluster variance is zero", ratio, 1.0, boundary_p(ratio))
    return {"variance": test}


def _predictions(
    layout: RepeatedLayout, stats: Statistics, maximum: Maximum
) -> tuple[pd.Series, Floats]:
    """Predicted random effects, tau z'V^-1 r, and fitted means with them."""
    point, parts = maximum.point, maximum.point.parts
    r = (stats.residual - layout.basis.Q @ point.delta) * stats.scale
    fitted = layout.design.y - r
    if not len(layout.workers):
        return pd.Series(dtype=float), fitted
    along = parts.t @ np.append(-point.delta, 1.0)
    effect = point.theta[-1] * along / parts.shrink * stats.scale
    on = layout.worker >= 0
    fitted[on] += effect[layout.worker[on]]
    return pd.Series(effect, index=layout.workers, name="random_effect"), fitted


def _warnings(model: RepeatedModel, function: Likelihood, maximum: Maximum) -> tuple[str, ...]:
    """All that must be said about a fit, the gravest first."""
    said = []
    if not maximum.converged:
        said.append("the search for the covariances did not converge: do not use this fit")
    if maximum.bounded.any():
        said.append("the cluster variance is at its bound, zero: clusters play no part in the fit")
        said.append("no interval for the intraclass correlation at a cluster variance of zero")
        if model.df == "satterthwaite":
            said.append(
                "Satterthwaite's degrees of freedom take the cluster variance as known to be "
                "zero; those of Kenward and Roger do not"
            )
    elif function.clustered and _single(model.layout):
        said.append(
            "every cluster with a random effect has one participant: its variance is the excess "
            "of one arm's covariance over the other's, not evidence of clustering"
        )
    if model.absent:
        people = "participant has" if model.absent == 1 else "participants have"
        said.append(f"{model.absent} {people} no outcome at any visit and no part in the fit")
    return tuple(said)


def _single(layout: RepeatedLayout) -> bool:
    return float(layout.cells.total(layout.cells.count).max()) == 1
