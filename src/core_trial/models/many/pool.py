"""From the fits of one model to multiply imputed data sets to one answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from core_trial.errors import DesignError, FitError
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats
from core_trial.models.many.estimates import Estimates, estimates_of
from core_trial.models.many.pooled import Pooled


def pool(
    fits: Sequence[Fit | Estimates | str],
    *,
    complete_df: ArrayLike | None = None,
    confidence: float | None = None,
) -> Pooled:
    """Pool the fits of one model to multiply imputed data sets.

    Parameters
    ----------
    fits
        One of each completed data set; or, as `Imputations.analyse` gives it, the reason why it
        could not be fitted. Those are left out, which is told.
    complete_df
        Degrees of freedom of the coefficients' tests without missing data, scalar or shape (p,);
        None takes the fits' own, averaged (those of Kenward and Roger, say; ``inf`` for z). Finite
        ones give Barnard and Rubin's degrees of freedom, ``inf`` Rubin's.
    confidence
        Coverage of the intervals; None takes the fits' own.

    Returns
    -------
    Pooled
        Estimates, Rubin's standard errors, tests and intervals by Student's t, fractions of missing
        information, Monte Carlo errors, joint tests.

    Raises
    ------
    DesignError
        If there are fewer than two fits, or they are not of the same model.
    FitError
        If fewer than two are left of those that could be fitted.

    References
    ----------
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys. Barnard and Rubin (1999),
    Biometrika 86: 948-55. Reiter (2007), Biometrika 94: 502-8 (`Pooled.test`).

    Examples
    --------
    >>> import pandas as pd
    >>> from core_trial.models.linear.mixed_linear import mixed_linear
    >>> rng = np.random.default_rng(1)
    >>> def completed():
    ...     score = np.r_[np.arange(28.0), rng.normal(14, 8, 2)]  # the last two were missing
    ...     return pd.DataFrame({"score": score, "arm": [0, 1] * 15, "person": range(30)})
    >>> pooled = pool(
    ...     [mixed_linear("score ~ arm", completed(), cluster="person") for _ in range(5)])
    >>> pooled.m, pooled.coefficients.index.tolist()
    (5, ['Intercept', 'arm'])
    >>> bool(pooled.rules.fmi[1] > 0)
    True
    """
    lost = [fit for fit in fits if isinstance(fit, str)]
    kept = tuple(estimates_of(fit) for fit in fits if not isinstance(fit, str))
    _refuse_few(kept, lost)
    _refuse_mixture(kept)
    first = kept[0]
    if complete_df is None:
        complete = np.mean([e.df for e in kept], axis=0)
    else:
        complete = np.array(np.broadcast_to(np.asarray(complete_df, float), first.beta.shape))
    return Pooled(
        model=first.model,
        formula=first.formula,
        method=f"{first.method}; Rubin's rules, {_reference(complete)}",
        terms=first.terms,
        scale=first.scale,
        confidence=first.confidence if confidence is None else confidence,
        each=kept,
        complete_df=complete,
        n=first.n,
        converged=all(e.converged for e in kept) and not lost,
        warnings=_warnings(kept, lost),
    )


def _refuse_few(kept: Sequence[Estimates], lost: Sequence[str]) -> None:
    if len(kept) < 2 and lost:
        count = len(kept) + len(lost)
        raise FitError(f"{len(lost)} of {count} imputations could not be fitted: {lost[0]}")
    if len(kept) < 2:
        raise DesignError(f"pooling needs the fits of at least two imputations, not {len(kept)}")


def _refuse_mixture(kept: Sequence[Estimates]) -> None:
    first = kept[0]
    for i, e in enumerate(kept):
        if e.model != first.model or e.terms != first.terms or e.scale != first.scale:
            raise DesignError(
                f"fit {i} is not of the model of fit 0: {e.model} with {', '.join(e.terms)}, not "
                f"{first.model} with {', '.join(first.terms)}"
            )


def _reference(complete: Floats) -> str:
    finite = np.isfinite(complete)
    return "t of Barnard and Rubin" if finite.all() else "t of Rubin (1987)"


def _warnings(kept: Sequence[Estimates], lost: Sequence[str]) -> tuple[str, ...]:
    m, first = len(kept), kept[0]
    told = []
    if lost:
        told.append(
            f"{len(lost)} of {m + len(lost)} imputations could not be fitted and are left out: "
            f"{lost[0]}"
        )
    unfinished = sum(not e.converged for e in kept)
    if unfinished:
        told.append(f"{unfinished} of {m} fits did not converge")
    gone = np.array([~np.isfinite(e.beta) | ~np.isfinite(np.diagonal(e.cov)) for e in kept])
    for term, times in zip(first.terms, gone.sum(axis=0), strict=True):
        if times:
            told.append(f"{term}: no estimate in {times} of {m} fits, so none is pooled")
    said = dict.fromkeys(w for e in kept for w in e.warnings)
    times = {w: sum(w in e.warnings for e in kept) for w in said}
    return (*told, *(f"{w} (in {k} of {m} fits)" for w, k in times.items()))
