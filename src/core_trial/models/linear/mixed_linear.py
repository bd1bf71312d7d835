"""Linear model with a random intercept by cluster, for trials nested in one arm or in all."""

from __future__ import annotations

import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.clusters import Blank, Clusters, clusters, groups, nesting
from core_trial.models.columns import Missing, Sample, sample
from core_trial.models.design import Design, build
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats
from core_trial.models.linear.kenward_roger import Approximation
from core_trial.models.linear.likelihood import Method
from core_trial.models.linear.model import LinearModel, prepare
from core_trial.models.weights import WeightType, offset_of, refuse_weight_type, split


def mixed_linear(
    formula: str,
    frame: pd.DataFrame,
    *,
    cluster: str,
    method: Method = "ml",
    random: str = "1",
    residual_by: str | None = None,
    df: Approximation = "normal",
    offset: str | None = None,
    weights: str | None = None,
    weight_type: WeightType = "frequency",
    confidence: float = 0.95,
    missing: Missing = "refuse",
    blank_cluster: Blank = "refuse",
) -> Fit:
    """Fit a linear model with a random intercept.

    Parameters
    ----------
    formula
        Such as ``"score ~ arm + baseline + centre"``.
    frame
        A row per participant; see `missing` for incomplete ones.
    cluster
        Column with the cluster of each row; a participant outside any cluster is one of its own.
    method
        ``"ml"`` or ``"reml"``.
    random
        ``"1"`` for a random intercept in every cluster; ``"arm[CBT]"`` for one that enters only in
        that level: partial nesting. A 0/1 column, or a factor of two levels, means where it is 1,
        or the second level; `Fit.method` says which.
    residual_by
        Column with a residual variance for each of its levels; None for one variance.
    df
        Reference distribution: ``"normal"``, or Student's t with the degrees of freedom of
        ``"satterthwaite"`` or ``"kenward_roger"`` (the latter with its own covariance, and only
        with ``"reml"``, for which it is derived).
    offset
        Column that is taken from the outcome.
    weights, weight_type
        Column that says how often each row occurred; the fit is that of the rows written out.
        Sampling weights are refused: `linear_regression` has them, with robust errors.
    confidence
        Coverage of the intervals.
    missing
        ``"refuse"``, or ``"drop"`` to leave rows with missing values out; they are counted in
        `Fit.n_dropped`.
    blank_cluster
        A row without a cluster is one of its own where no random effect enters. Elsewhere it is
        refused, or with ``"own"`` taken as a cluster of one, too.

    Returns
    -------
    Fit
        `variance` has ``cluster`` and ``residual`` (or ``residual[level]``); `quantities` has
        ``icc`` (or ``icc[level]``); `tests` has ``variance``, the likelihood ratio of the cluster
        variance against zero; `fitted` includes the predicted random effects.

    Raises
    ------
    DesignError
        If the data or the choices cannot be fitted; the message says what to change.
    FitError
        If the variances differ by more orders of magnitude than the arithmetic has digits.

    References
    ----------
    Harville (1977), J Am Stat Assoc 72: 320-38. Roberts and Roberts (2005), Clin Trials 2: 152-62
    (partial nesting). Kenward and Roger (1997), Biometrics 53: 983-97.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "score": [4.0, 6.0, 5.0, 9.0, 8.0, 7.0, 3.0, 5.0],
    ...     "arm": [1, 1, 1, 1, 1, 1, 0, 0],
    ...     "worker": ["a", "a", "a", "b", "b", "b", "c", "d"],
    ... })
    >>> fit = mixed_linear("score ~ arm", frame, cluster="worker", method="reml")
    >>> round(fit.effect("arm").estimate, 2)
    2.5
    """
    return prepare_mixed_linear(
        formula,
        frame,
        cluster=cluster,
        method=method,
        random=random,
        residual_by=residual_by,
        df=df,
        offset=offset,
        weights=weights,
        weight_type=weight_type,
        confidence=confidence,
        missing=missing,
        blank_cluster=blank_cluster,
    ).fit()


def prepare_mixed_linear(
    formula: str,
    frame: pd.DataFrame,
    *,
    cluster: str,
    method: Method = "ml",
    random: str = "1",
    residual_by: str | None = None,
    df: Approximation = "normal",
    offset: str | None = None,
    weights: str | None = None,
    weight_type: WeightType = "frequency",
    confidence: float = 0.95,
    missing: Missing = "refuse",
    blank_cluster: Blank = "refuse",
) -> LinearModel:
    """A model whose `fit` takes one outcome after the other; arguments as `mixed_linear`."""
    given = sample(
        frame,
        formula,
        missing=missing,
        random=random,
        cluster=cluster,
        residual_by=residual_by,
        offset=offset,
        weights=weights,
    )
    rows = _written_out(given, weights, weight_type)
    nested = nesting(rows.frame, random)
    return prepare(
        build(formula, rows),
        clusters(rows.frame, cluster, nested=nested, blank=blank_cluster),
        random=nested,
        residual=None if residual_by is None else _levels(rows.frame, residual_by),
        offset=offset_of(rows.frame, offset, None),
        method=method,
        df=df,
        confidence=confidence,
    )


def fit_mixed_linear(
    design: Design,
    members: Clusters,
    *,
    random: Floats | None = None,
    residual: Clusters | None = None,
    offset: Floats | None = None,
    method: Method = "ml",
    df: Approximation = "normal",
    confidence: float = 0.95,
) -> Fit:
    """Fit a prepared design: `mixed_linear` without formula and frame.

    Parameters
    ----------
    design
        Outcome and design matrix, n rows.
    members
        Cluster of each row.
    random
        1 where the random effect enters a row, 0 where not, shape (n,); None for everywhere.
    residual
        Residual level of each row; None for one variance.
    offset
        Taken from the outcome, shape (n,); None for nothing.
    method, df, confidence
        As in `mixed_linear`.
    """
    return prepare(
        design,
        members,
        random=random,
        residual=residual,
        offset=offset,
        method=method,
        df=df,
        confidence=confidence,
    ).fit()


def _written_out(rows: Sample, weights: str | None, weight_type: WeightType) -> Sample:
    """The rows, each as often as its weight says."""
    refuse_weight_type(weight_type)
    if weight_type == "sampling":
        raise DesignError(
            "sampling weights have no place in the likelihood of a random effect, which would need "
            "one for each cluster too: use linear_regression(..., weight_type='sampling'), whose "
            "errors are robust"
        )
    return split(rows, weights, weight_type)[0]


def _levels(frame: pd.DataFrame, name: str) -> Clusters:
    levels = groups(frame, name)
    if levels.count < 2:
        raise DesignError(f"residual_by={name!r}: the column has one level; leave it out")
    return levels
