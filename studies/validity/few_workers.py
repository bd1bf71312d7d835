"""Few workers in one arm: risks, counts and times to events of the same people, every inference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from core_trial import models
from core_trial.models.fit import Fit
from studies.validity import binary
from studies.validity.cell import Analysis, Answer, Cell, Floats, of_fit, of_ratio
from studies.validity.performance import latent_icc, log_odds

#: Standard deviation of the workers: of log odds, log means and log hazards.
WORKER_SD = 0.5
RISK = 0.4
#: Days in hospital: mean, negative binomial dispersion, share of people who never have any.
MEAN_DAYS, DISPERSION, NEVER = 6.0, 0.8, 0.45
#: Events and competing events a day, and days of follow-up.
RATE, OTHER_RATE, FOLLOW_UP = 0.003, 0.001, 365
#: Where restricted means stop, in days.
LIMIT = 300
MEANS, HAZARD, RATES = "log ratio of means", "log hazard ratio", "log ratio of rates"
SUBHAZARD, MEAN_TIME = "log subdistribution hazard ratio", "difference in mean days"
DEFAULT = "default"

#: Participants of each worker.
DESIGNS: Mapping[str, tuple[int, ...]] = {
    "1 worker of 40": (40,),
    "2 workers of 40": (40,) * 2,
    "3 workers of 20": (20,) * 3,
    "5 workers of 20": (20,) * 5,
    "5 workers of 5 to 60": (60, 20, 10, 5, 5),
    "8 workers of 27": (27,) * 8,
    "20 workers of 10": (10,) * 20,
}


class People(NamedTuple):
    """One trial: a row per person, and a row from event to event of the same people."""

    frame: pd.DataFrame
    spells: pd.DataFrame
    rng: np.random.Generator


@dataclass(frozen=True, slots=True)
class FewWorkers:
    """As many controls on their own as people with workers, and no effect on any mean or risk.

    Parameters
    ----------
    label
        The design in words.
    sizes
        Participants of each worker.
    """

    label: str
    sizes: tuple[int, ...]
    effect: str = ""

    @property
    def workers(self) -> int:
        """Their number."""
        return len(self.sizes)

    @property
    def icc(self) -> float:
        """Correlation on the latent scale of the risk."""
        return latent_icc(WORKER_SD)

    @property
    def truths(self) -> Mapping[str, float]:
        """Nothing but what an average worker has less than all together."""
        return {binary.CONDITIONAL: log_odds(RISK, WORKER_SD) - float(special.logit(RISK))}

    def draw(self, rng: np.random.Generator) -> People:
        """Events and days by a worker's effect; hazards of controls vary as the workers' do."""
        n, workers = sum(self.sizes), len(self.sizes)
        worker = np.repeat(np.arange(workers), self.sizes)
        effect = WORKER_SD * rng.standard_normal(workers)[worker]
        treated = special.expit(log_odds(RISK, WORKER_SD) + effect)
        mean = MEAN_DAYS * np.r_[np.exp(effect - WORKER_SD**2 / 2), np.ones(n)]
        days = rng.poisson(mean * rng.gamma(1 / DISPERSION, DISPERSION, 2 * n))
        frame = pd.DataFrame(
            {
                "arm": np.repeat([1, 0], n),
                "worker": np.r_[worker, workers + np.arange(n)],
                "outcome": (rng.random(2 * n) < np.r_[treated, np.full(n, RISK)]).astype(float),
                "days": days,
                "stays": np.where(rng.random(2 * n) < NEVER, 0, days),
            }
        )
        rate = RATE * np.exp(np.r_[effect, WORKER_SD * rng.standard_normal(n)])
        return People(frame.assign(**times(rate, rng)), spells(frame, rate, rng), rng)


def times(rate: Floats, rng: np.random.Generator) -> dict[str, Floats]:
    """Days to an event, and to the first of two kinds."""
    own, other = (rng.exponential(1 / r, len(rate)) for r in (rate, OTHER_RATE))
    first = np.minimum(own, other)
    kind = np.where(own < other, 1, 2)
    return {
        "time": np.minimum(np.ceil(own), FOLLOW_UP),
        "event": (own <= FOLLOW_UP).astype(int),
        "first": np.ceil(np.minimum(first, FOLLOW_UP)),
        "cause": np.where(first > FOLLOW_UP, 0, kind),
    }


def spells(frame: pd.DataFrame, rate: Floats, rng: np.random.Generator) -> pd.DataFrame:
    """Rows from event to event."""
    rows = []
    for arm, worker, own in zip(frame["arm"], frame["worker"], rate, strict=True):
        start = 0.0
        while start < FOLLOW_UP:
            stop = start + np.ceil(rng.exponential(1 / own))
            rows.append((arm, worker, start, min(stop, FOLLOW_UP), int(stop <= FOLLOW_UP)))
            start = stop
    return pd.DataFrame(rows, columns=["arm", "worker", "start", "stop", "event"])


def risk(people: People, model: str, inference: str | None) -> Answer:
    """The mixed logistic model, modified Poisson or standardised risks."""
    where = {} if model == "modified_poisson" else {"random": "arm"}
    fit = getattr(models, model)
    return of_fit(fit(binary.FORMULA, people.frame, cluster="worker", inference=inference, **where))


def bootstrapped(people: People) -> Answer:
    """The bootstrap of the mixed logistic model, by one simulated response a trial."""
    model = models.prepare_mixed_logistic(
        binary.FORMULA, people.frame, cluster="worker", random="arm", inference="t"
    )
    if sum(people.frame["worker"].value_counts() > 1) == 1:
        return Answer()  # no p-value either by any other inference: nothing is known of workers
    y = people.frame["outcome"].to_numpy()
    return Answer(ratio=binary.ratio(model, y), simulated=binary.simulated(model, y, people.rng))


def count(people: People, model: str, inference: str | None, response: str = "days") -> Answer:
    """Poisson or negative binomial: the arm's coefficient is the ratio of means."""
    fit = getattr(models, model)
    return of_fit(fit(f"{response} ~ arm", people.frame, cluster="worker", inference=inference))


def zero_inflated(people: People, inference: str | None) -> Answer:
    """Arm in both parts, and the ratio of the overall means."""
    fit = models.zero_inflated_nb(
        "stays ~ arm", people.frame, inflation="arm", cluster="worker", inference=inference
    )
    ratio = fit.quantities.get("mean_ratio:arm")
    return Answer() if ratio is None else of_ratio(ratio)


def cox(people: People, inference: str | None) -> Answer:
    """Time to the first event; the model's own errors know no clusters."""
    cluster = None if inference == "model" else "worker"
    told = None if inference == "model" else inference
    return of_fit(
        models.cox("arm", people.frame, time="time", event="event", cluster=cluster, inference=told)
    )


def recurrent(people: People, inference: str | None) -> Answer:
    """All events: the model of Lin, Wei, Yang and Ying."""
    told: dict[str, Any] = {"time": "stop", "event": "event", "entry": "start"}
    return of_fit(models.cox("arm", people.spells, cluster="worker", inference=inference, **told))


def competing(people: People, inference: str | None) -> Answer:
    """The model of Fine and Gray for the first kind of event."""
    fit: Fit = models.fine_gray(
        "arm",
        people.frame,
        time="first",
        event="cause",
        cause=1,
        cluster="worker",
        inference=inference,
    )
    return of_fit(fit)


def restricted_mean(people: People, inference: str | None) -> Answer:
    """Mean days without the event up to the limit."""
    told: dict[str, Any] = {"time": "time", "event": "event", "by": "arm", "limit": LIMIT}
    found = models.restricted_mean(people.frame, cluster="worker", inference=inference, **told)
    d = found.differences["1"]
    return Answer(d.estimate, d.std_error, found.df["1"], d.low, d.high, d.p_value)


def _each(
    model: str, estimand: str, run: Callable[..., Answer], inferences: Mapping[str, str | None]
) -> tuple[Analysis, ...]:
    """One analysis for each inference, by its words."""
    return tuple(
        Analysis(model, words, estimand, partial(run, inference=kind))
        for words, kind in inferences.items()
    )


#: What is asked of a model with random effects, and of one with errors by cluster.
MIXED: Mapping[str, str | None] = {"z": "normal", DEFAULT: None}
ROBUST: Mapping[str, str | None] = {"sandwich, z": "sandwich", DEFAULT: None}
STANDARDISED = "standardised risks"
WITH_CR2 = {**ROBUST, "CR2, t": "cr2"}
ZERO_INFLATED = "zero-inflated, ratio of overall means"
ANALYSES = (
    *_each(binary.NESTED, binary.CONDITIONAL, partial(risk, model="mixed_logistic"), MIXED),
    Analysis(binary.NESTED, "bootstrap", binary.CONDITIONAL, bootstrapped, pooled=True),
    *_each(STANDARDISED, binary.RISK_DIFFERENCE, partial(risk, model="standardised"), MIXED),
    *_each(
        "modified Poisson",
        binary.RISK_RATIO,
        partial(risk, model="modified_poisson"),
        WITH_CR2,
    ),
    *_each("Poisson", MEANS, partial(count, model="poisson"), WITH_CR2),
    *_each("negative binomial", MEANS, partial(count, model="negative_binomial"), ROBUST),
    *_each(ZERO_INFLATED, MEANS, zero_inflated, ROBUST),
    *_each("Cox", HAZARD, cox, {"model, z": "model", **ROBUST}),
    *_each("recurrent events (LWYY)", RATES, recurrent, ROBUST),
    *_each("Fine-Gray", SUBHAZARD, competing, ROBUST),
    *_each("restricted mean", MEAN_TIME, restricted_mean, ROBUST),
)


def cells() -> tuple[Cell, ...]:
    """From one worker, whose effect nobody can tell, to enough."""
    return tuple(
        Cell("few workers", FewWorkers(label, sizes), ANALYSES, 500)
        for label, sizes in DESIGNS.items()
    )
