"""The models that were planned beside those that were fitted, and why they differ."""

from __future__ import annotations

from collections.abc import Iterator

from core_trial.report import cells, number
from core_trial.report.cells import CONFIDENTIAL, Place
from core_trial.report.number import LANCET, Style
from core_trial.report.supplement import labels
from core_trial.report.table import Kind, Row, Table
from core_trial.report.table2 import adjustment
from core_trial.results import Estimate, ModelChoice, Results

PLANNED = "planned"
ADJUSTED = "planned_adjustments"
#: Names under which a fit reports the variance between clusters.
_BETWEEN = ("cluster", "frailty")
NOTE = (
    "Clusters are peer support workers; every control participant is a cluster of one. Variance: "
    "between clusters, on the scale of the linear predictor (of a frailty: of the hazard’s factor)."
)


def deviations(results: Results, style: Style = LANCET) -> Table:
    """Planned and fitted model of every outcome side by side; first those that differ."""
    choices = [record for record in results if isinstance(record, ModelChoice)]
    changed = [c for c in choices if c.reason or results.estimate(c.analysis, ADJUSTED)]
    rows = [row for choice in changed for row in _changed(results, choice, style)]
    rows += _as_planned(results, [c for c in choices if c not in changed], style)
    return Table(
        name="planned_and_fitted",
        title="Planned and fitted models",
        head=(
            *("Outcome and model", "n", "Association (95% CI)", "p value", "Variance"),
            *("Converged", "Why, and what the fit says"),
        ),
        rows=tuple(rows),
        footnotes=(NOTE, *cells.confidential_notes(rows)),
    )


def _changed(results: Results, choice: ModelChoice, style: Style) -> Iterator[Row]:
    """A heading for the outcome, and a line for each of its models."""
    analysis = choice.analysis
    yield Row(_label(analysis), kind=Kind.GROUP)
    if choice.planned != choice.fitted:
        yield _line(results, f"Planned: {choice.planned}", analysis, PLANNED, "", style)
        why = f"Fitted because {choice.reason}" if choice.reason else ""
        yield _line(results, f"Fitted: {choice.fitted}", analysis, "", why, style)
    else:
        yield _line(results, f"Planned and fitted: {choice.fitted}", analysis, "", "", style)
    adjusted = results.estimate(analysis, ADJUSTED)
    if adjusted is not None:
        why = adjustment(adjusted.formula).removesuffix(".")
        label = "Planned too: the same with further adjustments"
        yield _line(results, label, analysis, ADJUSTED, why, style)


def _as_planned(results: Results, choices: list[ModelChoice], style: Style) -> Iterator[Row]:
    """Outcomes whose model is the planned one, under a heading for each model."""
    for model in dict.fromkeys(choice.fitted for choice in choices):
        yield Row(f"Fitted as planned: {_lower_first(model)}", kind=Kind.GROUP)
        for choice in choices:
            if choice.fitted == model:
                yield _line(results, _label(choice.analysis), choice.analysis, "", "", style)


def _line(results: Results, label: str, analysis: str, level: str, why: str, style: Style) -> Row:
    """One model: participants, effect, p, variance, convergence, remarks."""
    if cells.estimate_withheld(results, analysis, level):
        return Row(label, (*(CONFIDENTIAL,) * 5, _sentences(why)), Kind.MEMBER)
    estimate = results.estimate(analysis, level)
    if estimate is None:
        return Row(label, ("",) * 5 + (_sentences(why),), Kind.MEMBER)
    n = cells.count(results, Place(analysis, "", level), style)
    texts = (
        cells.association(estimate, style),
        cells.p_value(estimate, style),
        _variance(estimate, style),
        "yes" if estimate.converged else "no",
        _sentences(why, *estimate.warnings),
    )
    return Row(label, (n, *texts), Kind.MEMBER)


def _variance(estimate: Estimate, style: Style) -> str:
    found = [estimate.variance[name] for name in _BETWEEN if name in estimate.variance]
    return number.fixed(found[0], 3, style) if found else ""


def _sentences(*texts: str) -> str:
    """Texts as sentences, one after the other; blank ones left out."""
    whole = (text.strip().rstrip(".") for text in texts)
    return " ".join(f"{text[0].upper()}{text[1:]}." for text in whole if text)


def _label(analysis: str) -> str:
    return labels.OUTCOMES.get(analysis, analysis)


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:] if not text.startswith(("Cox", "Poisson")) else text
