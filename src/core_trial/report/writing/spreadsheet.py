"""All tables and the tidy results as one Excel file, a sheet each, by openpyxl."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from core_trial.report.table import Kind
from core_trial.report.writing.archive import unzipped, zipped
from core_trial.report.writing.tidy import Tidy, Value

if TYPE_CHECKING:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

    from core_trial.report.table import Table

#: Characters of a sheet's name, and of the widest column.
_LONGEST_NAME, _WIDEST = 31, 60
#: Rows whose texts say how wide a column is.
_LOOKED_AT = 100
#: Where the times of making and of change stand, which say nothing of the content.
_PROPERTIES = "docProps/core.xml"
_TIMES = re.compile(rb"<dcterms:(created|modified)\b.*?</dcterms:\1>")
#: What a cell cannot hold.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def spreadsheet(tables: Sequence[Table], tidy: Sequence[Tidy]) -> bytes:
    """The file.

    Parameters
    ----------
    tables
        Each on a sheet of its own, with the texts that every other form of it has.
    tidy
        Numbers in full, on the last sheets.
    """
    import openpyxl

    made = openpyxl.Workbook(write_only=True)
    made.properties.creator = ""
    names = sheet_names([table.name for table in tables])
    for table, name in zip(tables, names, strict=True):
        _add_table(made.create_sheet(name), table)
    for numbers in tidy:
        _add_tidy(made.create_sheet(numbers.name), numbers)
    stream = io.BytesIO()
    made.save(stream)
    parts = unzipped(stream.getvalue())
    parts[_PROPERTIES] = _TIMES.sub(b"", parts[_PROPERTIES])
    return zipped(parts)


def sheet_names(names: Sequence[str]) -> list[str]:
    """Names that Excel takes: short, none twice, whatever the case of its letters.

    Examples
    --------
    >>> sheet_names(["table1", "Table1"])
    ['table1', 'Table1 2']
    """
    found: list[str] = []
    for name in names:
        short, i = name[:_LONGEST_NAME], 1
        while short.lower() in (other.lower() for other in found):
            i += 1
            short = f"{name[: _LONGEST_NAME - 3]} {i}"
        found.append(short)
    return found


def _add_table(sheet: WriteOnlyWorksheet, table: Table) -> None:
    lines = [table.head, *((row.label, *row.cells) for row in table.rows)]
    widths = [max(len(line[i]) for line in lines if len(line) > i) for i in range(len(table.head))]
    for i, width in enumerate(widths):
        sheet.column_dimensions[_letter(i)].width = min(width, _WIDEST) + 2
    above = [[_text(sheet, table.title, bold=True)]]
    above += [[_text(sheet, table.remark)]] if table.remark else []
    sheet.freeze_panes = f"B{len(above) + 2}"
    sheet.print_title_rows = f"{len(above) + 1}:{len(above) + 1}"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr = _fit()
    for line in above:
        sheet.append(line)
    sheet.append([_text(sheet, text, bold=True, ruled=True) for text in table.head])
    for row in table.rows:
        indent = 1 if row.kind == Kind.MEMBER else 0
        label = _text(sheet, row.label, bold=row.kind == Kind.GROUP, indent=indent)
        sheet.append([label, *(_text(sheet, text) for text in row.cells)])
    for note in table.footnotes:
        sheet.append([_text(sheet, note)])


def _add_tidy(sheet: WriteOnlyWorksheet, table: Tidy) -> None:
    sheet.freeze_panes = "A2"
    for i, head in enumerate(table.head):
        texts = [str(row[i]) for row in table.rows[:_LOOKED_AT]]
        longest = max(map(len, texts), default=0)
        sheet.column_dimensions[_letter(i)].width = min(max(longest, len(head)), _WIDEST) + 2
    sheet.append([_text(sheet, head, bold=True, ruled=True) for head in table.head])
    for row in table.rows:
        sheet.append(list(_values(sheet, row)))


def _values(sheet: WriteOnlyWorksheet, row: Sequence[Value]) -> Iterator[object]:
    """Numbers as numbers; what is no number, or not finite, as text."""
    for value in row:
        if isinstance(value, str):
            yield _text(sheet, value) if value[:1] in "=+-@" else _CONTROL.sub("", value)
        elif value is not None and math.isinf(value):
            yield str(value)
        else:
            yield None if value is None or math.isnan(value) else value


def _text(
    sheet: WriteOnlyWorksheet,
    text: str,
    *,
    bold: bool = False,
    ruled: bool = False,
    indent: int = 0,
) -> WriteOnlyCell:
    """A cell that holds text whatever it looks like, never a formula."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Border, Font, Side

    cell = WriteOnlyCell(sheet, _CONTROL.sub("", text))
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    if ruled:
        cell.border = Border(bottom=Side(style="thin"))
        cell.alignment = Alignment(wrap_text=True, vertical="bottom")
    if indent:
        cell.alignment = Alignment(indent=indent)
    return cell


def _letter(i: int) -> str:
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(i + 1))


def _fit() -> object:
    from openpyxl.worksheet.properties import PageSetupProperties

    return PageSetupProperties(fitToPage=True)
