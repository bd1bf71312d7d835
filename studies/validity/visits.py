"""Three visits with dropout, workers in one arm: the difference at the last visit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from core_trial import models
from core_trial.models.linear.kenward_roger import Approximation
from studies.validity.cell import Analysis, Answer, Cell, Floats, of_fit

VISITS = 3
#: Covariance of a participant's visits, given the worker: correlations fade, spread grows.
COVARIANCE = np.array([[1.0, 0.6, 0.4], [0.6, 1.2, 0.7], [0.4, 0.7, 1.5]])
#: Log odds of not coming to the next visit, at a score of 0, and for each unit of the score.
DROPOUT, BY_SCORE = -2.0, -0.5
ESTIMAND = "difference in means at the last visit"
LAST = f"visit[{VISITS}]:arm"


@dataclass(frozen=True, slots=True)
class Visits:
    """A score at three visits; those who do badly come less often again.

    Parameters
    ----------
    workers, each
        Workers, and participants of each; as many controls.
    icc
        Variance of the workers over the variance at the first visit.
    """

    workers: int
    each: int
    icc: float
    effect: str = ""

    @property
    def label(self) -> str:
        """Workers, participants, and correlation."""
        return f"{self.workers} workers of {self.each}, ICC {self.icc:g}"

    @property
    def truths(self) -> Mapping[str, float]:
        """No effect at any visit."""
        return {}

    def draw(self, rng: np.random.Generator) -> pd.DataFrame:
        """A row per visit made."""
        n = self.workers * self.each
        worker = np.repeat(np.arange(self.workers), self.each)
        scores = rng.multivariate_normal(np.zeros(VISITS), COVARIANCE, size=2 * n)
        spread = np.sqrt(self.icc / (1 - self.icc))
        scores[:n] += (spread * rng.standard_normal(self.workers))[worker][:, None]
        made = came(scores, rng)
        person, visit = np.nonzero(made)
        return pd.DataFrame(
            {
                "person": person,
                "visit": visit + 1,
                "arm": (person < n).astype(int),
                "worker": np.r_[worker, self.workers + np.arange(n)][person],
                "score": scores[made],
            }
        )


def came(scores: Floats, rng: np.random.Generator) -> np.ndarray:
    """Which visits were made, shape (n, visits): none after the first that was missed."""
    stay = np.ones(scores.shape, dtype=bool)
    for k in range(1, VISITS):
        lost = 1 / (1 + np.exp(-DROPOUT - BY_SCORE * scores[:, k - 1]))
        stay[:, k] = stay[:, k - 1] & (rng.random(len(scores)) >= lost)
    return stay


def repeated(rows: pd.DataFrame, df: Approximation) -> Answer:
    """The model of all visits, a worker effect in one arm."""
    fit = models.repeated_measures(
        "score ~ C(visit) + C(visit):arm",
        rows,
        participant="person",
        visit="visit",
        cluster="worker",
        random="arm",
        df=df,
    )
    return of_fit(fit, LAST)


def last_visit(rows: pd.DataFrame) -> Answer:
    """The last visit alone, two residual variances: those who came."""
    fit = models.mixed_linear(
        "score ~ arm",
        rows[rows["visit"] == VISITS],
        cluster="worker",
        method="reml",
        random="arm",
        residual_by="arm",
        df="kenward_roger",
    )
    return of_fit(fit)


ALL_VISITS = "all visits, unstructured covariance"
ANALYSES = (
    *(
        Analysis(ALL_VISITS, words, ESTIMAND, partial(repeated, df=kind))
        for words, kind in (
            ("Kenward-Roger", "kenward_roger"),
            ("Satterthwaite", "satterthwaite"),
            ("z", "normal"),
        )
    ),
    Analysis("last visit alone", "Kenward-Roger", ESTIMAND, last_visit),
)


def cells() -> tuple[Cell, ...]:
    """From a small trial to one of the size of CORE."""
    designs = (Visits(5, 8, 0.1), Visits(8, 27, 0.1), Visits(40, 5, 0.1))
    return tuple(Cell("repeated visits", m, ANALYSES, 900) for m in designs)
