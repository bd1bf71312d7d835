"""Risk differences and risk ratios from the mixed logistic model, standardised to the trial."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.choices import refuse_choice
from core_trial.models.clusters import Blank, Clusters, clusters, nesting
from core_trial.models.columns import Missing, sample
from core_trial.models.design import build
from core_trial.models.fit import Fit
from core_trial.models.formula import parse
from core_trial.models.inference import Floats, Quantity, wald
from core_trial.models.intercept.answer import Answer, solve
from core_trial.models.intercept.few import Inference
from core_trial.models.intercept.logistic import fit_logistic
from core_trial.models.intercept.mixed_logistic import KIND
from core_trial.models.intercept.model import prepare
from core_trial.models.marginal.worlds import World, everybody_in
from core_trial.models.numerics.canonical import LOGISTIC
from core_trial.models.numerics.quadrature import MOST_POINTS, hermite_rule
from core_trial.models.numerics.sandwich import clustered_sandwich
from core_trial.models.weights import WeightType, binary, offset_of, only_frequency

Measure = Literal["risk_difference", "risk_ratio"]
MEASURES = ("risk_difference", "risk_ratio")
#: A row that moves less than this along a direction of separation stands still.
STILL = 1e-6


def standardised(
    formula: str,
    frame: pd.DataFrame,
    *,
    cluster: str | None,
    arm: str = "arm",
    reference: object = None,
    measure: Measure = "risk_difference",
    points: int = 7,
    random: str = "1",
    inference: Inference | None = None,
    offset: str | None = None,
    weights: str | None = None,
    weight_type: WeightType = "frequency",
    success: object = None,
    trials: str | None = None,
    confidence: float = 0.95,
    missing: Missing = "refuse",
    blank_cluster: Blank = "refuse",
) -> Fit:
    r"""Compare the risks if everybody in the trial were in one arm, and if in another.

    A mixed logistic model is fitted; each participant's risk in each arm is averaged over the
    distribution of the random effect, and then over the participants:
    :math:`r_a = n^{-1}\sum_i E_b\{\mathrm{expit}(x_i(a)'\beta + z_i(a)\sigma b)\}`.

    Parameters
    ----------
    formula, frame, points, offset, weights, weight_type, success, trials, confidence
        As in `mixed_logistic`.
    cluster
        Column with the cluster of each row; None where nobody is clustered, for a plain logistic
        regression, without `random` and `inference`.
    arm
        The treatment: a column of two levels or more that is in the formula.
    reference
        The arm that the others are compared with; the first level if None.
    measure
        What the fit's coefficients are: the differences of risks from the reference's, or the logs
        of their ratios to it (the effects are then the ratios). `quantities` holds both.
    random
        ``"1"``; the name of `arm` for a random effect in its second level of two only, or of
        another level, as in ``"arm[CBT]"``; or a 0/1 column that says in which arms it enters.
    missing, blank_cluster
        As in `mixed_logistic`.
    inference
        ``"normal"``, or ``"t"`` with the arm's degrees of freedom in the mixed model. None takes
        the normal where an arm has clusters worth 20 equal ones or more, and t below.

    Returns
    -------
    Fit
        A coefficient for each arm but the reference. With two arms it is named as the arm's column
        of the design, so that ``effect("arm")`` finds it; `quantities` has ``risk_difference`` and
        ``risk_ratio``, with several arms followed by ``[level]``, and ``risk[level]`` of every arm.
        Convergence and warnings are those of the logistic model, and so are `variance` and
        `loglik`.

    Raises
    ------
    DesignError
        If the data or the choices cannot be fitted; the message says what to change.

    Notes
    -----
    The covariance of the risks is the sum of two parts: the delta method with the joint covariance
    of coefficients and standard deviation, and the empirical variance of the participants' own
    risks, summed by cluster, for the covariates are a sample too. With the model right the two are
    uncorrelated.

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
    refuse_choice("measure", measure, MEASURES)
    if isinstance(inference, str) and inference == "bootstrap":
        raise DesignError("inference='bootstrap' is for the odds ratio, in mixed_logistic")
    columns = {"arm": arm, "offset": offset, "weights": weights, "trials": trials}
    rows = sample(frame, formula, missing=missing, random=random, cluster=cluster, **columns)
    rows = only_frequency(rows, weights, weight_type)
    rows = binary(rows, parse(formula).response, success=success, trials=trials)
    if cluster is None:
        _refuse_without_clusters(random, inference)
    nested, design = nesting(rows.frame, random), build(formula, rows)
    known = offset_of(rows.frame, offset, None)
    members = (
        _everybody_alone(design.n)
        if cluster is None
        else clusters(rows.frame, cluster, nested=nested, blank=blank_cluster)
    )
    model = prepare(
        KIND,
        design,
        members,
        random=nested,
        offset=known,
        points=points,
        inference=inference,
        confidence=confidence,
    )
    worlds = everybody_in(model.design, rows.frame, arm, nested, reference, model.offset)
    # either refuses a response that is not 0 or 1
    alone = cluster is None
    fit = fit_logistic(model.design, offset=known, confidence=confidence) if alone else model.fit()
    answer = solve(model.layout, model.basis, LOGISTIC, model.design.y, points)
    risks = _risks(worlds, answer, model.layout.clusters)
    df = float(min(fit.df[list(model.design.term_columns[arm])]))
    return _as_fit(fit, risks, worlds, measure, df)


def _refuse_without_clusters(random: str, inference: Inference | None) -> None:
    given = {"random": random != "1", "inference": inference is not None}
    if any(given.values()):
        named = ", ".join(f"{name}=" for name, there in given.items() if there)
        raise DesignError(f"{named} with cluster=None: leave it out, or name the clusters")


def _everybody_alone(n: int) -> Clusters:
    return Clusters(np.arange(n), pd.RangeIndex(n))


@dataclass(frozen=True, slots=True, eq=False)
class Risks:
    """The average risks, shape (k,), reference first, and their covariance, shape (k, k)."""

    mean: Floats
    cov: Floats


def _risks(worlds: tuple[World, ...], answer: Answer, members: Clusters) -> Risks:
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
    covariates = clustered_sandwich(np.eye(len(worlds)) / n, risk - mean, members)
    return Risks(mean, parameters + covariates)


def _of_patterns(world: World, answer: Answer) -> tuple[Floats, Floats]:
    """Each pattern's risk, shape (P,), and its gradient, shape (P, p + 1).

    Where the data separate, a pattern that moves along the direction of separation has a risk of 0
    or 1; one that stands still is estimated; of any other nothing is known.
    """
    X, sd = world.patterns, answer.sd if world.random else 0.0
    rule = hermite_rule(MOST_POINTS)
    weights = np.exp(rule.log_lifted - rule.nodes**2 / 2)
    _, mean, variance = LOGISTIC.cumulant(
        (X @ answer.beta + world.shift)[:, None] + sd * rule.nodes
    )
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


def _as_fit(fit: Fit, risks: Risks, worlds: tuple[World, ...], measure: Measure, df: float) -> Fit:
    """The measure as the coefficients, and all of them as quantities."""
    k = len(worlds)
    risk, terms = risks.mean, tuple(world.term for world in worlds[1:])
    eye, zero = np.eye(k), np.zeros((k - 1, k))
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.vstack([eye, eye[1:] - eye[0], zero])
        slope[2 * k - 1 :] = eye[1:] / risk[1:, None] - eye[0] / risk[0]
        estimate = np.concatenate([risk, risk[1:] - risk[0], np.log(risk[1:] / risk[0])])
        variance = np.einsum("ij,jk,ik->i", slope, risks.cov, slope)
    lost = np.array([_lost(fit, world) for world in worlds])
    compared = np.concatenate([[not lost.any()] * k, *[~(lost[1:] | lost[0])] * 2])
    known = np.isfinite(estimate) & (variance > 0) & compared
    estimate, error = (np.where(known, x, np.nan) for x in (estimate, np.sqrt(variance)))
    first = k + (k - 1) * MEASURES.index(measure)
    which = slice(first, first + k - 1)
    with np.errstate(invalid="ignore"):  # a ratio to a risk of zero has no slope, and is blanked
        cov = slope[which] @ risks.cov @ slope[which].T
    blank = ~known[which]
    return replace(
        fit,
        model="standardised",
        method=f"{measure.replace('_', ' ')} standardised to the trial from {_of(fit)} "
        f"({fit.method}); delta method and empirical variance of the covariates",
        terms=terms,
        converged=fit.converged and bool(known[which].any()),
        beta=estimate[which],
        cov=np.where(blank | blank[:, None], np.nan, cov),
        df=np.full(k - 1, df),
        scale="identity" if measure == "risk_difference" else "log",
        quantities=_quantities(estimate, error, df, worlds, fit.confidence),
        tests={},
        variance_intervals={},
        term_columns={terms[0].partition("[")[0]: tuple(range(k - 1))},
        recipe=None,
        random_intercept=None,
        profiler=None,
        random_effects=pd.Series(dtype=float),
    )


def _of(fit: Fit) -> str:
    return "a mixed logistic model" if fit.model == KIND.name else "a logistic regression"


def _lost(fit: Fit, world: World) -> bool:
    """Whether the arm's own coefficient, if it has one, has no finite estimate."""
    return world.term in fit.terms and not np.isfinite(fit.beta[fit.terms.index(world.term)])


def _quantities(
    estimate: Floats, error: Floats, df: float, worlds: tuple[World, ...], confidence: float
) -> dict[str, Quantity]:
    """All risks, their differences, and their ratios (intervals by their logarithms)."""
    suffixes = [f"[{world.level}]" for world in worlds[1:]] if len(worlds) > 2 else [""]
    names = [f"risk[{world.level}]" for world in worlds]
    names += [measure + suffix for measure in MEASURES for suffix in suffixes]
    w = wald(estimate, error, df, confidence)
    found = {}
    for k, name in enumerate(names):
        value, spread, low, high = (float(x[k]) for x in (estimate, error, w.low, w.high))
        if name.startswith("risk_ratio"):
            value, low, high = (float(np.exp(x)) for x in (value, low, high))
            spread *= value
        p = np.nan if name.startswith("risk[") else float(w.p_value[k])
        found[name] = Quantity(value, spread, low, high, p)
    return found
