"""The fit of a negative binomial model, zero-inflated or not, and what is to be said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core_trial.errors import DesignError
from core_trial.models.clusters import Clusters
from core_trial.models.counts.count_errors import Errors, errors
from core_trial.models.counts.likelihood import NO_DISPERSION, evaluate, log_likelihood
from core_trial.models.counts.means import Whole, columns_of, overall_quantities, two_valued
from core_trial.models.counts.search import CountModel, prepare, search
from core_trial.models.design import Design
from core_trial.models.fit import Fit
from core_trial.models.inference import Floats, Quantity
from core_trial.models.numerics.limits import describe_lost, refuse_confidence
from core_trial.models.numerics.newton import UNFINISHED, Estimable, Optimum, invert
from core_trial.models.numerics.profiling import Surface
from core_trial.models.numerics.robust import Choice, Inference, choose, singletons
from core_trial.models.numerics.separation import Bools
from core_trial.models.numerics.threads import one_thread

INFLATE = "inflate:"
LN_ALPHA = "ln_alpha"
OFFERED: tuple[Inference, ...] = ("sandwich", "jackknife", "model")
#: An arm with fewer positive counts than this has no robust error: its scores cancel.
FEWEST_POSITIVES = 2


@one_thread
def fit_counts(
    name: str,
    count: Design,
    excess: Design | None,
    members: Clusters | None,
    *,
    inference: Inference | None,
    offset: Floats | None,
    weights: Floats | None,
    small_sample: bool,
    confidence: float,
) -> Fit:
    """Fit the designs.

    Parameters
    ----------
    name
        Of the function that users call.
    count, excess
        The counts' design with the response, and the inflation's of the same rows; None for no
        inflation.
    members
        Cluster of each row; None for independent rows.
    inference, small_sample
        See `robust.choose`.
    offset, weights
        Added to the counts' linear predictor, and sampling weights, shape (n,); None for neither.
    confidence
        Coverage of the intervals.
    """
    refuse_confidence(confidence)
    if weights is not None and inference == "model":
        raise DesignError("sampling weights need robust errors: leave out inference='model'")
    choice = choose(
        inference,
        count.X,
        count.columns,
        members,
        offered=OFFERED,
        better="jackknife",
        small_sample=small_sample,
    )
    model = prepare(count, excess, offset=offset, weights=weights)
    best = search(model.data)
    found = invert(best.information, model.back, count.n)
    groups = members or singletons(count.n)
    done = _Searched(name, count, excess, groups, choice, model, best, found)
    designs = (count,) if excess is None else (count, excess)
    robust = errors(
        model, best, found, designs, groups, choice.inference, small_sample=small_sample
    )
    return _as_fit(done, robust, confidence=confidence, weighted=weights is not None)


@dataclass(frozen=True, slots=True, eq=False)
class _Searched:
    """A model of counts, and where its search ended."""

    name: str
    count: Design
    excess: Design | None
    groups: Clusters
    choice: Choice
    model: CountModel
    best: Optimum
    found: Estimable


def _as_fit(done: _Searched, robust: Errors, *, confidence: float, weighted: bool) -> Fit:
    count, excess, model, best = done.count, done.excess, done.model, done.best
    leans = excess is not None and done.choice.inference != "model"
    scarce = _scarce(count) if leans else []
    cov = np.full_like(robust.cov, np.nan) if scarce else robust.cov
    whole = _whole(count, excess, model, best, done.found, cov, confidence)
    quantities = overall_quantities(whole, robust.df_of)
    terms, lost = _terms(count, excess), done.found.lost
    told = _of_the_search(model, best, done.found, terms) + scarce + list(done.choice.notes)
    if best.converged:
        told += _without_error(terms, robust.cov, done.found) * (not scarce)
        told += _in_one_part(whole, quantities)
    return Fit(
        model=done.name,
        formula=str(count.formula) if excess is None else f"{count.formula} | {excess.formula}",
        method=f"maximum likelihood; {done.choice.label}{count.note}{done.groups.note}",
        terms=terms,
        beta=whole.beta,
        cov=whole.cov,
        df=robust.df,
        scale="log",
        dispersion=whole.alpha,
        loglik=log_likelihood(model.data, best.point),
        n=count.n,
        n_clusters=done.groups.count,
        converged=best.converged and not scarce and not lost[: len(count.columns)].all(),
        warnings=tuple(told),
        quantities=quantities,
        fitted=whole.means if whole.known else np.empty(0),
        confidence=confidence,
        likelihood="pseudo" if weighted else "full",
        robust=done.choice.inference != "model",
        profiler=None if weighted else _profiler(model, best, terms, lost),
        **_of_designs(count, excess),
    )


def _of_designs(count: Design, excess: Design | None) -> dict[str, Any]:
    """What a fit keeps of its designs; ``ln_alpha`` is a term of its own."""
    p, k = len(count.columns), 0 if excess is None else len(excess.columns)
    places = {} if excess is None else excess.term_columns
    behind = {INFLATE + term: tuple(p + place for place in at) for term, at in places.items()}
    return {
        "term_columns": {**count.term_columns, **behind, LN_ALPHA: (p + k,)},
        "recipe": count.recipe,
        "excess_recipe": None if excess is None else excess.recipe,
        "reference": count.reference,
        "response": count.y,
        "n_dropped": count.dropped,
    }


def _profiler(model: CountModel, best: Optimum, terms: tuple[str, ...], lost: Bools) -> Surface:
    """The likelihood with a coefficient held."""
    names = zip(terms, model.back, lost, strict=True)
    loadings = {name: row for name, row, gone in names if not gone}
    return Surface(lambda at: evaluate(model.data, at), best.point, best.value, loadings)


def _terms(count: Design, excess: Design | None) -> tuple[str, ...]:
    inflation = () if excess is None else (INFLATE + column for column in excess.columns)
    return (*count.columns, *inflation, LN_ALPHA)


def _whole(
    count: Design,
    excess: Design | None,
    model: CountModel,
    best: Optimum,
    found: Estimable,
    cov: Floats,
    confidence: float,
) -> Whole:
    """Estimates with ``nan`` for those that are lost, on the rows that they were fitted to."""
    lost = found.lost if best.converged else np.ones_like(found.lost)
    beta = np.where(lost, np.nan, model.back @ best.point)
    return Whole(
        count=count,
        excess=excess,
        offset=model.data.offset[model.row],
        weights=model.weights,
        beta=beta,
        cov=np.where(lost | lost[:, None], np.nan, cov),
        alpha=0.0 if best.point[-1] <= NO_DISPERSION else float(np.exp(beta[-1])),
        confidence=confidence,
    )


def _scarce(count: Design) -> list[str]:
    """Too few positive counts for robust errors: each is then fitted as it is, without residual."""
    positive = count.y > 0
    some = int(positive.sum())
    if some <= len(count.columns):
        return [
            f"{some} positive count{'s' if some > 1 else ''} for {len(count.columns)} coefficients "
            "of the counts: no robust standard error follows from so few; inference='model' gives "
            "those of the model"
        ]
    for k, name in enumerate(count.columns):
        column = count.X[:, k]
        if np.isin(column, (0.0, 1.0)).all() and column.min() < column.max():
            sides = [int(positive[column == value].sum()) for value in (0.0, 1.0)]
            if 0 < min(sides) < FEWEST_POSITIVES:
                return [
                    f"one positive count on one side of {name}: no robust standard error follows "
                    "from it; inference='model' gives that of the model"
                ]
    return []


def _of_the_search(
    model: CountModel, best: Optimum, found: Estimable, terms: tuple[str, ...]
) -> list[str]:
    """Fits that end in a simpler model, and other coefficients that are lost."""
    if not best.converged:
        return [UNFINISHED]
    poisson = best.point[-1] <= NO_DISPERSION
    inflation = slice(len(model.data.x), -1)
    inflated = len(model.data.z) > 0
    plain = inflated and bool(found.lost[inflation].all())
    notes = []
    if poisson:
        limit = "the zero-inflated Poisson limit" if inflated else "the Poisson limit"
        notes.append(f"no spread beyond Poisson: alpha is 0, {limit}")
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
    return notes


def _without_error(terms: tuple[str, ...], cov: Floats, found: Estimable) -> list[str]:
    missing = np.isnan(np.diagonal(cov)) & ~found.lost
    if not missing.any():
        return []
    names = ", ".join(name for name, none in zip(terms, missing, strict=True) if none)
    return [f"{names}: no robust standard error, the clusters do not tell it"]


def _in_one_part(whole: Whole, quantities: dict[str, Quantity]) -> list[str]:
    """Say of an arm that stands in the count part alone what its coefficient is not."""
    count, excess = whole.count, whole.excess
    variable = next(iter(two_valued(count, None)), None)
    ratio = quantities.get(f"mean_ratio:{variable}")
    if excess is None or variable is None or ratio is None or columns_of(excess, variable):
        return []
    (k,) = columns_of(count, variable)
    one = count.X[:, k] == 1
    amount, weight = whole.weights * count.y, whole.weights * np.exp(whole.offset)
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = (amount[one].sum() / weight[one].sum()) / (amount[~one].sum() / weight[~one].sum())
    return [
        f"{variable} stands in the counts alone: its coefficient is no ratio of means unless the "
        f"excess zeros are equally many on both sides; the model's ratio of overall means is "
        f"{ratio.estimate:.2f}, the data's {seen:.2f}; inflation={variable!r} lets both differ"
    ]
