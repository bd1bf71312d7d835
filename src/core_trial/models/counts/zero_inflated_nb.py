"""Zero-inflated negative binomial regression with robust standard errors."""

from __future__ import annotations

import pandas as pd

from core_trial.errors import DesignError
from core_trial.models import clusters as who
from core_trial.models import columns as read
from core_trial.models import design as designs
from core_trial.models.clusters import Blank, Clusters
from core_trial.models.columns import Missing
from core_trial.models.counts.count_fit import fit_counts
from core_trial.models.design import Design
from core_trial.models.fit import Fit
from core_trial.models.formula import Formula, parse
from core_trial.models.inference import Floats
from core_trial.models.numerics.robust import Inference
from core_trial.models.weights import WeightType, offset_of, split


def zero_inflated_nb(
    formula: str,
    frame: pd.DataFrame,
    *,
    inflation: str = "1",
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
    """Counts with more zeros than a negative binomial has.

    Parameters
    ----------
    formula
        Counts and covariates of their mean (log link), such as ``"days ~ arm"``.
    frame
        A row per participant; see `missing` for incomplete ones.
    inflation
        Right-hand side of the probability of an excess zero (logit link); ``"1"`` for a constant.
    cluster
        Column with the cluster of each row; None for independent rows.
    inference
        ``"sandwich"`` over all parameters; ``"jackknife"``, which leaves out a cluster at a time,
        with Welch's degrees of freedom; or ``"model"``, the inverse information. None takes the
        sandwich where an arm has clusters worth 20 equal ones or more, and the jackknife below.
    offset
        Column that is added to the linear predictor of the counts.
    exposure
        Column with each row's length of exposure: the counts are then rates.
    weights, weight_type
        Column that says how often each row occurred (``"frequency"``), or the inverse probability
        with which it was sampled or treated (``"sampling"``).
    small_sample
        Multiply the sandwich by G / (G - 1).
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
        The counts' coefficients, then those of the inflation with the prefix ``inflate:``, then
        ``ln_alpha``; `Fit.dispersion` is alpha, the variance of the counts ``mu + alpha mu**2``.
        First among `Fit.quantities`: ``mean_ratio:<variable>`` and ``mean_difference:<variable>``
        for every covariate of two values, the ratio and the difference of overall means averaged
        over the rows; then ``zeros_expected`` and ``zeros_observed``. With the arm in both parts
        these are the effect; with the arm in the counts alone a warning says so.

    Raises
    ------
    DesignError
        For missing values, a response of other than whole numbers from zero, or of zeros only,
        constant or collinear covariates.

    References
    ----------
    Lambert (1992), Technometrics 34: 1-14. Greene (1994), NYU working paper EC-94-10.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": [0, 1] * 8,
    ...                       "days": [0, 0, 0, 0, 3, 5, 9, 2, 0, 0, 14, 1, 0, 4, 6, 8]})
    >>> round(zero_inflated_nb("days ~ arm", frame).effect("arm").estimate, 2)
    0.49
    """
    zeros = _right_side(inflation)
    rows = read.sample(
        frame,
        formula,
        zeros,
        missing=missing,
        cluster=cluster,
        weights=weights,
        offset=offset,
        exposure=exposure,
    )
    rows, sampled = split(rows, weights, weight_type)
    return fit_zero_inflated_nb(
        designs.build(formula, rows),
        designs.build(zeros, rows),
        clusters=who.clusters(rows.frame, cluster, blank=blank_cluster) if cluster else None,
        inference=inference,
        offset=offset_of(rows.frame, offset, exposure),
        weights=sampled,
        small_sample=small_sample,
        confidence=confidence,
    )


def _right_side(inflation: str) -> Formula:
    if not isinstance(inflation, str):
        raise DesignError(f"inflation= takes text such as '1' or 'arm', not {inflation!r}")
    parsed = parse(inflation)
    if parsed.response:
        raise DesignError(f"inflation {inflation!r}: name the covariates alone")
    return parsed


def fit_zero_inflated_nb(
    count: Design,
    excess: Design,
    *,
    clusters: Clusters | None = None,
    inference: Inference | None = None,
    offset: Floats | None = None,
    weights: Floats | None = None,
    small_sample: bool = True,
    confidence: float = 0.95,
) -> Fit:
    """`zero_inflated_nb` on designs.

    Parameters
    ----------
    count, excess
        The counts' design with the response, and the inflation's of the same rows.
    clusters
        Cluster of each row; None for independent rows.
    offset, weights
        Added to the counts' linear predictor, and sampling weights, shape (n,); None for neither.
    inference, small_sample, confidence
        As in `zero_inflated_nb`.
    """
    return fit_counts(
        "zero_inflated_nb",
        count,
        excess,
        clusters,
        inference=inference,
        offset=offset,
        weights=weights,
        small_sample=small_sample,
        confidence=confidence,
    )
