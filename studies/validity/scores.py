"""A score: 441 participants, workers in one arm, and every way to code the controls' clusters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import product
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from core_trial import models
from core_trial.models.linear.model import LinearModel
from studies.validity.cell import Analysis, Answer, Cell, Floats, of_fit

INTERVENTION, CONTROL = 221, 220
#: Difference at which power is counted, in standard deviations of the intervention arm.
DIFFERENCE = 0.3
ESTIMAND = "difference in means"
#: A bounded score: mean and standard deviation before it is rounded and cut to the scale.
SCALE, MEAN, SD = (8.0, 32.0), 27.0, 5.0

Shape = Literal["normal", "skewed", "bounded"]

PUBLISHED = ("random intercept, singletons", "ML, z")
ALIKE = ("random intercept, singletons", "REML, Kenward-Roger")
ONE_CONTROL = ("random intercept, controls as one cluster", "REML, Kenward-Roger")
PSEUDO = ("random intercept, controls in pseudo-clusters", "REML, Kenward-Roger")
NESTED = ("partially nested, one residual variance", "REML, Kenward-Roger")
RECOMMENDED = ("partially nested, two residual variances", "REML, Kenward-Roger")
UNCLUSTERED = ("least squares, no clusters", "t")
ROBUST = ("least squares, errors by cluster", "CR2, t")

KR: dict[str, Any] = {"method": "reml", "df": "kenward_roger"}
BY_ARM: dict[str, Any] = {**KR, "random": "arm"}


class Scored(NamedTuple):
    """One trial: the number of workers, which decides on the design, and the scores."""

    workers: int
    y: Floats


@dataclass(frozen=True, slots=True)
class Scores:
    """A score in which half a baseline value and a worker's effect stand.

    Parameters
    ----------
    workers, icc
        Workers, and intraclass correlation in the intervention arm, whose variance is 1.
    control_sd
        Standard deviation of the control arm.
    shape
        Distribution of the residuals (``"skewed"``: exponential, skewness 2), or a scale with a
        ceiling that a fifth reaches.
    """

    workers: int
    icc: float
    control_sd: float = 1.0
    shape: Shape = "normal"
    effect: str = ""

    @property
    def label(self) -> str:
        """Workers, correlation, and what is special."""
        sd = f", control SD {self.control_sd:g}" if self.control_sd != 1 else ""
        shape = f", {self.shape}" if self.shape != "normal" else ""
        return f"{self.workers} workers, ICC {self.icc:g}{sd}{shape}"

    @property
    def truths(self) -> Mapping[str, float]:
        """No effect."""
        return {}

    def draw(self, rng: np.random.Generator) -> Scored:
        """Scores without an effect; the expected control and intervention scores are the same."""
        frame = participants(self.workers)
        treated = frame["arm"].to_numpy() == 1
        worker = np.where(treated, frame["worker"], 0)
        effect = treated * np.sqrt(self.icc) * rng.standard_normal(self.workers)[worker]
        residual = self._residuals(rng, len(frame))
        spread = np.where(treated, np.sqrt(1 - self.icc), self.control_sd)
        y = 0.5 * frame["baseline"].to_numpy() + effect + spread * residual
        return Scored(self.workers, bounded(y) if self.shape == "bounded" else y)

    def _residuals(self, rng: np.random.Generator, n: int) -> Floats:
        return rng.exponential(size=n) - 1 if self.shape == "skewed" else rng.standard_normal(n)


def bounded(y: Floats) -> Floats:
    """A whole number on the scale."""
    return np.clip(np.round(MEAN + SD * y), *SCALE)


@lru_cache(maxsize=16)
def participants(workers: int) -> pd.DataFrame:
    """The participants, and their clusters by every coding of the controls.

    Caseloads are unequal (gamma weights with shape 2, at least one) and the same in all trials with
    as many workers.
    """
    rng = np.random.default_rng([2018, workers])
    share = rng.gamma(2.0, size=workers)
    caseload = 1 + rng.multinomial(INTERVENTION - workers, share / share.sum())
    worker = np.repeat(np.arange(workers), caseload)
    groups = np.resize(rng.permutation(worker), CONTROL)
    return pd.DataFrame(
        {
            "arm": np.repeat([1, 0], [INTERVENTION, CONTROL]),
            "baseline": rng.standard_normal(INTERVENTION + CONTROL),
            "worker": np.append(worker, workers + np.arange(CONTROL)),
            "one_control": np.append(worker, np.full(CONTROL, workers)),
            "pseudo": np.append(worker, workers + groups),
            "outcome": 0.0,
        }
    )


@lru_cache(maxsize=64)
def prepared(workers: int, cluster: str, settings: tuple[tuple[str, Any], ...]) -> LinearModel:
    """The model with its design, which all trials share."""
    return models.prepare_mixed_linear(
        "outcome ~ arm + baseline", participants(workers), cluster=cluster, **dict(settings)
    )


def mixed(data: Scored, cluster: str = "worker", **settings: Any) -> Answer:
    """The mixed linear model."""
    return of_fit(prepared(data.workers, cluster, tuple(settings.items())).fit(data.y))


def least_squares(data: Scored, cluster: str | None = None) -> Answer:
    """The linear model without a random effect."""
    frame = participants(data.workers).assign(outcome=data.y)
    return of_fit(models.linear_regression("outcome ~ arm + baseline", frame, cluster=cluster))


def _analysis(words: tuple[str, str], run: Any) -> Analysis:
    return Analysis(*words, ESTIMAND, run)


FEW = (
    _analysis(PUBLISHED, partial(mixed, method="ml")),
    _analysis(ALIKE, partial(mixed, **KR)),
    _analysis(RECOMMENDED, partial(mixed, **BY_ARM, residual_by="arm")),
    _analysis(UNCLUSTERED, least_squares),
)
ALL = (
    *FEW,
    _analysis(NESTED, partial(mixed, **BY_ARM)),
    _analysis(ONE_CONTROL, partial(mixed, cluster="one_control", **KR)),
    _analysis(PSEUDO, partial(mixed, cluster="pseudo", **KR)),
    _analysis(ROBUST, partial(least_squares, cluster="worker")),
)


def cells() -> tuple[Cell, ...]:
    """Scores by workers, correlation and spread; codings of the controls; other distributions."""
    main = [Scores(w, i, sd) for w, i, sd in product((8, 20, 40), (0.01, 0.2), (1.0, 1.6))]
    spread = [Scores(w, 0.05, sd) for w, sd in product((8, 20, 40), (0.6, 1.3, 1.6))]
    codings = [Scores(w, i) for w, i in product((8, 40), (0.0, 0.05, 0.1))]
    shapes = [Scores(w, 0.05, 1.0, s) for w, s in product((8, 40), ("skewed", "bounded"))]
    return (
        *(Cell("scores", m, FEW, 500, DIFFERENCE) for m in main),
        *(Cell("scores", m, FEW, 300, DIFFERENCE) for m in spread),
        *(Cell("scores", m, ALL, 300, DIFFERENCE) for m in codings),
        *(Cell("scores", m, FEW, 300, _power(m)) for m in shapes),
    )


def _power(mechanism: Scores) -> float:
    """Scores that are cut cannot be moved."""
    return np.nan if mechanism.shape == "bounded" else DIFFERENCE
