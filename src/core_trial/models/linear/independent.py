"""Linear regression of independent rows: no clusters, no random effect."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.design import Design, build
from core_trial.models.fit import Fit
from core_trial.models.numerics.limits import refuse_confidence

#: A residual sum of squares below this share of the total is rounding: the fit is exact.
EXACT_FIT = 1e-20


def linear(formula: str, frame: pd.DataFrame, *, confidence: float = 0.95) -> Fit:
    """Fit a linear regression by least squares.

    Parameters
    ----------
    formula
        Such as ``"score ~ arm + baseline + site"``.
    frame
        A row per participant, complete in every column that is used.
    confidence
        Coverage of the intervals.

    Returns
    -------
    Fit
        Student's t with n - p degrees of freedom; `variance` has ``residual``, `fitted` the means.

    Raises
    ------
    DesignError
        If the data or the choices cannot be fitted; the message says what to change.

    References
    ----------
    Seber and Lee (2003), Linear Regression Analysis, chapter 3.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"score": [4.0, 6.0, 5.0, 9.0], "arm": [0, 0, 1, 1]})
    >>> fit = linear("score ~ arm", frame)
    >>> fit.effect("arm").estimate.__round__(6), float(fit.df[0])
    (2.0, 2.0)
    """
    design = build(formula, frame)
    _refuse(design, confidence)
    X, y = design.X, design.y
    n, p = X.shape
    q, triangle = np.linalg.qr(X)
    beta = np.linalg.solve(triangle, q.T @ y)
    fitted = X @ beta
    squares = float(((y - fitted) ** 2).sum())
    exact = squares <= EXACT_FIT * float((y**2).sum())
    variance = np.nan if exact else squares / (n - p)
    inverse = np.linalg.inv(triangle)
    loglik = np.nan if exact else -n / 2 * (np.log(2 * np.pi * squares / n) + 1)
    return Fit(
        model="linear",
        formula=str(design.formula),
        method="least squares of independent rows; Student's t",
        terms=design.columns,
        beta=beta,
        cov=variance * inverse @ inverse.T,
        df=np.full(p, float(n - p)),
        scale="identity",
        loglik=float(loglik),
        n=n,
        n_clusters=n,
        variance=MappingProxyType({"residual": variance}),
        converged=not exact,
        warnings=("the covariates fit the outcome exactly: no error is left",) if exact else (),
        fitted=fitted,
        confidence=confidence,
    )


def _refuse(design: Design, confidence: float) -> None:
    n, p = design.X.shape
    if not design.formula.response:
        raise DesignError(f"formula {str(design.formula)!r} names no outcome")
    if p == 0:
        raise DesignError("the model has neither covariate nor intercept")
    if n <= p:
        raise DesignError(f"{n} rows cannot carry {p} coefficients and a residual variance")
    refuse_confidence(confidence)
