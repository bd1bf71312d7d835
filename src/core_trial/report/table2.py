"""Table 2: outcomes by arm and the effect of the intervention."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.declaration.outcomes import AnyOutcome, Binary, Count, Score, Time
from core_trial.declaration.trial import Trial, column_of
from core_trial.report import cells, labels, phrases
from core_trial.report.absolute_lines import absolute_lines
from core_trial.report.cells import Place
from core_trial.report.number import confidence, p_head
from core_trial.report.remarks import remarks
from core_trial.report.styles import LANCET, Style
from core_trial.report.table import Kind, Row, Table
from core_trial.results import Estimate, Results

_ADJUSTED = "Adjusted for"
_FAILED = "Not estimable:"
#: Where the numbers analysed stand, if not here.
ANALYSED_NOTE = "Participants analysed, and values before randomisation, stand in the next table."
TIME_NOTE = "Median of those with the event; the effect is that on all participants."


def table2(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """Lay out the outcomes.

    Parameters
    ----------
    results
        Holds descriptives and estimate of every outcome.
    trial
        The declaration.
    style
        How numbers are spelt.

    Returns
    -------
    Table
        Marks in the association column say what it is adjusted for, as the model's formula has it,
        and what its fit warns of; an effect that cannot be estimated has its reason in a footnote.
    """
    notes = marks(results, trial, style)
    estimates = list(_shown(results, trial))
    rows = tuple(_all_rows(results, trial, notes, style))
    own = (
        " ".join(filter(None, (_data_note(trial), cells.abbreviations(estimates)))),
        *(f"{mark}{text}" for text, mark in notes.items()),
        _absolute_note(results, trial, style),
        _analysed_note(results, trial),
    )
    return Table(
        name="table2",
        title="Table 2: Outcomes",
        head=_head(trial, estimates, style),
        rows=rows,
        footnotes=cells.footnotes(results, trial, "table2", rows, *own),
        remark=cells.remark(results),
    )


def printed(trial: Trial) -> tuple[AnyOutcome, ...]:
    """The outcomes that the table prints."""
    return tuple(outcome for outcome in trial.outcomes if outcome.in_table2)


def heading(outcome: AnyOutcome) -> str:
    """The heading under which an outcome stands."""
    if outcome.heading:
        return outcome.heading
    if outcome.primary:
        return "Primary outcome"
    return "Post hoc analyses" if outcome.post_hoc else "Secondary outcomes"


def marks(results: Results, trial: Trial, style: Style = LANCET) -> dict[str, str]:
    """The footnotes that the estimates call for, each with its mark.

    Adjustments come first, then why an effect is not estimable, then what the fits warn of.
    """
    found = [(o, e) for o in printed(trial) if (e := results.get_estimate(o.key)) is not None]
    texts = dict.fromkeys(note for outcome, e in found for note in _notes(outcome, e, trial, style))
    ordered = sorted(texts, key=_rank)
    return {text: cells.mark(i) for i, text in enumerate(ordered)}


def adjustment(formula: str, trial: Trial) -> str:
    """What a formula adjusts for besides the arm, as a footnote; blank for nothing.

    What stands behind a bar, the zero part of a count model, adjusts nothing.
    """
    arms = ("arm", trial.arm.column, "1", "0", "")
    names = [term for term in terms(formula) if term not in arms]
    order = [column_of(item) for item in (*trial.layout.characteristics, *trial.baseline)]
    names.sort(key=lambda name: (_is_baseline(name, trial), _place(name, order)))
    words = dict.fromkeys(_covariate(name, trial) for name in names)
    return f"{_ADJUSTED} {labels.enumerated(list(words))}." if words else ""


def terms(formula: str) -> list[str]:
    """The terms on the right of a formula, without those of a zero part behind a bar.

    Examples
    --------
    >>> terms("days ~ arm + centre | 1")
    ['arm', 'centre']
    """
    right = formula.split("~")[-1].split("|")[0]
    return [term.strip().replace("`", "") for term in right.split("+")]


def _rank(note: str) -> int:
    beginnings = _ADJUSTED, _FAILED
    found = (i for i, words in enumerate(beginnings) if note.startswith(words))
    return next(found, len(beginnings))


def _place(name: str, order: Sequence[str]) -> int:
    return order.index(name) if name in order else len(order)


def _is_baseline(name: str, trial: Trial) -> bool:
    scored = (o for o in trial.outcomes if isinstance(o, Score | Count))
    return any(outcome.baseline == name for outcome in scored)


def _covariate(name: str, trial: Trial) -> str:
    for outcome in trial.outcomes:
        if isinstance(outcome, Score | Count) and outcome.baseline == name:
            kind = "baseline score" if isinstance(outcome, Score) else "baseline value"
            return trial.layout.before or kind
    return labels.lower_first(labels.short(trial, name))


def _notes(outcome: AnyOutcome, estimate: Estimate, trial: Trial, style: Style) -> Iterator[str]:
    if not cells.believable(estimate):
        told = [labels.lower_first(text.rstrip(".")) for text in remarks(estimate, trial, style)]
        yield f"{_FAILED} {'; '.join(told) or cells.reason(estimate)}."
        return
    if note := adjustment(estimate.formula, trial):
        yield note
    if isinstance(outcome, Time):
        yield TIME_NOTE
    yield from remarks(estimate, trial, style)


def _shown(results: Results, trial: Trial) -> Iterator[Estimate]:
    for outcome in printed(trial):
        levels = ("", *(labels.ABSOLUTE if trial.layout.absolute else ()))
        for level in levels:
            if (found := results.get_estimate(outcome.key, level)) is not None:
                yield found


def _data_note(trial: Trial) -> str:
    kinds = dict.fromkeys(
        "n/N (%)"
        if isinstance(outcome, Binary)
        else "mean (SD)"
        if _has_mean(outcome)
        else "median (IQR)"
        for outcome in printed(trial)
    )
    ordered = [kind for kind in ("n/N (%)", "mean (SD)", "median (IQR)") if kind in kinds]
    return f"Data are {labels.alternatives(ordered)}." if ordered else ""


def _has_mean(outcome: AnyOutcome) -> bool:
    return isinstance(outcome, Score) or (isinstance(outcome, Count) and outcome.mean)


def _head(trial: Trial, estimates: Sequence[Estimate], style: Style) -> tuple[str, ...]:
    level = estimates[0].confidence if estimates else trial.confidence
    names = [trial.arm.label(arm) for arm in PRINTED_ARMS]
    arms = [head for name in names for head in _arm_heads(name, trial)]
    return (
        "Outcome",
        *arms,
        f"Association ({confidence(level, style)} CI)",
        p_head(style),
    )


def _arm_heads(name: str, trial: Trial) -> tuple[str, ...]:
    return (name, f"{name}: n analysed") if trial.layout.analysed else (name,)


def _all_rows(
    results: Results, trial: Trial, notes: Mapping[str, str], style: Style
) -> Iterator[Row]:
    before = ""
    for outcome in printed(trial):
        if (group := heading(outcome)) != before:
            yield Row(group, kind=Kind.GROUP)
        before = group
        yield _row(outcome, results, trial, notes, style)
        if trial.layout.absolute:
            yield from _absolute(outcome, results, trial, style)


def _row(
    outcome: AnyOutcome, results: Results, trial: Trial, notes: Mapping[str, str], style: Style
) -> Row:
    arms = [
        text
        for arm in PRINTED_ARMS
        for text in (
            summary(outcome, results, arm, style),
            *((_analysed(outcome, results, arm, style),) if trial.layout.analysed else ()),
        )
    ]
    return Row(outcome.title, (*arms, *_effect(outcome, results, trial, notes, style)), Kind.MEMBER)


def summary(outcome: AnyOutcome, results: Results, arm: str, style: Style) -> str:
    """How an outcome is described in one arm."""
    place = Place(outcome.key, arm)
    if isinstance(outcome, Binary):
        return cells.fraction(results, place, style)
    if isinstance(outcome, Score | Count) and _has_mean(outcome):
        return cells.mean_sd(results, place, style, outcome.decimals)
    return cells.median_iqr(results, place, style)


def _analysed(outcome: AnyOutcome, results: Results, arm: str, style: Style) -> str:
    return cells.count(results, Place("flow", arm, f"analysed_{outcome.key}"), style)


def _absolute(outcome: AnyOutcome, results: Results, trial: Trial, style: Style) -> Iterator[Row]:
    """A line for each effect on an absolute scale, or beside the model's."""
    blank = ("",) * (len(PRINTED_ARMS) * (2 if trial.layout.analysed else 1))
    for label, effect, p in absolute_lines(outcome, results, style):
        yield Row(f"– {labels.lower_first(label)}", (*blank, effect, p), Kind.MEMBER)


def _analysed_note(results: Results, trial: Trial) -> str:
    """Where the numbers analysed stand when the table itself does not have them."""
    steps = (
        Place("flow", arm, f"analysed_{o.key}") for o in printed(trial) for arm in PRINTED_ARMS
    )
    told = any(cells.is_recorded(results, step, "n") for step in steps)
    return ANALYSED_NOTE if told and not trial.layout.analysed else ""


def _absolute_note(results: Results, trial: Trial, style: Style) -> str:
    """The primary outcome's effects on absolute scales, where they have no lines of their own."""
    primary = trial.primary
    if primary is None or trial.layout.absolute or not primary.in_table2:
        return ""
    told = phrases.absolute(results, primary, style)
    return f"{primary.title}, in absolute terms: {told}." if told else ""


def _effect(
    outcome: AnyOutcome, results: Results, trial: Trial, notes: Mapping[str, str], style: Style
) -> tuple[str, str]:
    effect, p = cells.effect_and_p(results, outcome.key, style) or ("", "")
    estimate = results.get_estimate(outcome.key)
    told = dict.fromkeys(_notes(outcome, estimate, trial, style)) if estimate else ()
    return effect + cells.joined([notes[note] for note in told]), p
