"""One chain: an arm's incomplete variables imputed in turn, again and again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core_trial.models.inference import Floats
from core_trial.models.many.imputation.negative_binomial import NegativeBinomial
from core_trial.models.many.imputation.normal import Normal
from core_trial.models.many.imputation.ordered import Ordered
from core_trial.models.many.imputation.plan import ArmPlan
from core_trial.models.many.imputation.step import Kind, Step

MODELS: Mapping[str, Kind] = {
    "continuous": Normal(),
    "matched": Normal(matched=True),
    "binary": Ordered(),
    "ordinal": Ordered(),
    "count": NegativeBinomial(),
}


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """Where a chain ended.

    Parameters
    ----------
    drawn
        Imputed values of each step of each arm, in the order of the plan.
    trace
        Mean and standard deviation of the imputed values after each iteration, for each step of
        each arm: shape (iterations, steps, 2).
    """

    drawn: tuple[Floats, ...]
    trace: Floats


def run_chain(plans: tuple[ArmPlan, ...], iterations: int, seed: np.random.SeedSequence) -> Chain:
    """Impute all arms once.

    Parameters
    ----------
    plans
        One for each arm.
    iterations
        Rounds through the variables; the values of the last one are kept.
    seed
        Of this data set.
    """
    rng = np.random.default_rng(seed)
    arms = [_run_arm(rng, plan, iterations) for plan in plans]
    values = tuple(value for found, _ in arms for value in found)
    return Chain(values, np.concatenate([trace for _, trace in arms], axis=1))


def _run_arm(
    rng: np.random.Generator, plan: ArmPlan, iterations: int
) -> tuple[list[Floats], Floats]:
    columns = plan.columns.copy()
    values = [_first(rng, step) for step in plan.steps]
    for step, value in zip(plan.steps, values, strict=True):
        columns[step.missing, step.own] = step.coded(value)
    states = [MODELS[step.kind].start(step) for step in plan.steps]
    trace = np.empty((iterations, len(plan.steps), 2))
    for t in range(iterations):
        for k, step in enumerate(plan.steps):
            known, missing = columns[step.known], columns[step.missing]
            model = MODELS[step.kind]
            states[k], values[k] = model.advance(rng, step, known, missing, states[k])
            columns[step.missing, step.own] = step.coded(values[k])
            trace[t, k] = values[k].mean(), values[k].std()
    return values, trace


def _first(rng: np.random.Generator, step: Step) -> Floats:
    """Values drawn from those of the arm, to begin with."""
    drawn = step.values[rng.integers(0, len(step.values), len(step.missing))]
    return step.levels[drawn.astype(int)] if len(step.levels) else drawn
