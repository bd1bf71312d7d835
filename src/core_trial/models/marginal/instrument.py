"""Effects of receipt with the arm as instrument: least squares in two stages, structural means."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models.choices import refuse_choice
from core_trial.models.clusters import Clusters, indicator
from core_trial.models.columns import refuse_argument
from core_trial.models.design import Design, build
from core_trial.models.fit import Fit
from core_trial.models.formula import Factor, parse
from core_trial.models.inference import Floats, Quantity, wald
from core_trial.models.marginal.receipt import few_workers, members_of, receipt_of
from core_trial.models.numerics.limits import refuse_confidence

Errors = Literal["iid", "HC0", "HC1", "CR1"]
ERRORS = ("iid", "HC0", "HC1", "CR1")
#: First-stage F statistic below which the arm hardly moves receipt (Staiger and Stock 1997).
WEAK_INSTRUMENT_F = 10.0


def two_stage_least_squares(
    formula: str,
    frame: pd.DataFrame,
    *,
    received: str,
    arm: str = "arm",
    errors: Errors | None = None,
    cluster: str | None = None,
    confidence: float = 0.95,
) -> Fit:
    r"""Effect of receiving the treatment, with the arm as its instrument.

    :math:`\hat\beta = (\hat X'\hat X)^{-1}\hat X'y`, where :math:`\hat X` is the design regressed
    on the arm and the other covariates. With a binary outcome the coefficient is a risk difference;
    without covariates it is the intention-to-treat difference over that in receipt.

    Parameters
    ----------
    formula
        Such as ``"score ~ received + baseline + centre"``, with `received` among the covariates and
        the arm not.
    frame
        A row per participant, complete in the columns used.
    received
        Column of receipt (a number, such as 0/1 or sessions attended).
    arm
        Column of the arm.
    errors
        ``"iid"`` (one variance, n - k), ``"HC0"``, ``"HC1"`` (times n / (n - k)) or ``"CR1"`` (by
        cluster, times G / (G - 1) (n - 1) / (n - k)); None for CR1 if there are clusters and HC1 if
        not.
    cluster
        Column of the worker, blank where there is none; None for no clusters.
    confidence
        Coverage of the intervals.

    Returns
    -------
    Fit
        With CR1, Student's t with one degree of freedom fewer than the arm of fewest clusters has
        clusters; else the normal. ``quantities["first_stage_F"]`` says how far the arm moves
        receipt.

    Raises
    ------
    DesignError
        If the formula does not have `received`, has the arm, or the errors do not fit.

    References
    ----------
    Angrist and Imbens (1995), J Am Stat Assoc 90: 431-42. Wooldridge (2010), Econometric Analysis,
    2nd ed., sections 5.2 and 8.3.

    Examples
    --------
    >>> import pandas as pd
    >>> cells = [(0, 0, 0, 60), (0, 0, 1, 40), (1, 0, 0, 12), (1, 0, 1, 8), (1, 1, 0, 64),
    ...          (1, 1, 1, 16)]
    >>> frame = pd.DataFrame(
    ...     [(z, d, y) for z, d, y, n in cells for _ in range(n)], columns=["arm", "took", "died"])
    >>> fit = two_stage_least_squares("died ~ took", frame, received="took")
    >>> round(fit.effect("took").estimate, 4)
    -0.2
    """
    refuse_confidence(confidence)
    refuse_argument("cluster", cluster)
    if errors is not None:
        refuse_choice("errors", errors, ERRORS)
    kind = errors or ("CR1" if cluster is not None else "HC1")
    if kind not in ERRORS or (kind == "CR1") != (cluster is not None):
        raise DesignError(
            f"errors={errors!r} with cluster={cluster!r}: CR1 needs a cluster, and "
            f"only CR1 uses one; the others are {', '.join(ERRORS[:3])}"
        )
    design, instruments = _designs(formula, frame, received, arm)
    z = indicator(frame, arm)
    members = members_of(frame, cluster, z)
    Q: Floats = np.asarray(np.linalg.qr(instruments.X)[0], dtype=float)
    hat: Floats = Q @ (Q.T @ design.X)
    if np.linalg.matrix_rank(hat) < hat.shape[1]:
        raise DesignError(f"{arm!r} does not move {received!r}: nothing can be learnt of it")
    bread = np.asarray(np.linalg.inv(hat.T @ hat), dtype=float)
    beta = bread @ (hat.T @ design.y)
    residual: Floats = design.y - design.X @ beta
    cov = _covariance(kind, bread, hat, residual, members)
    weak = _first_stage(design, instruments, received)
    return Fit(
        model="two_stage_least_squares",
        formula=str(design.formula),
        method=f"two-stage least squares, {received} instrumented by {arm}; {kind} errors",
        terms=design.columns,
        beta=beta,
        cov=cov,
        df=np.full(len(beta), _degrees(members, z) if kind == "CR1" else np.inf),
        scale="identity",
        loglik=np.nan,
        n=design.n,
        n_clusters=members.count if kind == "CR1" else design.n,
        quantities=MappingProxyType({"first_stage_F": Quantity(weak, *[np.nan] * 3)}),
        warnings=(*_weakness(weak), *few_workers(members, z)),
        fitted=design.X @ beta,
        confidence=confidence,
        likelihood="pseudo",
        term_columns=design.term_columns,
        recipe=design.recipe,
        reference=design.reference,
        response=design.y,
    )


def structural_mean(
    outcome: str,
    frame: pd.DataFrame,
    *,
    received: str,
    arm: str = "arm",
    cluster: str | None = None,
    confidence: float = 0.95,
) -> Fit:
    r"""Causal risk ratio of receipt by the multiplicative structural mean model.

    The ratio :math:`e^\psi` is the one for which :math:`E[Y e^{-\psi D}]`, the mean without any
    treatment, is the same in both arms. With receipt 0 or 1 it has a closed form:
    :math:`e^\psi = -(\overline{yd}_1 - \overline{yd}_0)/
    (\overline{y(1-d)}_1 - \overline{y(1-d)}_0)`. Access in either arm is allowed.

    Parameters
    ----------
    outcome
        Column of the outcome: 0 and 1, or another one that is not negative.
    frame, received, arm, cluster, confidence
        As in `complier_effects`; `received` may be 1 in both arms.

    Returns
    -------
    Fit
        One coefficient, the logarithm of the ratio, with an error by cluster (delta method).
        ``quantities["mean_untreated"]`` is E[Y0].

    Raises
    ------
    DesignError
        If the outcome has negative values, or no positive ratio solves the equation.

    Notes
    -----
    It is the ratio among the treated if the effect of receipt is the same ratio in either arm, and
    among compliers if nobody in the control arm has access.

    References
    ----------
    Hernan and Robins (2006), Epidemiology 17: 360-72. Clarke and Windmeijer (2012), J Am Stat Assoc
    107: 1638-52. Clarke, Palmer and Windmeijer (2015), Stat Sci 30: 96-117.

    Examples
    --------
    >>> import pandas as pd
    >>> cells = [(0, 0, 0, 50), (0, 0, 1, 30), (0, 1, 0, 16), (0, 1, 1, 4), (1, 0, 0, 12),
    ...          (1, 0, 1, 8), (1, 1, 0, 64), (1, 1, 1, 16)]
    >>> frame = pd.DataFrame(
    ...     [(z, d, y) for z, d, y, n in cells for _ in range(n)], columns=["arm", "took", "died"])
    >>> round(structural_mean("died", frame, received="took").effect("took").estimate, 4)
    0.5455
    """
    refuse_confidence(confidence)
    trial = receipt_of(frame, outcome, arm, received, cluster)
    if (trial.y < 0).any():
        raise DesignError(f"outcome {outcome!r} has negative values: a ratio does not compare them")
    found = trial.moments()
    (_, a0, b0), (_, a1, b1) = found.mean
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (a1 - a0) / (b0 - b1)
    if not 0 < ratio < np.inf:
        raise DesignError(
            "no positive ratio makes the untreated means of the arms equal: the data speak against "
            "the assumptions, or are too few; see principal_bounds"
        )
    slope = np.array([0, -1 / (a1 - a0), -1 / (b0 - b1), 0, 1 / (a1 - a0), 1 / (b0 - b1)])
    untreated = b0 + a0 / ratio
    steps = np.array([0, 1 / ratio, 1, 0, 0, 0]) - a0 / ratio * slope
    cov = found.cov
    return Fit(
        model="structural_mean",
        formula=f"{outcome} ~ {received}",
        method=f"multiplicative structural mean model, {received} instrumented by {arm}; closed "
        "form, delta method by cluster",
        terms=(received,),
        beta=np.log([ratio]),
        cov=np.array([[slope @ cov @ slope]]),
        df=np.array([np.inf]),
        scale="log",
        loglik=np.nan,
        n=len(trial.y),
        n_clusters=trial.members.count,
        quantities=MappingProxyType(
            {"mean_untreated": _quantity(untreated, steps @ cov @ steps, confidence)}
        ),
        warnings=few_workers(trial.members, trial.z),
        confidence=confidence,
    )


def _designs(formula: str, frame: pd.DataFrame, received: str, arm: str) -> tuple[Design, Design]:
    """The design, and the same with the arm in the place of receipt."""
    refuse_argument("received", received)
    refuse_argument("arm", arm)
    parsed = parse(formula)
    if received not in parsed.variables or arm in parsed.variables:
        raise DesignError(
            f"formula {formula!r}: {received!r} must be among the covariates, and {arm!r} must not"
        )
    instrument = Factor(arm, (arm,), "column")
    swapped = tuple(
        tuple(instrument if factor.variables == (received,) else factor for factor in term)
        for term in parsed.terms
    )
    instruments = build(replace(parsed, response="", terms=swapped), frame)
    return build(parsed, frame), instruments


def _covariance(
    kind: str, bread: Floats, hat: Floats, residual: Floats, members: Clusters
) -> Floats:
    n, k = hat.shape
    if kind == "iid":
        return np.asarray(residual @ residual / (n - k) * bread)
    scores = hat * residual[:, None]
    sums = np.stack([np.bincount(members.codes, s) for s in scores.T], axis=1) @ bread
    G = members.count
    factor = {"HC0": 1.0, "HC1": n / (n - k), "CR1": G / (G - 1) * (n - 1) / (n - k)}[kind]
    return np.asarray(factor * sums.T @ sums)


def _degrees(members: Clusters, z: Floats) -> float:
    """One fewer than the clusters of the arm that has fewest."""
    return float(min(len(np.unique(members.codes[z == arm])) for arm in (0, 1)) - 1)


def _first_stage(design: Design, instruments: Design, received: str) -> float:
    """F statistic of the instruments in the regression of receipt on everything (one variance)."""
    k = next(i for i, name in enumerate(design.columns) if name.partition("[")[0] == received)
    d, X, n = design.X[:, k], instruments.X, design.n
    own = [i for i, name in enumerate(instruments.columns) if name not in design.columns]
    full = _left(X, d)
    reduced = _left(np.delete(X, own, axis=1), d)
    spare = n - X.shape[1]
    return float((reduced - full) / len(own) / (full / spare)) if full > 0 else np.inf


def _left(X: Floats, y: Floats) -> float:
    """Sum of squares that a regression leaves."""
    residual = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    return float(residual @ residual)


def _weakness(F: float) -> tuple[str, ...]:
    if F >= WEAK_INSTRUMENT_F:
        return ()
    return (
        f"the arm hardly moves receipt (first-stage F = {F:.1f}, below {WEAK_INSTRUMENT_F:g}): "
        "estimate and interval are not to be trusted",
    )


def _quantity(estimate: float, variance: float, confidence: float) -> Quantity:
    w = wald(estimate, np.sqrt(variance), np.inf, confidence)
    return Quantity(float(estimate), float(np.sqrt(variance)), float(w.low[0]), float(w.high[0]))
