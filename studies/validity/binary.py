"""A binary outcome: 441 participants, 3 to 40 workers in one arm, every inference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from core_trial import models
from core_trial.models.intercept.answer import solve, top
from core_trial.models.intercept.few import unbiased_share
from core_trial.models.intercept.model import InterceptModel
from core_trial.models.many.draws import simulation
from studies.validity.cell import Analysis, Answer, Cell, Floats, of_fit
from studies.validity.performance import log_odds
from studies.validity.scores import participants

#: Risk in the control arm, and in the intervention arm where there is an effect.
RISK, REDUCED = 0.38, 0.29
NODES = 7
FORMULA = "outcome ~ arm"
CONDITIONAL = "log odds ratio at an average worker"
EVERYWHERE = "log odds ratio, as if controls had workers"
RISK_RATIO, RISK_DIFFERENCE = "log risk ratio", "risk difference"
NESTED = "mixed logistic, random effect in the workers' arm"
PUBLISHED = "mixed logistic, random effect everywhere"


class Seen(NamedTuple):
    """One trial: the number of workers, the events, and what is drawn of them later."""

    workers: int
    y: Floats
    rng: np.random.Generator


@dataclass(frozen=True, slots=True)
class Events:
    """Events with the same risk in both arms over all workers, or with a reduced one.

    Parameters
    ----------
    workers, icc
        Workers, and correlation on the latent scale in their arm.
    reduced
        Whether the intervention has an effect.
    """

    workers: int
    icc: float
    reduced: bool = False

    @property
    def label(self) -> str:
        """Workers and correlation."""
        return f"{self.workers} workers, ICC {self.icc:g}"

    @property
    def effect(self) -> str:
        """The risks, where they differ."""
        return f"{100 * REDUCED:.0f} % against {100 * RISK:.0f} %" if self.reduced else ""

    @property
    def worker_sd(self) -> float:
        """Standard deviation of the workers on the log odds scale."""
        return float(np.sqrt(self.icc / (1 - self.icc) * np.pi**2 / 3))

    @property
    def at_average_worker(self) -> float:
        """Log odds in the intervention arm."""
        return log_odds(REDUCED if self.reduced else RISK, self.worker_sd)

    @property
    def truths(self) -> Mapping[str, float]:
        """The effect on every scale."""
        risk = REDUCED if self.reduced else RISK
        return {
            CONDITIONAL: self.at_average_worker - float(special.logit(RISK)),
            EVERYWHERE: self.at_average_worker - log_odds(RISK, self.worker_sd),
            RISK_RATIO: np.log(risk / RISK),
            RISK_DIFFERENCE: risk - RISK,
        }

    def draw(self, rng: np.random.Generator) -> Seen:
        """Who has an event."""
        frame = participants(self.workers)
        treated = frame["arm"].to_numpy() == 1
        effect = self.worker_sd * rng.standard_normal(self.workers)
        worker = np.where(treated, frame["worker"], 0)
        risk = np.where(treated, special.expit(self.at_average_worker + effect[worker]), RISK)
        return Seen(self.workers, (rng.random(len(risk)) < risk).astype(float), rng)


@lru_cache(maxsize=64)
def prepared(workers: int, random: str, inference: str) -> InterceptModel:
    """The model with its design, which all trials share."""
    frame = participants(workers)
    return models.prepare_mixed_logistic(
        FORMULA, frame, cluster="worker", random=random, points=NODES, inference=inference
    )


def mixed(data: Seen, random: str = "arm", inference: str = "t") -> Answer:
    """The mixed logistic model, judged by z or by t."""
    return of_fit(prepared(data.workers, random, inference).fit(data.y))


def likelihood_ratio(data: Seen) -> Answer:
    """The likelihood ratio of the arm."""
    model = prepared(data.workers, "arm", "t")
    return Answer(ratio=ratio(model, data.y))


def bootstrapped(data: Seen) -> Answer:
    """The likelihood ratio, and one of a response simulated as the bootstrap does."""
    model = prepared(data.workers, "arm", "t")
    return Answer(ratio=ratio(model, data.y), simulated=simulated(model, data.y, data.rng))


def ratio(model: InterceptModel, y: Floats) -> float:
    """Likelihood ratio of the arm in a response."""
    both = (model, model.held(1, 0.0))
    heights = [top(m.layout, m.basis, m.kind.family, y, m.points) for m in both]
    return max(2 * (heights[0] - heights[1]), 0.0)


def simulated(model: InterceptModel, y: Floats, rng: np.random.Generator) -> float:
    """Likelihood ratio of the arm in a response drawn from the fit without the arm."""
    without, layout = model.held(1, 0.0), model.layout
    none = solve(without.layout, without.basis, model.kind.family, y, model.points)
    share = unbiased_share(model.design, layout.clusters, layout.random.astype(float))
    return ratio(model, simulation(without, none.beta, none.sd * np.sqrt(share))(rng))


def _frame(data: Seen) -> pd.DataFrame:
    return participants(data.workers).assign(outcome=data.y)


def modified_poisson(data: Seen, inference: str | None = None) -> Answer:
    """The risk ratio with errors by cluster."""
    return of_fit(
        models.modified_poisson(FORMULA, _frame(data), cluster="worker", inference=inference)
    )


def standardised(data: Seen, inference: str | None = None) -> Answer:
    """The risk difference from the mixed logistic model."""
    return of_fit(
        models.standardised(
            FORMULA, _frame(data), cluster="worker", random="arm", inference=inference
        )
    )


RATIOS = (
    Analysis(NESTED, "likelihood ratio, chi-square", CONDITIONAL, likelihood_ratio),
    Analysis(NESTED, "bootstrap", CONDITIONAL, bootstrapped, pooled=True),
)
INFERENCES = (
    Analysis(PUBLISHED, "z", EVERYWHERE, partial(mixed, random="1", inference="normal")),
    Analysis(NESTED, "z", CONDITIONAL, partial(mixed, inference="normal")),
    Analysis(NESTED, "t, between-within", CONDITIONAL, mixed),
    *(
        Analysis("modified Poisson", words, RISK_RATIO, partial(modified_poisson, inference=kind))
        for words, kind in (
            ("sandwich, z", "sandwich"),
            ("CR2, t", "cr2"),
            ("jackknife, t", "jackknife"),
        )
    ),
    Analysis("standardised risks", "z", RISK_DIFFERENCE, partial(standardised, inference="normal")),
    Analysis("standardised risks", "t", RISK_DIFFERENCE, partial(standardised, inference="t")),
)


def cells() -> tuple[Cell, ...]:
    """Every inference by workers and correlation; the bootstrap in more trials where few work."""
    null = [Events(w, 0.1) for w in (3, 5, 6, 8, 12, 20, 40)]
    weak = [Events(w, 0.02) for w in (8, 40)]
    effect = [Events(w, 0.1, reduced=True) for w in (8, 20, 40)]
    few = [Events(w, 0.1) for w in (5, 6, 8)]
    return (
        *(Cell("binary", m, INFERENCES, 300) for m in null),
        *(Cell("binary", m, INFERENCES, 200) for m in weak),
        *(Cell("binary", m, INFERENCES, 200) for m in effect),
        *(Cell("bootstrap", m, RATIOS, 3000) for m in few),
    )
