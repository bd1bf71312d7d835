"""Table 2: outcomes by arm and the effect of the intervention, laid out as in the paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.declaration.instruments import Instrument
from core_trial.report import cells
from core_trial.report.cells import Place
from core_trial.report.number import LANCET, Style, confidence
from core_trial.report.table import Kind, Row, Table
from core_trial.results import Estimate, Results
from core_trial.trials.core.words import ARM_LABELS, FOLLOW_UPS, INSTRUMENTS, VISIT_LABELS, Visit


class Summary(StrEnum):
    """How an outcome is described in each arm."""

    FRACTION = "n/N (%)"
    MEAN = "mean (SD)"
    MEDIAN = "median (IQR)"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of the table.

    Parameters
    ----------
    analysis, label
        Name of the analysis, and what the paper calls the outcome.
    summary
        How each arm is described.
    decimals
        Of mean and standard deviation.
    """

    analysis: str
    label: str
    summary: Summary
    decimals: tuple[int, int] = (0, 0)


def _scale(instrument: Instrument, visit: Visit) -> Outcome:
    label = f"{instrument.label} {VISIT_LABELS[visit]}"
    return Outcome(f"{instrument.outcome}_{visit}", label, Summary.MEAN)


_SATISFACTION, *_OTHER_SCALES = (
    tuple(_scale(instrument, visit) for visit in FOLLOW_UPS) for instrument in INSTRUMENTS
)

#: The paper's headings and rows, in its order.
OUTCOMES: tuple[str | Outcome, ...] = (
    "Primary outcome",
    Outcome("readmission", "Readmission to acute care over 1 year", Summary.FRACTION),
    "Secondary outcomes",
    *_SATISFACTION,
    Outcome(
        "time_to_readmission",
        "Days to first readmission to acute care during 1 year follow-up",
        Summary.MEDIAN,
    ),
    Outcome("acute_days", "Days spent in acute care during 1 year follow-up", Summary.MEDIAN),
    *(outcome for scale in _OTHER_SCALES for outcome in scale),
    "Service use",
    Outcome(
        "cmht_contacts",
        "Community mental health team contacts at 12 months",
        Summary.MEAN,
        decimals=(2, 0),
    ),
)

#: What a covariate is called in a footnote, in the order of the footnote.
COVARIATES = {"centre": "centre", "psychosis": "condition"}
BASELINE = "baseline score"
_ORDER = {word: i for i, word in enumerate((*COVARIATES.values(), BASELINE))}
_ADJUSTED = "Adjusted for"
DATA_NOTE = "Data are n/N (%), mean (SD), or median (IQR)."


def table2(results: Results, style: Style = LANCET) -> Table:
    """Lay out the outcomes.

    Parameters
    ----------
    results
        Holds descriptives and estimate of every analysis that `OUTCOMES` names.
    style
        How numbers are spelt.

    Returns
    -------
    Table
        Marks in the association column say what it is adjusted for, as the model's formula has
        it; an effect that cannot be estimated has its reason in a footnote.
    """
    estimates = _estimates(results)
    notes = footnotes(estimates)
    rows = tuple(
        Row(line, kind=Kind.GROUP) if isinstance(line, str) else _row(line, results, notes, style)
        for line in OUTCOMES
    )
    return Table(
        name="table2",
        title="Table 2: Outcomes",
        head=("Outcome", *(ARM_LABELS[arm] for arm in PRINTED_ARMS), *_heads(estimates, style)),
        rows=rows,
        footnotes=(
            " ".join(filter(None, (DATA_NOTE, cells.abbreviations(estimates)))),
            *(f"{mark}{text}" for text, mark in notes.items()),
            *cells.confidential_notes(rows),
        ),
    )


def footnotes(estimates: Sequence[Estimate]) -> dict[str, str]:
    """The footnotes that the estimates call for, each with its mark: adjustments, then failures."""
    texts = dict.fromkeys(note for estimate in estimates for note in _notes(estimate))
    ordered = sorted(texts, key=lambda text: not text.startswith(_ADJUSTED))
    return {text: cells.mark(i) for i, text in enumerate(ordered)}


def adjustment(formula: str) -> str:
    """What a formula adjusts for besides the arm, as a footnote; blank for nothing.

    What stands behind a bar, the zero part of a count model, adjusts nothing.

    Examples
    --------
    >>> adjustment("readmitted ~ arm + psychosis + centre")
    'Adjusted for centre and condition.'
    """
    words = [_covariate(term) for term in terms(formula) if term not in ("arm", "1", "")]
    named = sorted(dict.fromkeys(words), key=lambda word: _ORDER.get(word, len(_ORDER)))
    return f"{_ADJUSTED} {_listed(named)}." if named else ""


def terms(formula: str) -> list[str]:
    """The terms on the right of a formula, without those of a zero part behind a bar."""
    right = formula.split("~")[-1].split("|")[0]
    return [term.strip() for term in right.split("+")]


def _covariate(name: str) -> str:
    if name.endswith("_baseline"):
        return BASELINE
    return COVARIATES.get(name, name.replace("_", " "))


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    comma = "," if len(first) > 1 else ""
    return f"{', '.join(first)}{comma} and {last}" if first else last


def _notes(estimate: Estimate) -> Iterator[str]:
    if not cells.believable(estimate):
        yield f"Not estimable: {cells.reason(estimate)}."
    elif note := adjustment(estimate.formula):
        yield note


def _estimates(results: Results) -> list[Estimate]:
    names = [line.analysis for line in OUTCOMES if isinstance(line, Outcome)]
    return [found for name in names if (found := results.estimate(name)) is not None]


def _heads(estimates: Sequence[Estimate], style: Style) -> tuple[str, str]:
    level = estimates[0].confidence if estimates else 0.95
    return f"Association ({confidence(level, style)} CI)", "p value"


def _row(line: Outcome, results: Results, notes: dict[str, str], style: Style) -> Row:
    arms = [_summary(line, results, arm, style) for arm in PRINTED_ARMS]
    return Row(line.label, (*arms, *_effect(line, results, notes, style)), Kind.MEMBER)


def _summary(line: Outcome, results: Results, arm: str, style: Style) -> str:
    place = Place(line.analysis, arm)
    if line.summary == Summary.FRACTION:
        return cells.fraction(results, place, style)
    if line.summary == Summary.MEDIAN:
        return cells.median_iqr(results, place, style)
    return cells.mean_sd(results, place, style, line.decimals)


def _effect(
    line: Outcome, results: Results, notes: dict[str, str], style: Style
) -> tuple[str, str]:
    if cells.estimate_withheld(results, line.analysis):
        return cells.CONFIDENTIAL, cells.CONFIDENTIAL
    estimate = results.estimate(line.analysis)
    if estimate is None:
        return "", ""
    marks = "".join(notes[note] for note in _notes(estimate))
    return cells.association(estimate, style) + marks, cells.p_value(estimate, style)
