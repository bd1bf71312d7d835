"""Word documents: the frame around captions, tables and figures, by python-docx.

The bytes depend on the content alone: no date and no machine is written.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from html import escape
from typing import TYPE_CHECKING

from core_trial.report.writing import xml
from core_trial.report.writing.archive import unzipped, zipped
from core_trial.report.writing.numbering import Caption, caption_of

if TYPE_CHECKING:
    from docx.document import Document
    from docx.enum.style import WD_STYLE_TYPE
    from docx.styles.style import CharacterStyle
    from docx.styles.styles import Styles

    from core_trial.report.figure import Figure
    from core_trial.report.table import Table

FONT = "Times New Roman"
#: Points of running text, and of the notes below tables.
_TEXT, _NOTES = 11, 8
#: An A4 page and its margins, in millimetres.
PAGE, MARGIN = (210, 297), 20
#: Stands where the frame of a document is filled.
_PLACE = "core-trial-place"
#: Dots per inch of figures, which are pictures for readers; editors want the vector files.
_DPI = 200
_TWIPS_PER_MM = 1440 / 25.4
#: Characters across beyond which a table goes on a page turned sideways.
_WIDEST_UPRIGHT = 118


def table_document(table: Table) -> bytes:
    """A document with one table."""
    wide = is_wide(table)
    body = "".join(table_xml(table, caption_of(table.title), sideways=wide))
    return _in_frame(body, table.title, sideways=wide)


@cache
def _frame(sideways: bool) -> Mapping[str, bytes]:
    """The parts of a document with nothing in it but places for title and body."""
    document = new(_PLACE)
    turn(document, sideways=sideways)
    document.add_paragraph(_PLACE)
    return unzipped(to_bytes(document))


def _in_frame(body: str, title: str, *, sideways: bool) -> bytes:
    """A document by text alone, many times quicker than by opening a new one."""
    empty = re.compile(f"<w:p>(?:(?!<w:p>).)*{_PLACE}.*?</w:p>".encode())
    parts = dict(_frame(sideways))
    document, properties = "word/document.xml", "docProps/core.xml"
    parts[document] = empty.sub(lambda _: body.encode(), parts[document])
    parts[properties] = parts[properties].replace(_PLACE.encode(), escape(title).encode())
    return zipped(parts)


def is_wide(table: Table) -> bool:
    """Whether a table needs a page turned sideways."""
    return xml.natural_width(table) > _WIDEST_UPRIGHT


def new(title: str) -> Document:
    """An empty A4 document with the styles of a manuscript."""
    from docx import Document as open_document
    from docx.shared import Mm

    document = open_document()
    _set_styles(document.styles)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(PAGE[0]), Mm(PAGE[1])
    section.left_margin = section.right_margin = Mm(MARGIN)
    section.top_margin = section.bottom_margin = Mm(MARGIN)
    _number_pages(document)
    _drop_thumbnail(document)
    known = document.core_properties
    known.title, known.author, known.comments, known.language = title, "", "", "en-GB"
    for name in ("created", "modified"):
        for element in known._element.findall(f"{{http://purl.org/dc/terms/}}{name}"):
            known._element.remove(element)
    return document


def turn(document: Document, *, sideways: bool) -> None:
    """Turn the pages of the document's last section."""
    from docx.enum.section import WD_ORIENT
    from docx.shared import Mm

    section = document.sections[-1]
    section.orientation = WD_ORIENT.LANDSCAPE if sideways else WD_ORIENT.PORTRAIT
    width, height = reversed(PAGE) if sideways else PAGE
    section.page_width, section.page_height = Mm(width), Mm(height)


def new_section(document: Document, *, sideways: bool) -> None:
    """Begin a new page, turned sideways or not."""
    document.add_section()
    turn(document, sideways=sideways)


def add_table(document: Document, table: Table, caption: Caption, *, sideways: bool) -> None:
    """Caption, remark, table and footnotes."""
    for text in table_xml(table, caption, sideways=sideways):
        _append(document, text)


def table_xml(table: Table, caption: Caption, *, sideways: bool) -> Iterator[str]:
    """Paragraphs and the table, in order."""
    across = (PAGE[1] if sideways else PAGE[0]) - 2 * MARGIN
    yield xml.caption(caption, keep=True)
    if table.remark:
        yield xml.paragraph("TableNote", xml.text_run(table.remark), keep=True)
    yield xml.table(table, round(across * _TWIPS_PER_MM))
    notes = table.footnotes or ("",)
    for i, note in enumerate(notes):
        yield xml.paragraph("TableNote", xml.text_run(note), keep=i < len(notes) - 1)


def add_figure(document: Document, figure: Figure, caption: Caption) -> None:
    """The figure with its alternative text, its caption and its note."""
    from docx.shared import Mm

    paragraph = document.add_paragraph()
    paragraph.paragraph_format.keep_with_next = True
    run = paragraph.add_run()
    widest = PAGE[0] - 2 * MARGIN
    picture = run.add_picture(
        io.BytesIO(figure.to_bytes("png", dpi=_DPI)), width=Mm(min(figure.width, widest))
    )
    properties = picture._inline.docPr
    properties.set("name", figure.name)
    properties.set("title", caption.text)
    properties.set("descr", figure.alt)
    _append(document, xml.caption(caption, keep=bool(figure.note)))
    if figure.note:
        _append(document, xml.paragraph("TableNote", xml.text_run(figure.note)))


def add_paragraphs(document: Document, texts: Iterable[str]) -> None:
    """Running text."""
    for text in texts:
        document.add_paragraph(text)


def to_bytes(document: Document) -> bytes:
    """The document as a file."""
    stream = io.BytesIO()
    document.save(stream)
    return zipped(unzipped(stream.getvalue()))


def _append(document: Document, text: str) -> None:
    """Put XML at the end of the document, before the last section's properties."""
    from docx.oxml import parse_xml

    if not text.startswith("<w:tbl"):
        text = text.replace("<w:p>", f"<w:p {xml.NAMESPACES}>", 1)
    document.element.body.insert_element_before(parse_xml(text), "w:sectPr")


def _drop_thumbnail(document: Document) -> None:
    """Take out the picture of an empty page that comes with python-docx."""
    rels = document.part.package.rels
    for name in [name for name, rel in rels.items() if rel.reltype.endswith("/thumbnail")]:
        del rels[name]


def _number_pages(document: Document) -> None:
    from docx.oxml import parse_xml

    footer = document.sections[0].footer
    wanted = (
        f'<w:p {xml.NAMESPACES}><w:pPr><w:jc w:val="center"/></w:pPr>{xml.field("PAGE", "1")}</w:p>'
    )
    first = footer.paragraphs[0]._p
    first.addnext(parse_xml(wanted))
    first.getparent().remove(first)


def _set_styles(styles: Styles) -> None:
    """One face for all, black headings, and the styles of tables and their notes."""
    from docx.enum.style import WD_STYLE_TYPE

    _set(styles, "Normal", _TEXT, after=6)
    _set(styles, "Title", 16, bold=True, after=12)
    _set(styles, "Heading 1", 13, bold=True, before=18, after=6)
    _set(styles, "Heading 2", 11, bold=True, before=12, after=4)
    _set(styles, "Caption", 10, bold=True, before=12, after=4)
    sizes = {xml.style_of_size(size): size for size in xml.SIZES}
    for name, size in {**sizes, "TableNote": _NOTES}.items():
        _added(styles, name, WD_STYLE_TYPE.PARAGRAPH).base_style = styles["Normal"]
        _set(styles, name, size, before=1, after=1)
    made = _added(styles, "TrialTable", WD_STYLE_TYPE.TABLE)
    made.element.append(_table_borders())


def _added(styles: Styles, name: str, kind: WD_STYLE_TYPE) -> CharacterStyle:
    """A new style."""
    return styles.add_style(name, kind)  # type: ignore[no-untyped-call, no-any-return]


def _set(
    styles: Styles, name: str, size: float, *, bold: bool = False, before: float = 0, after: float
) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    style = styles[name]
    style.font.name, style.font.size = FONT, Pt(size)
    style.font.bold, style.font.italic = bold, False
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.rPr.rFonts
    for attribute in list(fonts.attrib):
        del fonts.attrib[attribute]
    for kind in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{kind}"), FONT)
    style.paragraph_format.space_before = Pt(before)
    style.paragraph_format.space_after = Pt(after)
    if name == "Title":
        for border in style.element.pPr.findall(qn("w:pBdr")):
            style.element.pPr.remove(border)


def _table_borders() -> object:
    """Rules above and below, as a journal has them."""
    from docx.oxml import parse_xml

    rule = 'w:val="single" w:sz="8" w:space="0" w:color="auto"'
    sides = "".join(f'<w:{side} w:w="60" w:type="dxa"/>' for side in ("left", "right"))
    return parse_xml(
        f"<w:tblPr {xml.NAMESPACES}><w:tblBorders><w:top {rule}/><w:bottom {rule}/></w:tblBorders>"
        f"<w:tblCellMar>{sides}</w:tblCellMar></w:tblPr>"
    )
