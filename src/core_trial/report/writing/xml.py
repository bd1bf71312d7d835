"""The WordprocessingML of captions and tables, which python-docx cannot make by itself.

References
----------
ECMA-376, Office Open XML File Formats, part 1, sections 17.4 (tables) and 17.16 (fields).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from core_trial.report.table import Kind, Row, Table
from core_trial.report.writing.numbering import Caption

NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
#: Indent of a member of a group, in twentieths of a point.
_INDENT = 170
#: Characters of the longest line that a column asks for: of labels, and of prose.
_LONGEST_LINE, _LONGEST_PROSE = 36, 64
#: Characters of white space between columns.
_AIR = 2
#: As wide as the indent of a member.
_INDENTED = "\u2003"
#: Sizes of type in tables, in points, and how wide a character is, in ems.
SIZES = (8.5, 7.5, 6.5, 5.5)
_EM = 0.48
_TWIPS_PER_POINT = 20
#: What XML cannot hold.
_CONTROL = {i: None for i in range(32) if i not in (9, 10, 13)}


def text_run(text: str, *, bold: bool = False) -> str:
    """A run of text."""
    properties = "<w:rPr><w:b/></w:rPr>" if bold else ""
    clean = escape(text.translate(_CONTROL), quote=False)
    return f'<w:r>{properties}<w:t xml:space="preserve">{clean}</w:t></w:r>'


def field(instruction: str, shown: str) -> str:
    """A field that Word can update, with what it shows until then."""
    marks = ("begin", "separate", "end")
    begin, middle, end = (f'<w:r><w:fldChar w:fldCharType="{mark}"/></w:r>' for mark in marks)
    code = f'<w:r><w:instrText xml:space="preserve"> {instruction} </w:instrText></w:r>'
    return f"{begin}{code}{middle}{text_run(shown)}{end}"


def paragraph(style: str, content: str, *, keep: bool = False, indent: int = 0) -> str:
    """A paragraph of a style; kept on one page with the next if so wanted."""
    together = "<w:keepNext/>" if keep else ""
    indented = f'<w:ind w:left="{indent}"/>' if indent else ""
    properties = f'<w:pPr><w:pStyle w:val="{style}"/>{together}{indented}</w:pPr>'
    return f"<w:p>{properties}{content}</w:p>"


def caption(found: Caption, *, keep: bool) -> str:
    """A caption whose number is a field, so that Word counts and refers to it."""
    if not found.number:
        return paragraph("Caption", text_run(found.title), keep=keep)
    sequence = f"{found.kind}{'_S' if found.series else ''}"
    parts = (
        text_run(f"{found.kind} {found.series}"),
        field(f"SEQ {sequence} \\* ARABIC", str(found.number)),
        text_run(f": {found.title}"),
    )
    return paragraph("Caption", "".join(parts), keep=keep)


def table(found: Table, width: int) -> str:
    """A table: head row repeated on each page, no row broken, rules above and below.

    Parameters
    ----------
    found
        The table.
    width
        Of the page between its margins, in twentieths of a point.
    """
    widths, style = column_widths(found, width), style_of_size(type_size(found, width))
    grid = "".join(f'<w:gridCol w:w="{w}"/>' for w in widths)
    body = "".join((_head(found, widths, style), *_rows(found, widths, style)))
    properties = _properties(found, sum(widths))
    return f"<w:tbl {NAMESPACES}>{properties}<w:tblGrid>{grid}</w:tblGrid>{body}</w:tbl>"


def style_of_size(size: float) -> str:
    """Name of the paragraph style for a size of type in tables."""
    return f"TableText{size:g}".replace(".", "")


def column_widths(found: Table, width: int) -> list[int]:
    """Widths of the columns, in the unit of `width`.

    Every column has what its longest word needs; what is left over is shared out as the columns ask
    for it.
    """
    columns = _columns(found)
    least, wished = list(map(_longest_word, columns)), list(map(_wish, columns))
    across = max(capacity(width, type_size(found, width)), sum(least))
    spare = (across - sum(least)) / max(sum(wished) - sum(least), 1)
    if spare >= 1:
        return [round(width * need / sum(wished)) for need in wished]
    needs = [a + spare * (b - a) for a, b in zip(least, wished, strict=True)]
    return [round(width * need / sum(needs)) for need in needs]


def type_size(found: Table, width: int) -> float:
    """The largest size of type, in points, at which no word of the table is broken."""
    least = sum(map(_longest_word, _columns(found)))
    return next((size for size in SIZES if least <= capacity(width, size)), SIZES[-1])


def capacity(width: int, size: float) -> float:
    """Characters that fit across, in type of a size in points."""
    return width / (_TWIPS_PER_POINT * size * _EM)


def natural_width(found: Table) -> int:
    """Characters across, as the cells need when prose is broken."""
    return sum(map(_wish, _columns(found)))


def _columns(found: Table) -> list[list[str]]:
    """Texts of each column, the head first; group headings left out."""
    lines = [
        found.head,
        *((f"{_INDENTED}{r.label}", *r.cells) for r in found.rows if r.kind != Kind.GROUP),
    ]
    return [list(column) for column in zip(*lines, strict=True)]


def _longest_word(column: Sequence[str]) -> int:
    words = (len(word) for text in column for word in text.split())
    return max(words, default=1) + _AIR


def _wish(column: Sequence[str]) -> int:
    """Characters for the longest cell on one line, or a part of it where it is prose."""
    longest = max(map(len, column[1:]), default=1)
    most = _LONGEST_PROSE if longest > _LONGEST_PROSE else _LONGEST_LINE
    return max(_longest_word(column), min(longest, most) + _AIR)


def _properties(found: Table, width: int) -> str:
    title = escape(found.title.translate(_CONTROL))
    heads = ", ".join(filter(None, found.head)).translate(_CONTROL)
    summary = escape(f"{len(found.rows)} rows; columns: {heads}")
    return (
        '<w:tblPr><w:tblStyle w:val="TrialTable"/>'
        f'<w:tblW w:w="{width}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
        '<w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0" '
        'w:noHBand="1" w:noVBand="1"/>'
        f'<w:tblCaption w:val="{title}"/><w:tblDescription w:val="{summary}"/></w:tblPr>'
    )


def _head(found: Table, widths: Sequence[int], style: str) -> str:
    texts = (
        _cell(paragraph(style, text_run(text, bold=True), keep=True), width, head=True)
        for text, width in zip(found.head, widths, strict=True)
    )
    return f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{''.join(texts)}</w:tr>"


def _rows(found: Table, widths: Sequence[int], style: str) -> Iterator[str]:
    """Every row; the last stays with the notes below it, a heading with its first member."""
    for i, row in enumerate(found.rows):
        keep = row.kind == Kind.GROUP or (i == len(found.rows) - 1 and bool(found.footnotes))
        group = row.kind == Kind.GROUP
        cells = _group(row, widths, style) if group else _cells(row, widths, style, keep=keep)
        yield f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{cells}</w:tr>"


def _group(row: Row, widths: Sequence[int], style: str) -> str:
    text = paragraph(style, text_run(row.label, bold=True), keep=True)
    return _cell(text, sum(widths), span=len(widths))


def _cells(row: Row, widths: Sequence[int], style: str, *, keep: bool) -> str:
    indent = _INDENT if row.kind == Kind.MEMBER else 0
    label = paragraph(style, text_run(row.label), keep=keep, indent=indent)
    texts = (label, *(paragraph(style, text_run(text), keep=keep) for text in row.cells))
    return "".join(map(_cell, texts, widths))


def _cell(content: str, width: int, *, span: int = 1, head: bool = False) -> str:
    spanned = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    rule = '<w:tcBorders><w:bottom w:val="single" w:sz="4" w:color="auto"/></w:tcBorders>'
    low = '<w:vAlign w:val="bottom"/>'
    properties = f'<w:tcW w:w="{width}" w:type="dxa"/>{spanned}{rule + low if head else ""}'
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{content}</w:tc>"
