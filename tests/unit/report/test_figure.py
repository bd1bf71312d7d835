"""Figures: equal bytes for equal records, words for those who do not see them."""

import io
import re
import xml.etree.ElementTree as ET

import matplotlib as mpl
import pytest
from PIL import Image

from core_trial.errors import DesignError, OutputError
from core_trial.report.figure import PENS, Figure, blank, place


def paint(width):
    drawing = blank(width, 50)
    place(drawing, left=10, top=5, width=width - 15, height=35).plot([0, 1], [0, 1])
    return drawing


def figure(**words) -> Figure:
    return Figure(
        **{"name": "f", "title": "A line", "alt": "A rising line.", **words}, paint=paint, width=85
    )


def test_equal_bytes_each_time():
    assert figure().svg == figure().svg
    assert figure().png == figure().png


def test_the_machines_own_settings_do_not_matter():
    plain = figure().svg
    with mpl.rc_context({"lines.linewidth": 9, "font.size": 20, "svg.fonttype": "none"}):
        assert figure().svg == plain


def test_no_date_version_or_path_is_written():
    for data in (figure().svg, figure().png):
        assert b"Matplotlib" not in data
        assert b"<dc:date>" not in data


def test_the_size_is_in_millimetres():
    root = ET.fromstring(figure().svg)
    assert float(root.get("width").removesuffix("pt")) == pytest.approx(85 / 25.4 * 72, abs=1e-3)


def test_the_fragment_carries_alternative_text_and_caption():
    root = ET.fromstring(figure(alt='Less than <1 & "so on".', note="A note.").fragment())
    assert root.find("img").get("alt") == 'Less than <1 & "so on".'
    assert root.find("img").get("src").startswith("data:image/svg+xml;base64,")
    assert root.find("figcaption").text == "A line"
    assert root.find("p").text == "A note."


def test_arms_differ_in_more_than_colour():
    pens = list(PENS.values())
    assert len({pen.dashes for pen in pens}) == len({pen.marker for pen in pens}) == len(pens)


def test_an_svg_has_its_letters_as_text_and_says_what_it_shows():
    def lettered(width):
        drawing = paint(width)
        drawing.text(0.5, 0.5, "Days 日")
        return drawing

    svg = Figure("f", "A & b", "Rises < falls.", lettered, width=85).svg
    root = ET.fromstring(svg)
    texts = ["".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "Days 日" in texts
    assert root.find("{http://www.w3.org/2000/svg}title").text == "A & b"
    assert root.find("{http://www.w3.org/2000/svg}desc").text == "Rises < falls."


def test_an_svg_does_not_depend_on_the_fonts_of_the_machine():
    families = set(re.findall(rb"font(?:-family)?: ([^;\"]*)", figure().svg))
    assert families == {b"'DejaVu Sans', Verdana, Arial, sans-serif"}


def test_a_pdf_embeds_its_fonts_and_has_no_date():
    data = figure().to_bytes("pdf")
    assert data == figure().to_bytes("pdf")
    assert b"/FontFile2" in data
    assert b"CreationDate" not in data


@pytest.mark.parametrize("form", ["png", "tiff"])
@pytest.mark.parametrize(("dpi", "width"), [(300, 85), (600, 75)])
def test_dots_per_inch_and_width_are_as_asked(form, dpi, width):
    with Image.open(io.BytesIO(figure().to_bytes(form, dpi=dpi, width=width))) as picture:
        assert picture.width == pytest.approx(width / 25.4 * dpi, abs=1)
        assert [float(x) for x in picture.info["dpi"]] == pytest.approx([dpi, dpi], abs=0.1)
        assert form == "png" or picture.mode == "RGB"


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("f.svg", b"<?xml"),
        ("f.pdf", b"%PDF"),
        ("f.png", b"\x89PNG"),
        ("f.TIF", b"II*"),
        ("f.tiff", b"II*"),
    ],
)
def test_the_end_of_the_name_says_the_format(name, begins, tmp_path):
    figure().save(tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_other_formats_and_places_are_refused(tmp_path):
    with pytest.raises(DesignError, match=r"use \.svg"):
        figure().save(tmp_path / "f.docx")
    with pytest.raises(DesignError, match="use svg"):
        figure().to_bytes("eps")
    with pytest.raises(OutputError, match=r"could not write f\.svg"):
        figure().save(tmp_path / "nowhere" / "f.svg")


def test_a_letter_without_a_font_is_named():
    def strange(width):
        drawing = paint(width)
        drawing.text(0.5, 0.5, "\U000120f3")  # cuneiform
        return drawing

    odd = Figure("f", "A", "B", strange, width=85)
    assert "\U000120f3" in odd.svg.decode()
    with pytest.warns(UserWarning, match="no font on this machine has \U000120f3"):
        odd.to_bytes("png")
