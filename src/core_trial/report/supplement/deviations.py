"""The models that were planned beside those that were fitted, and why they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core_trial.report import cells, number
from core_trial.report.cells import CONFIDENTIAL, Place
from core_trial.report.number import LANCET, Style
from core_trial.report.supplement import labels
from core_trial.report.table import Kind, Row, Table
from core_trial.report.table2 import terms
from core_trial.results import Estimate, ModelChoice, Results

PLANNED = "planned"
ADJUSTED = "planned_adjustments"
#: Names under which a fit reports the variance between clusters.
_BETWEEN = ("cluster", "frailty")
NOTE = (
    "Clusters are peer support workers; every control participant is a cluster of one. Variance: "
    "between clusters, on the scale of the linear predictor (of a frailty: of the hazard’s factor)."
)


@dataclass(frozen=True, slots=True)
class Line:
    """One model of one outcome: what it is called, where its estimate stands, and why it is."""

    label: str
    analysis: str
    level: str = ""
    why: str = ""


def deviations(results: Results, style: Style = LANCET) -> Table:
    """Planned and fitted model of every outcome side by side; first those that differ.

    Parameters
    ----------
    results
        Holds a `ModelChoice` for every outcome, and the estimates of its models.
    style
        How numbers are spelt.

    Returns
    -------
    Table
        With the remarks of the fits; a remark on several is a footnote.
    """
    groups = list(_groups(results))
    notes = _repeated(results, groups)
    rows: list[Row] = []
    for heading, lines in groups:
        rows.append(Row(heading, kind=Kind.GROUP))
        rows += [_row(results, line, notes, style) for line in lines]
    return Table(
        name="planned_and_fitted",
        title="Planned and fitted models",
        head=(
            *("Outcome and model", "n", "Association (95% CI)", "p value", "Variance"),
            *("Converged", "Why, and what the fit says"),
        ),
        rows=tuple(rows),
        footnotes=(
            NOTE,
            *(f"{mark}{_sentence(text)}" for text, mark in notes.items()),
            *cells.confidential_notes(rows),
        ),
    )


def _groups(results: Results) -> Iterator[tuple[str, Sequence[Line]]]:
    """A group for each outcome with several models, then one for each model fitted as planned."""
    choices = [record for record in results if isinstance(record, ModelChoice)]
    lines = {choice: list(_lines(results, choice)) for choice in choices}
    for choice, found in lines.items():
        if len(found) > 1:
            yield _label(choice), found
    simple = [choice for choice, found in lines.items() if len(found) == 1]
    for model in dict.fromkeys(choice.fitted for choice in simple):
        members = [Line(_label(c), c.analysis) for c in simple if c.fitted == model]
        yield f"Fitted as planned: {_inside(model)}", members


def _lines(results: Results, choice: ModelChoice) -> Iterator[Line]:
    name = choice.analysis
    if choice.planned != choice.fitted:
        why = f"fitted because {choice.reason}" if choice.reason else ""
        yield Line(f"Planned: {_inside(choice.planned)}", name, PLANNED)
        yield Line(f"Fitted: {_inside(choice.fitted)}", name, why=why)
    else:
        yield Line(f"Planned and fitted: {_inside(choice.fitted)}", name)
    fitted, adjusted = results.estimate(name), results.estimate(name, ADJUSTED)
    if fitted is not None and adjusted is not None:
        before = terms(fitted.formula)
        more = labels.listed([t for t in terms(adjusted.formula) if t not in before])
        yield Line("Planned too: the same, adjusted", name, ADJUSTED, f"adjusted for {more}")


def _repeated(results: Results, groups: Sequence[tuple[str, Sequence[Line]]]) -> Mapping[str, str]:
    """Remarks that several fits make, each with its mark."""
    fits = [results.estimate(line.analysis, line.level) for _, lines in groups for line in lines]
    said = Counter(warning for fit in fits if fit is not None for warning in fit.warnings)
    return {text: cells.mark(i) for i, text in enumerate(t for t, n in said.items() if n > 1)}


def _row(results: Results, line: Line, notes: Mapping[str, str], style: Style) -> Row:
    """One model: participants, effect, p, variance, convergence, remarks."""
    if cells.estimate_withheld(results, line.analysis, line.level):
        return Row(line.label, (*(CONFIDENTIAL,) * 5, _sentence(line.why)), Kind.MEMBER)
    estimate = results.estimate(line.analysis, line.level)
    if estimate is None:
        return Row(line.label, ("",) * 5 + (_sentence(line.why),), Kind.MEMBER)
    marks = "".join(notes[warning] for warning in estimate.warnings if warning in notes)
    remarks = (line.why, *(warning for warning in estimate.warnings if warning not in notes))
    texts = (
        cells.count(results, Place(line.analysis, "", line.level), style),
        cells.association(estimate, style) + marks,
        cells.p_value(estimate, style),
        _variance(estimate, style),
        "yes" if estimate.converged else "no",
        " ".join(_sentence(remark) for remark in remarks if remark),
    )
    return Row(line.label, texts, Kind.MEMBER)


def _variance(estimate: Estimate, style: Style) -> str:
    found = [estimate.variance[name] for name in _BETWEEN if name in estimate.variance]
    return number.fixed(found[0], 3, style) if found else ""


def _sentence(text: str) -> str:
    whole = text.strip().rstrip(".")
    return f"{whole[0].upper()}{whole[1:]}." if whole else ""


def _label(choice: ModelChoice) -> str:
    return labels.OUTCOMES.get(choice.analysis, choice.analysis)


def _inside(model: str) -> str:
    """A model's name inside a sentence; people's names keep their capital."""
    return model if model.startswith(("Cox", "Poisson")) else model[:1].lower() + model[1:]
