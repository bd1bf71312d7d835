"""Drawings as bytes: SVG and PDF with letters as text, PNG and TIFF at any resolution.

Equal drawings give equal bytes: no date, no version and no random identifier is written.
"""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Literal

from core_trial.errors import DesignError

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

#: Tried in this order for every letter, as far as the machine has them.
FONTS = (
    *("DejaVu Sans", "Noto Sans", "Arial Unicode MS"),
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "WenQuanYi Zen Hei"),
    *("Microsoft YaHei", "MS Gothic", "Malgun Gothic", "PingFang SC", "Hiragino Sans"),
    *("Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai"),
)
#: What an SVG is set in, the same whatever fonts the machine that draws it has; a reader's machine
#: takes letters that these lack from any font of its own.
_SET_IN = "font-family: 'DejaVu Sans', Verdana, Arial, sans-serif"
_FAMILY = re.compile(r"font-family: '[^;\"<>]*'")
_MISSING = re.compile(r"Glyph (\d+) .* missing from font")
_TITLE_END = b"</title>"


@cache
def fonts() -> tuple[str, ...]:
    """The fonts of the list that this machine has; the first comes with the library."""
    from matplotlib import font_manager

    there = set(font_manager.get_font_names())
    return tuple(name for name in FONTS if name in there)


def written(drawing: Drawing, form: str, *, dpi: int, title: str, alt: str) -> bytes:
    """The drawing in a format.

    Parameters
    ----------
    drawing
        What matplotlib has drawn.
    form
        ``"svg"``, ``"pdf"``, ``"png"`` or ``"tiff"``.
    dpi
        Dots per inch, of the latter two.
    title, alt
        Its caption, and what it shows; inside SVG and PDF.
    """
    if form == "svg":
        return _svg(drawing, title, alt)
    if form == "pdf":
        known = {"Title": title, "Subject": alt, "Creator": None, "Producer": None}
        return _saved(drawing, "pdf", {**known, "CreationDate": None})
    if form not in ("png", "tiff"):
        raise DesignError(f"no figure is written as {form!r}: use svg, pdf, png or tiff")
    png = _saved(drawing, "png", {"Software": None}, dpi=dpi)
    return png if form == "png" else _tiff(png, dpi)


def _svg(drawing: Drawing, title: str, alt: str) -> bytes:
    """With title and description as a screen reader looks for them, and fonts to fall back on."""
    data = _saved(drawing, "svg", {"Date": None, "Creator": None, "Title": title}, told=False)
    described = f"</title>\n <desc>{escape(alt, quote=False)}</desc>".encode()
    text = data.replace(_TITLE_END, described, 1).decode()
    return _FAMILY.sub(_SET_IN, text).encode()


def _saved(
    drawing: Drawing,
    form: Literal["svg", "pdf", "png"],
    metadata: dict[str, str | None],
    *,
    dpi: int = 300,
    told: bool = True,
) -> bytes:
    stream = io.BytesIO()
    with _quiet_fonts(), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        drawing.savefig(stream, format=form, metadata=metadata, dpi=dpi)
    _say_again(said, told=told)
    return stream.getvalue()


@contextmanager
def _quiet_fonts() -> Iterator[None]:
    """Keep back what is logged, once for every text, where a font lacks a weight."""
    log = logging.getLogger("matplotlib.font_manager")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def _say_again(said: Iterable[warnings.WarningMessage], *, told: bool) -> None:
    """Pass warnings on; those on letters without a font as one that says what helps.

    An SVG holds its letters as text, and is set with the fonts of whoever reads it.
    """
    missing = dict[str, None]()
    for each in said:
        found = _MISSING.search(str(each.message))
        if found:
            missing[chr(int(found[1]))] = None
        else:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
    if missing and told:
        warnings.warn(
            f"no font on this machine has {' '.join(missing)}: install one of the Noto fonts, or "
            "use the SVG, which holds the letters as text",
            stacklevel=2,
        )


def _tiff(png: bytes, dpi: int) -> bytes:
    """The same dots without an alpha channel, compressed without loss."""
    from PIL import Image

    stream = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        flat = picture.convert("RGB")
        flat.save(stream, format="TIFF", compression="tiff_lzw", dpi=(dpi, dpi))
    return stream.getvalue()
