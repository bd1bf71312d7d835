"""Logistic regression with a random intercept by cluster, by adaptive quadrature."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial.models.clusters import Blank
from core_trial.models.columns import Missing
from core_trial.models.design import Clusters, Design
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats
from core_trial.models.intercept.model import InterceptModel, Kind, prepare, prepare_frame
from core_trial.models.numerics.canonical import LOGISTIC


def _row_variance(mean: float) -> float:
    """Variance of one row on the latent scale: that of the standard logistic distribution."""
    return float(np.pi**2 / 3)


KIND = Kind("mixed_logistic", LOGISTIC, _row_variance)


def mixed_logistic(
    formula: str,
    frame: pd.DataFrame,
    *,
    cluster: str,
    points: int = 7,
    random: str = "1",
    confidence: float = 0.95,
    missing: Missing = "refuse",
    blank_cluster: Blank = "refuse",
) -> Fit:
    """Fit a logistic regression with a normally distributed random intercept.

    Parameters
    ----------
    formula
        Such as ``"readmitted ~ arm + psychosis + centre"``; the response must be 0 or 1.
    frame
        A row per participant; see `missing` for incomplete ones.
    cluster
        Column with the cluster of each row; a participant outside any cluster is one of its own.
    points
        Number of quadrature nodes, 1 (Laplace) to 51.
    random
        ``"1"`` for a random intercept in every cluster; ``"arm[CBT]"`` for one that enters only in
        that level: partial nesting. A 0/1 column, or a factor of two levels, means where it is 1,
        or the second level; `Fit.method` says which.
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
        `variance` has ``cluster``; `quantities` has ``sd`` and ``icc`` (the latent scale's), and
        every coefficient as 25 nodes give it, such as ``"arm (25 nodes)"``; `tests` has
        ``variance``, the likelihood ratio of the variance against zero; `random_effects` are
        posterior modes and `fitted` the means given them.

    Raises
    ------
    DesignError
        If the data or the choices cannot be fitted; the message says what to change.

    References
    ----------
    Pinheiro and Chao (2006), J Comput Graph Stat 15: 58-81. Self and Liang (1987), J Am Stat Assoc
    82: 605-10 (the test of the variance). Roberts and Roberts (2005), Clin Trials 2: 152-62
    (partial nesting).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "readmitted": [1, 1, 0, 0, 0, 0, 1, 0, 1, 1],
    ...     "arm": [1, 1, 1, 1, 1, 1, 0, 0, 0, 0],
    ...     "worker": ["a", "a", "a", "b", "b", "b", "c", "d", "e", "f"],
    ... })
    >>> fit = mixed_logistic("readmitted ~ arm", frame, cluster="worker")
    >>> round(fit.effect("arm").estimate, 2), fit.converged
    (0.08, True)
    """
    return prepare_mixed_logistic(
        formula,
        frame,
        cluster=cluster,
        points=points,
        random=random,
        confidence=confidence,
        missing=missing,
        blank_cluster=blank_cluster,
    ).fit()


def prepare_mixed_logistic(
    formula: str,
    frame: pd.DataFrame,
    *,
    cluster: str,
    points: int = 7,
    random: str = "1",
    confidence: float = 0.95,
    missing: Missing = "refuse",
    blank_cluster: Blank = "refuse",
) -> InterceptModel:
    """A model whose `fit` takes one response after the other; arguments as `mixed_logistic`."""
    return prepare_frame(
        KIND,
        formula,
        frame,
        cluster=cluster,
        points=points,
        random=random,
        confidence=confidence,
        missing=missing,
        blank_cluster=blank_cluster,
    )


def fit_mixed_logistic(
    design: Design,
    clusters: Clusters,
    *,
    random: Floats | None = None,
    points: int = 7,
    confidence: float = 0.95,
) -> Fit:
    """Fit a prepared design: `mixed_logistic` without formula and frame.

    Parameters
    ----------
    design
        Response of 0 and 1, and design matrix, n rows.
    clusters
        Cluster of each row.
    random
        1 where the random effect enters a row, 0 where not, shape (n,); None for everywhere.
    points, confidence
        As in `mixed_logistic`.
    """
    model = prepare(KIND, design, clusters, random=random, points=points, confidence=confidence)
    return model.fit()
