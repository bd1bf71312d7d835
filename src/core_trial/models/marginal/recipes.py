"""Two published recipes for complier effects, kept so that their numbers can be reproduced.

Neither estimates the ratio among compliers; use `complier_effects` or `structural_mean`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core_trial.errors import FitError
from core_trial.models.inference import Floats
from core_trial.models.marginal.receipt import receipt_of
from core_trial.models.numerics.newton import maximise


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a recipe gives, for reproduction only.

    Parameters
    ----------
    ratio
        What it calls the risk ratio of receipt.
    what_it_is
        What that number really is.
    """

    ratio: float
    what_it_is: str


def two_stage_prediction(
    outcome: str, frame: pd.DataFrame, *, received: str, arm: str = "arm"
) -> Recipe:
    r"""Logistic regression of receipt on arm, then Poisson regression of the outcome on its fit.

    For reproduction only. The number is the intention-to-treat ratio to the power of
    :math:`1/(\pi_1 - \pi_0)`, with :math:`\pi` the shares who received: in the vitamin A trial
    0.523, where the ratio among compliers is 0.278. It has no causal meaning of its own.

    Parameters
    ----------
    outcome, frame, received, arm
        As in `complier_effects`; receipt may be 1 in both arms.

    References
    ----------
    Terza, Basu and Rathouz (2008), J Health Econ 27: 531-43 (why prediction substitution is
    inconsistent in non-linear models). Clarke and Windmeijer (2012), J Am Stat Assoc 107: 1638-52.

    Examples
    --------
    >>> import pandas as pd
    >>> cells = [(0, 0, 0, 50), (0, 0, 1, 30), (0, 1, 0, 16), (0, 1, 1, 4), (1, 0, 0, 12),
    ...          (1, 0, 1, 8), (1, 1, 0, 64), (1, 1, 1, 16)]
    >>> frame = pd.DataFrame(
    ...     [(z, d, y) for z, d, y, n in cells for _ in range(n)], columns=["arm", "took", "died"])
    >>> two_stage_prediction("died", frame, received="took").what_it_is
    'the intention-to-treat ratio to the power of 1.6667'
    """
    trial = receipt_of(frame, outcome, arm, received, None)
    share, mean = (np.array([x[trial.z == k].mean() for k in (0, 1)]) for x in (trial.d, trial.y))
    ratio = float((mean[1] / mean[0]) ** (1 / (share[1] - share[0])))
    power = 1 / (share[1] - share[0])
    return Recipe(ratio, f"the intention-to-treat ratio to the power of {power:.4f}")


def residual_inclusion(
    outcome: str, frame: pd.DataFrame, *, received: str, arm: str = "arm"
) -> Recipe:
    """Poisson regression of the outcome on receipt and on what the arm leaves of receipt.

    For reproduction only: it is the ratio among compliers under no model that anybody would write
    down, since the residual of a binary receipt is not what confounds it.

    Parameters
    ----------
    outcome, frame, received, arm
        As in `complier_effects`; receipt may be 1 in both arms.

    References
    ----------
    Terza, Basu and Rathouz (2008), J Health Econ 27: 531-43. Wan, Small and Mitra (2018), Stat Med
    37: 1419-31 (its bias).
    """
    trial = receipt_of(frame, outcome, arm, received, None)
    share = np.array([trial.d[trial.z == k].mean() for k in (0, 1)])
    residual = trial.d - share[trial.z.astype(int)]
    X = np.column_stack([np.ones(len(residual)), trial.d, residual])
    beta = _poisson(X, trial.y)
    return Recipe(float(np.exp(beta[1])), "a coefficient given the residual of receipt on arm")


def _poisson(X: Floats, y: Floats) -> Floats:
    """Coefficients of a Poisson regression with a log link, shape (p,)."""

    def evaluate(beta: Floats) -> tuple[float, Floats, Floats]:
        eta = X @ beta
        mean = np.exp(np.minimum(eta, 500.0))
        return float(y @ eta - mean.sum()), X.T @ (y - mean), (X.T * mean) @ X

    start = np.zeros(X.shape[1])
    start[0] = np.log(max(float(y.mean()), 1e-300))
    best = maximise(evaluate, start)
    if not best.converged:
        raise FitError("the Poisson regression did not converge: some group has no events")
    return best.point
