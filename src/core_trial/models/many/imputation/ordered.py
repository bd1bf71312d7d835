"""Binary and ordinal variables: a normal latent variable that is cut into levels (probit)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from core_trial.models.inference import Floats
from core_trial.models.many.imputation.linear_draw import draw_linear
from core_trial.models.many.imputation.step import Step

#: Draws of latent variables and parameters between two imputations of the variable.
SWEEPS = 5
#: Standard deviation of a proposed step of a gap's logarithm, times the root of its members.
GAP_STEP = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Latent:
    """Latent variable of the known rows, shape (n,), and the K - 1 cut points, the first zero."""

    z: Floats
    cuts: Floats


@dataclass(frozen=True, slots=True)
class Ordered:
    """Probit model, cumulative where there are more than two levels.

    The latent variable is drawn given the parameters and these given it; after each round both are
    rescaled by a factor drawn from its own posterior, which makes the draws nearly independent.
    Slopes have normal priors (on standardised covariates), so that separation does no harm.

    References
    ----------
    Albert and Chib (1993), J Am Stat Assoc 88: 669-79. Liu and Wu (1999), J Am Stat Assoc 94:
    1264-74 (the rescaling). Cowles (1996), Stat Comput 6: 101-11 (the cut points). White, Daniel
    and Royston (2010), Comput Stat Data Anal 54: 2267-75 (separation).
    """

    def start(self, step: Step) -> Latent:
        """Each level's latent variable where the levels' shares put its middle."""
        share = np.bincount(step.values.astype(int), minlength=len(step.levels)) / len(step.values)
        top = np.cumsum(share)
        cuts = special.ndtri(np.clip(top[:-1], 1e-3, 1 - 1e-3))
        cuts = np.maximum.accumulate(cuts + 1e-6 * np.arange(len(cuts)))
        middle = special.ndtri(np.clip(top - share / 2, 1e-3, 1 - 1e-3))
        first = cuts[0] if len(cuts) else 0.0
        return Latent(middle[step.values.astype(int)] - first, cuts - first)

    def advance(
        self, rng: np.random.Generator, step: Step, known: Floats, missing: Floats, state: Latent
    ) -> tuple[Latent, Floats]:
        """See `Kind.advance`."""
        if len(step.levels) == 1:
            return state, np.full(len(missing), step.levels[0])
        level, own = step.values.astype(int), np.delete(known, step.own, axis=1)
        for _ in range(SWEEPS):
            draw = draw_linear(rng, step, known, state.z, unit=True)
            free = len(level) + len(state.cuts) - 1
            factor = float(np.sqrt(rng.chisquare(free) / draw.square))
            draw = draw.rescaled(factor)
            eta = draw.fitted(own, step.worker_known)
            cuts = _moved(rng, eta, level, factor * state.cuts)
            state = Latent(_truncated(rng, eta, level, cuts), cuts)
        eta = draw.fitted(np.delete(missing, step.own, axis=1), step.worker_missing)
        z = eta + rng.standard_normal(len(eta))
        return state, step.levels[np.searchsorted(state.cuts, z)]


def _truncated(rng: np.random.Generator, eta: Floats, level: np.ndarray, cuts: Floats) -> Floats:
    """Latent variables around `eta`, each between the cut points of its level."""
    edges = np.concatenate([[-np.inf], cuts, [np.inf]])
    low, high = edges[level] - eta, edges[level + 1] - eta
    side = np.where(low > 0, -1.0, 1.0)  # the lower tail keeps its digits, the upper does not
    a, b = np.where(low > 0, -high, low), np.where(low > 0, -low, high)
    below, above = special.ndtr(a), special.ndtr(b)
    share = below + rng.random(len(eta)) * (above - below)
    return np.asarray(eta + side * np.clip(special.ndtri(share), a, b))


def _moved(rng: np.random.Generator, eta: Floats, level: np.ndarray, cuts: Floats) -> Floats:
    """A step of Metropolis and Hastings for the gaps between the cut points, no latent variables.

    The cut points have a flat prior, the logarithms of their gaps one of the gaps' product.
    """
    if len(cuts) < 2:
        return cuts
    gaps = np.diff(cuts)
    members = np.bincount(level, minlength=len(cuts) + 1)[1:-1]
    step = GAP_STEP * rng.standard_normal(len(gaps)) / np.sqrt(members + 1.0)
    moved = np.concatenate([[0.0], np.cumsum(gaps * np.exp(step))])
    gain = _loglik(eta, level, moved) - _loglik(eta, level, cuts) + step.sum()
    return moved if np.log(rng.random()) < gain else cuts


def _loglik(eta: Floats, level: np.ndarray, cuts: Floats) -> float:
    edges = np.concatenate([[-np.inf], cuts, [np.inf]])
    low, high = edges[level] - eta, edges[level + 1] - eta
    flip = low > 0
    a, b = np.where(flip, -high, low), np.where(flip, -low, high)
    with np.errstate(divide="ignore"):
        return float(np.log(special.ndtr(b) - special.ndtr(a)).sum())
