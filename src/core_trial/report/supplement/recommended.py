"""Each outcome by the model that the trial chose, and by the one that would be recommended."""

from __future__ import annotations

import math
from collections.abc import Iterator

from core_trial.declaration.outcomes import AnyOutcome
from core_trial.declaration.trial import Trial
from core_trial.report import cells, number
from core_trial.report.number import confidence
from core_trial.report.styles import LANCET, Style
from core_trial.report.table import Row, Table
from core_trial.results import Estimate, Results

RECOMMENDED = "recommended"
#: Two-sided significance at which an answer changes sides.
SIGNIFICANCE = 0.05
NOTE = (
    "Recommended for scores: restricted maximum likelihood, a random intercept in the arm that has "
    "clusters, a residual variance for each arm, and Kenward and Roger’s degrees of freedom (df), "
    "which hold with few clusters; for times: Efron’s ties, and standard errors that hold with few "
    "clusters. #The two lie on different sides of 5%."
)
#: Marks an answer that changes sides.
_CHANGES = "#"


def recommended(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """The two answers side by side; nothing where the trial chose no models of its own.

    Parameters
    ----------
    results
        Holds estimates at the level `RECOMMENDED`.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    level = confidence(trial.confidence, style)
    rows = tuple(
        Row(outcome.title, _texts(results, outcome, style))
        for outcome in trial.outcomes
        if cells.effect_and_p(results, outcome.key, style, RECOMMENDED) is not None
    )
    return Table(
        name="recommended_models",
        title="The trial’s models beside the recommended ones",
        head=(
            *("Outcome", f"The trial’s model ({level} CI)", number.p_head(style)),
            *(f"Recommended model ({level} CI)", "df", number.p_head(style)),
        ),
        rows=rows,
        footnotes=cells.footnotes(results, trial, "recommended_models", rows, NOTE if rows else ""),
        remark=cells.remark(results),
    )


def changes(results: Results, trial: Trial, style: Style = LANCET) -> tuple[str, ...]:
    """A sentence on every outcome whose answer depends on the model."""
    return tuple(_changes(results, trial, style))


def _changes(results: Results, trial: Trial, style: Style) -> Iterator[str]:
    for outcome in trial.outcomes:
        own, other = _both(results, outcome)
        if own is None or other is None or not _on_other_side(own, other):
            continue
        p = [number.p_value(estimate.p_value, style) for estimate in (own, other)]
        yield (
            f"{outcome.title}: whether the difference is significant at 5% depends on the model. "
            f"By the trial’s own p is {p[0]}; by the recommended one, which allows for few "
            f"{_clusters(trial)} and for arms that differ in spread, {p[1]}."
        )


def _clusters(trial: Trial) -> str:
    return trial.cluster.labels if trial.cluster else "participants"


def _both(results: Results, outcome: AnyOutcome) -> tuple[Estimate | None, Estimate | None]:
    return results.get_estimate(outcome.key), results.get_estimate(outcome.key, RECOMMENDED)


def _on_other_side(own: Estimate, other: Estimate) -> bool:
    believed = cells.believable(own) and cells.believable(other)
    return believed and (own.p_value < SIGNIFICANCE) != (other.p_value < SIGNIFICANCE)


def _texts(results: Results, outcome: AnyOutcome, style: Style) -> tuple[str, ...]:
    own, other = _both(results, outcome)
    effect, p = cells.effect_and_p(results, outcome.key, style) or ("", "")
    by, p_by = cells.effect_and_p(results, outcome.key, style, RECOMMENDED) or ("", "")
    if own is None or other is None:
        return effect, p, by, "", p_by
    df = number.fixed(other.df, 1, style) if math.isfinite(other.df) else ""
    return effect, p, by, df, p_by + _CHANGES * _on_other_side(own, other)
