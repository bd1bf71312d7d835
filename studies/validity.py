"""How often each model is wrong in trials like CORE: type I error, coverage, bias and power.

Simulated trials of 441 participants with peer support workers in one arm. Every cell of the grid
(workers, intraclass correlation, standard deviation of the control arm) is fitted by every model to
the same data sets, so that differences between models are not chance. Run it from the root of the
repository:

    python studies/validity.py [--replicates 2000] [--workers 2] [--out docs]

It writes validity.csv, validity.png and validity.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import validity_page
from numpy.typing import NDArray
from scipy import optimize, special

from core_trial.models.fit import Fit
from core_trial.models.inference import wald
from core_trial.models.intercept.mixed_logistic import prepare_mixed_logistic
from core_trial.models.linear.mixed_linear import prepare_mixed_linear
from core_trial.models.many.replicate import Replicates, replicate

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

INTERVENTION, CONTROL = 221, 220
WORKERS, ICCS, CONTROL_SDS = (8, 20, 40), (0.0, 0.03, 0.1), (1.0, 1.6)
#: Difference in means at which power is counted, in standard deviations of the intervention arm.
DIFFERENCE = 0.3
#: Risk of readmission in the control arm, and in the intervention arm where there is an effect.
RISK, REDUCED = 0.38, 0.29
LEVEL = 0.05
LATENT_VARIANCE = np.pi**2 / 3

#: What stands in the table for each model: the published one first.
PUBLISHED_SCORE = "random intercept, ML, z"
ROBUST_SCORE = "random intercept, REML, Kenward-Roger"
NESTED_SCORE = "partially nested, two variances, REML, Kenward-Roger"
PUBLISHED_READMISSION = "random intercept, 7 nodes, z"
NESTED_READMISSION = "partially nested, 7 nodes, z"
SCORE_MODELS: dict[str, dict[str, str]] = {
    PUBLISHED_SCORE: {"method": "ml"},
    ROBUST_SCORE: {"method": "reml", "df": "kenward_roger"},
    NESTED_SCORE: {
        "method": "reml",
        "df": "kenward_roger",
        "random": "arm",
        "residual_by": "arm",
    },
}
READMISSION_MODELS = {PUBLISHED_READMISSION: "1", NESTED_READMISSION: "arm"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One model in one cell of the grid.

    Parameters
    ----------
    outcome, model
        ``"score"`` or ``"readmission"``, and the model's name.
    workers, icc, control_sd
        Peer support workers; intraclass correlation in the intervention arm (on the latent scale
        for readmission); SD of the control arm over that of the intervention arm (``nan`` for
        readmission, whose variance follows from its risk).
    replicates, failed
        Data sets, and those without a test.
    type_i_error
        Share of p-values below 0.05 without an effect.
    coverage, bias, power
        Share of 95 % intervals that hold the true effect, mean error, and share of p-values below
        0.05, with an effect.
    sd, mean_std_error
        Standard deviation of the estimates, and mean of their standard errors.
    median_df
        Median degrees of freedom.
    zero_variance
        Share of fits whose cluster variance is zero.
    """

    outcome: str
    model: str
    workers: int
    icc: float
    control_sd: float
    replicates: int
    failed: int
    type_i_error: float
    coverage: float
    bias: float
    power: float
    sd: float
    mean_std_error: float
    median_df: float
    zero_variance: float


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Draws a score: baseline, workers, and a standard deviation for each participant."""

    baseline: Floats
    worker: Ints
    cluster_sd: float
    sd: Floats

    def __call__(self, rng: np.random.Generator) -> Floats:
        """One outcome without an effect of arm; workers are numbered from 0, nobody's are -1."""
        effect = np.append(self.cluster_sd * rng.standard_normal(self.worker.max() + 1), 0.0)
        return (
            0.5 * self.baseline + effect[self.worker] + self.sd * rng.standard_normal(len(self.sd))
        )


@dataclass(frozen=True, slots=True, eq=False)
class Readmissions:
    """Draws readmissions: a log odds for each participant, and workers."""

    eta: Floats
    worker: Ints
    cluster_sd: float

    def __call__(self, rng: np.random.Generator) -> Floats:
        """One outcome of 0 and 1."""
        effect = np.append(self.cluster_sd * rng.standard_normal(self.worker.max() + 1), 0.0)
        risk = special.expit(self.eta + effect[self.worker])
        return (rng.random(len(risk)) < risk).astype(float)


def trial(workers: int) -> tuple[pd.DataFrame, Ints]:
    """The participants, and the worker of each; caseloads are as unequal as in CORE."""
    rng = np.random.default_rng([2018, workers])
    share = rng.gamma(2.0, size=workers)
    caseload = 1 + rng.multinomial(INTERVENTION - workers, share / share.sum())
    worker = np.append(np.repeat(np.arange(workers), caseload), np.full(CONTROL, -1))
    own = workers + np.arange(INTERVENTION + CONTROL)
    frame = pd.DataFrame(
        {
            "outcome": 0.0,
            "arm": np.repeat([1, 0], [INTERVENTION, CONTROL]),
            "baseline": rng.standard_normal(INTERVENTION + CONTROL),
            "worker": np.where(worker >= 0, worker, own),
        }
    )
    return frame, worker.astype(np.intp)


def scores(workers: int, icc: float, control_sd: float, run: Runner) -> Iterator[Cell]:
    """Every model of a score in one cell."""
    frame, worker = trial(workers)
    sd = np.where(worker >= 0, np.sqrt(1 - icc), control_sd)
    draw = Scores(frame["baseline"].to_numpy(), worker, np.sqrt(icc), sd)
    for name, settings in SCORE_MODELS.items():
        model = prepare_mixed_linear(
            "outcome ~ arm + baseline", frame, cluster="worker", **settings
        )
        fits = run(model.fit, draw)
        arm = fits.of("arm")
        # An effect of d moves estimate and interval by d and leaves the rest as it is.
        moved = wald(arm["estimate"] + DIFFERENCE, arm["std_error"], arm["df"])
        yield Cell(
            outcome="score",
            model=name,
            workers=workers,
            icc=icc,
            control_sd=control_sd,
            type_i_error=share(arm["p_value"], arm["p_value"] < LEVEL),
            coverage=share(arm["p_value"], (arm["low"] <= 0) & (arm["high"] >= 0)),
            bias=float(arm["estimate"].mean()),
            power=share(arm["p_value"], moved.p_value < LEVEL),
            **summary(fits, arm),
        )


def readmissions(workers: int, icc: float, run: Runner) -> Iterator[Cell]:
    """Every model of readmission in one cell.

    Without an effect, the risk over all participants is the same in both arms. A model's true
    effect is on its own scale: given a worker of average effect, and for the model with a random
    intercept everywhere as if controls had one too.
    """
    frame, worker = trial(workers)
    cluster_sd = np.sqrt(icc / (1 - icc) * LATENT_VARIANCE)
    given, plain = conditional(RISK, cluster_sd), float(special.logit(RISK))
    reduced = conditional(REDUCED, cluster_sd)
    for name, random in READMISSION_MODELS.items():
        model = prepare_mixed_logistic("outcome ~ arm", frame, cluster="worker", random=random)
        none, some = (
            run(model.fit, Readmissions(np.where(worker >= 0, treated, plain), worker, cluster_sd))
            for treated in (given, reduced)
        )
        null, arm = none.of("arm"), some.of("arm")
        truth = reduced - (given if random == "1" else plain)
        yield Cell(
            outcome="readmission",
            model=name,
            workers=workers,
            icc=icc,
            control_sd=np.nan,
            type_i_error=share(null["p_value"], null["p_value"] < LEVEL),
            coverage=share(arm["p_value"], (arm["low"] <= truth) & (arm["high"] >= truth)),
            bias=float(arm["estimate"].mean() - truth),
            power=share(arm["p_value"], arm["p_value"] < LEVEL),
            **summary(some, arm),
        )


def conditional(risk: float, cluster_sd: float) -> float:
    """Log odds at an average worker that make a risk over all workers."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)

    def excess(eta: float) -> float:
        return float(weights @ special.expit(eta + cluster_sd * nodes) / weights.sum()) - risk

    return float(optimize.brentq(excess, -10, 10, xtol=1e-12))


def summary(fits: Replicates, arm: pd.DataFrame) -> dict[str, float | int]:
    """What is counted in the same way for every model."""
    return {
        "replicates": len(arm),
        "failed": int(arm["p_value"].isna().sum()),
        "sd": float(arm["estimate"].std()),
        "mean_std_error": float(arm["std_error"].mean()),
        "median_df": float(arm["df"].median()),
        "zero_variance": float((fits.fits["variance[cluster]"] == 0).mean()),
    }


def share(p_value: pd.Series, event: pd.Series | NDArray[np.bool_]) -> float:
    """Share of the replicates with a test in which something happened."""
    return float(np.asarray(event)[p_value.notna()].mean())


Runner = Callable[[Callable[[Floats], Fit], Callable[[np.random.Generator], Floats]], Replicates]


def study(replicates: int, processes: int, *, progress: bool = True) -> pd.DataFrame:
    """The whole grid, a row per cell and model."""
    grid = list(product(WORKERS, ICCS))
    rows: list[Cell] = []
    for number, (workers, icc) in enumerate(grid, start=1):
        if progress:
            print(f"  {number} of {len(grid)}: {workers} workers, correlation {icc}", flush=True)

        def run(fit: Callable[[Floats], Fit], draw: Callable[..., Floats], seed: int = number):
            return replicate(fit, draw, replicates, seed=seed, workers=processes, progress=progress)

        for control_sd in CONTROL_SDS:
            rows += scores(workers, icc, control_sd, run)
        rows += readmissions(workers, icc, run)
    return pd.DataFrame([asdict(row) for row in rows])


def main(arguments: list[str] | None = None) -> None:
    """Run the study and write its three files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--replicates", type=int, default=2000, help="data sets per cell")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder for the result")
    chosen = parser.parse_args(arguments)
    print(f"Fitting {chosen.replicates} data sets in each cell", flush=True)
    table = study(chosen.replicates, chosen.workers)
    chosen.out.mkdir(parents=True, exist_ok=True)
    table.to_csv(chosen.out / "validity.csv", index=False, float_format="%.6g")
    validity_page.write(pd.read_csv(chosen.out / "validity.csv"), chosen.out)
    print(f"Written to {chosen.out}: validity.csv, validity.png, validity.md", flush=True)


if __name__ == "__main__":
    main()
