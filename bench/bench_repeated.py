"""Repeated visits against R's nlme, and how the model grows.

Simulated trials of the size of CORE: 441 participants, 2 to 5 visits of which one in eight is
missed, 40 workers in one arm. Compared are nlme's gls (no workers) and lme (workers), with an
unstructured covariance, fitted by restricted likelihood. Theirs stop at the fit; ours has
Kenward-Roger's inference as well.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from bench import timing
from core_trial import models

FORMULA = "score ~ arm * C(visit) + baseline + centre"
SETTINGS = {"participant": "who", "visit": "visit"}
R_CODE = """
library(nlme)
frame <- read.csv("{path}")
frame <- frame[!is.na(frame$score), ]
frame$visit <- factor(frame$visit)
run <- function() {call}
"""
CORRELATION = (
    "correlation = corSymm(form = ~ as.integer(visit) | {group}), "
    "weights = varIdent(form = ~ 1 | visit), "
    "control = list(returnObject = TRUE, maxIter = 200, msMaxIter = 500, msMaxEval = 2000)"
)
MEAN = "score ~ arm * visit + baseline + centre, frame"


def trial(n: int, visits: int, workers: int) -> pd.DataFrame:
    """A made-up trial in long form with workers in one arm."""
    rng = np.random.default_rng(2018)
    who = np.repeat(np.arange(n), visits)
    arm = who % 2
    worker = np.where(arm == 1, rng.integers(0, workers, n)[who], workers + who)
    lag = np.abs(np.subtract.outer(range(visits), range(visits)))
    error = rng.normal(size=(n, visits)) @ np.linalg.cholesky(5.0**2 * 0.6**lag).T
    frame = pd.DataFrame(
        {
            "who": who,
            "visit": np.tile(np.arange(visits), n),
            "arm": arm,
            "baseline": rng.normal(25, 5, n).round()[who],
            "centre": np.array(list("ABCDEF"))[rng.integers(0, 6, n)][who],
            "worker": np.char.mod("w%07d", worker),
        }
    )
    shared = 1.5 * rng.standard_normal(workers + n)[worker] * arm
    frame["score"] = 12 + 2 * arm + 0.5 * frame["baseline"] + shared + error.ravel()
    frame.loc[rng.random(n * visits) < 1 / 8, "score"] = np.nan
    return frame


def against_nlme() -> None:
    """Medians and ratios at n = 441, without workers and with workers in one arm."""
    for visits in (2, 3, 4, 5):
        frame = trial(441, visits, 40)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "trial.csv"
            frame.to_csv(path, index=False)
            alone = f"gls({MEAN}, {CORRELATION.format(group='who')})"
            nested = (
                f"lme({MEAN}, random = ~ 0 + arm | worker, "
                f"{CORRELATION.format(group='worker/who')})"
            )
            print(f"441 participants, {visits} visits", flush=True)
            _compare("without workers", frame, {}, "gls (R)", path, alone)
            workers = {"cluster": "worker", "random": "arm"}
            _compare("workers in one arm", frame, workers, "lme (R)", path, nested)


def _compare(
    own: str, frame: pd.DataFrame, settings: dict[str, str], other: str, path: Path, call: str
) -> None:
    """Our model and nlme's, in turns."""
    fit = partial(models.repeated_measures, FORMULA, frame, **SETTINGS, **settings)
    runs: dict[str, Callable[[], object]] = {own: fit}
    with ExitStack() as stack:
        if timing.R.available("nlme"):
            code = R_CODE.format(path=path, call=call)
            runs[other] = stack.enter_context(timing.R(code))
        timing.compare(runs).show(own)


def growth() -> None:
    """Large trials: from the formula to the fit, four visits, with Kenward-Roger."""
    for n, workers in ((10_000, 1_000), (100_000, 10_000)):
        frame = trial(n, 4, workers)
        runs = {
            "without workers": partial(models.repeated_measures, FORMULA, frame, **SETTINGS),
            "workers in one arm": partial(
                models.repeated_measures, FORMULA, frame, cluster="worker", random="arm", **SETTINGS
            ),
        }
        print(f"{n:,} participants, 4 visits, {workers:,} workers", flush=True)
        timing.compare(runs, repeats=3).show("without workers")


def main() -> None:
    print("restricted likelihood, unstructured covariance", flush=True)
    against_nlme()
    print("growth")
    growth()


if __name__ == "__main__":
    main()
