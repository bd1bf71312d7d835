"""Mixed logistic and Poisson regression against other packages, and how they grow.

Simulated trials of the size of CORE: 441 participants, 40 peer support workers in one arm, six
centres. Whatever else is installed is compared: glmm, mixedlm, and R's lme4.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import ExitStack
from importlib import import_module
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from bench import timing
from bench.report import Row, tell
from core_trial.models.clusters import clusters
from core_trial.models.design import build
from core_trial.models.intercept.mixed_logistic import (
    fit_mixed_logistic,
    mixed_logistic,
    prepare_mixed_logistic,
)
from core_trial.models.intercept.mixed_poisson import fit_mixed_poisson, mixed_poisson
from core_trial.models.many.draws import simulation
from core_trial.models.many.replicate import replicate

COVARIATES = "arm + psychosis + centre"
R_CODE = """
library(lme4)
frame <- read.csv("{path}")
run <- function() glmer({response} ~ {covariates} + (1 | worker), frame, {family}, nAGQ = 7)
"""


def trial(
    n: int, workers: int, *, continuous: bool = False, both_arms: bool = False
) -> pd.DataFrame:
    """A made-up trial with workers in one arm, or in both."""
    rng = np.random.default_rng(2018)
    arm = np.arange(n) % 2
    worker = rng.integers(0, workers, n)
    if not both_arms:
        worker = np.where(arm == 1, worker, workers + np.arange(n))
    frame = pd.DataFrame(
        {
            "arm": arm,
            "psychosis": rng.integers(0, 2, n),
            "centre": np.array(list("ABCDEF"))[rng.integers(0, 6, n)],
            "age": rng.normal(40, 12, n) if continuous else 0.0,
            "worker": np.char.mod("w%07d", worker),
        }
    )
    effect = 0.6 * rng.standard_normal(worker.max() + 1)
    eta = -0.4 - 0.45 * arm + 0.2 * frame["psychosis"] + arm * effect[worker]
    frame["event"] = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float)
    frame["count"] = rng.poisson(np.exp(eta + 0.5)).astype(float)
    return frame


def peers(frame: pd.DataFrame, response: str, family: str) -> dict[str, Callable[[], object]]:
    """The other packages of Python, where they are installed."""
    formula = f"{response} ~ {COVARIATES} + (1|worker)"
    found: dict[str, Callable[[], object]] = {}
    glmm = _installed("glmm")
    if glmm:
        choices = {"family": family, "nagq": 7, "satterthwaite": False, "anova_test": "Wald"}
        found["glmm"] = lambda: glmm.fit(frame, formula, **choices)
    mixedlm = _installed("mixedlm")
    if mixedlm:
        kind = getattr(mixedlm.families, family.capitalize())
        found["mixedlm"] = lambda: mixedlm.glmer(formula, frame, family=kind(), nAGQ=7)
    return found


def _installed(name: str):
    try:
        return import_module(name)
    except ImportError:
        return None


def against_others(response: str, family: str, fit, from_formula) -> timing.Timings:
    """Medians and ratios at n = 441."""
    frame = trial(441, 40)
    formula = f"{response} ~ {COVARIATES}"
    design, members = build(formula, frame), clusters(frame, "worker")
    runs: dict[str, Callable[[], object]] = {
        "fit, design ready": lambda: fit(design, members),
        "formula to Fit": lambda: from_formula(formula, frame, cluster="worker"),
        **peers(frame, response, family),
    }
    with ExitStack() as stack, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if timing.R.available("lme4"):
            folder = stack.enter_context(TemporaryDirectory())
            path = Path(folder) / "trial.csv"
            frame.to_csv(path, index=False)
            code = R_CODE.format(path=path, response=response, covariates=COVARIATES, family=family)
            runs["glmer (R)"] = stack.enter_context(timing.R(code))
        print(f"{family}, n = 441, 7 nodes", flush=True)
        taken = timing.compare(runs)
        taken.show("fit, design ready")
        return taken


def growth() -> None:
    """Large trials: the fit alone, with covariates that repeat and with one that does not.

    Workers in one arm leave every control participant a cluster of one; workers in both arms make
    exactly as many clusters as workers.
    """
    sizes = ((10_000, 1_000), (100_000, 10_000), (1_000_000, 10_000))
    for both_arms, (n, workers) in product((True, False), sizes):
        for continuous in (False, True):
            frame = trial(n, workers, continuous=continuous, both_arms=both_arms)
            formula = f"event ~ {COVARIATES}" + " + age" * continuous
            model = prepare_mixed_logistic(formula, frame, cluster="worker")
            taken = timing.compare({"fit": model.fit}, repeats=3).median("fit")
            kind = "one continuous" if continuous else "categories only"
            told = f"n = {n:>9,}, {frame['worker'].nunique():>7,} clusters, {kind:<15}"
            print(f"  {told}  {taken:8.3f} s", flush=True)


def many(times: int = 2_000) -> None:
    """Simulated trials of the size of CORE, one process and two."""
    model = prepare_mixed_logistic(f"event ~ {COVARIATES}", trial(441, 40), cluster="worker")
    trials = simulation(model, np.linspace(-0.4, 0.4, len(model.design.columns)), sd=0.5)
    for workers in (1, 2):
        replicate(model.fit, trials, 2 * workers, workers=workers, progress=False)
        run = {"run": lambda w=workers: replicate(model.fit, trials, times, workers=w)}
        rate = times / timing.compare(run, repeats=1, limit=0.0).median("run")
        print(f"  {workers} process: {rate:7.0f} fits a second, 10,000 in {1e4 / rate:5.1f} s")


def main() -> None:
    binary = against_others("event", "binomial", fit_mixed_logistic, mixed_logistic)
    counted = against_others("count", "poisson", fit_mixed_poisson, mixed_poisson)
    tell(
        Row.times_as_fast(
            f"{kind}, n = 441, formula to fit",
            "glmm",
            2.5,
            taken.times_as_fast("glmm", "formula to Fit"),
        )
        for kind, taken in (("mixed logistic", binary), ("mixed Poisson", counted))
    )
    print("growth of the mixed logistic fit")
    growth()
    print("many simulated trials (replicate)")
    many()


if __name__ == "__main__":
    main()
