r"""Distributions with their canonical link, as far as likelihoods need them.

A row of :math:`m` trials with summed response :math:`s` has the log-likelihood
:math:`s\eta - m\,b(\eta)`, up to a constant in the data. All else follows from the cumulant
function :math:`b`: mean :math:`b'`, variance :math:`b''`, and the two derivatives after it.

References
----------
McCullagh and Nelder (1989), Generalized Linear Models, 2nd ed., section 2.2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from core_trial.models.inference import Floats

#: exp() of more than this is not a number to count with; means are held below it.
LARGEST_EXPONENT = 500.0


@dataclass(frozen=True, slots=True)
class Family:
    """A distribution with its canonical link.

    Parameters
    ----------
    name
        ``"logistic"`` or ``"Poisson"``.
    scale
        The link, as `Fit` names it.
    cumulant
        From the linear predictor to b, b' and b''.
    derivatives
        From the linear predictor to b', b'', b''' and b''''.
    constant
        From the responses to what their log-likelihood holds beside ``s * eta - m * b(eta)``.
    start
        From a mean response to a linear predictor at which to begin.
    bounded
        Whether the response has an upper bound of one per trial.
    """

    name: str
    scale: Literal["logit", "log"]
    cumulant: Callable[[Floats], tuple[Floats, Floats, Floats]]
    derivatives: Callable[[Floats], tuple[Floats, Floats, Floats, Floats]]
    constant: Callable[[Floats], float]
    start: Callable[[Floats], Floats]
    bounded: bool


def _logistic_cumulant(eta: Floats) -> tuple[Floats, Floats, Floats]:
    decay = np.exp(-np.abs(eta))  # never overflows, and keeps the digits of small probabilities
    larger = 1.0 / (1.0 + decay)
    smaller = decay * larger
    b = np.maximum(eta, 0.0) + np.log1p(decay)
    return b, np.where(eta >= 0, larger, smaller), smaller * larger


def _logistic_derivatives(eta: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    decay = np.exp(-np.abs(eta))
    larger = 1.0 / (1.0 + decay)
    smaller = decay * larger
    mean = np.where(eta >= 0, larger, smaller)
    variance = smaller * larger
    third = variance * np.copysign(larger - smaller, -eta)
    return mean, variance, third, variance * (1.0 - 6.0 * variance)


def _logit(mean: Floats) -> Floats:
    return special.logit(0.5 + 0.9 * (mean - 0.5))


def _no_constant(y: Floats) -> float:
    return 0.0


def _poisson_cumulant(eta: Floats) -> tuple[Floats, Floats, Floats]:
    mean = np.exp(np.minimum(eta, LARGEST_EXPONENT))
    return mean, mean, mean


def _poisson_derivatives(eta: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    mean = np.exp(np.minimum(eta, LARGEST_EXPONENT))
    return mean, mean, mean, mean


def _log_factorials(y: Floats) -> float:
    return -float(special.gammaln(y + 1.0).sum())


def _log(mean: Floats) -> Floats:
    return np.log(mean + 0.1)


LOGISTIC = Family(
    "logistic",
    "logit",
    _logistic_cumulant,
    _logistic_derivatives,
    _no_constant,
    _logit,
    bounded=True,
)
POISSON = Family(
    "Poisson",
    "log",
    _poisson_cumulant,
    _poisson_derivatives,
    _log_factorials,
    _log,
    bounded=False,
)
