"""Times to events: statsmodels' PHReg, lifelines' curves, and errors by cluster written out."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from core_trial.declaration.outcomes import Time
from core_trial.results import Key
from core_trial.witness.hazards import Seen, newton, residuals, risk_sets
from core_trial.witness.likelihood import Array, parabola
from core_trial.witness.made import COUNTED, Made, Means, Second, package
from core_trial.witness.plan import Sample
from core_trial.witness.reading import People
from core_trial.witness.sandwiches import jackknife, sandwich

COX = Means("statsmodels PHReg, score residuals written out", 1e-6, "where two searches stop")
LOSS = Means("partial likelihood written out, without each cluster", 1e-6, "where a search stops")
CURVE = Means("lifelines KaplanMeierFitter", 1e-8, "sums of logarithms in place of products")
AREA = Means("lifelines restricted_mean_survival_time", 1e-8, "sums in another order")
WEIGHTS = Means(
    "area under the curve with people weighted, numeric slope", 1e-5, "steps of the differences"
)
TREND = Means("score test of the partial likelihood with time, written out", 1e-6, "sums")
FRAILTY = Means("penalised partial likelihood with dense matrices", 1e-4, "where two searches stop")


@dataclass(frozen=True, slots=True, eq=False)
class Hazards:
    """A fit: coefficients (p,), covariance (p, p), and what leaving out changes.

    That is of each cluster, shape (G, p), and to the first order of each row, shape (n, p).
    """

    beta: Array
    cov: Array
    changes: Array | None = None
    rows: Array | None = None
    frailty: float = math.nan


def cox(data: Sample, *, ties: str, robust: str) -> Hazards:
    """Cox regression.

    Raises
    ------
    ValueError
        If somebody comes under observation no sooner than it ends.
    """
    if (data.entry >= data.time).any():
        raise ValueError("nobody is at risk from the end of follow-up on")
    import statsmodels.api as sm

    X = data.X[:, 1:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        entry = data.entry if np.isfinite(data.entry).any() else None
        found = sm.PHReg(data.time, X, status=data.y, entry=entry, ties=ties).fit(
            method="newton", maxiter=100, tol=1e-13, disp=0
        )
    beta = np.atleast_1d(np.asarray(found.params, float))
    seen = Seen(data.time, data.y, data.entry)
    beta = newton(seen, X, beta, ties)
    information, scores = residuals(seen, X, beta, ties)
    inverse = np.linalg.inv(information)
    if robust == "model":
        return Hazards(beta, inverse)
    if robust == "sandwich":
        return Hazards(beta, sandwich(inverse, scores, data.codes))
    changes = np.array(
        [
            newton(seen.only(k), X[k], beta, ties) - beta
            for k in (data.codes != g for g in range(data.n_clusters))
        ]
    )
    return Hazards(beta, jackknife(changes), changes, scores @ inverse)


def curves(people: People) -> Made:
    """Kaplan-Meier by arm, every point of it."""
    found: Made = {}
    for outcome in people.trial.outcomes:
        if isinstance(outcome, Time) and not outcome.entry:
            for arm, inside in people.arms():
                rows = people.frame.loc[inside, [outcome.column, outcome.event]].dropna()
                if len(rows):
                    found |= _curve(people, outcome, arm, rows)
    return found


def _curve(people: People, outcome: Time, arm: str, rows: pd.DataFrame) -> Made:
    alpha = 1 - people.trial.confidence
    kaplan_meier = package("lifelines").KaplanMeierFitter
    fitted = kaplan_meier(alpha=alpha).fit(rows[outcome.column], rows[outcome.event])
    table = (
        fitted.event_table.iloc[1:] if 0 not in set(rows[outcome.column]) else fitted.event_table
    )
    limits = fitted.confidence_interval_
    found: Made = {}
    for time, line in table.iterrows():
        survival = float(fitted.survival_function_.loc[time].iloc[0])
        low, high = map(float, limits.loc[time])
        values = {"survival": survival, "low": low, "high": high}
        if survival >= 1:
            values |= {"low": 1.0, "high": 1.0}
        if survival <= 0:
            values |= {"low": math.nan, "high": math.nan}
        level = f"{float(str(time)):g}"
        for name, value in values.items():
            found[Key(outcome.key, name, arm, level)] = Second(value, CURVE)
        counts = {
            "at_risk": line["at_risk"], "events": line["observed"], "censored": line["censored"]
        }  # fmt: skip
        for name, value in counts.items():
            found[Key(outcome.key, name, arm, level)] = Second(float(value), COUNTED)
    return found


def restricted_mean(time: Array, event: Array, limit: float) -> float:
    """Area under the curve up to a limit, by lifelines."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        curve = package("lifelines").KaplanMeierFitter().fit(time, event)
        area = package("lifelines.utils").restricted_mean_survival_time
        return float(area(curve, t=limit))


def area_slopes(time: Array, event: Array, limit: float) -> Array:
    """How the area moves when each person counts a little more, shape (n,)."""
    h = 1e-4
    eye = np.eye(len(time))
    up, down = (_area(time, event, limit, 1 + s * h * eye) for s in (1, -1))
    return np.asarray((up - down) / (2 * h))


def area_without(time: Array, event: Array, limit: float, codes: Array, count: int) -> Array:
    """The area without each cluster, shape (count,)."""
    weights = (codes[None, :] != np.arange(count)[:, None]).astype(float)
    return _area(time, event, limit, weights)


def _area(time: Array, event: Array, limit: float, weights: Array) -> Array:
    """Areas under curves of weighted people, one per row of `weights`, shape (b, n)."""
    times = np.unique(time)
    at_risk = weights @ (time[:, None] >= times).astype(float)
    dying = weights @ ((time[:, None] == times) & (event[:, None] == 1)).astype(float)
    hazard = np.divide(dying, at_risk, out=np.zeros_like(dying), where=at_risk > 0)
    heights = np.column_stack([np.ones(len(weights)), np.cumprod(1 - hazard, axis=1)])
    edges = np.minimum(np.r_[0.0, times, max(limit, times[-1])], limit)
    return np.asarray((heights * np.diff(edges)).sum(axis=1))


def trend(data: Sample, *, ties: str, transform: str) -> tuple[float, float]:
    """Score test that the arm's log hazard ratio does not move with time; chi-square and p."""
    X = data.X[:, 1:]
    seen = Seen(data.time, data.y, data.entry)
    beta = newton(seen, X, np.zeros(X.shape[1]), ties)
    scale = _scales(seen, transform)
    p = X.shape[1]
    score, information = np.zeros(p + 1), np.zeros((p + 1, p + 1))
    r = np.exp(X @ beta)
    for (at_risk, dying, shares), g in zip(risk_sets(seen, ties), scale, strict=True):
        Z = np.column_stack([X, g * X[:, 0]])
        for share in shares:
            weight = r * at_risk * (1 - share * dying)
            mean = weight @ Z / weight.sum()
            information += (Z * weight[:, None]).T @ Z / weight.sum() - np.outer(mean, mean)
            score += Z[dying].mean(axis=0) - mean
    chi_square = float(score @ np.linalg.solve(information, score))
    return chi_square, float(stats.chi2.sf(chi_square, 1))


def _scales(seen: Seen, transform: str) -> Array:
    """Each event time on the scale of the test, centred at the mean of the events."""
    time, event = seen.time, seen.event
    times = np.unique(time[event == 1])
    deaths = np.array([((time == t) & (event == 1)).sum() for t in times])
    if transform == "log":
        values = np.log(times)
    elif transform == "km":
        at_risk = np.array([((seen.entry < t) & (time >= t)).sum() for t in times])
        after = np.cumprod(1 - deaths / at_risk)
        values = 1 - np.r_[1.0, after[:-1]]
    else:
        values = times
    return np.asarray(values - (deaths * values).sum() / deaths.sum())


def gamma_frailty(data: Sample, *, ties: str) -> Hazards:
    """Shared gamma frailty: penalised partial likelihood, its variance by the marginal one."""
    sets = risk_sets(Seen(data.time, data.y, data.entry), ties)
    found: dict[float, tuple[Array, Array]] = {}
    start = np.zeros(data.X.shape[1] - 1 + data.n_clusters)

    def profile(log_theta: float) -> float:
        nonlocal start
        theta = math.exp(log_theta)
        start, inverse, hazard, value = _penalised(data, sets, theta, start)
        found[log_theta] = (start, inverse)
        events = np.bincount(data.codes, data.y, data.n_clusters)
        rises = sum(np.log1p(np.arange(int(d)) * theta).sum() for d in events)
        own = ((1 / theta + events) * np.log1p(theta * hazard)).sum()
        return -float(value + rises - own)

    top = optimize.minimize_scalar(
        profile, bounds=(-7, 2), method="bounded", options={"xatol": 1e-7}
    )
    best = parabola(lambda x: -profile(x), float(top.x))
    plain = cox(data, ties=ties, robust="model")
    if -profile(best) <= _height(data, plain.beta, ties):
        return Hazards(plain.beta, plain.cov, frailty=0.0)
    point, inverse = found[best]
    p = data.X.shape[1] - 1
    return Hazards(point[:p], inverse[:p, :p], frailty=math.exp(best))


def _height(data: Sample, beta: Array, ties: str) -> float:
    """The plain model's partial likelihood with the expected events of its baseline."""
    r = np.exp(data.X[:, 1:] @ beta)
    value = float(data.y @ np.log(r))
    for at_risk, dying, shares in risk_sets(Seen(data.time, data.y, data.entry), ties):
        value -= sum(math.log((r * at_risk * (1 - s * dying)).sum()) for s in shares)
    return value - float(data.y.sum())


def _penalised(
    data: Sample, sets: list[tuple[Array, Array, list[float]]], theta: float, start: Array
) -> tuple[Array, Array, Array, float]:
    """Coefficients and log frailties given the variance, and what the marginal likelihood needs.

    That is the inverse information, each cluster's cumulative hazard at a frailty of one, and the
    likelihood of events and of the baseline's jumps.
    """
    p, G = data.X.shape[1] - 1, data.n_clusters
    C = np.zeros((data.n, G))
    C[np.arange(data.n), data.codes] = 1
    W = np.column_stack([data.X[:, 1:], C])
    at_risk = np.array([a for a, _, shares in sets for _ in shares], dtype=float)
    out = np.array([s * d for _, d, shares in sets for s in shares], dtype=float)
    point = start
    for _ in range(50):
        weight = at_risk * (1 - out) * np.exp(W @ point)
        total = weight.sum(axis=1)
        share = weight / total[:, None]
        means = share @ W
        information = (W * share.sum(axis=0)[:, None]).T @ W - means.T @ means
        frailty = np.exp(point[p:])
        information[p:, p:] += np.diag(frailty / theta)
        slope = data.y @ W - means.sum(axis=0)
        slope[p:] -= (frailty - 1) / theta
        step = np.linalg.solve(information, slope)
        point = point + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    jumps = (at_risk * (1 - out) / total[:, None]).sum(axis=0)
    hazard = np.bincount(data.codes, jumps * np.exp(data.X[:, 1:] @ point[:p]), G)
    value = float(data.y @ (data.X[:, 1:] @ point[:p]) - np.log(total).sum())
    return point, np.linalg.inv(information), hazard, value
