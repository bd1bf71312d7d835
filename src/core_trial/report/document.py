"""Everything together: one HTML document to read from top to bottom, and a file for every part."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from core_trial.declaration.trial import Trial
from core_trial.report import cells, verification, witnessed
from core_trial.report.curves import by_arm, curve_table, curves, times
from core_trial.report.figure import Figure
from core_trial.report.flow import flow_table
from core_trial.report.flow_diagram import flow_figure
from core_trial.report.forest import forest
from core_trial.report.markup import escape, page, paragraph
from core_trial.report.planning import DUMMY, marked_data, plan_section, unmasking_table
from core_trial.report.provenance import inputs_table, versions_table
from core_trial.report.section import Section, present
from core_trial.report.styles import LANCET, Style
from core_trial.report.supplement.analysed import analysed
from core_trial.report.supplement.sections import supplement
from core_trial.report.table import Table
from core_trial.report.table1 import table1
from core_trial.report.table2 import table2
from core_trial.report.writing.files import BYTE_ORDER_MARK, USUAL, part_files, whole_files
from core_trial.results import Comparison, FlowCount, Results, Witnessed


def title(results: Results, trial: Trial) -> str:
    """What the report is called; that its data are synthetic or masked is part of it."""
    source = results.provenance
    masked = "masked (dummy allocation), " if source.masked else ""
    return f"{trial.title}: {masked}results{' from synthetic data' * source.synthetic}"


def sections(
    results: Results,
    trial: Trial,
    sentences: Sequence[str] = (),
    style: Style = LANCET,
    notes: Sequence[str] = (),
    twice: Sequence[Witnessed] = (),
) -> list[Section]:
    """The document's sections in order; a part without records is left out.

    Parameters
    ----------
    results
        Every record.
    trial
        The declaration.
    sentences
        The findings in words.
    style
        How numbers are spelt.
    notes
        What was accepted by rule when the data were read, or taken from them.
    twice
        The difference log; a difference that nobody can explain stands before everything else.
    """
    made_twice = witnessed.section(twice, trial, style)
    alarm = bool(witnessed.unexplained(twice))
    found = [
        *([made_twice] if alarm else []),
        Section("Findings", paragraphs=tuple(sentences)),
        Section("Flow of participants", _flow(results, trial, style)),
        Section("Baseline", present(table1(results, trial, style))),
        Section(
            "Outcomes",
            present(
                table2(results, trial, style),
                analysed(results, trial, style),
                forest(results, trial, style),
            ),
        ),
        *_curves(results, trial, style),
        *supplement(results, trial, style),
        *plan_section(results),
        *([] if alarm else [made_twice]),
        Section("Provenance", _provenance(results), tuple(notes)),
    ]
    found = [section for section in found if section.parts or section.paragraphs or section.folded]
    return [_marked(section) for section in found] if results.provenance.masked else found


def _marked(section: Section) -> Section:
    """The section with every figure marked, as tables are by their remark."""
    parts = (part.marked(DUMMY) if isinstance(part, Figure) else part for part in section.parts)
    return replace(section, parts=tuple(parts))


def _provenance(results: Results) -> tuple[Table | Figure, ...]:
    return present(inputs_table(results), versions_table(results), unmasking_table(results))


def _flow(results: Results, trial: Trial, style: Style) -> tuple[Table | Figure, ...]:
    if not any(isinstance(record, FlowCount) for record in results):
        return ()
    return present(flow_figure(results, trial, style), flow_table(results, trial, style))


def _curves(results: Results, trial: Trial, style: Style) -> Iterable[Section]:
    for outcome in times(trial):
        if by_arm(results, outcome):
            drawn = curves(results, trial, outcome, style)
            table = curve_table(results, trial, outcome, style)
            yield Section(outcome.title, (drawn, table), name=f"curves of {drawn.name}")


def document(
    results: Results,
    trial: Trial,
    comparisons: Iterable[Comparison] = (),
    sentences: Sequence[str] = (),
    style: Style = LANCET,
    notes: Sequence[str] = (),
    twice: Sequence[Witnessed] = (),
) -> str:
    """One HTML page with every table and figure and the verdict; it loads nothing else.

    Parameters
    ----------
    results
        Every record.
    trial
        The declaration.
    comparisons
        The lines of the verdict; without any there is no word of a verdict.
    sentences
        The findings in words.
    style
        How numbers are spelt.
    notes
        What was accepted by rule when the data were read, or taken from them.
    twice
        The difference log.
    """
    found = sections(results, trial, sentences, style, notes, twice)
    return _page(results, trial, found, _verdict(results, comparisons), style)


def files(
    results: Results,
    trial: Trial,
    comparisons: Iterable[Comparison] = (),
    sentences: Sequence[str] = (),
    style: Style = LANCET,
    notes: Sequence[str] = (),
    twice: Sequence[Witnessed] = (),
    formats: Collection[str] = USUAL,
) -> Mapping[str, str | bytes]:
    """Every output file by name: tables, figures, records, verdict, and the document.

    Parameters
    ----------
    results, trial, comparisons, sentences, style, notes, twice
        As for `document`.
    formats
        Some of `files.FORMATS`.

    Returns
    -------
    Mapping
        Every table, ``table1.csv``, ``table1.docx`` and so on; every figure with its text
        alternative, in ``figures/``; ``report.html``, ``report.docx`` and ``results.xlsx`` with
        all of them; ``estimates.csv`` and ``descriptives.csv`` with one number a cell;
        ``results.json``; with a verdict ``verification.csv`` and ``verification.html``; with a
        difference log ``witness.csv``, and what differs in it among the records.
    """
    verdict = _verdict(results, comparisons)
    found = sections(results, trial, sentences, style, notes, twice)
    results = Results.bind(results, witnessed.differing(twice), provenance=results.provenance)
    made: dict[str, str | bytes] = {"results.json": results.to_json()}
    if "html" in formats:
        made["report.html"] = _page(results, trial, found, verdict, style)
    if len(verdict):
        made |= {
            "verification.csv": BYTE_ORDER_MARK + verification.to_csv(verdict, style),
            "verification.html": verification.verdict_page(verdict, trial, style),
        }
    if twice:
        made["witness.csv"] = BYTE_ORDER_MARK + witnessed.to_csv(twice)
    made |= part_files(found, formats)
    heading = title(results, trial)
    made |= whole_files(heading, results, trial, found, style, formats)
    return marked_data(made, trial) if results.provenance.masked else made


def figures(found: Iterable[Section]) -> Mapping[str, Figure]:
    """Every figure by its name, in order."""
    parts = (part for section in found for part in section.parts)
    return {part.name: part for part in parts if isinstance(part, Figure)}


def _verdict(results: Results, comparisons: Iterable[Comparison]) -> Results:
    return Results(tuple(comparisons), results.provenance)


def _page(
    results: Results, trial: Trial, found: Sequence[Section], verdict: Results, style: Style
) -> str:
    heading, remark = title(results, trial), cells.remark(results)
    links = [(section.anchor, section.title) for section in found]
    links += [("section-verification", "Verification")] if len(verdict) else []
    parts = [f"<h1>{escape(heading)}</h1>", *([paragraph(remark)] if remark else [])]
    parts += [paragraph(verification.sentence(verdict))] if len(verdict) else []
    parts += [_contents(links), *map(_section, found)]
    if len(verdict):
        parts.append('<h2 id="section-verification">Verification</h2>')
        parts += verification.fragments(verdict, trial, style)
    return page(heading, "\n".join(parts))


def _contents(links: Iterable[tuple[str, str]]) -> str:
    items = "".join(f'<li><a href="#{escape(a)}">{escape(title)}</a></li>' for a, title in links)
    return f'<nav aria-label="Contents"><ul>{items}</ul></nav>'


def _section(section: Section) -> str:
    heading = f'<h2 id="{escape(section.anchor)}">{escape(section.title)}</h2>'
    texts = [paragraph(text) for text in section.paragraphs]
    folded = map(_folded, section.folded)
    return "\n".join([heading, *texts, *(part.fragment() for part in section.parts), *folded])


def _folded(table: Table) -> str:
    """A long table that opens on demand."""
    return f"<details><summary>{escape(table.title)}</summary>\n{table.fragment()}\n</details>"
