"""The notebooks run from top to bottom, in a fresh kernel, without a warning, and show it.

Those that carry outputs carry the ones that they have: every text that a cell prints or shows is
compared, numbers to a tolerance.
"""

import math
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
#: Notebooks that are read as they are, outputs and all.
SHOWN = {"core_trial", "own_trial"}
#: Printed digits may differ in the last place between machines.
LAST_DIGIT = 2e-3
_NUMBER = re.compile(r"[-−–]?\d+(?:[.·]\d+)?(?:e-?\d+)?")
#: Where an object lives, and which versions there are, is not compared.
_ELSEWHERE = re.compile(r"0x[0-9a-f]+|\d+\.\d+\.\d+")


def test_there_are_notebooks():
    assert {path.stem for path in NOTEBOOKS} >= SHOWN


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs(path):
    committed = nbformat.read(path, as_version=4)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": ROOT}}).execute()
    errors = [text for name, text in streams(notebook) if name == "stderr"]
    assert not errors, errors[0]
    if path.stem in SHOWN:
        for old, new in zip(committed.cells, notebook.cells, strict=True):
            assert same(shown(old), shown(new)), f"run the notebook anew: {new.source[:80]}"


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_a_notebook_that_is_read_carries_tables_and_figures(name):
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    data = [o.data for c in notebook.cells for o in c.get("outputs", []) if "data" in o]
    pages = [each.get("text/html", "") for each in data]
    assert sum("<caption>Table" in page for page in pages) == 2
    assert sum('<figure class="core-trial"' in page for page in pages) >= 2
    assert not any("metadata" in cell and "execution" in cell.metadata for cell in notebook.cells)


def streams(notebook):
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                yield output.name, output.text


def shown(cell):
    """Every text of a cell's outputs, in order."""
    outputs = cell.get("outputs", [])
    texts = (o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs)
    return _ELSEWHERE.sub("", "\n".join(texts))


def same(old, new):
    """Whether two texts differ in the last digits of numbers at most."""
    if _NUMBER.sub("", old) != _NUMBER.sub("", new):
        return False
    pairs = zip(numbers(old), numbers(new), strict=True)
    return all(math.isclose(a, b, rel_tol=LAST_DIGIT, abs_tol=LAST_DIGIT) for a, b in pairs)


def numbers(text):
    signs = str.maketrans("−–·", "--.")
    return [float(number.translate(signs)) for number in _NUMBER.findall(text)]


def test_the_comparison_of_outputs_can_fail():
    assert same("p=0.0438 of 218", "p=0.0437 of 218")
    assert not same("p=0.0438 of 218", "p=0.0538 of 218")
    assert not same("a 1", "b 1")
