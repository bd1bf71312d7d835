"""Ratio of means, or of rates, by Poisson regression with standard errors by cluster."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from core_trial.errors import DesignError
from core_trial.models.clusters import Blank, Clusters, clusters
from core_trial.models.columns import Missing, sample
from core_trial.models.counts.poisson_regression import (
    Counted,
    answers,
    coefficients,
    counted,
    errors,
    of_design,
    regression,
    warnings_of,
)
from core_trial.models.design import Design, build
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats, Quantity
from core_trial.models.numerics.limits import refuse_confidence
from core_trial.models.numerics.robust import Inference, choose, singletons
from core_trial.models.numerics.threads import one_thread
from core_trial.models.weights import WeightType, offset_of, split

OFFERED: tuple[Inference, ...] = ("sandwich", "cr2", "jackknife", "model")


def poisson(
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
    """Fit the log of a mean count, or rate, by Poisson regression with a robust covariance.

    The ratio of means holds whatever the distribution of the counts: only their mean has to be
    right. Their spread, and their likeness within clusters, go into the standard errors.

    Parameters
    ----------
    formula
        Such as ``"days ~ arm + centre"``; the response must not be negative.
    frame
        A row per participant; see `missing` for incomplete ones.
    cluster
        Column with the cluster of each row; None for independent rows.
    inference
        ``"sandwich"``; ``"jackknife"``, which leaves out a cluster at a time, with Welch's degrees
        of freedom; ``"cr2"``, bias-reduced errors with Satterthwaite's, which suppose a variance
        equal to the mean and are too many where counts spread more; or ``"model"``, the Poisson's
        own. None takes the sandwich where an arm has clusters worth 20 equal ones or more, and the
        jackknife below.
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
        On the log scale: the effect of a term is a ratio of means. `quantities` has the
        ``dispersion``, Pearson's chi-square by its degrees of freedom: 1 for Poisson counts.

    Raises
    ------
    DesignError
        If the data or the choices cannot be fitted; the message says what to change.

    References
    ----------
    Gourieroux, Monfort and Trognon (1984), Econometrica 52: 701-20. Pustejovsky and Tipton (2018),
    J Bus Econ Stat 36: 672-83 (few clusters).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": [0, 1] * 4, "days": [3, 1, 0, 0, 14, 6, 7, 5],
    ...                       "year": [1, 1, 1, 0.5, 1, 1, 1, 1]})
    >>> round(poisson("days ~ arm", frame).effect("arm").estimate, 3)
    0.5
    >>> round(poisson("days ~ arm", frame, exposure="year").effect("arm").estimate, 3)
    0.571
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
    return fit_poisson(
        build(formula, rows),
        clusters(rows.frame, cluster, blank=blank_cluster) if cluster else None,
        inference=inference,
        offset=offset_of(rows.frame, offset, exposure),
        weights=sampled,
        small_sample=small_sample,
        confidence=confidence,
    )


@one_thread
def fit_poisson(
    design: Design,
    members: Clusters | None,
    *,
    inference: Inference | None = None,
    offset: Floats | None = None,
    weights: Floats | None = None,
    small_sample: bool = True,
    confidence: float = 0.95,
) -> Fit:
    """Fit a prepared design: `poisson` without formula and frame.

    Parameters
    ----------
    design
        Response and design matrix, n rows.
    members
        Cluster of each row; None for independent rows.
    offset, weights
        Added to the linear predictor, and sampling weights, shape (n,); None for neither.
    inference, small_sample, confidence
        As in `poisson`.
    """
    _refuse(design, confidence, inference, weights)
    choice = choose(
        inference,
        design.X,
        design.columns,
        members,
        offered=OFFERED,
        better="jackknife",
        small_sample=small_sample,
    )
    groups, data = members or singletons(design.n), counted(design, offset, weights)
    found = regression(data)
    robust = errors(found, data, groups, choice.inference, small_sample=small_sample)
    return Fit(
        model="poisson",
        formula=str(design.formula),
        method=f"Poisson regression; {choice.label}{groups.note}{design.note}",
        terms=design.columns,
        beta=coefficients(found),
        cov=robust.cov,
        df=robust.df,
        scale="log",
        loglik=found.loglik - float(data.weights @ special.gammaln(design.y + 1)),
        n=design.n,
        n_clusters=groups.count,
        n_events=int(np.floor(design.y.sum())),
        converged=answers(found),
        warnings=(*warnings_of(found, design, robust.cov), *choice.notes),
        quantities={"dispersion": _dispersion(data, found.fitted)},
        fitted=found.fitted,
        confidence=confidence,
        likelihood="full" if choice.inference == "model" else "pseudo",
        robust=choice.inference != "model",
        **of_design(design),
    )


def _dispersion(data: Counted, fitted: Floats) -> Quantity:
    """Pearson's chi-square by its degrees of freedom, of the rows that expect anything."""
    some = fitted > 0
    y, mean, weight = data.design.y[some], fitted[some], data.weights[some]
    spare = some.sum() - data.design.X.shape[1]
    share = weight / weight.mean() if len(weight) else weight
    value = float(share @ ((y - mean) ** 2 / mean)) / spare if spare > 0 else np.nan
    return Quantity(value, np.nan, np.nan, np.nan)


def _refuse(
    design: Design, confidence: float, inference: str | None, weights: Floats | None
) -> None:
    name = design.formula.response
    if not name:
        raise DesignError(f"formula {str(design.formula)!r} names no outcome")
    if design.X.shape[1] == 0:
        raise DesignError("the model has neither covariate nor intercept")
    if (design.y < 0).any():
        raise DesignError(f"response {name!r} must not be negative")
    if weights is not None and inference == "model":
        raise DesignError("sampling weights need robust errors: leave out inference='model'")
    refuse_confidence(confidence)
