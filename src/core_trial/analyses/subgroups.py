"""The effect on the primary outcome told apart by subgroup, and one test whether it differs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from core_trial.analyses.estimation import estimate_from, failed
from core_trial.analyses.fits import Cases, Fits, Fitted, fit
from core_trial.declaration.models import ModelSpec
from core_trial.errors import DesignError, FitError
from core_trial.models.inference import chi_square_p
from core_trial.results import Descriptive, Record


def records(fits: Fits) -> Iterator[Record]:
    """Every declared subgroup of the primary outcome."""
    primary = fits.trial.primary
    if primary is None:
        return
    for column in fits.trial.subgroups:
        yield from of_column(primary.key, fits.spec(primary.key).fitted, column, fits)


def of_column(name: str, spec: ModelSpec, column: str, fits: Fits) -> Iterator[Record]:
    """The effect in each level of a characteristic, from one model with their product.

    Yields
    ------
    Estimate
        Analysis ``subgroup.`` and the outcome's name, level ``column[level]``.
    Descriptive
        ``interaction_p``, level `column`: the joint Wald test of the product.
    """
    analysis, arm = f"subgroup.{name}", fits.trial.arm.column
    model = replace(spec, covariates=(arm, column, *_others(spec, column), f"{arm}:{column}"))
    cases = fits.cases(model)
    levels = _levels(cases.frame, column)
    p = math.nan
    for k, level in enumerate(levels):
        own = _referred_to(cases, column, level)
        where = f"{column}[{level}]"
        try:
            fitted = fit(fits.trial, own)
        except (DesignError, FitError) as problem:
            yield failed(analysis, fits.trial, own, str(problem), where)
            continue
        yield estimate_from(analysis, fits.trial, fitted, level=where)
        p = interaction_p(fitted) if k == 0 else p
    yield Descriptive(analysis=analysis, statistic="interaction_p", value=p, level=column)


def interaction_p(fitted: Fitted) -> float:
    """Joint Wald test of the product's coefficients; ``nan`` where one is not estimable."""
    found = fitted.fit
    use = np.array([k for k, term in enumerate(found.terms) if ":" in term], dtype=int)
    beta, cov = found.beta[use], found.cov[np.ix_(use, use)]
    if not len(use) or not np.isfinite(beta).all() or not np.isfinite(cov).all():
        return math.nan
    return chi_square_p(float(beta @ np.linalg.solve(cov, beta)), len(use))


def _others(spec: ModelSpec, column: str) -> tuple[str, ...]:
    return tuple(name for name in spec.covariates[1:] if name != column)


def _levels(frame: pd.DataFrame, column: str) -> list[str]:
    values = frame[column]
    if isinstance(values.dtype, pd.CategoricalDtype):
        return [str(level) for level in values.cat.categories]
    return ["no", "yes"] if values.isin([0, 1]).all() else []


def _referred_to(cases: Cases, column: str, level: str) -> Cases:
    """The same people with one level as the reference: its effect is the arm's coefficient."""
    values = cases.frame[column]
    if isinstance(values.dtype, pd.CategoricalDtype):
        first = [level, *(str(x) for x in values.cat.categories if str(x) != level)]
        own = values.cat.reorder_categories(first)
    else:
        names = ["no", "yes"] if level == "no" else ["yes", "no"]
        words = np.where(values == 1, "yes", "no")
        own = pd.Series(pd.Categorical(words, names), index=values.index)
    return replace(cases, frame=cases.frame.assign(**{column: own}))
