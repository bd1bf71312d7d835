"""Everything together: one HTML document to read from top to bottom, and a file for every part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from core_trial.report import verification
from core_trial.report.curves import by_arm, curve_table, curves
from core_trial.report.figure import Figure
from core_trial.report.flow import flow_table
from core_trial.report.flow_diagram import flow_figure
from core_trial.report.forest import forest
from core_trial.report.markup import escape, page, paragraph
from core_trial.report.number import LANCET, Style
from core_trial.report.provenance import inputs_table, versions_table
from core_trial.report.supplement.section import Section
from core_trial.report.supplement.sections import supplement
from core_trial.report.table import Table
from core_trial.report.table1 import table1
from core_trial.report.table2 import table2
from core_trial.results import Comparison, Results

TITLE = "The CORE trial: results"
#: A spreadsheet takes text for UTF-8 only when it begins with this mark.
BYTE_ORDER_MARK = "\ufeff"


def sections(results: Results, sentences: Sequence[str], style: Style = LANCET) -> list[Section]:
    """The document's sections in order; a part without records is left out.

    Parameters
    ----------
    results
        Every record.
    sentences
        The findings in words.
    style
        How numbers are spelt.
    """
    drawn = (curves(results, style), curve_table(results, style)) if by_arm(results) else ()
    found = [
        Section("Findings", paragraphs=tuple(sentences)),
        Section("Flow of participants", (flow_figure(results, style), flow_table(results, style))),
        Section("Baseline", (table1(results, style),)),
        Section("Outcomes", (table2(results, style), forest(results, style))),
        Section("Readmission over time", drawn),
        *supplement(results, style),
        Section("Provenance", (inputs_table(results), versions_table(results))),
    ]
    return [section for section in found if section.parts or section.paragraphs or section.folded]


def document(
    results: Results,
    comparisons: Iterable[Comparison],
    sentences: Sequence[str] = (),
    style: Style = LANCET,
) -> str:
    """One HTML page with every table and figure and the verdict; it loads nothing else.

    Parameters
    ----------
    results
        Every record.
    comparisons
        The lines of the verdict.
    sentences
        The findings in words.
    style
        How numbers are spelt.
    """
    return _page(sections(results, sentences, style), Results(tuple(comparisons)), style)


def files(
    results: Results,
    comparisons: Iterable[Comparison],
    sentences: Sequence[str] = (),
    style: Style = LANCET,
) -> Mapping[str, str | bytes]:
    """Every output file by name: tables, figures, records, verdict, and the document.

    Parameters
    ----------
    results, comparisons, sentences, style
        As for `document`.

    Returns
    -------
    Mapping
        ``table1.csv``, ``table1.md``, ``table1.html`` and so on for every table; every figure as
        ``.svg`` with its text alternative, in ``figures/`` (`Figure.png` makes a bitmap of it);
        ``results.json``, ``verification.csv``, ``verification.html`` and ``report.html``.
    """
    verdict = Results(tuple(comparisons))
    found = sections(results, sentences, style)
    made: dict[str, str | bytes] = {
        "results.json": results.to_json(),
        "verification.csv": BYTE_ORDER_MARK + verification.to_csv(verdict, style),
        "verification.html": verification.verdict_page(verdict, style),
        "report.html": _page(found, verdict, style),
    }
    for section in found:
        for part in (*section.parts, *section.folded):
            made |= _table_files(part) if isinstance(part, Table) else _figure_files(part)
    return made


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


def _page(found: Sequence[Section], verdict: Results, style: Style) -> str:
    links = [(section.anchor, section.title) for section in found]
    parts = [f"<h1>{escape(TITLE)}</h1>", paragraph(verification.sentence(verdict))]
    parts.append(_contents([*links, ("section-verification", "Verification")]))
    parts += [_section(section) for section in found]
    parts.append('<h2 id="section-verification">Verification</h2>')
    parts += verification.fragments(verdict, style)
    return page(TITLE, "\n".join(parts))


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
