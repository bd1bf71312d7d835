"""Planned models, the fit to counts, assumptions, and single clusters: made again."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from core_trial.declaration.models import Model
from core_trial.declaration.outcomes import AnyOutcome, Count, Time
from core_trial.results import Key
from core_trial.witness import counts, intercepts, linear, survival
from core_trial.witness.effects import Fitter
from core_trial.witness.likelihood import Array
from core_trial.witness.made import COUNTED, Made, Means, Second
from core_trial.witness.plan import Sample, asked, recommended_beside, sample

LARGEST_COUNT = 60
QUANTILES = 50
TRANSFORMS = ("identity", "log", "km")
POISSON = Means("scipy.stats poisson", 1e-9, "rounding")
#: Residuals have the digits of the variances from which effects are predicted.
SHAPES = Means("scipy.stats skew and kurtosis of residuals made again", 1e-4, "two searches stop")
#: Clusters per outcome that are left out again, evenly over the sorted labels.
CLUSTERS_TRIED = 3


def planned(fitter: Fitter) -> Made:
    """Models of the protocol, and the primary one with the adjustments that it names."""
    trial = fitter.people.trial
    found: Made = {}
    for outcome in trial.outcomes:
        if outcome.planned is not None:
            model = asked(fitter.people, outcome, planned=True)
            found |= fitter.effect(outcome.key, "planned", model)
        for level, model in recommended_beside(fitter.people, outcome).items():
            found |= fitter.effect(outcome.key, level, model)
    primary, more = trial.primary, trial.planned_adjustments
    if primary is not None and more:
        base = asked(fitter.people, primary)
        model = base.and_for(*more)
        found |= fitter.effect(primary.key, "planned_adjustments", model)
        same = base.among(model)
        found |= fitter.effect(primary.key, "planned_adjustments_same_people", same)
    return found


def count_fit(fitter: Fitter, outcome: AnyOutcome) -> Made:
    """Counts seen and expected, and their variance in units of the mean."""
    if not isinstance(outcome, Count) or outcome.mean:
        return {}
    model = asked(fitter.people, outcome)
    data = sample(fitter.people, model)
    name = f"count_fit.{outcome.key}"
    mean = np.where(data.arm, data.y[data.arm].mean(), data.y[~data.arm].mean())
    spread = float(np.mean((data.y - mean) ** 2 / mean)) if (mean > 0).all() else math.nan
    found: Made = {Key(name, "variance_to_mean"): Second(spread, COUNTED)}
    support = np.arange(LARGEST_COUNT + 1)
    seen = [float((data.y == k).sum()) for k in support]
    poisson = stats.poisson.pmf(support, mean[:, None]).sum(axis=0)
    found |= _series(name, "observed", seen, COUNTED)
    found |= _series(name, "expected_poisson", poisson, POISSON)
    for arm, inside in _arms(data):
        none = [float((data.y[inside] == 0).sum())]
        found |= _series(name, "observed", none, COUNTED, arm) if arm else {}
    again = fitter.of(model)
    if model.model == Model.ZERO_INFLATED_NB and len(model.covariates) == 1 and again is not None:
        assert isinstance(again.fit, counts.Counted)
        for arm, inside in _arms(data):
            rows, most = replace(data, X=data.X[inside]), 0 if arm else LARGEST_COUNT
            values = counts.expected(rows, again.fit.point, most)
            found |= _series(name, "expected_zero_inflated", values, counts.COUNTS, arm)
    return found | _expected_planned(fitter, outcome, name)


def _arms(data: Sample) -> tuple[tuple[str, Array], ...]:
    """Rows of everybody and of each arm."""
    everybody = np.ones(data.n, dtype=bool)
    return ("", everybody), ("intervention", data.arm), ("control", ~data.arm)


def _expected_planned(fitter: Fitter, outcome: Count, name: str) -> Made:
    """What the planned mixed Poisson model expects: in all, and with none by arm."""
    if outcome.planned is None:
        return {}
    model = asked(fitter.people, outcome, planned=True)
    again = fitter.of(model) if model.model == Model.MIXED_POISSON else None
    if again is None:
        return {}
    assert isinstance(again.fit, intercepts.Intercept)
    found: Made = {}
    for arm, inside in _arms(again.data):
        most = 0 if arm else LARGEST_COUNT
        values = intercepts.expected(again.data, again.fit, inside, most)
        found |= _series(name, "expected_planned", values, intercepts.AVERAGED, arm)
    return found


def _series(
    name: str, statistic: str, values: Array | list[float], means: Means, arm: str = ""
) -> Made:
    scale = 1.0 if means is POISSON else 0.0
    return {
        Key(name, statistic, arm, f"days {k}"): Second(float(value), means, scale=scale)
        for k, value in enumerate(values)
    }


def assumptions(fitter: Fitter, outcome: AnyOutcome) -> Made:
    """Shapes of residuals and of clusters' effects, and trends of the hazard ratio in time."""
    model = asked(fitter.people, outcome)
    found: Made = {}
    if isinstance(outcome, Time):
        data = sample(fitter.people, model)
        ties = str(model.options.get("ties") or "breslow")
        for transform in TRANSFORMS:
            values = survival.trend(data, ties=ties, transform=transform)
            for statistic, value in zip(("chi_square", "p_value"), values, strict=True):
                key = Key(f"proportional_hazards.{outcome.key}", statistic, "", transform)
                found[key] = Second(value, survival.TREND)
    again = fitter.of(model)
    if again is None or not isinstance(again.fit, linear.Linear):
        return found
    name, fit = f"normality.{outcome.key}", again.fit
    found |= _shape(name, "residual", again.data.y - fit.fitted)
    named = np.unique(again.data.codes[again.data.named])
    carries = np.bincount(again.data.codes, again.data.inside) > 0
    effects = fit.effects[[g for g in named if carries[g]]]
    return found | _shape(name, "random_effect", effects)


def _shape(name: str, level: str, values: Array) -> Made:
    if len(np.unique(values)) < 2:
        return {}
    found: Made = {
        Key(name, "skewness", "", level): Second(float(stats.skew(values)), SHAPES, 1.0),
        Key(name, "excess_kurtosis", "", level): Second(float(stats.kurtosis(values)), SHAPES, 1.0),
    }
    z = pd.Series(values)
    z = (z - z.mean()) / z.std()
    for k in range(1, QUANTILES + 1):
        share = (k - 0.5) / QUANTILES
        normal, seen = stats.norm.ppf(share), z.quantile(share)
        found[Key(name, "normal", "", f"{level} {k}")] = Second(float(normal), COUNTED, 1.0)
        found[Key(name, "observed", "", f"{level} {k}")] = Second(float(seen), SHAPES, 1.0)
    return found


def single_clusters(fitter: Fitter, outcome: AnyOutcome) -> Made:
    """The effect without some of the clusters: a sample of them, evenly over their names."""
    people = fitter.people
    if people.named is None:
        return {}
    model = asked(people, outcome)
    rows = model.rows(people)
    labels = sorted(set(people.named[rows].dropna()))
    found: Made = {}
    for label in labels[:: max(1, len(labels) // CLUSTERS_TRIED)][:CLUSTERS_TRIED]:
        keep = people.named != label
        data = sample(people, model, keep)
        again = fitter.of(model, data)
        if again is None:
            continue
        term = people.trial.arm.term
        value, error = again.beta[term], again.error(term)
        numbers = {"estimate_without": math.exp(value) if model.ratio else value}
        scale = 0.0 if model.ratio else abs(value) + error
        for statistic, number in numbers.items():
            key = Key(outcome.key, statistic, "", str(label))
            found[key] = Second(number, again.means, scale=scale)
    return found
