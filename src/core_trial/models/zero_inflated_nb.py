"""Zero-inflated negative binomial regression with robust standard errors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from core_trial.errors import DesignError
from core_trial.models import design as designs
from core_trial.models.design import Clusters, Design, Ints
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats
from core_trial.models.limits import cluster_notes, describe_lost, whole_term_lost
from core_trial.models.newton import UNFINISHED, Estimable, Optimum, invert, maximise, whiten
from core_trial.models.rising import tally
from core_trial.models.zinb_likelihood import (
    NO_DISPERSION,
    Counts,
    dispersion_score,
    evaluate,
    scores,
)
from core_trial.models.zinb_means import overall_quantities

StdErrors = Literal["robust", "model"]
INFLATE = "inflate:"
LN_ALPHA = "ln_alpha"
#: Below this log alpha it is worth asking whether alpha is zero.
NEARLY_POISSON = -6.0


def zero_inflated_nb(
    formula: str,
    frame: pd.DataFrame,
    *,
    inflation: str = "1",
    cluster: str | None = None,
    std_errors: StdErrors = "robust",
    small_sample: bool = True,
    confidence: float = 0.95,
) -> Fit:
    """Counts with more zeros than a negative binomial has.

    Parameters
    ----------
    formula
        Counts and covariates of their mean (log link), such as ``"days ~ arm"``.
    frame
        A row per participant, without missing values in the columns named.
    inflation
        Right-hand side of the probability of an excess zero (logit link); ``"1"`` for a constant.
    cluster
        Column of clusters for the sandwich; None makes every row its own cluster.
    std_errors
        ``"robust"`` for the sandwich over all parameters, ``"model"`` for the inverse information.
    small_sample
        Multiply the sandwich by G / (G - 1).
    confidence
        Coverage of the intervals.

    Returns
    -------
    Fit
        The counts' coefficients, then those of the inflation with the prefix ``inflate:``, then
        ``ln_alpha``; `Fit.dispersion` is alpha, the variance of the counts ``mu + alpha mu**2``.
        Among `Fit.quantities`: ``mean_ratio:<variable>`` for every covariate of two values, the
        ratio of overall means averaged over the rows, and ``zeros_expected``.

    Raises
    ------
    DesignError
        For missing values, a response of other than whole numbers from zero, or of zeros only,
        constant or collinear covariates.

    References
    ----------
    Lambert (1992), Technometrics 34: 1-14. Greene (1994), NYU working paper EC-94-10.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": [0, 1] * 8,
    ...                       "days": [0, 0, 0, 0, 3, 5, 9, 2, 0, 0, 14, 1, 0, 4, 6, 8]})
    >>> round(zero_inflated_nb("days ~ arm", frame).effect("arm").estimate, 2)
    0.49
    """
    count = designs.build(formula, frame)
    excess = designs.build(_right_side(inflation), frame)
    groups = designs.clusters(frame, cluster) if cluster else None
    fit = fit_zero_inflated_nb(
        count,
        excess,
        clusters=groups,
        std_errors=std_errors,
        small_sample=small_sample,
        confidence=confidence,
    )
    return replace(fit, quantities=overall_quantities(count, excess, fit))


def _right_side(inflation: str) -> designs.Formula:
    parsed = designs.parse(inflation)
    if parsed.response:
        raise DesignError(f"inflation {inflation!r}: name the covariates alone")
    return parsed


@dataclass(frozen=True, slots=True, eq=False)
class _Model:
    """Data in whitened coordinates, sorted zeros first, and the way back.

    ``row`` says where each of the n rows given is found among the sorted ones.
    """

    data: Counts
    row: Ints
    back: Floats


def fit_zero_inflated_nb(
    count: Design,
    excess: Design,
    *,
    clusters: Clusters | None = None,
    std_errors: StdErrors = "robust",
    small_sample: bool = True,
    confidence: float = 0.95,
) -> Fit:
    """`zero_inflated_nb` on designs: `count` with the response, `excess` of the same rows."""
    model = _prepare(count, excess)
    best, p = _search(model.data), len(count.columns)
    terms = (*count.columns, *(INFLATE + name for name in excess.columns), LN_ALPHA)
    found = invert(best.information, model.back, count.n)
    cov, notes = _covariance(model, best, found, clusters, std_errors, small_sample, terms)
    beta = np.where(found.lost, np.nan, model.back @ best.point)
    poisson = best.point[-1] <= NO_DISPERSION
    return Fit(
        model="zero_inflated_nb",
        formula=f"{count.formula} | {excess.formula}",
        method=_method(clusters, std_errors, small_sample),
        terms=terms,
        beta=beta,
        cov=cov,
        df=np.full(len(beta), np.inf),
        scale="log",
        dispersion=0.0 if poisson else float(np.exp(beta[-1])),
        loglik=best.value - model.data.constant,
        n=count.n,
        n_clusters=clusters.count if clusters else count.n,
        converged=best.converged and not whole_term_lost(count.columns, found.lost[:p]),
        warnings=(() if best.converged else (UNFINISHED,)) + notes,
        confidence=confidence,
    )


def singletons(n: int) -> Clusters:
    """Every row a cluster of its own."""
    return Clusters(np.arange(n), pd.RangeIndex(n))


def _prepare(count: Design, excess: Design) -> _Model:
    y = count.y
    if (y < 0).any() or (y != np.floor(y)).any():
        raise DesignError(f"column {count.formula.response!r} must hold whole numbers from zero up")
    if not y.any():
        raise DesignError(f"column {count.formula.response!r} holds zeros only")
    x, z = whiten(count.X, centre=False), whiten(excess.X, centre=False)
    positive = y > 0
    order = np.argsort(positive, kind="stable")
    row = np.empty_like(order)
    row[order] = np.arange(len(y))
    sorted_y, zeros = y[order], int(len(y) - positive.sum())
    log_y = np.log(np.maximum(sorted_y, 1.0))
    found, index = tally(sorted_y[zeros:].astype(np.intp))
    data = Counts(
        sorted_y, log_y, x.columns[:, order], z.columns[:, order],
        np.ones(len(y)), zeros, found, index,
    )  # fmt: skip
    p, k = len(x.columns), len(z.columns)
    back = np.zeros((p + k + 1, p + k + 1))
    back[:p, :p], back[p:-1, p:-1], back[-1, -1] = x.back, z.back, 1.0
    return _Model(data, row, back)


def _search(data: Counts) -> Optimum:
    """The best maximum from all starts, at alpha = 0 where the likelihood falls from there on."""

    def climb(start: Floats, known: Optimum | None = None) -> Optimum:
        return maximise(lambda at: evaluate(data, at), start, known=known)

    first, *others = _starts(data)
    best = climb(first)
    for start in others:
        best = max(best, climb(start, best), key=lambda optimum: optimum.value)
    if best.point[-1] > NEARLY_POISSON:
        return best
    limit = climb(np.append(best.point[:-1], NO_DISPERSION))
    return limit if dispersion_score(data, limit.point) <= 0 else best


def _starts(data: Counts) -> list[Floats]:
    """Constant mean and inflation at every local maximum of the likelihood on a grid, best first.

    Zeros can be explained by inflation or by dispersion, so there can be two maxima.
    """
    n, total = data.weight.sum(), data.weight @ data.y
    zeros = data.weight[: data.zeros].sum()
    inflated = np.clip(_SHARES * zeros / n, 0.01, 0.98)
    alpha = _ALPHAS[:, None]
    spread = alpha * total / (n * (1 - inflated))
    L = np.log1p(spread) / alpha
    T = np.array([data.tally.total(a)[0] for a in _ALPHAS])[:, None]
    loglik = (
        zeros * np.log(inflated + (1 - inflated) * np.exp(-L))
        + (n - zeros) * (np.log1p(-inflated) - L)
        + total * np.log(spread / (1 + spread) / alpha)
        + T
    )
    target = np.log(spread / alpha), special.logit(inflated)
    ones_x, ones_z = data.x @ data.weight / n, data.z @ data.weight / n
    return [
        np.concatenate([ones_x * target[0][i, j], ones_z * target[1][j], [np.log(_ALPHAS[i])]])
        for i, j in _peaks(loglik)
    ]


_SHARES = np.array([0.97, 0.85, 0.5, 0.02])
_ALPHAS = np.array([0.03, 0.1, 0.3, 1.0, 3.0, 10.0])


def _peaks(heights: Floats) -> list[tuple[int, int]]:
    """Where a grid is as high as any of its eight neighbours, the highest first."""
    edge = np.full((heights.shape[0] + 2, heights.shape[1] + 2), -np.inf)
    edge[1:-1, 1:-1] = heights
    around = np.lib.stride_tricks.sliding_window_view(edge, (3, 3)).max(axis=(2, 3))
    peaks = np.argwhere(heights == around)
    return sorted(map(tuple, peaks.tolist()), key=lambda at: -heights[at])


def _covariance(
    model: _Model,
    best: Optimum,
    found: Estimable,
    clusters: Clusters | None,
    std_errors: StdErrors,
    small_sample: bool,
    terms: tuple[str, ...],
) -> tuple[Floats, tuple[str, ...]]:
    """Sandwich or inverse information, with what is to be said about it."""
    notes = _limit_notes(model, best, found.lost, terms)
    if std_errors == "model":
        return found.covariance(), tuple(notes)
    groups = clusters or singletons(len(model.row))
    by_row = scores(model.data, best.point)[model.row]
    cov = found.sandwich(by_row, groups, small_sample=small_sample)
    return cov, (*notes, *cluster_notes(terms, cov, found.lost, groups))


def _limit_notes(
    model: _Model, best: Optimum, lost: NDArray[np.bool_], terms: tuple[str, ...]
) -> list[str]:
    """Warnings for fits that end in a simpler model, and for other lost coefficients."""
    notes = []
    poisson = best.point[-1] <= NO_DISPERSION
    p, k = len(model.data.x), len(model.data.z)
    if poisson:
        notes.append("no spread beyond Poisson: alpha is 0, the zero-inflated Poisson limit")
    if lost[p:-1].all():
        notes.append(
            "no more zeros than the counts account for: the limit without inflation, a plain "
            f"{'Poisson' if poisson else 'negative binomial'}"
        )
    unexplained = lost.copy()
    unexplained[-1] &= not poisson
    unexplained[p : p + k] &= not lost[p:-1].all()
    return notes + ([describe_lost(terms, unexplained)] if unexplained.any() else [])


def _method(clusters: Clusters | None, std_errors: StdErrors, small_sample: bool) -> str:
    if std_errors == "model":
        return "maximum likelihood; observed information of all parameters"
    kind = "clustered sandwich" if clusters else "sandwich"
    return f"maximum likelihood; {kind}{' times G/(G-1)' if small_sample else ''}, all parameters"
