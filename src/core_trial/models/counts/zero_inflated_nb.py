"""Zero-inflated negative binomial regression with robust standard errors."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from core_trial.errors import DesignError
from core_trial.models import design as designs
from core_trial.models.clusters import Blank
from core_trial.models.columns import Missing
from core_trial.models.counts.likelihood import (
    NO_DISPERSION,
    evaluate,
    log_likelihood,
    scores,
)
from core_trial.models.counts.means import fitted_means, overall_quantities
from core_trial.models.counts.search import ZinbModel, prepare, search
from core_trial.models.design import Clusters, Design
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats
from core_trial.models.numerics.limits import (
    cluster_notes,
    describe_lost,
    refuse_confidence,
)
from core_trial.models.numerics.newton import UNFINISHED, Estimable, Optimum, invert
from core_trial.models.numerics.profiling import Surface
from core_trial.models.numerics.separation import Bools
from core_trial.models.numerics.threads import one_thread

StdErrors = Literal["robust", "model"]
INFLATE = "inflate:"
LN_ALPHA = "ln_alpha"


def zero_inflated_nb(
    formula: str,
    frame: pd.DataFrame,
    *,
    inflation: str = "1",
    cluster: str | None = None,
    std_errors: StdErrors = "robust",
    small_sample: bool = True,
    confidence: float = 0.95,
    missing: Missing = "refuse",
    blank_cluster: Blank = "refuse",
) -> Fit:
    """Counts with more zeros than a negative binomial has.

    Parameters
    ----------
    formula
        Counts and covariates of their mean (log link), such as ``"days ~ arm"``.
    frame
        A row per participant; see `missing` for incomplete ones.
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
    missing
        ``"refuse"``, or ``"drop"`` to leave rows with missing values out; they are counted in
        `Fit.n_dropped`.
    blank_cluster
        ``"own"`` takes each row without a cluster as one of its own; ``"refuse"`` does not, for
        nothing says whether there is none or it is not known.

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
    refuse_confidence(confidence)
    if std_errors not in {"robust", "model"}:
        raise DesignError(f"std_errors must be 'robust' or 'model', not {std_errors!r}")
    zeros = _right_side(inflation)
    rows = designs.sample(frame, formula, zeros, missing=missing, cluster=cluster)
    count, excess = designs.build(formula, rows), designs.build(zeros, rows)
    groups = designs.clusters(rows.frame, cluster, blank=blank_cluster) if cluster else None
    fit = fit_zero_inflated_nb(
        count,
        excess,
        clusters=groups,
        std_errors=std_errors,
        small_sample=small_sample,
        confidence=confidence,
    )
    return replace(
        fit,
        quantities=overall_quantities(count, excess, fit),
        fitted=fitted_means(count, excess, fit),
    )


def _right_side(inflation: str) -> designs.Formula:
    if not isinstance(inflation, str):
        raise DesignError(f"inflation= takes text such as '1' or 'arm', not {inflation!r}")
    parsed = designs.parse(inflation)
    if parsed.response:
        raise DesignError(f"inflation {inflation!r}: name the covariates alone")
    return parsed


@one_thread
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
    model = prepare(count, excess)
    best = search(model.data)
    terms = (*count.columns, *(INFLATE + name for name in excess.columns), LN_ALPHA)
    method = _method(clusters, std_errors, small_sample) + count.note
    method += clusters.note if clusters else ""
    n_clusters = clusters.count if clusters else count.n
    found = invert(best.information, model.back, count.n)
    if not best.converged:
        found = replace(found, lost=np.ones_like(found.lost))
    groups = clusters or singletons(count.n)
    cov = found.covariance()
    if std_errors == "robust":
        by_row = scores(model.data, best.point)[model.row]
        cov = found.sandwich(by_row, groups, small_sample=small_sample)
    beta = np.where(found.lost, np.nan, model.back @ best.point)
    poisson = best.point[-1] <= NO_DISPERSION
    return Fit(
        model="zero_inflated_nb",
        formula=f"{count.formula} | {excess.formula}",
        method=method,
        terms=terms,
        beta=beta,
        cov=cov,
        df=np.full(len(beta), np.inf),
        scale="log",
        dispersion=0.0 if poisson else float(np.exp(beta[-1])),
        loglik=log_likelihood(model.data, best.point),
        n=count.n,
        n_clusters=n_clusters,
        converged=best.converged and not found.lost[: len(count.columns)].all(),
        n_dropped=count.dropped,
        warnings=_warnings(model, best, found, terms, cov, groups, std_errors),
        confidence=confidence,
        robust=std_errors == "robust",
        term_columns=_term_columns(count, excess),
        recipe=count.recipe,
        excess_recipe=excess.recipe,
        reference=count.reference,
        response=count.y,
        profiler=_profiler(model, best, terms, found.lost),
    )


def _term_columns(count: Design, excess: Design) -> dict[str, tuple[int, ...]]:
    """Terms of both parts; ``ln_alpha`` is one of its own."""
    p, k = len(count.columns), len(excess.columns)
    behind = {
        INFLATE + term: tuple(p + place for place in at) for term, at in excess.term_columns.items()
    }
    return {**count.term_columns, **behind, LN_ALPHA: (p + k,)}


def _profiler(model: ZinbModel, best: Optimum, terms: tuple[str, ...], lost: Bools) -> Surface:
    """The likelihood with a coefficient held."""
    names = zip(terms, model.back, lost, strict=True)
    loadings = {name: row for name, row, gone in names if not gone}
    return Surface(lambda at: evaluate(model.data, at), best.point, best.value, loadings)


def singletons(n: int) -> Clusters:
    """Every row a cluster of its own."""
    return Clusters(np.arange(n), pd.RangeIndex(n))


def _warnings(
    model: ZinbModel,
    best: Optimum,
    found: Estimable,
    terms: tuple[str, ...],
    cov: Floats,
    groups: Clusters,
    std_errors: StdErrors,
) -> tuple[str, ...]:
    """Fits that end in a simpler model, other lost coefficients, doubtful standard errors."""
    if not best.converged:
        return (UNFINISHED,)
    poisson = best.point[-1] <= NO_DISPERSION
    inflation = slice(len(model.data.x), -1)
    plain = bool(found.lost[inflation].all())
    notes = []
    if poisson:
        notes.append("no spread beyond Poisson: alpha is 0, the zero-inflated Poisson limit")
    if plain:
        kind = "Poisson" if poisson else "negative binomial"
        notes.append(
            "no more zeros than the counts account for: the limit without inflation, a plain "
            f"{kind} model"
        )
    unexplained = found.lost.copy()
    unexplained[-1] &= not poisson
    unexplained[inflation] &= not plain
    if unexplained.any():
        notes.append(describe_lost(terms, model.back @ best.point, unexplained))
    if std_errors == "robust":
        notes += cluster_notes(terms, cov, found.lost, groups)
    return tuple(notes)


def _method(clusters: Clusters | None, std_errors: StdErrors, small_sample: bool) -> str:
    if std_errors == "model":
        return "maximum likelihood; observed information of all parameters"
    kind = "clustered sandwich" if clusters else "sandwich"
    return f"maximum likelihood; {kind}{' times G/(G-1)' if small_sample else ''}, all parameters"
