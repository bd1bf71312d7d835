"""Thirty faults of the kind that people make, planted in the first programme one at a time.

A fault is a part of the analysis, made with something wrong in it: the functions are patched, or
the data or the plan that they are given are not what they should be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

import core_trial as ct
from core_trial import models
from core_trial.analyses import baseline as baselines
from core_trial.analyses import clusters, curves, flow, outcomes, summaries
from core_trial.analyses.estimation import beside, estimate
from core_trial.analyses.fits import Fits
from core_trial.analyses.influence import refitted
from core_trial.analyses.missingness import Missingness, _association_records, _extent
from core_trial.data import scoring
from core_trial.data.analysis_set import AnalysisSet
from core_trial.data.frame import checked
from core_trial.declaration.models import ModelSpec
from core_trial.models.intercept import random_intercept
from core_trial.models.numerics.quadrature import hermite_rule
from core_trial.results import Descriptive, Estimate, Record
from core_trial.trials.core import derive as deriving
from core_trial.trials.core.analyses import safety

Patch = pytest.MonkeyPatch
Part = Callable[[AnalysisSet], Iterable[Record]]


@dataclass(frozen=True)
class Fault:
    """A part of the analysis, and the same with something wrong.

    `wrong` yields the records of the part with the fault in it; `right` those without. Where the
    fault is in the declaration, `declared` makes it, for both programmes.
    """

    name: str
    right: Part
    wrong: Callable[[AnalysisSet, Patch], Iterable[Record]]
    analysis: str
    found: bool = True
    declared: Callable[[ct.Trial], ct.Trial] | None = None


def describe(name: str) -> Part:
    return lambda data: outcomes.describe(_fits(data).spec(name), _fits(data))


def effect(name: str) -> Part:
    return lambda data: [_effect(name, data, lambda spec: spec)]


def with_data(part: Part, change: Callable[[AnalysisSet], AnalysisSet]) -> Callable:
    return lambda data, patch: part(change(data))


def with_patch(part: Part, target: object, name: str, value: object) -> Callable:
    def wrong(data: AnalysisSet, patch: Patch) -> Iterable[Record]:
        patch.setattr(target, name, value)
        return list(part(data))

    return wrong


def with_model(name: str, change: Callable[[ModelSpec], ModelSpec]) -> Callable:
    return lambda data, patch: [_effect(name, data, change)]


def with_record(part: Part, **change: Callable[[Estimate], object]) -> Callable:
    def wrong(data: AnalysisSet, patch: Patch) -> Iterator[Record]:
        for record in part(data):
            yield replace(record, **{name: f(record) for name, f in change.items()})

    return wrong


def _fits(data: AnalysisSet) -> Fits:
    return Fits(data.trial, data.participants)


def _effect(name: str, data: AnalysisSet, change: Callable[[ModelSpec], ModelSpec]) -> Estimate:
    fits = _fits(data)
    return estimate(name, change(fits.spec(name).fitted), fits)


def people(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[AnalysisSet], AnalysisSet]:
    return lambda data: replace(data, participants=change(data.participants))


def option(**values: object) -> Callable[[ModelSpec], ModelSpec]:
    return lambda spec: replace(spec, options=MappingProxyType({**spec.options, **values}))


def column(
    name: str, change: Callable[[pd.Series], object]
) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda frame: frame.assign(**{name: change(frame[name])})


def rederived(part: Part, target: object, name: str, value: object) -> Callable:
    """The analysis set derived anew, by a function with a fault."""

    def wrong(data: AnalysisSet, patch: Patch) -> Iterable[Record]:
        patch.setattr(target, name, value)
        frame = deriving.derive(data.tables)
        patch.undo()
        return list(part(checked(replace(data, participants=frame))))

    return wrong


def swap_arms(frame: pd.DataFrame) -> pd.DataFrame:
    other = {"intervention": "control", "control": "intervention"}
    swapped = pd.Categorical(frame["arm"].map(other), ["control", "intervention"], ordered=True)
    return frame.assign(arm=swapped)


def other_reference(frame: pd.DataFrame) -> pd.DataFrame:
    """The arms' names in the other order: the model compares the control with the intervention."""
    names = ["control", "intervention"]
    return frame.assign(arm=pd.Categorical.from_codes(1 - frame["arm"].cat.codes, names))


def association(name: str) -> Part:
    """What predicts that one outcome is missing: some of the predictors."""

    def part(data: AnalysisSet) -> Iterator[Record]:
        found = Missingness(_fits(data))
        spec = found.fits.spec(name)
        for one in found.associations(spec)[:6]:
            yield from _association_records(spec, data.trial, one)

    return part


def extent(data: AnalysisSet) -> Iterator[Record]:
    yield from _extent(_fits(data).spec("loneliness_month_18"), _fits(data))


def everybody_asked(data: AnalysisSet) -> AnalysisSet:
    return people(column("main_trial", lambda c: 1.0))(data)


def restricted(data: AnalysisSet) -> Iterator[Record]:
    return beside(_fits(data).spec("time_to_readmission"), _fits(data))


def events_once(data: AnalysisSet) -> AnalysisSet:
    events = data.tables["adverse_events"].drop_duplicates("participant_id")
    return replace(data, tables={**data.tables, "adverse_events": events})


def rounded_proportion(*arguments: object, **named: object) -> Iterator[Descriptive]:
    for record in PROPORTION(*arguments, **named):
        yield replace(record, value=float(np.floor(record.value)))


def population_sd(
    analysis: str, values: pd.Series, arm: str = "", level: str = ""
) -> Iterator[Descriptive]:
    for record in MEAN_SD(analysis, values, arm, level):
        if record.statistic == "sd":
            record = replace(record, value=float(values.dropna().std(ddof=0)))
        yield record


def misdeclared(trial: ct.Trial) -> ct.Trial:
    """The satisfaction outcome adjusted for condition alone, and not for centre."""
    outcomes = tuple(
        replace(o, adjust=("psychosis",)) if o.key == SATISFACTION else o for o in trial.outcomes
    )
    return replace(trial, outcomes=outcomes)


def left_out(cluster: int) -> tuple[Part, Callable]:
    """The effect without one cluster; wrong is without another."""

    def without(data: AnalysisSet, other: int) -> Iterator[Record]:
        fits = _fits(data)
        cases = fits.cases(fits.spec("satisfaction_month_4").fitted)
        members = cases.frame["cluster_id"].to_numpy()
        labels = sorted(clusters.named(data.trial, data.participants) & set(members))
        keep = members != labels[other]
        yield refitted("satisfaction_month_4", data.trial, cases, labels[cluster], keep)

    return lambda data: without(data, cluster), lambda data, patch: without(data, cluster + 1)


PROPORTION, MEAN_SD = summaries.proportion, summaries.mean_sd
IN_CARE, KAPLAN_MEIER = deriving.days_in_care, models.kaplan_meier
SATISFACTION, TIME = "satisfaction_month_4", "time_to_readmission"


def _baseline(data: AnalysisSet) -> Iterable[Record]:
    return baselines.records(data.trial, data.participants)


def _flow(data: AnalysisSet) -> Iterable[Record]:
    return flow.records(data, _fits(data))


def _curves(data: AnalysisSet) -> Iterable[Record]:
    return curves.records(_fits(data))


def _no_last_day(person, start, end, n, *, last):
    return IN_CARE(person, start, end - 1, n, last=last)


def _by_interpolation(values, percent):
    return float(np.percentile(values, percent))


def _by_log(*arguments, **named):
    return KAPLAN_MEIER(*arguments, **named, interval="log")


def _one_sided(record: Estimate) -> float:
    return record.p_value / 2


FAULTS = (
    Fault(
        "arms swapped",
        describe("readmission"),
        with_data(describe("readmission"), people(swap_arms)),
        "readmission",
    ),
    Fault("a row dropped", _flow, with_data(_flow, people(lambda f: f.iloc[1:])), "flow"),
    Fault(
        "a row twice",
        describe("acute_days"),
        with_data(describe("acute_days"), people(lambda f: pd.concat([f, f.iloc[:1]]))),
        "acute_days",
    ),
    Fault(
        "follow-up ends a day early",
        _curves,
        rederived(_curves, deriving, "FOLLOW_UP_DAYS", 364),
        TIME,
    ),
    Fault(
        "a stay without its last day",
        describe("acute_days"),
        rederived(describe("acute_days"), deriving, "days_in_care", _no_last_day),
        "acute_days",
    ),
    Fault(
        "items the wrong way round",
        describe("loneliness_month_4"),
        rederived(
            describe("loneliness_month_4"),
            deriving,
            "score",
            lambda frame, scale: scoring.score(frame, replace(scale, reversed_items=())),
        ),
        "loneliness_month_4",
    ),
    Fault(
        "missing items filled in",
        describe(SATISFACTION),
        rederived(
            describe(SATISFACTION),
            deriving,
            "score",
            lambda frame, scale: scoring.score(frame, scale, share=0.5),
        ),
        SATISFACTION,
    ),
    Fault(
        "unknown counted as no",
        describe("readmission"),
        with_data(describe("readmission"), people(column("readmitted", lambda c: c.fillna(0.0)))),
        "readmission",
    ),
    Fault(
        "n for n - 1", _baseline, with_patch(_baseline, summaries, "mean_sd", population_sd), "age"
    ),
    Fault(
        "another rule for quartiles",
        describe(TIME),
        with_patch(describe(TIME), summaries, "stata_percentile", _by_interpolation),
        TIME,
    ),
    Fault(
        "percentages cut off",
        _baseline,
        with_patch(_baseline, summaries, "proportion", rounded_proportion),
        "sex",
    ),
    Fault(
        "means rounded before they are used",
        describe("symptoms_month_4"),
        lambda data, patch: [
            replace(r, value=round(r.value, 1)) for r in describe("symptoms_month_4")(data)
        ],
        "symptoms_month_4",
    ),
    Fault(
        "control against intervention",
        effect(TIME),
        with_data(effect(TIME), people(other_reference)),
        TIME,
    ),
    Fault(
        "a sign",
        effect(SATISFACTION),
        with_record(effect(SATISFACTION), estimate=lambda r: -r.estimate),
        SATISFACTION,
    ),
    Fault(
        "a one-sided p-value",
        effect("readmission"),
        with_record(effect("readmission"), p_value=_one_sided),
        "readmission",
    ),
    Fault(
        "intervals of 90 %",
        effect("readmission"),
        with_model("readmission", option(confidence=0.9)),
        "readmission",
    ),
    Fault(
        "the wrong cluster",
        effect(TIME),
        with_model(TIME, option(cluster="centre")),
        TIME,
    ),
    Fault(
        "no factor for few clusters",
        effect(TIME),
        with_model(TIME, option(small_sample=False)),
        TIME,
    ),
    Fault("ties by another rule", effect(TIME), with_model(TIME, option(ties="efron")), TIME),
    Fault(
        "one node for seven",
        association("self_management_month_18"),
        with_patch(
            association("self_management_month_18"),
            random_intercept,
            "hermite_rule",
            lambda points: hermite_rule(1),
        ),
        "missingness.self_management_month_18",
    ),
    Fault(
        "restricted for full likelihood",
        effect(SATISFACTION),
        with_model(SATISFACTION, option(method="reml")),
        SATISFACTION,
    ),
    Fault(
        "a covariate left out",
        effect("recovery_month_4"),
        with_model(
            "recovery_month_4",
            lambda s: replace(s, covariates=tuple(c for c in s.covariates if c != "centre")),
        ),
        "recovery_month_4",
    ),
    Fault(
        "the value of another visit",
        effect("recovery_month_4"),
        with_data(
            effect("recovery_month_4"),
            people(lambda f: f.assign(recovery_baseline=f["recovery_month_18"])),
        ),
        "recovery_month_4",
    ),
    Fault(
        "limits on another scale",
        _curves,
        with_patch(_curves, models, "kaplan_meier", _by_log),
        TIME,
    ),
    Fault(
        "event and censoring exchanged",
        restricted,
        with_data(restricted, people(column("readmitted", lambda c: 1 - c))),
        TIME,
    ),
    Fault(
        "people taken for independent",
        effect("acute_days"),
        with_model("acute_days", lambda s: option(cluster="participant_id")(s)),
        "acute_days",
    ),
    Fault(
        "missing by design overlooked", extent, with_data(extent, everybody_asked), "missingness"
    ),
    Fault(
        "people for events",
        safety.records,
        with_data(safety.records, events_once),
        "adverse_events",
    ),
    # What both programmes read is not found by either, nor what is made once only.
    Fault(
        "declared with the wrong covariate",
        effect(SATISFACTION),
        lambda data, patch: effect(SATISFACTION)(replace(data, trial=misdeclared(data.trial))),
        SATISFACTION,
        found=False,
        declared=misdeclared,
    ),
    Fault(
        "a single cluster mistaken for its neighbour, outside the sample",
        *left_out(1),
        SATISFACTION,
        found=False,
    ),
)
