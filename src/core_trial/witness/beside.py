"""What stands beside an effect: risks, restricted means, intraclass correlations, subgroups."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy import special, stats

from core_trial.declaration.models import Model
from core_trial.declaration.outcomes import AnyOutcome, Binary, Time
from core_trial.results import Key
from core_trial.witness import linear, survival
from core_trial.witness.effects import EVENTS, Again, Fitter
from core_trial.witness.intercepts import Intercept
from core_trial.witness.likelihood import Array
from core_trial.witness.made import Effect, Made, Means, Second, nothing
from core_trial.witness.plan import Asked, Sample, asked, sample
from core_trial.witness.reading import People
from core_trial.witness.sandwiches import arms, by_cluster, few, jackknife, welch

RISKS = Means("risks averaged by quadrature, numeric slopes", 5e-5, "steps of the differences")
#: Nodes with which a random effect is integrated out of a risk.
NODES = 51


def beside(fitter: Fitter, outcome: AnyOutcome) -> Made:
    """All of it for one outcome."""
    model = asked(fitter.people, outcome)
    found: Made = {}
    if isinstance(outcome, Binary) and model.model in (Model.MIXED_LOGISTIC, Model.LOGISTIC):
        found |= _risks(fitter, outcome, model)
    if isinstance(outcome, Time):
        found |= _restricted_mean(fitter.people, outcome, model)
    return found | _intraclass(fitter, outcome, model)


def _risks(fitter: Fitter, outcome: AnyOutcome, model: Asked) -> Made:
    again = fitter.of(model)
    if again is None or not isinstance(again.fit, Intercept):
        return {}
    data, fit = again.data, again.fit
    told = [fit.beta[name] for name in ("Intercept", fitter.people.trial.arm.term)]
    if math.isnan(sum(told)):
        return _no_risks(outcome, again)
    there = [k for k, b in enumerate(fit.beta.values()) if not math.isnan(b)]
    theta = np.array([*np.nan_to_num(list(fit.beta.values())), np.nan_to_num(fit.sd)])
    cov = np.zeros((len(theta),) * 2)
    cov[np.ix_([*there, -1], [*there, -1])] = np.nan_to_num(fit.cov)
    means, slopes, own = _standardised(data, theta, model.random, fit.kept)
    spread = slopes @ cov @ slopes.T
    codes = data.codes if model.model == Model.MIXED_LOGISTIC else np.arange(data.n)
    deviations = by_cluster(own - means, codes)
    G = len(deviations)
    spread = spread + G / (G - 1) * deviations.T @ deviations / data.n**2
    df = again.df
    counted = {"n": float(data.n), "n_clusters": float(G), "n_events": float(data.y.sum())}
    found: Made = {}
    for name, value, gradient in (
        ("risk_difference", means[1] - means[0], np.array([-1.0, 1.0])),
        ("risk_ratio", math.log(means[1] / means[0]), np.array([-1 / means[0], 1 / means[1]])),
    ):
        error = math.sqrt(gradient @ spread @ gradient)
        effect = Effect(
            value=value, error=error, df=df, ratio=name == "risk_ratio", counts=counted,
            confidence=fitter.people.trial.confidence, means=RISKS,
        )  # fmt: skip
        found |= effect.numbers(outcome.key, name)
    return found


def _no_risks(outcome: AnyOutcome, again: Again) -> Made:
    """Where a risk goes to 0 or 1 in everybody of a kind, none is told."""
    counts = {"n": float(again.data.n), "n_clusters": float(again.data.n_clusters)}
    counts["n_events"] = float(again.data.y.sum())
    found: Made = {}
    for name in ("risk_difference", "risk_ratio"):
        made = nothing(outcome.key, name, counts, RISKS)
        found |= made | {Key(outcome.key, "df", "", name): Second(again.df, RISKS)}
    return found


def _standardised(
    data: Sample, theta: Array, where: str, kept: Array | None
) -> tuple[Array, Array, Array]:
    """Risks of all in either arm, control first, their slopes (2, q), and each person's (n, 2)."""
    own = _own(data, theta, where, kept)
    h, q = 1e-5, len(theta)
    slopes = np.zeros((2, q))
    for k in range(q):
        step = np.zeros(q)
        step[k] = h
        up, down = (_own(data, theta + s * step, where, kept).mean(axis=0) for s in (1, -1))
        slopes[:, k] = (up - down) / (2 * h)
    return own.mean(axis=0), slopes, own


def _own(data: Sample, theta: Array, where: str, kept: Array | None) -> Array:
    """Each person's risk in either arm; who is fitted perfectly has the same in both."""
    x, weight = hermegauss(NODES)
    weight = weight / weight.sum()
    found = np.zeros((data.n, 2))
    for arm, name in enumerate(("control", "intervention")):
        X = data.X.copy()
        X[:, 1] = arm
        sd = theta[-1] if where in (name, "both") else 0.0
        found[:, arm] = special.expit((X @ theta[:-1])[:, None] + sd * x) @ weight
        if kept is not None:
            found[~kept, arm] = data.y[~kept]
    return found


def _restricted_mean(people: People, outcome: Time, model: Asked) -> Made:
    if outcome.entry:
        return {}
    data = sample(people, model.plain())
    limit = float(min(data.time[data.arm].max(), data.time[~data.arm].max()))
    limit = min(limit, outcome.limit or math.inf)
    found: Made = {}
    means, slopes = {}, np.zeros((data.n, 2))
    for k, (name, inside) in enumerate((("control", ~data.arm), ("intervention", data.arm))):
        time, event = data.time[inside], data.y[inside]
        means[name] = survival.restricted_mean(time, event, limit)
        slopes[inside, k] = survival.area_slopes(time, event, limit)
        key = Key(outcome.key, "mean", name, "restricted_mean")
        found[key] = Second(means[name], survival.AREA)
    effect = _difference(people, data, means, slopes, limit)
    return found | effect.numbers(outcome.key, "restricted_mean")


def _difference(
    people: People, data: Sample, means: dict[str, float], slopes: Array, limit: float
) -> Effect:
    change, df = slopes[:, 1] - slopes[:, 0], math.inf
    clustered = people.cluster is not None
    total = by_cluster(change[:, None], data.codes)
    G = len(total)
    variance = float((total**2).sum()) * (G / (G - 1) if clustered else 1.0)
    if clustered and few(data):
        gone = np.zeros(data.n_clusters)
        for sign, inside, name in ((-1, ~data.arm, "control"), (1, data.arm, "intervention")):
            without = survival.area_without(
                data.time[inside], data.y[inside], limit, data.codes[inside], data.n_clusters
            )
            gone += sign * (without - means[name])
        variance = float(jackknife(gone[:, None])[0, 0])
        df = welch(gone, arms(data), by_cluster(change[:, None] ** 2, data.codes)[:, 0])
    return Effect(
        value=means["intervention"] - means["control"],
        error=math.sqrt(variance),
        df=df,
        ratio=False,
        confidence=people.trial.confidence,
        counts={"n": float(data.n), "n_clusters": float(data.n_clusters)},
        means=survival.WEIGHTS,
    )


def _intraclass(fitter: Fitter, outcome: AnyOutcome, model: Asked) -> Made:
    again = fitter.of(model)
    if again is None:
        return {}
    values: dict[str, tuple[float, float, float]] = {}
    if model.model == Model.MIXED_LINEAR:
        reml = model.options.get("method") == "reml"
        values = linear.intraclass(
            again.data, reml=reml, by_arm=model.by_arm, confidence=fitter.people.trial.confidence
        )
    elif model.model in (Model.MIXED_LOGISTIC, Model.MIXED_POISSON):
        values = {"": _latent(fitter, model, again)}
    names = ("estimate", "low", "high")
    return {
        Key(f"icc.{outcome.key}", name, arm): Second(value, again.means, scale=0.02)
        for arm, three in values.items()
        for name, value in zip(names, three, strict=True)
    }


def _latent(fitter: Fitter, model: Asked, again: Again) -> tuple[float, float, float]:
    """On the scale of the linear predictor; limits symmetric in the logarithm of the deviation."""
    fit = again.fit
    assert isinstance(fit, Intercept)
    residual = math.pi**2 / 3
    if model.model == Model.MIXED_POISSON:
        residual = math.log1p(1 / again.data.y.mean())
    sd, error = fit.sd, math.sqrt(fit.cov[-1, -1]) if fit.sd > 0 else math.nan
    z = stats.norm.isf((1 - fitter.people.trial.confidence) / 2)
    spread = math.exp(z * error / sd) if sd > 0 else math.nan
    low, high = (sd / spread, sd * spread) if sd > 0 else (0.0, math.nan)
    return tuple(s**2 / (s**2 + residual) for s in (sd, low, high))  # type: ignore[return-value]


def subgroups(fitter: Fitter) -> Made:
    """The primary effect by level of each declared characteristic, and one test whether it moves.

    The effect at a level is the arm's coefficient plus that of its product with the level.
    """
    people = fitter.people
    found: Made = {}
    primary = people.trial.primary
    if primary is None:
        return found
    for column in people.trial.subgroups:
        base, arm = asked(people, primary), people.trial.arm.column
        others = tuple(name for name in base.covariates[1:] if name != column)
        covariates = (arm, column, *others, f"{arm}:{column}")
        found |= _subgroup(fitter, primary.key, column, replace(base, covariates=covariates))
    return found


def _counted(model: Asked, again: Again) -> dict[str, float]:
    counted = {"n": float(again.data.n), "n_clusters": float(again.data.n_clusters)}
    return counted | ({"n_events": float(again.data.y.sum())} if model.model in EVENTS else {})


def _subgroup(fitter: Fitter, name: str, column: str, model: Asked) -> Made:
    again = fitter.of(model)
    if again is None:
        return {}
    terms = list(again.beta)
    beta = np.array(list(again.beta.values()))
    products = [k for k, term in enumerate(terms) if ":" in term]
    at = terms.index(fitter.people.trial.arm.term)
    values = fitter.people.frame.loc[model.rows(fitter.people), column]
    levels = (
        [level for level in values.cat.categories if (values == level).any()]
        if values.dtype == "category"
        else ["no", "yes"]
    )
    found: Made = {}
    analysis = f"subgroup.{name}"
    for k, level in enumerate(levels):
        L = np.zeros(len(beta))
        L[at] = 1
        if k:
            L[products[k - 1]] = 1
        value, error = float(L @ beta), math.sqrt(L @ again.cov @ L)
        effect = Effect(
            value=value, error=error, df=again.df_of(L), ratio=model.ratio, means=again.means,
            confidence=fitter.people.trial.confidence, counts=_counted(model, again),
        )  # fmt: skip
        found |= effect.numbers(analysis, f"{column}[{level}]")
    b, V = beta[products], again.cov[np.ix_(products, products)]
    p = float(stats.chi2.sf(b @ np.linalg.solve(V, b), len(products)))
    found[Key(analysis, "interaction_p", "", column)] = Second(p, again.means)
    return found
