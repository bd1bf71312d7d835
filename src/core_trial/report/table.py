"""A table as a value, and its renderings: CSV, Markdown, plain text, HTML."""

from __future__ import annotations

import csv
import io
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from core_trial.report.markup import STYLE, escape, page

#: A spreadsheet runs a cell that begins with one of these, full-width forms included.
_RUNNABLE = tuple("=+-@\t\r\n＝＋－＠")
_NUMBER = r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?%?"
#: Numbers, alone or as an interval or with their interval, run nothing and stay as they are.
_HARMLESS = re.compile(rf"{_NUMBER}( to {_NUMBER})?( \({_NUMBER}( to {_NUMBER})?\))?")
_COUNT = re.compile(r"\d*")
_RIGHT = ' class="right"'
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~])")
_GAP = "  "
_NARROWEST_LABEL = 24
#: Characters of the longest cell that is not prose, an effect with interval and marks.
_LONGEST_NUMBER = 40


class Kind(StrEnum):
    """What a row is to its neighbours."""

    GROUP = "group"
    MEMBER = "member"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table.

    Parameters
    ----------
    label
        What the line is about.
    cells
        One text per further column; none in a group heading.
    kind
        A heading over the members that follow it, a member, or a row of its own.
    """

    label: str
    cells: tuple[str, ...] = ()
    kind: Kind = Kind.ROW


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A finished table: every number in it is text already.

    Parameters
    ----------
    name
        Stem of its files, and its anchor in a page.
    title
        Caption.
    head
        Column heads, that of the labels first.
    rows
        Lines, in print order.
    footnotes
        What stands below it, in order.
    remark
        What must be read before any number of it; in every form, as a CSV's last row too.

    Raises
    ------
    ValueError
        When a row has not one cell for every column.

    Examples
    --------
    >>> table = Table(name="t", title="Sex", head=("", "All"), rows=(Row("Male", ("8/20",)),))
    >>> print(table.to_csv(), end="")
    ,All
    Male,8/20
    """

    name: str
    title: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    footnotes: tuple[str, ...] = ()
    remark: str = ""

    def __post_init__(self) -> None:
        width = len(self.head) - 1
        for row in self.rows:
            if len(row.cells) != (0 if row.kind == Kind.GROUP else width):
                raise ValueError(f"{self.name}: {row.label!r} has {len(row.cells)} cells")

    def to_csv(self) -> str:
        """Heads and rows for a spreadsheet; no cell of it can run as a formula."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        remark = [(self.remark, *("",) * (len(self.head) - 1))] if self.remark else []
        lines = (*self._lines(), *remark)
        writer.writerows([spreadsheet_safe(cell) for cell in line] for line in lines)
        return text.getvalue()

    def to_markdown(self) -> str:
        """Title, table and footnotes in GitHub's Markdown."""
        lines = [f"**{_plain_markdown(self.title)}**", ""]
        lines += [_plain_markdown(self.remark), ""] if self.remark else []
        for i, line in enumerate(self._lines()):
            bold = i > 0 and self.rows[i - 1].kind == Kind.GROUP
            lines.append(_markdown_row(line, bold=bold))
            rule = "|".join(" ---: " if right else " --- " for right in self._right)
            lines += [f"|{rule}|"] if i == 0 else []
        for note in self.footnotes:
            lines += ["", _plain_markdown(note)]
        return "\n".join(lines) + "\n"

    def to_text(self, width: int = 100) -> str:
        """Aligned plain text for a terminal; heads and long labels are wrapped to save width."""
        widths = self._widths()
        rest = width - sum(widths) - len(_GAP) * len(widths)
        longest = max(len(label) for label in self._text_labels())
        label_width = min(longest, max(rest, _NARROWEST_LABEL))
        right = self._right
        rule = "─" * (label_width + sum(widths) + len(_GAP) * len(widths))
        body = [
            text
            for label, line in list(zip(self._text_labels(), self._lines(), strict=True))[1:]
            for text in _text_row(label, _aligned(line[1:], widths, right[1:]), label_width)
        ]
        head = _text_head(self.head, (label_width, *widths), right)
        notes = [line for note in self.footnotes for line in textwrap.wrap(note, len(rule))]
        remark = textwrap.wrap(self.remark, len(rule))
        lines = [self.title, *remark, rule, *head, rule, *body, rule, *notes]
        return "\n".join(lines) + "\n"

    def _widths(self) -> list[int]:
        """Widths of the columns after the labels': of the longest cell, or word of the head."""
        cells = [row.cells for row in self.rows if row.cells]
        return [
            max(max(map(len, head.split()), default=0), *(len(row[i]) for row in cells), 0)
            for i, head in enumerate(self.head[1:])
        ]

    def to_html(self) -> str:
        """A page of its own."""
        return page(self.title, self.fragment())

    def to_docx(self) -> bytes:
        """A Word document with the table; to be written to a file whose name ends in ``.docx``."""
        from core_trial.report.writing.word import table_document

        return table_document(self)

    def to_latex(self, *, complete: bool = False) -> str:
        """The table for LaTeX, with booktabs and threeparttable.

        Parameters
        ----------
        complete
            A file that can be set by itself, and not the table alone.
        """
        from core_trial.report.writing.latex import latex

        return latex(self, complete=complete)

    def fragment(self) -> str:
        """Escaped HTML to put into another page that has the style sheet of `markup`."""
        groups = any(row.kind != Kind.ROW for row in self.rows)
        head = "".join(
            f'<th scope="col"{_RIGHT if right else ""}>{escape(cell)}</th>'
            for cell, right in zip(self.head, self._right, strict=True)
        )
        notes = f'<p class="notes" id="{escape(self.name)}-notes">{self._notes()}</p>'
        described = f' aria-describedby="{escape(self.name)}-notes"' if self.footnotes else ""
        return f"""<div class="core-trial" id="{escape(self.name)}">
<div class="scroll" role="region" aria-label="{escape(self.title)}" tabindex="0">
<table{"" if groups else ' class="plain"'}{described}>
<caption>{escape(self.title)}{self._remark()}</caption>
<thead>
<tr>{head}</tr>
</thead>
{self._bodies()}
</table>
</div>
{notes if self.footnotes else ""}
</div>"""

    def _repr_html_(self) -> str:
        """Show the table in a notebook."""
        return f"<style>\n{STYLE}\n</style>\n{self.fragment()}"

    def __repr__(self) -> str:
        return self.to_text()

    __str__ = __repr__

    def _lines(self) -> Iterator[tuple[str, ...]]:
        """The head and every row, all of one length."""
        yield self.head
        for row in self.rows:
            yield row.label, *(row.cells or ("",) * (len(self.head) - 1))

    @property
    def _right(self) -> tuple[bool, ...]:
        """Which columns are set flush right: those that hold nothing but whole numbers."""
        columns = zip(*(row.cells for row in self.rows if row.kind != Kind.GROUP), strict=True)
        counts = [any(column) and all(map(_COUNT.fullmatch, column)) for column in columns]
        return (False, *(counts or [False] * (len(self.head) - 1)))

    def _text_labels(self) -> Iterator[str]:
        yield self.head[0]
        for row in self.rows:
            yield ("  " if row.kind == Kind.MEMBER else "") + row.label

    def _remark(self) -> str:
        return f'<br /><span class="remark">{escape(self.remark)}</span>' if self.remark else ""

    def _notes(self) -> str:
        return " ".join(escape(note) for note in self.footnotes)

    def _bodies(self) -> str:
        """Rows as ``tbody`` elements, one for every group with its members."""
        bodies, right = list[list[str]](), self._right
        for row in self.rows:
            if row.kind != Kind.MEMBER or not bodies:
                bodies.append([])
            bodies[-1].append(_html_row(row, right))
        return "\n".join("<tbody>\n" + "\n".join(rows) + "\n</tbody>" for rows in bodies)


def spreadsheet_safe(cell: str) -> str:
    """The cell as a spreadsheet may open it: what could run gets an apostrophe before it.

    Examples
    --------
    >>> spreadsheet_safe("=1+1"), spreadsheet_safe("-1.08"), spreadsheet_safe("-1.08 to 2.00")
    ("'=1+1", '-1.08', '-1.08 to 2.00')
    """
    if cell.lstrip(" ").startswith(_RUNNABLE) and not _HARMLESS.fullmatch(cell):
        return "'" + cell
    return cell


def _html_row(row: Row, right: tuple[bool, ...]) -> str:
    if row.kind == Kind.GROUP:
        span = f'<th scope="rowgroup" colspan="{len(right)}">{escape(row.label)}</th>'
        return f'<tr class="ct-group">{span}</tr>'
    cells = "".join(map(_html_cell, row.cells, right[1:]))
    return f'<tr class="ct-{row.kind}"><th scope="row">{escape(row.label)}</th>{cells}</tr>'


def _html_cell(cell: str, right: bool) -> str:
    """Numbers stay on one line; prose may break."""
    kind = ' class="wrap"' if len(cell) > _LONGEST_NUMBER else _RIGHT if right else ""
    return f"<td{kind}>{escape(cell)}</td>"


def _markdown_row(cells: tuple[str, ...], *, bold: bool) -> str:
    texts = [_plain_markdown(cell) for cell in cells]
    texts[0] = f"**{texts[0]}**" if bold else texts[0]
    return "| " + " | ".join(texts) + " |"


def _plain_markdown(text: str) -> str:
    """The text with everything escaped that Markdown would take for markup."""
    return _MARKDOWN.sub(r"\\\1", text.replace("\n", " "))


def _aligned(cells: tuple[str, ...], widths: list[int], right: tuple[bool, ...]) -> list[str]:
    return [
        cell.rjust(width) if flush else cell.ljust(width)
        for cell, width, flush in zip(cells, widths, right, strict=True)
    ]


def _text_head(
    head: tuple[str, ...], widths: tuple[int, ...], right: tuple[bool, ...]
) -> Iterator[str]:
    """The heads, wrapped to their columns and set at the foot of them."""
    wrapped = [textwrap.wrap(text, width) for text, width in zip(head, widths, strict=True)]
    lines = max(map(len, wrapped))
    for i in range(lines):
        cells = [one[i - lines + len(one)] if i >= lines - len(one) else "" for one in wrapped]
        yield _GAP.join(_aligned(tuple(cells), list(widths), right)).rstrip()


def _text_row(label: str, cells: list[str], width: int) -> Iterator[str]:
    indent = label[: len(label) - len(label.lstrip())]
    lines = textwrap.wrap(label, width, subsequent_indent=indent + "  ") or [""]
    yield _GAP.join([lines[0].ljust(width), *cells]).rstrip()
    yield from lines[1:]
