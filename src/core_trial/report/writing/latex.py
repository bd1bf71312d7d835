"""Tables for LaTeX: rules by booktabs, notes by threeparttable, long ones over several pages.

The text of every cell is the table's own; only what LaTeX would take for a command is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from core_trial.report.table import Kind, Row
from core_trial.report.writing import xml
from core_trial.report.writing.numbering import caption_of

if TYPE_CHECKING:
    from core_trial.report.table import Table

#: What a document must load for the tables, and what a complete file begins with.
PREAMBLE = r"""\usepackage{iftex}
\ifPDFTeX\usepackage[T1]{fontenc}\usepackage{textcomp,mathptmx}\else\usepackage{fontspec}\fi
\usepackage{array,booktabs,longtable,threeparttable,threeparttablex}"""
#: Rows beyond which a table goes over several pages.
LONGEST_ON_A_PAGE = 45
#: Width of the type area, in twentieths of a point, of pages upright and turned sideways.
_UPRIGHT, _SIDEWAYS = 9638, 14570
_SIZES = {8.5: r"\small", 7.5: r"\footnotesize", 6.5: r"\scriptsize", 5.5: r"\tiny"}
_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "%": r"\%",
        "_": r"\_",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "[": "{[}",
        "]": "{]}",
        "*": r"{*}",
        '"': r"\textquotedbl{}",
        "‖": r"\textbardbl{}",
        "−": r"\textminus{}",
        "∞": r"\ensuremath{\infty}",
        "≤": r"\ensuremath{\leq}",
        "≥": r"\ensuremath{\geq}",
        "↑": r"\textuparrow{}",
        "↓": r"\textdownarrow{}",
        "←": r"\textleftarrow{}",
        "→": r"\textrightarrow{}",
        "²": r"\texttwosuperior{}",
        "χ": r"\ensuremath{\chi}",
        "\u2009": r"\,",
        "\n": " ",
    }
)


def escaped(text: str) -> str:
    r"""Plain text as LaTeX.

    Examples
    --------
    >>> print(escaped("64/218 (29%)"), escaped("<0·0001"))
    64/218 (29\%) \textless{}0·0001
    """
    return text.translate(_ESCAPES)


def latex(table: Table, *, complete: bool = False) -> str:
    """The table, or a file that has it and can be set by itself.

    Parameters
    ----------
    table
        The table.
    complete
        Whether to put a document around it.
    """
    long = len(table.rows) > LONGEST_ON_A_PAGE
    body = _long(table) if long else _short(table)
    if not complete:
        return body
    turned = ",landscape" if _sideways(table) else ""
    return "\n".join(
        (
            r"\documentclass{article}",
            rf"\usepackage[a4paper,margin=20mm{turned}]{{geometry}}",
            PREAMBLE,
            r"\begin{document}",
            body + r"\end{document}",
            "",
        )
    )


def _short(table: Table) -> str:
    """A table that stays on a page."""
    return "\n".join(
        (
            r"\begin{table}[htbp]",
            r"\begin{threeparttable}",
            *_caption(table),
            _settings(table),
            rf"\begin{{tabular}}{{{_columns(table)}}}",
            *_head(table),
            *_body(table),
            r"\bottomrule",
            r"\end{tabular}",
            *_notes(table, "tablenotes"),
            r"\end{threeparttable}",
            r"\end{table}",
            "",
        )
    )


def _long(table: Table) -> str:
    """A table that goes over several pages, its head repeated on each."""
    notes = _notes(table, "TableNotes")
    return "\n".join(
        (
            r"\begin{ThreePartTable}",
            *notes,
            _settings(table),
            rf"\begin{{longtable}}{{{_columns(table)}}}",
            "".join(_caption(table)) + r"\\",
            *_head(table),
            r"\endfirsthead",
            *_head(table),
            r"\endhead",
            r"\bottomrule",
            *([r"\insertTableNotes"] if notes else []),
            r"\endlastfoot",
            *_body(table),
            r"\end{longtable}",
            r"\end{ThreePartTable}",
            "",
        )
    )


def _caption(table: Table) -> tuple[str, str]:
    """Without the number, which LaTeX counts itself; a label to refer to it by."""
    found = caption_of(table.title)
    remark = f". {table.remark}" if table.remark else ""
    return rf"\caption{{{escaped(found.title + remark)}}}", rf"\label{{tab:{table.name}}}"


def _settings(table: Table) -> str:
    size = xml.type_size(table, _width(table))
    return rf"{_SIZES[size]}\setlength{{\tabcolsep}}{{3pt}}"


def _sideways(table: Table) -> bool:
    return xml.natural_width(table) > xml.capacity(_UPRIGHT, xml.SIZES[0])


def _width(table: Table) -> int:
    return _SIDEWAYS if _sideways(table) else _UPRIGHT


def _columns(table: Table) -> str:
    """Ragged paragraphs, each with its share of the line."""
    widths = xml.column_widths(table, _width(table))
    between = rf"\dimexpr {2 * (len(widths) - 1)}\tabcolsep\relax"
    shares = (f"{width / sum(widths):.4f}" for width in widths)
    parts = (rf"p{{\dimexpr {s}\linewidth-{s}{between}\relax}}" for s in shares)
    return "@{}" + "".join(rf">{{\raggedright\arraybackslash}}{part}" for part in parts) + "@{}"


def _head(table: Table) -> tuple[str, ...]:
    heads = " & ".join(rf"\textbf{{{escaped(text)}}}" for text in table.head)
    return r"\toprule", heads + r" \\", r"\midrule"


def _body(table: Table) -> Iterator[str]:
    for row in table.rows:
        yield _group(row, len(table.head)) if row.kind == Kind.GROUP else _line(row)


def _group(row: Row, width: int) -> str:
    return rf"\multicolumn{{{width}}}{{@{{}}l@{{}}}}{{\textbf{{{escaped(row.label)}}}}} \\*"


def _line(row: Row) -> str:
    indent = r"\quad " if row.kind == Kind.MEMBER else ""
    return " & ".join((indent + escaped(row.label), *map(escaped, row.cells))) + r" \\"


def _notes(table: Table, environment: str) -> list[str]:
    if not table.footnotes:
        return []
    items = [rf"\item {escaped(note)}" for note in table.footnotes]
    return [rf"\begin{{{environment}}}\footnotesize", *items, rf"\end{{{environment}}}"]
