"""Logistic regression of independent rows: no clusters, no random effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core_trial.errors import DesignError
from core_trial.models.columns import Missing, sample
from core_trial.models.design import Design, build
from core_trial.models.fit import Fit
from core_trial.models.formula import parse
from core_trial.models.inference import Floats
from core_trial.models.intercept.layout import Rows, distinct
from core_trial.models.numerics.canonical import LOGISTIC
from core_trial.models.numerics.glm import examine, orthonormal
from core_trial.models.numerics.limits import refuse_confidence
from core_trial.models.numerics.newton import UNFINISHED
from core_trial.models.numerics.separation import Separation, describe
from core_trial.models.numerics.threads import one_thread
from core_trial.models.weights import binary, offset_of, split


def logistic_regression(
    formula: str,
    frame: pd.DataFrame,
    *,
    offset: str | None = None,
    weights: str | None = None,
    success: object = None,
    trials: str | None = None,
    confidence: float = 0.95,
    missing: Missing = "refuse",
) -> Fit:
    """Fit a logistic regression by maximum likelihood.

    Parameters
    ----------
    formula
        Such as ``"readmitted ~ arm + site"``; the response must be 0 or 1.
    frame
        A row per participant; see `missing` for incomplete ones.
    offset
        Column that is added to the linear predictor.
    weights
        Column that says how often each row occurred. Sampling weights need robust errors, which
        `modified_poisson` has.
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

    Returns
    -------
    Fit
        Log odds ratios; `Fit.effect` gives odds ratios. A coefficient that the data send to
        infinity is ``nan``, and a warning says so; the others are those of the limit.

    Raises
    ------
    DesignError
        If the data or the choices cannot be fitted; the message says what to change.

    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, chapter 4. Albert and Anderson (1984),
    Biometrika 71: 1-10 (separation).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "readmitted": [1, 0, 0, 0, 1, 1, 1, 0],
    ...     "arm": [1, 1, 1, 1, 0, 0, 0, 0],
    ... })
    >>> round(logistic_regression("readmitted ~ arm", frame).effect("arm").estimate, 3)
    0.111
    """
    rows = sample(frame, formula, missing=missing, weights=weights, offset=offset, trials=trials)
    rows, _ = split(rows, weights, "frequency")
    rows = binary(rows, parse(formula).response, success=success, trials=trials)
    known = offset_of(rows.frame, offset, None)
    return fit_logistic(build(formula, rows), offset=known, confidence=confidence)


@one_thread
def fit_logistic(design: Design, *, offset: Floats | None = None, confidence: float = 0.95) -> Fit:
    """Fit a prepared design: `logistic_regression` without formula and frame.

    Parameters
    ----------
    design
        Response of 0 and 1, and design matrix, n rows.
    offset
        What the linear predictor holds beside the covariates, shape (n,); None for nothing.
    confidence
        Coverage of the intervals.
    """
    _refuse(design, confidence)
    found = _maximise(design.X, design.y, np.zeros(design.n) if offset is None else offset)
    beta, cov, apart = found.beta, found.cov, found.apart
    if apart is not None:
        beta, cov = apart.blank(apart.widen(beta)), apart.blank_square(apart.widen_square(cov))
    notes = [] if apart is None else [describe(apart, design.columns)]
    return Fit(
        model="logistic_regression",
        formula=str(design.formula),
        method="maximum likelihood of independent rows; observed information, normal inference"
        + design.note,
        terms=design.columns,
        beta=beta,
        cov=cov,
        df=np.full(len(beta), np.inf),
        scale="logit",
        loglik=found.loglik,
        n=design.n,
        n_clusters=design.n,
        n_events=int(design.y.sum()),
        converged=found.converged and len(found.beta) > 0,
        warnings=(*notes, *(() if found.converged else (UNFINISHED,))),
        fitted=found.fitted,
        confidence=confidence,
        n_dropped=design.dropped,
        term_columns=design.term_columns,
        recipe=design.recipe,
        reference=design.reference,
        response=design.y,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Maximum:
    """Coefficients and covariance of the columns that stay, (k,) and (k, k); means, (n,)."""

    beta: Floats
    cov: Floats
    fitted: Floats
    loglik: float
    converged: bool
    apart: Separation | None = None


def _maximise(X: Floats, y: Floats, offset: Floats) -> _Maximum:
    pattern_of, first = distinct(np.column_stack([X, offset]))
    trials = np.bincount(pattern_of, minlength=len(first)).astype(float)
    events = np.bincount(pattern_of, y, len(first)).astype(float)
    basis = orthonormal(X[first], trials)
    merged = Rows(basis.columns, trials, events, offset[first])
    best, apart = examine(X[first], merged, LOGISTIC)
    if apart is not None:
        return _limit(X, y, offset, apart, apart.moving[pattern_of])
    fitted = LOGISTIC.cumulant(merged.predictor(best.point))[1]
    cov = basis.back @ np.linalg.inv(best.information) @ basis.back.T
    return _Maximum(
        basis.back @ best.point, (cov + cov.T) / 2, fitted[pattern_of], best.value, best.converged
    )


def _limit(
    X: Floats, y: Floats, offset: Floats, apart: Separation, moving: NDArray[np.bool_]
) -> _Maximum:
    """Rows that are fitted perfectly in the limit have their own outcome for a mean."""
    kept, fitted = len(apart.kept), y.astype(float)
    if kept == 0:
        return _Maximum(np.empty(0), np.empty((0, 0)), fitted, 0.0, True, apart)
    rest = _maximise(X[~moving][:, apart.kept], y[~moving], offset[~moving])
    fitted[~moving] = rest.fitted
    return _Maximum(rest.beta, rest.cov, fitted, rest.loglik, rest.converged, apart)


def _refuse(design: Design, confidence: float) -> None:
    name = design.formula.response
    if not name:
        raise DesignError(f"formula {str(design.formula)!r} names no outcome")
    if design.X.shape[1] == 0:
        raise DesignError("the model has neither covariate nor intercept")
    if not ((design.y == 0) | (design.y == 1)).all():
        raise DesignError(f"response {name!r} must be 0 or 1 in every row")
    refuse_confidence(confidence)
