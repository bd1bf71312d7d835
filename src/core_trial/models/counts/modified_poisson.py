"""Risk ratio by Poisson regression of a 0/1 response, with standard errors by cluster."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.clusters import Blank, Clusters, clusters
from core_trial.models.columns import Missing, sample
from core_trial.models.counts.poisson_regression import (
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
from core_trial.models.formula import parse
from core_trial.models.inference import Floats
from core_trial.models.numerics.limits import refuse_confidence
from core_trial.models.numerics.robust import Inference, choose, singletons
from core_trial.models.numerics.threads import one_thread
from core_trial.models.weights import WeightType, binary, offset_of, split

#: Errors of the model are none of a 0/1 response: its variance is not the Poisson's.
OFFERED: tuple[Inference, ...] = ("sandwich", "cr2", "jackknife")


def modified_poisson(
    formula: str,
    frame: pd.DataFrame,
    *,
    cluster: str | None = None,
    inference: Inference | None = None,
    offset: str | None = None,
    weights: str | None = None,
    weight_type: WeightType = "frequency",
    success: object = None,
    trials: str | None = None,
    small_sample: bool = True,
    confidence: float = 0.95,
    missing: Missing = "refuse",
    blank_cluster: Blank = "refuse",
) -> Fit:
    """Fit the log of the risk by Poisson regression, with a robust covariance by cluster.

    Parameters
    ----------
    formula
        Such as ``"readmitted ~ arm + psychosis + centre"``; the response must be 0 or 1.
    frame
        A row per participant; see `missing` for incomplete ones.
    cluster
        Column with the cluster of each row; None for independent rows.
    inference
        ``"sandwich"``; ``"cr2"``, bias-reduced errors with Satterthwaite's degrees of freedom; or
        ``"jackknife"``, which leaves out a cluster at a time, with Welch's. None takes the sandwich
        where an arm has clusters worth 20 equal ones or more, and the jackknife below.
    offset
        Column that is added to the linear predictor.
    weights, weight_type
        Column that says how often each row occurred (``"frequency"``), or the inverse probability
        with which it was sampled or treated (``"sampling"``).
    success
        The value of the response that is an event, such as ``"yes"``, where it is not 1.
    trials
        Column with the number of people in each row; the response is then the number of events.
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
        On the log scale: the effect of a term is a risk ratio. `fitted` are risks; that some may
        exceed 1 is the price of the method, and is said in a warning.

    Raises
    ------
    DesignError
        If the data or the choices cannot be fitted; the message says what to change. Also where the
        arm's only cluster of more than one member is one: nothing is then known of how clusters
        differ.

    References
    ----------
    Zou (2004), Am J Epidemiol 159: 702-6. Zou and Donner (2013), Stat Methods Med Res 22: 661-70
    (clusters). Pustejovsky and Tipton (2018), J Bus Econ Stat 36: 672-83 (few clusters).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "readmitted": [1, 0, 0, 0, 1, 1, 1, 0],
    ...     "arm": [1, 1, 1, 1, 0, 0, 0, 0],
    ...     "worker": ["a", "a", "b", "b", "c", "d", "e", "f"],
    ... })
    >>> fit = modified_poisson("readmitted ~ arm", frame, cluster="worker")
    >>> round(fit.effect("arm").estimate, 3)
    0.333
    """
    rows = sample(
        frame,
        formula,
        missing=missing,
        cluster=cluster,
        weights=weights,
        offset=offset,
        trials=trials,
    )
    rows, sampled = split(rows, weights, weight_type)
    rows = binary(rows, parse(formula).response, success=success, trials=trials)
    if sampled is not None and trials is not None:
        raise DesignError("sampling weights are for a row per person: leave out trials=")
    return fit_modified_poisson(
        build(formula, rows),
        clusters(rows.frame, cluster, blank=blank_cluster) if cluster else None,
        inference=inference,
        offset=offset_of(rows.frame, offset, None),
        weights=sampled,
        small_sample=small_sample,
        confidence=confidence,
    )


@one_thread
def fit_modified_poisson(
    design: Design,
    members: Clusters | None,
    *,
    inference: Inference | None = None,
    offset: Floats | None = None,
    weights: Floats | None = None,
    small_sample: bool = True,
    confidence: float = 0.95,
) -> Fit:
    """Fit a prepared design: `modified_poisson` without formula and frame.

    Parameters
    ----------
    design
        Response of 0 and 1, and design matrix, n rows.
    members
        Cluster of each row; None for independent rows.
    offset, weights
        Added to the linear predictor, and sampling weights, shape (n,); None for neither.
    inference, small_sample, confidence
        As in `modified_poisson`.
    """
    _refuse(design, confidence)
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
        model="modified_poisson",
        formula=str(design.formula),
        method=f"Poisson regression of a 0/1 response; {choice.label}{groups.note}{design.note}",
        terms=design.columns,
        beta=coefficients(found),
        cov=robust.cov,
        df=robust.df,
        scale="log",
        loglik=found.loglik,
        n=design.n,
        n_clusters=groups.count,
        n_events=int(design.y.sum()),
        converged=answers(found),
        warnings=(
            *warnings_of(found, design, robust.cov),
            *choice.notes,
            *_above_one(found.fitted),
        ),
        fitted=found.fitted,
        confidence=confidence,
        likelihood="pseudo",
        robust=True,
        **of_design(design),
    )


def _refuse(design: Design, confidence: float) -> None:
    name = design.formula.response
    if not name:
        raise DesignError(f"formula {str(design.formula)!r} names no outcome")
    if design.X.shape[1] == 0:
        raise DesignError("the model has neither covariate nor intercept")
    if not ((design.y == 0) | (design.y == 1)).all():
        raise DesignError(
            f"response {name!r} must be 0 or 1 in every row; for another value write success="
        )
    refuse_confidence(confidence)


def _above_one(risk: Floats) -> list[str]:
    above = int(np.count_nonzero(risk > 1 + 1e-9))
    return [f"the fitted risk exceeds 1 in {above} of {len(risk)} rows"] if above else []
