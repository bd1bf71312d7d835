"""Small analysis sets with the columns that the plan names."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core_trial.analyses.fits import Fits
from core_trial.analyses.plan import plan
from core_trial.declaration.covariates import Categories
from core_trial.trials.core import CORE, words

#: CORE's outcomes with their models, by name, and those that tests pick out.
SPECS = {spec.name: spec for spec in plan(CORE)}
OUTCOMES = tuple(SPECS.values())
PRIMARY = SPECS["readmission"]
READMISSION_TIME = SPECS["time_to_readmission"]
ACUTE_DAYS = SPECS["acute_days"]
READMISSION_DAYS = SPECS["readmission_days"]
SERVICE_USE = SPECS["cmht_contacts"]
SCALES = tuple(
    SPECS[f"{instrument.outcome}_{visit}"]
    for instrument in words.INSTRUMENTS
    for visit in words.FOLLOW_UPS
)
WORKERS = ("A1", "A2", "A3", "B1", "B2", "B3")


def fits(people: pd.DataFrame) -> Fits:
    """CORE's models of these people."""
    return Fits(CORE, people)


def analysis_set(n: int = 240, seed: int = 7) -> pd.DataFrame:
    """Participants in two centres, every second one in the intervention arm, nothing missing.

    Readmission and days depend on nothing but chance; scores on their baseline and the worker.
    """
    rng = np.random.default_rng(seed)
    k = np.arange(n)
    treated = k % 2 == 0
    worker = np.array(WORKERS)[(k // 2) % len(WORKERS)]
    people = pd.DataFrame({"participant_id": [f"P{i:03d}" for i in k]})
    people["arm"] = pd.Categorical(
        np.where(treated, "intervention", "control"), ["control", "intervention"]
    )
    people["centre"] = pd.Categorical([name[0] for name in worker], list(words.CENTRES))
    people["psw_id"] = pd.Series(np.where(treated, worker, None), dtype="str")
    people["cluster_id"] = people["psw_id"].fillna(people["participant_id"])
    people["internal_pilot"] = k < n // 10
    people["main_trial"] = ~people["internal_pilot"]
    people["psychosis"] = rng.random(n) < 0.3
    people["age"] = rng.integers(18, 70, n).astype(float)
    for item in CORE.baseline:
        if isinstance(item, Categories):
            levels = list(item.levels)
            people[item.column] = pd.Categorical(rng.choice(levels[:2], n), levels)
    _add_readmissions(people, rng)
    _add_scores(people, rng, worker, treated)
    return people


def _add_readmissions(people: pd.DataFrame, rng: np.random.Generator) -> None:
    n = len(people)
    readmitted = rng.random(n) < 0.4
    people["readmitted"] = readmitted.astype(float)
    people["days_to_readmission"] = np.where(readmitted, rng.integers(1, 365, n), 365.0)
    people["readmission_days"] = np.where(readmitted, np.ceil(rng.gamma(1.0, 30.0, n)), 0.0)
    people["index_days"] = np.where(rng.random(n) < 0.2, rng.integers(1, 30, n), 0).astype(float)
    people["acute_days"] = people["readmission_days"] + people["index_days"]


def _add_scores(
    people: pd.DataFrame, rng: np.random.Generator, worker: np.ndarray, treated: np.ndarray
) -> None:
    n = len(people)
    shift = dict(zip(WORKERS, np.linspace(-4, 4, 6), strict=True))
    by_worker = np.array([shift[name] for name in worker]) * treated
    for instrument in words.INSTRUMENTS:
        baseline = np.round(rng.normal(30.0, 6.0, n))
        people[f"{instrument.outcome}_baseline"] = baseline
        for visit in words.FOLLOW_UPS:
            score = 15 + 0.5 * baseline + by_worker + rng.normal(0.0, 5.0, n)
            people[f"{instrument.outcome}_{visit}"] = np.round(score)
    people["cmht_contacts_baseline"] = rng.poisson(6.0, n).astype(float)
    people["cmht_contacts"] = rng.poisson(7.0, n).astype(float)
