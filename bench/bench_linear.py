"""The linear mixed model against other packages, and how it grows.

Simulated trials of the size of CORE: 441 participants, 40 peer support workers in one arm, six
centres. Compared are statsmodels' MixedLM, and where they are installed glmm and R's lmerTest with
Kenward-Roger.
"""

from __future__ import annotations

import resource
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from bench import timing
from core_trial.models.clusters import clusters
from core_trial.models.design import build
from core_trial.models.linear.mixed_linear import (
    fit_mixed_linear,
    mixed_linear,
    prepare_mixed_linear,
)

FORMULA = "score ~ arm + psychosis + centre + baseline"
NESTED = {"method": "reml", "random": "arm", "residual_by": "arm", "df": "kenward_roger"}
R_CODE = """
library(lmerTest)
frame <- read.csv("{path}")
run <- function() {{
    fit <- lmer(score ~ arm + psychosis + centre + baseline + (1 | worker), frame)
    summary(fit{ddf})
}}
"""


def trial(n: int, workers: int) -> pd.DataFrame:
    """A made-up trial with workers in one arm."""
    rng = np.random.default_rng(2018)
    arm = np.arange(n) % 2
    worker = np.where(arm == 1, rng.integers(0, workers, n), workers + np.arange(n))
    frame = pd.DataFrame(
        {
            "arm": arm,
            "psychosis": rng.integers(0, 2, n),
            "centre": np.array(list("ABCDEF"))[rng.integers(0, 6, n)],
            "baseline": rng.normal(25, 5, n).round(),
            "worker": np.char.mod("w%07d", worker),
        }
    )
    effect = 1.5 * rng.standard_normal(worker.max() + 1)
    noise = rng.normal(0, 5, n)
    frame["score"] = 12 + 2 * arm + 0.5 * frame["baseline"] + arm * effect[worker] + noise
    return frame


def peers(frame: pd.DataFrame, stack: ExitStack) -> dict[str, Callable[[], object]]:
    """The other packages, where they are installed."""
    found: dict[str, Callable[[], object]] = {}
    statsmodels = _installed("statsmodels.api")
    if statsmodels:
        design = build(FORMULA, frame)
        groups = frame["worker"].to_numpy()
        found["MixedLM, design ready"] = lambda: statsmodels.MixedLM(
            design.y, design.X, groups
        ).fit(reml=True)
    glmm = _installed("glmm")
    if glmm:
        formula = f"{FORMULA} + (1|worker)"
        found["glmm, Satterthwaite"] = lambda: glmm.fit(frame, formula, satterthwaite=True)
    if timing.R.available("lmerTest", "pbkrtest"):
        path = Path(stack.enter_context(TemporaryDirectory())) / "trial.csv"
        frame.to_csv(path, index=False)
        for name, ddf in (("Satterthwaite", ""), ("Kenward-Roger", ', ddf = "Kenward-Roger"')):
            code = R_CODE.format(path=path, ddf=ddf)
            found[f"lmerTest (R), {name}"] = stack.enter_context(timing.R(code))
    return found


def _installed(name: str):
    try:
        return import_module(name)
    except ImportError:
        return None


def against_others() -> None:
    """Medians and ratios at n = 441."""
    frame = trial(441, 40)
    design, members = build(FORMULA, frame), clusters(frame, "worker")
    one = {"method": "reml", "df": "kenward_roger"}
    model = prepare_mixed_linear(FORMULA, frame, cluster="worker", **one)
    nested = prepare_mixed_linear(FORMULA, frame, cluster="worker", **NESTED)
    with ExitStack() as stack, warnings.catch_warnings():
        runs = {
            "fit, Kenward-Roger, design ready": partial(fit_mixed_linear, design, members, **one),
            "the same, prepared": model.fit,
            "formula to Fit": partial(mixed_linear, FORMULA, frame, cluster="worker", **one),
            "partially nested, two variances, prepared": nested.fit,
            **peers(frame, stack),
        }
        warnings.simplefilter("ignore")  # after the imports, some of which set filters
        timing.compare(runs).show("fit, Kenward-Roger, design ready")


def growth() -> None:
    """Large trials: from the formula to the fit, with Kenward-Roger, and the memory at its peak."""
    for n, workers in ((10_000, 1_000), (100_000, 10_000), (1_000_000, 10_000)):
        frame = trial(n, workers)
        for name, settings in (("one variance", NESTED | {"residual_by": None}), ("two", NESTED)):
            model = prepare_mixed_linear(FORMULA, frame, cluster="worker", **settings)
            runs = {
                "fit": model.fit,
                "formula to Fit": partial(
                    mixed_linear, FORMULA, frame, cluster="worker", **settings
                ),
            }
            taken = timing.compare(runs, repeats=3)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            print(
                f"  n = {n:>9,}, {workers:>6,} workers, {name:<12}  "
                f"fit {taken.median('fit'):6.3f} s, "
                f"formula to Fit {taken.median('formula to Fit'):6.3f} s, peak {peak:4.2f} GB",
                flush=True,
            )


def main() -> None:
    print("restricted likelihood, n = 441", flush=True)
    against_others()
    print("growth, random effect in one arm")
    growth()


if __name__ == "__main__":
    main()
