"""How many participants a model of counts expects at each number."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from core_trial.errors import DesignError
from core_trial.models import clusters as who
from core_trial.models import design as designs
from core_trial.models.counts.count_fit import INFLATE
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats

Whole = NDArray[np.int_]
#: A normal distribution on an even grid, in standard deviations: between the nodes of a Gaussian
#: rule a Poisson distribution with a large random effect would come out in waves.
_GRID = np.linspace(-8, 8, 801)
_GRID_WEIGHTS = np.exp(-(_GRID**2) / 2) / np.exp(-(_GRID**2) / 2).sum()
MODELS = ("poisson", "negative_binomial", "zero_inflated_nb", "mixed_poisson")


def expected_counts(
    fit: Fit,
    frame: pd.DataFrame,
    support: Whole,
    *,
    random: str = "1",
    among: NDArray[np.bool_] | None = None,
) -> Floats:
    """Rows that a fitted model expects at each of several counts, to set beside those observed.

    Parameters
    ----------
    fit
        Of `poisson`, `negative_binomial`, `zero_inflated_nb` or, without an offset, of
        `mixed_poisson`.
    frame
        The rows it was fitted to, in their order.
    support
        The counts, shape (k,).
    random
        What `mixed_poisson` was given.
    among
        Rows to count, shape (n,), such as those of one arm; None for all.

    Returns
    -------
    ndarray
        Shape (k,). For a mixed model the rows' probabilities are averaged over the distribution of
        the random effect.

    Raises
    ------
    DesignError
        For a fit of another model, other rows, or a fit without estimates.

    Examples
    --------
    >>> from core_trial.models import poisson
    >>> frame = pd.DataFrame({"arm": [0, 0, 0, 1, 1, 1], "days": [0, 1, 2, 0, 0, 9]})
    >>> fit = poisson("days ~ arm", frame)
    >>> expected_counts(fit, frame, np.array([0, 1, 2])).round(2)
    array([1.25, 1.55, 1.22])
    """
    if fit.model not in MODELS:
        raise DesignError(f"{fit.model} is no model of counts; these are: {', '.join(MODELS)}")
    counted = np.ones(len(frame), dtype=bool) if among is None else np.asarray(among, dtype=bool)
    if len(counted) != len(frame):
        raise DesignError(f"among has {len(counted)} entries and the frame {len(frame)} rows")
    if fit.model == "mixed_poisson":
        return _averaged(fit, frame, support, random, counted)
    if len(fit.fitted) != len(frame):
        raise DesignError(
            f"the fit has means of {len(fit.fitted)} rows and the frame has {len(frame)}: give the "
            "rows that were fitted, and a fit with estimates"
        )
    inflated = _inflated(fit, frame)
    mean = fit.fitted / (1 - inflated)
    if fit.model == "poisson":
        probability = poisson_pmf(support, mean)
    else:
        probability = negative_binomial_pmf(support, mean, fit.dispersion)
    share = (1 - inflated)[:, None] * probability + inflated[:, None] * (support == 0)
    return np.asarray(share[counted].sum(axis=0), dtype=float)


def _inflated(fit: Fit, frame: pd.DataFrame) -> Floats:
    """Probability of an excess zero of each row, shape (n,); zero without inflation."""
    gamma = np.array(
        [b for name, b in zip(fit.terms, fit.beta, strict=True) if name.startswith(INFLATE)]
    )
    if len(gamma) == 0 or np.isnan(gamma).any():
        return np.zeros(len(frame))
    part = fit.formula.partition("|")[2].strip()
    return np.asarray(special.expit(designs.build(part, frame).X @ gamma), dtype=float)


def _averaged(
    fit: Fit, frame: pd.DataFrame, support: Whole, random: str, counted: NDArray[np.bool_]
) -> Floats:
    eta = designs.build(fit.formula, frame).X @ fit.beta
    enters = np.ones(len(eta)) if random == "1" else who.indicator(frame, random)
    sd = np.sqrt(fit.variance["cluster"])
    alike, rows = np.unique(np.column_stack([eta, enters])[counted], axis=0, return_counts=True)
    expected = np.zeros(len(support))
    for (mean, inside), n in zip(alike, rows, strict=True):
        mu = np.exp(mean + inside * sd * _GRID)
        expected += n * (_GRID_WEIGHTS @ poisson_pmf(support, mu))
    return expected


def poisson_pmf(support: Whole, mean: Floats) -> Floats:
    """Poisson probabilities, shape (n, k) for means of shape (n,) and a support of shape (k,)."""
    mu = mean[:, None]
    return np.exp(special.xlogy(support, mu) - mu - special.gammaln(support + 1))


def negative_binomial_pmf(support: Whole, mean: Floats, alpha: float) -> Floats:
    """Probabilities with variance mu + alpha mu^2; the Poisson's where alpha is zero."""
    if not alpha > 0:
        return poisson_pmf(support, mean)
    mu, r = mean[:, None], 1 / alpha
    log_choose = special.gammaln(support + r) - special.gammaln(r) - special.gammaln(support + 1)
    return np.exp(log_choose - r * np.log1p(alpha * mu) + special.xlogy(support, mu / (mu + r)))
