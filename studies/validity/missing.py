"""A third of the scores missing, and more so among the readmitted: complete cases or imputation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core_trial import models
from studies.validity.cell import Analysis, Answer, Cell, of_fit
from studies.validity.scores import CONTROL, ESTIMAND, INTERVENTION

#: Difference in means given readmission, and the effect of readmission, in residual SDs.
DIFFERENCE, BY_READMISSION = 0.3, -0.8
#: Risk of readmission in the intervention and the control arm.
RISKS = (0.29, 0.38)
#: Share of the later scores missing among the readmitted, by arm, and among the others.
MISSING_READMITTED, MISSING_OTHERS = (0.65, 0.40), 0.20
#: Share of the baseline scores missing.
MISSING_BEFORE = 0.05
IMPUTATIONS, ITERATIONS = 10, 3
#: What the arm adds in the end: directly, and by keeping people from readmission.
TRUTH = DIFFERENCE + BY_READMISSION * (RISKS[0] - RISKS[1])
FORMULA = "after ~ treated + before"
MODEL: dict[str, Any] = {
    "cluster": "person_or_worker",
    "method": "reml",
    "random": "treated",
    "residual_by": "treated",
    "df": "kenward_roger",
}
KINDS = {"before": "continuous", "after": "continuous", "readmitted": "binary"}


class Halves(NamedTuple):
    """One trial as it is and as it is seen, and a seed for what is drawn of it."""

    full: pd.DataFrame
    seen: pd.DataFrame
    seed: int


@dataclass(frozen=True, slots=True)
class Missing:
    """Scores that follow from baseline, worker and readmission, which is known for everybody."""

    workers: int
    icc: float

    @property
    def label(self) -> str:
        """Workers and correlation."""
        return f"{self.workers} workers, ICC {self.icc:g}"

    @property
    def effect(self) -> str:
        """The difference in means."""
        return f"difference of {TRUTH:.3f}"

    @property
    def truths(self) -> Mapping[str, float]:
        """The difference in means."""
        return {ESTIMAND: TRUTH}

    def draw(self, rng: np.random.Generator) -> Halves:
        """One trial, and what is left of it."""
        full = complete(self, rng)
        return Halves(full, lose(full, rng), int(rng.integers(2**32)))


def complete(mechanism: Missing, rng: np.random.Generator) -> pd.DataFrame:
    """One trial, nothing missing."""
    treated = np.r_[np.ones(INTERVENTION), np.zeros(CONTROL)]
    n = len(treated)
    worker = rng.integers(0, mechanism.workers, n)
    spread = np.sqrt(mechanism.icc / (1 - mechanism.icc))
    effect = spread * rng.standard_normal(mechanism.workers)[worker] * treated
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
    seen.loc[rng.random(len(frame)) < MISSING_BEFORE, "before"] = np.nan
    return seen


def everybody(data: Halves) -> Answer:
    """Before any score went missing."""
    return of_fit(models.mixed_linear(FORMULA, data.full, **MODEL), "treated")


def complete_cases(data: Halves) -> Answer:
    """Those of whom both scores are known."""
    known = data.seen.dropna(subset=["before", "after"])
    return of_fit(models.mixed_linear(FORMULA, known, **MODEL), "treated")


def imputed(data: Halves, cluster: str | None) -> Answer:
    """Imputation by arm, pooled by Barnard and Rubin's rule."""
    many = models.impute(
        data.seen,
        variables=KINDS,
        arm="treated",
        cluster=cluster,
        m=IMPUTATIONS,
        iterations=ITERATIONS,
        seed=data.seed,
        workers=1,
        progress=False,
    )
    return of_fit(many.fit(models.mixed_linear, FORMULA, workers=1, **MODEL), "treated")


ANALYSES = (
    Analysis("all data", "Kenward-Roger", ESTIMAND, everybody),
    Analysis("complete cases", "Kenward-Roger", ESTIMAND, complete_cases),
    Analysis("imputed with workers", "Barnard-Rubin", ESTIMAND, partial(imputed, cluster="worker")),
    Analysis("imputed without workers", "Barnard-Rubin", ESTIMAND, partial(imputed, cluster=None)),
)


def cells() -> tuple[Cell, ...]:
    """By the number of workers."""
    return tuple(Cell("missing outcomes", Missing(w, 0.1), ANALYSES, 250) for w in (8, 20, 40))
