"""The whole report as one Word document, in the order of a manuscript.

Title; findings; how the numbers were come by; flow of participants; Table 1; Table 2; figures; then
the supplement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core_trial.report.figure import Figure
from core_trial.report.section import Part, Section
from core_trial.report.table import Table
from core_trial.report.writing import word
from core_trial.report.writing.numbering import Caption, caption_of

if TYPE_CHECKING:
    from docx.document import Document

#: Names of the parts of the article itself, in order; curves follow.
MAIN = ("flow_diagram", "table1", "table2", "forest")
_CURVES = "curves"


@dataclass(frozen=True, slots=True)
class Manuscript:
    """What a report has, sorted into an article and its supplement.

    Parameters
    ----------
    title, remark
        What it is called, and what must be read before any number of it.
    findings, methods
        Paragraphs.
    article
        Tables and figures of the article, in order.
    supplement
        All other sections.
    """

    title: str
    remark: str
    findings: tuple[str, ...]
    methods: tuple[str, ...]
    article: tuple[Part, ...]
    supplement: tuple[Section, ...]


def arranged(
    title: str, remark: str, found: Sequence[Section], methods: Iterable[str]
) -> Manuscript:
    """Sort the sections of a report.

    Parameters
    ----------
    title, remark
        See `Manuscript`.
    found
        The sections, the findings first.
    methods
        How the numbers were come by.
    """
    by_name = {part.name: part for section in found for part in section.parts}
    curves = [n for n, p in by_name.items() if isinstance(p, Figure) and n.startswith(_CURVES)]
    names = [name for name in (*MAIN, *curves) if name in by_name]
    rest = (
        replace(s, parts=tuple(part for part in s.parts if part.name not in names))
        for s in found[1:]
    )
    return Manuscript(
        title=title,
        remark=remark,
        findings=found[0].paragraphs,
        methods=tuple(methods),
        article=tuple(by_name[name] for name in names),
        supplement=tuple(s for s in rest if s.parts or s.folded or s.paragraphs),
    )


def manuscript(made: Manuscript) -> bytes:
    """The document as a file."""
    document = word.new(made.title)
    document.add_heading(made.title, 0)
    word.add_paragraphs(document, filter(None, [made.remark]))
    for heading, texts in (("Findings", made.findings), ("Methods", made.methods)):
        if texts:
            document.add_heading(heading, 1)
            word.add_paragraphs(document, texts)
    pages = _Pages(document, _captions(made))
    pages.add(Section("Tables and figures", made.article), level=1)
    if made.supplement:
        pages.turn(sideways=False, anew=True)
        document.add_heading("Supplement", 1)
    for section in made.supplement:
        pages.add(section, level=2)
    return word.to_bytes(document)


class _Pages:
    """The document as it grows, with how its last page lies."""

    def __init__(self, document: Document, captions: Mapping[str, Caption]) -> None:
        self.document, self.captions, self.sideways = document, captions, False

    def turn(self, *, sideways: bool, anew: bool = False) -> None:
        """Begin a new page where the last one lies otherwise."""
        if anew or sideways != self.sideways:
            word.new_section(self.document, sideways=sideways)
            self.sideways = sideways

    def add(self, section: Section, *, level: int) -> None:
        """A section: heading, paragraphs, tables and figures, and what is in files of its own.

        In the article each table and figure has a page, as journals ask for.
        """
        self.turn(sideways=bool(section.parts) and _wide(section.parts[0]))
        self.document.add_heading(section.title, level)
        word.add_paragraphs(self.document, section.paragraphs)
        for i, part in enumerate(section.parts):
            self.turn(sideways=_wide(part), anew=level == 1 and i > 0)
            if isinstance(part, Figure):
                word.add_figure(self.document, part, self.captions[part.name])
            else:
                word.add_table(
                    self.document, part, self.captions[part.name], sideways=self.sideways
                )
        word.add_paragraphs(self.document, map(_elsewhere, section.folded))


def _wide(part: Part) -> bool:
    return not isinstance(part, Figure) and word.is_wide(part)


def _elsewhere(table: Table) -> str:
    """Where a table is that is too long for the document."""
    return f"{table.title}: {len(table.rows)} rows, in {table.name}.docx."


def _captions(made: Manuscript) -> dict[str, Caption]:
    """The caption of every part by name, numbered in two series."""
    others = [part for section in made.supplement for part in section.parts]
    return dict((*_numbered(made.article, ""), *_numbered(others, "S")))


def _numbered(parts: Iterable[Part], series: str) -> Iterator[tuple[str, Caption]]:
    counted = {"Table": 0, "Figure": 0}
    for part in parts:
        kind = "Figure" if isinstance(part, Figure) else "Table"
        counted[kind] += 1
        yield part.name, Caption(kind, series, counted[kind], caption_of(part.title).title)
