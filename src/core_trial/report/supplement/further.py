"""Tables that a trial declares beside the two main ones: uptake, harms, post hoc analyses."""

from __future__ import annotations

from collections.abc import Iterator

from core_trial.declaration.arms import PRINTED_ARMS
from core_trial.declaration.layout import FurtherTable, Line, Show
from core_trial.declaration.trial import Trial
from core_trial.report import cells
from core_trial.report.cells import Place
from core_trial.report.number import confidence, p_head
from core_trial.report.section import Section, present
from core_trial.report.styles import LANCET, Style
from core_trial.report.table import Kind, Row, Table
from core_trial.results import Results

_STATISTIC = {Show.COUNT: "n", Show.FRACTION: "n", Show.MEAN: "mean", Show.MEDIAN: "median"}


def further(results: Results, trial: Trial, style: Style = LANCET) -> list[Section]:
    """A section for every heading under which the trial declares tables."""
    headings = dict.fromkeys(table.section for table in trial.layout.tables)
    return [
        Section(
            heading,
            present(
                *(
                    further_table(table, results, trial, style)
                    for table in trial.layout.tables
                    if table.section == heading
                )
            ),
        )
        for heading in headings
    ]


def further_table(
    declared: FurtherTable, results: Results, trial: Trial, style: Style = LANCET
) -> Table:
    """One declared table.

    Parameters
    ----------
    declared
        What it shows. A line is there when either arm has a record of it.
    results, trial
        Records and declaration.
    style
        How numbers are spelt.
    """
    effects = any(isinstance(line, Line) and line.effect for line in declared.lines)
    arms = (*PRINTED_ARMS, *(("",) if declared.total else ()))
    rows = tuple(_rows(declared, results, arms, style, effects=effects))
    association = (
        f"Association ({confidence(trial.confidence, style)} CI)",
        p_head(style),
    )
    heads = (trial.arm.label(arm) if arm else "All" for arm in arms)
    shown = [line.analysis for line in declared.lines if isinstance(line, Line) and line.effect]
    estimates = [found for name in shown if (found := results.get_estimate(name)) is not None]
    note = " ".join(filter(None, (cells.abbreviations(estimates), declared.note)))
    return Table(
        name=declared.name,
        title=declared.title,
        head=("", *heads, *(association if effects else ())),
        rows=rows,
        footnotes=cells.footnotes(results, trial, declared.name, rows, note),
        remark=cells.remark(results),
    )


def _rows(
    declared: FurtherTable,
    results: Results,
    arms: tuple[str, ...],
    style: Style,
    *,
    effects: bool,
) -> Iterator[Row]:
    for heading, lines in declared.groups:
        shown = [line for line in lines if _is_recorded(line, results, arms)]
        if heading and shown:
            yield Row(heading, kind=Kind.GROUP)
        for line in shown:
            texts = (_text(line, results, arm, style) for arm in arms)
            effect = _effect(line, results, style) if effects else ()
            yield Row(line.label, (*texts, *effect), Kind.ROW if line.alone else Kind.MEMBER)


def _is_recorded(line: Line, results: Results, arms: tuple[str, ...]) -> bool:
    places = (Place(line.analysis, arm, line.level) for arm in arms)
    return any(cells.is_recorded(results, place, _STATISTIC[line.show]) for place in places)


def _text(line: Line, results: Results, arm: str, style: Style) -> str:
    place = Place(line.analysis, arm, line.level)
    if not cells.is_recorded(results, place, _STATISTIC[line.show]):
        return line.elsewhere
    if line.show == Show.COUNT:
        return cells.count(results, place, style)
    if line.show == Show.MEAN:
        return cells.mean_sd(results, place, style, line.decimals)
    if line.show == Show.MEDIAN:
        return cells.median_iqr(results, place, style, line.decimals[0])
    return cells.fraction(results, place, style)


def _effect(line: Line, results: Results, style: Style) -> tuple[str, str]:
    found = cells.effect_and_p(results, line.analysis, style) if line.effect else None
    return found or ("", "")
