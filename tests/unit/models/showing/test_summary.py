"""A fit on one page."""

from html.parser import HTMLParser

import numpy as np
import pytest
from tests.support.questions import fits, trial

from core_trial import models
from core_trial.models.showing.page import MOST_ROWS, Block, Page, as_html, as_text, number, p_value


@pytest.mark.parametrize("name", sorted(fits()))
def test_the_page_has_warnings_first_and_every_coefficient(name):
    fit = fits()[name]
    text = repr(fit)
    warned = [line for line in text.splitlines() if line.startswith("Warning: ")]
    assert len(warned) == len(fit.warnings) + (not fit.converged)
    assert text.startswith("Warning: " if warned else fit.model)
    for term in fit.terms:
        if term != "ln_alpha":
            assert f"\n{term}  " in text
    assert f"n = {fit.n}" in text
    assert max(map(len, text.splitlines())) < 110


def test_numbers_are_on_the_reported_scale():
    fit = fits()["logistic"]
    line = next(line for line in repr(fit).splitlines() if line.startswith("age "))
    effect = fit.effect("age")
    assert number(effect.estimate) in line
    assert f"{number(effect.low)} to {number(effect.high)}" in line
    assert "odds ratio" in repr(fit)


def test_variances_have_intervals():
    fit = fits()["reml"]
    known = fit.variance_intervals["cluster"]
    assert f"{number(known.low)} to {number(known.high)}" in repr(fit)
    half = np.log(known.high / known.estimate)
    assert half == pytest.approx(np.log(known.estimate / known.low))
    assert half == pytest.approx(1.959963984540054 * known.std_error / known.estimate)


class Reader(HTMLParser):
    """Every tag with its attributes, and whether tags are closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_table_in_a_notebook_can_be_read_aloud():
    reader = Reader()
    reader.feed(fits()["zeros"]._repr_html_())
    assert reader.open == []
    heads = [attrs for tag, attrs in reader.seen if tag == "th"]
    assert {attrs["scope"] for attrs in heads} == {"row", "col"}
    assert sum(tag == "caption" for tag, _ in reader.seen) >= 2


def test_the_style_outweighs_the_notebooks_own():
    """JupyterLab 4 aligns every ``th`` right, with two classes and an element."""
    html = fits()["linear"]._repr_html_()
    assert ".core-trial-fit.core-trial-fit.core-trial-fit th { text-align: left" in html


def test_warnings_stand_before_the_numbers_in_a_notebook():
    d = trial()
    d = d.assign(event=np.where(d["centre"] == "C", 0, d["event"]))
    fit = models.mixed_logistic("event ~ centre", d, cluster="worker", random="arm")
    html = fit._repr_html_()
    assert 0 < html.index("no finite estimate") < html.index("<table>")


def test_warnings_stand_before_every_answer():
    d = trial().assign(worker=np.arange(160) % 40)
    fit = models.mixed_linear("score ~ arm * sex", d, cluster="worker")
    assert "at its bound, zero" in fit.warnings[0]
    small = models.mixed_linear("score ~ arm", d, cluster="worker")
    answers = [
        fit.contrast("sex"),
        fit.means("arm"),
        fit.subgroups("arm", "sex"),
        fit.profile("sex"),
        models.compare(small, fit),
    ]
    for answer in answers:
        assert repr(answer).startswith("Warning: ")
        assert "its bound, zero" in repr(answer)


def test_what_is_text_stays_text_in_html():
    page = Page("a < b", (Block("c & d", ["<p>"], ["&"], [["<"]]),), ("<script>",))
    assert "<script>" not in as_html(page)
    assert "&lt;script&gt;" in as_html(page)


@pytest.mark.parametrize(("rows", "more"), [(MOST_ROWS, False), (MOST_ROWS + 1, True)])
def test_a_long_table_is_cut_and_counted(rows, more):
    block = Block("", ["x"], [f"row {k}" for k in range(rows)], [["1"] * rows])
    for text in (as_text(Page("t", (block,))), as_html(Page("t", (block,)))):
        assert ("and 1 more" in text) == more
        assert f"row {MOST_ROWS - 1}" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.000"),
        (1.0, "1.000"),
        (-1234.4, "-1234"),
        (9999.5, "10000"),
        (123456.7, "123457"),
        (1e7, "1.00e+07"),
        (np.inf, "inf"),
        (-np.inf, "-inf"),
        (np.nan, "-"),
        (1.2e-7, "1.20e-07"),
    ],
)
def test_numbers(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.001, "0.001"), (0.000999, "<0.001"), (1, "1.000"), (np.nan, "-")]
)
def test_p_values(value, text):
    assert p_value(value) == text
