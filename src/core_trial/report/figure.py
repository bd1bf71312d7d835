"""What the figures share: a figure as a value, ink, type and sizes for print.

Colours are Okabe and Ito's, told apart by every common kind of colour vision; arms also differ in
line style and marker, so that nothing is lost in greyscale. Equal records give equal bytes: no
date, no version and no random identifier is written.

References
----------
Okabe M, Ito K. Color universal design. 2008. https://jfly.uni-koeln.de/color/
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from core_trial.declaration.arms import Group
from core_trial.errors import DesignError, OutputError
from core_trial.report.markup import STYLE, escape, page

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

#: Widths of one and of two columns in print, in millimetres.
ONE_COLUMN, TWO_COLUMNS = 85.0, 170.0
_MM_PER_INCH = 25.4
#: Dots per inch of a bitmap.
DPI = 300
Form = Literal["svg", "pdf", "png", "tiff"]
FORMS: tuple[Form, ...] = ("svg", "pdf", "png", "tiff")
#: How much larger than in print a screen shows a figure, for 7 points are small there.
_ON_SCREEN = 1.4

BLACK, GREY = "#000000", "#767676"
BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#009E73"


@dataclass(frozen=True, slots=True)
class Pen:
    """How one arm is drawn: colour, dash pattern, marker."""

    colour: str
    dashes: Literal["-", "--"]
    marker: str


PENS: Mapping[str, Pen] = MappingProxyType(
    {Group.INTERVENTION: Pen(BLUE, "-", "o"), Group.CONTROL: Pen(VERMILLION, "--", "s")}
)

#: How a mark across a drawing is set: seen at once, and everything read through it.
_MARK: Mapping[str, Any] = MappingProxyType(
    {"ha": "center", "va": "center", "size": 22, "rotation": 20, "color": GREY, "alpha": 0.25}
)
#: Type and line widths, over matplotlib's defaults whatever the machine's own settings are.
_STYLES = ["default", str(Path(__file__).with_name("print.mplstyle"))]


@dataclass(frozen=True)
class Figure:
    """A drawn figure with the words that go with it.

    Parameters
    ----------
    name
        Stem of its files, and its anchor in a page.
    title
        Caption.
    alt
        What the figure shows, for those who do not see it; plain text.
    paint
        Makes the drawing for a width in millimetres; called when bytes are first asked for.
    note
        What stands below the caption.
    width
        Width in print, in millimetres; a screen shows it larger.
    mark
        Printed large and pale across the drawing; blank for nothing.
    """

    name: str
    title: str
    alt: str
    paint: Callable[[float], Drawing]
    note: str = ""
    width: float = TWO_COLUMNS
    mark: str = ""

    def marked(self, mark: str) -> Figure:
        """The figure with a few words across it, said first in its text alternative too."""
        return replace(self, mark=mark, alt=f"{mark}. {self.alt}")

    @cached_property
    def svg(self) -> bytes:
        """The figure as SVG: letters as text, title and description inside."""
        return self.to_bytes("svg")

    @cached_property
    def png(self) -> bytes:
        """The figure as PNG at 300 dots per inch."""
        return self.to_bytes("png")

    def to_bytes(self, form: Form, *, dpi: int = DPI, width: float | None = None) -> bytes:
        """The figure in a format.

        Parameters
        ----------
        form
            ``"svg"`` and ``"pdf"`` are drawn in lines, with letters as text; ``"png"`` and
            ``"tiff"`` in dots.
        dpi
            Dots per inch of the latter two.
        width
            In millimetres; by default the figure's own. Letters and lines keep their size.

        Raises
        ------
        DesignError
            For a format that is none of these.
        """
        from core_trial.report.writing import pictures

        drawing = self._drawing if width in (None, self.width) else self._drawn(width)
        with _style():
            return pictures.written(drawing, form, dpi=dpi, title=self.title, alt=self.alt)

    def save(self, path: str | Path, *, dpi: int = DPI, width: float | None = None) -> None:
        """Write the figure; the format follows from the end of the name.

        Parameters
        ----------
        path
            Ends in ``.svg``, ``.pdf``, ``.png``, ``.tif`` or ``.tiff``.
        dpi, width
            As for `to_bytes`.

        Raises
        ------
        DesignError
            For another end.
        OutputError
            If the file cannot be written.
        """
        place = Path(path)
        data = self.to_bytes(form_of(place.suffix), dpi=dpi, width=width)
        try:
            place.write_bytes(data)
        except OSError as problem:
            raise OutputError(f"could not write {place.name}: {problem.strerror}") from None

    @cached_property
    def _drawing(self) -> Drawing:
        return self._drawn(self.width)

    def _drawn(self, width: float | None) -> Drawing:
        with _style():
            drawing = self.paint(self.width if width is None else width)
            if self.mark:
                drawing.text(0.5, 0.5, self.mark, **_MARK)
            return drawing

    def to_html(self) -> str:
        """A page of its own."""
        return page(self.title, self.fragment())

    def fragment(self) -> str:
        """Escaped HTML to put into another page, the image within it."""
        data = base64.b64encode(self.svg).decode()
        note = f'\n<p class="notes">{escape(self.note)}</p>' if self.note else ""
        return f"""<figure class="core-trial" id="{escape(self.name)}">
<img style="width: {self.width * _ON_SCREEN:g}mm" alt="{escape(self.alt)}"
src="data:image/svg+xml;base64,{data}" />
<figcaption>{escape(self.title)}</figcaption>{note}
</figure>"""

    def _repr_html_(self) -> str:
        """Show the figure in a notebook."""
        return f"<style>\n{STYLE}\n</style>\n{self.fragment()}"

    def _repr_svg_(self) -> str:
        """Show the figure where a notebook shows no HTML."""
        return self.svg.decode()

    def __repr__(self) -> str:
        return f"Figure({self.name}: {self.title}; {self.width:g} mm wide)"


def form_of(suffix: str) -> Form:
    """The format that the end of a file's name asks for."""
    name = suffix.lower().removeprefix(".")
    for form in FORMS:
        if name == form or (name, form) == ("tif", "tiff"):
            return form
    raise DesignError(f"no figure is written as {suffix!r}: use .svg, .pdf, .png or .tiff")


@contextmanager
def _style() -> Iterator[None]:
    from matplotlib import style

    from core_trial.report.writing import pictures

    with style.context([*_STYLES, {"font.family": list(pictures.fonts())}]):
        yield


def blank(width: float, height: float) -> Drawing:
    """An empty drawing of a size in millimetres."""
    from matplotlib.figure import Figure as Drawing

    return Drawing(figsize=(width / _MM_PER_INCH, height / _MM_PER_INCH))


def place(drawing: Drawing, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place given in millimetres from the drawing's upper left corner."""
    full_width, full_height = (float(side) * _MM_PER_INCH for side in drawing.get_size_inches())
    bottom = full_height - top - height
    return drawing.add_axes(
        (left / full_width, bottom / full_height, width / full_width, height / full_height)
    )
