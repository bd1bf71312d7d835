"""The flow of participants: a table of every count, before and after randomisation."""

from __future__ import annotations

import math
from collections.abc import Iterator

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.declaration.covariates import in_words
from core_trial.declaration.layout import FlowSection, Stage
from core_trial.declaration.trial import Trial
from core_trial.report import cells, number, table2
from core_trial.report.cells import Place
from core_trial.report.styles import LANCET, Style
from core_trial.report.table import Kind, Row, Table
from core_trial.results import FlowCount, Key, Results

TITLE = "Recruitment, follow-up, and analysis"
#: Step at which everybody is who was randomised.
RANDOMISED = "randomised"
#: Steps at which people leave before it, in trials that declare no flow of their own.
LEAVING = ("not_eligible", "not_randomised")
_ANALYSED = "analysed_"
COLUMNS = ("", *PRINTED_ARMS)


def flow_table(results: Results, trial: Trial, style: Style = LANCET) -> Table:
    """Every count of the flow, in the whole trial and by arm; reasons follow their step.

    Parameters
    ----------
    results
        Holds the flow counts; a step without one is left out.
    trial
        The declaration.
    style
        How numbers are spelt.
    """
    rows = [row for part in sections(results, trial) for row in _section(part, results, style)]
    return Table(
        name="flow",
        title=TITLE,
        head=("Step", "All", *(trial.arm.label(arm) for arm in PRINTED_ARMS)),
        rows=tuple(rows),
        footnotes=cells.footnotes(results, trial, "flow", rows, "Data are n, or n/N (%)."),
        remark=cells.remark(results),
    )


def sections(results: Results, trial: Trial) -> tuple[FlowSection, ...]:
    """The headings and their steps: as declared, else as counted, and who was analysed."""
    declared = trial.layout.flow or tuple(_counted(results, trial))
    if any(section.stage == Stage.ANALYSED for section in declared):
        return declared
    steps = {f"{_ANALYSED}{o.key}": o.title for o in table2.printed(trial)}
    return (*declared, FlowSection("Analysed", steps, Stage.ANALYSED))


def _counted(results: Results, trial: Trial) -> Iterator[FlowSection]:
    """Sections made of the steps that were counted, in the order of counting."""
    counted = (record.step for record in results if isinstance(record, FlowCount))
    hidden = (key.level.partition(": ")[0] for key in results.withheld if key.analysis == "flow")
    steps = dict.fromkeys((*counted, *sorted(hidden)))
    named = {s: _label(s, trial) for s in steps if not s.startswith(_ANALYSED)}
    at = list(named).index(RANDOMISED) if RANDOMISED in named else 0
    before = dict(list(named.items())[:at])
    yield FlowSection("Before randomisation", before, Stage.BEFORE, leaving=LEAVING)
    if RANDOMISED in named:
        yield FlowSection("Randomised", {RANDOMISED: named[RANDOMISED]}, Stage.RANDOMISED)
    after = {s: text for s, text in named.items() if s not in before and s != RANDOMISED}
    yield FlowSection("Followed up", after, Stage.AFTER)


def _label(step: str, trial: Trial) -> str:
    titles = {outcome.key: outcome.title for outcome in trial.outcomes}
    for word in ("known", "missing"):
        name = step.removeprefix(f"{word}_")
        if name != step and name in titles:
            return f"{titles[name]}: {word}"
    return in_words(step)


def _section(section: FlowSection, results: Results, style: Style) -> Iterator[Row]:
    """The heading and its rows; nothing when no step of it was counted."""
    rows = [r for s, label in section.steps.items() for r in _step_rows(s, label, results, style)]
    if rows:
        yield Row(section.title, kind=Kind.GROUP)
        yield from rows


def _step_rows(step: str, label: str, results: Results, style: Style) -> Iterator[Row]:
    found = {step: label} | {f"{step}: {why}": f"– {why}" for why in reasons(results, step)}
    for level, text in found.items():
        texts = tuple(cell(results, Place("flow", arm, level), style) for arm in COLUMNS)
        if any(texts):
            yield Row(text, texts, Kind.MEMBER)


def reasons(results: Results, step: str) -> list[str]:
    """Why people left at a step: the most frequent reason first, those withheld at the end."""
    told = [r for r in results if isinstance(r, FlowCount) and r.step == step and r.reason]
    begin = f"{step}: "
    hidden = sorted(key.level for key in results.withheld if key.level.startswith(begin))
    ordered = [record.reason for record in sorted(told, key=lambda record: -record.n)]
    return list(dict.fromkeys([*ordered, *(level.removeprefix(begin) for level in hidden)]))


def cell(results: Results, where: Place, style: Style) -> str:
    """``n/N (%)`` where the count has a denominator, else ``n``; blank where there is none.

    A step at which people left only for reasons counts them all.
    """
    _, of = cells.values(results, where, "n", "N")
    if of > 0 or Key("flow", "N", where.arm, where.level) in results.withheld:
        return cells.fraction(results, where, style)
    return cells.count(results, where, style) or _left(results, where, style)


def _left(results: Results, where: Place, style: Style) -> str:
    """How many left at a step for any reason; blank where there is no reason."""
    why = [Place("flow", where.arm, f"{where.level}: {r}") for r in reasons(results, where.level)]
    texts = [cells.count(results, reason, style) for reason in why]
    if cells.CONFIDENTIAL in texts:
        return cells.CONFIDENTIAL
    counts = [cells.values(results, reason, "n")[0] for reason in why]
    known = [n for n in counts if not math.isnan(n)]
    return number.count(sum(known), style) if known else ""
