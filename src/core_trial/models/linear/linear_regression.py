"""Linear model by least squares, with errors that hold for clusters and sampling weights."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, nan, pi

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.choices import refuse_choice
from core_trial.models.clusters import Blank, Clusters, clusters
from core_trial.models.columns import Missing, sample
from core_trial.models.design import Design, build
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats
from core_trial.models.linear.layout import orthonormal
from core_trial.models.linear.weighted import bias_reduced_weighted
from core_trial.models.numerics.jackknife import (
    cluster_groups,
    jackknife_covariance,
    satterthwaite,
    squared_by_cluster,
)
from core_trial.models.numerics.limits import refuse_confidence
from core_trial.models.numerics.robust import Inference, choose, singletons
from core_trial.models.numerics.sandwich import (
    Robust,
    bias_reduced,
    cluster_informations,
    cluster_sums,
    clustered_sandwich,
    left_out,
)
from core_trial.models.numerics.threads import one_thread
from core_trial.models.weights import WeightType, offset_of, split

OFFERED: tuple[Inference, ...] = ("model", "sandwich", "cr2", "jackknife")
#: Part of the outcome's sum of squares that is rounding error and nothing else.
ROUNDING = 1e-22
MODEL = "residual variance, t with n - p df"
SANDWICH = "sandwich covariance by {unit} times G/(G-1) (n-1)/(n-p), t with G - 1 df"


def linear_regression(
    formula: str,
    frame: pd.DataFrame,
    *,
    cluster: str | None = None,
    inference: Inference | None = None,
    offset: str | None = None,
    weights: str | None = None,
    weight_type: WeightType = "frequency",
    confidence: float = 0.95,
    missing: Missing = "refuse",
    blank_cluster: Blank = "refuse",
) -> Fit:
    """Fit a linear model by least squares.

    Parameters
    ----------
    formula
        Such as ``"score ~ arm + baseline + centre"``.
    frame
        A row per participant; see `missing` for incomplete ones.
    cluster
        Column with the cluster of each row; None for independent rows.
    inference
        ``"cr2"``, bias-reduced errors by cluster with Satterthwaite's degrees of freedom, which
        hold for few clusters too; ``"jackknife"``, which leaves out a cluster at a time, with
        Welch's; ``"sandwich"``, Stata's clustered errors; ``"model"``, the errors of independent
        rows of one variance. None takes ``"cr2"`` where there are clusters or sampling weights,
        else ``"model"``. Without clusters the robust errors are those of unequal variances.
    offset
        Column that is taken from the outcome.
    weights, weight_type
        Column that says how often each row occurred (``"frequency"``), or the inverse probability
        with which it was sampled or treated (``"sampling"``), for which errors are robust.
    confidence
        Coverage of the intervals.
    missing
        ``"refuse"``, or ``"drop"`` to leave rows with missing values out; they are counted in
        `Fit.n_dropped`.
    blank_cluster
        A row without a cluster is refused, or with ``"own"`` taken as a cluster of one.

    Returns
    -------
    Fit
        `variance` has ``residual``; `loglik` is the normal one at its maximum, and ``nan`` with
        sampling weights.

    Raises
    ------
    DesignError
        If the data or the choices cannot be fitted; the message says what to change. Also where the
        arm's only cluster of more than one member is one: nothing is then known of how clusters
        differ.

    References
    ----------
    Bell and McCaffrey (2002), Survey Methodology 28: 169-81. Pustejovsky and Tipton (2018), J Bus
    Econ Stat 36: 672-83.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "score": [4.0, 6.0, 5.0, 9.0, 8.0, 7.0, 3.0, 5.0],
    ...     "arm": [1, 1, 1, 1, 1, 1, 0, 0],
    ...     "worker": ["a", "a", "a", "b", "b", "b", "c", "d"],
    ... })
    >>> effect = linear_regression("score ~ arm", frame, cluster="worker").effect("arm")
    >>> round(effect.estimate, 2), round(effect.df, 2)
    (2.5, 1.6)
    """
    kept = sample(frame, formula, missing=missing, cluster=cluster, offset=offset, weights=weights)
    rows, sampled = split(kept, weights, weight_type)
    return fit_linear_regression(
        build(formula, rows),
        clusters(rows.frame, cluster, blank=blank_cluster) if cluster else None,
        inference=inference,
        offset=offset_of(rows.frame, offset, None),
        weights=sampled,
        confidence=confidence,
    )


@one_thread
def fit_linear_regression(
    design: Design,
    members: Clusters | None = None,
    *,
    inference: Inference | None = None,
    offset: Floats | None = None,
    weights: Floats | None = None,
    confidence: float = 0.95,
) -> Fit:
    """Fit a prepared design: `linear_regression` without formula and frame.

    Parameters
    ----------
    design
        Outcome and design matrix, n rows.
    members
        Cluster of each row; None for independent rows.
    inference
        As in `linear_regression`.
    offset, weights
        Taken from the outcome, and sampling weights, shape (n,); None for neither.
    confidence
        Coverage of the intervals.
    """
    _refuse(design, confidence)
    if inference is not None:
        refuse_choice("inference", inference, OFFERED)
    robust = members is not None or weights is not None
    if weights is not None and inference == "model":
        raise DesignError("errors of the model do not hold with sampling weights: leave it out")
    named = inference or (None if robust else "model")
    choice = choose(
        named, design.X, design.columns, members, offered=OFFERED, better="cr2", small_sample=True
    )
    chosen = inference or ("cr2" if robust else "model")
    found = _solve(design, offset, weights)
    errors = _errors(found, design, members or singletons(design.n), chosen)
    notes = (members.note if members else "") + design.note
    return Fit(
        model="linear_regression",
        formula=str(design.formula),
        method=f"{found.in_words}; {_label(chosen, choice.label, members)}{notes}",
        terms=design.columns,
        beta=found.beta,
        cov=errors.cov,
        df=errors.df,
        scale="identity",
        loglik=found.loglik,
        n=design.n,
        n_clusters=members.count if members else design.n,
        n_dropped=design.dropped,
        variance={"residual": found.variance},
        warnings=(*choice.notes, *_without_error(errors, design)),
        fitted=design.y - found.residual,
        confidence=confidence,
        likelihood="full" if weights is None else "pseudo",
        robust=chosen != "model",
        term_columns=design.term_columns,
        recipe=design.recipe,
        reference=design.reference,
        response=design.y,
        small_sample=errors.sample,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Solution:
    """Least squares in coordinates in which ``Q' diag(weights) Q`` is the identity."""

    Q: Floats
    back: Floats
    beta: Floats
    residual: Floats
    weights: Floats | None

    @property
    def _square(self) -> float:
        squares = self.residual**2
        return float(squares.sum() if self.weights is None else self.weights @ squares)

    @property
    def variance(self) -> float:
        """Residual variance: of a row of mean weight, where rows are weighted."""
        n, p = self.Q.shape
        mean = 1.0 if self.weights is None else float(self.weights.mean())
        return float(self._square / mean / (n - p))

    @property
    def loglik(self) -> float:
        """Normal log-likelihood at its maximum; none with sampling weights."""
        n = len(self.residual)
        if self.weights is not None:
            return nan
        return -0.5 * n * (log(2 * pi * self._square / n) + 1.0)

    @property
    def in_words(self) -> str:
        """The estimation."""
        return "least squares" + ("" if self.weights is None else " with sampling weights")


def _solve(design: Design, offset: Floats | None, weights: Floats | None) -> _Solution:
    y = design.y if offset is None else design.y - offset
    root = np.ones(design.n) if weights is None else np.sqrt(weights)
    basis = orthonormal(design.X if weights is None else design.X * root[:, None])
    target = y * root
    first = basis.Q.T @ target
    left = target - basis.Q @ first
    again = basis.Q.T @ left
    left -= basis.Q @ again
    if float(left @ left) <= ROUNDING * float(target @ target):
        raise DesignError("the covariates explain the outcome exactly: no variance is left")
    beta = basis.back @ (first + again)
    return _Solution(basis.Q / root[:, None], basis.back, beta, left / root, weights)


def _errors(found: _Solution, design: Design, members: Clusters, inference: Inference) -> Robust:
    back, (n, p), G = found.back, found.Q.shape, members.count
    if inference == "model":
        return Robust(found.variance * back @ back.T, np.full(p, float(n - p)))
    w = np.ones(n) if found.weights is None else found.weights
    if inference == "cr2":
        if found.weights is None:
            return bias_reduced(found.Q, found.residual, w, members.codes, contrasts=back)
        return bias_reduced_weighted(found.Q, found.residual, w, members, back)
    scores = found.Q * (w * found.residual)[:, None]
    if inference == "sandwich":
        cov = clustered_sandwich(np.eye(p), scores, members) * (n - 1) / (n - p)
        return Robust(back @ cov @ back.T, np.full(p, float(G - 1)))
    own = cluster_informations(found.Q, w, members.codes, G)
    changes = left_out(np.eye(p), own, cluster_sums(scores, members.codes, G), back)
    shares, effective = zip(*cluster_groups(design.X, design.columns, members), strict=True)
    alone = squared_by_cluster(scores @ back.T, members)
    df = satterthwaite(changes, shares, effective, alone)
    return Robust(jackknife_covariance(changes), df)


def _label(inference: Inference, label: str, members: Clusters | None) -> str:
    unit = "row" if members is None else "cluster"
    if inference == "model":
        return MODEL
    if inference == "sandwich":
        return SANDWICH.format(unit=unit)
    if inference == "cr2":
        return f"bias-reduced covariance (CR2) by {unit}, t with Satterthwaite's df"
    return label


def _without_error(errors: Robust, design: Design) -> list[str]:
    empty = np.flatnonzero(~(np.diagonal(errors.cov) > 0) | np.isnan(errors.df))
    if not len(empty):
        return []
    names = ", ".join(design.columns[k] for k in empty)
    return [f"the clusters give no standard error for: {names}"]


def _refuse(design: Design, confidence: float) -> None:
    if not design.formula.response:
        raise DesignError(f"formula {str(design.formula)!r} names no outcome")
    n, p = design.X.shape
    if p == 0:
        raise DesignError("the model has neither covariate nor intercept")
    if n <= p:
        raise DesignError(f"{n} rows cannot carry {p} coefficients and a variance")
    refuse_confidence(confidence)
