"""Logistic regression with a random intercept by cluster, by adaptive quadrature."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial.models.clusters import Blank, Clusters
from core_trial.models.columns import Missing, sample
from core_trial.models.design import Design
from core_trial.models.fit import Fit
from core_trial.models.formula import parse
from core_trial.models.inference import Floats
from core_trial.models.intercept.few import Inference
from core_trial.models.intercept.model import InterceptModel, Kind, prepare, prepare_frame
from core_trial.models.many.parametric import Bootstrap, with_bootstrap
from core_trial.models.numerics.canonical import LOGISTIC
from core_trial.models.weights import WeightType, binary, only_frequency


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
    inference: Inference | None = None,
    term: str | None = None,
    draws: int = 999,
    seed: int = 0,
    workers: int | None = None,
    progress: bool = False,
    offset: str | None = None,
    weights: str | None = None,
    weight_type: WeightType = "frequency",
    success: object = None,
    trials: str | None = None,
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
    inference
        ``"normal"``; ``"t"``, with between-within degrees of freedom, which is careful; or
        ``"bootstrap"``, which simulates the likelihood ratio of `term`, and is the closest where
        clusters are few (the other coefficients are judged by t). None takes the normal where an
        arm has clusters worth 20 equal ones or more, and ``"t"`` below.
    term, draws, seed, workers, progress
        For the bootstrap: the coefficient, by default that of the variable that compares clusters,
        such as the arm; the number of simulated responses; the seed of their generators; the number
        of processes, on which the numbers do not depend; and whether to show a progress bar.
    offset
        Column that is added to the linear predictor.
    weights, weight_type
        Column that says how often each row occurred. Sampling weights are refused: they have no
        place in the likelihood of a random effect.
    success
        The value of the response that is an event, such as ``"yes"``, where it is not 1.
    trials
        Column with the number of people in each row; the response is then the number of events.
        The log-likelihood is that of the single outcomes, without binomial coefficients.
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
    model = prepare_mixed_logistic(
        formula,
        frame,
        cluster=cluster,
        points=points,
        random=random,
        inference=inference,
        offset=offset,
        weights=weights,
        weight_type=weight_type,
        success=success,
        trials=trials,
        confidence=confidence,
        missing=missing,
        blank_cluster=blank_cluster,
    )
    fit = model.fit()
    if inference != "bootstrap":
        return fit
    return with_bootstrap(model, fit, Bootstrap(term, draws, seed, workers, progress))


def prepare_mixed_logistic(
    formula: str,
    frame: pd.DataFrame,
    *,
    cluster: str,
    points: int = 7,
    random: str = "1",
    inference: Inference | None = None,
    offset: str | None = None,
    weights: str | None = None,
    weight_type: WeightType = "frequency",
    success: object = None,
    trials: str | None = None,
    confidence: float = 0.95,
    missing: Missing = "refuse",
    blank_cluster: Blank = "refuse",
) -> InterceptModel:
    """A model whose `fit` takes one response after the other; arguments as `mixed_logistic`."""
    rows = sample(
        frame,
        formula,
        missing=missing,
        random=random,
        cluster=cluster,
        weights=weights,
        offset=offset,
        trials=trials,
    )
    rows = only_frequency(rows, weights, weight_type)
    rows = binary(rows, parse(formula).response, success=success, trials=trials)
    return prepare_frame(
        KIND,
        formula,
        rows,
        cluster=cluster,
        points=points,
        random=random,
        inference=inference,
        offset=offset,
        exposure=None,
        confidence=confidence,
        blank_cluster=blank_cluster,
    )


def fit_mixed_logistic(
    design: Design,
    clusters: Clusters,
    *,
    random: Floats | None = None,
    offset: Floats | None = None,
    points: int = 7,
    inference: Inference | None = None,
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
    offset
        What the linear predictor holds beside the covariates, shape (n,); None for nothing.
    points, inference, confidence
        As in `mixed_logistic`; for the bootstrap see `parametric.with_bootstrap`.
    """
    model = prepare(
        KIND,
        design,
        clusters,
        random=random,
        offset=offset,
        points=points,
        inference=inference,
        confidence=confidence,
    )
    return model.fit()
