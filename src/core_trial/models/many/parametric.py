"""Parametric bootstrap of the likelihood ratio of one coefficient, and the interval it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy import optimize

from core_trial.errors import DesignError
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats, Quantity, Test
from core_trial.models.intercept.answer import solve, top
from core_trial.models.intercept.few import unbiased_share
from core_trial.models.intercept.model import InterceptModel
from core_trial.models.many.draws import simulation
from core_trial.models.many.replicate import replicate
from core_trial.models.numerics.few_clusters import compared

#: Fewer draws leave the fifth part of a hundred to chance.
FEWEST_DRAWS = 99
#: An end of an interval that lies further out than this many standard errors is not looked for.
FARTHEST = 64.0
#: Likelihood ratios that differ by less are equal: rounding of two searches.
EQUAL = 1e-7


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How a likelihood ratio is bootstrapped.

    Parameters
    ----------
    term
        The coefficient, or the variable that has one; None for the comparison between clusters.
    draws
        Number of simulated responses.
    seed
        Seed of their generators.
    workers
        Number of processes; None leaves it to joblib's configuration.
    progress
        Whether to show a progress bar.
    """

    term: str | None = None
    draws: int = 999
    seed: int = 0
    workers: int | None = None
    progress: bool = False


def with_bootstrap(model: InterceptModel, fit: Fit, how: Bootstrap) -> Fit:
    r"""Add to a fit the bootstrapped test and interval of one coefficient.

    Responses are simulated from the fit without the coefficient, its variance between clusters
    times K / (K - r), for which maximum likelihood takes it too small. The p-value is
    :math:`(1 + \#\{LR^* \ge LR\})/(B + 1)`; the interval holds the values whose likelihood ratio is
    below the quantile of the simulated ones, so that it excludes no effect exactly where the test
    rejects.

    Parameters
    ----------
    model
        What was fitted.
    fit
        Its fit to the design's own response.
    how
        Coefficient, number of draws, seed, processes.

    Returns
    -------
    Fit
        `tests` and `quantities` have ``"<term> (bootstrap)"``.

    Raises
    ------
    DesignError
        If the coefficient has no finite estimate, or the variance between clusters is not
        identified.

    References
    ----------
    Davison and Hinkley (1997), Bootstrap Methods and their Application, section 4.4. Halekoh and
    Højsgaard (2014), J Stat Softw 59(9), section 5.
    """
    if how.draws < FEWEST_DRAWS:
        raise DesignError(f"draws={how.draws}: a bootstrap needs {FEWEST_DRAWS} at least")
    k = _position(model, fit, how.term)
    if not np.isfinite(fit.beta[k]) or not np.isfinite(fit.variance["cluster"]):
        raise DesignError(
            f"{fit.terms[k]}: a bootstrap needs a finite estimate and an identified variance"
        )
    ratio, simulated = _ratios(model, k, how)
    p = (1 + int((simulated >= ratio - EQUAL).sum())) / (len(simulated) + 1)
    low, high = _interval(model, fit, k, _cutoff(simulated, fit.confidence))
    name = f"{fit.terms[k]} (bootstrap)"
    report = np.exp if fit.scale != "identity" else np.asarray
    estimate, low, high = (float(report(x)) for x in (fit.beta[k], low, high))
    test = Test(f"{fit.terms[k]} is zero, likelihood ratio by {how.draws} draws", ratio, 1.0, p)
    return replace(
        fit,
        method=f"{fit.method}; {fit.terms[k]} by parametric bootstrap of the likelihood ratio",
        tests={**fit.tests, name: test},
        quantities={name: Quantity(estimate, np.nan, low, high, p), **fit.quantities},
    )


def _position(model: InterceptModel, fit: Fit, term: str | None) -> int:
    if term is not None:
        return fit.position(term)
    design = model.design
    _, labels = compared(design.X, design.columns, model.layout.clusters.codes)
    variables = dict.fromkeys(name.partition("[")[0] for name in design.columns)
    for variable in variables:
        if any(label.startswith((f"{variable}[", f"{variable} =")) for label in labels):
            return fit.position(variable)
    raise DesignError("no variable compares clusters: name the one that is meant, term=...")


def _ratios(model: InterceptModel, k: int, how: Bootstrap) -> tuple[float, Floats]:
    """The likelihood ratio of a coefficient against zero, and simulated ones, shape (B,).

    A response that could not be fitted counts as infinitely far from no effect.
    """
    without = model.held(k, 0.0)
    family = model.kind.family
    none = solve(without.layout, without.basis, family, model.design.y, model.points)
    if none.apart is not None:
        raise DesignError("the data separate without the coefficient too: nothing to simulate from")
    gain = partial(_gain, model, without)
    layout = model.layout
    share = unbiased_share(model.design, layout.clusters, layout.random.astype(float))
    many = replicate(
        gain,
        simulation(without, none.beta, none.sd * np.sqrt(share)),
        how.draws,
        seed=how.seed,
        workers=how.workers,
        progress=how.progress,
    )
    simulated = np.array([outcome.loglik for outcome in many.outcomes])
    return 2 * gain(model.design.y).loglik, 2 * np.where(np.isfinite(simulated), simulated, np.inf)


def _gain(model: InterceptModel, without: InterceptModel, y: Floats) -> Fit:
    """A fit of which only the log-likelihood counts: what a response gains by the coefficient."""
    heights = [top(m.layout, m.basis, m.kind.family, y, m.points) for m in (model, without)]
    none = np.empty(0)
    return Fit(
        model="likelihood ratio",
        formula=str(model.design.formula),
        method="",
        terms=(),
        beta=none,
        cov=np.empty((0, 0)),
        df=none,
        scale=model.kind.family.scale,
        loglik=max(heights[0] - heights[1], 0.0),
        n=len(y),
        n_clusters=0,
    )


def _cutoff(simulated: Floats, confidence: float) -> float:
    """The likelihood ratio above which the p-value is below 1 - confidence."""
    exceed = int(np.floor((1 - confidence) * (len(simulated) + 1) + EQUAL))
    return float(np.sort(simulated)[::-1][max(exceed - 1, 0)])


def _interval(model: InterceptModel, fit: Fit, k: int, cutoff: float) -> tuple[float, float]:
    """Where the likelihood ratio passes the cutoff on either side; infinite where it never does."""
    y, estimate = model.design.y, float(fit.beta[k])
    highest = top(model.layout, model.basis, model.kind.family, y, model.points)

    def excess(value: float) -> float:
        held = model.held(k, value)
        height = top(held.layout, held.basis, held.kind.family, y, held.points)
        return 2 * (highest - height) - cutoff

    error = float(fit.std_error[k])
    return _end(excess, estimate, -error), _end(excess, estimate, error)


def _end(excess: Callable[[float], float], start: float, step: float) -> float:
    """The first change of sign in a direction."""
    if not np.isfinite(step):
        return float(np.copysign(np.inf, step)) if step else np.nan
    near, far = start, start + 2 * step
    while excess(far) < 0:
        near, far = far, far + 2 * (far - start)
        if abs(far - start) > FARTHEST * abs(step):
            return float(np.copysign(np.inf, step))
    return float(optimize.brentq(excess, near, far, xtol=1e-6 * abs(step)))
