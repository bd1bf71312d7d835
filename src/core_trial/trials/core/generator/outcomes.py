"""From an analysis of the plan to calibrated values: its printed rows, and who is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, repeat

import numpy as np
import pandas as pd

from core_trial.analyses import missingness
from core_trial.analyses.plan import AnalysisSpec
from core_trial.declaration.arms import MODEL_ARMS
from core_trial.declaration.models import ModelSpec
from core_trial.results import Key
from core_trial.synthesis.approach import approach
from core_trial.synthesis.forms import CLUSTER, Row
from core_trial.synthesis.linear import Scores, calibrate
from core_trial.synthesis.people import treated
from core_trial.synthesis.regions import Line, Region
from core_trial.synthesis.search import NEAR, Attempt, Floats, best_of, listener
from core_trial.synthesis.targets import Targets
from core_trial.trials.core.generator.predictors import predictors_found

#: Ratio of the workers' variance to the residual one: mean over the outcomes, and how they differ.
BETWEEN = 0.05, 0.03
#: Above this the scores are drawn anew.
LARGEST_BETWEEN = 0.2
#: Draws of the scores, and in how many the standard deviations begin where they are asked for.
TRIES, SPREAD_TRIES = 8, 3


def calibrated(
    spec: AnalysisSpec,
    frame: pd.DataFrame,
    known: np.ndarray,
    limits: tuple[int, int],
    start: Callable[[np.random.Generator], Floats],
    targets: Targets,
    rng: np.random.Generator,
    *,
    spread: tuple[float, float] | None = None,
) -> tuple[Floats, list[Attempt]]:
    """Values of an outcome whose printed rows and moments all stand.

    Parameters
    ----------
    spec
        The analysis.
    frame
        Everybody, with the covariates of its models, n rows.
    known
        Whose outcome is known, shape (n,).
    limits
        Lowest and highest possible value.
    start
        Draws values for those with a known outcome, to begin with.
    targets, rng
        What is printed; the source of all chance.
    spread
        Standard deviations of the control and the intervention arm to begin with.

    Returns
    -------
    values : numpy.ndarray
        Shape (n,), ``nan`` where not known.
    attempts : list of Attempt
        How near each printed row came.
    """
    listener.get()(spec.name)
    frame = frame.assign(**{spec.fitted.outcome: np.where(known, 0.0, np.nan)})
    printed = list(_printed(spec, frame, targets))
    rows = [
        _row(frame[known], model, targets.region(spec.name, ratio=False, level=level))
        for level, _, model in printed
    ]
    arm = treated(frame)[known]
    moments = [targets.moments(spec.name, str(a)) for a in MODEL_ARMS]

    spreads = chain([spread] * SPREAD_TRIES, repeat(None))

    def draw(rng: np.random.Generator) -> tuple[Scores, float]:
        between = max(BETWEEN[0] + BETWEEN[1] * rng.standard_normal(), 0.0)
        scores = Scores(start(rng), limits, rows, [1 - arm, arm], moments, between, next(spreads))
        approach(scores)
        distance = calibrate(scores, rng)
        unlike = max(row.fit(scores.y)[2] for row in rows) > LARGEST_BETWEEN
        return scores, max(distance, NEAR) if unlike else distance

    scores, _ = best_of(draw, rng, tries=TRIES)
    values = np.full(len(frame), np.nan)
    values[known] = scores.y
    names = [(f"{spec.name} {level}".strip(), line) for level, line, _ in printed]
    return values, [*_rows_reached(names, scores), *_missed_moments(spec.name, scores, targets)]


def _rows_reached(names: Sequence[tuple[str, Line]], scores: Scores) -> Iterator[Attempt]:
    """Every printed row with what the models of the analyses find."""
    for (name, line), row in zip(names, scores.rows, strict=True):
        yield row.region.attempt(name, line, *row.confirm(scores.y))


def _missed_moments(name: str, scores: Scores, targets: Targets) -> Iterator[Attempt]:
    """Means and standard deviations that do not print as they should."""
    for arm, members, bounds in zip(MODEL_ARMS, scores.arms, scores.moments, strict=True):
        own = scores.y[members > 0]
        reached = {"mean": own.mean(), "sd": own.std(ddof=1)}
        for (statistic, value), bound in zip(reached.items(), bounds, strict=True):
            gauge = float(bound.gauge(value))
            if gauge >= 1:
                wanted = targets.text(name, statistic, arm)
                yield Attempt(f"{name} {statistic} {arm}", wanted, gauge, float(value))


def _printed(
    spec: AnalysisSpec, frame: pd.DataFrame, targets: Targets
) -> Iterator[tuple[str, Line, ModelSpec]]:
    """Level, line and model of the analysis, and of its sensitivity analysis where printed."""
    yield "", targets.line(spec.name, ratio=False), spec.fitted
    level = missingness.ADJUSTED
    if Key(spec.name, "estimate", "", level) in targets.printed:
        found = predictors_found(spec, frame)
        line = targets.line(spec.name, ratio=False, level=level)
        yield level, line, spec.fitted.adjusted_for(*found)


def _row(known: pd.DataFrame, model: ModelSpec, region: Region) -> Row:
    """The complete cases of one model, by their position among those with a known outcome."""
    cases = known.reset_index(drop=True)[[*model.covariates, CLUSTER]].dropna()
    for name in cases.select_dtypes("category"):
        cases[name] = cases[name].cat.remove_unused_categories()
    return Row(" + ".join(model.covariates), cases, region)
