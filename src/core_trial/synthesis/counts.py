r"""The zero-inflated model of days by arm, with the part that every possible count has in it.

A participant enters this model by arm and days alone. So the trial is a table of how many have each
pair, and the fit comes with another table: the part in the estimate that one more participant with
that pair would have. The first says where the estimate goes when somebody's days change; summed by
cluster, it gives the clustered standard error.

With :math:`\mu = e^{b_0 + b_1 \mathrm{arm}}`, :math:`\pi = \mathrm{logit}^{-1}(g)`,
:math:`\alpha = e^a` and :math:`L = \log(1 + \alpha\mu)/\alpha`, zero has the probability
:math:`\pi + (1 - \pi) e^{-L}`, and y > 0 has :math:`(1 - \pi)` times the negative binomial's
(Greene 1994, NYU working paper EC-94-10).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from core_trial.errors import FitError
from core_trial.synthesis.search import Floats

#: The arms as columns (1, arm).
PAIRS = np.array([[1.0, 0.0], [1.0, 1.0]])
#: Starts (b0, b1, g, a): a common and a rare excess of zeros.
STARTS = (np.array([3.0, 0.0, 0.5, 0.0]), np.array([2.0, 0.0, -1.0, 1.0]))
#: Newton steps at most, the step of the numeric Hessian, and the score that counts as zero.
STEPS, WIDTH, ZERO = 60, 1e-5, 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class RateRatio:
    """A fitted model.

    Parameters
    ----------
    estimate
        Log ratio of the intervention's mean count to the control's.
    parts
        Part in the estimate of a participant with arm a and y days, shape (2, longest + 1).
    at
        All parameters, from which a nearby fit starts.
    """

    estimate: float
    parts: Floats
    at: Floats

    def influence(self, arm: np.ndarray, days: np.ndarray) -> Floats:
        """Part of each participant, the shape of `days`."""
        return np.asarray(self.parts[arm.astype(int), days.astype(int)])


def rate_ratio(
    arm: Floats, days: Floats, start: Floats | None = None, *, most: int = 365
) -> RateRatio:
    """Fit the model with constant inflation and arm in the count part.

    Parameters
    ----------
    arm
        0 or 1, shape (n,).
    days
        Whole numbers from 0 to `most`, shape (n,).
    start
        Parameters of a fit to nearly the same data.
    most
        The largest possible count, such as the days of the follow-up.

    Raises
    ------
    FitError
        When no maximum is found.
    """
    table = np.zeros((2, most + 1))
    np.add.at(table, (arm.astype(int), days.astype(int)), 1)
    starts = STARTS if start is None else (start,)
    fits = [fit for fit in (_maximise(table, at) for at in starts) if fit is not None]
    if not fits:
        raise FitError("the zero-inflated model of the days has no maximum")
    _, at, information = max(fits, key=lambda fit: fit[0])
    _, scores = _likelihood(at, most)
    return RateRatio(float(at[1]), scores @ np.linalg.inv(information)[:, 1], at)


def _maximise(table: Floats, start: Floats) -> tuple[float, Floats, Floats] | None:
    """Log-likelihood, parameters and information at the maximum; None when it is not found."""
    at = start
    value, gradient = _total(table, at)
    for _ in range(STEPS):
        information = _information(table, at)
        if np.abs(gradient).max() < ZERO * table.sum():
            return value, at, information
        sizes, vectors = np.linalg.eigh(information)
        step = vectors @ ((vectors.T @ gradient) / np.maximum(np.abs(sizes), 1e-3))
        step *= min(1.0, 2.0 / np.abs(step).max())
        for half in range(30):
            trial = at + step / 2**half
            above, slope = _total(table, trial)
            if above >= value - 1e-12 * abs(value):
                break
        at, value, gradient = trial, above, slope
    return None


def _total(table: Floats, at: Floats) -> tuple[float, Floats]:
    loglik, scores = _likelihood(at, table.shape[1] - 1)
    return float((table * loglik).sum()), np.einsum("ad,adq->q", table, scores)


def _information(table: Floats, at: Floats) -> Floats:
    """Negative Hessian of the log-likelihood, by differences of the gradient; shape (4, 4)."""
    columns = [
        (_total(table, at - e)[1] - _total(table, at + e)[1]) / (2 * WIDTH)
        for e in WIDTH * np.eye(len(at))
    ]
    return np.asarray((np.array(columns) + np.array(columns).T) / 2)


def _likelihood(at: Floats, most: int) -> tuple[Floats, Floats]:
    """Log-likelihood, shape (2, days), of every pair, and its gradient, shape (2, days, 4)."""
    days = np.arange(most + 1)
    eta, g, alpha = PAIRS @ at[:2], at[2], np.exp(at[3])
    mu = np.exp(eta)[:, None]
    u, pi = 1 + alpha * mu, special.expit(g)
    L, m = np.log(u) / alpha, mu / u
    rising = np.concatenate([[0], np.cumsum(np.log1p(alpha * days[:-1]))])
    rising_a = np.concatenate([[0], np.cumsum(alpha * days[:-1] / (1 + alpha * days[:-1]))])
    loglik = rising + days * (eta[:, None] - np.log(u)) - L - np.logaddexp(0, g)
    d_eta = (days - mu) / u
    d_g = np.full_like(loglik, -pi)
    d_a = rising_a - days * alpha * m - m + L
    excess = special.expit(g + L[:, 0])  # the chance that a zero is one in excess
    loglik[:, 0] = np.logaddexp(g, -L[:, 0]) - np.logaddexp(0, g)
    d_eta[:, 0] = -(1 - excess) * m[:, 0]
    d_g[:, 0] = excess - pi
    d_a[:, 0] = (1 - excess) * (L - m)[:, 0]
    return loglik, np.stack([d_eta, d_eta * PAIRS[:, 1:], d_g, d_a], axis=2)
