"""Counts with excess zeros and times to an event, against other packages, and how they grow.

Simulated trials of the size of CORE: 441 participants, 40 peer support workers in one arm, six
centres. Whatever else is installed is compared: statsmodels, lifelines, and R's pscl and survival.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from bench import timing
from bench.report import Row, tell
from core_trial.models.clusters import clusters
from core_trial.models.counts.zero_inflated_nb import fit_zero_inflated_nb, zero_inflated_nb
from core_trial.models.design import build
from core_trial.models.survival.cox import cox, fit_cox
from core_trial.models.survival.design import prepare, right_hand_side
from core_trial.models.survival.follow_up import follow_up

COVARIATES = "arm + psychosis + centre"
TIMES = {"time": "time", "event": "event", "cluster": "worker"}
OWN = "fit, design ready"

PSCL = """
library(pscl)
frame <- read.csv("{path}")
run <- function() zeroinfl(days ~ {covariates} | 1, frame, dist = "negbin")
"""
COXPH = """
library(survival)
frame <- read.csv("{path}")
run <- function() coxph(Surv(time, event) ~ {covariates}, frame, ties = "{ties}", cluster = worker)
"""
FRAILTY = """
library(survival)
frame <- read.csv("{path}")
run <- function() coxph(Surv(time, event) ~ {covariates} + frailty(worker, distribution = "{law}"),
                        frame, ties = "breslow")
"""
LOOP = """
library(survival)
frame <- read.csv("{path}")
run <- function() for (g in unique(frame$worker))
    coxph(Surv(time, event) ~ {covariates}, frame[frame$worker != g, ])
"""


def trial(
    n: int, workers: int, *, continuous: bool = False, both_arms: bool = False
) -> pd.DataFrame:
    """A made-up trial with workers in one arm or both, days in care, days to readmission."""
    rng = np.random.default_rng(2018)
    arm = np.arange(n) % 2
    worker = rng.integers(0, workers, n)
    if not both_arms:
        worker = np.where(arm == 1, worker, workers + np.arange(n))
    frailty = rng.gamma(4, 0.25, worker.max() + 1)[worker]
    psychosis, centre = rng.integers(0, 2, n), rng.integers(0, 6, n)
    days = rng.poisson(20 * np.exp(0.2 * psychosis) * frailty * rng.gamma(0.8, 1 / 0.8, n))
    time = rng.exponential(500 * np.exp(0.35 * arm - 0.2 * psychosis) / frailty)
    time = time if continuous else np.ceil(time)
    return pd.DataFrame(
        {
            "arm": arm,
            "psychosis": psychosis,
            "centre": np.array(list("ABCDEF"))[centre],
            "worker": worker,
            "days": days * (rng.random(n) < 0.55),
            "time": np.minimum(time, 365.0),
            "event": (time <= 365).astype(int),
        }
    )


def installed(name: str):
    """A module, or None."""
    try:
        return import_module(name)
    except ImportError:
        return None


def dummies(frame: pd.DataFrame) -> pd.DataFrame:
    """The design matrix as the other packages want it."""
    names = COVARIATES.split(" + ")
    return pd.get_dummies(frame[names], drop_first=True).astype(float)


def count_peers(frame: pd.DataFrame) -> dict[str, Callable[[], object]]:
    """Statsmodels, with the number of iterations that it needs."""
    module = installed("statsmodels.discrete.count_model")
    if module is None:
        return {}
    y, X = frame["days"].to_numpy(), dummies(frame).assign(Intercept=1.0).to_numpy()
    choices = {"cov_type": "cluster", "cov_kwds": {"groups": frame["worker"].to_numpy()}}
    make = module.ZeroInflatedNegativeBinomialP
    return {"statsmodels": lambda: make(y, X).fit(disp=0, maxiter=5000, **choices)}


def time_peers(frame: pd.DataFrame, ties: str) -> dict[str, Callable[[], object]]:
    """Statsmodels, and lifelines, which has Efron's rule only."""
    found: dict[str, Callable[[], object]] = {}
    X = dummies(frame)
    regression, lifelines = installed("statsmodels.duration.hazard_regression"), None
    if regression is not None:
        t, d, g = (frame[name].to_numpy() for name in ("time", "event", "worker"))
        values = X.to_numpy()
        found["statsmodels"] = lambda: regression.PHReg(t, values, d, ties=ties).fit(groups=g)
    if ties == "efron":
        lifelines = installed("lifelines")
    if lifelines is not None:
        table = X.join(frame[["time", "event", "worker"]])
        columns = {"duration_col": "time", "event_col": "event", "cluster_col": "worker"}
        found["lifelines"] = lambda: lifelines.CoxPHFitter().fit(table, **columns)
    return found


def compare(
    title: str, runs: Mapping[str, Callable[[], object]], frame, package, code
) -> timing.Timings:
    """Medians and ratios, R's among them where it is there."""
    runs = dict(runs)
    with ExitStack() as stack, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if timing.R.available(package):
            folder = stack.enter_context(TemporaryDirectory())
            path = Path(folder) / "trial.csv"
            frame.to_csv(path, index=False)
            script = code.replace("{path}", str(path)).replace("{covariates}", COVARIATES)
            runs[f"{package} (R)"] = stack.enter_context(timing.R(script))
        print(title, flush=True)
        taken = timing.compare(runs)
        taken.show(OWN)
        return taken


def counts(frame: pd.DataFrame) -> None:
    formula = f"days ~ {COVARIATES}"
    count, excess = build(formula, frame), build("1", frame)
    members = clusters(frame, "worker")
    runs = {
        OWN: lambda: fit_zero_inflated_nb(count, excess, clusters=members),
        "formula to Fit": lambda: zero_inflated_nb(formula, frame, cluster="worker"),
        **count_peers(frame),
    }
    title = "zero-inflated negative binomial, clustered, n = 441"
    taken = compare(title, runs, frame, "pscl", PSCL)
    own = taken.times_as_fast("statsmodels", "formula to Fit")
    tell([Row.times_as_fast(f"{title}, formula to fit", "statsmodels", 30, own)])


def times(frame: pd.DataFrame, ties: str) -> None:
    covariates, observed = right_hand_side(COVARIATES, frame), follow_up(frame, "time", "event")
    members = clusters(frame, "worker")
    design = prepare(covariates, observed, None, ties)
    runs = {
        OWN: lambda: fit_cox(design, members),
        "formula to Fit": lambda: cox(COVARIATES, frame, ties=ties, **TIMES),
        **time_peers(frame, ties),
    }
    code = COXPH.replace("{ties}", ties)
    title = f"Cox, {ties}, clustered, n = 441"
    taken = compare(title, runs, frame, "survival", code)
    if ties == "efron":
        own = taken.times_as_fast("lifelines", "formula to Fit")
        tell([Row.times_as_fast(f"{title}, formula to fit", "lifelines", 45, own)])


#: How many times as fast as R's sparse frailty.
ASKED_OF_FRAILTY = {"gamma": 4, "lognormal": 3}


def frailties(frame: pd.DataFrame) -> None:
    """R's matrices are sparse, its default: faster, and its errors are up to 3 % off."""
    for law, name in (("gamma", "gamma"), ("lognormal", "gaussian")):
        runs = {OWN: lambda law=law: cox(COVARIATES, frame, frailty=law, **TIMES)}
        code = FRAILTY.replace("{law}", name)
        title = f"{law} frailty, n = 441, formula to fit"
        taken = compare(title, runs, frame, "survival", code)
        asked, own = ASKED_OF_FRAILTY[law], taken.times_as_fast("survival (R)", OWN)
        tell([Row.times_as_fast(title, "coxph's sparse one", asked, own)])


def jackknife(frame: pd.DataFrame) -> None:
    """Refits without each of 261 clusters, and R's loop over coxph."""
    settings = {**TIMES, "inference": "jackknife"}
    runs = {OWN: lambda: cox(COVARIATES, frame, ties="efron", **settings)}
    compare("Cox, jackknife over clusters, n = 441", runs, frame, "survival", LOOP)


def growth() -> None:
    """Large trials: the fit alone, times in days or without ties; workers in both arms."""
    for n, workers in ((10_000, 1_000), (100_000, 10_000), (1_000_000, 10_000)):
        for continuous in (False, True):
            frame = trial(n, workers, continuous=continuous, both_arms=True)
            count, excess = build(f"days ~ {COVARIATES}", frame), build("1", frame)
            members = clusters(frame, "worker")
            covariates = right_hand_side(COVARIATES, frame)
            observed = follow_up(frame, "time", "event")
            runs = {
                f"Cox {ties}": lambda c=covariates, o=observed, m=members, t=ties: fit_cox(
                    prepare(c, o, None, t), m
                )
                for ties in ("breslow", "efron")
            }
            if not continuous:
                runs["zero-inflated"] = lambda c=count, e=excess, m=members: fit_zero_inflated_nb(
                    c, e, clusters=m
                )
            if n <= 100_000:
                runs["gamma frailty"] = lambda f=frame: cox(COVARIATES, f, frailty="gamma", **TIMES)
            taken = timing.compare(runs, repeats=3, limit=0.0)
            kind = "no ties" if continuous else "whole days"
            told = ", ".join(f"{name} {taken.median(name):.3f} s" for name in runs)
            print(f"  n = {n:>9,}, {workers:>6,} clusters, {kind:<10}  {told}", flush=True)


def main() -> None:
    frame = trial(441, 40)
    counts(frame)
    for ties in ("breslow", "efron"):
        times(frame, ties)
    frailties(frame)
    jackknife(frame)
    print("growth")
    growth()


if __name__ == "__main__":
    main()
