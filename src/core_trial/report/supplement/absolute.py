"""Crude effects and effects on absolute scales beside the models' own.

CONSORT 2025 asks for both kinds of effect of a binary outcome (item 26).
"""

from __future__ import annotations

from collections.abc import Iterator

from core_trial.declaration.outcomes import AnyOutcome
from core_trial.declaration.trial import Trial
from core_trial.report import cells, labels
from core_trial.report.absolute_lines import absolute_lines
from core_trial.report.number import confidence, p_head
from core_trial.report.styles import LANCET, Style
from core_trial.report.table import Kind, Row, Table
from core_trial.results import Results

CRUDE = "crude"
#: Levels at which effects stand beside the model's own.
BESIDE = (CRUDE, *labels.ABSOLUTE)
NOTE = (
    "Risks are standardised over the covariates of the model; ratios and differences of means, and "
    "of mean times, allow for clusters by their standard errors. Number needed to treat: the "
    "inverse of the risk difference."
)


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
        found = list(_lines(outcome, results, style))
        if found:
            model = cells.effect_and_p(results, outcome.key, style) or ("", "")
            rows.append(Row(outcome.title, kind=Kind.GROUP))
            rows += [Row("The model’s own", model, Kind.MEMBER)]
            rows += [Row(label, (effect, p), Kind.MEMBER) for label, effect, p in found]
    estimates = [
        estimate
        for outcome in trial.outcomes
        for level in ("", *BESIDE)
        if (estimate := results.get_estimate(outcome.key, level)) is not None
    ]
    note = f"{cells.abbreviations(estimates)} {NOTE}" if rows else ""
    return Table(
        name="absolute_effects",
        title="Crude effects, and effects on absolute scales",
        head=("", f"Effect ({confidence(trial.confidence, style)} CI)", p_head(style)),
        rows=tuple(rows),
        footnotes=cells.footnotes(results, trial, "absolute_effects", rows, note),
        remark=cells.remark(results),
    )


def _lines(outcome: AnyOutcome, results: Results, style: Style) -> Iterator[tuple[str, str, str]]:
    crude = cells.effect_and_p(results, outcome.key, style, CRUDE)
    if crude is not None:
        yield "Crude: not adjusted", *crude
    yield from absolute_lines(outcome, results, style)
