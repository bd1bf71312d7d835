"""Which characteristics predict that an outcome is missing, as the paper's authors tested it.

The authors printed what they adjusted for, and the draft has to give the same under the test that
they are taken to have used: Wald's, of every coefficient that can be estimated.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from core_trial.analyses import missingness
from core_trial.analyses.fits import complete_cases, fit
from core_trial.analyses.plan import AnalysisSpec
from core_trial.errors import DesignError, FitError
from core_trial.models.fit import Fit
from core_trial.models.inference import chi_square_p
from core_trial.trials.core import CORE
from core_trial.trials.core.plan import PREDICTORS_OF_MISSINGNESS


def predictors_found(spec: AnalysisSpec, frame: pd.DataFrame) -> tuple[str, ...]:
    """The characteristics whose joint test falls below the threshold."""
    expected = frame[missingness.expected_rows(spec, frame)]
    missing = expected[spec.fitted.outcome].isna().astype(float)
    flagged = expected.assign(**{missingness.MISSING: missing})
    return tuple(
        name
        for name in PREDICTORS_OF_MISSINGNESS
        if _p_value(name, flagged) < missingness.THRESHOLD
    )


def _p_value(name: str, flagged: pd.DataFrame) -> float:
    model = missingness.model_of_missingness(CORE, name)
    if flagged[missingness.MISSING].nunique() < 2:
        return math.nan
    try:
        return wald_p(fit(CORE, complete_cases(CORE, model, flagged)).fit)
    except (DesignError, FitError):
        return math.nan


def wald_p(fitted: Fit) -> float:
    """Wald chi-square test that every estimable coefficient but the intercept is zero."""
    use = np.flatnonzero(np.isfinite(fitted.std_error) & (np.array(fitted.terms) != "Intercept"))
    if len(use) == 0:
        return math.nan
    beta, cov = fitted.beta[use], fitted.cov[np.ix_(use, use)]
    return chi_square_p(float(beta @ np.linalg.solve(cov, beta)), len(use))
