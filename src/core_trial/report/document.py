"""Everything together: one HTML document to read from top to bottom, and a file for every part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from core_trial.declaration.trial import Trial
from core_trial.report import cells, verification
from core_trial.report.curves import by_arm, curve_table, curves, times
from core_trial.report.figure import Figure
from core_trial.report.flow import flow_table
from core_trial.report.flow_diagram import flow_figure
from core_trial.report.forest import forest
from core_trial.report.markup import escape, page, paragraph
from core_trial.report.number import LANCET, Style
from core_trial.report.provenance import inputs_table, versions_table
from core_trial.report.section import Section, present
from core_trial.report.supplement.analysed import analysed
from core_trial.report.supplement.sections import supplement
from core_trial.report.table import Table
from core_trial.report.table1 import table1
from core_trial.report.table2 import table2
from core_trial.results import Comparison, FlowCount, Results

#: A spreadsheet takes text for UTF-8 only when it begins with this mark.
BYTE_ORDER_MARK = "\ufeff"


def title(results: Results, trial: Trial) -> str:
    """What the report is called; that its data are synthetic is part of it."""
    return f"{trial.title}: results{' from synthetic data' * results.provenance.synthetic}"


def sections(
    results: Results,
    trial: Trial,
    sentences: Sequence[str] = (),
    style: Style = LANCET,
    notes: Sequence[str] = (),
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
    """
    found = [
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
        Section("Provenance", _provenance(results), tuple(notes)),
    ]
    return [section for section in found if section.parts or section.paragraphs or section.folded]


def _provenance(results: Results) -> tuple[Table | Figure, ...]:
    return present(inputs_table(results), versions_table(results))


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
    """
    found = sections(results, trial, sentences, style, notes)
    return _page(results, trial, found, _verdict(results, comparisons), style)


def files(
    results: Results,
    trial: Trial,
    comparisons: Iterable[Comparison] = (),
    sentences: Sequence[str] = (),
    style: Style = LANCET,
    notes: Sequence[str] = (),
) -> Mapping[str, str | bytes]:
    """Every output file by name: tables, figures, records, verdict, and the document.

    Parameters
    ----------
    results, trial, comparisons, sentences, style, notes
        As for `document`.

    Returns
    -------
    Mapping
        ``table1.csv``, ``table1.md``, ``table1.html`` and so on for every table; every figure as
        ``.svg`` with its text alternative, in ``figures/`` (`Figure.png` makes a bitmap of it);
        ``results.json`` and ``report.html``; with a verdict ``verification.csv`` and
        ``verification.html``.
    """
    verdict = _verdict(results, comparisons)
    found = sections(results, trial, sentences, style, notes)
    made: dict[str, str | bytes] = {
        "results.json": results.to_json(),
        "report.html": _page(results, trial, found, verdict, style),
    }
    if len(verdict):
        made |= {
            "verification.csv": BYTE_ORDER_MARK + verification.to_csv(verdict, style),
            "verification.html": verification.verdict_page(verdict, trial, style),
        }
    for section in found:
        for part in (*section.parts, *section.folded):
            made |= _table_files(part) if isinstance(part, Table) else _figure_files(part)
    return made


def _verdict(results: Results, comparisons: Iterable[Comparison]) -> Results:
    return Results(tuple(comparisons), results.provenance)


def _table_files(table: Table) -> dict[str, str | bytes]:
    return {
        f"{table.name}.csv": BYTE_ORDER_MARK + table.to_csv(),
        f"{table.name}.md": table.to_markdown(),
        f"{table.name}.html": table.to_html(),
    }


def _figure_files(figure: Figure) -> dict[str, str | bytes]:
    return {
        f"figures/{figure.name}.svg": figure.svg,
        f"figures/{figure.name}.txt": figure.alt + "\n",
    }


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
