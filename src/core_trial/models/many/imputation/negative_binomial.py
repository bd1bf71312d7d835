"""Counts: negative binomial with a log link and a normal worker effect, by Metropolis steps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import special
from scipy.linalg import lapack

from core_trial.models.inference import Floats
from core_trial.models.many.imputation.step import Step

#: Rounds of draws between two imputations of the variable.
SWEEPS = 5
#: Weighted least squares steps that lead to the first draw.
FIRST_STEPS = 12
#: Prior standard deviation of the logarithm of the dispersion, around 0.
DISPERSION_SD = 2.0
#: Standard deviation of a proposed step of that logarithm, and of the worker effects' spread.
DISPERSION_STEP, SPREAD_STEP = 0.35, 0.5
#: Largest standard deviation of the worker effects, on the log scale.
LARGEST_SPREAD = 3.0
#: Largest linear predictor: a mean of half a billion, beyond which no count can be drawn.
LARGEST_PREDICTOR = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Parameters of the model.

    Parameters
    ----------
    beta
        Coefficients, shape (p,).
    effects
        Worker effects, shape (G,); empty where there are none.
    log_dispersion
        Logarithm of alpha, where the variance is mu + alpha mu^2.
    spread
        Standard deviation of the worker effects.
    """

    beta: Floats
    effects: Floats
    log_dispersion: float
    spread: float


@dataclass(frozen=True, slots=True)
class NegativeBinomial:
    """Each block of parameters in turn: coefficients, worker effects, their spread, dispersion.

    Coefficients and worker effects are proposed from the normal that weighted least squares gives,
    and accepted or refused so that the draws are those of the posterior.

    References
    ----------
    Gamerman (1997), Stat Comput 7: 57-68 (the proposals). Gelman (2006), Bayesian Anal 1: 515-33
    (uniform standard deviation of the worker effects). Yu and Meng (2011), J Comput Graph Stat 20:
    531-70 (the spread is moved with and without the effects).
    """

    def start(self, step: Step) -> None:
        """The first iteration finds its own start."""

    def advance(
        self,
        rng: np.random.Generator,
        step: Step,
        known: Floats,
        missing: Floats,
        state: Counts | None,
    ) -> tuple[Counts, Floats]:
        """See `Kind.advance`."""
        X = np.delete(known, step.own, axis=1)
        now = state or _first(step, X)
        for _ in range(SWEEPS):
            now = _move_beta(rng, step, X, now)
            if step.clustered:
                now = _move_effects(rng, step, X, now)
                now = _move_spread(rng, step, X, now)
            now = _move_dispersion(rng, step, X, now)
        eta = np.delete(missing, step.own, axis=1) @ now.beta
        if step.clustered:
            eta = eta + now.effects[step.worker_missing]
        mean = np.exp(np.minimum(eta, LARGEST_PREDICTOR))
        alpha = np.exp(now.log_dispersion)
        return now, rng.poisson(mean * rng.gamma(1 / alpha, alpha, len(mean))).astype(float)


def _predictor(step: Step, X: Floats, now: Counts) -> Floats:
    eta: Floats = X @ now.beta
    if step.clustered:
        eta = eta + now.effects[step.worker_known]
    return np.minimum(eta, LARGEST_PREDICTOR)


def _loglik(y: Floats, eta: Floats, log_dispersion: float) -> Floats:
    """Each row's log-likelihood but for what depends on the counts and the dispersion alone."""
    return np.asarray(
        y * eta - (y + np.exp(-log_dispersion)) * np.logaddexp(0.0, log_dispersion + eta)
    )


def _working(step: Step, eta: Floats, log_dispersion: float) -> tuple[Floats, Floats]:
    """Weight of each row, and its weighted residual, both on the scale of the predictor."""
    mean = np.exp(eta)
    weight = mean / (1 + np.exp(log_dispersion) * mean)
    return weight, weight * (step.values - mean) / mean


def _normal(step: Step, X: Floats, now: Counts) -> tuple[Floats, Floats]:
    """Cholesky factor of the proposal's precision, and its mean."""
    weight, residual = _working(step, _predictor(step, X, now), now.log_dispersion)
    precision = (X.T * weight) @ X
    precision[np.diag_indices_from(precision)] += step.penalty
    score = X.T @ residual - step.penalty * now.beta
    factor, shift, _ = lapack.dposv(precision, score, lower=1)
    return np.tril(factor), now.beta + np.asarray(shift)


def _first(step: Step, X: Floats) -> Counts:
    beta = np.zeros(X.shape[1])
    beta[0] = np.log(step.values.mean() + 0.1)
    now = Counts(beta, np.zeros(len(step.sizes)), 0.0, 0.2)
    for _ in range(FIRST_STEPS):
        target = _normal(step, X, now)[1]
        now = replace(now, beta=now.beta + np.clip(target - now.beta, -1.0, 1.0))
    return now


def _log_target(step: Step, X: Floats, now: Counts) -> float:
    rows = _loglik(step.values, _predictor(step, X, now), now.log_dispersion)
    return float(rows.sum() - (step.penalty * now.beta**2).sum() / 2)


def _log_density(factor: Floats, mean: Floats, at: Floats) -> float:
    scaled = factor.T @ (at - mean)
    return float(np.log(np.diagonal(factor)).sum() - scaled @ scaled / 2)


def _move_beta(rng: np.random.Generator, step: Step, X: Floats, now: Counts) -> Counts:
    factor, mean = _normal(step, X, now)
    noise = lapack.dtrtrs(factor, rng.standard_normal(len(mean)), lower=1, trans=1)[0]
    moved = replace(now, beta=mean + noise)
    back = _normal(step, X, moved)
    gain = _log_target(step, X, moved) - _log_target(step, X, now)
    gain += _log_density(*back, now.beta) - _log_density(factor, mean, moved.beta)
    return moved if np.log(rng.random()) < gain else now


def _move_effects(rng: np.random.Generator, step: Step, X: Floats, now: Counts) -> Counts:
    """Every worker's effect, accepted or refused one by one."""
    base: Floats = X @ now.beta
    mean, precision, own = _of_workers(step, base, now)
    moved = mean + rng.standard_normal(len(mean)) / np.sqrt(precision)
    there = replace(now, effects=moved)
    back, back_precision, other = _of_workers(step, base, there)
    gain = other - own
    gain += (np.log(back_precision) - back_precision * (now.effects - back) ** 2) / 2
    gain -= (np.log(precision) - precision * (moved - mean) ** 2) / 2
    taken = np.log(rng.random(len(mean))) < gain
    return replace(now, effects=np.where(taken, moved, now.effects))


def _of_workers(step: Step, base: Floats, now: Counts) -> tuple[Floats, Floats, Floats]:
    """Proposal's mean and precision and the log posterior of each worker's effect, shape (G,)."""
    G, worker = len(step.sizes), step.worker_known
    eta = np.minimum(base + now.effects[worker], LARGEST_PREDICTOR)
    weight, residual = _working(step, eta, now.log_dispersion)
    prior = 1 / now.spread**2
    precision = np.bincount(worker, weight, G) + prior
    score = np.bincount(worker, residual, G) - prior * now.effects
    rows = _loglik(step.values, eta, now.log_dispersion)
    target = np.bincount(worker, rows, G) - prior * now.effects**2 / 2
    return now.effects + score / precision, np.asarray(precision), target


def _move_spread(rng: np.random.Generator, step: Step, X: Floats, now: Counts) -> Counts:
    """The spread given the effects, then spread and effects by the same factor."""
    square, free = float(now.effects @ now.effects), max(len(now.effects) - 1, 1)
    beyond = special.chdtrc(free, square / LARGEST_SPREAD**2)
    now = replace(now, spread=float(np.sqrt(square / special.chdtri(free, rng.random() * beyond))))
    step_size = SPREAD_STEP * float(rng.standard_normal())
    factor = float(np.exp(step_size))
    moved = replace(now, spread=now.spread * factor, effects=now.effects * factor)
    gain = _log_target(step, X, moved) - _log_target(step, X, now) + step_size
    accepted = moved.spread < LARGEST_SPREAD and np.log(rng.random()) < gain
    return moved if accepted else now


def _move_dispersion(rng: np.random.Generator, step: Step, X: Floats, now: Counts) -> Counts:
    eta = _predictor(step, X, now)
    proposed = now.log_dispersion + DISPERSION_STEP * float(rng.standard_normal())
    gain = _of_dispersion(step, eta, proposed) - _of_dispersion(step, eta, now.log_dispersion)
    return replace(now, log_dispersion=proposed) if np.log(rng.random()) < gain else now


def _of_dispersion(step: Step, eta: Floats, log_dispersion: float) -> float:
    y, shape = step.values, np.exp(-log_dispersion)
    rows = _loglik(y, eta, log_dispersion) + y * log_dispersion
    rows = rows + special.gammaln(y + shape) - special.gammaln(shape)
    return float(rows.sum() - (log_dispersion / DISPERSION_SD) ** 2 / 2)
