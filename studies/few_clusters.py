"""How often a true null is rejected when few workers are in one arm, under every inference.

Simulated trials with a few workers in one arm and as many controls on their own. Every model is
fitted to the same data sets. Run it from the root of the repository:

    python studies/few_clusters.py [--trials 500] [--out few_clusters.csv]

The bootstrap of the mixed logistic model is judged by one simulated response per trial, all of them
pooled into one distribution (Giacomini, Politis and White 2013, Econometric Theory 29: 567-89).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from core_trial import models
from core_trial.errors import DesignError
from core_trial.models.intercept.answer import solve, top
from core_trial.models.intercept.few import unbiased_share
from core_trial.models.intercept.mixed_logistic import prepare_mixed_logistic
from core_trial.models.many.draws import simulation

Floats = NDArray[np.float64]

LEVEL = 0.05
#: Workers, and participants of each.
DESIGNS = ((3, 20), (5, 20), (8, 27), (15, 14))
WORKER_SD, RISK, MEAN_DAYS, DISPERSION, NEVER = 0.5, 0.4, 6.0, 0.8, 0.45
#: Chi-square with one degree of freedom, upper 5 %.
CHI_SQUARE = 3.841458820694124
COUNTS = {
    "poisson": ("days", ("sandwich", "cr2", "jackknife")),
    "negative_binomial": ("days", ("sandwich", "jackknife")),
    "modified_poisson": ("event", ("sandwich", "cr2", "jackknife")),
    "zero_inflated_nb": ("stays", ("sandwich", "jackknife")),
}


@dataclass(frozen=True, slots=True)
class Rejections:
    """How often one inference rejects; ``failed`` trials have no test, and do not count."""

    model: str
    inference: str
    workers: int
    members: int
    trials: int
    failed: int
    rejected: float
    std_error: float


def draw(workers: int, members: int, rng: np.random.Generator) -> pd.DataFrame:
    """One trial without an effect on the means; controls have the arm's marginal risk."""
    n = workers * members
    worker = np.repeat(np.arange(workers), members)
    effect = rng.normal(0, WORKER_SD, workers)[worker]
    centre = special.logit(RISK)
    nodes, weights = np.polynomial.hermite_e.hermegauss(30)
    marginal = weights @ special.expit(centre + WORKER_SD * nodes) / weights.sum()
    risk = np.r_[special.expit(centre + effect), np.full(n, marginal)]
    mean = MEAN_DAYS * np.r_[np.exp(effect - WORKER_SD**2 / 2), np.ones(n)]
    days = rng.poisson(mean * rng.gamma(1 / DISPERSION, DISPERSION, 2 * n))
    return pd.DataFrame(
        {
            "arm": np.repeat([1, 0], n),
            "worker": np.r_[worker, workers + np.arange(n)],
            "event": (rng.random(2 * n) < risk).astype(int),
            "days": days,
            "stays": np.where(rng.random(2 * n) < NEVER, 0, days),
        }
    )


def p_values(frame: pd.DataFrame) -> Iterator[tuple[str, str, float]]:
    """Model, inference and p-value of the arm; ``nan`` where there is none."""
    for name, (response, kinds) in COUNTS.items():
        inflation = {"inflation": "arm"} if name == "zero_inflated_nb" else {}
        for kind in kinds:
            fit = getattr(models, name)
            try:
                found = fit(
                    f"{response} ~ arm", frame, cluster="worker", inference=kind, **inflation
                )
            except DesignError:
                yield name, kind, np.nan
                continue
            ratio = found.quantities.get("mean_ratio:arm") if inflation else found.effect("arm")
            yield name, kind, np.nan if ratio is None else ratio.p_value


def mixed(frame: pd.DataFrame, rng: np.random.Generator) -> tuple[float, float, float, float]:
    """p-values by z and by t, the likelihood ratio, and one of a simulated response."""
    model = prepare_mixed_logistic(
        "event ~ arm", frame, cluster="worker", random="arm", inference="t"
    )
    normal = models.mixed_logistic(
        "event ~ arm", frame, cluster="worker", random="arm", inference="normal"
    )
    without, layout = model.held(1, 0.0), model.layout
    none = solve(without.layout, without.basis, model.kind.family, model.design.y, model.points)
    share = unbiased_share(model.design, layout.clusters, layout.random.astype(float))
    y = simulation(without, none.beta, none.sd * np.sqrt(share))(rng)

    def ratio(response: Floats) -> float:
        heights = [top(m.layout, m.basis, m.kind.family, response, 7) for m in (model, without)]
        return 2 * (heights[0] - heights[1])

    z, t = (fit.effect("arm").p_value for fit in (normal, model.fit()))
    return z, t, ratio(model.design.y), ratio(y)


def study(workers: int, members: int, trials: int) -> list[Rejections]:
    """All rejections of one design."""
    found: dict[tuple[str, str], list[bool | float]] = {}
    ratios = np.empty((trials, 2))
    for k, seed in enumerate(np.random.SeedSequence([workers, members]).spawn(trials)):
        rng = np.random.default_rng(seed)
        frame = draw(workers, members, rng)
        tests = list(p_values(frame))
        z, t, *ratios[k] = mixed(frame, rng)
        for model, kind, p in (*tests, ("mixed_logistic", "normal", z), ("mixed_logistic", "t", t)):
            found.setdefault((model, kind), []).append(np.nan if np.isnan(p) else p < LEVEL)
    seen, simulated = ratios.T
    found["mixed_logistic", "likelihood ratio"] = list(seen > CHI_SQUARE)
    found["mixed_logistic", "bootstrap"] = list(seen > np.quantile(simulated, 1 - LEVEL))
    return [
        _rejections(model, kind, workers, members, np.asarray(values, dtype=float))
        for (model, kind), values in found.items()
    ]


def _rejections(model: str, kind: str, workers: int, members: int, values: Floats) -> Rejections:
    known = values[~np.isnan(values)]
    share = float(known.mean()) if len(known) else np.nan
    error = np.sqrt(share * (1 - share) / max(len(known), 1))
    return Rejections(
        model, kind, workers, members, len(values), len(values) - len(known), share, float(error)
    )


def main() -> None:
    """Run all designs and write a row for each model and inference."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--out", type=Path, default=Path("few_clusters.csv"))
    arguments = parser.parse_args()
    rows = [row for design in DESIGNS for row in study(*design, arguments.trials)]
    pd.DataFrame(map(asdict, rows)).to_csv(arguments.out, index=False)


if __name__ == "__main__":
    main()
