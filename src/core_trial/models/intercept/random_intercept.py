"""Search for the maximum of a canonical model with one random intercept.

Arrays only: no formula, no frame, no text. All arrays are in the coordinates of `glm.Orthonormal`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core_trial.models.inference import Floats
from core_trial.models.intercept.adaptive_quadrature import Likelihood
from core_trial.models.intercept.layout import Table
from core_trial.models.numerics.canonical import Family
from core_trial.models.numerics.newton import Evaluate, Optimum, maximise
from core_trial.models.numerics.quadrature import hermite_rule

#: Standard deviation from which the search starts again before a zero is believed.
SECOND_START = 0.7
#: Least squares guesses of the variance, and the range of the standard deviation at which to begin.
GUESSES, GUESSED_SD = 3, (0.05, 2.0)
#: Of logistic means by a normal random effect (Zeger, Liang and Albert 1988).
ATTENUATION = (16 * 3**0.5 / (15 * np.pi)) ** 2
#: A standard deviation that ends below this is zero.
ZERO_SD = 1e-4
#: No data determine a standard deviation beyond this on the logit or log scale.
LARGEST_SD = 30.0
#: A Newton step longer than this many standard errors is not an answer; the search goes on.
TRUSTED_STEP = 0.1

State = Literal["interior", "boundary", "unbounded", "stopped"]


@dataclass(frozen=True, slots=True, eq=False)
class Maximum:
    """Where the likelihood has its maximum.

    Parameters
    ----------
    theta
        Coefficients and the standard deviation, shape (p + 1,).
    information
        Negative Hessian: of all parameters, shape (p + 1, p + 1); at the boundary of the p
        coefficients.
    value
        Log-likelihood there, without its constant.
    modes
        Mode of each merged cluster's standard normal effect.
    state
        ``"interior"``, ``"boundary"`` (a zero standard deviation), ``"unbounded"`` (it grows
        without end), ``"stopped"`` (no convergence).
    """

    theta: Floats
    information: Floats
    value: float
    modes: Floats
    state: State


def variance_score(table: Table, family: Family, gamma: Floats) -> tuple[float, float]:
    r"""Slope of the log-likelihood in the variance at zero, and a first guess of the variance.

    The slope is :math:`\frac12\sum_g\{R_g^2 - W_g\}` with the summed residuals R and variances W of
    each cluster in the regression without a random effect. :math:`R^2 - W` has about the mean
    :math:`\tau W^2` and the standard deviation :math:`W + \tau W^2`, up to a constant: the guess is
    the weighted least squares estimate of :math:`\tau`, its weights from the one before.
    """
    parts = [np.empty((3, 0))]
    for block in table.blocks:
        _, mean, variance = family.cumulant(block.predictor(gamma))
        residual = block.total(block.successes - block.trials * mean)
        parts.append(np.stack([residual, block.total(block.trials * variance), block.weight]))
    R, W, weight = np.concatenate(parts, axis=1)
    slope = 0.5 * float(weight @ (R**2 - W))
    tau = 0.0
    for _ in range(GUESSES):
        share = weight / (1.0 + tau * W) ** 2
        tau = max(float(share @ (R**2 - W)) / max(float(share @ W**2), 1e-300), 0.0)
    return slope, tau


def search(table: Table, family: Family, points: int, regression: Optimum) -> Maximum:
    """Maximise over the coefficients and the standard deviation.

    Parameters
    ----------
    table
        The merged rows.
    family
        Distribution of the response.
    points
        Number of nodes.
    regression
        The fit without a random effect: the answer when the variance is zero.
    """
    slope, tau = variance_score(table, family, regression.point)
    sd = np.clip(np.sqrt(tau if family.bounded else np.log1p(tau)), *GUESSED_SD)
    start = _start(table, family, regression.point, float(sd if slope > 0 else SECOND_START))
    likelihood = Likelihood(table, family, hermite_rule(points))
    best = maximise(bounded(likelihood), start, known=_zero(slope, regression))
    found = _classify(best, likelihood)
    if found.state == "boundary" or (slope <= 0 and best.value < regression.value):
        return at_zero(table, regression)
    return found


def _start(table: Table, family: Family, gamma: Floats, sd: float) -> Floats:
    """Coefficients that keep the marginal means of the regression, and the standard deviation.

    A count's mean is exp(eta + sd^2/2) where the random effect enters; a risk's is about that at
    eta / sqrt(1 + c^2 sd^2), with c = 16 sqrt(3) / (15 pi).
    """
    if family.bounded:
        return np.append(gamma * np.sqrt(1 + ATTENUATION * sd**2), sd)
    shift, n = np.zeros_like(gamma), table.everything.trials.sum()
    for block in table.blocks:
        shift += block.columns @ (block.trials * block.spread(block.weight)) / n
    return np.append(gamma - shift * sd**2 / 2, sd)


def _zero(slope: float, regression: Optimum) -> Optimum | None:
    """The regression as a maximum in the standard deviation too, where the variance has none."""
    if slope >= 0:
        return None
    p = len(regression.point)
    information = np.zeros((p + 1, p + 1))
    information[:p, :p] = regression.information
    information[p, p] = -2.0 * slope  # the likelihood is even in the standard deviation
    return replace(
        regression,
        point=np.append(regression.point, 0.0),
        gradient=np.append(regression.gradient, 0.0),
        information=information,
    )


def at_zero(table: Table, regression: Optimum) -> Maximum:
    """The regression without a random effect, as the answer at the boundary."""
    modes = np.zeros(sum(len(block.weight) for block in table.blocks))
    theta = np.append(regression.point, 0.0)
    return Maximum(theta, regression.information, regression.value, modes, "boundary")


def finer(table: Table, family: Family, points: int, coarse: Maximum) -> Maximum:
    """The answer with more nodes, from one evaluation where that is enough.

    A Newton step from the answer with few nodes; when that is longer than `TRUSTED_STEP` standard
    errors, a search of its own.
    """
    likelihood = Likelihood(table, family, hermite_rule(points))
    value, gradient, information = likelihood(coarse.theta)
    step = _solve(information, gradient)
    if step is not None and gradient @ step < TRUSTED_STEP**2:
        value += 0.5 * float(gradient @ step)
        theta = coarse.theta + step
        return Maximum(theta, information, value, likelihood.modes(), "interior")
    return _classify(maximise(bounded(likelihood), coarse.theta), likelihood)


def bounded(likelihood: Likelihood) -> Evaluate:
    """The likelihood, refused where the standard deviation is beyond all reason."""

    def evaluate(theta: Floats) -> tuple[float, Floats, Floats]:
        if abs(theta[-1]) > LARGEST_SD:
            return -np.inf, theta, np.diag(theta)
        return likelihood(theta)

    return evaluate


def _classify(best: Optimum, likelihood: Likelihood) -> Maximum:
    """Name what the search ended at; the likelihood is even in the standard deviation."""
    theta, information = best.point.copy(), best.information.copy()
    if theta[-1] < 0:
        theta[-1] *= -1
        information[-1, :-1] *= -1
        information[:-1, -1] *= -1
    state: State = "interior" if best.converged else "stopped"
    if theta[-1] < ZERO_SD:
        state = "boundary"
    elif theta[-1] > 0.9 * LARGEST_SD:
        state = "unbounded"
    modes = likelihood.modes() * (np.sign(best.point[-1]) or 1.0)
    return Maximum(theta, information, best.value, modes, state)


def _solve(information: Floats, gradient: Floats) -> Floats | None:
    """Newton's step, or None where the information is not positive definite."""
    try:
        np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        return None
    return np.asarray(np.linalg.solve(information, gradient), dtype=float)
