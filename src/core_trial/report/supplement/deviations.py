"""The models that were planned beside those that were fitted, and why they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core_trial.declaration.trial import Trial
from core_trial.report import cells, labels, number, table2
from core_trial.report.cells import CONFIDENTIAL, Place
from core_trial.report.remarks import remarks, sentence
from core_trial.report.styles import LANCET, Style
from core_trial.report.table import Kind, Row, Table
from core_trial.report.table2 import terms
from core_trial.results import Estimate, ModelChoice, Results

PLANNED = "planned"
ADJUSTED = "planned_adjustments"
SAME_PEOPLE = "planned_adjustments_same_people"
#: Names under which a fit reports the variance between clusters.
_BETWEEN = ("cluster", "frailty")
VARIANCE_NOTE = (
    "Variance: between clusters, on the scale of the linear predictor (of a frailty: of the "
    "hazard’s factor)."
)


@dataclass(frozen=True, slots=True)
class Line:
    """One model of one outcome: what it is called, where its estimate stands, and why it is."""

    label: str
    analysis: str
    level: str = ""
    why: str = ""


def deviations(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """Planned and fitted model of every outcome side by side; first those that differ.

    Parameters
    ----------
    results
        Holds a `ModelChoice` for every outcome, and the estimates of its models.
    trial
        The declaration.
    style
        How numbers are spelt.

    Returns
    -------
    Table
        With the remarks of the fits; a remark on several is a footnote, with the mark that it has
        in Table 2 if it stands there.
    """
    groups = list(_groups(results, trial))
    notes = _repeated(results, trial, groups, style)
    rows: list[Row] = []
    for heading, lines in groups:
        rows.append(Row(heading, kind=Kind.GROUP))
        rows += [_row(results, trial, line, notes, style) for line in lines]
    return Table(
        name=_name(trial),
        title="Planned and fitted models" if has_plan(trial) else "Fitted models",
        head=(
            *(
                "Outcome and model",
                "n",
                "Association (95% CI)",
                number.p_head(style),
                "Variance",
            ),
            *("Converged", "Why, and what the fit says"),
        ),
        rows=tuple(rows),
        footnotes=cells.footnotes(
            results,
            trial,
            _name(trial),
            rows,
            f"{_clusters(trial)}{VARIANCE_NOTE}",
            *(f"{mark}{text}" for text, mark in notes.items()),
        ),
        remark=cells.remark(results),
    )


def _name(trial: Trial) -> str:
    return "planned_and_fitted" if has_plan(trial) else "models"


def has_plan(trial: Trial) -> bool:
    """Whether the trial declares that another model was planned for any outcome."""
    return any(outcome.planned is not None for outcome in trial.outcomes)


def _clusters(trial: Trial) -> str:
    """What the clusters are."""
    if trial.cluster is None:
        return ""
    alone = {"intervention": "control", "control": "intervention"}.get(trial.cluster.arm or "")
    alone = f"; every {alone} participant is a cluster of one" if alone else ""
    return f"Clusters are {trial.cluster.labels}{alone}. "


def _groups(results: Results, trial: Trial) -> Iterator[tuple[str, Sequence[Line]]]:
    """A group for each outcome with several models, then one for each model fitted as planned."""
    choices = [record for record in results if isinstance(record, ModelChoice)]
    lines = {choice: list(_lines(results, trial, choice)) for choice in choices}
    for choice, found in lines.items():
        if len(found) > 1:
            yield _label(choice, trial), found
    simple = [choice for choice, found in lines.items() if len(found) == 1]
    for model in dict.fromkeys(choice.fitted for choice in simple):
        members = [
            Line(_label(c, trial), c.analysis, why=c.recommended)
            for c in simple
            if c.fitted == model
        ]
        yield f"{'Fitted as planned' if has_plan(trial) else 'Fitted'}: {_inside(model)}", members


def _lines(results: Results, trial: Trial, choice: ModelChoice) -> Iterator[Line]:
    name = choice.analysis
    if choice.planned != choice.fitted:
        why = f"fitted because {choice.reason}" if choice.reason else choice.recommended
        yield Line(f"Planned: {_inside(choice.planned)}", name, PLANNED)
        yield Line(f"Fitted: {_inside(choice.fitted)}", name, why=why)
    else:
        words = "Planned and fitted" if has_plan(trial) else "Fitted"
        yield Line(f"{words}: {_inside(choice.fitted)}", name, why=choice.recommended)
    fitted, adjusted = results.get_estimate(name), results.get_estimate(name, ADJUSTED)
    if fitted is not None and adjusted is not None:
        before = terms(fitted.formula)
        more = labels.listed(trial, [t for t in terms(adjusted.formula) if t not in before])
        yield Line("Planned too: the same, adjusted", name, ADJUSTED, f"adjusted for {more}")
    if results.get_estimate(name, SAME_PEOPLE) is not None:
        why = (
            "beside the adjusted one: what differs is what adjustment does, the rest is who is left"
        )
        yield Line("The fitted model in the same people", name, SAME_PEOPLE, why)


def _repeated(
    results: Results,
    trial: Trial,
    groups: Sequence[tuple[str, Sequence[Line]]],
    style: Style,
) -> Mapping[str, str]:
    """Remarks that several fits make, each with its mark; that of Table 2 where it stands there."""
    known = table2.marks(results, trial, style)
    fits = [
        results.get_estimate(line.analysis, line.level) for _, lines in groups for line in lines
    ]
    said = (text for fit in fits if fit is not None for text in remarks(fit, trial, style))
    repeated = [text for text, n in Counter(said).items() if n > 1]
    new = [text for text in repeated if text not in known]
    marks = {text: cells.mark(len(known) + i) for i, text in enumerate(new)}
    return {text: known.get(text) or marks[text] for text in repeated}


def _row(results: Results, trial: Trial, line: Line, notes: Mapping[str, str], style: Style) -> Row:
    """One model: participants, effect, p, variance, convergence, remarks."""
    if cells.estimate_withheld(results, line.analysis, line.level):
        return Row(line.label, (*(CONFIDENTIAL,) * 5, sentence(line.why)), Kind.MEMBER)
    estimate = results.get_estimate(line.analysis, line.level)
    if estimate is None:
        return Row(line.label, ("",) * 5 + (sentence(line.why),), Kind.MEMBER)
    said = remarks(estimate, trial, style)
    marks = cells.joined([notes[text] for text in said if text in notes])
    told = (sentence(line.why), *(text for text in said if text not in notes))
    texts = (
        cells.count(results, Place(line.analysis, "", line.level), style),
        cells.association(estimate, style) + marks,
        cells.p_value(estimate, style),
        _variance(estimate, style),
        "yes" if estimate.converged else "no",
        " ".join(filter(None, told)),
    )
    return Row(line.label, texts, Kind.MEMBER)


def _variance(estimate: Estimate, style: Style) -> str:
    found = [estimate.variance[name] for name in _BETWEEN if name in estimate.variance]
    return number.fixed(found[0], 3, style) if found else ""


def _label(choice: ModelChoice, trial: Trial) -> str:
    return labels.outcomes(trial).get(choice.analysis, choice.analysis)


def _inside(model: str) -> str:
    """A model's name inside a sentence; people's names keep their capital."""
    return model if model.startswith(("Cox", "Poisson")) else model[:1].lower() + model[1:]
