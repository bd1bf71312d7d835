"""Effects on absolute scales beside the models' own, as CONSORT 2025 asks (item 26)."""

from __future__ import annotations

from core_trial.declaration.trial import Trial
from core_trial.report import cells, labels
from core_trial.report.number import LANCET, Style, confidence
from core_trial.report.table import Kind, Row, Table
from core_trial.results import Results


def absolute(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """Every outcome with its effect and those on absolute scales under it.

    Parameters
    ----------
    results
        Holds estimates at the levels `labels.ABSOLUTE`.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    rows: list[Row] = []
    for outcome in trial.outcomes:
        found = {
            level.replace("_", " ").capitalize(): texts
            for level in labels.ABSOLUTE
            if (texts := cells.effect_and_p(results, outcome.key, style, level)) is not None
        }
        if found:
            model = cells.effect_and_p(results, outcome.key, style) or ("", "")
            rows.append(Row(outcome.title, kind=Kind.GROUP))
            rows += [Row("The model’s own", model, Kind.MEMBER)]
            rows += [Row(label, texts, Kind.MEMBER) for label, texts in found.items()]
    levels = ("", *labels.ABSOLUTE)
    estimates = [
        estimate
        for outcome in trial.outcomes
        for level in levels
        if (estimate := results.get_estimate(outcome.key, level)) is not None
    ]
    return Table(
        name="absolute_effects",
        title="Effects on absolute scales",
        head=("", f"Effect ({confidence(trial.confidence, style)} CI)", "p value"),
        rows=tuple(rows),
        footnotes=cells.footnotes(
            results, trial, "absolute_effects", rows, cells.abbreviations(estimates)
        ),
        remark=cells.remark(results),
    )
