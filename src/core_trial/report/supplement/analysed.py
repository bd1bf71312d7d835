"""How many were analysed for each outcome, and what its value was before randomisation."""

from __future__ import annotations

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.declaration.outcomes import AnyOutcome, Count, Score
from core_trial.declaration.trial import Trial
from core_trial.report import cells
from core_trial.report.cells import Place
from core_trial.report.curves import short_arm
from core_trial.report.styles import LANCET, Style
from core_trial.report.table import Row, Table
from core_trial.results import Results

NOTE = (
    "Analysed: outcome, covariates, and value before randomisation known. Before randomisation: "
    "mean (SD) in all for whom the value is known."
)


def analysed(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """Participants analysed by arm, and values before randomisation of what is adjusted for.

    Parameters
    ----------
    results
        Holds the steps ``analysed_`` of the flow, and moments of the columns of values before.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    rows = tuple(
        Row(
            outcome.title,
            tuple(t for arm in PRINTED_ARMS for t in _arm(outcome, results, arm, style)),
        )
        for outcome in trial.outcomes
        if any(cells.is_recorded(results, _step(outcome, arm), "n") for arm in PRINTED_ARMS)
    )
    heads = ("n analysed", "before randomisation")
    return Table(
        name="analysed",
        title="Participants analysed, and values before randomisation",
        head=(
            "Outcome",
            *(f"{short_arm(trial, arm)}: {head}" for arm in PRINTED_ARMS for head in heads),
        ),
        rows=rows,
        footnotes=cells.footnotes(results, trial, "analysed", rows, NOTE),
        remark=cells.remark(results),
    )


def _step(outcome: AnyOutcome, arm: str) -> Place:
    return Place("flow", arm, f"analysed_{outcome.key}")


def _arm(outcome: AnyOutcome, results: Results, arm: str, style: Style) -> tuple[str, str]:
    n = cells.count(results, _step(outcome, arm), style)
    if not isinstance(outcome, Score | Count) or not outcome.baseline:
        return n, ""
    decimals = (max(outcome.decimals[0], 1), max(outcome.decimals[1], 1))
    return n, cells.mean_sd(results, Place(outcome.baseline, arm), style, decimals)
