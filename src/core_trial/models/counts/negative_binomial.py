"""Ratio of means, or of rates, by negative binomial regression with errors by cluster."""

from __future__ import annotations

import pandas as pd

from core_trial.models.clusters import Blank, Clusters, clusters
from core_trial.models.columns import Missing, sample
from core_trial.models.counts.count_fit import fit_counts
from core_trial.models.design import Design, build
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats
from core_trial.models.numerics.robust import Inference
from core_trial.models.weights import WeightType, offset_of, split


def negative_binomial(
    formula: str,
    frame: pd.DataFrame,
    *,
    cluster: str | None = None,
    inference: Inference | None = None,
    offset: str | None = None,
    exposure: str | None = None,
    weights: str | None = None,
    weight_type: WeightType = "frequency",
    small_sample: bool = True,
    confidence: float = 0.95,
    missing: Missing = "refuse",
    blank_cluster: Blank = "refuse",
) -> Fit:
    """Fit the log of a mean count, or rate, where counts spread more than Poisson's.

    The variance is ``mu + alpha mu**2`` (NB2). As with `poisson`, the ratio of means holds whatever
    the distribution of the counts; the negative binomial weighs long stays less.

    Parameters
    ----------
    formula
        Such as ``"days ~ arm + centre"``; the response must be whole numbers from zero.
    frame
        A row per participant; see `missing` for incomplete ones.
    cluster
        Column with the cluster of each row; None for independent rows.
    inference
        ``"sandwich"`` over all parameters, alpha too; ``"jackknife"``, which leaves out a cluster
        at a time, with Welch's degrees of freedom; or ``"model"``, the inverse information. None
        takes the sandwich where an arm has clusters worth 20 equal ones or more, and the jackknife
        below.
    offset
        Column that is added to the linear predictor.
    exposure
        Column with each row's length of exposure: ratios are then of rates.
    weights, weight_type
        Column that says how often each row occurred (``"frequency"``), or the inverse probability
        with which it was sampled or treated (``"sampling"``).
    small_sample
        Multiply the sandwich by G / (G - 1), G the number of clusters.
    confidence
        Coverage of the intervals.
    missing
        ``"refuse"``, or ``"drop"`` to leave rows with missing values out; they are counted in
        `Fit.n_dropped`.
    blank_cluster
        ``"own"`` takes each row without a cluster as one of its own; ``"refuse"`` does not, for
        nothing says whether there is none or it is not known.

    Returns
    -------
    Fit
        The coefficients, then ``ln_alpha``; `Fit.dispersion` is alpha, 1 / theta in R's
        ``glm.nb``. `quantities` has ``mean_ratio:<variable>`` and ``mean_difference:<variable>``
        for every covariate of two values, averaged over the rows, and ``zeros_expected`` beside
        ``zeros_observed``. Counts that spread no more than Poisson's end in its limit, alpha = 0.

    Raises
    ------
    DesignError
        If the data or the choices cannot be fitted; the message says what to change.

    References
    ----------
    Lawless (1987), Can J Stat 15: 209-25. Bell and McCaffrey (2002), Survey Methodology 28: 169-81
    (the jackknife).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": [0, 1] * 5, "days": [3, 1, 0, 0, 14, 6, 7, 5, 0, 2],
    ...                       "year": [1, 1, 1, 0.5, 1, 1, 1, 1, 1, 1]})
    >>> round(negative_binomial("days ~ arm", frame).effect("arm").estimate, 3)
    0.583
    >>> round(negative_binomial("days ~ arm", frame, exposure="year").effect("arm").estimate, 3)
    0.607
    """
    rows = sample(
        frame,
        formula,
        missing=missing,
        cluster=cluster,
        weights=weights,
        offset=offset,
        exposure=exposure,
    )
    rows, sampled = split(rows, weights, weight_type)
    return fit_negative_binomial(
        build(formula, rows),
        clusters(rows.frame, cluster, blank=blank_cluster) if cluster else None,
        inference=inference,
        offset=offset_of(rows.frame, offset, exposure),
        weights=sampled,
        small_sample=small_sample,
        confidence=confidence,
    )


def fit_negative_binomial(
    design: Design,
    members: Clusters | None,
    *,
    inference: Inference | None = None,
    offset: Floats | None = None,
    weights: Floats | None = None,
    small_sample: bool = True,
    confidence: float = 0.95,
) -> Fit:
    """Fit a prepared design: `negative_binomial` without formula and frame.

    Parameters
    ----------
    design
        Response and design matrix, n rows.
    members
        Cluster of each row; None for independent rows.
    offset, weights
        Added to the linear predictor, and sampling weights, shape (n,); None for neither.
    inference, small_sample, confidence
        As in `negative_binomial`.
    """
    return fit_counts(
        "negative_binomial",
        design,
        None,
        members,
        inference=inference,
        offset=offset,
        weights=weights,
        small_sample=small_sample,
        confidence=confidence,
    )
