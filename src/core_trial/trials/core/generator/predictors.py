"""Which characteristics predict that an outcome is missing, by either test.

The authors printed what they adjusted for; they are taken to have used Wald's test of every
coefficient that can be estimated. The analyses use the likelihood ratio. The draft has to give the
same by both.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from core_trial.analyses import missingness
from core_trial.analyses.fits import Cases, Fitted, complete_cases, fit
from core_trial.analyses.plan import AnalysisSpec
from core_trial.errors import DesignError, FitError
from core_trial.models.inference import chi_square_p
from core_trial.trials.core import CORE
from core_trial.trials.core.plan import PREDICTORS_OF_MISSINGNESS

#: p-value of a fitted model of missingness.
Test = Callable[[Fitted], float]


def wald_p(fitted: Fitted) -> float:
    """Wald chi-square test that every estimable coefficient but the intercept is zero."""
    found = fitted.fit
    use = np.flatnonzero(np.isfinite(found.std_error) & (np.array(found.terms) != "Intercept"))
    if len(use) == 0:
        return math.nan
    beta, cov = found.beta[use], found.cov[np.ix_(use, use)]
    return chi_square_p(float(beta @ np.linalg.solve(cov, beta)), len(use))


def likelihood_ratio_p(fitted: Fitted) -> float:
    """The test of the analyses."""
    cases = fitted.cases
    nothing = Cases(missingness.without_characteristic(cases.spec), cases.frame)
    return missingness.joint_p(fitted, fit(CORE, nothing).fit.loglik)


def predictors_found(
    spec: AnalysisSpec, frame: pd.DataFrame, test: Test = likelihood_ratio_p
) -> tuple[str, ...]:
    """The characteristics whose joint test falls below the threshold."""
    expected = frame[missingness.expected_rows(spec, frame)]
    missing = expected[spec.fitted.outcome].isna().astype(float)
    flagged = expected.assign(**{missingness.MISSING: missing})
    return tuple(
        name
        for name in PREDICTORS_OF_MISSINGNESS
        if _p_value(name, flagged, test) < missingness.THRESHOLD
    )


def _p_value(name: str, flagged: pd.DataFrame, test: Test) -> float:
    model = missingness.model_of_missingness(CORE, name)
    if flagged[missingness.MISSING].nunique() < 2:
        return math.nan
    try:
        return test(fit(CORE, complete_cases(CORE, model, flagged)))
    except (DesignError, FitError):
        return math.nan
