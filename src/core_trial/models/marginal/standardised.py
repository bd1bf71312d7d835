"""Risk difference and risk ratio from the mixed logistic model, standardised to the trial."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.clusters import Blank, Clusters, Ints, Nesting, clusters, nesting
from core_trial.models.coding import Categories
from core_trial.models.columns import Missing, column, column_of_level, levels_of, sample
from core_trial.models.design import Design, build
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats, Quantity, wald
from core_trial.models.intercept.answer import Answer, solve
from core_trial.models.intercept.layout import distinct
from core_trial.models.intercept.mixed_logistic import KIND
from core_trial.models.intercept.model import prepare
from core_trial.models.numerics.canonical import LOGISTIC
from core_trial.models.numerics.quadrature import MOST_POINTS, hermite_rule
from core_trial.models.numerics.sandwich import clustered_sandwich

Measure = Literal["risk_difference", "risk_ratio"]
MEASURES = ("risk_difference", "risk_ratio")
#: A row that moves less than this along a direction of separation stands still.
STILL = 1e-6


def standardised(
    formula: str,
    frame: pd.DataFrame,
    *,
    cluster: str,
    arm: str = "arm",
    measure: Measure = "risk_difference",
    points: int = 7,
    random: str = "1",
    confidence: float = 0.95,
    missing: Missing = "refuse",
    blank_cluster: Blank = "refuse",
) -> Fit:
    r"""Compare the risks if everybody in the trial were in one arm, and if in the other.

    A mixed logistic model is fitted; each participant's risk in either arm is averaged over the
    distribution of the random effect, and then over the participants:
    :math:`r_a = n^{-1}\sum_i E_b\{\mathrm{expit}(x_i(a)'\beta + z_i(a)\sigma b)\}`.

    Parameters
    ----------
    formula, frame, cluster, points, confidence
        As in `mixed_logistic`.
    arm
        The treatment: a column of two levels that is in the formula.
    measure
        What the fit's only coefficient is: the difference of the two risks, or the log of their
        ratio (the effect is then the ratio). `quantities` holds both.
    random
        ``"1"``, or the name of `arm` for a random effect in its second level only, or of another
        level, as in ``"arm[CBT]"``.
    missing, blank_cluster
        As in `mixed_logistic`.

    Returns
    -------
    Fit
        One coefficient, named as the arm's column of the design, so that ``effect("arm")`` finds
        it; `quantities` has ``risk_difference``, ``risk_ratio`` and ``risk[level]`` of both arms.
        Convergence and warnings are those of the mixed model, and so are `variance` and `loglik`.

    Raises
    ------
    DesignError
        If the data or the choices cannot be fitted; the message says what to change.

    Notes
    -----
    The covariance of the two risks is the sum of two parts: the delta method with the joint
    covariance of coefficients and standard deviation, and the empirical variance of the
    participants' own risks, summed by cluster, for the covariates are a sample too. With the model
    right the two are uncorrelated.

    References
    ----------
    Zeger, Liang and Albert (1988), Biometrics 44: 1049-60 (averaging over the random effect). Ge
    et al. (2011), Drug Inf J 45: 481-93 (delta method). Bartlett (2018), Pharm Stat 17: 648-66 (the
    covariates' part).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "readmitted": [1, 0, 0, 0, 1, 0, 1, 1, 1, 0],
    ...     "arm": [1, 1, 1, 1, 1, 1, 0, 0, 0, 0],
    ...     "worker": ["a", "a", "a", "b", "b", "b", "c", "d", "e", "f"],
    ... })
    >>> fit = standardised("readmitted ~ arm", frame, cluster="worker")
    >>> round(fit.effect("arm").estimate, 3)
    -0.417
    """
    if measure not in MEASURES:
        raise DesignError(f"measure {measure!r}: choose {' or '.join(MEASURES)}")
    rows = sample(frame, formula, missing=missing, random=random, cluster=cluster, arm=arm)
    if random != "1" and column_of_level(rows.frame, random)[0] != arm:
        raise DesignError(f"random={random!r}: the risks need '1', {arm!r} or a level of it")
    nested = nesting(rows.frame, random)
    model = prepare(
        KIND,
        build(formula, rows),
        clusters(rows.frame, cluster, nested=nested, blank=blank_cluster),
        random=nested,
        points=points,
        confidence=confidence,
    )
    fit = model.fit()  # refuses a response that is not 0 or 1
    answer = solve(model.layout, model.basis, LOGISTIC, model.design.y, points)
    worlds = _worlds(model.design, rows.frame, arm, nested)
    risks = _risks(worlds, answer, model.layout.clusters)
    compared = np.isfinite(fit.beta[list(model.design.term_columns[arm])]).all()
    return _as_fit(fit, risks, worlds, measure, compared=bool(compared))


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """The trial with everybody in one arm.

    Parameters
    ----------
    level
        The arm.
    patterns
        Distinct rows of the design matrix, shape (P, p).
    pattern_of
        Pattern of each participant, shape (n,).
    random
        Whether the random effect enters.
    term
        Name of the arm's column in the design.
    """

    level: str
    patterns: Floats
    pattern_of: Ints
    random: bool
    term: str


@dataclass(frozen=True, slots=True, eq=False)
class Risks:
    """The two average risks, shape (2,), reference first, and their covariance, shape (2, 2)."""

    mean: Floats
    cov: Floats


def _worlds(
    design: Design, frame: pd.DataFrame, arm: str, nested: Nesting | None
) -> tuple[World, World]:
    """Both worlds, coded as the trial was, the reference first."""
    recipe = design.recipe
    if recipe is None or arm not in design.term_columns:
        raise DesignError(f"arm={arm!r} is not in the formula {str(design.formula)!r}")
    values, coder = column(frame, arm), recipe.coders[arm]
    levels = levels_of(arm, values, declared=True)
    if len(levels) != 2:
        raise DesignError(f"column {arm!r} must have two levels, not {len(levels)}")
    term = arm
    if isinstance(coder, Categories):
        if coder.contrast_names == (str(levels[0]),):  # coded against its second level
            levels = levels[::-1]
        term = f"{arm}[{levels[1]}]"
    made = []
    for level in levels:
        everybody = pd.Series([level], dtype=values.dtype).repeat(len(frame)).set_axis(frame.index)
        X = recipe.matrix(frame.assign(**{arm: everybody}))
        pattern_of, first = distinct(X)
        enters = nested is None or level == nested.level
        made.append(World(str(level), X[first], pattern_of, enters, term))
    return made[0], made[1]


def _risks(worlds: tuple[World, World], answer: Answer, members: Clusters) -> Risks:
    """Average risks and the two parts of their covariance."""
    own, slopes = zip(*(_of_patterns(world, answer) for world in worlds), strict=True)
    risk = np.column_stack([r[w.pattern_of] for r, w in zip(own, worlds, strict=True)])
    n, mean = len(risk), risk.mean(axis=0)
    gradient = np.stack(
        [
            np.bincount(w.pattern_of, minlength=len(s)) @ s / n
            for s, w in zip(slopes, worlds, strict=True)
        ]
    )
    joint = np.nan_to_num(answer.joint)
    parameters = gradient @ joint @ gradient.T
    covariates = clustered_sandwich(np.eye(2) / n, risk - mean, members)
    return Risks(mean, parameters + covariates)


def _of_patterns(world: World, answer: Answer) -> tuple[Floats, Floats]:
    """Each pattern's risk, shape (P,), and its gradient, shape (P, p + 1).

    Where the data separate, a pattern that moves along the direction of separation has a risk of 0
    or 1; one that stands still is estimated; of any other nothing is known.
    """
    X, sd = world.patterns, answer.sd if world.random else 0.0
    rule = hermite_rule(MOST_POINTS)
    weights = np.exp(rule.log_lifted - rule.nodes**2 / 2)
    _, mean, variance = LOGISTIC.cumulant((X @ answer.beta)[:, None] + sd * rule.nodes)
    risk = mean @ weights
    slope = np.empty((len(X), X.shape[1] + 1))
    slope[:, :-1] = (variance @ weights)[:, None] * X
    slope[:, -1] = variance @ (weights * rule.nodes) if world.random and sd > 0 else 0.0
    apart = answer.apart
    if apart is not None:
        moves = X @ apart.direction
        open_ = np.abs(X @ apart.null.T).max(axis=1) > STILL
        risk[open_] = np.nan
        risk[moves < -STILL], risk[moves > STILL] = 0.0, 1.0
        slope[open_] = 0.0
    return risk, slope


def _as_fit(
    fit: Fit, risks: Risks, worlds: tuple[World, World], measure: Measure, *, compared: bool
) -> Fit:
    """The measure as the only coefficient, and all of them as quantities."""
    reference, other = risks.mean
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = np.array([reference, other, other - reference, np.log(other / reference)])
        slope = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 1.0], [-1.0 / reference, 1.0 / other]])
        variance = np.einsum("ij,jk,ik->i", slope, risks.cov, slope)
    known = np.isfinite(estimate) & (variance > 0) & compared
    estimate, variance = np.where(known, [estimate, variance], np.nan)
    error = np.sqrt(variance)
    k = 2 + MEASURES.index(measure)
    return replace(
        fit,
        model="standardised",
        method=f"{measure.replace('_', ' ')} standardised to the trial from a mixed logistic model "
        f"({fit.method}); delta method and empirical variance of the covariates",
        terms=(worlds[1].term,),
        converged=fit.converged and bool(known[k]),
        beta=estimate[k : k + 1],
        cov=variance[k : k + 1, None],
        df=np.array([np.inf]),
        scale="identity" if measure == "risk_difference" else "log",
        quantities=_quantities(estimate, error, worlds, fit.confidence),
        tests={},
        variance_intervals={},
        term_columns={worlds[1].term.partition("[")[0]: (0,)},
        recipe=None,
        random_intercept=None,
        profiler=None,
        random_effects=pd.Series(dtype=float),
    )


def _quantities(
    estimate: Floats, error: Floats, worlds: tuple[World, World], confidence: float
) -> dict[str, Quantity]:
    """Both risks, their difference, and their ratio (its interval by its logarithm)."""
    names = [f"risk[{world.level}]" for world in worlds] + list(MEASURES)
    w = wald(estimate, error, np.inf, confidence)
    found = {}
    for k, name in enumerate(names):
        value, spread, low, high = (float(x[k]) for x in (estimate, error, w.low, w.high))
        if name == "risk_ratio":
            value, low, high = (float(np.exp(x)) for x in (value, low, high))
            spread *= value
        p = float(w.p_value[k]) if name in MEASURES else np.nan
        found[name] = Quantity(value, spread, low, high, p)
    return found
