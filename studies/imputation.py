"""Whether multiple imputation keeps its coverage in trials like CORE, with workers in one arm.

Aims: bias and coverage of a difference in means when a third of the scores are missing, and more so
among those who were readmitted. Data: 441 participants, workers in the intervention arm, a baseline
(5 % missing), readmission (known for everybody) and a later score that follows from both. Estimand:
the difference in mean later score. Methods: all data (before any went missing), complete cases,
imputation by arm with the worker effect and without; each analysed by the linear model with the
random effect and a residual variance by arm, REML, Kenward-Roger, and pooled with Barnard and
Rubin. Performance: bias, empirical and model standard error, coverage, each with its Monte Carlo
error. Run it from the root of the repository:

    python studies/imputation.py [--replicates 300] [--workers 1] [--out docs] [--resume DIR]

It writes imputation.csv, and resumes where it was stopped if a folder is named.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from core_trial.models.inference import wald
from core_trial.models.linear.mixed_linear import mixed_linear
from core_trial.models.many.imputation.impute import impute
from core_trial.models.many.work import each

INTERVENTION, CONTROL = 221, 220
WORKERS, ICCS = (8, 20, 40), (0.1,)
#: Difference in means given readmission, and the effect of readmission, in residual SDs.
DIFFERENCE, BY_READMISSION = 0.3, -0.8
#: Risk of readmission in the intervention and the control arm.
RISKS = (0.29, 0.38)
#: Share of the later scores missing among the readmitted, by arm, and among the others.
MISSING_READMITTED, MISSING_OTHERS = (0.65, 0.40), 0.20
IMPUTATIONS, ITERATIONS = 10, 3
METHODS = ("all data", "complete cases", "imputed with workers", "imputed without workers")
MODEL = {
    "cluster": "person_or_worker",
    "method": "reml",
    "random": "treated",
    "residual_by": "treated",
    "df": "kenward_roger",
}
#: What the arm adds in the end: directly, and by keeping people from readmission.
TRUTH = DIFFERENCE + BY_READMISSION * (RISKS[0] - RISKS[1])


@dataclass(frozen=True, slots=True)
class Scenario:
    """Number of workers, and intraclass correlation of the later score among their people."""

    workers: int
    icc: float


def draw(scenario: Scenario, rng: np.random.Generator) -> pd.DataFrame:
    """One trial, nothing missing."""
    treated = np.r_[np.ones(INTERVENTION), np.zeros(CONTROL)]
    n = len(treated)
    worker = rng.integers(0, scenario.workers, n)
    spread = np.sqrt(scenario.icc / (1 - scenario.icc))
    effect = spread * rng.standard_normal(scenario.workers)[worker] * treated
    before = rng.standard_normal(n)
    readmitted = (rng.random(n) < np.where(treated == 1, *RISKS)).astype(float)
    after = DIFFERENCE * treated + BY_READMISSION * readmitted + 0.5 * before + effect
    after = after + rng.standard_normal(n)
    labels = [f"w{k}" if t else None for t, k in zip(treated, worker, strict=True)]
    own = pd.Series([f"p{i}" for i in range(n)])
    frame = pd.DataFrame({"treated": treated, "worker": labels, "before": before})
    frame = frame.assign(readmitted=readmitted, after=after)
    return frame.assign(person_or_worker=frame["worker"].fillna(own))


def lose(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The trial as it is seen."""
    treated, readmitted = frame["treated"].to_numpy(), frame["readmitted"].to_numpy()
    among = np.where(treated == 1, *MISSING_READMITTED)
    share = np.where(readmitted == 1, among, MISSING_OTHERS)
    seen = frame.copy()
    seen.loc[rng.random(len(frame)) < share, "after"] = np.nan
    seen.loc[rng.random(len(frame)) < 0.05, "before"] = np.nan
    return seen


def one_trial(scenario: Scenario, seed: np.random.SeedSequence) -> list[list[float]]:
    """Estimate, standard error and degrees of freedom of each method."""
    rng = np.random.default_rng(seed)
    full = draw(scenario, rng)
    seen = lose(full, rng)
    formula = "after ~ treated + before"
    fits = [
        mixed_linear(formula, f, **MODEL) for f in (full, seen.dropna(subset=["before", "after"]))
    ]
    found = [[f.beta[1], f.std_error[1], f.df[1]] for f in fits]
    for cluster in ("worker", None):
        imputed = impute(
            seen,
            variables={"before": "continuous", "after": "continuous", "readmitted": "binary"},
            arm="treated",
            cluster=cluster,
            m=IMPUTATIONS,
            iterations=ITERATIONS,
            seed=int(rng.integers(2**32)),
            workers=1,
            progress=False,
        )
        pooled = imputed.fit(mixed_linear, formula, workers=1, **MODEL)
        found.append([pooled.beta[1], pooled.std_error[1], pooled.df[1]])
    return found


def summarise(scenario: Scenario, found: np.ndarray) -> list[dict[str, float | str]]:
    """A row per method; `found` has the shape (replicates, methods, 3)."""
    rows = []
    for k, method in enumerate(METHODS):
        estimate, error, df = found[:, k].T
        w = wald(estimate, error, df)
        R = len(estimate)
        covered = float(((w.low <= TRUTH) & (w.high >= TRUTH)).mean())
        empirical = float(estimate.std(ddof=1))
        rows.append(
            {
                "workers": scenario.workers,
                "icc": scenario.icc,
                "method": method,
                "replicates": R,
                "bias": float(estimate.mean() - TRUTH),
                "bias_mcse": empirical / np.sqrt(R),
                "empirical_se": empirical,
                "empirical_se_mcse": empirical / np.sqrt(2 * (R - 1)),
                "model_se": float(np.sqrt((error**2).mean())),
                "coverage": covered,
                "coverage_mcse": float(np.sqrt(covered * (1 - covered) / R)),
            }
        )
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the study and write its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=300)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("docs"))
    parser.add_argument("--resume", type=Path)
    given = parser.parse_args(arguments)
    rows: list[dict[str, float | str]] = []
    for k, scenario in enumerate(Scenario(w, i) for w in WORKERS for i in ICCS):
        seeds = np.random.SeedSequence(2018, spawn_key=(k,)).spawn(given.replicates)
        found = each(
            partial(one_trial, scenario),
            seeds,
            workers=given.workers,
            label=f"{scenario.workers} workers, ICC {scenario.icc}",
            resume=given.resume / f"scenario-{k}" if given.resume else None,
        )
        rows += summarise(scenario, np.array(found))
    pd.DataFrame(rows).round(4).to_csv(given.out / "imputation.csv", index=False)


if __name__ == "__main__":
    main()
