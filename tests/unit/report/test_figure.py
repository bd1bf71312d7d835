"""Figures: equal bytes for equal records, words for those who do not see them."""

import xml.etree.ElementTree as ET

import matplotlib as mpl
import pytest

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
