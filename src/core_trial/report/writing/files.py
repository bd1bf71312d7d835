"""Which files a study is written as: the formats, and what each of them holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from core_trial.declaration.trial import Trial
from core_trial.errors import DesignError, nearest
from core_trial.report import cells
from core_trial.report.figure import Figure
from core_trial.report.section import Section
from core_trial.report.styles import Style
from core_trial.report.table import Table
from core_trial.report.writing.manuscript import arranged, manuscript
from core_trial.report.writing.methods import methods
from core_trial.report.writing.spreadsheet import spreadsheet
from core_trial.report.writing.tidy import descriptives, estimates
from core_trial.results import Results

#: A spreadsheet takes text for UTF-8 only when it begins with this mark.
BYTE_ORDER_MARK = "\ufeff"
#: What is written unless something else is asked for, and what can be written besides.
USUAL = ("html", "csv", "md", "tex", "docx", "xlsx", "svg")
FORMATS = (*USUAL, "pdf", "png", "tiff")


def checked(formats: Collection[str]) -> frozenset[str]:
    """The formats, if there are such.

    Raises
    ------
    DesignError
        Naming the one that is not, and the nearest that is.
    """
    for name in formats:
        if name not in FORMATS:
            raise DesignError(f"no format {name!r}{nearest(name, FORMATS)}")
    return frozenset(formats)


def part_files(found: Sequence[Section], formats: Collection[str]) -> Mapping[str, str | bytes]:
    """Every table and figure in every format, by file name."""
    made: dict[str, str | bytes] = {}
    for section in found:
        for part in (*section.parts, *section.folded):
            pairs = _table(part, formats) if isinstance(part, Table) else _figure(part, formats)
            made |= dict(pairs)
    return made


def whole_files(
    title: str,
    results: Results,
    trial: Trial,
    found: Sequence[Section],
    style: Style,
    formats: Collection[str],
) -> Mapping[str, str | bytes]:
    """Files that hold all results together: manuscript, spreadsheet, tidy tables."""
    made: dict[str, str | bytes] = {}
    tidy = (estimates(results, trial, style), descriptives(results, trial, style))
    if "csv" in formats:
        made |= {f"{table.name}.csv": BYTE_ORDER_MARK + table.to_csv() for table in tidy}
    if "xlsx" in formats:
        made["results.xlsx"] = spreadsheet(list(_tables(found)), tidy)
    if "docx" in formats:
        said = methods(results, trial)
        made["report.docx"] = manuscript(arranged(title, cells.remark(results), found, said))
    return made


def _tables(found: Iterable[Section]) -> Iterator[Table]:
    for section in found:
        for part in (*section.parts, *section.folded):
            if isinstance(part, Table):
                yield part


def _table(table: Table, formats: Collection[str]) -> Iterator[tuple[str, str | bytes]]:
    if "csv" in formats:
        yield f"{table.name}.csv", BYTE_ORDER_MARK + table.to_csv()
    if "md" in formats:
        yield f"{table.name}.md", table.to_markdown()
    if "html" in formats:
        yield f"{table.name}.html", table.to_html()
    if "tex" in formats:
        yield f"{table.name}.tex", table.to_latex()
    if "docx" in formats:
        yield f"{table.name}.docx", table.to_docx()


def _figure(figure: Figure, formats: Collection[str]) -> Iterator[tuple[str, str | bytes]]:
    """Each drawing once, whatever it is written as; its text alternative always."""
    yield f"figures/{figure.name}.txt", figure.alt + "\n"
    for form in ("svg", "pdf", "png", "tiff"):
        if form in formats:
            yield f"figures/{figure.name}.{form}", figure.to_bytes(form)
