"""Crude effects and effects on absolute scales beside the models' own.

CONSORT 2025 asks for both kinds of effect of a binary outcome (item 26).
"""

from __future__ import annotations

from collections.abc import Mapping

from core_trial.declaration.trial import Trial
from core_trial.report import cells, labels
from core_trial.report.number import LANCET, Style, confidence
from core_trial.report.table import Kind, Row, Table
from core_trial.results import Results

#: Levels at which effects stand beside the model's own, with their labels.
BESIDE: Mapping[str, str] = {
    "crude": "Crude: not adjusted",
    **{level: level.replace("_", " ").capitalize() for level in labels.ABSOLUTE},
}


def absolute(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """Every outcome with its effect, the crude one, and those on absolute scales under it.

    Parameters
    ----------
    results
        Holds estimates at the levels `BESIDE`.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    rows: list[Row] = []
    for outcome in trial.outcomes:
        found = {
            label: texts
            for level, label in BESIDE.items()
            if (texts := cells.effect_and_p(results, outcome.key, style, level)) is not None
        }
        if found:
            model = cells.effect_and_p(results, outcome.key, style) or ("", "")
            rows.append(Row(outcome.title, kind=Kind.GROUP))
            rows += [Row("The model’s own", model, Kind.MEMBER)]
            rows += [Row(label, texts, Kind.MEMBER) for label, texts in found.items()]
    levels = ("", *BESIDE)
    estimates = [
        estimate
        for outcome in trial.outcomes
        for level in levels
        if (estimate := results.get_estimate(outcome.key, level)) is not None
    ]
    return Table(
        name="absolute_effects",
        title="Crude effects, and effects on absolute scales",
        head=("", f"Effect ({confidence(trial.confidence, style)} CI)", "p value"),
        rows=tuple(rows),
        footnotes=cells.footnotes(
            results, trial, "absolute_effects", rows, cells.abbreviations(estimates)
        ),
        remark=cells.remark(results),
    )
