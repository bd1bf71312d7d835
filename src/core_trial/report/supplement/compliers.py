"""Effects among those who receive the intervention if it is offered."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.declaration.covariates import in_words
from core_trial.declaration.trial import Trial
from core_trial.report import cells, labels, number
from core_trial.report.cells import Place
from core_trial.report.number import confidence
from core_trial.report.styles import LANCET, Style
from core_trial.report.table import Kind, Row, Table
from core_trial.results import Estimate, Results

#: Levels of the effects, with what is compared.
LEVELS: Mapping[str, str] = {
    "compliers_risk_difference": "Risk difference",
    "compliers_risk_ratio": "Risk ratio",
    "compliers_difference": "Difference in means",
}
NOTE = (
    "Received: {label}. Those who receive the intervention if it is offered are compared with "
    "those of the control group who would; it is assumed that the offer changes nothing for "
    "anybody else. This is not an effect of the offer, which the main tables have."
)


def compliers(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """How many received the intervention, and every outcome's effect among them.

    Parameters
    ----------
    results
        Holds ``received`` by arm, and estimates at the levels `LEVELS`.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    rows = [*_received(results, trial, style), *_effects(results, trial, style)]
    found = [r for r in results if isinstance(r, Estimate) and r.level in LEVELS]
    notes = (cells.abbreviations(found), NOTE.format(label=received(trial)))
    return Table(
        name="compliers",
        title="Effects among those who receive the intervention if it is offered",
        head=(
            "",
            f"Received, or effect ({confidence(trial.confidence, style)} CI)",
            number.p_head(style),
        ),
        rows=tuple(rows),
        footnotes=cells.footnotes(results, trial, "compliers", rows, " ".join(notes).strip()),
        remark=cells.remark(results),
    )


def received(trial: Trial) -> str:
    """What counts as having received the intervention, in words."""
    declared = trial.compliers
    if declared is None:
        return ""
    column = in_words(declared.received).lower()
    amount = "" if declared.at_least == 1 else f" at least {declared.at_least:g}"
    return declared.label or f"{column}{amount}"


def _received(results: Results, trial: Trial, style: Style) -> Iterator[Row]:
    for arm in map(str, PRINTED_ARMS):
        place, label = Place("received", arm), f"Received it, {labels.group(trial, arm)}"
        if cells.is_withheld(results, place, "n", "N"):
            yield Row(label, (cells.CONFIDENTIAL, ""))
            continue
        n, of, percent = cells.values(results, place, "n", "N", "percent")
        if not math.isnan(n) and of > 0:
            text = f"{number.count(n, style)}/{number.count(of, style)}"
            yield Row(label, (f"{text} ({number.fixed(percent, 0, style)}%)", ""))


def _effects(results: Results, trial: Trial, style: Style) -> Iterator[Row]:
    for outcome in trial.outcomes:
        found = {
            label: texts
            for level, label in LEVELS.items()
            if (texts := cells.effect_and_p(results, outcome.key, style, level)) is not None
        }
        if found:
            yield Row(outcome.title, kind=Kind.GROUP)
            yield from (Row(label, texts, Kind.MEMBER) for label, texts in found.items())
