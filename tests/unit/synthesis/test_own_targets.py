"""A made-up trial is calibrated to three lines; the models, fitted as ever, print them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from core_trial.models.counts.modified_poisson import modified_poisson
from core_trial.models.intercept.logistic import logistic_regression
from core_trial.models.intercept.mixed_logistic import mixed_logistic
from core_trial.models.linear.mixed_linear import mixed_linear
from core_trial.models.survival.cox import cox
from core_trial.report.number import effect, p_value
from core_trial.report.styles import LANCET, PValues
from core_trial.synthesis import own_targets
from core_trial.synthesis.regions import Bounds, Line, Region

ODDS = Line("0·52", "0·29", "0·93", "0·028", ratio=True)
HAZARD = Line("0·61", "0·38", "0·96", "0·033", ratio=True)
MEANS = Line("3·10", "1·02", "5·18", "0·0035")
TOTALS = {"intervention": 30, "control": 45}
QUARTILES = {"intervention": (30, 80, 170), "control": (25, 60, 150)}


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    arm = rng.permutation(np.repeat(["control", "intervention"], 100))
    worker = rng.choice([f"W{k}" for k in range(18)], 200)
    return pd.DataFrame(
        {
            "arm": pd.Categorical(arm, ["control", "intervention"]),
            "severe": (rng.random(200) < 0.3).astype(float),
            "centre": pd.Categorical(rng.choice(list("XYZ"), 200)),
            "before": np.round(rng.normal(30, 9, 200)).clip(0, 60),
            "cluster_id": np.where(arm == "intervention", worker, [f"P{k}" for k in range(200)]),
        }
    )


def prints(fit, line):
    """The line that a fit prints, p with as many decimals as the line has."""
    found = fit.effect("arm")
    decimals = len(line.p_value.partition("·")[2])
    style = replace(LANCET, p=PValues(decimals=((10**-decimals, decimals),)))
    return effect(found.estimate, found.low, found.high, 2, LANCET), p_value(found.p_value, style)


def wanted(line):
    return f"{line.estimate} ({line.low} to {line.high})", line.p_value


def test_an_event_and_its_times(people):
    rng = np.random.default_rng(4)
    event = own_targets.event(people, ODDS, TOTALS, ("severe", "centre"), rng)
    days = own_targets.days_to_event(people, event.outcome, HAZARD, QUARTILES, rng)
    assert event.attempt.met
    assert days.attempt.met
    frame = people.assign(event=event.outcome, days=days.outcome)
    assert frame.groupby("arm", observed=True)["event"].sum().to_dict() == TOTALS
    odds = mixed_logistic(
        "event ~ arm + severe + centre", frame, cluster="cluster_id", inference="normal"
    )
    settings = {"cluster": "cluster_id", "inference": "sandwich"}
    hazard = cox("arm", frame, time="days", event="event", **settings)
    assert prints(odds, ODDS) == wanted(ODDS)
    assert prints(hazard, HAZARD) == wanted(HAZARD)


def test_a_score(people):
    rng = np.random.default_rng(1)
    start = 17 + 0.5 * people["before"].to_numpy() + rng.normal(0, 7, len(people))
    moments = {"intervention": ("34", "8"), "control": ("31", "8")}
    covariates = ("severe", "centre", "before")
    found = own_targets.score(people, start, MEANS, moments, covariates, (0, 60), rng)
    assert found.attempt.met
    frame = people.assign(score=found.outcome)
    formula = "score ~ arm + severe + centre + before"
    fit = mixed_linear(formula, frame, cluster="cluster_id", method="ml")
    assert prints(fit, MEANS) == wanted(MEANS)
    by_arm = frame.groupby("arm", observed=True)["score"]
    assert by_arm.mean().round().to_dict() == {"control": 31, "intervention": 34}
    assert by_arm.std().round().to_dict() == {"control": 8, "intervention": 8}


def test_a_line_out_of_reach_is_reported(people):
    line = Line("0·52", "0·29", "0·93", "0·0278", ratio=True)  # a digit more, and few cells
    found = own_targets.event(people, line, TOTALS, ("severe",), np.random.default_rng(1))
    assert not found.attempt.met
    assert "NOT MET" in str(found.attempt)


#: Model, terms and kind of the rows that are printed of one outcome: odds and risk ratio of the
#: whole trial, odds ratios of two subgroups, and how sure it is that these differ.
BY_GROUP = "arm + black + arm:black + site"
ROWS = (
    ("arm + site", ("arm",), False),
    ("arm + site", ("arm",), True),
    (BY_GROUP, ("arm", "arm:black"), False),
    (BY_GROUP, ("arm",), False),
    (BY_GROUP, ("arm:black",), None),
)


def inpatients(rng, n=400):
    arm = rng.permutation(np.repeat(["control", "intervention"], n // 2))
    return pd.DataFrame(
        {
            "arm": pd.Categorical(arm, ["control", "intervention"]),
            "site": pd.Categorical(rng.choice(list("ABCD"), n)),
            "black": (rng.random(n) < 0.25).astype(float),
        }
    )


def found_of(frame, formula, terms, risk):
    """Estimate, standard error and p-value of a sum of coefficients, by the library's models."""
    if risk:
        fit = modified_poisson(f"event ~ {formula}", frame, small_sample=False)
    else:
        fit = logistic_regression(f"event ~ {formula}", frame)
    at = [k for term in terms for k in fit.term_columns[term]]
    b, s = fit.beta[at].sum(), np.sqrt(fit.cov[np.ix_(at, at)].sum())
    return b, s, 2 * stats.norm.sf(abs(b / s))


def as_printed(b, s, p, *, only_p):
    dotted = [f"{np.exp(x):.2f}".replace(".", "·") for x in (b, b - 1.96 * s, b + 1.96 * s)]
    if only_p:
        return Line("", "", "", f"{p:.2f}".replace(".", "·"), ratio=True)
    return Line(*dotted, ratio=True)


def test_an_event_of_which_several_rows_are_printed():
    rng = np.random.default_rng(8)
    people = inpatients(rng)
    treated = people["arm"] == "intervention"
    risk = np.where(treated & (people["black"] == 1), 0.4, 0.5)
    other = people.assign(event=(rng.random(len(people)) < risk).astype(float))
    printed = [
        own_targets.Printed(
            formula,
            terms,
            as_printed(*found_of(other, formula, terms, kind), only_p=kind is None),
            bool(kind),
        )
        for formula, terms, kind in ROWS
    ]
    totals = other.groupby("arm", observed=True)["event"].sum().astype(int).to_dict()
    outcome, attempts = own_targets.event_of_rows(people, printed, totals, rng)
    assert all(attempt.met for attempt in attempts), attempts
    frame = people.assign(event=outcome)
    assert (outcome != other["event"]).any()
    assert frame.groupby("arm", observed=True)["event"].sum().to_dict() == totals
    for row, (formula, terms, kind) in zip(printed, ROWS, strict=True):
        b, s, p = found_of(frame, formula, terms, kind)
        if kind is None:
            assert Bounds.of(row.line.p_value).gauge(p) < 1
        else:
            assert (b, s) in Region.of(row.line)
