"""The style sheet holds its own against those of notebooks."""

import re

import pytest

from core_trial.report.markup import STYLE

#: Selectors by which notebooks set tables: JupyterLab 4, classic and nbviewer, VS Code.
THEIRS = (
    ":not(.jp-RenderedMarkdown).jp-RenderedHTMLCommon th",
    ".jp-RenderedHTMLCommon tbody tr:nth-child(odd)",
    ".jp-RenderedHTMLCommon td",
    ".rendered_html th",
    ".output_html table th",
)


def weight(selector: str) -> tuple[int, int]:
    """Classes and pseudo-classes, and elements, of a selector without identifiers."""
    bare = re.sub(r":not\(([^)]*)\)", r" \1", selector)
    classes = re.findall(r"\.[\w-]+|:[\w-]+(?:\([^)]*\))?|\[[^]]*\]", bare)
    elements = re.findall(r"(?:^|[\s>+])([a-z]\w*)", bare)
    return len(classes), len(elements)


def ours():
    rules = re.sub(r"@media[^{]*\{", "", STYLE)
    for selectors in re.findall(r"([^{}]+)\{", rules):
        yield from (each.strip() for each in selectors.split(","))


def test_weights_are_counted_as_css_counts_them():
    assert weight(THEIRS[0]) == (2, 1)
    assert weight(".core-trial th") == (1, 1)


@pytest.mark.parametrize("element", ["table", "caption", "th", "td", "tr"])
def test_our_rules_for_tables_outweigh_theirs(element):
    found = [each for each in ours() if re.search(rf"(^|\s){element}\b", each)]
    assert found
    assert min(map(weight, found)) > max(map(weight, THEIRS))
